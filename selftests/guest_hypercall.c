// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest ABI as hypercall/ABI.rst specifies it: every hypercall, every
 * error code, and that a call that fails has changed nothing but RAX.
 *
 * Guards against: a hypercall from user mode; one that is not offered and
 * works; a shared page that makes the VMM write where the guest may not; a
 * wake-up that IDLE_HALT loses; announcements counted that are none.
 */
#include <kselftest_harness.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/paging.h"
#include "lib/util.h"

#define IRQ		5
#define ROM_GPA		(4 * GIB)

/**
 * struct hypercall - one call with all registers around it
 * @nr:		RAX
 * @a0:		RDI
 * @a1:		RSI
 * @ret:	RAX after it
 * @kept:	out: every other register has its value
 * @flags:	out: RFLAGS after it
 */
struct hypercall {
	u64 nr;
	u64 a0;
	u64 a1;
	s64 ret;
	u64 kept;
	u64 flags;
};

static void do_hypercall(void *arg)
{
	struct hypercall *call = arg;
	u64 rdi = call->a0, rsi = call->a1;
	register u64 r8 asm("r8") = 0x8888, r9 asm("r9") = 0x9999;
	register u64 r10 asm("r10") = 0xaaaa, r11 asm("r11") = 0xbbbb;
	u64 rbx = 0xb0b0, rcx = 0xc0c0, rdx = 0xd0d0, flags;

	asm volatile("vmcall\n\tpushf\n\tpop %0"
		     : "=m" (flags), "=a" (call->ret), "+D" (rdi), "+S" (rsi),
		       "+b" (rbx), "+c" (rcx), "+d" (rdx), "+r" (r8),
		       "+r" (r9), "+r" (r10), "+r" (r11)
		     : "a" (call->nr) : "memory");
	call->kept = rdi == call->a0 && rsi == call->a1 && rbx == 0xb0b0 &&
		     rcx == 0xc0c0 && rdx == 0xd0d0 && r8 == 0x8888 &&
		     r9 == 0x9999 && r10 == 0xaaaa && r11 == 0xbbbb;
	call->flags = flags;
}

static s64 hypercall(u64 nr, u64 a0, u64 a1)
{
	struct hypercall call = { .nr = nr, .a0 = a0, .a1 = a1 };

	do_hypercall(&call);
	GUEST_ASSERT(call.kept);
	return call.ret;
}

#define GUEST_CALL(nr, a0, a1, want)					\
	GUEST_ASSERT_EQ(hypercall(nr, a0, a1), (u64)(s64)(want))

/* Offers these features to a guest that runs fn(arg) to its end. */
static void run_offering(u64 features, guest_fn fn, void *arg)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create_with(&vm, features, 0);
	vcpu_create(&vm, &vcpu, 0, fn, arg);
	vcpu_run_done(&vcpu);
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

static void guest_unknown(void *arg)
{
	static const u64 numbers[] = {
		0, 5, 7, 63, 64, 1000, ~0ULL, BIT_ULL(63),
		/* all 64 bits count */
		LULL_HC_SET_SHARED_PAGE | BIT_ULL(32),
		LULL_HC_IDLE_HALT | BIT_ULL(63),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		GUEST_CALL(numbers[i], 0, 0, LULL_HC_ENOSYS);
		GUEST_CALL(numbers[i], ~0ULL, ~0ULL, LULL_HC_ENOSYS);
	}
}

TEST(unknown_numbers)
{
	run_offering(PARA_FEATURES, guest_unknown, NULL);
}

static void guest_not_offered(void *arg)
{
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 0, 0, LULL_HC_ENOSYS);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 0x10000 | 1, 0, LULL_HC_ENOSYS);
	GUEST_CALL(LULL_HC_IDLE_HALT, 0, 0, LULL_HC_ENOSYS);
	GUEST_CALL(LULL_HC_SET_TIMER, 64, 0, LULL_HC_ENOSYS);
	GUEST_CALL(LULL_HC_ARM_TIMER, 0, 0, LULL_HC_ENOSYS);
}

TEST(not_offered)
{
	const u64 none = LULL_PARA_F_IDLE_ANNOUNCE | LULL_PARA_F_IDLE_EAGER;

	run_offering(0, guest_not_offered, NULL);
	run_offering(none, guest_not_offered, NULL);
}

