// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timer whose deadlines are stores, as hypercall/ABI.rst specifies it.
 *
 * Guards against: a deadline that is lost, whether it is stored before a halt,
 * while something earlier is armed, or has passed already; an interrupt for
 * none; an exit where the guest need not make one; a guest that burns the
 * host's time, or keeps a timer of the host's going while nothing is due.
 */
#include <kselftest_harness.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/paging.h"
#include "lib/util.h"

#define VECTOR		0xf3
#define IRQ		5
#define NEVER		LULL_DEADLINE_NEVER
#define EXIT_HLT	12
#define EXIT_VMCALL	18

static volatile struct lull_shared_page *page;
static volatile u32 nr_timer, nr_irqs;
static volatile u64 taken_at;
static u64 tsc_per_us;

#define GUEST_CALL(nr, a0, a1, want)					\
	GUEST_ASSERT_EQ(vmcall(nr, a0, a1), (u64)(s64)(want))

static void handle_timer(struct guest_trap *trap)
{
	taken_at = rdtsc();
	nr_timer++;
}

static void handle_irq(struct guest_trap *trap)
{
	nr_irqs++;
	guest_pic_eoi(IRQ);
}

/* What a guest does once: its page, its vector. */
static void begin(void *arg)
{
	page = arg;
	tsc_per_us = cpuid(LULL_CPUID_TIMING, 0).eax / 1000;
	this_guest_cpu()->handler[VECTOR] = handle_timer;
	this_guest_cpu()->handler[PIC_BASE + IRQ] = handle_irq;
	guest_pic_init();
	guest_pic_unmask(IRQ);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (u64)arg | LULL_SHARED_ENABLE, 0,
		   LULL_HC_OK);
	page->deadline = NEVER;
	GUEST_CALL(LULL_HC_SET_TIMER, VECTOR, 0, LULL_HC_OK);
}

/* Store a deadline, and call only if it has to be. */
static bool set_deadline(u64 deadline)
{
	page->deadline = deadline;
	if (deadline >= page->armed)
		return false;
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_OK);
	return true;
}

static void idle_halt(void)
{
	GUEST_CALL(LULL_HC_IDLE_HALT, 0, 0, LULL_HC_OK);
	cli();
}

FIXTURE(timer) {
	struct test_vm vm;
	struct test_vcpu vcpu;
	u64 page;
};

FIXTURE_SETUP(timer)
{
	vm_create_with(&self->vm, PARA_FEATURES, 0);
	self->page = vm_alloc(&self->vm, 2 * PAGE_SIZE);
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
	nr_timer = 0;
	nr_irqs = 0;
}

FIXTURE_TEARDOWN(timer)
{
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

static void run(struct test_vcpu *vcpu, u64 arg, guest_fn fn,
		struct lull_vcpu_stats *stats)
{
	vcpu_restart(vcpu, fn, (void *)arg);
	vcpu_run_done(vcpu);
	vcpu_get_stats(vcpu, stats);
	vcpu_check_stats(vcpu);
}

static void guest_errors(void *arg)
{
	volatile struct lull_shared_page *shared = arg;

	/* no page yet */
	GUEST_CALL(LULL_HC_SET_TIMER, VECTOR, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_TIMER, 0, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (u64)arg | 1, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_SET_TIMER, 31, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_TIMER, 256, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_TIMER, VECTOR | BIT_ULL(63), 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_TIMER, VECTOR, 1, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_EINVAL);
	shared->armed = 0;
	shared->residency = 5;
	shared->wake_reason = 5;
	GUEST_CALL(LULL_HC_SET_TIMER, 32, 0, LULL_HC_OK);
	/* a deadline of 0 is none */
	GUEST_ASSERT_EQ(shared->armed, NEVER);
	GUEST_ASSERT_EQ(shared->residency, 0);
	GUEST_ASSERT_EQ(shared->wake_reason, LULL_WAKE_NONE);
	GUEST_CALL(LULL_HC_SET_TIMER, 255, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_ARM_TIMER, 1, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 1, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_OK);
	/* another page takes the timer away; so does none */
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, ((u64)arg + PAGE_SIZE) | 1, 0,
		   LULL_HC_OK);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_TIMER, 255, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 0, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_EINVAL);
}

TEST_F(timer, errors)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_errors, &stats);
	EXPECT_EQ(0, stats.counters[LULL_CNT_TIMER_FIRES]);
}

