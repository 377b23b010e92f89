// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adding up the module's trace events.  Pure: it knows neither files nor
 * libtracecmd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "util.h"

#define EXIT_BASIC(reason)	((reason) & 0xffff)
#define EXIT_OTHER		(LULL_NR_EXIT_REASONS - 1)

const struct report_event_desc report_events[REPORT_NR_EVENTS] = {
	[REPORT_ENTRY] = { "lull_entry", { } },
	[REPORT_EXIT] = { "lull_exit", { "reason", "guest_ticks", "ticks" } },
	[REPORT_CR3] = { "lull_cr3", { "same", "cached", "synced", "ticks",
				       "sync_ticks" } },
	[REPORT_FAULT] = { "lull_fault", { "result", "ticks" } },
	[REPORT_UNSYNC] = { "lull_unsync", { }, .of_vm = true },
	[REPORT_SYNC] = { "lull_sync", { "changed" }, .of_vm = true },
	[REPORT_ZAP] = { "lull_zap", { }, .of_vm = true },
	[REPORT_INJECT] = { "lull_inject", { "type", "reinjected" } },
	[REPORT_HYPERCALL] = { "lull_hypercall", { "ret" } },
	[REPORT_IDLE_ENTER] = { "lull_idle_enter", { "announced" } },
	[REPORT_IDLE_LEAVE] = { "lull_idle_leave", { "residency", "wake" } },
};

const char *const report_cr3_names[REPORT_NR_CR3_KINDS] = {
	"same", "cached", "cold",
};

const char *const report_fault_names[REPORT_NR_FAULT_RESULTS] = {
	"fixed", "injected", "mmio", "retried",
};

const char *const report_wake_names[REPORT_NR_WAKES] = {
	"interrupt", "signal", "pending",
};

/* SDM, "Format of the VM-Entry Interruption-Information Field". */
const char *const report_inject_names[REPORT_NR_INJECT_TYPES] = {
	"interrupt", "reserved", "nmi", "exception", "software_interrupt",
	"privileged_exception", "software_exception", "other",
};

static struct report_vcpu *get_vcpu(struct report *r, u32 vm, u32 vcpu)
{
	struct report_vcpu *v;
	unsigned int i;

	for (i = 0; i < r->nr_vcpus; i++) {
		v = &r->vcpus[i];
		if (v->vm == vm && v->vcpu == vcpu)
			return v;
	}
	v = realloc(r->vcpus, (r->nr_vcpus + 1) * sizeof(*v));
	if (!v)
		return NULL;
	r->vcpus = v;
	v += r->nr_vcpus++;
	*v = (struct report_vcpu) { .vm = vm, .vcpu = vcpu };
	return v;
}

static void take_exit(struct report *r, struct report_vcpu *v,
		      const u64 *values)
{
	u32 reason = EXIT_BASIC(values[0]);

	if (reason >= LULL_NR_EXIT_REASONS)
		reason = EXIT_OTHER;
	r->exits[reason]++;
	r->exit_ticks[reason] += values[2];
	r->guest_ticks += values[1];
	v->exits++;
}

static void take_cr3(struct report *r, const u64 *values)
{
	struct report_cr3 *cr3;

	if (values[0])
		cr3 = &r->cr3[REPORT_CR3_SAME];
	else if (values[1])
		cr3 = &r->cr3[REPORT_CR3_CACHED];
	else
		cr3 = &r->cr3[REPORT_CR3_COLD];
	if (values[1])
		r->cr3_cached++;
	histogram_add(&cr3->ticks, values[3]);
	cr3->pages += values[2];
	cr3->sync_ticks += values[4];
}

static void take_fault(struct report *r, const u64 *values)
{
	u64 result = values[0];

	if (result >= REPORT_NR_FAULT_RESULTS)
		result = REPORT_NR_FAULT_RESULTS - 1;
	histogram_add(&r->faults[result], values[1]);
}

static void take_inject(struct report *r, const u64 *values)
{
	r->inject_types[values[0] < REPORT_NR_INJECT_TYPES ?
			values[0] : REPORT_NR_INJECT_TYPES - 1]++;
	if (values[1])
		r->reinjected++;
}

static void take_idle_enter(struct report *r, struct report_vcpu *v,
			    const u64 *values)
{
	v->idle_announced = values[0];
	if (v->idle_announced)
		r->idle_announced++;
}

static void take_idle_leave(struct report *r, struct report_vcpu *v,
			    const u64 *values)
{
	histogram_add(&r->idle, values[0]);
	if (v->idle_announced)
		r->idle_announced_ticks += values[0];
	if (values[1] < REPORT_NR_WAKES)
		r->wakes[values[1]]++;
}

static void take_vcpu_event(struct report *r, enum report_event event,
			    struct report_vcpu *v, const u64 *values)
{
	switch (event) {
	case REPORT_EXIT:
		take_exit(r, v, values);
		break;
	case REPORT_CR3:
		take_cr3(r, values);
		break;
	case REPORT_FAULT:
		take_fault(r, values);
		break;
	case REPORT_INJECT:
		take_inject(r, values);
		break;
	case REPORT_HYPERCALL:
		r->hypercall_errors += (s64)values[0] < 0;
		break;
	case REPORT_IDLE_ENTER:
		take_idle_enter(r, v, values);
		break;
	case REPORT_IDLE_LEAVE:
		take_idle_leave(r, v, values);
		break;
	default:
		break;
	}
}