static void guest_user_mode(void *arg)
{
	static struct hypercall call;
	struct caught caught;
	u64 nr;

	for (nr = 0; nr < 7; nr++) {
		call = (struct hypercall) { .nr = nr };
		guest_user(do_hypercall, &call, &caught);
		GUEST_ASSERT(user_returned(&caught));
		GUEST_ASSERT_EQ(call.ret, (u64)(s64)LULL_HC_EPERM);
		GUEST_ASSERT(call.kept);
	}
}

TEST(user_mode_is_refused)
{
	run_offering(PARA_FEATURES, guest_user_mode, NULL);
	run_offering(0, guest_user_mode, NULL);
}

static void guest_shared_page(void *arg)
{
	volatile struct lull_shared_page *page = arg;
	const u64 gpa = (u64)arg;
	u32 width = cpuid(0x80000008, 0).eax & 0xff;

	page->abi = 0x5555;
	page->state = 0x6666;
	page->idle_seq = 0x7777;
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, gpa | 1, 0, LULL_HC_OK);
	GUEST_ASSERT_EQ(page->abi, LULL_PARA_VERSION);
	GUEST_ASSERT_EQ(page->state, 0x6666);
	GUEST_ASSERT_EQ(page->idle_seq, 0x7777);
	/* ENABLE is missing, or a bit that has no meaning */
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, gpa, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, gpa | 3, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, gpa | 0x801, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 2, 0, LULL_HC_EINVAL);
	/* no memory, read-only memory, no such address */
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (3 * GIB) | 1, 0, LULL_HC_EFAULT);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, RAM_SIZE | 1, 0, LULL_HC_EFAULT);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, ROM_GPA | 1, 0, LULL_HC_EFAULT);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, BIT_ULL(width) | 1, 0,
		   LULL_HC_EFAULT);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, BIT_ULL(63) | 1, 0,
		   LULL_HC_EFAULT);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, -4096ULL | 1, 0, LULL_HC_EFAULT);
	/* the second argument is ignored; a second page replaces the first */
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (gpa + 4096) | 1, ~0ULL,
		   LULL_HC_OK);
	GUEST_ASSERT_EQ(*(u32 *)(gpa + 4096), LULL_PARA_VERSION);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 0, 0, LULL_HC_OK);
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 0, 0, LULL_HC_OK);
	/* page 0 is a page like any other */
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 1, 0, LULL_HC_OK);
}

TEST(set_shared_page)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	u32 *rom = alloc_pages(PAGE_SIZE);

	vm_create_with(&vm, PARA_FEATURES, 0);
	vm_set_memory(&vm, SLOT_FREE, LULL_MEM_READONLY, ROM_GPA, PAGE_SIZE,
		      rom);
	vcpu_create(&vm, &vcpu, 0, guest_shared_page,
		    (void *)vm_alloc(&vm, 2 * PAGE_SIZE));
	vcpu_run_done(&vcpu);
	EXPECT_EQ(0, *rom);
	EXPECT_EQ(LULL_PARA_VERSION, *(u32 *)vm.ram);
}

static volatile u32 nr_irqs;
static volatile s64 rax_in_handler;

static void handle_irq(struct guest_trap *trap)
{
	nr_irqs++;
	rax_in_handler = trap->gpr[TRAP_RAX];
	guest_pic_eoi(IRQ);
}

static void guest_irq_setup(void)
{
	this_guest_cpu()->handler[PIC_BASE + IRQ] = handle_irq;
	guest_pic_init();
	guest_pic_unmask(IRQ);
}

static void guest_idle_halt_errors(void *arg)
{
	struct hypercall call = { LULL_HC_IDLE_HALT, 1, 0 };

	GUEST_CALL(LULL_HC_IDLE_HALT, 1, 0, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_IDLE_HALT, 0, 1, LULL_HC_EINVAL);
	GUEST_CALL(LULL_HC_IDLE_HALT, BIT_ULL(63), 0, LULL_HC_EINVAL);
	/* IF stays as it was, whatever it was */
	do_hypercall(&call);
	GUEST_ASSERT_EQ(call.flags & FLAGS_IF, 0);
	sti();
	do_hypercall(&call);
	cli();
	GUEST_ASSERT_EQ(call.flags & FLAGS_IF, FLAGS_IF);
}