static void guest_not_offered(void *arg)
{
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (u64)arg | 1, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_SET_TIMER, VECTOR, 0, LULL_HC_ENOSYS);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_ENOSYS);
}

TEST(not_offered)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create_with(&vm, PARA_FEATURES & ~LULL_PARA_F_TIMER, 0);
	vcpu_create(&vm, &vcpu, 0, guest_not_offered,
		    (void *)vm_alloc(&vm, PAGE_SIZE));
	vcpu_run_done(&vcpu);
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

#define HALTS		50
#define SLEEP_US	3000	/* more than any stay is taken for */

static volatile u32 nr_calls;

/*
 * The deadline rides on the halt: one exit each.  A call beside it is for a stay
 * that the host's tick made longer than the VMM took it for.
 */
static void guest_sleeps(void *arg)
{
	u64 deadline;
	u32 i;

	begin(arg);
	for (i = 1; i <= HALTS; i++) {
		deadline = rdtsc() + SLEEP_US * tsc_per_us;
		nr_calls += set_deadline(deadline);
		idle_halt();
		GUEST_ASSERT_EQ(nr_timer, i);
		GUEST_ASSERT_OP(taken_at, >=, deadline);
		GUEST_ASSERT_EQ(page->deadline, NEVER);
		GUEST_ASSERT_EQ(page->wake_reason, LULL_WAKE_TIMER);
		GUEST_ASSERT_OP(page->residency, >, 0);
		GUEST_ASSERT_OP(page->residency, <=, taken_at - deadline +
				SLEEP_US * tsc_per_us);
	}
}

TEST_F(timer, one_exit_for_each_sleep)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_sleeps, &stats);
	EXPECT_EQ(HALTS, stats.counters[LULL_CNT_IDLE_ENTERS]);
	/* SET_SHARED_PAGE, SET_TIMER, and the halts */
	EXPECT_EQ(HALTS + 2 + nr_calls, stats.exits[EXIT_VMCALL]);
	EXPECT_GE(HALTS / 5, nr_calls);
	EXPECT_EQ(0, stats.exits[EXIT_HLT]);
}

/* HLT is as good. */
static void guest_sleeps_by_hlt(void *arg)
{
	begin(arg);
	page->deadline = rdtsc() + SLEEP_US * tsc_per_us;
	sti_hlt();
	GUEST_ASSERT_EQ(nr_timer, 1);
	GUEST_ASSERT_EQ(page->wake_reason, LULL_WAKE_TIMER);
}

TEST_F(timer, hlt)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_sleeps_by_hlt, &stats);
	EXPECT_EQ(1, stats.exits[EXIT_HLT]);
}

/* The timer comes to a guest that runs; a later deadline needs no call. */
static void guest_runs(void *arg)
{
	u64 first, later;

	begin(arg);
	first = rdtsc() + 2000 * tsc_per_us;
	GUEST_ASSERT(set_deadline(first));
	GUEST_ASSERT_EQ(page->armed, first);
	later = first + 1000 * tsc_per_us;
	GUEST_ASSERT(!set_deadline(later));
	sti();
	while (!nr_timer)
		cpu_relax();
	cli();
	GUEST_ASSERT_OP(taken_at, >=, later);
	/* withdrawn: what is armed comes to nothing */
	first = rdtsc() + 1000 * tsc_per_us;
	set_deadline(first);
	set_deadline(NEVER);
	sti();
	while (rdtsc() < first + 2000 * tsc_per_us)
		cpu_relax();
	cli();
	GUEST_ASSERT_EQ(nr_timer, 1);
	GUEST_ASSERT_EQ(page->armed, NEVER);
}

TEST_F(timer, running_guest)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_runs, &stats);
	EXPECT_EQ(0, stats.counters[LULL_CNT_IDLE_ENTERS]);
}

/* It waits for interrupts to be on, and is one interrupt. */
static void guest_interrupts_off(void *arg)
{
	u64 end;

	begin(arg);
	set_deadline(rdtsc() + 100 * tsc_per_us);
	end = rdtsc() + 5000 * tsc_per_us;
	while (rdtsc() < end)
		cpu_relax();
	/* an exit, at which it is seen in any case */
	cpuid(0, 0);
	GUEST_ASSERT_EQ(nr_timer, 0);
	sti();
	cpu_relax();
	cli();
	GUEST_ASSERT_EQ(nr_timer, 1);
}

TEST_F(timer, interrupts_off)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_interrupts_off, &stats);
}

