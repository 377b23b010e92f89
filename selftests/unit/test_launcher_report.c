// SPDX-License-Identifier: GPL-2.0-only
/* lull report, from a trace.dat file to its JSON. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "launcher/builtin.h"
#include "launcher/histogram.h"
#include "launcher/report.h"
#include "launcher_capture.h"
#include "launcher_trace.h"

/* As the module's trace headers describe them, in enum report_event's order. */
static const struct trace_event events[REPORT_NR_EVENTS] = {
	{ "lull_entry", .fields = { { "u64", "rip", 8 } } },
	{ "lull_exit", .fields = {
		{ "u32", "reason", 4 }, { "u64", "qualification", 8 },
		{ "u64", "rip", 8 }, { "u64", "guest_ticks", 8 },
		{ "u64", "ticks", 8 } } },
	{ "lull_cr3", .fields = {
		{ "u64", "old", 8 }, { "u64", "new", 8 }, { "u8", "same", 1 },
		{ "u8", "cached", 1 }, { "u32", "synced", 4 },
		{ "u64", "ticks", 8 }, { "u64", "sync_ticks", 8 } } },
	{ "lull_fault", .fields = {
		{ "u64", "gva", 8 }, { "u64", "gpa", 8 },
		{ "u32", "error_code", 4 }, { "u32", "result", 4 },
		{ "u32", "level", 4 }, { "u64", "ticks", 8 } } },
	{ "lull_unsync", true, {
		{ "u32", "level", 4 }, { "u64", "gfn", 8 } } },
	{ "lull_sync", true, {
		{ "u32", "level", 4 }, { "u64", "gfn", 8 },
		{ "u32", "changed", 4 } } },
	{ "lull_zap", true, {
		{ "u32", "level", 4 }, { "u64", "gfn", 8 },
		{ "u32", "role", 4 } } },
	{ "lull_inject", .fields = {
		{ "u32", "vector", 4 }, { "u32", "type", 4 },
		{ "u32", "error_code", 4 }, { "u8", "has_error", 1 },
		{ "u8", "reinjected", 1 } } },
	{ "lull_hypercall", .fields = {
		{ "u64", "nr", 8 }, { "u64", "a0", 8 }, { "u64", "a1", 8 },
		{ "s64", "ret", 8 } } },
	{ "lull_idle_enter", .fields = {
		{ "u64", "cr3", 8 }, { "u8", "announced", 1 },
		{ "u64", "borrowed_cr3", 8 } } },
	{ "lull_idle_leave", .fields = {
		{ "u64", "residency", 8 }, { "u32", "wake", 4 } } },
};

/* What lull report --flame reads. */
enum { EXIT, CALL, RETURN };

static const struct trace_event flame_events[] = {
	[EXIT] = { "lull_exit", .fields = {
		{ "u32", "reason", 4 }, { "u64", "guest_ticks", 8 },
		{ "u64", "ticks", 8 } } },
	[CALL] = { "funcgraph_entry", .of_ftrace = true, .fields = {
		{ "u64", "func", 8 }, { "s32", "depth", 4 } } },
	[RETURN] = { "funcgraph_exit", .of_ftrace = true, .fields = {
		{ "u64", "func", 8 }, { "s32", "depth", 4 } } },
};

#define ADD(t, cpu, event, ...) \
	trace_add(t, cpu, event, (const u64[]) { __VA_ARGS__ })

static struct trace trace;
static char path[64];

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/lull-unit.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	return close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_trace(void)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	trace_write(&trace, file);
	fclose(file);
}