TEST(idle_halt_errors)
{
	run_offering(PARA_FEATURES, guest_idle_halt_errors, NULL);
}

#define HALTS	10

/*
 * The interrupt comes before the call, while interrupts are off, or at some
 * moment after it.  Either way it is taken before the instruction behind it.
 */
static void guest_idle_halt(void *arg)
{
	struct hypercall call = { LULL_HC_IDLE_HALT };
	u32 i;

	guest_irq_setup();
	for (i = 1; i <= 2 * HALTS; i++) {
		cli();
		GUEST_SYNC(i);
		rax_in_handler = -1;
		do_hypercall(&call);
		GUEST_ASSERT_EQ(call.flags & FLAGS_IF, FLAGS_IF);
		GUEST_ASSERT_EQ(call.ret, LULL_HC_OK);
		GUEST_ASSERT(call.kept);
		GUEST_ASSERT_EQ(nr_irqs, i);
		GUEST_ASSERT_EQ(rax_in_handler, LULL_HC_OK);
	}
}

struct pulse {
	struct test_vm *vm;
	u64 delay_us;
};

static void *pulse_later(void *data)
{
	struct pulse *pulse = data;

	sleep_us(pulse->delay_us);
	vm_irq_line(pulse->vm, IRQ, 1);
	return NULL;
}

TEST(idle_halt_loses_no_wake_up)
{
	struct lull_vcpu_stats stats;
	struct test_vcpu vcpu;
	struct test_vm vm;
	pthread_t thread;
	int i;

	vm_create_with(&vm, PARA_FEATURES, 0);
	vcpu_create(&vm, &vcpu, 0, guest_idle_halt, NULL);
	vcpu_run_sync(&vcpu, 1);
	for (i = 1; i <= 2 * HALTS; i++) {
		struct pulse pulse = { &vm, i * 100 };

		vm_irq_line(&vm, IRQ, 0);
		if (i <= HALTS)
			vm_irq_line(&vm, IRQ, 1);
		else
			CHECK(!pthread_create(&thread, NULL, pulse_later,
					      &pulse));
		if (i < 2 * HALTS)
			vcpu_run_sync(&vcpu, i + 1);
		else
			vcpu_run_done(&vcpu);
		if (i > HALTS)
			pthread_join(thread, NULL);
	}
	vcpu_get_stats(&vcpu, &stats);
	EXPECT_EQ(2 * HALTS, stats.counters[LULL_CNT_IDLE_ENTERS]);
	EXPECT_EQ(0, stats.counters[LULL_CNT_IDLE_ANNOUNCED]);
	EXPECT_EQ(2 * HALTS, stats.counters[LULL_CNT_HYPERCALLS]);
	EXPECT_EQ(0, stats.exits[12]);
}

/* A signal in the sleep: the next LULL_RUN sleeps on. */
static void guest_sleeps_once(void *arg)
{
	guest_irq_setup();
	GUEST_SYNC(1);
	GUEST_CALL(LULL_HC_IDLE_HALT, 0, 0, LULL_HC_OK);
	GUEST_ASSERT_EQ(nr_irqs, 1);
}

TEST(idle_halt_survives_signals)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	int i;

	vm_create_with(&vm, PARA_FEATURES, 0);
	vcpu_create(&vm, &vcpu, 0, guest_sleeps_once, NULL);
	vcpu_run_sync(&vcpu, 1);
	for (i = 0; i < 5; i++) {
		alarm_us(2000);
		EXPECT_EQ(-EINTR, try_run(vcpu.fd));
	}
	alarm_us(0);
	EXPECT_EQ(0, nr_irqs);
	vm_irq_line(&vm, IRQ, 1);
	vcpu_run_done(&vcpu);
}

/* What counts as an announcement, and what does not, by HLT and hypercall. */
struct announcement {
	u32 state;
	u64 cr3_xor;
	bool hlt;
	bool counts;
};

static const struct announcement announcements[] = {
	{ LULL_STATE_IDLE, 0, false, true },
	{ LULL_STATE_IDLE, 0, true, true },
	{ LULL_STATE_RUNNING, 0, false, false },
	{ 2, 0, false, false },
	{ ~0U, 0, true, false },
	{ LULL_STATE_IDLE, 0x1000, false, false },
	{ LULL_STATE_IDLE, 8, false, false },
	{ LULL_STATE_IDLE, BIT_ULL(63), true, false },
	{ LULL_STATE_IDLE, ~0ULL, false, false },
};

