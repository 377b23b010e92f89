// SPDX-License-Identifier: GPL-2.0-only
/*
 * What instructions do in a guest: CPUID, MSRs, control and debug registers,
 * exceptions, system calls, FPU state.
 *
 * Guards against: a CPUID that promises what does not work, or hides what
 * does; a privileged instruction that reaches the host's state; an exception
 * with a wrong vector or error code, lost, or delivered twice because its
 * delivery faulted in the shadow; registers that an exit does not keep.
 */
#include <kselftest_harness.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/paging.h"
#include "lib/util.h"

/* A function that executes one piece of code; arg is in RDI. */
#define INSN(name, code)						\
static void name(void *arg)						\
{									\
	asm volatile(code : : "D" (arg)					\
		     : "rax", "rcx", "rdx", "rbx", "memory", "cc");	\
}

INSN(nop, "nop")
INSN(ud2, "ud2")
INSN(int3, "int3")
INSN(int40, "int $0x40")
INSN(divide, "xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx")
INSN(load_ds, "mov %%edi, %%ds")
INSN(load_stack, "mov %%rsp, %%rax; mov %%rdi, %%rsp; push %%rax")
INSN(read_memory, "mov (%%rdi), %%al")
INSN(read_unaligned, "mov 1(%%rdi), %%eax")
INSN(do_hlt, "hlt")
INSN(do_cli, "cli")
INSN(do_in, "in $0x80, %%al")
INSN(do_lgdt, "lgdt (%%rdi)")
INSN(do_invlpg, "invlpg (%%rdi)")
INSN(do_invd, "invd")
INSN(do_wbinvd, "wbinvd")
INSN(do_clts, "clts")
INSN(do_rdmsr, "mov %%edi, %%ecx; rdmsr")
INSN(do_wrmsr0, "mov %%edi, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; wrmsr")
INSN(do_rdpmc, "xor %%ecx, %%ecx; rdpmc")
INSN(do_vmxon, ".byte 0xf3, 0x0f, 0xc7, 0x37")		/* (%rdi) */
INSN(do_vmxoff, ".byte 0x0f, 0x01, 0xc4")
INSN(do_vmlaunch, ".byte 0x0f, 0x01, 0xc2")
INSN(do_vmresume, ".byte 0x0f, 0x01, 0xc3")
INSN(do_vmptrld, ".byte 0x0f, 0xc7, 0x37")
INSN(do_vmptrst, ".byte 0x0f, 0xc7, 0x3f")
INSN(do_vmclear, ".byte 0x66, 0x0f, 0xc7, 0x37")
INSN(do_vmread, ".byte 0x0f, 0x78, 0xc0")
INSN(do_vmwrite, ".byte 0x0f, 0x79, 0xc0")
INSN(do_vmfunc, "xor %%eax, %%eax; .byte 0x0f, 0x01, 0xd4")
INSN(do_vmmcall, ".byte 0x0f, 0x01, 0xd9")
INSN(do_invept, "xor %%eax, %%eax; .byte 0x66, 0x0f, 0x38, 0x80, 0x07")
INSN(do_invvpid, "xor %%eax, %%eax; .byte 0x66, 0x0f, 0x38, 0x81, 0x07")
INSN(do_getsec, "xor %%eax, %%eax; .byte 0x0f, 0x37")
INSN(do_monitor, "mov %%rdi, %%rax; xor %%ecx, %%ecx; xor %%edx, %%edx; .byte 0x0f, 0x01, 0xc8")
INSN(do_mwait, "xor %%eax, %%eax; xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xc9")
INSN(do_invpcid, "xor %%eax, %%eax; .byte 0x66, 0x0f, 0x38, 0x82, 0x07")
INSN(do_rdtscp, ".byte 0x0f, 0x01, 0xf9")

static u8 scratch[64] __attribute__((aligned(64)));

struct vector_case {
	const char *name;
	guest_fn fn;
	u64 arg;
	int vector;
};

