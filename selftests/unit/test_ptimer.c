// SPDX-License-Identifier: GPL-2.0-only
/*
 * The paravirtual timer, with a page for the guest's memory and a clock that
 * stands still.  The guest's TSC runs at 1 MHz here: a tick is a microsecond.
 */
#include <errno.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <string.h>
#include <asm/tsc.h>

#include "cmocka_all.h"
#include "fake_hrtimer.h"
#include "monitor/ptimer.h"

#define VECTOR		0xf3
#define PAGE_GPA	0x1000
#define NEVER		LULL_DEADLINE_NEVER
#define US		NSEC_PER_USEC
/* The least and the most that a stay is taken for. */
#define MIN_STAY	20
#define MAX_STAY	1000
/* Less than that is waited for. */
#define SPIN		20

unsigned int tsc_khz = 1000;

static struct lull_shared_page page;
static struct lull_para para;
static struct lull_ptimer timer;
static bool page_is_there;
static unsigned int kicks;
static u64 tsc;

static int read_words(struct lull_para *p, gpa_t gpa, u64 *to, unsigned int nr)
{
	if (!page_is_there)
		return -EFAULT;
	memcpy(to, (u8 *)&page + (gpa - PAGE_GPA), nr * sizeof(*to));
	return 0;
}

static int write_gpa(struct lull_para *p, gpa_t gpa, const void *from,
		     size_t len)
{
	if (!page_is_there)
		return -EFAULT;
	memcpy((u8 *)&page + (gpa - PAGE_GPA), from, len);
	return 0;
}

static const struct lull_para_env env = {
	.read_words = read_words,
	.write_gpa = write_gpa,
};

static void kick(struct lull_ptimer *t)
{
	kicks++;
}

static void pass(u64 us)
{
	tsc += us;
	fake_time_advance(us * US);
}

static int start(bool by_cpu)
{
	fake_time_reset(0);
	tsc = 1000000;
	kicks = 0;
	page_is_there = true;
	memset(&page, 0, sizeof(page));
	memset(&timer, 0, sizeof(timer));
	page.deadline = NEVER;
	lull_para_init(&para, &env, LULL_PARA_F_ALL);
	para.shared_gpa = PAGE_GPA;
	para.timer_vector = VECTOR;
	lull_ptimer_init(&timer, by_cpu, kick);
	lull_ptimer_look(&timer, &para, tsc);
	return 0;
}

static int setup(void **state)
{
	return start(false);
}

static int setup_by_cpu(void **state)
{
	return start(true);
}

static void look(void)
{
	lull_ptimer_look(&timer, &para, tsc);
}

static void halt(void)
{
	lull_ptimer_halt(&timer, &para, page.deadline, tsc);
}

static void resume(void)
{
	lull_ptimer_resume(&timer, &para, 5, tsc);
}

static void test_nothing_due(void **state)
{
	assert_true(page.armed == NEVER);
	assert_true(fake_timer_expires() == -1);
	halt();
	assert_true(fake_timer_expires() == -1);
	pass(60000000);
	assert_int_equal(timer.fires, 0);
}

/* Once it fires the look is due, and only the look makes it an interrupt. */
static void test_running(void **state)
{
	page.deadline = tsc + 300;
	look();
	assert_int_equal(page.armed, tsc + 300);
	pass(299);
	assert_false(timer.fired);
	pass(2);
	assert_true(timer.fired);
	assert_int_equal(kicks, 1);
	assert_false(timer.pending);
	look();
	assert_true(timer.pending);
	assert_false(timer.fired);
	assert_true(page.deadline == NEVER);
	/* and the next look is promised */
	assert_int_equal(page.armed, tsc + MIN_STAY);
	timer.pending = false;
	pass(MIN_STAY + 1);
	look();
	assert_false(timer.pending);
	/* nothing was stored: one more, for the longest stay */
	assert_int_equal(page.armed, tsc + MAX_STAY - MIN_STAY - 1);
	pass(MAX_STAY - MIN_STAY);
	assert_true(timer.fired);
	look();
	assert_true(page.armed == NEVER);
	assert_true(fake_timer_expires() == -1);
}

/* What was stored before the second look is what it is for. */
static void test_stored_late(void **state)
{
	page.deadline = tsc;
	look();
	timer.pending = false;
	pass(MIN_STAY + 1);
	page.deadline = tsc + 5000;
	look();
	assert_int_equal(page.armed, page.deadline);
}

