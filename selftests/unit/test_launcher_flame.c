// SPDX-License-Identifier: GPL-2.0-only
/* Folding a trace of calls to stacks: which is charged, and that all are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "launcher/flame.h"
#include "launcher_capture.h"

#define CPU_PID		7
#define OTHER_PID	9
#define CPUID		10
#define HLT		12
#define IO		30

static struct flame flame;
static u32 pid;
static unsigned int cpu;

static int setup(void **state)
{
	(void)state;
	pid = CPU_PID;
	cpu = 0;
	flame_init(&flame, -1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	flame_free(&flame);
	return 0;
}

static void take(struct flame_record rec)
{
	rec.pid = pid;
	rec.cpu = cpu;
	assert_int_equal(flame_take(&flame, &rec), 0);
}

static void call(u64 time, u32 depth, const char *function)
{
	take((struct flame_record) { .event = FLAME_CALL, .time = time,
				     .depth = depth, .function = function });
}

static void back(u64 time, u32 depth)
{
	take((struct flame_record) { .event = FLAME_RETURN, .time = time,
				     .depth = depth });
}

/* lull_exit in a function of its own, as compilers make it. */
static void handled(u64 time, u32 reason, u64 guest_ticks, u64 ticks)
{
	call(time, 2, "trace_exit");
	take((struct flame_record) { .event = FLAME_EXIT, .time = time + 50,
				     .vm = 1, .reason = reason,
				     .guest_ticks = guest_ticks,
				     .ticks = ticks });
	back(time + 100, 2);
}

/* LULL_RUN, up to the loop around the guest. */
static void begin_run(u64 time)
{
	call(time, 0, "vcpu_ioctl");
	call(time + 10, 1, "lull_vcpu_run");
}

/* Calls of which each gap is 10 long: the tracer's time of an event. */
static void calibrate(void)
{
	pid = OTHER_PID;
	call(10, 0, "ioctl");
	call(20, 1, "first");
	back(30, 1);
	call(40, 1, "second");
	back(50, 1);
	back(60, 0);
	pid = CPU_PID;
}

/* The lines are all that there are, in any order, but for @tracer's. */
static void assert_stacks(const char *const *lines, u64 tracer)
{
	char *text, *line, wanted[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	u64 sum = 0;
	int nr;

	assert_int_equal(flame_finish(&flame), 0);
	flame_print_tree(&flame.folded, out);
	fclose(out);
	for (nr = 0; lines[nr]; nr++) {
		line = strstr(text, lines[nr]);
		if (!line || line[strlen(lines[nr])] != '\n' ||
		    (line != text && line[-1] != '\n'))
			fail_msg("no \"%s\" in:\n%s", lines[nr], text);
	}
	snprintf(wanted, sizeof(wanted), "[tracer] %llu\n", tracer);
	if (!strstr(text, wanted))
		fail_msg("no %s in:\n%s", wanted, text);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), nr--)
		sum += strtoull(strrchr(line, ' '), NULL, 10);
	assert_int_equal(nr, -1);
	assert_int_equal(sum, flame.ticks);
	free(text);
}

/* Two exits, one handled at once, one that the launcher is asked about. */
static void test_exits(void **state)
{
	static const char *const lines[] = {
		"[other];vcpu_ioctl 90",
		"[other];vcpu_ioctl;lull_vcpu_run 390",
		"[guest] 900",
		"cpuid;lull_exit_quick 130",
		"cpuid;lull_exit_quick;handle_cpuid 40",
		"cpuid;lull_vcpu_run 280",
		"io;lull_exit_handle 90",
		"io;lull_vcpu_run 180",
		"io;vcpu_ioctl 180",
		"io;[outside] 490",
		NULL
	};

	(void)state;
	calibrate();
	call(1000, 0, "vcpu_ioctl");
	call(1100, 1, "lull_vcpu_run");
	call(2000, 2, "lull_exit_quick");
	call(2100, 3, "handle_cpuid");
	back(2150, 3);
	back(2200, 2);
	handled(2300, CPUID, 500, 300);
	call(3000, 2, "lull_exit_handle");
	back(3100, 2);
	handled(3200, IO, 400, 200);
	back(3400, 1);
	back(3500, 0);
	call(4000, 0, "vcpu_ioctl");
	back(4100, 0);
	assert_stacks(lines, 380);
	assert_int_equal(flame.ticks, 50 + 3100);
}

