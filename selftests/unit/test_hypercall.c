// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls and announcements, with guest memory of a few pages.
 */
#include <errno.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <string.h>

#include "cmocka_all.h"
#include "hypercall/hypercall.h"

#define MEM_SIZE	0x4000
#define PAGE		0x2000

static u8 memory[MEM_SIZE] __aligned(8);
static struct lull_para para;
static unsigned int reads, writes;

static bool is_memory(gpa_t gpa, size_t len)
{
	return gpa < MEM_SIZE && len <= MEM_SIZE - gpa;
}

static int read_words(struct lull_para *p, gpa_t gpa, u64 *to, unsigned int nr)
{
	size_t len = nr * sizeof(*to);

	reads++;
	if (!is_memory(gpa, len))
		return -EFAULT;
	memcpy(to, memory + gpa, len);
	return 0;
}

static int write_gpa(struct lull_para *p, gpa_t gpa, const void *from,
		     size_t len)
{
	writes++;
	if (!is_memory(gpa, len))
		return -EFAULT;
	memcpy(memory + gpa, from, len);
	return 0;
}

static const struct lull_para_env env = {
	.read_words = read_words,
	.write_gpa = write_gpa,
};

static int setup(void **state)
{
	memset(memory, 0, sizeof(memory));
	lull_para_init(&para, &env, LULL_PARA_F_ALL);
	reads = 0;
	writes = 0;
	return 0;
}

static struct lull_shared_page *page(void)
{
	return (struct lull_shared_page *)(memory + PAGE);
}

static void register_page(void)
{
	s64 ret;

	lull_hypercall(&para, 0, LULL_HC_SET_SHARED_PAGE,
		       PAGE | LULL_SHARED_ENABLE, 0, &ret);
	assert_int_equal(ret, LULL_HC_OK);
}

struct call {
	const char *what;
	u32 features;
	int cpl;
	u64 nr, a0, a1;
	s64 ret;
	enum lull_hc_action action;
};

#define ALL	LULL_PARA_F_ALL
#define SET	LULL_HC_SET_SHARED_PAGE
#define HALT	LULL_HC_IDLE_HALT
#define SET_TIMER	LULL_HC_SET_TIMER
#define TABLE	LULL_HC_SET_CR3_TABLE
#define GUARD	LULL_HC_IDLE_GUARD