/* No timer for a deadline that comes before a sleep would be over. */
static void test_near(void **state)
{
	page.deadline = tsc + SPIN - 1;
	halt();
	assert_true(timer.near);
	assert_true(fake_timer_expires() == -1);
	assert_true(lull_ptimer_waits(&timer, tsc));
	/* the host has other work: the timer is set all the same */
	pass(5);
	lull_ptimer_expire(&timer, tsc);
	assert_false(timer.near);
	assert_false(timer.pending);
	assert_true(fake_timer_expires() > 0);
	/* or it waits until the end */
	page.deadline = tsc + SPIN - 1;
	halt();
	pass(SPIN - 1);
	assert_false(lull_ptimer_waits(&timer, tsc));
	lull_ptimer_expire(&timer, tsc);
	assert_true(timer.pending);
	timer.pending = false;
	page.deadline = tsc + SPIN;
	halt();
	assert_false(timer.near);
	assert_true(fake_timer_expires() > 0);
}

/* An interrupt ends the halt at once, and only then the deadline comes. */
static void test_comes_at_the_end(void **state)
{
	page.deadline = tsc + SPIN - 1;
	halt();
	assert_true(timer.near);
	pass(SPIN);
	resume();
	assert_true(timer.pending);
	assert_int_equal(page.wake_reason, LULL_WAKE_TIMER);
	assert_true(page.deadline == NEVER);
	assert_true(page.armed > tsc);
	assert_in_range(fake_timer_expires(), 1, (tsc + MAX_STAY) * US);
}

/* The CPU looks while the guest runs, the host's timer wakes it from a halt. */
static void test_by_cpu(void **state)
{
	assert_false(timer.limits || lull_ptimer_is_due(&timer, NEVER));
	page.deadline = tsc + 300;
	look();
	assert_int_equal(page.armed, tsc + 300);
	assert_true(timer.limits && fake_timer_expires() == -1);
	assert_false(lull_ptimer_is_due(&timer, tsc + 299));
	assert_true(lull_ptimer_is_due(&timer, tsc + 300));
	pass(300);
	look();
	assert_true(timer.pending && timer.limits);
	assert_int_equal(page.armed, tsc + MAX_STAY);
	assert_true(lull_ptimer_is_unknown(&timer));
	assert_true(fake_timer_expires() == -1);
	timer.pending = false;
	page.deadline = tsc + 5000;
	halt();
	assert_true(fake_timer_expires() > 0);
	pass(100);
	resume();
	assert_true(timer.limits && fake_timer_expires() == -1);
	assert_true(page.armed > tsc && page.armed < tsc + 4900);
	page.deadline = NEVER - 1;
	pass(MAX_STAY);
	look();
	assert_false(lull_ptimer_is_due(&timer, tsc));
	assert_true(lull_ptimer_left(&timer, tsc) == NEVER - 1 - tsc);
	page.deadline = tsc + 4900;
	halt();
	pass(4901);
	assert_true(timer.fired);
	lull_ptimer_expire(&timer, tsc);
	assert_true(timer.pending);
	resume();
	assert_int_equal(kicks, 1);
	para.timer_vector = 0;
	look();
	assert_false(timer.limits);
}

/* A guest that runs from tick to tick is looked at when it is out anyway. */
static void test_tick(void **state)
{
	u64 next = tsc + 4000;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		page.deadline = next;
		look();
		assert_int_equal(page.armed, next);
		pass(next - tsc + 3);
		look();
		assert_true(timer.pending);
		timer.pending = false;
		next += 4000;
	}
	assert_int_equal(page.armed, tsc + 4000 - 125);
	/* out before it has stored anything: the promise stands */
	pass(2000);
	look();
	assert_int_equal(page.armed, tsc + 2000 - 125);
	pass(2000 - 125);
	look();
	assert_true(page.armed == NEVER);
	/* no tick is that rare, nor that frequent */
	pass(10000);
	page.deadline = tsc;
	look();
	assert_int_equal(page.armed, tsc + MAX_STAY);
	pass(10);
	page.deadline = tsc;
	look();
	assert_int_equal(page.armed, tsc + MAX_STAY);
}

static void test_later_deadline(void **state)
{
	u64 later = tsc + 900;

	page.deadline = tsc + 300;
	look();
	page.deadline = later;
	pass(301);
	look();
	assert_false(timer.pending);
	assert_int_equal(page.deadline, later);
	assert_int_equal(page.armed, later);
	pass(600);
	assert_int_equal(timer.fires, 2);
	look();
	assert_true(timer.pending);
}

