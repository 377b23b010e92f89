// SPDX-License-Identifier: GPL-2.0-only
/*
 * A report as JSON.  Exits and counters have the names that run --stats uses,
 * so that the two can be compared; what was not recorded is null.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "names.h"
#include "report.h"
#include "stats.h"

static void add_u64(struct json_object *obj, const char *name, u64 value)
{
	json_object_object_add(obj, name, json_object_new_uint64(value));
}

static void add_bool(struct json_object *obj, const char *name, bool value)
{
	json_object_object_add(obj, name, json_object_new_boolean(value));
}

static struct json_object *histogram_json(const struct histogram *h)
{
	struct json_object *array = json_object_new_array();
	struct json_object *bucket;
	unsigned int first, last, i;

	if (!histogram_range(h, &first, &last))
		return array;
	for (i = first; i <= last; i++) {
		bucket = json_object_new_object();
		add_u64(bucket, "from", histogram_from(i));
		add_u64(bucket, "to", histogram_to(i));
		add_u64(bucket, "count", h->buckets[i]);
		json_object_array_add(array, bucket);
	}
	return array;
}

static struct json_object *summary_json(const struct histogram *h)
{
	struct json_object *obj = json_object_new_object();

	add_u64(obj, "count", h->count);
	add_u64(obj, "ticks", h->sum);
	add_u64(obj, "min", h->min);
	add_u64(obj, "mean", histogram_mean(h));
	add_u64(obj, "max", h->max);
	json_object_object_add(obj, "histogram", histogram_json(h));
	return obj;
}

static struct json_object *cr3_json(const struct report *r)
{
	struct json_object *obj, *kind;
	unsigned int i;

	if (!r->recorded[REPORT_CR3])
		return NULL;
	obj = json_object_new_object();
	for (i = 0; i < REPORT_NR_CR3_KINDS; i++) {
		kind = summary_json(&r->cr3[i].ticks);
		add_u64(kind, "sync_ticks", r->cr3[i].sync_ticks);
		add_u64(kind, "pages", r->cr3[i].pages);
		json_object_object_add(obj, report_cr3_names[i], kind);
	}
	return obj;
}

static struct json_object *idle_json(const struct report *r)
{
	struct json_object *obj, *wakes;
	unsigned int i;

	if (!r->recorded[REPORT_IDLE_ENTER] || !r->recorded[REPORT_IDLE_LEAVE])
		return NULL;
	obj = summary_json(&r->idle);
	add_u64(obj, "enters", r->events[REPORT_IDLE_ENTER]);
	add_u64(obj, "announced", r->idle_announced);
	add_u64(obj, "announced_ticks", r->idle_announced_ticks);
	wakes = json_object_new_object();
	for (i = 0; i < REPORT_NR_WAKES; i++)
		add_u64(wakes, report_wake_names[i], r->wakes[i]);
	json_object_object_add(obj, "wakes", wakes);
	return obj;
}

static struct json_object *faults_json(const struct report *r)
{
	struct json_object *obj;
	unsigned int i;

	if (!r->recorded[REPORT_FAULT])
		return NULL;
	obj = json_object_new_object();
	for (i = 0; i < REPORT_NR_FAULT_RESULTS; i++)
		json_object_object_add(obj, report_fault_names[i],
				       summary_json(&r->faults[i]));
	return obj;
}

static struct json_object *injections_json(const struct report *r)
{
	struct json_object *obj;
	unsigned int i;

	if (!r->recorded[REPORT_INJECT])
		return NULL;
	obj = json_object_new_object();
	for (i = 0; i < REPORT_NR_INJECT_TYPES; i++) {
		if (r->inject_types[i])
			add_u64(obj, report_inject_names[i],
				r->inject_types[i]);
	}
	add_u64(obj, "reinjected", r->reinjected);
	return obj;
}

static void add_counter(struct json_object *obj, const struct report *r,
			enum report_event event, int counter, u64 value)
{
	if (r->recorded[event])
		add_u64(obj, counter_names[counter], value);
	else
		json_object_object_add(obj, counter_names[counter], NULL);
}

/* Those of the module's counters that the events add up to as well. */
static struct json_object *counters_json(const struct report *r)
{
	struct json_object *obj = json_object_new_object();
	const u64 *n = r->events;

