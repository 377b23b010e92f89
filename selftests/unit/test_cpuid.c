// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's CPUID on hosts that have everything, little, or a part.
 */
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include <linux/cpu.h>
#include <linux/kernel.h>
#include <string.h>

#include "cmocka_all.h"
#include "hypercall/uapi/lull_para.h"
#include "monitor/cpuid.h"

struct cpuinfo_x86 boot_cpu_data;

/* The host's answers, where they are not all ones. */
static u32 hw_features;		/* what feature leaves return */
static u64 host_xfeatures;
static u64 host_arch_cap;
static bool mitigations_off, tsc_unstable;

static struct lull_cpuid_env env;

void cpuid_count(u32 leaf, u32 subleaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	*eax = hw_features;
	*ebx = hw_features;
	*ecx = hw_features;
	*edx = hw_features;
	if (leaf == 0) {
		*ebx = 0x756e6547;
		*ecx = 0x6c65746e;
		*edx = 0x49656e69;
	} else if (leaf == 1) {
		*eax = 0x306c3;
	} else if (leaf == 4) {
		*eax = subleaf < 4 ? 0x1c004121 : 0;
	} else if (leaf == 0xd && subleaf == XFEATURE_YMM) {
		*eax = 256;
		*ebx = 576;
		*ecx = 0;
		*edx = 0;
	}
}

int cpu_has_xfeatures(u64 mask, const char **missing)
{
	return (host_xfeatures & mask) == mask;
}

u64 unit_rdmsr(u32 msr)
{
	assert_int_equal(msr, MSR_IA32_ARCH_CAPABILITIES);
	assert_true(boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES));
	return host_arch_cap;
}

bool cpu_mitigations_off(void)
{
	return mitigations_off;
}

bool check_tsc_unstable(void)
{
	return tsc_unstable;
}

static void set_cap(unsigned int feature, bool on)
{
	boot_cpu_data.x86_capability[feature / 32] &= ~BIT(feature & 31);
	if (on)
		boot_cpu_data.x86_capability[feature / 32] |=
			BIT(feature & 31);
}

/* A host with every feature and every flaw. */
static int setup(void **state)
{
	memset(&boot_cpu_data, 0xff, sizeof(boot_cpu_data));
	boot_cpu_data.cpuid_level = 0x20;
	boot_cpu_data.x86_phys_bits = 39;
	hw_features = ~0U;
	host_xfeatures = ~0ULL;
	host_arch_cap = ~0ULL;
	mitigations_off = false;
	tsc_unstable = false;
	env = (struct lull_cpuid_env){
		.para_features = LULL_PARA_F_ALL,
		.tsc_khz = 3400000,
		.xcr0 = XFEATURE_MASK_FP,
	};
	return 0;
}

static struct lull_cpuid get(u32 leaf, u32 subleaf)
{
	struct lull_cpuid out;

	memset(&out, 0xa5, sizeof(out));
	lull_cpuid(&env, leaf, subleaf, &out);
	return out;
}

static void expect(u32 leaf, u32 subleaf, u32 eax, u32 ebx, u32 ecx, u32 edx)
{
	struct lull_cpuid got = get(leaf, subleaf);

	if (got.eax != eax || got.ebx != ebx || got.ecx != ecx ||
	    got.edx != edx)
		fail_msg("leaf %#x.%#x: %#x %#x %#x %#x", leaf, subleaf,
			 got.eax, got.ebx, got.ecx, got.edx);
}

static bool seen(unsigned int feature)
{
	switch (feature / 32) {
	case CPUID_1_EDX:
		return get(1, 0).edx >> (feature & 31) & 1;
	case CPUID_1_ECX:
		return get(1, 0).ecx >> (feature & 31) & 1;
	case CPUID_7_0_EBX:
		return get(7, 0).ebx >> (feature & 31) & 1;
	case CPUID_7_ECX:
		return get(7, 0).ecx >> (feature & 31) & 1;
	case CPUID_7_EDX:
		return get(7, 0).edx >> (feature & 31) & 1;
	case CPUID_D_1_EAX:
		return get(0xd, 1).eax >> (feature & 31) & 1;
	case CPUID_8000_0001_ECX:
		return get(0x80000001, 0).ecx >> (feature & 31) & 1;
	case CPUID_8000_0001_EDX:
		return get(0x80000001, 0).edx >> (feature & 31) & 1;
	}
	fail_msg("no such word");
	return false;
}

