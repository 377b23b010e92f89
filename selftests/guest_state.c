// SPDX-License-Identifier: GPL-2.0-only
/*
 * State that a guest has and that VM exits, other vCPUs and the host must
 * leave alone: general, debug, segment, FPU and AVX registers, XCR0; and the
 * other way round.
 *
 * Guards against: a register that an exit loses; FPU or AVX state that leaks
 * from one vCPU into another, or into or out of the launcher; breakpoints and
 * single steps that an emulated instruction swallows; SYSCALL through the
 * host's MSRs.
 */
#include <kselftest_harness.h>

#include "lib/paging.h"
#include "lib/util.h"

#define RFLAGS_RF	BIT_ULL(16)
#define DR6_B0		BIT_ULL(0)
#define DR6_BD		BIT_ULL(13)
#define DR6_BS		BIT_ULL(14)
#define DR7_L0		BIT_ULL(0)
#define DR7_GD		BIT_ULL(13)
#define DR7_FIXED	BIT_ULL(10)
#define DR7_WRITE4	(BIT_ULL(16) | 3ULL << 18)

#define TEST_PORT	0xed	/* nobody's in the kernel: to the launcher */

/* By number as in enum lull_gpr; RAX, RDX and RSP are not looked at. */
static u64 regs_before[16], regs_after[16];

static bool is_compared(int nr)
{
	return nr != LULL_RAX && nr != LULL_RDX && nr != LULL_RSP;
}

static void guest_gprs(void *arg)
{
	int i;

	for (i = 0; i < 16; i++)
		regs_before[i] = 0x1111111111111111ULL * i + 1;
	asm volatile("push %%rbp\n\t"
		     "mov 24+%0, %%rbx\n\tmov 40+%0, %%rbp\n\t"
		     "mov 48+%0, %%rsi\n\tmov 56+%0, %%rdi\n\t"
		     "mov 64+%0, %%r8\n\tmov 72+%0, %%r9\n\t"
		     "mov 80+%0, %%r10\n\tmov 88+%0, %%r11\n\t"
		     "mov 96+%0, %%r12\n\tmov 104+%0, %%r13\n\t"
		     "mov 112+%0, %%r14\n\tmov 120+%0, %%r15\n\t"
		     "mov 8+%0, %%rcx\n\tmov $0xed, %%edx\n\t"
		     "outb %%al, (%%dx)\n\t"
		     "mov %%rcx, 8+%1\n\t"
		     "mov %%rbx, 24+%1\n\tmov %%rbp, 40+%1\n\t"
		     "mov %%rsi, 48+%1\n\tmov %%rdi, 56+%1\n\t"
		     "mov %%r8, 64+%1\n\tmov %%r9, 72+%1\n\t"
		     "mov %%r10, 80+%1\n\tmov %%r11, 88+%1\n\t"
		     "mov %%r12, 96+%1\n\tmov %%r13, 104+%1\n\t"
		     "mov %%r14, 112+%1\n\tmov %%r15, 120+%1\n\t"
		     "pop %%rbp"
		     : : "m" (regs_before), "m" (regs_after)
		     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
		       "r10", "r11", "r12", "r13", "r14", "r15", "memory");
}

TEST(general_registers_survive_an_exit)
{
	struct lull_regs regs;
	struct test_vcpu vcpu;
	struct test_vm vm;
	int i;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_gprs, NULL);
	vcpu_run_reason(&vcpu, LULL_RUN_IO);
	ASSERT_EQ(TEST_PORT, vcpu.run->io.port);
	vcpu_get_regs(&vcpu, &regs);
	for (i = 0; i < LULL_NR_GPRS; i++) {
		if (is_compared(i))
			EXPECT_EQ(regs_before[i], regs.gpr[i]);
	}
	vcpu_run_done(&vcpu);
	for (i = 0; i < LULL_NR_GPRS; i++) {
		if (is_compared(i))
			EXPECT_EQ(regs_before[i], regs_after[i]);
	}
}

static void guest_forever(void *arg)
{
	for (;;)
		cpu_relax();
}