static const struct call calls[] = {
	{ "0 is not used", ALL, 0, 0, 0, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "past the last", ALL, 0, 7, 0, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "largest", ALL, 0, ~0ULL, 0, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "upper half counts", ALL, 0, 1ULL << 32 | HALT, 0, 0,
	  LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "halt", ALL, 0, HALT, 0, 0, LULL_HC_OK, LULL_HC_HALT },
	{ "halt, flags", ALL, 0, HALT, 1, 0, LULL_HC_EINVAL, LULL_HC_DONE },
	{ "halt, reserved", ALL, 0, HALT, 0, 1, LULL_HC_EINVAL, LULL_HC_DONE },
	{ "halt, high reserved", ALL, 0, HALT, 0, 1ULL << 63,
	  LULL_HC_EINVAL, LULL_HC_DONE },
	{ "halt, not offered", ALL & ~LULL_PARA_F_IDLE_HALT, 0, HALT, 0, 0,
	  LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "halt, user mode", ALL, 3, HALT, 0, 0, LULL_HC_EPERM, LULL_HC_DONE },
	{ "halt, ring 1", ALL, 1, HALT, 0, 0, LULL_HC_EPERM, LULL_HC_DONE },
	{ "unknown, user mode", ALL, 3, 99, 0, 0, LULL_HC_EPERM,
	  LULL_HC_DONE },
	{ "page", ALL, 0, SET, PAGE | 1, 0, LULL_HC_OK, LULL_HC_DONE },
	{ "page 0", ALL, 0, SET, 1, 0, LULL_HC_OK, LULL_HC_DONE },
	{ "last page", ALL, 0, SET, (MEM_SIZE - 0x1000) | 1, 0, LULL_HC_OK,
	  LULL_HC_DONE },
	{ "page off", ALL, 0, SET, 0, 0, LULL_HC_OK, LULL_HC_DONE },
	{ "page not enabled", ALL, 0, SET, PAGE, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "page, other bits", ALL, 0, SET, PAGE | 3, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "page misaligned", ALL, 0, SET, PAGE | 0x801, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "page outside", ALL, 0, SET, MEM_SIZE | 1, 0, LULL_HC_EFAULT,
	  LULL_HC_DONE },
	{ "page far outside", ALL, 0, SET, ~0xfffULL | 1, 0, LULL_HC_EFAULT,
	  LULL_HC_DONE },
	{ "page not offered", LULL_PARA_F_IDLE_HALT, 0, SET, PAGE | 1, 0,
	  LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "timer, no page", ALL, 0, SET_TIMER, 0xf3, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "timer off", ALL, 0, SET_TIMER, 0, 0, LULL_HC_OK, LULL_HC_TIMER },
	{ "timer, not offered", ALL & ~LULL_PARA_F_TIMER, 0, SET_TIMER, 0, 0,
	  LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "timer, user mode", ALL, 3, SET_TIMER, 0, 0, LULL_HC_EPERM,
	  LULL_HC_DONE },
	{ "arm, no timer", ALL, 0, LULL_HC_ARM_TIMER, 0, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "arm, not offered", ALL & ~LULL_PARA_F_TIMER, 0, LULL_HC_ARM_TIMER,
	  0, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "page, user mode", ALL, 3, SET, PAGE | 1, 0, LULL_HC_EPERM,
	  LULL_HC_DONE },
	{ "table", ALL, 0, TABLE, PAGE | 1, 0, LULL_HC_OK, LULL_HC_CR3_TABLE },
	{ "table, ignored", ALL, 0, TABLE, (PAGE + 64) | 1, ~0ULL, LULL_HC_OK,
	  LULL_HC_CR3_TABLE },
	{ "table off", ALL, 0, TABLE, 0, 0, LULL_HC_OK, LULL_HC_CR3_TABLE },
	{ "table not enabled", ALL, 0, TABLE, PAGE, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "table misaligned", ALL, 0, TABLE, (PAGE + 32) | 1, 0,
	  LULL_HC_EINVAL, LULL_HC_DONE },
	{ "table outside", ALL, 0, TABLE, MEM_SIZE | 1, 0, LULL_HC_EFAULT,
	  LULL_HC_DONE },
	{ "table not offered", ALL & ~LULL_PARA_F_CR3_TARGETS, 0, TABLE,
	  PAGE | 1, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "table, user mode", ALL, 3, TABLE, PAGE | 1, 0, LULL_HC_EPERM,
	  LULL_HC_DONE },
	{ "guard", ALL, 0, GUARD, 1, 0, LULL_HC_OK, LULL_HC_BEGIN_GUARD },
	{ "guard off", ALL, 0, GUARD, 0, 0, LULL_HC_OK, LULL_HC_END_GUARD },
	{ "guard 2", ALL, 0, GUARD, 2, 0, LULL_HC_EINVAL, LULL_HC_DONE },
	{ "guard, high bits", ALL, 0, GUARD, 1ULL << 63 | 1, 0, LULL_HC_EINVAL,
	  LULL_HC_DONE },
	{ "guard, reserved", ALL, 0, GUARD, 1, 1, LULL_HC_EINVAL, LULL_HC_DONE },
	{ "guard, not offered", ALL & ~LULL_PARA_F_IDLE_GUARD, 0, GUARD, 1, 0,
	  LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "guard, user mode", ALL, 3, GUARD, 1, 0, LULL_HC_EPERM, LULL_HC_DONE },
};

static void test_calls(void **state)
{
	enum lull_hc_action action;
	unsigned int i;
	s64 ret;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *c = &calls[i];

		setup(state);
		para.features = c->features;
		action = lull_hypercall(&para, c->cpl, c->nr, c->a0, c->a1,
					&ret);
		if (ret != c->ret || action != c->action)
			fail_msg("%s: returned %lld", c->what, (long long)ret);
	}
}

static void test_register(void **state)
{
	s64 ret;

	assert_true(para.shared_gpa == LULL_INVALID_GPA);
	page()->state = 7;
	register_page();
	assert_int_equal(page()->abi, LULL_PARA_VERSION);
	assert_int_equal(page()->state, 7);
	assert_int_equal(para.shared_gpa, PAGE);
	assert_int_equal(writes, 1);
	/* A refused call changes nothing. */
	lull_hypercall(&para, 0, SET, MEM_SIZE | 1, 0, &ret);
	assert_int_equal(para.shared_gpa, PAGE);
	lull_hypercall(&para, 0, SET, 2, 0, &ret);
	assert_int_equal(para.shared_gpa, PAGE);
	lull_hypercall(&para, 0, SET, 0, 0, &ret);
	assert_true(para.shared_gpa == LULL_INVALID_GPA);
}

static void set_table(u64 a0, s64 want)
{
	s64 ret;

	lull_hypercall(&para, 0, TABLE, a0, 0, &ret);
	assert_int_equal(ret, want);
}

static bool table_is_empty(gpa_t gpa)
{
	const struct lull_cr3_table *table = (const void *)(memory + gpa);
	unsigned int i, empty = 0;

	for (i = 0; i < LULL_NR_CR3_TARGETS; i++)
		empty += table->target[i].cr3 == LULL_CR3_NONE;
	return empty == LULL_NR_CR3_TARGETS;
}

