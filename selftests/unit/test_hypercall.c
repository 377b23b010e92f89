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

static const struct call calls[] = {
	{ "0 is not used", ALL, 0, 0, 0, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
	{ "past the last", ALL, 0, 3, 0, 0, LULL_HC_ENOSYS, LULL_HC_DONE },
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
	{ "page, user mode", ALL, 3, SET, PAGE | 1, 0, LULL_HC_EPERM,
	  LULL_HC_DONE },
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
	lull_para_read_announcement(&para, 0x5000, &ann);
	assert_true(ann.idle);
	assert_int_equal(ann.borrowed_cr3, 0x5000);
	assert_int_equal(ann.seq, 42);
	assert_int_equal(reads, 1);
	assert_int_equal(writes, 0);
	assert_memory_equal(&before, page(), sizeof(before));
}

static void expect_not_idle(u64 cr3)
{
	struct lull_announcement ann = { true, 1, 1 };

	lull_para_read_announcement(&para, cr3, &ann);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_calls, setup),
		cmocka_unit_test_setup(test_register, setup),
		cmocka_unit_test_setup(test_announcement, setup),
		cmocka_unit_test_setup(test_announcement_refused, setup),
		cmocka_unit_test_setup(test_names, setup),
	};

	return cmocka_run_group_tests_name("hypercall", tests, NULL, NULL);
}