/* A deadline that has passed, in a call and in a halt; and none. */
static void guest_past(void *arg)
{
	u32 i;

	begin(arg);
	for (i = 1; i <= 10; i++) {
		page->deadline = i % 2 ? 1 : rdtsc();
		if (i % 3)
			idle_halt();
		else
			GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_OK);
		sti();
		cpu_relax();
		cli();
		GUEST_ASSERT_EQ(nr_timer, i);
		GUEST_ASSERT_EQ(page->deadline, NEVER);
	}
	GUEST_SYNC(1);
	/* none: only the device wakes it */
	idle_halt();
	GUEST_ASSERT_EQ(nr_timer, i - 1);
	GUEST_ASSERT_EQ(nr_irqs, 1);
	GUEST_ASSERT_EQ(page->wake_reason, LULL_WAKE_INTERRUPT);
}

TEST_F(timer, past_and_never)
{
	struct lull_vcpu_stats before, after;

	vcpu_restart(&self->vcpu, guest_past, (void *)self->page);
	vcpu_run_sync(&self->vcpu, 1);
	/* asleep for a second, nothing happens */
	alarm_us(1000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	vcpu_get_stats(&self->vcpu, &before);
	alarm_us(1000000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	vcpu_get_stats(&self->vcpu, &after);
	EXPECT_EQ(before.counters[LULL_CNT_TIMER_FIRES],
		  after.counters[LULL_CNT_TIMER_FIRES]);
	/* the signal that ended it */
	EXPECT_EQ(before.counters[LULL_CNT_WAKEUPS] + 1,
		  after.counters[LULL_CNT_WAKEUPS]);
	vm_irq_line(&self->vm, IRQ, 1);
	vcpu_run_done(&self->vcpu);
}

/* Both at once: each comes, whatever the order. */
static void guest_both(void *arg)
{
	u32 i;

	begin(arg);
	for (i = 1; i <= 20; i++) {
		page->deadline = rdtsc() + i * 10 * tsc_per_us;
		GUEST_SYNC(i);
		while (nr_timer < i || nr_irqs < i)
			idle_halt();
		GUEST_ASSERT_EQ(nr_timer, i);
		GUEST_ASSERT_EQ(nr_irqs, i);
	}
}

TEST_F(timer, beside_the_pic)
{
	u64 i;

	vcpu_restart(&self->vcpu, guest_both, (void *)self->page);
	for (i = 1; i <= 20; i++) {
		vcpu_run_sync(&self->vcpu, i);
		vm_irq_line(&self->vm, IRQ, 0);
		vm_irq_line(&self->vm, IRQ, 1);
	}
	vcpu_run_done(&self->vcpu);
}

#define STORM	500

/* A storm of sleeps too short to be slept. */
static void guest_storm(void *arg)
{
	u32 i;

	begin(arg);
	for (i = 1; i <= STORM; i++) {
		page->deadline = rdtsc() + i % 50;
		idle_halt();
		GUEST_ASSERT_EQ(nr_timer, i);
	}
}

TEST_F(timer, storm)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_storm, &stats);
	EXPECT_EQ(STORM + 2, stats.exits[EXIT_VMCALL]);
	/* one for the halt, one for the stay after it */
	EXPECT_GE(2 * STORM, stats.counters[LULL_CNT_TIMER_FIRES]);
}

#define NEAR_US		18	/* a sleep would not be over */

/* The thread waits where it is; nobody has to wake it. */
static void guest_sleeps_shortly(void *arg)
{
	u64 deadline;
	u32 i;

	begin(arg);
	for (i = 1; i <= HALTS; i++) {
		deadline = rdtsc() + NEAR_US * tsc_per_us;
		page->deadline = deadline;
		idle_halt();
		GUEST_ASSERT_EQ(nr_timer, i);
		GUEST_ASSERT_OP(taken_at, >=, deadline);
		GUEST_ASSERT_EQ(page->wake_reason, LULL_WAKE_TIMER);
	}
}

TEST_F(timer, near_deadline)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_sleeps_shortly, &stats);
	EXPECT_EQ(HALTS, stats.counters[LULL_CNT_IDLE_ENTERS]);
	/* The host's tick may come in between, and find other work. */
	EXPECT_GE(HALTS / 10, stats.counters[LULL_CNT_WAKEUPS]);
}

/* Interrupts off: the deadline comes, and wakes nobody. */
static void guest_halts_near(void *arg)
{
	begin(arg);
	cli();
	page->deadline = rdtsc() + NEAR_US * tsc_per_us;
	asm volatile("hlt");
}

