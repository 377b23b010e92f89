// SPDX-License-Identifier: GPL-2.0-only
/* Traces for tests: trace.dat files of version 6. */
#include <stdlib.h>
#include <string.h>

#include "launcher_trace.h"

#define FIRST_ID	1000
#define COMMON_SIZE	8	/* type, flags, preempt count, pid */
#define OPTION_CPUSTAT	2
#define OPTION_CLOCK	4

static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static const char header_event[] =
	"# compressed entry header\n"
	"\ttype_len    :    5 bits\n"
	"\ttime_delta  :   27 bits\n"
	"\tarray       :   32 bits\n\n"
	"\tpadding     : type == 29\n"
	"\ttime_extend : type == 30\n"
	"\ttime_stamp : type == 31\n"
	"\tdata max type_len  == 28\n";

static const struct trace_field ids[] = {
	{ "u32", "vm", 4 }, { "u32", "vcpu", 4 },
};

static const struct trace_field *field(const struct trace_event *event,
				       unsigned int i)
{
	unsigned int nr = event->of_ftrace ? 0 : event->of_vm ? 1 : 2;

	return i < nr ? &ids[i] : &event->fields[i - nr];
}

/**
 * trace_init() - begin a trace
 * @t: the trace
 * @events: the kinds of events that it describes
 * @nr_events: how many
 * @nr_cpus: CPUs that recorded it
 */
void trace_init(struct trace *t, const struct trace_event *events,
		unsigned int nr_events, unsigned int nr_cpus)
{
	unsigned int cpu;

	memset(t, 0, sizeof(*t));
	t->system = "lull";
	t->symbols = "";
	t->events = events;
	t->nr_events = nr_events;
	t->nr_cpus = nr_cpus;
	t->time = 1000000;
	for (cpu = 0; cpu < nr_cpus; cpu++)
		trace_new_page(t, cpu, 0, 0);
}

/**
 * trace_new_page() - begin a page
 * @t: the trace
 * @cpu: whose
 * @flags: what its commit word says of events lost before it
 * @missed: how many, with TRACE_MISSED_COUNTED
 */
void trace_new_page(struct trace *t, unsigned int cpu, u64 flags, u64 missed)
{
	struct trace_cpu *c = &t->cpus[cpu];
	u8 *page = c->pages[c->nr];

	memcpy(page, &t->time, sizeof(t->time));
	/* The count stands behind the events, which grow: park it at the end. */
	memcpy(page + TRACE_PAGE - sizeof(missed), &missed, sizeof(missed));
	c->flags[c->nr] = flags;
	c->nr++;
}

static unsigned int put_fields(const struct trace_event *event, u8 *data,
			       const u64 *values)
{
	unsigned int i, at = COMMON_SIZE;

	for (i = 0; field(event, i)->name; i++) {
		at = (at + field(event, i)->size - 1) &
		     ~(field(event, i)->size - 1);
		memcpy(data + at, &values[i], field(event, i)->size);
		at += field(event, i)->size;
	}
	return (at + 3) & ~3U;
}

/**
 * trace_add() - record an event, 1000 time units after the last one
 * @t: the trace
 * @cpu: where
 * @event: its kind
 * @values: of its fields, vm first
 */
void trace_add(struct trace *t, unsigned int cpu, unsigned int event,
	       const u64 *values)
{
	struct trace_cpu *c = &t->cpus[cpu];
	u16 type = FIRST_ID + event;
	u8 data[128] = { };
	unsigned int size;
	u64 *used, start;
	u32 head;
	u8 *page;

	size = put_fields(&t->events[event], data, values);
	memcpy(data, &type, sizeof(type));
	if (c->used[c->nr - 1] + size + 64 > TRACE_PAGE - TRACE_PAGE_HEADER)
		trace_new_page(t, cpu, 0, 0);
	page = c->pages[c->nr - 1];
	used = &c->used[c->nr - 1];
	t->time += 1000;
	memcpy(&start, page, sizeof(start));
	/* All deltas of a page lie in its first event's: keep the sum right. */
	head = size / 4 | (u32)((*used ? 1000 : t->time - start) << 5);
	memcpy(page + TRACE_PAGE_HEADER + *used, &head, sizeof(head));
	memcpy(page + TRACE_PAGE_HEADER + *used + 4, data, size);
	*used += 4 + size;
}

static void put(FILE *file, const void *data, size_t size)
{
	if (fwrite(data, 1, size, file) != size)
		abort();
}