static void expect_vectors(const struct vector_case *cases, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		int vector = guest_vector_of(cases[i].fn, (void *)cases[i].arg);

		if (vector != cases[i].vector)
			guest_assert_failed(cases[i].name, i, "vector",
					    vector, cases[i].vector);
	}
}

#define BIT_OF(n)	(1U << (n))

static void guest_cpuid_features(void *arg)
{
	struct cpuid_regs r = cpuid(1, 0);

	/* MONITOR, VMX, SMX, EIST, PDCM, PCID, x2APIC, TSC deadline */
	GUEST_ASSERT_EQ(r.ecx & (BIT_OF(3) | BIT_OF(5) | BIT_OF(6) | BIT_OF(7) |
				 BIT_OF(15) | BIT_OF(17) | BIT_OF(21) |
				 BIT_OF(24)), 0);
	GUEST_ASSERT(r.ecx & BIT_OF(31));
	/* VME, MCE, APIC, MTRR, MCA, PAT, ACPI, HTT */
	GUEST_ASSERT_EQ(r.edx & (BIT_OF(1) | BIT_OF(7) | BIT_OF(9) |
				 BIT_OF(12) | BIT_OF(14) | BIT_OF(16) |
				 BIT_OF(22) | BIT_OF(28)), 0);
	/* FPU, TSC, MSR, PAE, PGE, SSE2 */
	GUEST_ASSERT_EQ(~r.edx & (BIT_OF(0) | BIT_OF(4) | BIT_OF(5) |
				  BIT_OF(6) | BIT_OF(13) | BIT_OF(26)), 0);
	r = cpuid(7, 0);
	/* SGX, HLE, INVPCID, RTM, MPX */
	GUEST_ASSERT_EQ(r.ebx & (BIT_OF(2) | BIT_OF(4) | BIT_OF(10) |
				 BIT_OF(11) | BIT_OF(14)), 0);
	/* TSC_ADJUST */
	GUEST_ASSERT(r.ebx & BIT_OF(1));
	r = cpuid(0x80000001, 0);
	/* 1 GiB pages, RDTSCP */
	GUEST_ASSERT_EQ(r.edx & (BIT_OF(26) | BIT_OF(27)), 0);
	GUEST_ASSERT(r.edx & BIT_OF(29));
	r = cpuid(0xa, 0);
	GUEST_ASSERT_EQ(r.eax | r.ebx | r.ecx | r.edx, 0);
	r = cpuid(5, 0);
	GUEST_ASSERT_EQ(r.eax | r.ebx | r.ecx | r.edx, 0);
}

TEST(cpuid_hides_what_is_not_virtualized)
{
	run_guest(guest_cpuid_features, NULL);
}

/* The bit exists in CR4 if, and only if, CPUID offers its feature. */
static void check_cr4_bit(u64 bit, bool offered)
{
	u64 cr4 = read_cr4();

	if (offered) {
		write_cr4(cr4 | bit);
		GUEST_ASSERT_EQ(read_cr4(), cr4 | bit);
		write_cr4(cr4);
		GUEST_ASSERT_EQ(read_cr4(), cr4);
	}
}

static void write_cr4_arg(void *arg)
{
	write_cr4((u64)arg);
}