/* It is empty at first and at last; nothing beside it is written. */
static void test_cr3_table(void **state)
{
	const struct lull_cr3_table some = { .target[1].cr3 = 0x5000 };

	assert_false(table_is_empty(PAGE));
	set_table(PAGE | 1, LULL_HC_OK);
	assert_true(table_is_empty(PAGE));
	assert_int_equal(memory[PAGE + sizeof(some)], 0);
	assert_int_equal(lull_para_write_cr3_table(&para, &some), 0);
	assert_memory_equal(memory + PAGE, &some, sizeof(some));
	set_table(MEM_SIZE | 1, LULL_HC_EFAULT);
	assert_int_equal(para.cr3_table, PAGE);
	assert_false(table_is_empty(PAGE));
	set_table((PAGE + 64) | 1, LULL_HC_OK);
	assert_true(table_is_empty(PAGE));
	assert_true(table_is_empty(PAGE + 64));
	assert_int_equal(lull_para_write_cr3_table(&para, &some), 0);
	set_table(0, LULL_HC_OK);
	assert_true(table_is_empty(PAGE + 64));
	assert_true(para.cr3_table == LULL_INVALID_GPA);
	/* Its memory goes: so does the registration. */
	para.cr3_table = MEM_SIZE;
	assert_int_equal(lull_para_write_cr3_table(&para, &some), -EFAULT);
	assert_true(para.cr3_table == LULL_INVALID_GPA);
}

static void announce(u32 guest_state, u64 cr3, u64 seq)
{
	page()->state = guest_state;
	page()->borrowed_cr3 = cr3;
	page()->idle_seq = seq;
}

static void test_announcement(void **state)
{
	struct lull_shared_page before;
	struct lull_announcement ann;

	register_page();
	announce(LULL_STATE_IDLE, 0x5000, 42);
	memcpy(&before, page(), sizeof(before));
	writes = 0;
	lull_para_read_page(&para, 0x5000, &ann);
	assert_true(ann.idle);
	assert_int_equal(ann.borrowed_cr3, 0x5000);
	assert_int_equal(ann.seq, 42);
	assert_int_equal(reads, 1);
	assert_int_equal(writes, 0);
	assert_memory_equal(&before, page(), sizeof(before));
}

static void expect_not_idle(u64 cr3)
{
	struct lull_announcement ann = { true, 1, 1, 1 };

	lull_para_read_page(&para, cr3, &ann);
	assert_false(ann.idle);
	assert_int_equal(ann.borrowed_cr3, 0);
	assert_int_equal(ann.seq, 0);
}

static void test_announcement_refused(void **state)
{
	s64 ret;

	announce(LULL_STATE_IDLE, 0x5000, 1);
	expect_not_idle(0x5000);		/* no page */
	assert_int_equal(reads, 0);
	register_page();
	expect_not_idle(0x6000);		/* another address space */
	expect_not_idle(0x5001);
	expect_not_idle(1ULL << 32 | 0x5000);
	announce(LULL_STATE_RUNNING, 0x5000, 1);
	expect_not_idle(0x5000);
	announce(2, 0x5000, 1);
	expect_not_idle(0x5000);
	announce(0xffffffff, 0x5000, 1);
	expect_not_idle(0x5000);
	announce(LULL_STATE_IDLE, 0x5000, 1);
	para.features &= ~LULL_PARA_F_IDLE_ANNOUNCE;
	expect_not_idle(0x5000);
	para.features = ALL;
	para.shared_gpa = MEM_SIZE;		/* the memory was removed */
	expect_not_idle(0x5000);
	para.shared_gpa = PAGE;
	lull_hypercall(&para, 0, SET, 0, 0, &ret);
	expect_not_idle(0x5000);
}

static void test_names(void **state)
{
	assert_string_equal(lull_hypercall_name(SET), "set_shared_page");
	assert_string_equal(lull_hypercall_name(HALT), "idle_halt");
	assert_string_equal(lull_hypercall_name(0), "unknown");
	assert_string_equal(lull_hypercall_name(~0ULL), "unknown");
}

static s64 call_timer(u64 nr, u64 a0, u64 a1, enum lull_hc_action want)
{
	s64 ret;

	assert_int_equal(lull_hypercall(&para, 0, nr, a0, a1, &ret), want);
	return ret;
}