TEST_F(timer, near_deadline_interrupts_off)
{
	struct lull_vcpu_stats stats;

	vcpu_restart(&self->vcpu, guest_halts_near, (void *)self->page);
	alarm_us(200000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	vcpu_get_stats(&self->vcpu, &stats);
	/* One more if the host found other work in those microseconds. */
	EXPECT_GE(1, stats.counters[LULL_CNT_TIMER_FIRES]);
	EXPECT_EQ(1 + stats.counters[LULL_CNT_TIMER_FIRES],
		  stats.counters[LULL_CNT_WAKEUPS]);
}

/* Halted with interrupts off and a deadline in the past: sleeps, for good. */
static void guest_halts_for_good(void *arg)
{
	begin(arg);
	cli();
	page->deadline = 1;
	asm volatile("hlt");
}

TEST_F(timer, cannot_burn_time)
{
	struct lull_vcpu_stats stats;

	vcpu_restart(&self->vcpu, guest_halts_for_good, (void *)self->page);
	alarm_us(200000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	vcpu_get_stats(&self->vcpu, &stats);
	EXPECT_EQ(0, stats.counters[LULL_CNT_TIMER_FIRES]);
	EXPECT_EQ(1, stats.counters[LULL_CNT_WAKEUPS]);
}

/* The guest's TSC jumps: the deadline is in the new time. */
static void guest_moves_tsc(void *arg)
{
	begin(arg);
	set_deadline(rdtsc() + 60000000 * tsc_per_us);
	wrmsr(0x10, rdtsc() + 60000000 * tsc_per_us);
	sti();
	cpu_relax();
	cli();
	GUEST_ASSERT_EQ(nr_timer, 1);
}

TEST_F(timer, tsc_moves)
{
	struct lull_vcpu_stats stats;

	run(&self->vcpu, self->page, guest_moves_tsc, &stats);
}

/* The page's memory goes: so does the timer, and nothing else. */
static void guest_page_goes(void *arg)
{
	begin((void *)(8 * GIB));
	page->deadline = rdtsc() + 1000 * tsc_per_us;
	GUEST_SYNC(1);
	GUEST_CALL(LULL_HC_IDLE_HALT, 0, 0, LULL_HC_OK);
	cli();
	GUEST_ASSERT_EQ(nr_timer, 0);
	GUEST_ASSERT_EQ(nr_irqs, 1);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_EINVAL);
}

TEST_F(timer, page_removed)
{
	void *memory = alloc_pages(PAGE_SIZE);

	vm_set_memory(&self->vm, SLOT_FREE, 0, 8 * GIB, PAGE_SIZE, memory);
	pt_map(&self->vm, self->vm.cr3, 8 * GIB, 8 * GIB, PTE_RW);
	vcpu_restart(&self->vcpu, guest_page_goes, (void *)self->page);
	vcpu_run_sync(&self->vcpu, 1);
	vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
	vm_irq_line(&self->vm, IRQ, 1);
	vcpu_run_done(&self->vcpu);
}

/* A signal in the sleep: the next LULL_RUN sleeps on, and wakes in time. */
static void guest_sleeps_long(void *arg)
{
	begin(arg);
	page->deadline = rdtsc() + 50000 * tsc_per_us;
	idle_halt();
	GUEST_ASSERT_EQ(nr_timer, 1);
}

TEST_F(timer, signals)
{
	int i;

	vcpu_restart(&self->vcpu, guest_sleeps_long, (void *)self->page);
	for (i = 0; i < 5; i++) {
		alarm_us(2000);
		EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	}
	alarm_us(0);
	vcpu_run_done(&self->vcpu);
}

/* LULL_SET_REGS ends the halt: what the VMM set is not what the guest knows. */
static void guest_after_halt(void *arg)
{
	u64 deadline = rdtsc() + 1000 * tsc_per_us;

	set_deadline(deadline);
	sti();
	while (!nr_timer && rdtsc() < deadline + 100000 * tsc_per_us)
		cpu_relax();
	GUEST_ASSERT_EQ(nr_timer, 1);
}

TEST_F(timer, halt_left_by_the_launcher)
{
	vcpu_restart(&self->vcpu, guest_past, (void *)self->page);
	vcpu_run_sync(&self->vcpu, 1);
	alarm_us(2000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	alarm_us(0);
	nr_timer = 0;
	vcpu_restart(&self->vcpu, guest_after_halt, NULL);
	vcpu_run_done(&self->vcpu);
}

TEST_HARNESS_MAIN