static void guest_cpuid_cr4(void *arg)
{
	u32 ecx = cpuid(1, 0).ecx, ebx = cpuid(7, 0).ebx;
	u64 cr4 = read_cr4();
	const struct { u64 bit; bool offered; } bits[] = {
		{ CR4_PGE, true },
		{ CR4_TSD, true },
		{ CR4_OSXSAVE, ecx & BIT_OF(26) },
		{ CR4_SMEP, ebx & BIT_OF(7) },
		{ CR4_SMAP, ebx & BIT_OF(20) },
		{ CR4_VMXE, false },
		{ CR4_PCIDE, false },
		{ BIT_ULL(0), false },		/* VME */
		{ BIT_ULL(6), false },		/* MCE */
		{ BIT_ULL(8), false },		/* PCE */
		{ BIT_ULL(12), false },		/* LA57 */
		{ BIT_ULL(14), false },		/* SMXE */
		{ BIT_ULL(22), false },		/* PKE */
		{ BIT_ULL(32), false },
		{ BIT_ULL(63), false },
	};
	size_t i;
	int got;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		check_cr4_bit(bits[i].bit, bits[i].offered);
		if (bits[i].offered)
			continue;
		got = guest_vector_of(write_cr4_arg,
				      (void *)(cr4 | bits[i].bit));
		GUEST_ASSERT_EQ(got, VEC_GP);
	}
	GUEST_ASSERT_EQ(guest_vector_of(write_cr4_arg,
					(void *)(cr4 & ~CR4_PAE)), VEC_GP);
	GUEST_ASSERT_EQ(read_cr4(), cr4);
}

TEST(cr4_agrees_with_cpuid)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	/* SMEP and SMAP are on for a moment. */
	pt_map_image(&vm, vm.cr3, PTE_RW);
	vcpu_create(&vm, &vcpu, 0, guest_cpuid_cr4, NULL);
	vcpu_run_done(&vcpu);
}

static void guest_osxsave(void *arg)
{
	if (!(cpuid(1, 0).ecx & BIT_OF(26)))
		return;
	GUEST_ASSERT(!(cpuid(1, 0).ecx & BIT_OF(27)));
	write_cr4(read_cr4() | CR4_OSXSAVE);
	GUEST_ASSERT(cpuid(1, 0).ecx & BIT_OF(27));
}

TEST(cpuid_follows_cr4_osxsave)
{
	run_guest(guest_osxsave, NULL);
}

static void guest_hypervisor_leaves(void *arg)
{
	struct cpuid_regs r = cpuid(LULL_CPUID_SIGNATURE, 0);
	u32 tsc_khz;

	GUEST_ASSERT_EQ(r.eax, LULL_CPUID_TIMING);
	GUEST_ASSERT_EQ(r.ebx, LULL_SIGNATURE_WORD);
	GUEST_ASSERT_EQ(r.ecx, LULL_SIGNATURE_WORD);
	GUEST_ASSERT_EQ(r.edx, LULL_SIGNATURE_WORD);
	r = cpuid(LULL_CPUID_FEATURES, 7);
	GUEST_ASSERT_EQ(r.eax, (u64)arg);
	GUEST_ASSERT_EQ(r.ebx, LULL_PARA_VERSION);
	GUEST_ASSERT_EQ(r.ecx | r.edx, 0);
	tsc_khz = cpuid(LULL_CPUID_TIMING, 0).eax;
	r = cpuid(0x15, 0);
	GUEST_ASSERT(tsc_khz && r.eax);
	GUEST_ASSERT_EQ((u64)r.ecx * r.ebx / r.eax, tsc_khz * 1000ULL);
	r = cpuid(LULL_CPUID_TIMING + 1, 0);
	GUEST_ASSERT_EQ(r.eax | r.ebx | r.ecx | r.edx, 0);
	r = cpuid(0x4fffffff, 0);
	GUEST_ASSERT_EQ(r.eax | r.ebx | r.ecx | r.edx, 0);
}

TEST(cpuid_offers_what_the_vm_was_made_with)
{
	const u64 sets[] = { 0, LULL_PARA_F_IDLE_EAGER, PARA_FEATURES };
	struct test_vcpu vcpu;
	struct test_vm vm;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		vm_create_with(&vm, sets[i], 0);
		vcpu_create(&vm, &vcpu, 0, guest_hypervisor_leaves,
			    (void *)sets[i]);
		vcpu_run_done(&vcpu);
		vcpu_destroy(&vcpu);
		vm_destroy(&vm);
	}
}

