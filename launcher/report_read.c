// SPDX-License-Identifier: GPL-2.0-only
/* Reading a trace.dat file with the library behind trace-cmd. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <trace-cmd.h>
#include <unistd.h>

#include "report.h"
#include "util.h"

#define SYSTEM		"lull"
#define MAGIC		"\027\010\104tracing"

/* Exported by libtracecmd 1.x, but in none of its installed headers. */
const char *tracecmd_get_cpustats(struct tracecmd_input *handle);
#pragma weak tracecmd_get_cpustats

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

static int check_magic(const char *path)
{
	char start[sizeof(MAGIC) - 1];
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error("%s: %s", path, strerror(errno));
	got = read(fd, start, sizeof(start));
	close(fd);
	if (got < 0)
		return error("%s: %s", path, strerror(errno));
	if (got != sizeof(start) || memcmp(start, MAGIC, sizeof(start)))
		return error("%s: not a trace.dat file", path);
	return 0;
}

/*
 * libtracecmd 1.3.1 crashes when it closes a file whose events it could not
 * find.  Such files stay open, in a chain that leak checkers can follow.
 */
static void abandon(struct tracecmd_input *handle)
{
	static struct tracecmd_input *abandoned;

	tracecmd_set_private(handle, abandoned);
	abandoned = handle;
}

/* The library's own messages would only repeat ours in other words. */
static struct tracecmd_input *open_trace(const char *path)
{
	struct tracecmd_input *handle;

	if (check_magic(path))
		return NULL;
	tracecmd_set_loglevel(TEP_LOG_NONE);
	handle = tracecmd_open_head(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!handle) {
		error("%s: truncated or damaged: its description of the events cannot be read",
		      path);
		return NULL;
	}
	if (tracecmd_init_data(handle)) {
		error("%s: truncated or damaged: some CPU's events are not all there",
		      path);
		abandon(handle);
		return NULL;
	}
	return handle;
}

static int bind_field(struct reader *rd, struct tep_event *event,
		      const char *name, struct tep_format_field **field)
{
	*field = tep_find_any_field(event, name);
	if (*field)
		return 0;
	return error("%s: event %s has no field \"%s\" (recorded with another version of lull.ko?)",
		     rd->path, event->name, name);
}

static int bind_event(struct reader *rd, struct tep_event *event,
		      const struct report_event_desc *desc,
		      struct bound_event *bound)
{
	unsigned int i;

	bound->id = event->id;
	if (bind_field(rd, event, "vm", &bound->vm))
		return -1;
	if (!desc->of_vm && bind_field(rd, event, "vcpu", &bound->vcpu))
		return -1;
	for (i = 0; desc->fields[i]; i++) {
		if (bind_field(rd, event, desc->fields[i], &bound->fields[i]))
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
		event = tep_find_event_by_name(tep, SYSTEM,
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

/* Signed fields come out as the bits they have in 64. */
static u64 read_field(struct tep_format_field *field,
		      const struct tep_record *record)
{
	unsigned long long value = 0;

	tep_read_number_field(field, record->data, &value);
	if (field->flags & TEP_FIELD_IS_SIGNED && field->size == 4)
		return (s64)(int)value;
	return value;
}

static int take_record(struct reader *rd, enum report_event which,
		       const struct tep_record *record)
{
	const struct bound_event *bound = &rd->events[which];
	u32 vm = read_field(bound->vm, record);
	u32 vcpu = bound->vcpu ? read_field(bound->vcpu, record) : 0;
	u64 values[REPORT_MAX_FIELDS];
	unsigned int i;

	if (rd->only_vm >= 0 && vm != rd->only_vm)
		return 0;
	for (i = 0; report_events[which].fields[i]; i++)
		values[i] = read_field(bound->fields[i], record);
	return report_take(rd->report, which, vm, vcpu, values);
}

static int note_missed(struct reader *rd, const struct tep_record *record)
{
	struct report_lost *lost;

	if (!record->missed_events)
		return 0;
	lost = report_get_lost(rd->report, record->cpu);
	if (!lost)
		return error("%s: %s", rd->path, strerror(ENOMEM));
	if (record->missed_events > 0)
		lost->missed += record->missed_events;
	else
		lost->unknown = true;
	return 0;
}

static int on_record(struct tracecmd_input *handle, struct tep_record *record,
		     int cpu, void *ctx)
{
	struct reader *rd = ctx;
	unsigned int i;
	int id;

	(void)cpu;
	if (note_missed(rd, record))
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
	return 0;
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

	handle = open_trace(path);
	if (!handle)
		return -1;
	ret = read_events(&rd, handle);
	tracecmd_close(handle);
	return ret;
}