/*
 * A sleep in HLT is idle; else the CPU is away, which the module does not
 * count as the handler's, so that the exit was so much earlier.
 */
static void test_away(void **state)
{
	static const char *const lines[] = {
		"[other];vcpu_ioctl;lull_vcpu_run 680",
		"[guest] 300",
		"hlt;lull_exit_handle 120",
		"[preempted] 450",
		"hlt;lull_vcpu_run 280",
		"[idle] 5200",
		NULL
	};

	(void)state;
	calibrate();
	begin_run(1000);
	call(2000, 2, "lull_exit_handle");
	call(2050, 3, "sched_out");
	back(2060, 3);
	call(2500, 3, "sched_in");
	back(2510, 3);
	back(2600, 2);
	handled(2700, HLT, 300, 250);
	call(3000, 2, "sched_out");
	back(3010, 2);
	call(8000, 2, "sched_in");
	back(8010, 2);
	take((struct flame_record) { .event = FLAME_IDLE, .time = 8100,
				     .ticks = 5200 });
	back(8200, 1);
	back(8210, 0);
	assert_stacks(lines, 230);
	assert_int_equal(flame.ticks, 50 + 7210);
}

/* What is not known is not guessed, and its time not lost. */
static void test_lost(void **state)
{
	static const char *const lines[] = {
		"[other];vcpu_ioctl;lull_vcpu_run 180",
		"[guest] 100",
		"cpuid;lull_vcpu_run 200",
		"cpuid;[lost] 400",
		"cpuid;[unknown];[unknown];[unknown] 90",
		"cpuid;[unknown];[unknown] 90",
		"cpuid;vcpu_ioctl 90",
		NULL
	};

	(void)state;
	calibrate();
	begin_run(1000);
	handled(1500, CPUID, 100, 200);
	flame_lost(&flame, 1);
	flame_lost(&flame, 0);
	back(2000, 5);
	back(2100, 4);
	call(2200, 0, "vcpu_ioctl");
	back(2300, 0);
	assert_stacks(lines, 200);
	assert_int_equal(flame.ticks, 50 + 1300);
}

/* All idle threads have the same number. */
static void test_interrupts(void **state)
{
	static const char *const lines[] = {
		"[other];timer_fires 280", "[other];pit_timer 90", NULL
	};

	(void)state;
	calibrate();
	pid = 0;
	call(100, 0, "timer_fires");
	cpu = 1;
	call(120, 0, "pit_timer");
	back(220, 0);
	cpu = 0;
	back(300, 0);
	call(1000, 0, "timer_fires");
	back(1100, 0);
	assert_stacks(lines, 80);
}

static void test_one_vm(void **state)
{
	static const char *const lines[] = { NULL };

	(void)state;
	flame.only_vm = 2;
	calibrate();
	begin_run(1000);
	handled(1500, CPUID, 100, 200);
	back(1700, 1);
	assert_stacks(lines, 50);
	assert_int_equal(flame.ticks, 50);
}

/* Another CPU's clock may be behind. */
static void test_backwards(void **state)
{
	(void)state;
	call(1000, 0, "ioctl");
	call(1100, 1, "f");
	back(1050, 1);
	back(1050, 0);
	assert_int_equal(flame_finish(&flame), 0);
	assert_int_equal(flame.ticks, 100);
}

static void test_damaged(void **state)
{
	struct flame_record rec = {
		.event = FLAME_CALL, .depth = 1000000, .function = "f",
	};
	struct capture err;
	char text[256];
	int ret;

	(void)state;
	capture_begin(&err, STDERR_FILENO);
	ret = flame_take(&flame, &rec);
	capture_end(&err, text, sizeof(text));
	assert_int_equal(ret, -1);
	assert_non_null(strstr(text, "1000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_one_vm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backwards, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
	};

	return cmocka_run_group_tests_name("launcher_flame", tests, NULL,
					   NULL);
}