static void guest_msrs(void *arg)
{
	const u32 unknown[] = {
		0x1b,		/* IA32_APIC_BASE */
		0x3a,		/* IA32_FEATURE_CONTROL */
		0x48,		/* IA32_SPEC_CTRL */
		0xc1,		/* a performance counter */
		MSR_PAT,
		0x480,		/* IA32_VMX_BASIC */
		MSR_X2APIC_ID,
		0x830,		/* x2APIC ICR */
		0x1fff, 0x2000, 0x40000000, 0xbfffffff,
		0xc0000103,	/* IA32_TSC_AUX */
		0xc0001fff, 0xc0002000, 0xffffffff,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		GUEST_ASSERT_EQ(guest_vector_of(do_rdmsr,
						(void *)(u64)unknown[i]),
				VEC_GP);
		GUEST_ASSERT_EQ(guest_vector_of(do_wrmsr0,
						(void *)(u64)unknown[i]),
				VEC_GP);
	}
}

TEST(unknown_msrs_are_gp)
{
	run_guest(guest_msrs, NULL);
}

struct msr_value {
	u32 msr;
	u64 value;
};

static void wrmsr_arg(void *arg)
{
	const struct msr_value *m = arg;

	wrmsr(m->msr, m->value);
}

static void guest_msr_values(void *arg)
{
	const u64 efer = rdmsr(MSR_EFER);
	const struct msr_value bad[] = {
		{ MSR_EFER, efer | BIT_ULL(1) },
		{ MSR_EFER, efer | BIT_ULL(12) },	/* SVME */
		{ MSR_EFER, efer & ~EFER_LME },
		{ MSR_LSTAR, BIT_ULL(47) },
		{ MSR_FS_BASE, BIT_ULL(47) },
		{ MSR_GS_BASE, BIT_ULL(62) },
		{ MSR_KERNEL_GS_BASE, BIT_ULL(47) },
		{ MSR_SFMASK, BIT_ULL(32) },
		{ MSR_MISC_ENABLE, 0 },
	};
	const struct msr_value good[] = {
		{ MSR_STAR, 0x123456789abcdef0 },
		{ MSR_LSTAR, 0xffff800000001234 },
		{ MSR_FS_BASE, 0x7ffffffff000 },
		{ MSR_GS_BASE, 0xffff888000000000 },
		{ MSR_KERNEL_GS_BASE, 0x1234 },
		{ MSR_SYSENTER_CS, 8 },
		{ MSR_SFMASK, 0x47700 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		GUEST_ASSERT_EQ(guest_vector_of(wrmsr_arg, (void *)&bad[i]),
				VEC_GP);
	GUEST_ASSERT_EQ(rdmsr(MSR_EFER), efer);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		wrmsr(good[i].msr, good[i].value);
		GUEST_ASSERT_EQ(rdmsr(good[i].msr), good[i].value);
	}
	/* What the hardware holds must survive exits, also to the launcher. */
	GUEST_SYNC(1);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		GUEST_ASSERT_EQ(rdmsr(good[i].msr), good[i].value);
	wrmsr(MSR_EFER, efer & ~EFER_NX);
	GUEST_ASSERT_EQ(rdmsr(MSR_EFER), efer & ~EFER_NX);
}

TEST(msr_values_are_checked_and_kept)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_msr_values, NULL);
	vcpu_run_sync(&vcpu, 1);
	sleep_us(1000);
	vcpu_run_done(&vcpu);
}

static void guest_tsc(void *arg)
{
	u64 start = rdtsc(), next;
	int i;

	for (i = 0; i < 100; i++) {
		next = rdtsc();
		GUEST_ASSERT_OP(next, >=, start);
		start = next;
		cpuid(0, 0);
	}
	wrmsr(MSR_TSC, 1ULL << 40);
	next = rdtsc();
	GUEST_ASSERT_OP(next, >=, 1ULL << 40);
	GUEST_ASSERT_OP(next, <, (1ULL << 40) + 10000000);
	GUEST_ASSERT_OP(rdmsr(MSR_TSC), >=, next);
}