static void test_past(void **state)
{
	page.deadline = tsc;
	look();
	assert_true(timer.pending);
	assert_true(page.deadline == NEVER);
	timer.pending = false;
	page.deadline = 1;
	halt();
	assert_true(timer.pending);
	/* the guest is told when it goes on */
	assert_int_equal(page.deadline, 1);
	resume();
	assert_true(page.deadline == NEVER);
	assert_int_equal(page.wake_reason, LULL_WAKE_TIMER);
}

static void test_halt(void **state)
{
	page.deadline = tsc + 5000;
	halt();
	assert_true(page.armed == NEVER);
	pass(5001);
	assert_true(timer.fired);
	lull_ptimer_expire(&timer, tsc);
	assert_true(timer.pending);
	assert_false(timer.fired);
	resume();
	assert_int_equal(page.residency, 5);
	assert_int_equal(page.wake_reason, LULL_WAKE_TIMER);
	assert_true(page.armed > tsc && page.armed <= tsc + MAX_STAY);
}

/* Woken by another: the deadline stands, the look comes first. */
static void test_woken_early(void **state)
{
	u64 deadline = tsc + 5000;

	page.deadline = deadline;
	halt();
	pass(100);
	resume();
	assert_int_equal(page.wake_reason, LULL_WAKE_INTERRUPT);
	assert_int_equal(page.deadline, deadline);
	assert_true(page.armed < deadline);
	pass(MAX_STAY + 1);
	assert_true(timer.fired);
	look();
	assert_int_equal(page.armed, deadline);
}

/* The host's clock was ahead of the TSC: nothing is early. */
static void test_drift(void **state)
{
	page.deadline = tsc + 1000;
	halt();
	fake_time_advance(1001 * US);
	tsc += 900;
	lull_ptimer_expire(&timer, tsc);
	assert_false(timer.pending);
	assert_true(fake_timer_expires() > 0);
	pass(101);
	lull_ptimer_expire(&timer, tsc);
	assert_true(timer.pending);
}

/* What a stay is taken for follows what stays were, within bounds. */
static void test_stays(void **state)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		halt();
		resume();
		pass(100);
	}
	halt();
	resume();
	assert_in_range(page.armed - tsc, 100, 125);
	for (i = 0; i < 50; i++) {
		pass(1000000);
		halt();
		resume();
	}
	assert_int_equal(page.armed - tsc, MAX_STAY);
}

static void test_far(void **state)
{
	page.deadline = NEVER - 1;
	look();
	assert_true(page.armed == NEVER - 1);
	assert_true(fake_timer_expires() > 0);
	tsc_khz = 5000000;
	page.deadline = NEVER - 2;
	look();
	assert_true(fake_timer_expires() > 0);
	tsc_khz = 1000;
}

static void test_stop(void **state)
{
	page.deadline = tsc;
	look();
	assert_true(timer.pending);
	para.timer_vector = 0;
	look();
	assert_false(timer.pending);
	assert_true(fake_timer_expires() == -1);
	/* the page goes while the guest is halted */
	setup(state);
	page.deadline = tsc + 10;
	halt();
	pass(11);
	lull_ptimer_expire(&timer, tsc);
	page_is_there = false;
	resume();
	assert_int_equal(para.timer_vector, 0);
	assert_false(timer.pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_due, setup),
		cmocka_unit_test_setup(test_running, setup),
		cmocka_unit_test_setup(test_stored_late, setup),
		cmocka_unit_test_setup(test_near, setup),
		cmocka_unit_test_setup(test_comes_at_the_end, setup),
		cmocka_unit_test_setup(test_by_cpu, setup_by_cpu),
		cmocka_unit_test_setup(test_tick, setup_by_cpu),
		cmocka_unit_test_setup(test_later_deadline, setup),
		cmocka_unit_test_setup(test_past, setup),
		cmocka_unit_test_setup(test_halt, setup),
		cmocka_unit_test_setup(test_woken_early, setup),
		cmocka_unit_test_setup(test_drift, setup),
		cmocka_unit_test_setup(test_stays, setup),
		cmocka_unit_test_setup(test_far, setup),
		cmocka_unit_test_setup(test_stop, setup),
	};

	return cmocka_run_group_tests_name("ptimer", tests, NULL, NULL);
}
