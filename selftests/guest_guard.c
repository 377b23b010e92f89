// SPDX-License-Identifier: GPL-2.0-only
/*
 * The idle guard as hypercall/ABI.rst specifies it: a guest that keeps its
 * promise sees nothing of it; one that accesses the user half is found at the
 * instruction that does it, and goes on without loss or ends, as the VM's
 * creator wants it.
 *
 * Guards against: an access that is not seen, or seen where the guest keeps its
 * promise; a kernel half that is another's or of the past; an access that is
 * lost or done twice; a guard that outlives a load of CR3.
 */
#include <kselftest_harness.h>
#include <unistd.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/paging.h"
#include "lib/util.h"

#define PF_VECTOR	14
#define USER_GVA	0x123456789000ULL
#define KERNEL_GVA	0xffff812345678000ULL
#define EMPTY_GVA	0xffff812345679000ULL
/* The image once more, in the kernel half */
#define HIGH		0xffff900000000000ULL
#define TIMER_VECTOR	0xf3
#define READ_SIZE	3
#define ROUNDS		50

/*
 * The image, the stack and the IDT are in the user half: what runs while that is
 * guarded is called at its address in the kernel half.
 *
 *   RDI	value for CR3 that begins it, or 0: the hypercall does
 *   RSI	address to read; the result is in RAX
 *   RDX	address to add 1 to, or 0
 *   R8		value for CR3 that ends it, or 0: the hypercall does
 */
asm(".pushsection .text\n"
    "guard_code:\n"
    "	mov %rsi, %r9\n"
    "	test %rdi, %rdi\n"
    "	jnz 1f\n"
    "	mov $6, %eax\n"
    "	mov $1, %edi\n"
    "	xor %esi, %esi\n"
    "	vmcall\n"
    "	jmp guard_read\n"
    "1:	mov %rdi, %cr3\n"
    "guard_read:\n"
    "	mov (%r9), %r11\n"
    "	test %rdx, %rdx\n"
    "	jz 1f\n"
    "guard_access:\n"
    "	incq (%rdx)\n"
    "1:	test %r8, %r8\n"
    "	jnz 1f\n"
    "	mov $6, %eax\n"
    "	xor %edi, %edi\n"
    "	xor %esi, %esi\n"
    "	vmcall\n"
    "	jmp 2f\n"
    "1:	mov %r8, %cr3\n"
    "2:	mov %r11, %rax\n"
    "	ret\n"
    "	.popsection\n");

/*
 * RDI is an address to add 1 to, or 0.  guard_flush flushes beforehand in ways
 * that are no load of CR3; guard_idle halts afterwards.
 */
asm(".pushsection .text\n"
    "guard_flush:\n"
    "	mov %rdi, %r9\n"
    "	mov $6, %eax\n"
    "	mov $1, %edi\n"
    "	xor %esi, %esi\n"
    "	vmcall\n"
    "	mov %cr4, %rax\n"
    "	xor $0x80, %rax\n"
    "	mov %rax, %cr4\n"
    "	xor $0x80, %rax\n"
    "	mov %rax, %cr4\n"
    "	invlpg (%r9)\n"
    "	incq (%r9)\n"
    "	jmp 2f\n"
    "guard_idle:\n"
    "	mov %rdi, %r9\n"
    "	mov $6, %eax\n"
    "	mov $1, %edi\n"
    "	xor %esi, %esi\n"
    "	vmcall\n"
    "	test %r9, %r9\n"
    "	jz 1f\n"
    "	incq (%r9)\n"
    "1:	mov $2, %eax\n"
    "	xor %edi, %edi\n"
    "	xor %esi, %esi\n"
    "	vmcall\n"
    "	cli\n"
    "2:	mov %rax, %r11\n"
    "	mov $6, %eax\n"
    "	xor %edi, %edi\n"
    "	xor %esi, %esi\n"
    "	vmcall\n"
    "	mov %r11, %rax\n"
    "	ret\n"
    "	.popsection\n");

extern const char guard_code[], guard_access[], guard_flush[], guard_idle[];

static u64 pages[3];
static struct lull_cr3_table table __attribute__((aligned(64)));
static volatile u64 faults, fault_cr2;

static u64 guarded(u64 enter, u64 read, u64 access, u64 leave)
{
	register u64 r8 asm("r8") = leave;
	u64 ret;

	asm volatile("call *%[code]"
		     : "=a" (ret), "+D" (enter), "+S" (read), "+d" (access),
		       "+r" (r8)
		     : [code] "b" (HIGH + (u64)guard_code)
		     : "r9", "r10", "r11", "memory");
	return ret;
}

