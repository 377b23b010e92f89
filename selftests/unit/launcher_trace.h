/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces for tests: trace.dat files of version 6 (trace-cmd.dat.v6(5)) with
 * events of the system "lull", made without a kernel.
 */
#ifndef LULL_UNIT_LAUNCHER_TRACE_H
#define LULL_UNIT_LAUNCHER_TRACE_H

#include <stdio.h>

#include "launcher/base.h"

#define TRACE_MAX_CPUS		4
#define TRACE_MAX_PAGES		8
#define TRACE_PAGE		4096
#define TRACE_PAGE_HEADER	16
#define TRACE_MAX_FIELDS	10

/* Flags of a page's commit word. */
#define TRACE_MISSED		BIT_ULL(31)
#define TRACE_MISSED_COUNTED	BIT_ULL(30)

/**
 * struct trace_field - one field of an event
 * @type:	C type
 * @name:	its name
 * @size:	bytes
 */
struct trace_field {
	const char *type;
	const char *name;
	unsigned int size;
};

/**
 * struct trace_event - one kind of event
 * @name:	its name
 * @of_vm:	it has a field "vm", but none "vcpu"
 * @fields:	behind these
 * @of_ftrace:	it has neither "vm" nor "vcpu", and is of the system "ftrace"
 */
struct trace_event {
	const char *name;
	bool of_vm;
	struct trace_field fields[TRACE_MAX_FIELDS];
	bool of_ftrace;
};

/**
 * struct trace_cpu - what one CPU recorded
 * @pages:	the ring buffer's pages
 * @used:	bytes of events in each
 * @nr:		how many
 * @stats:	text of per_cpu/cpu<N>/stats, or NULL
 */
struct trace_cpu {
	u8 pages[TRACE_MAX_PAGES][TRACE_PAGE];
	u64 used[TRACE_MAX_PAGES];
	u64 flags[TRACE_MAX_PAGES];
	unsigned int nr;
	const char *stats;
};

/**
 * struct trace - a trace in the making
 * @system:	name of the events' system
 * @clock:	its clock, or NULL: the file does not say
 * @symbols:	addresses of functions, as in /proc/kallsyms
 * @events:	the kinds; those of ftrace behind all others
 * @nr_events:	how many
 * @cpus:	the CPUs
 * @nr_cpus:	how many
 * @time:	of the last event
 */
struct trace {
	const char *system;
	const char *clock;
	const char *symbols;
	const struct trace_event *events;
	unsigned int nr_events;
	struct trace_cpu cpus[TRACE_MAX_CPUS];
	unsigned int nr_cpus;
	u64 time;
};

void trace_init(struct trace *t, const struct trace_event *events,
		unsigned int nr_events, unsigned int nr_cpus);
void trace_new_page(struct trace *t, unsigned int cpu, u64 flags, u64 missed);
void trace_add(struct trace *t, unsigned int cpu, unsigned int event,
	       const u64 *values);
void trace_write(const struct trace *t, FILE *file);

#endif /* LULL_UNIT_LAUNCHER_TRACE_H */
