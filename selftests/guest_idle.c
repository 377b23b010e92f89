// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the VMM does with a guest's idle time: what the borrowed root owes is
 * brought in sync before the vCPU sleeps, if the guest changes its address space
 * from one idle period to the next.
 *
 * Guards against: a sync that loses what the guest writes later; one where it is
 * no use; a halt that is not ended by its interrupt.
 */
#include <kselftest_harness.h>
#include <unistd.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/paging.h"
#include "lib/util.h"

#define VECTOR		0xf3
#define TEST_GVA	0x7000000000ULL
#define NR_SPACES	2
#define ROUNDS		40
#define SLEEP_US	3000

static u64 roots[NR_SPACES], leaves[NR_SPACES], pages[2];
static volatile struct lull_shared_page *shared;
static struct lull_cr3_table table __attribute__((aligned(64)));
static volatile u32 nr_timer;

static void handle_timer(struct guest_trap *trap)
{
	nr_timer++;
}

FIXTURE(idle) {
	struct test_vm vm;
	struct test_vcpu vcpu;
	u64 page;
};

FIXTURE_SETUP(idle)
{
	int i;

	vm_create_with(&self->vm, allow_para_features(), 0);
	self->page = vm_alloc(&self->vm, PAGE_SIZE);
	for (i = 0; i < 2; i++) {
		pages[i] = vm_alloc(&self->vm, PAGE_SIZE);
		*(u64 *)vm_ptr(&self->vm, pages[i]) = 100 + i;
	}
	for (i = 0; i < NR_SPACES; i++) {
		roots[i] = pt_new_root(&self->vm);
		pt_map_basics(&self->vm, roots[i]);
		pt_map(&self->vm, roots[i], TEST_GVA, pages[0], PTE_RW);
		leaves[i] = pt_entry(&self->vm, roots[i], TEST_GVA, 1);
	}
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
	nr_timer = 0;
}

FIXTURE_TEARDOWN(idle)
{
	EXPECT_EQ(0, audit_vms());
	vcpu_check_stats(&self->vcpu);
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

static void begin(void *arg)
{
	shared = arg;
	this_guest_cpu()->handler[VECTOR] = handle_timer;
	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_SHARED_PAGE, (u64)arg | 1, 0),
			LULL_HC_OK);
	shared->deadline = LULL_DEADLINE_NEVER;
	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_TIMER, VECTOR, 0), LULL_HC_OK);
}

/* Map another page, look, and leave the table written. */
static void write_table(int space, int round)
{
	volatile u64 *entry = (void *)leaves[space];
	int page = round / 2 % 2;

	*entry = (*entry & ~PTE_ADDR) | pages[page];
	invlpg(TEST_GVA);
	GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + page);
}

static void idle(u64 cr3)
{
	u32 before = nr_timer;

	shared->borrowed_cr3 = cr3;
	shared->idle_seq++;
	shared->state = LULL_STATE_IDLE;
	shared->deadline = rdtsc() + SLEEP_US *
			   (cpuid(LULL_CPUID_TIMING, 0).eax / 1000);
	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_HALT, 0, 0), LULL_HC_OK);
	cli();
	GUEST_ASSERT_EQ(nr_timer, before + 1);
	shared->state = LULL_STATE_RUNNING;
}

static void go_round(int nr_spaces)
{
	int i, space;

	for (i = 0; i < ROUNDS; i++) {
		space = i % nr_spaces;
		write_cr3(roots[space]);
		if (i >= nr_spaces)
			GUEST_ASSERT_EQ(load64(TEST_GVA),
					100 + (i - nr_spaces) / 2 % 2);
		write_table(space, i);
		idle(roots[space]);
	}
}

static void guest_changes(void *arg)
{
	begin(arg);
	go_round(2);
}

static void guest_stays(void *arg)
{
	begin(arg);
	go_round(1);
}

static void guest_has_targets(void *arg)
{
	begin(arg);
	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_CR3_TABLE, (u64)&table | 1, 0),
			LULL_HC_OK);
	go_round(2);
}

static u64 debt_of(struct test_vcpu *vcpu, guest_fn fn, u64 page)
{
	struct lull_vcpu_stats stats;

	vcpu_restart(vcpu, fn, (void *)page);
	vcpu_run_done(vcpu);
	vcpu_get_stats(vcpu, &stats);
	return stats.counters[LULL_CNT_DEBT_PAGES];
}

/* The host may have better things to do, now and then. */
TEST_F(idle, debt_is_paid)
{
	u64 paid = debt_of(&self->vcpu, guest_changes, self->page);

	EXPECT_GE(paid, ROUNDS / 2);
	EXPECT_GE(2 * ROUNDS, paid);
}

TEST_F(idle, no_debt_of_one_space)
{
	/* The first idle period is after none in another. */
	EXPECT_GE(1, debt_of(&self->vcpu, guest_stays, self->page));
}

TEST_F(idle, no_debt_with_targets)
{
	EXPECT_EQ(0, debt_of(&self->vcpu, guest_has_targets, self->page));
}

TEST_HARNESS_MAIN