	add_counter(obj, r, REPORT_CR3, LULL_CNT_CR3_LOADS, n[REPORT_CR3]);
	add_counter(obj, r, REPORT_CR3, LULL_CNT_CR3_SAME,
		    r->cr3[REPORT_CR3_SAME].ticks.count);
	add_counter(obj, r, REPORT_CR3, LULL_CNT_CR3_CACHED,
		    r->cr3_cached);
	add_counter(obj, r, REPORT_UNSYNC, LULL_CNT_UNSYNC, n[REPORT_UNSYNC]);
	add_counter(obj, r, REPORT_SYNC, LULL_CNT_SYNC_PAGES, n[REPORT_SYNC]);
	add_counter(obj, r, REPORT_FAULT, LULL_CNT_FAULTS, n[REPORT_FAULT]);
	add_counter(obj, r, REPORT_FAULT, LULL_CNT_GUEST_FAULTS,
		    r->faults[1].count);
	add_counter(obj, r, REPORT_ZAP, LULL_CNT_ZAPS, n[REPORT_ZAP]);
	/* The module counts an event once, however often it is tried. */
	add_counter(obj, r, REPORT_INJECT, LULL_CNT_INJECTIONS,
		    n[REPORT_INJECT] - r->reinjected);
	add_counter(obj, r, REPORT_HYPERCALL, LULL_CNT_HYPERCALLS,
		    n[REPORT_HYPERCALL]);
	add_counter(obj, r, REPORT_IDLE_ENTER, LULL_CNT_IDLE_ENTERS,
		    n[REPORT_IDLE_ENTER]);
	add_counter(obj, r, REPORT_IDLE_ENTER, LULL_CNT_IDLE_ANNOUNCED,
		    r->idle_announced);
	return obj;
}

static struct json_object *vcpus_json(const struct report *r)
{
	struct json_object *array = json_object_new_array();
	struct json_object *obj;
	unsigned int i;

	for (i = 0; i < r->nr_vcpus; i++) {
		obj = json_object_new_object();
		add_u64(obj, "vm", r->vcpus[i].vm);
		add_u64(obj, "vcpu", r->vcpus[i].vcpu);
		add_u64(obj, "exits", r->vcpus[i].exits);
		json_object_array_add(array, obj);
	}
	return array;
}

static struct json_object *lost_json(const struct report *r)
{
	struct json_object *array = json_object_new_array();
	struct json_object *obj;
	unsigned int i;

	for (i = 0; i < r->nr_lost; i++) {
		obj = json_object_new_object();
		add_u64(obj, "cpu", r->lost[i].cpu);
		add_u64(obj, "missed", r->lost[i].missed);
		add_bool(obj, "missed_more", r->lost[i].unknown);
		add_u64(obj, "overrun", r->lost[i].overrun);
		add_u64(obj, "dropped", r->lost[i].dropped);
		json_object_array_add(array, obj);
	}
	return array;
}

/**
 * report_print_json() - write a report as JSON to standard output
 * @r: the report
 */
void report_print_json(const struct report *r)
{
	struct json_object *root = json_object_new_object();
	bool exits = r->recorded[REPORT_EXIT];

	add_bool(root, "complete", !r->nr_lost);
	json_object_object_add(root, "lost", lost_json(r));
	json_object_object_add(root, "vcpus", vcpus_json(r));
	json_object_object_add(root, "exits",
			       exits ? exits_json(r->exits) : NULL);
	json_object_object_add(root, "exit_ticks",
			       exits ? exits_json(r->exit_ticks) : NULL);
	json_object_object_add(root, "guest_ticks", exits ?
			       json_object_new_uint64(r->guest_ticks) : NULL);
	json_object_object_add(root, "counters", counters_json(r));
	json_object_object_add(root, "cr3", cr3_json(r));
	json_object_object_add(root, "idle", idle_json(r));
	json_object_object_add(root, "faults", faults_json(r));
	json_object_object_add(root, "injections", injections_json(r));
	printf("%s\n", json_object_to_json_string_ext(root,
						      JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}