static void test_never_offered(void **state)
{
	static const unsigned int hidden[] = {
		X86_FEATURE_MWAIT, X86_FEATURE_VMX, X86_FEATURE_SMX,
		X86_FEATURE_EST, X86_FEATURE_TM2, X86_FEATURE_X2APIC,
		X86_FEATURE_APIC, X86_FEATURE_TSC_DEADLINE_TIMER,
		X86_FEATURE_PCID, X86_FEATURE_INVPCID, X86_FEATURE_MTRR,
		X86_FEATURE_PAT, X86_FEATURE_MCE, X86_FEATURE_MCA,
		X86_FEATURE_ACPI, X86_FEATURE_ACC, X86_FEATURE_DS,
		X86_FEATURE_DTES64, X86_FEATURE_PDCM, X86_FEATURE_RDTSCP,
		X86_FEATURE_RDPID, X86_FEATURE_UMIP, X86_FEATURE_PKU,
		X86_FEATURE_OSPKE, X86_FEATURE_LA57, X86_FEATURE_GBPAGES,
		X86_FEATURE_XSAVES, X86_FEATURE_XSAVEC, X86_FEATURE_XGETBV1,
		X86_FEATURE_SPEC_CTRL, X86_FEATURE_INTEL_STIBP,
		X86_FEATURE_FLUSH_L1D, X86_FEATURE_SPEC_CTRL_SSBD,
		X86_FEATURE_RTM, X86_FEATURE_HLE, X86_FEATURE_AVX512F,
		X86_FEATURE_VME, X86_FEATURE_HT,
		X86_FEATURE_CQM, X86_FEATURE_SGX, X86_FEATURE_MPX,
		X86_FEATURE_PN, X86_FEATURE_WAITPKG, X86_FEATURE_BUS_LOCK_DETECT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hidden); i++)
		if (seen(hidden[i]))
			fail_msg("feature %u.%u", hidden[i] / 32,
				 hidden[i] & 31);
}

static const unsigned int offered[] = {
	X86_FEATURE_FPU, X86_FEATURE_TSC, X86_FEATURE_MSR, X86_FEATURE_PAE,
	X86_FEATURE_CX8, X86_FEATURE_SEP, X86_FEATURE_PGE, X86_FEATURE_PSE36,
	X86_FEATURE_XMM2, X86_FEATURE_CX16, X86_FEATURE_AES,
	X86_FEATURE_PCLMULQDQ, X86_FEATURE_XSAVE, X86_FEATURE_AVX,
	X86_FEATURE_F16C, X86_FEATURE_FMA, X86_FEATURE_RDRAND,
	X86_FEATURE_FSGSBASE, X86_FEATURE_SMEP, X86_FEATURE_SMAP,
	X86_FEATURE_BMI1, X86_FEATURE_BMI2, X86_FEATURE_AVX2,
	X86_FEATURE_ERMS, X86_FEATURE_RDSEED, X86_FEATURE_ADX,
	X86_FEATURE_XSAVEOPT, X86_FEATURE_LAHF_LM, X86_FEATURE_SYSCALL,
	X86_FEATURE_NX, X86_FEATURE_LM,
};

static void test_offered(void **state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offered); i++) {
		assert_true(seen(offered[i]));
		/* ... but not against the host's will, */
		set_cap(offered[i], false);
		assert_false(seen(offered[i]));
		set_cap(offered[i], true);
	}
	/* nor if the processor does not have it. */
	hw_features = 0;
	for (i = 0; i < ARRAY_SIZE(offered); i++)
		assert_false(seen(offered[i]));
	assert_true(seen(X86_FEATURE_HYPERVISOR));
	assert_true(seen(X86_FEATURE_ARCH_CAPABILITIES));
	assert_true(seen(X86_FEATURE_TSC_ADJUST));
}

static void test_osxsave_follows_cr4(void **state)
{
	assert_false(seen(X86_FEATURE_OSXSAVE));
	env.cr4 = X86_CR4_OSXSAVE;
	assert_true(seen(X86_FEATURE_OSXSAVE));
}

static void test_no_ymm(void **state)
{
	host_xfeatures = XFEATURE_MASK_FP | XFEATURE_MASK_SSE;
	assert_false(seen(X86_FEATURE_AVX));
	assert_false(seen(X86_FEATURE_AVX2));
	assert_false(seen(X86_FEATURE_FMA));
	assert_false(seen(X86_FEATURE_F16C));
	assert_false(seen(X86_FEATURE_VAES));
	assert_true(seen(X86_FEATURE_XSAVE));
	assert_true(seen(X86_FEATURE_AES));
	assert_int_equal(lull_cpuid_xcr0_mask(), 3);
	expect(0xd, 0, 3, 576, 576, 0);
	expect(0xd, 2, 0, 0, 0, 0);
}