static u64 guarded_call(const char *code, u64 access)
{
	u64 ret;

	asm volatile("call *%[code]"
		     : "=a" (ret), "+D" (access)
		     : [code] "b" (HIGH + (u64)code)
		     : "rsi", "r9", "r11", "memory");
	return ret;
}

static void handle_fault(struct guest_trap *trap)
{
	faults++;
	fault_cr2 = read_cr2();
	trap->rip += READ_SIZE;
}

static u64 value_of(u64 cr3)
{
	return guest_cr3_value(&table, cr3);
}

FIXTURE(guard) {
	struct test_vm vm;
	struct test_vcpu vcpu;
	struct lull_vcpu_stats stats;
};

static void map_more(struct test_vm *vm)
{
	u64 code = (u64)guard_code & PAGE_MASK;
	int i;

	for (i = 0; i < 3; i++) {
		pages[i] = vm_alloc(vm, PAGE_SIZE);
		*(u64 *)vm_ptr(vm, pages[i]) = 100 + i;
	}
	pt_map(vm, vm->cr3, USER_GVA, pages[0], PTE_RW);
	pt_map(vm, vm->cr3, KERNEL_GVA, pages[1], PTE_RW);
	pt_map_range(vm, vm->cr3, HIGH + code, code, 3 * PAGE_SIZE, PTE_RW);
}

static void setup(struct test_vm *vm, struct test_vcpu *vcpu, u64 features,
		  u32 flags)
{
	const struct lull_vm_config config = {
		.para_features = features, .flags = flags,
	};

	vm_create_config(vm, &config);
	map_more(vm);
	vcpu_create(vm, vcpu, 0, NULL, NULL);
}

FIXTURE_SETUP(guard)
{
	setup(&self->vm, &self->vcpu, allow_para_features(), 0);
}

FIXTURE_TEARDOWN(guard)
{
	EXPECT_EQ(0, audit_vms());
	vcpu_check_stats(&self->vcpu);
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

static void run(struct test_vcpu *vcpu, guest_fn fn,
		struct lull_vcpu_stats *stats)
{
	vcpu_restart(vcpu, fn, NULL);
	vcpu_run_done(vcpu);
	vcpu_get_stats(vcpu, stats);
}

static u64 user_word(struct test_vm *vm)
{
	return *(volatile u64 *)vm_ptr(vm, pages[0]);
}

static void guest_not_offered(void *arg)
{
	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_GUARD, 1, 0),
			(u64)LULL_HC_ENOSYS);
}

TEST(not_offered)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create_with(&vm, PARA_FEATURES & ~LULL_PARA_F_IDLE_GUARD, 0);
	vcpu_create(&vm, &vcpu, 0, guest_not_offered, NULL);
	vcpu_run_done(&vcpu);
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

static void guest_errors(void *arg)
{
	const u64 bad = (u64)LULL_HC_EINVAL;

	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_GUARD, 2, 0), bad);
	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_GUARD, BIT_ULL(63) | 1, 0), bad);
	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_GUARD, 1, 1), bad);
	/* To end what has not begun is no error. */
	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_GUARD, 0, 0), LULL_HC_OK);
	GUEST_ASSERT_EQ(load64(USER_GVA), 100);
}

TEST_F(guard, errors)
{
	run(&self->vcpu, guest_errors, &self->stats);
}

static void guest_keeps_promise(void *arg)
{
	u64 cr3 = read_cr3();
	int i;

	for (i = 0; i < ROUNDS; i++) {
		GUEST_ASSERT_EQ(guarded(0, KERNEL_GVA, 0, i % 2 ? cr3 : 0),
				101);
		GUEST_ASSERT_EQ(load64(USER_GVA), 100);
		GUEST_ASSERT_EQ(read_cr3(), cr3);
	}
}