TEST(tsc_goes_on_and_can_be_set)
{
	run_guest(guest_tsc, NULL);
}

/* IA32_TSC_ADJUST has what was added to the TSC since its start. */
static void guest_tsc_adjust(void *arg)
{
	const u64 hour = 1ULL << 42, slack = 10000000;
	u64 now;

	GUEST_ASSERT_EQ(rdmsr(MSR_TSC_ADJUST), 0);
	now = rdtsc();
	wrmsr(MSR_TSC_ADJUST, hour);
	GUEST_ASSERT_OP(rdtsc() - now, >=, hour);
	GUEST_ASSERT_OP(rdtsc() - now, <, hour + slack);
	GUEST_ASSERT_EQ(rdmsr(MSR_TSC_ADJUST), hour);
	wrmsr(MSR_TSC, rdtsc() + hour);
	GUEST_ASSERT_OP(rdmsr(MSR_TSC_ADJUST), <=, 2 * hour);
	GUEST_ASSERT_OP(rdmsr(MSR_TSC_ADJUST), >, 2 * hour - slack);
	wrmsr(MSR_TSC_ADJUST, 0);
	GUEST_ASSERT_OP(rdtsc() - now, <, slack);
	/* A TSC can be set back, too. */
	wrmsr(MSR_TSC_ADJUST, -now);
	GUEST_ASSERT_OP(rdtsc(), <, slack);
	GUEST_ASSERT_EQ(rdmsr(MSR_TSC_ADJUST), -now);
}

TEST(tsc_adjust_and_tsc_move_together)
{
	run_guest(guest_tsc_adjust, NULL);
}

static void guest_refused(void *arg)
{
	const u64 p = (u64)scratch;
	const struct vector_case cases[] = {
		{ "nop", nop, p, -1 },
		{ "ud2", ud2, p, VEC_UD },
		{ "vmxon", do_vmxon, p, VEC_UD },
		{ "vmxoff", do_vmxoff, p, VEC_UD },
		{ "vmlaunch", do_vmlaunch, p, VEC_UD },
		{ "vmresume", do_vmresume, p, VEC_UD },
		{ "vmptrld", do_vmptrld, p, VEC_UD },
		{ "vmptrst", do_vmptrst, p, VEC_UD },
		{ "vmclear", do_vmclear, p, VEC_UD },
		{ "vmread", do_vmread, p, VEC_UD },
		{ "vmwrite", do_vmwrite, p, VEC_UD },
		{ "vmfunc", do_vmfunc, p, VEC_UD },
		{ "vmmcall", do_vmmcall, p, VEC_UD },
		{ "invept", do_invept, p, VEC_UD },
		{ "invvpid", do_invvpid, p, VEC_UD },
		{ "getsec", do_getsec, p, VEC_UD },
		{ "monitor", do_monitor, p, VEC_UD },
		{ "mwait", do_mwait, p, VEC_UD },
		{ "invpcid", do_invpcid, p, VEC_UD },
		{ "rdtscp", do_rdtscp, p, VEC_UD },
		{ "rdpmc", do_rdpmc, p, VEC_GP },
		{ "invd", do_invd, p, -1 },
		{ "wbinvd", do_wbinvd, p, -1 },
	};

	expect_vectors(cases, ARRAY_SIZE(cases));
}

TEST(instructions_not_offered_fault)
{
	run_guest(guest_refused, NULL);
}