TEST(set_and_get_registers_agree)
{
	struct lull_sregs sregs, sregs2;
	struct lull_regs regs, regs2;
	struct test_vcpu vcpu;
	struct test_vm vm;
	int i;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_forever, NULL);
	for (i = 0; i < LULL_NR_GPRS; i++)
		regs.gpr[i] = ~0ULL / (i + 1);
	regs.rip = IMAGE_GPA;
	regs.rflags = FLAGS_FIXED | FLAGS_IF | FLAGS_DF;
	vcpu_set_regs(&vcpu, &regs);
	vcpu_get_regs(&vcpu, &regs2);
	EXPECT_EQ(0, memcmp(&regs, &regs2, sizeof(regs)));
	regs.rflags = 0;
	vcpu_set_regs(&vcpu, &regs);
	vcpu_get_regs(&vcpu, &regs2);
	EXPECT_EQ(FLAGS_FIXED, regs2.rflags);

	vcpu_get_sregs(&vcpu, &sregs);
	sregs.seg[LULL_FS].base = 0x123456789000;
	sregs.seg[LULL_GS].base = -0x1000ULL;
	sregs.gdtr.limit = 0x7f;
	sregs.idtr.base = 0xffff800000000000;
	sregs.cr2 = 0xdeadbeefcafe;
	sregs.cr3 = 0x123000;
	sregs.cr4 |= CR4_PGE;
	vcpu_set_sregs(&vcpu, &sregs);
	vcpu_get_sregs(&vcpu, &sregs2);
	EXPECT_EQ(0, memcmp(&sregs, &sregs2, sizeof(sregs)));
}

static void guest_debug_registers(void *arg)
{
	write_dr0(0x1234567890abcdef);
	GUEST_ASSERT_EQ(read_dr0(), 0x1234567890abcdef);
	write_dr3(1);
	GUEST_ASSERT_EQ(read_dr3(), 1);
	GUEST_ASSERT_EQ(read_dr7(), DR7_FIXED);
	GUEST_ASSERT_EQ(read_dr6(), 0xffff0ff0);
	write_dr7(0x55 | DR7_FIXED);
	GUEST_ASSERT_EQ(read_dr7(), 0x55 | DR7_FIXED);
	write_dr7(0);
	GUEST_ASSERT_EQ(read_dr7(), DR7_FIXED);
	write_dr6(0);
	GUEST_ASSERT_EQ(read_dr6(), 0xffff0ff0);
	GUEST_SYNC(1);
	GUEST_ASSERT_EQ(read_dr0(), 0x1234567890abcdef);
}

TEST(debug_registers_are_the_guests)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_debug_registers, NULL);
	vcpu_run_sync(&vcpu, 1);
	vcpu_run_done(&vcpu);
}

static void read_dr4(void *arg)
{
	asm volatile(".byte 0x0f, 0x21, 0xe0" : : : "rax");
}

static void write_dr7_arg(void *arg)
{
	write_dr7((u64)arg);
}

static void write_dr6_arg(void *arg)
{
	write_dr6((u64)arg);
}

static void read_dr0_arg(void *arg)
{
	read_dr0();
}

static void guest_debug_faults(void *arg)
{
	GUEST_ASSERT_EQ(guest_vector_of(read_dr4, NULL), VEC_UD);
	write_cr4(read_cr4() & ~CR4_DE);
	GUEST_ASSERT_EQ(guest_vector_of(read_dr4, NULL), -1);
	GUEST_ASSERT_EQ(guest_vector_of(write_dr7_arg, (void *)BIT_ULL(32)),
			VEC_GP);
	GUEST_ASSERT_EQ(guest_vector_of(write_dr6_arg, (void *)BIT_ULL(63)),
			VEC_GP);
	/* General detect: the access is the trap, and GD is off after it. */
	write_dr7(DR7_GD | DR7_FIXED);
	GUEST_ASSERT_EQ(guest_vector_of(read_dr0_arg, NULL), VEC_DB);
	GUEST_ASSERT_EQ(read_dr6() & DR6_BD, DR6_BD);
	GUEST_ASSERT_EQ(read_dr7(), DR7_FIXED);
}

TEST(debug_register_accesses_fault_as_they_should)
{
	run_guest(guest_debug_faults, NULL);
}

static volatile u32 watched;
static volatile u64 nr_db, db_rip;

static void count_db(struct guest_trap *trap)
{
	nr_db++;
	db_rip = trap->rip;
}

static void write_watched(void *arg)
{
	watched = 1;
}

