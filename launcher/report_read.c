// SPDX-License-Identifier: GPL-2.0-only
/* Reading a trace.dat file with the library behind trace-cmd. */
#include <errno.h>
#include <string.h>
#include <trace-cmd.h>

#include "report.h"
#include "tracefile.h"
#include "util.h"

/**
 * struct bound_event - a tracepoint as this file has it
 * @id:		its number in records, -1 if the file does not have it
 * @vm:		field "vm"
 * @vcpu:	field "vcpu", or NULL for events of a VM
 * @fields:	those of report_events[]
 */
struct bound_event {
	int id;
	struct tep_format_field *vm;
	struct tep_format_field *vcpu;
	struct tep_format_field *fields[REPORT_MAX_FIELDS];
};

/**
 * struct reader - the state of reading a file
 * @report:	gets the events
 * @path:	its name
 * @only_vm:	the VM to look at, or -1
 * @events:	by enum report_event
 */
struct reader {
	struct report *report;
	const char *path;
	s64 only_vm;
	struct bound_event events[REPORT_NR_EVENTS];
};

static int bind_event(struct reader *rd, struct tep_event *event,
		      const struct report_event_desc *desc,
		      struct bound_event *bound)
{
	unsigned int i;

	bound->id = event->id;
	if (tracefile_bind(rd->path, event, "vm", &bound->vm))
		return -1;
	if (!desc->of_vm &&
	    tracefile_bind(rd->path, event, "vcpu", &bound->vcpu))
		return -1;
	for (i = 0; desc->fields[i]; i++) {
		if (tracefile_bind(rd->path, event, desc->fields[i],
				   &bound->fields[i]))
			return -1;
	}
	return 0;
}

static int bind_events(struct reader *rd, struct tep_handle *tep)
{
	struct tep_event *event;
	bool any = false;
	unsigned int i;

	for (i = 0; i < REPORT_NR_EVENTS; i++) {
		event = tep_find_event_by_name(tep, TRACEFILE_SYSTEM,
					       report_events[i].name);
		rd->events[i].id = -1;
		if (!event)
			continue;
		if (bind_event(rd, event, &report_events[i], &rd->events[i]))
			return -1;
		rd->report->recorded[i] = true;
		any = true;
	}
	if (any)
		return 0;
	return error("%s: no events of Lull in it (record with trace-cmd record -e lull)",
		     rd->path);
}

static int take_record(struct reader *rd, enum report_event which,
		       const struct tep_record *record)
{
	const struct bound_event *bound = &rd->events[which];
	u32 vm = tracefile_value(bound->vm, record);
	u32 vcpu = bound->vcpu ? tracefile_value(bound->vcpu, record) : 0;
	u64 values[REPORT_MAX_FIELDS];
	unsigned int i;

	if (report_note_vm(rd->report, vm))
		return -1;
	if (rd->only_vm >= 0 && vm != rd->only_vm)
		return 0;
	for (i = 0; report_events[which].fields[i]; i++)
		values[i] = tracefile_value(bound->fields[i], record);
	return report_take(rd->report, which, vm, vcpu, values);
}

static int on_record(struct tracecmd_input *handle, struct tep_record *record,
		     int cpu, void *ctx)
{
	struct reader *rd = ctx;
	unsigned int i;
	int id;

	(void)cpu;
	if (report_note_missed(rd->report, record->cpu, record->missed_events))
		return -1;
	id = tep_data_type(tracecmd_get_tep(handle), record);
	for (i = 0; i < REPORT_NR_EVENTS; i++) {
		if (rd->events[i].id == id)
			return take_record(rd, i, record);
	}
	return 0;
}

/* trace-cmd record -B puts events into buffers of their own. */
static int read_instances(struct reader *rd, struct tracecmd_input *handle)
{
	struct tracecmd_input *instance;
	int i, ret = 0;

	for (i = 0; !ret && i < tracecmd_buffer_instances(handle); i++) {
		instance = tracecmd_buffer_instance_handle(handle, i);
		if (!instance)
			return error("%s: buffer %d cannot be read", rd->path,
				     i);
		ret = tracecmd_iterate_events(instance, NULL, 0, on_record,
					      rd);
		tracecmd_close(instance);
	}
	return ret;
}

static int read_events(struct reader *rd, struct tracecmd_input *handle)
{
	if (bind_events(rd, tracecmd_get_tep(handle)))
		return -1;
	if (tracecmd_iterate_events(handle, NULL, 0, on_record, rd) ||
	    read_instances(rd, handle))
		return -1;
	if (tracecmd_get_cpustats)
		report_parse_cpustats(rd->report,
				      tracecmd_get_cpustats(handle));
	return report_check_vm(rd->report, rd->path, rd->only_vm);
}

/**
 * report_read() - add up a trace
 * @r: the report, empty
 * @path: the file
 * @only_vm: the VM to look at, or -1 for all
 *
 * Return: 0, or -1 after a message
 */
int report_read(struct report *r, const char *path, s64 only_vm)
{
	struct reader rd = {
		.report = r, .path = path, .only_vm = only_vm,
	};
	struct tracecmd_input *handle;
	int ret;

	handle = tracefile_open(path);
	if (!handle)
		return -1;
	ret = read_events(&rd, handle);
	tracecmd_close(handle);
	return ret;
}