TEST_F(guard, promise_kept)
{
	run(&self->vcpu, guest_keeps_promise, &self->stats);
	EXPECT_EQ(0, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
}

static void guest_breaks_promise(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		GUEST_ASSERT_EQ(guarded(0, KERNEL_GVA, USER_GVA, 0), 101);
}

/* Each access is found, and each is made, once. */
TEST_F(guard, audit)
{
	run(&self->vcpu, guest_breaks_promise, &self->stats);
	EXPECT_EQ(ROUNDS, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
	EXPECT_EQ(100 + ROUNDS, user_word(&self->vm));
}

static void guest_flushes(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		guarded_call(guard_flush, USER_GVA);
}

/* A flush that is no load of CR3 does not end it. */
TEST_F(guard, flushes)
{
	run(&self->vcpu, guest_flushes, &self->stats);
	EXPECT_EQ(ROUNDS, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
	EXPECT_EQ(100 + ROUNDS, user_word(&self->vm));
}

TEST(killed)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	setup(&vm, &vcpu, LULL_PARA_F_IDLE_GUARD, LULL_VM_F_GUARD_KILL);
	vcpu_restart(&vcpu, guest_breaks_promise, NULL);
	vcpu_run_reason(&vcpu, LULL_RUN_GUARD);
	EXPECT_EQ(HIGH + (u64)guard_access, vcpu.run->guard.rip);
	EXPECT_EQ(USER_GVA, vcpu.run->guard.gva);
	EXPECT_EQ(2, vcpu.run->guard.error_code);
	EXPECT_EQ(100, user_word(&vm));
	EXPECT_EQ(-EIO, try_run(vcpu.fd));
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

/* The CPU reads the IDT for the guest: an access as any other, to be gone on. */
static void guest_faults(void *arg)
{
	faults = 0;
	this_guest_cpu()->handler[PF_VECTOR] = handle_fault;
	guarded(0, EMPTY_GVA, 0, 0);
	GUEST_ASSERT_EQ(faults, 1);
	GUEST_ASSERT_EQ(fault_cr2, EMPTY_GVA);
}

TEST_F(guard, delivery_of_an_exception)
{
	run(&self->vcpu, guest_faults, &self->stats);
	EXPECT_EQ(1, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
}

/* What the guest maps anew is there behind the guard as before it. */
static void guest_remaps(void *arg)
{
	volatile u64 *entry = arg;
	u64 old = *entry;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		*entry = (old & ~PTE_ADDR) | pages[1 + i % 2];
		GUEST_ASSERT_EQ(guarded(0, KERNEL_GVA, 0, 0), 101 + i % 2);
	}
}

TEST_F(guard, kernel_half_is_current)
{
	u64 entry = pt_entry(&self->vm, self->vm.cr3, KERNEL_GVA, 1);

	vcpu_restart(&self->vcpu, guest_remaps, (void *)entry);
	vcpu_run_done(&self->vcpu);
	vcpu_get_stats(&self->vcpu, &self->stats);
	EXPECT_EQ(0, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
}

static void guest_targets(void *arg)
{
	u64 cr3 = read_cr3(), enter, leave;
	int i;

	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_CR3_TABLE, (u64)&table | 1, 0),
			LULL_HC_OK);
	for (i = 0; i < 4; i++) {
		guarded(value_of(cr3 | LULL_CR3_GUARD), KERNEL_GVA, 0, cr3);
		GUEST_ASSERT_EQ(load64(USER_GVA), 100);
	}
	GUEST_SYNC(1);
	for (i = 0; i < ROUNDS; i++) {
		/* In steady state nothing takes a root from the list. */
		enter = value_of(cr3 | LULL_CR3_GUARD);
		leave = value_of(cr3);
		GUEST_ASSERT(enter && leave && enter != leave);
		GUEST_ASSERT_EQ(guarded(enter, KERNEL_GVA, 0, leave), 101);
	}
	GUEST_SYNC(2);
	guarded(value_of(cr3 | LULL_CR3_GUARD), KERNEL_GVA, USER_GVA,
		value_of(cr3));
}

/* With targets, to begin and to end it costs no exit; it guards all the same. */
TEST_F(guard, without_exits)
{
	u64 exits;

	vcpu_restart(&self->vcpu, guest_targets, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	vcpu_get_stats(&self->vcpu, &self->stats);
	exits = self->stats.exits[18] + self->stats.exits[28];
	vcpu_run_sync(&self->vcpu, 2);
	vcpu_get_stats(&self->vcpu, &self->stats);
	EXPECT_EQ(exits, self->stats.exits[18] + self->stats.exits[28]);
	EXPECT_EQ(0, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
	vcpu_run_done(&self->vcpu);
	vcpu_get_stats(&self->vcpu, &self->stats);
	EXPECT_EQ(1, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
	EXPECT_EQ(101, user_word(&self->vm));
}

/* A value that the guest has read begins it also when it must exit. */
static void guest_late_value(void *arg)
{
	volatile u64 *entry = arg;
	u64 cr3 = read_cr3(), enter;
	int i;

	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_CR3_TABLE, (u64)&table | 1, 0),
			LULL_HC_OK);
	for (i = 0; i < ROUNDS; i++) {
		guarded(cr3, KERNEL_GVA, 0, cr3);
		guarded(0, KERNEL_GVA, 0, cr3);
		enter = value_of(cr3 | LULL_CR3_GUARD);
		if (!enter)
			continue;
		/* Takes all roots from the list. */
		*entry = *entry;
		GUEST_ASSERT(!value_of(cr3 | LULL_CR3_GUARD));
		guarded(enter, KERNEL_GVA, USER_GVA, cr3);
	}
}

TEST_F(guard, late_value)
{
	u64 entry = pt_entry(&self->vm, self->vm.cr3, KERNEL_GVA, 1), found;

	vcpu_restart(&self->vcpu, guest_late_value, (void *)entry);
	vcpu_run_done(&self->vcpu);
	vcpu_get_stats(&self->vcpu, &self->stats);
	found = self->stats.counters[LULL_CNT_GUARD_VIOLATIONS];
	EXPECT_GE(found, 5);
	EXPECT_EQ(100 + found, user_word(&self->vm));
}

static volatile struct lull_shared_page *shared;

static void handle_timer(struct guest_trap *trap)
{
	(void)trap;
}

static void guest_begin(void *arg)
{
	shared = arg;
	this_guest_cpu()->handler[TIMER_VECTOR] = handle_timer;
	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_SHARED_PAGE, (u64)arg | 1, 0),
			LULL_HC_OK);
	shared->deadline = LULL_DEADLINE_NEVER;
	GUEST_ASSERT_EQ(vmcall(LULL_HC_SET_TIMER, TIMER_VECTOR, 0),
			LULL_HC_OK);
	shared->borrowed_cr3 = read_cr3();
}

static void guest_halts(void)
{
	shared->deadline = rdtsc() + 1000;
	GUEST_ASSERT_EQ(vmcall(LULL_HC_IDLE_HALT, 0, 0), LULL_HC_OK);
	cli();
}

/* Idles, it says, but its code is in the user half. */
static void guest_idles(void *arg)
{
	int i;

	guest_begin(arg);
	for (i = 0; i < 2 * ROUNDS; i++) {
		/* Under one announcement, then under one each. */
		shared->idle_seq += i >= ROUNDS;
		shared->state = LULL_STATE_IDLE;
		guest_halts();
	}
}

/* What was accessed under one announcement is seen at its next halt. */
TEST_F(guard, tripwire)
{
	u64 page = vm_alloc(&self->vm, PAGE_SIZE);

	vcpu_restart(&self->vcpu, guest_idles, (void *)page);
	vcpu_run_done(&self->vcpu);
	vcpu_get_stats(&self->vcpu, &self->stats);
	EXPECT_EQ(ROUNDS - 1, self->stats.counters[LULL_CNT_TRIPWIRE]);
	EXPECT_EQ(0, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
}

/* Nothing is accessed between begin and halt but @access. */
static void guest_begins_and_halts(u64 access)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		shared->idle_seq++;
		shared->state = LULL_STATE_IDLE;
		shared->deadline = rdtsc() + 1000;
		GUEST_ASSERT_EQ(guarded_call(guard_idle, access), LULL_HC_OK);
	}
}