static void test_timer_calls(void **state)
{
	static const u64 bad[] = {
		1, 31, 256, 0x1f3, 1ULL << 32 | 0xf3, 1ULL << 63,
	};
	unsigned int i;

	register_page();
	page()->residency = 7;
	page()->wake_reason = 7;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(call_timer(SET_TIMER, bad[i], 0,
					    LULL_HC_DONE), LULL_HC_EINVAL);
	assert_int_equal(call_timer(SET_TIMER, 0xf3, 1, LULL_HC_DONE),
			 LULL_HC_EINVAL);
	assert_int_equal(para.timer_vector, 0);
	assert_int_equal(call_timer(SET_TIMER, 32, 0, LULL_HC_TIMER),
			 LULL_HC_OK);
	assert_int_equal(para.timer_vector, 32);
	assert_true(page()->armed == LULL_DEADLINE_NEVER);
	assert_int_equal(page()->residency, 0);
	assert_int_equal(page()->wake_reason, LULL_WAKE_NONE);
	assert_int_equal(call_timer(LULL_HC_ARM_TIMER, 0, 1, LULL_HC_DONE),
			 LULL_HC_EINVAL);
	assert_int_equal(call_timer(LULL_HC_ARM_TIMER, 1, 0, LULL_HC_DONE),
			 LULL_HC_EINVAL);
	assert_int_equal(call_timer(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_TIMER),
			 LULL_HC_OK);
	/* Another page, or none: no timer, which the caller has to know. */
	assert_int_equal(call_timer(SET, PAGE | 1, 0, LULL_HC_TIMER),
			 LULL_HC_OK);
	assert_int_equal(para.timer_vector, 0);
	/* The page is no memory any more. */
	para.shared_gpa = MEM_SIZE;
	assert_int_equal(call_timer(SET_TIMER, 32, 0, LULL_HC_DONE),
			 LULL_HC_EFAULT);
	assert_int_equal(para.timer_vector, 0);
}

static void test_deadline(void **state)
{
	static const struct {
		u64 stored, read;
	} cases[] = {
		{ 0, LULL_DEADLINE_NEVER }, { 1, 1 }, { 1ULL << 63, 1ULL << 63 },
		{ LULL_DEADLINE_NEVER, LULL_DEADLINE_NEVER },
	};
	struct lull_announcement ann;
	unsigned int i;

	register_page();
	page()->deadline = 5;
	lull_para_read_page(&para, 0, &ann);
	assert_true(ann.deadline == LULL_DEADLINE_NEVER);
	call_timer(SET_TIMER, 0xf3, 0, LULL_HC_TIMER);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		page()->deadline = cases[i].stored;
		assert_true(lull_para_read_deadline(&para) == cases[i].read);
		reads = 0;
		lull_para_read_page(&para, 0, &ann);
		assert_true(ann.deadline == cases[i].read);
		assert_false(ann.idle);
		assert_int_equal(reads, 1);
	}
	/* Where announcing is not offered the timer is as well. */
	para.features &= ~LULL_PARA_F_IDLE_ANNOUNCE;
	page()->deadline = 6;
	announce(LULL_STATE_IDLE, 0x5000, 1);
	lull_para_read_page(&para, 0x5000, &ann);
	assert_true(ann.deadline == 6);
	assert_false(ann.idle);
	para.shared_gpa = MEM_SIZE;
	assert_true(lull_para_read_deadline(&para) == LULL_DEADLINE_NEVER);
}

/* Nothing is written but what it says. */
static void test_publish(void **state)
{
	const struct lull_wake wake = { 9, LULL_WAKE_TIMER };
	struct lull_shared_page want;

	register_page();
	memset(page(), 0x55, sizeof(*page()));
	want = *page();
	assert_true(lull_para_publish(&para, false, 1, NULL));
	want.armed = 1;
	assert_memory_equal(page(), &want, sizeof(want));
	assert_true(lull_para_publish(&para, true, 2, NULL));
	want.deadline = LULL_DEADLINE_NEVER;
	want.armed = 2;
	assert_memory_equal(page(), &want, sizeof(want));
	page()->deadline = 7;
	assert_true(lull_para_publish(&para, false, 3, &wake));
	want.deadline = 7;
	want.armed = 3;
	want.residency = 9;
	want.wake_reason = LULL_WAKE_TIMER;
	want.pad = 0;
	assert_memory_equal(page(), &want, sizeof(want));
	para.shared_gpa = MEM_SIZE;
	assert_false(lull_para_publish(&para, true, 4, &wake));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_calls, setup),
		cmocka_unit_test_setup(test_register, setup),
		cmocka_unit_test_setup(test_cr3_table, setup),
		cmocka_unit_test_setup(test_announcement, setup),
		cmocka_unit_test_setup(test_announcement_refused, setup),
		cmocka_unit_test_setup(test_timer_calls, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_publish, setup),
		cmocka_unit_test_setup(test_names, setup),
	};

	return cmocka_run_group_tests_name("hypercall", tests, NULL, NULL);
}