static void put_u16(FILE *file, u16 value)
{
	put(file, &value, sizeof(value));
}

static void put_u32(FILE *file, u32 value)
{
	put(file, &value, sizeof(value));
}

static void put_u64(FILE *file, u64 value)
{
	put(file, &value, sizeof(value));
}

static void put_text(FILE *file, const char *text)
{
	put_u64(file, strlen(text));
	put(file, text, strlen(text));
}

static void put_format(FILE *file, const struct trace_event *event, int id)
{
	char text[4096];
	unsigned int i, at = COMMON_SIZE, size;
	int n;

	n = sprintf(text, "name: %s\nID: %d\nformat:\n"
		    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
		    event->name, id);
	for (i = 0; field(event, i)->name; i++) {
		size = field(event, i)->size;
		at = (at + size - 1) & ~(size - 1);
		n += sprintf(text + n,
			     "\tfield:%s %s;\toffset:%u;\tsize:%u;\tsigned:%d;\n",
			     field(event, i)->type, field(event, i)->name, at,
			     size, field(event, i)->type[0] == 's');
		at += size;
	}
	sprintf(text + n, "\nprint fmt: \"%%u\", REC->%s\n",
		field(event, 0)->name);
	put_text(file, text);
}

static void put_formats(const struct trace *t, FILE *file, bool of_ftrace)
{
	unsigned int i, nr = 0;

	for (i = 0; i < t->nr_events; i++)
		nr += t->events[i].of_ftrace == of_ftrace;
	put_u32(file, nr);
	for (i = 0; i < t->nr_events; i++) {
		if (t->events[i].of_ftrace == of_ftrace)
			put_format(file, &t->events[i], FIRST_ID + i);
	}
}

static void put_option(FILE *file, u16 number, const char *text)
{
	if (!text)
		return;
	put_u16(file, number);
	put_u32(file, strlen(text) + 1);
	put(file, text, strlen(text) + 1);
}

static void put_head(const struct trace *t, FILE *file)
{
	unsigned int i;

	put(file, "\027\010\104tracing6", 12);
	put(file, "\0\010", 2);
	put_u32(file, TRACE_PAGE);
	put(file, "header_page", 12);
	put_text(file, header_page);
	put(file, "header_event", 13);
	put_text(file, header_event);
	put_formats(t, file, true);
	put_u32(file, 1);		/* systems */
	put(file, t->system, strlen(t->system) + 1);
	put_formats(t, file, false);
	put_u32(file, strlen(t->symbols));
	put(file, t->symbols, strlen(t->symbols));
	put_u32(file, 0);		/* printk formats */
	put_text(file, "1 init\n");
	put_u32(file, t->nr_cpus);
	put(file, "options  ", 10);
	for (i = 0; i < t->nr_cpus; i++)
		put_option(file, OPTION_CPUSTAT, t->cpus[i].stats);
	put_option(file, OPTION_CLOCK, t->clock);
	put_u16(file, 0);
	put(file, "flyrecord", 10);
}

static void put_page(FILE *file, const struct trace_cpu *c, unsigned int i)
{
	u64 commit = c->used[i] | c->flags[i];
	u8 page[TRACE_PAGE];

	memcpy(page, c->pages[i], sizeof(page));
	memcpy(page + 8, &commit, sizeof(commit));
	memcpy(page + TRACE_PAGE_HEADER + c->used[i],
	       page + TRACE_PAGE - 8, 8);
	put(file, page, sizeof(page));
}

/**
 * trace_write() - write a trace.dat file
 * @t: the trace
 * @file: where to
 */
void trace_write(const struct trace *t, FILE *file)
{
	u64 at;
	unsigned int cpu, i;

	put_head(t, file);
	at = ftell(file) + t->nr_cpus * 16;
	at = (at + TRACE_PAGE - 1) & ~(u64)(TRACE_PAGE - 1);
	for (cpu = 0; cpu < t->nr_cpus; cpu++) {
		put_u64(file, at);
		put_u64(file, t->cpus[cpu].nr * TRACE_PAGE);
		at += t->cpus[cpu].nr * TRACE_PAGE;
	}
	while (ftell(file) % TRACE_PAGE)
		put(file, "", 1);
	for (cpu = 0; cpu < t->nr_cpus; cpu++) {
		for (i = 0; i < t->cpus[cpu].nr; i++)
			put_page(file, &t->cpus[cpu], i);
	}
}