static void guest_breakpoints(void *arg)
{
	this_guest_cpu()->handler[VEC_DB] = count_db;
	write_dr0((u64)&watched);
	write_dr7(DR7_L0 | DR7_WRITE4 | DR7_FIXED);
	write_watched(NULL);
	GUEST_ASSERT_EQ(nr_db, 1);
	GUEST_ASSERT_EQ(read_dr6() & 0xf, DR6_B0);
	GUEST_SYNC(1);
	/* The launcher has written it meanwhile: not the guest's business. */
	GUEST_ASSERT_EQ(watched, 2);
	GUEST_ASSERT_EQ(nr_db, 1);
	write_dr6(0xffff0ff0);
	write_watched(NULL);
	GUEST_ASSERT_EQ(nr_db, 2);
	write_dr7(DR7_FIXED);
	write_watched(NULL);
	GUEST_ASSERT_EQ(nr_db, 2);
}

TEST(breakpoints_are_the_guests)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_breakpoints, NULL);
	vcpu_run_sync(&vcpu, 1);
	watched = 2;
	vcpu_run_done(&vcpu);
}

/*
 * With TF on, every instruction ends in a trap: those the processor executes
 * and those the monitor or the launcher does in its stead.
 */
#define STEPPED(code)							\
	"pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\t"			\
	"nop\n\t" code "\n\tnop\n\t"					\
	"pushf\n\tandl $0xfffffeff, (%%rsp)\n\tpopf\n\t"

static void step_nop(void *arg)
{
	asm volatile(STEPPED("nop") : : : "memory", "cc");
}

static void step_cpuid(void *arg)
{
	asm volatile(STEPPED("cpuid")
		     : : "a" (0), "c" (0) : "rbx", "rdx", "memory", "cc");
}

static void step_out(void *arg)
{
	asm volatile(STEPPED("outb %%al, $0xed") : : : "memory", "cc");
}

static void step_in_chip(void *arg)
{
	asm volatile(STEPPED("inb $0x21, %%al") : : : "rax", "memory", "cc");
}

static void step_cr3(void *arg)
{
	asm volatile(STEPPED("mov %0, %%cr3")
		     : : "r" (read_cr3()) : "memory", "cc");
}

static void guest_single_step(void *arg)
{
	const guest_fn cases[] = {
		step_nop, step_cpuid, step_out, step_in_chip, step_cr3,
	};
	u64 want = 0;
	size_t i;

	this_guest_cpu()->handler[VEC_DB] = count_db;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nr_db = 0;
		write_dr6(0xffff0ff0);
		cases[i](NULL);
		if (!i)
			want = nr_db;
		GUEST_ASSERT_OP(nr_db, >=, 3);
		if (nr_db != want)
			guest_assert_failed(__FILE__, i, "steps", nr_db, want);
		GUEST_ASSERT(read_dr6() & DR6_BS);
	}
}

TEST(single_steps_are_not_lost)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_single_step, NULL);
	vcpu_run_reason(&vcpu, LULL_RUN_IO);
	ASSERT_EQ(TEST_PORT, vcpu.run->io.port);
	vcpu_run_done(&vcpu);
}

#define IRQ		5

static u64 nr_irq;

static void count_irq(struct guest_trap *trap)
{
	nr_irq++;
	guest_pic_eoi(IRQ);
}

static void guest_step_beside_irq(void *arg)
{
	u64 want;

	this_guest_cpu()->handler[VEC_DB] = count_db;
	this_guest_cpu()->handler[PIC_BASE + IRQ] = count_irq;
	guest_pic_init();
	guest_pic_unmask(IRQ);
	nr_db = 0;
	step_out(NULL);
	want = nr_db;
	nr_db = 0;
	sti();
	step_out(NULL);
	cli();
	GUEST_ASSERT_EQ(nr_irq, 1);
	GUEST_ASSERT_EQ(nr_db, want);
}

/* An interrupt that comes with the exit is taken after the trap. */
TEST(single_steps_come_before_interrupts)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_step_beside_irq, NULL);
	vcpu_run_reason(&vcpu, LULL_RUN_IO);
	vcpu_run_reason(&vcpu, LULL_RUN_IO);
	vm_irq_line(&vm, IRQ, 1);
	vcpu_run_done(&vcpu);
}

static void read_no_msr(void *arg)
{
	rdmsr(0x12345);
}

static void out_no_memory(void *arg)
{
	asm volatile("outsb" : : "S" (1ULL << 46), "d" (TEST_PORT));
}