static void guest_keeps_then_breaks(void *arg)
{
	guest_begin(arg);
	guest_begins_and_halts(0);
	GUEST_SYNC(1);
	guest_begins_and_halts(USER_GVA);
}

/*
 * Where the guard is begun by an exit, both see what comes before the halt.  The
 * first time the guard sees only how the timer's interrupt is delivered.
 */
TEST_F(guard, both_witnesses)
{
	u64 page = vm_alloc(&self->vm, PAGE_SIZE);

	vcpu_restart(&self->vcpu, guest_keeps_then_breaks, (void *)page);
	vcpu_run_sync(&self->vcpu, 1);
	vcpu_get_stats(&self->vcpu, &self->stats);
	EXPECT_EQ(0, self->stats.counters[LULL_CNT_TRIPWIRE]);
	EXPECT_EQ(ROUNDS, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
	EXPECT_EQ(ROUNDS, self->stats.counters[LULL_CNT_IDLE_GUARDED]);
	EXPECT_EQ(100, user_word(&self->vm));
	vcpu_run_done(&self->vcpu);
	vcpu_get_stats(&self->vcpu, &self->stats);
	EXPECT_EQ(ROUNDS, self->stats.counters[LULL_CNT_TRIPWIRE]);
	EXPECT_EQ(2 * ROUNDS, self->stats.counters[LULL_CNT_GUARD_VIOLATIONS]);
	EXPECT_EQ(ROUNDS, self->stats.counters[LULL_CNT_IDLE_GUARDED]);
	EXPECT_EQ(100 + ROUNDS, user_word(&self->vm));
}

TEST_HARNESS_MAIN