/* VM 1 on CPU 0 and its vCPU moved to CPU 1 for the idle periods; VM 2 there. */
static void make_trace(void)
{
	int i;

	trace_init(&trace, events, REPORT_NR_EVENTS, 2);
	for (i = 0; i < 200; i++)
		ADD(&trace, 0, REPORT_EXIT, 1, 0, 28, 3, 0xffff, 1000, 50);
	ADD(&trace, 0, REPORT_EXIT, 1, 0, 0x80000021, 0, 0, 0, 7);
	ADD(&trace, 0, REPORT_EXIT, 1, 0, 500, 0, 0, 0, 1);
	ADD(&trace, 1, REPORT_EXIT, 2, 0, 12, 0, 0, 10, 5);
	ADD(&trace, 0, REPORT_CR3, 1, 0, 0x1000, 0x1000, 1, 1, 0, 100, 0);
	ADD(&trace, 0, REPORT_CR3, 1, 0, 0x1000, 0x2000, 0, 1, 3, 1500, 900);
	ADD(&trace, 0, REPORT_CR3, 1, 0, 0x2000, 0x3000, 0, 0, 0, 1600, 0);
	ADD(&trace, 0, REPORT_FAULT, 1, 0, 0, 0, 2, 0, 1, 300);
	ADD(&trace, 0, REPORT_FAULT, 1, 0, 0, 0, 2, 1, 1, 200);
	ADD(&trace, 0, REPORT_SYNC, 1, 1, 5, 7);
	ADD(&trace, 0, REPORT_SYNC, 1, 1, 6, 2);
	ADD(&trace, 0, REPORT_ZAP, 1, 1, 5, 0);
	ADD(&trace, 0, REPORT_UNSYNC, 1, 1, 5);
	ADD(&trace, 0, REPORT_INJECT, 1, 0, 0x30, 0, 0, 0, 0);
	ADD(&trace, 0, REPORT_INJECT, 1, 0, 14, 3, 2, 1, 1);
	ADD(&trace, 0, REPORT_HYPERCALL, 1, 0, 2, 0, 0, 0);
	ADD(&trace, 0, REPORT_HYPERCALL, 1, 0, 9, 0, 0, -38ULL);
	ADD(&trace, 1, REPORT_IDLE_ENTER, 1, 0, 0x1000, 1, 0x1000);
	ADD(&trace, 1, REPORT_IDLE_LEAVE, 1, 0, 4096, 0);
	ADD(&trace, 1, REPORT_IDLE_ENTER, 1, 0, 0x1000, 0, 0);
	ADD(&trace, 1, REPORT_IDLE_LEAVE, 1, 0, 1024, 2);
}

struct output {
	char out[32768];
	char err[4096];
};

static int report(struct output *o, char *option, char *value)
{
	char *argv[5] = { "report", path, option, value };
	struct capture out, err;
	int ret;

	capture_begin(&out, STDOUT_FILENO);
	capture_begin(&err, STDERR_FILENO);
	ret = builtin_report(value ? 4 : option ? 3 : 2, argv);
	capture_end(&err, o->err, sizeof(o->err));
	capture_end(&out, o->out, sizeof(o->out));
	return ret;
}

/* @name is like "cr3.cold.ticks". */
static struct json_object *find(struct json_object *obj, const char *name)
{
	char copy[64], *rest = copy, *part;

	strcpy(copy, name);
	while ((part = strsep(&rest, "."))) {
		if (!json_object_object_get_ex(obj, part, &obj))
			fail_msg("no %s (%s)", name, part);
	}
	return obj;
}

static void test_numbers(void **state)
{
	static const struct {
		const char *name;
		u64 value;
	} wanted[] = {
		{ "exits.cr_access", 200 }, { "exits.hlt", 1 },
		{ "exits.entry_fail_guest_state", 1 }, { "exits.other", 1 },
		{ "exit_ticks.cr_access", 10000 }, { "guest_ticks", 200010 },
		{ "counters.cr3_loads", 3 }, { "counters.cr3_same", 1 },
		{ "counters.cr3_cached", 2 }, { "counters.sync_pages", 2 },
		{ "counters.zaps", 1 }, { "counters.unsync", 1 }, { "counters.injections", 1 },
		{ "counters.hypercalls", 2 }, { "counters.idle_enters", 2 },
		{ "counters.idle_announced", 1 },
		{ "counters.guest_faults", 1 },
		{ "cr3.cached.ticks", 1500 }, { "cr3.cached.pages", 3 },
		{ "cr3.cached.sync_ticks", 900 }, { "cr3.cold.count", 1 },
		{ "idle.count", 2 }, { "idle.ticks", 5120 },
		{ "idle.mean", 2560 }, { "idle.announced", 1 },
		{ "idle.announced_ticks", 4096 },
		{ "idle.wakes.interrupt", 1 }, { "idle.wakes.pending", 1 },
		{ "faults.fixed.ticks", 300 }, { "faults.injected.count", 1 },
		{ "injections.exception", 1 },
		{ "injections.reinjected", 1 },
	};
	struct json_object *root;
	struct output o;
	unsigned int i;
	u64 value;

	(void)state;
	make_trace();
	write_trace();
	assert_int_equal(report(&o, "--json", NULL), 0);
	assert_string_equal(o.err, "");
	root = json_tokener_parse(o.out);
	assert_non_null(root);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		value = json_object_get_uint64(find(root, wanted[i].name));
		if (value != wanted[i].value)
			fail_msg("%s is %llu", wanted[i].name, value);
	}
	assert_true(json_object_get_boolean(find(root, "complete")));
	json_object_put(root);
}