static void guest_faults(void *arg)
{
	struct caught caught;

	GUEST_ASSERT(guest_catch(read_no_msr, NULL, &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_GP);
	GUEST_ASSERT(caught.trap.rflags & RFLAGS_RF);
	GUEST_ASSERT(guest_catch(out_no_memory, NULL, &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_PF);
	GUEST_ASSERT(caught.trap.rflags & RFLAGS_RF);
}

/* Else a breakpoint on the instruction would come twice. */
TEST(faults_set_rf)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_faults, NULL);
	vcpu_run_done(&vcpu);
}

/* SYSCALL lands in syscall_entry, which goes back with SYSRET. */
volatile u64 syscall_gs, syscall_nr, syscall_flags;

void syscall_entry(void);
asm("	.text\n"
    "syscall_entry:\n"
    "	swapgs\n"
    "	mov	%gs:0, %rdx\n"
    "	mov	%rdx, syscall_gs\n"
    "	mov	%rax, syscall_nr\n"
    "	pushf\n"
    "	pop	syscall_flags\n"
    "	swapgs\n"
    "	sysretq\n");

static void user_syscall(void *arg)
{
	asm volatile("mov $42, %%eax\n\tsyscall\n\t"
		     "mov %%gs:0, %%rax" : : : "rax", "rcx", "rdx", "r11");
}

static const u64 kernel_gs_word = 0x1111, user_gs_word = 0x2222;

static void guest_syscall(void *arg)
{
	struct caught caught;
	int i;

	wrmsr(MSR_STAR, (u64)GUEST_KCODE << 32 |
	      (u64)GUEST_SYSRET_BASE << 48);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	wrmsr(MSR_SFMASK, 0xd5);	/* status flags */
	wrmsr(MSR_GS_BASE, (u64)&user_gs_word);
	wrmsr(MSR_KERNEL_GS_BASE, (u64)&kernel_gs_word);
	for (i = 1; i <= 3; i++) {
		syscall_gs = 0;
		syscall_nr = 0;
		guest_user(user_syscall, NULL, &caught);
		GUEST_ASSERT(user_returned(&caught));
		GUEST_ASSERT_EQ(caught.trap.cs, GUEST_UCODE);
		GUEST_ASSERT_EQ(caught.trap.ss, GUEST_UDATA);
		GUEST_ASSERT_EQ(caught.trap.gpr[TRAP_RAX], user_gs_word);
		GUEST_ASSERT_EQ(syscall_nr, 42);
		GUEST_ASSERT_EQ(syscall_gs, kernel_gs_word);
		GUEST_ASSERT_EQ(syscall_flags & 0xd5, 0);
		GUEST_SYNC(i);
	}
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SCE);
	guest_user(user_syscall, NULL, &caught);
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_UD);
}

TEST(syscall_and_swapgs)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	int i;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_syscall, NULL);
	for (i = 1; i <= 3; i++) {
		/* The launcher makes system calls of its own in between. */
		vcpu_run_sync(&vcpu, i);
		sleep_us(1000);
	}
	vcpu_run_done(&vcpu);
}

/* The low half of XMM0 to XMM15, or with AVX the whole of YMM0. */
static void load_xmm(u64 seed)
{
	asm volatile("movq %0, %%xmm0\n\tpshufd $0x44, %%xmm0, %%xmm0\n\t"
		     "movaps %%xmm0, %%xmm1\n\tpaddq %%xmm0, %%xmm1\n\t"
		     "movaps %%xmm1, %%xmm15\n\tpaddq %%xmm0, %%xmm15"
		     : : "r" (seed));
}

static bool xmm_is(u64 seed)
{
	u64 x0, x1, x15;

	asm volatile("movq %%xmm0, %0\n\tmovq %%xmm1, %1\n\tmovq %%xmm15, %2"
		     : "=r" (x0), "=r" (x1), "=r" (x15));
	return x0 == seed && x1 == 2 * seed && x15 == 3 * seed;
}

static void load_ymm_high(u64 seed)
{
	u64 value[4] = { seed, seed, seed + 1, seed + 2 };

	asm volatile("vmovdqu %0, %%ymm5" : : "m" (value));
}

static bool ymm_high_is(u64 seed)
{
	u64 value[4];

	asm volatile("vmovdqu %%ymm5, %0" : "=m" (value));
	return value[0] == seed && value[2] == seed + 1 && value[3] == seed + 2;
}

static bool use_avx(void)
{
	if (!(cpuid(1, 0).ecx & (1U << 28)))
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	asm volatile("xsetbv" : : "c" (0), "a" (7), "d" (0));
	return true;
}

#define FPU_ROUNDS	40