static void guest_user_refused(void *arg)
{
	static const struct vector_case cases[] = {
		{ "nop", nop, 0, USER_RETURN_VECTOR },
		{ "hlt", do_hlt, 0, VEC_GP },
		{ "cli", do_cli, 0, VEC_GP },
		{ "in", do_in, 0, VEC_GP },
		{ "lgdt", do_lgdt, (u64)scratch, VEC_GP },
		{ "invlpg", do_invlpg, (u64)scratch, VEC_GP },
		{ "wbinvd", do_wbinvd, 0, VEC_GP },
		{ "clts", do_clts, 0, VEC_GP },
		{ "rdmsr", do_rdmsr, MSR_EFER, VEC_GP },
		{ "wrmsr", do_wrmsr0, MSR_TSC, VEC_GP },
		{ "mov to cr4", write_cr4_arg, 0, VEC_GP },
		{ "ud2", ud2, 0, VEC_UD },
		{ "int3", int3, 0, VEC_BP },
	};
	struct caught caught;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		guest_user(cases[i].fn, (void *)cases[i].arg, &caught);
		if ((int)caught.trap.vector != cases[i].vector)
			guest_assert_failed(cases[i].name, i, "vector",
					    caught.trap.vector,
					    cases[i].vector);
		GUEST_ASSERT_EQ(caught.trap.cs, GUEST_UCODE);
	}
}

TEST(user_mode_is_not_privileged)
{
	run_guest(guest_user_refused, NULL);
}

static void guest_error_codes(void *arg)
{
	struct caught caught;

	GUEST_ASSERT(guest_catch(divide, NULL, &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_DE);
	GUEST_ASSERT(guest_catch(int3, NULL, &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_BP);
	GUEST_ASSERT_EQ(((u8 *)caught.trap.rip)[-1], 0xcc);
	/* A selector beyond the GDT: the error code is the selector. */
	GUEST_ASSERT(guest_catch(load_ds, (void *)0xff8, &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_GP);
	GUEST_ASSERT_EQ(caught.trap.error, 0xff8);
	/* Addresses that are not canonical: #GP, and #SS by way of RSP. */
	GUEST_ASSERT(guest_catch(read_memory, (void *)BIT_ULL(60), &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_GP);
	GUEST_ASSERT_EQ(caught.trap.error, 0);
	/* A gate with DPL 0: bit 1 of the error code says that it is a gate. */
	guest_user(int40, NULL, &caught);
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_GP);
	GUEST_ASSERT_EQ(caught.trap.error, 0x40 * 8 + 2);
}

TEST(exceptions_have_their_error_codes)
{
	run_guest(guest_error_codes, NULL);
}

static void user_read_unaligned(void *arg)
{
	asm volatile("pushf\n\torl $0x40000, (%%rsp)\n\tpopf\n\t"
		     "mov 1(%%rdi), %%eax" : : "D" (arg) : "rax", "cc");
}

static void guest_alignment(void *arg)
{
	struct caught caught;

	guest_user(user_read_unaligned, scratch, &caught);
	GUEST_ASSERT(user_returned(&caught));
	write_cr0(read_cr0() | CR0_AM);
	guest_user(user_read_unaligned, scratch, &caught);
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_AC);
	GUEST_ASSERT_EQ(guest_vector_of(read_unaligned, scratch), -1);
}

TEST(alignment_check_is_the_guests)
{
	run_guest(guest_alignment, NULL);
}

/*
 * A #PF whose delivery faults is a double fault, which has a stack of its own
 * here (IST 1).
 */
static void guest_double_fault(void *arg)
{
	struct caught caught;

	GUEST_ASSERT(guest_catch(load_stack, arg, &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_DF);
	GUEST_ASSERT_EQ(caught.trap.error, 0);
}

TEST(double_fault)
{
	struct lull_sregs sregs;
	struct test_vcpu vcpu;
	struct test_vm vm;
	u64 stack, *gate;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_double_fault, (void *)(3 * GIB));
	stack = vm_alloc(&vm, PAGE_SIZE) + PAGE_SIZE;
	vcpu.cpu->tss[9] = stack;			/* IST1 */
	vcpu_get_sregs(&vcpu, &sregs);
	gate = vm_ptr(&vm, sregs.idtr.base + 16 * VEC_DF);
	gate[0] |= 1ULL << 32;
	vcpu_run_done(&vcpu);
}

/*
 * An exception or interrupt through an IDT, GDT, TSS and stack that no shadow
 * maps yet: delivery exits, and what was being delivered must come again,
 * once.
 */
static unsigned int nr_int3;

static void count_int3(struct guest_trap *trap)
{
	nr_int3++;
}

static void guest_redelivery(void *arg)
{
	int i;

	this_guest_cpu()->handler[VEC_BP] = count_int3;
	for (i = 1; i <= 20; i++) {
		write_cr3(read_cr3());
		GUEST_SYNC(i);
		int3(NULL);
		GUEST_ASSERT_EQ(nr_int3, i);
	}
}

TEST(events_survive_faults_of_their_delivery)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	int i;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_redelivery, NULL);
	for (i = 1; i <= 20; i++) {
		vcpu_run_sync(&vcpu, i);
		/* Any change of memory drops every shadow page. */
		vm_set_memory(&vm, SLOT_FREE, 0, 2 * GIB, PAGE_SIZE, vm.ram);
		vm_set_memory(&vm, SLOT_FREE, 0, 0, 0, NULL);
	}
	vcpu_run_done(&vcpu);
	ASSERT_EQ(nr_int3, 20);
}