static void test_no_xsave(void **state)
{
	set_cap(X86_FEATURE_XSAVE, false);
	assert_int_equal(lull_cpuid_xcr0_mask(), 0);
	assert_false(seen(X86_FEATURE_AVX));
	assert_false(lull_cpuid_cr4_mask() & X86_CR4_OSXSAVE);
	expect(0xd, 0, 0, 0, 0, 0);
	expect(0xd, 1, 0, 0, 0, 0);
	expect(0xd, 2, 0, 0, 0, 0);
}

static void test_xsave_sizes(void **state)
{
	assert_int_equal(lull_cpuid_xcr0_mask(), 7);
	expect(0xd, 0, 7, 576, 832, 0);
	env.xcr0 = 7;
	expect(0xd, 0, 7, 832, 832, 0);
	expect(0xd, 1, 1, 0, 0, 0);
	expect(0xd, 2, 256, 576, 0, 0);
	expect(0xd, 3, 0, 0, 0, 0);
	expect(0xd, 63, 0, 0, 0, 0);
}

static void test_control_registers(void **state)
{
	const u64 always = X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE |
			   X86_CR4_PAE | X86_CR4_PGE | X86_CR4_OSFXSR |
			   X86_CR4_OSXMMEXCPT;

	assert_int_equal(lull_cpuid_cr4_mask(),
			 always | X86_CR4_OSXSAVE | X86_CR4_FSGSBASE |
			 X86_CR4_SMEP | X86_CR4_SMAP);
	set_cap(X86_FEATURE_SMEP, false);
	set_cap(X86_FEATURE_SMAP, false);
	set_cap(X86_FEATURE_FSGSBASE, false);
	set_cap(X86_FEATURE_XSAVE, false);
	assert_int_equal(lull_cpuid_cr4_mask(), always);
	assert_int_equal(lull_cpuid_efer_mask(), 0xd01);
	set_cap(X86_FEATURE_NX, false);
	assert_int_equal(lull_cpuid_efer_mask(), 0x501);
}

static void test_identity(void **state)
{
	expect(0, 0, 0x16, 0x756e6547, 0x6c65746e, 0x49656e69);
	assert_int_equal(get(1, 0).eax, 0x306c3);
	assert_int_equal(get(1, 0).ebx, 0x1ff00);
	assert_int_equal(get(0x80000000, 0).eax, 0x80000008);
	assert_int_equal(get(0x80000002, 0).eax, ~0U);
	expect(0x80000007, 0, 0, 0, 0, 1 << 8);
	tsc_unstable = true;
	expect(0x80000007, 0, 0, 0, 0, 0);
}

static void test_topology(void **state)
{
	assert_int_equal(get(4, 0).eax, 0x121);
	assert_int_equal(get(4, 3).eax, 0x121);
	assert_int_equal(get(4, 4).eax, 0);
	expect(0xb, 0, 0, 1, 0x100, 0);
	expect(0xb, 1, 0, 1, 0x201, 0);
	expect(0xb, 2, 0, 0, 2, 0);
	expect(0xb, 0x1234, 0, 0, 0x34, 0);
	boot_cpu_data.cpuid_level = 1;
	expect(4, 0, 0, 0, 0, 0);
	expect(2, 0, 0, 0, 0, 0);
}

static void test_unused_leaves(void **state)
{
	static const u32 unused[] = {
		3, 5, 6, 8, 9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13,
		0x14, 0x80000005,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unused); i++)
		expect(unused[i], 0, 0, 0, 0, 0);
	expect(7, 1, 0, 0, 0, 0);
	assert_int_equal(get(7, 0).eax, 0);
}

static void test_address_width(void **state)
{
	assert_int_equal(lull_cpuid_maxphyaddr(), 39);
	expect(0x80000008, 0, 0x3027, 0, 0, 0);
	boot_cpu_data.x86_phys_bits = 52;
	assert_int_equal(lull_cpuid_maxphyaddr(), 46);
	expect(0x80000008, 0, 0x302e, 0, 0, 0);
}