static void test_text(void **state)
{
	struct output o;

	(void)state;
	make_trace();
	write_trace();
	assert_int_equal(report(&o, NULL, NULL), 0);
	assert_string_equal(o.err, "");
	assert_non_null(strstr(o.out, "VM 2 vCPU 0: 1 exits"));
	assert_non_null(strstr(o.out, "cr_access"));
	assert_non_null(strstr(o.out, "2 times, 1 announced (50.00%)"));
	assert_non_null(strstr(o.out, "1024 .. 2047"));
}

static void test_one_vm(void **state)
{
	struct output o;

	(void)state;
	make_trace();
	write_trace();
	assert_int_equal(report(&o, "--vm", "2"), 0);
	assert_null(strstr(o.out, "cr_access"));
	assert_non_null(strstr(o.out, "hlt"));
	assert_int_equal(report(&o, "--vm", "77"), 1);
	assert_non_null(strstr(o.err, "no events of VM 77; it has 1, 2\n"));
	assert_string_equal(o.out, "");
}

static void test_lost(void **state)
{
	struct json_object *root, *lost;
	struct output o;

	(void)state;
	make_trace();
	trace_new_page(&trace, 0, TRACE_MISSED | TRACE_MISSED_COUNTED, 77);
	ADD(&trace, 0, REPORT_ZAP, 1, 1, 5, 0);
	trace_new_page(&trace, 1, TRACE_MISSED, 0);
	ADD(&trace, 1, REPORT_ZAP, 1, 1, 5, 0);
	trace.cpus[1].stats = "CPU: 1\nentries: 4\noverrun: 13\n"
			      "commit overrun: 0\nbytes: 1\n"
			      "dropped events: 2\nread events: 4\n";
	write_trace();
	assert_int_equal(report(&o, "--json", NULL), 0);
	assert_non_null(strstr(o.err, "CPU 0 lost events: 77 missed"));
	assert_non_null(strstr(o.err, "0 and more missed, 13 overwritten, 2 dropped"));
	root = json_tokener_parse(o.out);
	assert_false(json_object_get_boolean(find(root, "complete")));
	lost = find(root, "lost");
	assert_int_equal(json_object_array_length(lost), 2);
	lost = json_object_array_get_idx(lost, 0);
	assert_int_equal(json_object_get_int(find(lost, "missed")), 77);
	json_object_put(root);
}

/* Only some of the events were recorded: what they tell is shown. */
static void test_some_events(void **state)
{
	struct json_object *root;
	struct output o;

	(void)state;
	trace_init(&trace, events, REPORT_EXIT + 1, 1);
	ADD(&trace, 0, REPORT_EXIT, 1, 0, 10, 0, 0, 0, 9);
	write_trace();
	assert_int_equal(report(&o, "--json", NULL), 0);
	root = json_tokener_parse(o.out);
	assert_int_equal(json_object_get_int(find(root, "exits.cpuid")), 1);
	assert_null(find(root, "cr3"));
	assert_null(find(root, "idle"));
	assert_null(find(root, "counters.cr3_loads"));
	json_object_put(root);
	assert_int_equal(report(&o, NULL, NULL), 0);
	assert_non_null(strstr(o.out, "not recorded (lull_cr3)"));
}

/* libtracecmd has a sentence of its own for truncated files, on stdout. */
static void assert_refused(const char *reason)
{
	struct output o;

	if (report(&o, NULL, NULL) != 1 || !strstr(o.err, reason))
		fail_msg("%s: %s", reason, o.err);
	assert_null(strstr(o.out, "Exits"));
	assert_int_equal(strchr(o.err, '\n')[1], '\0');
}

static void test_refusals(void **state)
{
	static const struct trace_event old_exit = {
		"lull_exit", .fields = { { "u32", "reason", 4 } },
	};

	(void)state;
	assert_int_equal(truncate(path, 0), 0);
	assert_refused("not a trace.dat file");
	trace_init(&trace, &old_exit, 1, 1);
	ADD(&trace, 0, 0, 1, 0, 10);
	write_trace();
	assert_refused("event lull_exit has no field \"guest_ticks\"");
	trace_init(&trace, events, REPORT_NR_EVENTS, 1);
	trace.system = "sched";
	write_trace();
	assert_refused("no events of Lull");
}

static void test_truncated(void **state)
{
	static const long lengths[] = { 10, 40, 600, 3000, 9000, 12000 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		make_trace();
		write_trace();
		assert_int_equal(truncate(path, lengths[i]), 0);
		assert_refused("truncated");
	}
}

static void put_byte(long at, u8 value)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	fseek(file, at, SEEK_SET);
	fputc(value, file);
	fclose(file);
}