static void write_cr0_arg(void *arg)
{
	write_cr0((u64)arg);
}

static void write_cr3_arg(void *arg)
{
	write_cr3((u64)arg);
}

static void write_cr8_arg(void *arg)
{
	write_cr8((u64)arg);
}

static void touch_sse(void *arg)
{
	asm volatile("xorps %xmm0, %xmm0");
}

static void guest_control_registers(void *arg)
{
	u64 cr0 = read_cr0(), cr3 = read_cr3();
	const struct vector_case cases[] = {
		{ "cr0 bit 32", write_cr0_arg, cr0 | BIT_ULL(32), VEC_GP },
		{ "cr0 NW", write_cr0_arg, cr0 | CR0_NW, VEC_GP },
		{ "cr0 no PE", write_cr0_arg, cr0 & ~CR0_PE, VEC_GP },
		{ "cr3 bit 63", write_cr3_arg, cr3 | BIT_ULL(63), VEC_GP },
		{ "cr3 bit 51", write_cr3_arg, cr3 | BIT_ULL(51), VEC_GP },
		{ "cr8 16", write_cr8_arg, 16, VEC_GP },
	};
	u16 msw;

	expect_vectors(cases, ARRAY_SIZE(cases));
	GUEST_ASSERT_EQ(read_cr0(), cr0);
	GUEST_ASSERT_EQ(read_cr3(), cr3);
	write_cr8(11);
	GUEST_ASSERT_EQ(read_cr8(), 11);
	write_cr8(0);
	write_cr3(cr3 | 0x18);			/* PWT, PCD */
	GUEST_ASSERT_EQ(read_cr3(), cr3 | 0x18);
	write_cr0(cr0 | CR0_TS);
	GUEST_ASSERT_EQ(read_cr0(), cr0 | CR0_TS);
	GUEST_ASSERT_EQ(guest_vector_of(touch_sse, NULL), VEC_NM);
	asm volatile("clts");
	GUEST_ASSERT_EQ(guest_vector_of(touch_sse, NULL), -1);
	asm volatile("lmsw %w0" : : "r" (0x8));	/* TS; PE cannot be cleared */
	asm volatile("smsw %0" : "=r" (msw));
	GUEST_ASSERT_EQ(msw & 0xf, CR0_PE | CR0_TS);
	GUEST_ASSERT_EQ(read_cr0(), (cr0 & ~CR0_MP) | CR0_TS);
	write_cr0(cr0 | CR0_EM);
	GUEST_ASSERT_EQ(guest_vector_of(touch_sse, NULL), VEC_UD);
	write_cr0(cr0);
}

TEST(control_registers)
{
	run_guest(guest_control_registers, NULL);
}

TEST_HARNESS_MAIN