static void guest_announces(void *arg)
{
	volatile struct lull_shared_page *page = arg;
	size_t i;

	guest_irq_setup();
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (u64)arg | 1, 0, LULL_HC_OK);
	for (i = 0; i < ARRAY_SIZE(announcements); i++) {
		page->borrowed_cr3 = read_cr3() ^ announcements[i].cr3_xor;
		page->idle_seq++;
		page->state = announcements[i].state;
		GUEST_SYNC(i);
		if (announcements[i].hlt)
			sti_hlt();
		else
			hypercall(LULL_HC_IDLE_HALT, 0, 0);
		cli();
		page->state = LULL_STATE_RUNNING;
		GUEST_ASSERT_EQ(page->abi, LULL_PARA_VERSION);
		GUEST_ASSERT_EQ(page->idle_seq, i + 1);
	}
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, 0, 0, LULL_HC_OK);
	page->borrowed_cr3 = read_cr3();
	page->state = LULL_STATE_IDLE;
	GUEST_SYNC(i);
	sti_hlt();
	cli();
}

/* How many of them count if these features are offered. */
static u64 count_announced(u64 features)
{
	struct lull_vcpu_stats stats;
	struct test_vcpu vcpu;
	struct test_vm vm;
	u64 i;

	vm_create_with(&vm, features, 0);
	vcpu_create(&vm, &vcpu, 0, guest_announces,
		    (void *)vm_alloc(&vm, PAGE_SIZE));
	for (i = 0; i <= ARRAY_SIZE(announcements); i++) {
		vcpu_run_sync(&vcpu, i);
		vm_irq_line(&vm, IRQ, 0);
		vm_irq_line(&vm, IRQ, 1);
	}
	vcpu_run_done(&vcpu);
	vcpu_get_stats(&vcpu, &stats);
	CHECK(stats.counters[LULL_CNT_IDLE_ENTERS] ==
	      ARRAY_SIZE(announcements) + 1);
	return stats.counters[LULL_CNT_IDLE_ANNOUNCED];
}

TEST(what_counts_as_an_announcement)
{
	u64 want = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(announcements); i++)
		want += announcements[i].counts;
	EXPECT_EQ(want, count_announced(PARA_FEATURES));
	nr_irqs = 0;
	EXPECT_EQ(0, count_announced(LULL_PARA_F_SHARED_PAGE |
				     LULL_PARA_F_IDLE_HALT));
}

/* The page's memory goes while it is registered. */
static void guest_page_goes(void *arg)
{
	guest_irq_setup();
	GUEST_CALL(LULL_HC_SET_SHARED_PAGE, (8 * GIB) | 1, 0, LULL_HC_OK);
	GUEST_SYNC(1);
	hypercall(LULL_HC_IDLE_HALT, 0, 0);
	GUEST_ASSERT_EQ(nr_irqs, 1);
}

TEST(shared_page_removed)
{
	struct lull_vcpu_stats stats;
	struct test_vcpu vcpu;
	struct test_vm vm;
	struct lull_shared_page *page = alloc_pages(PAGE_SIZE);

	vm_create_with(&vm, PARA_FEATURES, 0);
	vm_set_memory(&vm, SLOT_FREE, 0, 8 * GIB, PAGE_SIZE, page);
	vcpu_create(&vm, &vcpu, 0, guest_page_goes, NULL);
	vcpu_run_sync(&vcpu, 1);
	EXPECT_EQ(LULL_PARA_VERSION, page->abi);
	page->state = LULL_STATE_IDLE;
	page->borrowed_cr3 = vm.cr3;
	vm_set_memory(&vm, SLOT_FREE, 0, 0, 0, NULL);
	vm_irq_line(&vm, IRQ, 1);
	vcpu_run_done(&vcpu);
	vcpu_get_stats(&vcpu, &stats);
	EXPECT_EQ(1, stats.counters[LULL_CNT_IDLE_ENTERS]);
	EXPECT_EQ(0, stats.counters[LULL_CNT_IDLE_ANNOUNCED]);
}

TEST_HARNESS_MAIN