/* A page size of 0, and a page that says it is longer than the file. */
static void test_damaged(void **state)
{
	static const struct {
		long at;
		u8 value;
	} bytes[] = { { 15, 0 }, { 8203, 255 } };
	struct capture err;
	char text[256];
	unsigned int i;
	int status;
	pid_t pid;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		make_trace();
		write_trace();
		put_byte(bytes[i].at, bytes[i].value);
		capture_begin(&err, STDERR_FILENO);
		pid = fork();
		if (!pid) {
			char *argv[] = { "report", path, NULL };

			builtin_report(2, argv);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		capture_end(&err, text, sizeof(text));
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 1);
		assert_non_null(strstr(text, path));
		assert_non_null(strstr(text, ": damaged: "));
	}
}

#define RUN	0x1010ULL
#define HANDLE	0x2010ULL
#define NAMES	"1000 t lull_vcpu_run\t[lull]\n2000 t handle_hlt\t[lull]\n"

/* Events are 1000 apart. */
static void make_flame(const char *clock)
{
	trace_init(&trace, flame_events, ARRAY_SIZE(flame_events), 1);
	trace.clock = clock;
	trace.symbols = NAMES;
	ADD(&trace, 0, CALL, RUN, 0);
	ADD(&trace, 0, CALL, HANDLE, 1);
	ADD(&trace, 0, RETURN, HANDLE, 1);
	ADD(&trace, 0, EXIT, 1, 0, 12, 300, 2000);
	ADD(&trace, 0, CALL, 0x77, 1);
	ADD(&trace, 0, RETURN, 0x77, 1);
	ADD(&trace, 0, RETURN, RUN, 0);
}

static void test_flame(void **state)
{
	struct output o;

	(void)state;
	make_flame("local [x86-tsc]");
	write_trace();
	assert_int_equal(report(&o, "--flame", NULL), 0);
	assert_string_equal(o.err, "");
	assert_string_equal(o.out, "[tracer] 3700\nhlt;lull_vcpu_run 2000\n"
			    "[guest] 300\n");
	assert_int_equal(report(&o, "--flame", "--vm=77"), 1);
	assert_non_null(strstr(o.err, "no events of VM 77; it has 1\n"));
	assert_int_equal(report(&o, "--flame", "--json"), 1);
	assert_non_null(strstr(o.err, "two formats"));
}

static void test_flame_refusals(void **state)
{
	struct output o;

	(void)state;
	make_flame("[local] x86-tsc");
	write_trace();
	assert_int_equal(report(&o, "--flame", NULL), 1);
	assert_non_null(strstr(o.err, "clock is \"local\""));
	make_flame(NULL);
	write_trace();
	assert_int_equal(report(&o, "--flame", NULL), 1);
	assert_non_null(strstr(o.err, "record with -C x86-tsc"));
	trace_init(&trace, flame_events, ARRAY_SIZE(flame_events), 1);
	trace.clock = "[x86-tsc]";
	ADD(&trace, 0, EXIT, 1, 0, 12, 300, 2000);
	write_trace();
	assert_int_equal(report(&o, "--flame", NULL), 1);
	assert_non_null(strstr(o.err, "no function calls"));
	trace_init(&trace, flame_events, ARRAY_SIZE(flame_events), 1);
	trace.clock = "[x86-tsc]";
	ADD(&trace, 0, CALL, RUN, 0);
	write_trace();
	assert_int_equal(report(&o, "--flame", NULL), 1);
	assert_non_null(strstr(o.err, "no VM exits"));
}

static void test_histogram(void **state)
{
	struct histogram h = { };
	unsigned int first, last;

	(void)state;
	assert_false(histogram_range(&h, &first, &last));
	assert_int_equal(histogram_mean(&h), 0);
	histogram_add(&h, 7);
	histogram_add(&h, 8);
	histogram_add(&h, ~0ULL >> 1);
	assert_int_equal(h.buckets[2], 1);
	assert_int_equal(h.buckets[3], 1);
	assert_true(histogram_range(&h, &first, &last));
	assert_int_equal(first, 2);
	assert_int_equal(last, 62);
	histogram_add(&h, 0);
	histogram_add(&h, ~0ULL);
	assert_true(histogram_range(&h, &first, &last));
	assert_int_equal(first, 0);
	assert_int_equal(last, 63);
	assert_int_equal(histogram_from(0), 0);
	assert_int_equal(histogram_to(0), 1);
	assert_int_equal(histogram_to(63), ~0ULL);
	assert_int_equal(h.min, 0);
	assert_int_equal(h.max, ~0ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_vm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_some_events, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_truncated, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flame_refusals, setup,
						teardown),
		cmocka_unit_test(test_histogram),
	};

	return cmocka_run_group_tests_name("launcher_report", tests, NULL,
					   NULL);
}