static void guest_fpu(void *arg)
{
	u64 seed = (u64)arg;
	bool avx = use_avx();
	u16 control = 0x27f + (seed & 1) * 0x100, now;
	int i;

	asm volatile("fninit\n\tfldcw %0" : : "m" (control));
	for (i = 0; i < FPU_ROUNDS; i++) {
		load_xmm(seed + i);
		if (avx)
			load_ymm_high(seed + i);
		outb(TEST_PORT, i);
		GUEST_ASSERT(xmm_is(seed + i));
		cpuid(0, 0);
		GUEST_ASSERT(xmm_is(seed + i));
		if (avx)
			GUEST_ASSERT(ymm_high_is(seed + i));
		asm volatile("fnstcw %0" : "=m" (now));
		GUEST_ASSERT_EQ(now, control);
	}
}

/* A launcher's thread with FPU state of its own around each LULL_RUN. */
static void *fpu_thread(void *data)
{
	struct test_vcpu *vcpu = data;
	u64 seed = 0x1000000ULL * (vcpu->id + 1);
	u32 reason;
	int i, r;

	CHECK(pin_to_cpu(0));
	for (i = 0; i < FPU_ROUNDS; i++) {
		/* Nothing between the two uses the registers but the kernel. */
		load_xmm(seed + i);
		do {
			asm volatile("syscall" : "=a" (r)
				     : "a" (16), "D" (vcpu->fd),
				       "S" (LULL_RUN), "d" (0)
				     : "rcx", "r11", "memory");
		} while (r == -4);
		CHECK(xmm_is(seed + i));
		CHECK(!r);
		reason = vcpu->run->reason;
		CHECK(reason == LULL_RUN_IO &&
		      (vcpu->run->io.port == TEST_PORT ||
		       vcpu->run->io.port == UCALL_PORT));
		sched_yield();
	}
	vcpu_run_done(vcpu);
	return NULL;
}

TEST(fpu_state_stays_with_its_owner)
{
	struct test_vcpu vcpu[2];
	pthread_t thread[2];
	struct test_vm vm[2];
	int i;

	for (i = 0; i < 2; i++) {
		vm_create(&vm[i]);
		vcpu_create(&vm[i], &vcpu[i], 0, guest_fpu,
			    (void *)(0x5555ULL * (i + 1)));
		vcpu[i].id = i;
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, fpu_thread,
					    &vcpu[i]));
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

static void xsetbv_arg(void *arg)
{
	u64 *v = arg;

	asm volatile("xsetbv" : : "c" ((u32)v[0]), "a" ((u32)v[1]),
		     "d" ((u32)(v[1] >> 32)));
}

static u64 xgetbv0(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return low | (u64)high << 32;
}

static void guest_xcr0(void *arg)
{
	static const u64 bad[][2] = {
		{ 1, 1 },		/* no such register */
		{ 0, 0 }, { 0, 2 },	/* without x87 */
		{ 0, 5 },		/* AVX without SSE */
		{ 0, 0x18 | 7 },	/* MPX */
		{ 0, BIT_ULL(62) | 1 },
	};
	static u64 good[2] = { 0, 3 };
	struct caught caught;
	size_t i;

	GUEST_ASSERT_EQ(guest_vector_of(xsetbv_arg, good), VEC_UD);
	if (!(cpuid(1, 0).ecx & (1U << 26)))
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	GUEST_ASSERT_EQ(xgetbv0(), 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		GUEST_ASSERT_EQ(guest_vector_of(xsetbv_arg, (void *)bad[i]),
				VEC_GP);
	GUEST_ASSERT_EQ(xgetbv0(), 1);
	GUEST_ASSERT_EQ(guest_vector_of(xsetbv_arg, good), -1);
	GUEST_ASSERT_EQ(xgetbv0(), 3);
	guest_user(xsetbv_arg, good, &caught);
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_GP);
	/* The size of the save area follows. */
	GUEST_ASSERT_EQ(cpuid(0xd, 0).ebx, 576);
	GUEST_SYNC(1);
	GUEST_ASSERT_EQ(xgetbv0(), 3);
}

TEST(xcr0_is_checked_and_kept)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_xcr0, NULL);
	if (vcpu_run_ucall(&vcpu) == UCALL_SYNC) {
		/* The launcher's own is another: its libc relies on it. */
		ASSERT_EQ(1, xgetbv0() & 1);
		vcpu_run_done(&vcpu);
	}
}

TEST_HARNESS_MAIN
