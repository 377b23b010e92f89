// SPDX-License-Identifier: GPL-2.0-only
/* Reading what folds to stacks from a trace.dat file. */
#include <stdio.h>
#include <string.h>
#include <trace-cmd.h>

#include "flame.h"
#include "report.h"
#include "tracefile.h"
#include "util.h"

#define CLOCK		"x86-tsc"
#define NR_EVENTS	(FLAME_IDLE + 1)
#define MAX_FIELDS	4
#define EXIT_BASIC(reason)	((reason) & 0xffff)

static const struct {
	const char *system;
	const char *name;
	const char *fields[MAX_FIELDS + 1];
} events[NR_EVENTS] = {
	[FLAME_CALL] = { "ftrace", "funcgraph_entry", { "func", "depth" } },
	[FLAME_RETURN] = { "ftrace", "funcgraph_exit", { "func", "depth" } },
	[FLAME_EXIT] = { TRACEFILE_SYSTEM, "lull_exit",
			 { "vm", "reason", "guest_ticks", "ticks" } },
	[FLAME_IDLE] = { TRACEFILE_SYSTEM, "lull_idle_leave",
			 { "residency" } },
};

/**
 * struct flame_reader - the state of reading a file
 * @flame:	gets the events
 * @report:	gets what was lost, and the VMs
 * @path:	the file's name
 * @tep:	its formats
 * @ids:	the events' numbers in records, -1 if it does not have them
 * @fields:	their fields
 */
struct flame_reader {
	struct flame *flame;
	struct report *report;
	const char *path;
	struct tep_handle *tep;
	int ids[NR_EVENTS];
	struct tep_format_field *fields[NR_EVENTS][MAX_FIELDS];
};

static int bind_events(struct flame_reader *rd)
{
	struct tep_event *event;
	unsigned int i, j;

	for (i = 0; i < NR_EVENTS; i++) {
		rd->ids[i] = -1;
		event = tep_find_event_by_name(rd->tep, events[i].system,
					       events[i].name);
		if (!event)
			continue;
		rd->ids[i] = event->id;
		for (j = 0; events[i].fields[j]; j++) {
			if (tracefile_bind(rd->path, event, events[i].fields[j],
					   &rd->fields[i][j]))
				return -1;
		}
	}
	return 0;
}

/* Ticks in lull_exit are the TSC's, so times must be, too. */
static int check_clock(const struct flame_reader *rd,
		       struct tracecmd_input *handle)
{
	const char *clock = NULL;

	if (!tracecmd_get_trace_clock)
		return 0;
	clock = tracecmd_get_trace_clock(handle);
	if (clock && !strcmp(clock, CLOCK))
		return 0;
	return error("%s: its clock is \"%s\", not \"%s\" (record with -C %s)",
		     rd->path, clock ? clock : "local", CLOCK, CLOCK);
}

static u64 value(const struct flame_reader *rd, enum flame_event event,
		 unsigned int field, const struct tep_record *record)
{
	return tracefile_value(rd->fields[event][field], record);
}

static int take_call(struct flame_reader *rd, struct flame_record *rec,
		     const struct tep_record *record)
{
	u64 address = value(rd, rec->event, 0, record);
	char number[24];

	rec->depth = value(rd, rec->event, 1, record);
	rec->function = tep_find_function(rd->tep, address);
	if (!rec->function) {
		snprintf(number, sizeof(number), "0x%llx", address);
		rec->function = number;
	}
	return flame_take(rd->flame, rec);
}

static int take_record(struct flame_reader *rd, enum flame_event event,
		       const struct tep_record *record)
{
	struct flame_record rec = {
		.event = event, .cpu = record->cpu, .time = record->ts,
		.pid = tep_data_pid(rd->tep, (struct tep_record *)record),
	};

	switch (event) {
	case FLAME_CALL:
		return take_call(rd, &rec, record);
	case FLAME_RETURN:
		rec.depth = value(rd, event, 1, record);
		break;
	case FLAME_EXIT:
		rec.vm = value(rd, event, 0, record);
		if (report_note_vm(rd->report, rec.vm))
			return -1;
		rec.reason = EXIT_BASIC(value(rd, event, 1, record));
		rec.guest_ticks = value(rd, event, 2, record);
		rec.ticks = value(rd, event, 3, record);
		break;
	case FLAME_IDLE:
		rec.ticks = value(rd, event, 0, record);
		break;
	}
	return flame_take(rd->flame, &rec);
}

static int on_record(struct tracecmd_input *handle, struct tep_record *record,
		     int cpu, void *ctx)
{
	struct flame_reader *rd = ctx;
	unsigned int i;
	int id;

	(void)handle;
	(void)cpu;
	if (record->missed_events)
		flame_lost(rd->flame, record->cpu);
	if (report_note_missed(rd->report, record->cpu, record->missed_events))
		return -1;
	id = tep_data_type(rd->tep, record);
	for (i = 0; i < NR_EVENTS; i++) {
		if (rd->ids[i] == id)
			return take_record(rd, i, record);
	}
	return 0;
}

static int read_events(struct flame_reader *rd, struct tracecmd_input *handle)
{
	if (bind_events(rd) || check_clock(rd, handle) ||
	    tracecmd_iterate_events(handle, NULL, 0, on_record, rd))
		return -1;
	if (!rd->flame->nr_calls)
		return error("%s: no function calls in it (see trace-cmd record -p function_graph)",
			     rd->path);
	if (!rd->flame->nr_exits)
		return error("%s: no VM exits in it (see trace-cmd record -e lull)",
			     rd->path);
	if (report_check_vm(rd->report, rd->path, rd->flame->only_vm))
		return -1;
	if (tracecmd_get_cpustats)
		report_parse_cpustats(rd->report,
				      tracecmd_get_cpustats(handle));
	return flame_finish(rd->flame);
}

/**
 * flame_read() - fold a trace
 * @f: the stacks, as flame_init() leaves them
 * @r: gets what host CPUs lost, and the VMs, and nothing else
 * @path: the file
 *
 * Return: 0, or -1 after a message
 */
int flame_read(struct flame *f, struct report *r, const char *path)
{
	struct flame_reader rd = { .flame = f, .report = r, .path = path };
	struct tracecmd_input *handle;
	int ret;

	handle = tracefile_open(path);
	if (!handle)
		return -1;
	rd.tep = tracecmd_get_tep(handle);
	ret = read_events(&rd, handle);
	tracecmd_close(handle);
	return ret;
}
