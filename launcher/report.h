/* SPDX-License-Identifier: GPL-2.0-only */
/* What a trace adds up to.  report_read.c fills it, the others print it. */
#ifndef LAUNCHER_REPORT_H
#define LAUNCHER_REPORT_H

#include "histogram.h"
#include "base.h"
#include "../monitor/uapi/lull.h"

/* The tracepoints that are read; others of the system are not looked at. */
enum report_event {
	REPORT_ENTRY,
	REPORT_EXIT,
	REPORT_CR3,
	REPORT_FAULT,
	REPORT_UNSYNC,
	REPORT_SYNC,
	REPORT_ZAP,
	REPORT_INJECT,
	REPORT_HYPERCALL,
	REPORT_IDLE_ENTER,
	REPORT_IDLE_LEAVE,
	REPORT_NR_EVENTS
};

#define REPORT_MAX_FIELDS	6

/**
 * struct report_event_desc - one tracepoint
 * @name:	its name
 * @fields:	those that are read beside "vm" and "vcpu", in the order in
 *		which report_take() gets their values
 * @of_vm:	it concerns a VM, whichever vCPU it was: no field "vcpu"
 */
struct report_event_desc {
	const char *name;
	const char *fields[REPORT_MAX_FIELDS + 1];
	bool of_vm;
};

extern const struct report_event_desc report_events[REPORT_NR_EVENTS];

/* How a CR3 switch found its root. */
enum report_cr3_kind {
	REPORT_CR3_SAME,	/* CR3 had that value already */
	REPORT_CR3_CACHED,	/* the root was in the cache */
	REPORT_CR3_COLD,	/* it was not */
	REPORT_NR_CR3_KINDS
};

/**
 * struct report_cr3 - CR3 switches of one kind
 * @ticks:	whole switches
 * @sync_ticks:	the sync in them
 * @pages:	tables brought in sync
 */
struct report_cr3 {
	struct histogram ticks;
	u64 sync_ticks;
	u64 pages;
};

#define REPORT_NR_FAULT_RESULTS	4
#define REPORT_NR_WAKES		3
#define REPORT_NR_INJECT_TYPES	8

extern const char *const report_cr3_names[REPORT_NR_CR3_KINDS];
extern const char *const report_fault_names[REPORT_NR_FAULT_RESULTS];
extern const char *const report_wake_names[REPORT_NR_WAKES];
extern const char *const report_inject_names[REPORT_NR_INJECT_TYPES];

/**
 * struct report_vcpu - one vCPU that the trace has events of
 * @vm:		its VM
 * @vcpu:	its number
 * @exits:	its exits
 * @idle_announced: its last idle enter was announced
 */
struct report_vcpu {
	u32 vm;
	u32 vcpu;
	u64 exits;
	bool idle_announced;
};

/**
 * struct report_lost - what one host CPU did not record
 * @cpu:	its number
 * @missed:	events missing between those that are there
 * @unknown:	events are missing, and nobody counted them
 * @overrun:	events overwritten before they were read
 * @dropped:	events that found no room
 */
struct report_lost {
	unsigned int cpu;
	u64 missed;
	bool unknown;
	u64 overrun;
	u64 dropped;
};

/**
 * struct report - what a trace adds up to
 * @recorded:	the trace has this tracepoint's format
 * @events:	how often each was hit
 * @exits:	by basic exit reason
 * @exit_ticks:	spent handling them
 * @guest_ticks: in the guest before exits
 * @cr3:	by enum report_cr3_kind
 * @cr3_cached:	switches whose root was in the cache, of all kinds
 * @faults:	by result
 * @synced:	table entries that syncs changed
 * @inject_types: by type of the event
 * @reinjected:	events that had been injected before
 * @hypercall_errors: that returned less than 0
 * @idle_announced: idle enters that were announced
 * @idle:	how long each idle period was
 * @idle_announced_ticks: of those that were announced
 * @wakes:	what ended them
 * @vcpus:	the vCPUs, in the order in which they appear
 * @nr_vcpus:	how many
 * @lost:	host CPUs that lost events
 * @nr_lost:	how many
 * @vms:	all VMs of the trace, of interest or not
 * @nr_vms:	how many
 */
struct report {
	bool recorded[REPORT_NR_EVENTS];
	u64 events[REPORT_NR_EVENTS];
	__u64 exits[LULL_NR_EXIT_REASONS];
	__u64 exit_ticks[LULL_NR_EXIT_REASONS];
	u64 guest_ticks;
	struct report_cr3 cr3[REPORT_NR_CR3_KINDS];
	u64 cr3_cached;
	struct histogram faults[REPORT_NR_FAULT_RESULTS];
	u64 synced;
	u64 inject_types[REPORT_NR_INJECT_TYPES];
	u64 reinjected;
	u64 hypercall_errors;
	u64 idle_announced;
	struct histogram idle;
	u64 idle_announced_ticks;
	u64 wakes[REPORT_NR_WAKES];
	struct report_vcpu *vcpus;
	unsigned int nr_vcpus;
	struct report_lost *lost;
	unsigned int nr_lost;
	u32 *vms;
	unsigned int nr_vms;
};

/* report.c */
int report_take(struct report *r, enum report_event event, u32 vm, u32 vcpu,
		const u64 *values);
int report_note_missed(struct report *r, unsigned int cpu, s64 missed);
int report_note_vm(struct report *r, u32 vm);
int report_check_vm(const struct report *r, const char *path, s64 vm);
void report_parse_cpustats(struct report *r, const char *text);
u64 report_sum(const __u64 *values, unsigned int nr);
void report_free(struct report *r);

/* report_read.c */
int report_read(struct report *r, const char *path, s64 only_vm);

/* report_text.c and report_json.c */
void report_print(const struct report *r);
void report_print_json(const struct report *r);

#endif /* LAUNCHER_REPORT_H */