/* As Linux computes it, and exactly. */
static void test_tsc_frequency(void **state)
{
	static const u32 khz[] = {
		1, 999, 50000, 1000003, 2394230, 4294967, 4294968, 4999999,
		5000011, 8589935, 4294967291U, 4294967295U,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		struct lull_cpuid out;
		u32 crystal_khz;

		env.tsc_khz = khz[i];
		out = get(0x15, 0);
		crystal_khz = out.ecx / 1000;
		assert_int_equal(crystal_khz * out.ebx / out.eax, khz[i]);
		assert_true((u64)out.ecx * out.ebx / out.eax ==
			    (u64)khz[i] * 1000);
		assert_int_equal(out.edx, 0);
		assert_int_equal(get(0x40000002, 0).eax, khz[i]);
		expect(0x16, 0, khz[i] / 1000, khz[i] / 1000, 0, 0);
	}
}

static void test_hypervisor_leaves(void **state)
{
	struct lull_cpuid sig = get(0x40000000, 0);

	assert_int_equal(sig.eax, 0x40000002);
	assert_memory_equal(&sig.ebx, "LullLullLull", 12);
	expect(0x40000001, 0, LULL_PARA_F_ALL, LULL_PARA_VERSION, 0, 0);
	env.para_features = 0;
	expect(0x40000001, 9, 0, LULL_PARA_VERSION, 0, 0);
	expect(0x40000002, 0, 3400000, 0, 0, 0);
	expect(0x40000003, 0, 0, 0, 0, 0);
	expect(0x40000100, 0, 0, 0, 0, 0);
	expect(0x4fffffff, 0, 0, 0, 0, 0);
}

static void test_out_of_range(void **state)
{
	static const u32 leaves[] = {
		0x17, 0x1000, 0x3fffffff, 0x50000000, 0x7fffffff, 0x80000009,
		0x80860000, 0xc0000000, 0xffffffff,
	};
	struct lull_cpuid highest = get(0x16, 0);
	struct lull_cpuid out;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		out = get(leaves[i], 5);
		assert_memory_equal(&out, &highest, sizeof(out));
	}
}

static void test_arch_capabilities(void **state)
{
	const u64 warnings = ARCH_CAP_RSBA | ARCH_CAP_RRSBA;
	u64 all_immune;

	/* Every flaw: only the processor's warnings. */
	assert_int_equal(lull_cpuid_arch_capabilities(), warnings);
	mitigations_off = true;
	all_immune = lull_cpuid_arch_capabilities();
	assert_true(all_immune & ARCH_CAP_RDCL_NO);
	assert_true(all_immune & ARCH_CAP_MDS_NO);
	mitigations_off = false;
	set_cap(X86_BUG_CPU_MELTDOWN, false);
	assert_int_equal(lull_cpuid_arch_capabilities(), warnings);
	set_cap(X86_BUG_L1TF, false);
	assert_int_equal(lull_cpuid_arch_capabilities(),
			 warnings | ARCH_CAP_RDCL_NO |
			 ARCH_CAP_SKIP_VMENTRY_L1DFLUSH);
	/* No flaw and no MSR: nothing is read, the rest is immunity. */
	memset(&boot_cpu_data, 0, sizeof(boot_cpu_data));
	assert_int_equal(lull_cpuid_arch_capabilities(),
			 all_immune & ~warnings);
	assert_false(all_immune & (ARCH_CAP_TSX_CTRL_MSR | ARCH_CAP_IBRS_ALL |
				   ARCH_CAP_FB_CLEAR_CTRL | ARCH_CAP_GDS_CTRL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_never_offered, setup),
		cmocka_unit_test_setup(test_offered, setup),
		cmocka_unit_test_setup(test_osxsave_follows_cr4, setup),
		cmocka_unit_test_setup(test_no_ymm, setup),
		cmocka_unit_test_setup(test_no_xsave, setup),
		cmocka_unit_test_setup(test_xsave_sizes, setup),
		cmocka_unit_test_setup(test_control_registers, setup),
		cmocka_unit_test_setup(test_identity, setup),
		cmocka_unit_test_setup(test_topology, setup),
		cmocka_unit_test_setup(test_unused_leaves, setup),
		cmocka_unit_test_setup(test_address_width, setup),
		cmocka_unit_test_setup(test_tsc_frequency, setup),
		cmocka_unit_test_setup(test_hypervisor_leaves, setup),
		cmocka_unit_test_setup(test_out_of_range, setup),
		cmocka_unit_test_setup(test_arch_capabilities, setup),
	};

	return cmocka_run_group_tests_name("cpuid", tests, NULL, NULL);
}