/**
 * report_take() - add one event
 * @r: the report
 * @event: which
 * @vm: its VM
 * @vcpu: its vCPU; no matter for an event that is of a VM
 * @values: of the fields that report_events[] lists
 *
 * Return: 0, or -1 after a message
 */
int report_take(struct report *r, enum report_event event, u32 vm, u32 vcpu,
		const u64 *values)
{
	struct report_vcpu *v;

	r->events[event]++;
	if (report_events[event].of_vm) {
		if (event == REPORT_SYNC)
			r->synced += values[0];
		return 0;
	}
	v = get_vcpu(r, vm, vcpu);
	if (!v)
		return error("%s", strerror(ENOMEM));
	take_vcpu_event(r, event, v, values);
	return 0;
}

/* The entry for what a host CPU lost, made if it was not there. */
static struct report_lost *get_lost(struct report *r, unsigned int cpu)
{
	struct report_lost *lost;
	unsigned int i;

	for (i = 0; i < r->nr_lost; i++) {
		if (r->lost[i].cpu == cpu)
			return &r->lost[i];
	}
	lost = realloc(r->lost, (r->nr_lost + 1) * sizeof(*lost));
	if (!lost)
		return NULL;
	r->lost = lost;
	lost += r->nr_lost++;
	*lost = (struct report_lost) { .cpu = cpu };
	return lost;
}

/**
 * report_note_missed() - events are missing before one
 * @r: the report
 * @cpu: the host CPU
 * @missed: how many, 0 if none, less if nobody counted them
 *
 * Return: 0, or -1 after a message
 */
int report_note_missed(struct report *r, unsigned int cpu, s64 missed)
{
	struct report_lost *lost;

	if (!missed)
		return 0;
	lost = get_lost(r, cpu);
	if (!lost)
		return error("%s", strerror(ENOMEM));
	if (missed > 0)
		lost->missed += missed;
	else
		lost->unknown = true;
	return 0;
}

/**
 * report_note_vm() - there is an event of this VM
 * @r: the report
 * @vm: its number
 *
 * Return: 0, or -1 after a message
 */
int report_note_vm(struct report *r, u32 vm)
{
	unsigned int i;
	u32 *vms;

	for (i = 0; i < r->nr_vms; i++) {
		if (r->vms[i] == vm)
			return 0;
	}
	vms = realloc(r->vms, (r->nr_vms + 1) * sizeof(*vms));
	if (!vms)
		return error("%s", strerror(ENOMEM));
	r->vms = vms;
	vms[r->nr_vms++] = vm;
	return 0;
}

/**
 * report_check_vm() - were there events of a VM?
 * @r: the report
 * @path: the trace's name
 * @vm: the VM, or -1 for any
 *
 * Return: 0, or -1 after a message
 */
int report_check_vm(const struct report *r, const char *path, s64 vm)
{
	char list[128] = " none";
	size_t used = 0;
	unsigned int i;

	if (vm < 0)
		return 0;
	for (i = 0; i < r->nr_vms; i++) {
		if (r->vms[i] == vm)
			return 0;
		if (used < sizeof(list))
			used += snprintf(list + used, sizeof(list) - used,
					 "%s %u", i ? "," : "", r->vms[i]);
	}
	return error("%s: no events of VM %lld; it has%s", path, vm, list);
}

static void take_cpustat(struct report *r, unsigned int cpu, u64 overrun,
			 u64 dropped)
{
	struct report_lost *lost;

	if (!overrun && !dropped)
		return;
	lost = get_lost(r, cpu);
	if (!lost)
		return;
	lost->overrun += overrun;
	lost->dropped += dropped;
}

/**
 * report_parse_cpustats() - read what trace-cmd saved of per_cpu/cpu<N>/stats
 * @r: the report
 * @text: "CPU: N" and lines of names and numbers, for each CPU
 */
void report_parse_cpustats(struct report *r, const char *text)
{
	unsigned int cpu = 0;
	u64 value;

	while (text && *text) {
		if (sscanf(text, "CPU: %llu", &value) == 1)
			cpu = value;
		else if (sscanf(text, "overrun: %llu", &value) == 1)
			take_cpustat(r, cpu, value, 0);
		else if (sscanf(text, "commit overrun: %llu", &value) == 1)
			take_cpustat(r, cpu, 0, value);
		else if (sscanf(text, "dropped events: %llu", &value) == 1)
			take_cpustat(r, cpu, 0, value);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
}

/**
 * report_sum() - add up an array
 * @values: the array
 * @nr: its entries
 *
 * Return: the sum
 */
u64 report_sum(const __u64 *values, unsigned int nr)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += values[i];
	return sum;
}

/**
 * report_free() - forget everything
 * @r: the report
 */
void report_free(struct report *r)
{
	free(r->vcpus);
	free(r->lost);
	free(r->vms);
	memset(r, 0, sizeof(*r));
}
