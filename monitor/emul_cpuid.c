// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPUID a guest sees, and what follows from it: which control-register
 * bits, XCR0 bits and MSR values exist for the guest.
 *
 * A guest gets a feature if the processor has it, the host kernel uses it
 * (so that "clearcpuid=" and "nosmap" on the host count), and the table below
 * names it.  The table names what works in a guest: instructions that need
 * nothing of the VMM, and features that the VMM virtualizes.
 *
 * Missing on purpose, beside what nobody has written: APIC (interrupts come
 * from the PIC), MONITOR (idle is HLT or a hypercall), VME (long mode only),
 * PAT and MTRR (guest memory is write-back), RDTSCP and RDPID (IA32_TSC_AUX is
 * the host's), XSAVES and XSAVEC (IA32_XSS is not virtualized), PCID and
 * INVPCID (shadow roots are not tagged by it), 1 GiB pages, and the
 * speculation controls with their MSRs.
 */
#include <linux/bits.h>
#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "hypercall/uapi/lull_para.h"
#include "monitor/cpuid.h"

#define MAX_BASIC		0x16
#define MAX_EXTENDED		0x80000008
#define HYPERVISOR_LAST		0x4fffffff
#define MAX_HYPERVISOR		LULL_CPUID_TIMING

#define GUEST_VIRT_BITS		48

/*
 * Shadow entries use only the host's address bits; 46 is the most a processor
 * with 4-level paging is built with, and leaves the guest's page tables some
 * reserved bits to use in entries that are not present.
 */
#define GUEST_PHYS_BITS_MAX	46

#define LEAF1_EBX_CLFLUSH	GENMASK(15, 8)
#define LEAF1_EBX_ONE_CPU	BIT(16)
#define LEAF4_EAX_SHARING	GENMASK(31, 14)
#define LEAF4_EAX_TYPE		GENMASK(4, 0)
#define LEAFB_ECX_SUBLEAF	GENMASK(7, 0)
#define LEAFB_ECX_TYPE(type)	((type) << 8)
#define LEVEL_SMT		1
#define LEVEL_CORE		2
#define LEAF8X7_EDX_INVARIANT	BIT(8)

#define XSAVE_LEGACY_SIZE	576	/* x87 and SSE area, and header */

#define GUEST_XCR0		(XFEATURE_MASK_FP | XFEATURE_MASK_SSE | \
				 XFEATURE_MASK_YMM)

/* What a 64-bit guest always has. */
#define GUEST_CR4		(X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | \
				 X86_CR4_PAE | X86_CR4_PGE | \
				 X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)
#define GUEST_EFER		(EFER_SCE | EFER_LME | EFER_LMA)

/**
 * struct feature_word - the features of one CPUID register
 * @leaf:	its leaf
 * @subleaf:	its subleaf
 * @reg:	0 to 3 for EAX to EDX
 * @allow:	what guests may have
 * @needs_ymm:	those in @allow that need XCR0.AVX
 */
struct feature_word {
	u32 leaf;
	u32 subleaf;
	unsigned int reg;
	u32 allow;
	u32 needs_ymm;
};

enum { EAX, EBX, ECX, EDX };

#define F(name)			BIT(X86_FEATURE_##name & 31)

static const struct feature_word feature_words[] = {
	[CPUID_1_EDX] = {
		.leaf = 1, .reg = EDX,
		.allow = F(FPU) | F(DE) | F(PSE) | F(TSC) | F(MSR) | F(PAE) |
			 F(CX8) | F(SEP) | F(PGE) | F(CMOV) | F(PSE36) |
			 F(CLFLUSH) | F(MMX) | F(FXSR) | F(XMM) | F(XMM2),
	},
	[CPUID_1_ECX] = {
		.leaf = 1, .reg = ECX,
		.allow = F(XMM3) | F(PCLMULQDQ) | F(SSSE3) | F(FMA) | F(CX16) |
			 F(XMM4_1) | F(XMM4_2) | F(MOVBE) | F(POPCNT) |
			 F(AES) | F(XSAVE) | F(AVX) | F(F16C) | F(RDRAND),
		.needs_ymm = F(FMA) | F(AVX) | F(F16C),
	},
	[CPUID_7_0_EBX] = {
		.leaf = 7, .reg = EBX,
		.allow = F(FSGSBASE) | F(BMI1) | F(AVX2) | F(SMEP) | F(BMI2) |
			 F(ERMS) | F(RDSEED) | F(ADX) | F(SMAP) |
			 F(CLFLUSHOPT) | F(CLWB) | F(SHA_NI),
		.needs_ymm = F(AVX2),
	},
	[CPUID_7_ECX] = {
		.leaf = 7, .reg = ECX,
		.allow = F(GFNI) | F(VAES) | F(VPCLMULQDQ),
		.needs_ymm = F(VAES) | F(VPCLMULQDQ),
	},
	[CPUID_7_EDX] = {
		.leaf = 7, .reg = EDX,
		.allow = F(FSRM),
	},
	[CPUID_D_1_EAX] = {
		.leaf = 0xd, .subleaf = 1, .reg = EAX,
		.allow = F(XSAVEOPT),
	},
	[CPUID_8000_0001_ECX] = {
		.leaf = 0x80000001, .reg = ECX,
		.allow = F(LAHF_LM) | F(ABM) | F(3DNOWPREFETCH),
	},
	[CPUID_8000_0001_EDX] = {
		.leaf = 0x80000001, .reg = EDX,
		.allow = F(SYSCALL) | F(NX) | F(LM),
	},
};

static void host_cpuid(u32 leaf, u32 subleaf, struct lull_cpuid *out)
{
	cpuid_count(leaf, subleaf, &out->eax, &out->ebx, &out->ecx, &out->edx);
}

/* A leaf passed on as it is; zeros if the host does not have it. */
static void host_cpuid_if(u32 leaf, u32 subleaf, struct lull_cpuid *out)
{
	if (boot_cpu_data.cpuid_level >= (int)leaf)
		host_cpuid(leaf, subleaf, out);
}

static u32 cpuid_reg(const struct lull_cpuid *regs, unsigned int reg)
{
	const u32 values[] = { regs->eax, regs->ebx, regs->ecx, regs->edx };

	return values[reg];
}

/**
 * lull_cpuid_xcr0_mask() - XCR0 of guests
 *
 * Return: the bits a guest may set; 0 if the guest has no XSAVE.
 */
u64 lull_cpuid_xcr0_mask(void)
{
	u64 mask = GUEST_XCR0;

	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		return 0;
	if (!cpu_has_xfeatures(XFEATURE_MASK_YMM, NULL))
		mask &= ~XFEATURE_MASK_YMM;
	return mask;
}

/*
 * The guest's features in one register.  The host kernel sets some bits in
 * its words that the processor does not report, hence both.
 */
static u32 guest_word(unsigned int word)
{
	const struct feature_word *w = &feature_words[word];
	u32 bits = w->allow & boot_cpu_data.x86_capability[word];
	struct lull_cpuid host;

	if (!bits)
		return 0;
	host_cpuid(w->leaf, w->subleaf, &host);
	bits &= cpuid_reg(&host, w->reg);
	if (bits & w->needs_ymm &&
	    !(lull_cpuid_xcr0_mask() & XFEATURE_MASK_YMM))
		bits &= ~w->needs_ymm;
	return bits;
}

static bool guest_has(unsigned int feature)
{
	return guest_word(feature / 32) & BIT(feature & 31);
}

/**
 * lull_cpuid_cr4_mask() - CR4 of guests
 *
 * Return: the bits a guest may set, from the features it sees.
 */
u64 lull_cpuid_cr4_mask(void)
{
	u64 mask = GUEST_CR4;

	if (guest_has(X86_FEATURE_XSAVE))
		mask |= X86_CR4_OSXSAVE;
	if (guest_has(X86_FEATURE_FSGSBASE))
		mask |= X86_CR4_FSGSBASE;
	if (guest_has(X86_FEATURE_SMEP))
		mask |= X86_CR4_SMEP;
	if (guest_has(X86_FEATURE_SMAP))
		mask |= X86_CR4_SMAP;
	return mask;
}

/**
 * lull_cpuid_efer_mask() - EFER of guests
 *
 * Return: the bits a guest may set, from the features it sees.
 */
u64 lull_cpuid_efer_mask(void)
{
	return GUEST_EFER | (guest_has(X86_FEATURE_NX) ? EFER_NX : 0);
}

/**
 * lull_cpuid_maxphyaddr() - width of guest-physical addresses
 *
 * Return: bits.  Never more than the host has, so that every guest-physical
 * address fits the hardware's entries.
 */
unsigned int lull_cpuid_maxphyaddr(void)
{
	return min_t(unsigned int, boot_cpu_data.x86_phys_bits,
		     GUEST_PHYS_BITS_MAX);
}

/*
 * Immunity the guest may count on: the processor has it, or the host runs
 * with "mitigations=off", whose owner has decided that its guests shall not
 * pay either.  A guest that wants its defences there asks for them itself
 * ("pti=on").
 */
static bool is_immune(unsigned int bug)
{
	return !boot_cpu_has_bug(bug) || cpu_mitigations_off();
}

static u64 host_arch_capabilities(void)
{
	u64 value = 0;

	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES))
		rdmsrl(MSR_IA32_ARCH_CAPABILITIES, value);
	return value;
}

/**
 * lull_cpuid_arch_capabilities() - IA32_ARCH_CAPABILITIES of guests
 *
 * Shadow paging hides none of these flaws from a guest's own user programs,
 * so what is said is what the host kernel knows of the processor.  The bits
 * that warn (RSBA, RRSBA) are the processor's; those that offer an MSR are 0.
 *
 * Return: the value.
 */
u64 lull_cpuid_arch_capabilities(void)
{
	u64 value = host_arch_capabilities() & (ARCH_CAP_RSBA | ARCH_CAP_RRSBA);

	if (is_immune(X86_BUG_CPU_MELTDOWN) && is_immune(X86_BUG_L1TF))
		value |= ARCH_CAP_RDCL_NO | ARCH_CAP_SKIP_VMENTRY_L1DFLUSH;
	if (is_immune(X86_BUG_SPEC_STORE_BYPASS))
		value |= ARCH_CAP_SSB_NO;
	if (is_immune(X86_BUG_MDS))
		value |= ARCH_CAP_MDS_NO;
	if (is_immune(X86_BUG_TAA))
		value |= ARCH_CAP_TAA_NO;
	if (is_immune(X86_BUG_ITLB_MULTIHIT))
		value |= ARCH_CAP_PSCHANGE_MC_NO;
	if (is_immune(X86_BUG_MMIO_STALE_DATA))
		value |= ARCH_CAP_SBDR_SSDP_NO | ARCH_CAP_FBSDP_NO |
			 ARCH_CAP_PSDP_NO;
	if (is_immune(X86_BUG_GDS))
		value |= ARCH_CAP_GDS_NO;
	if (is_immune(X86_BUG_RFDS))
		value |= ARCH_CAP_RFDS_NO;
	if (is_immune(X86_BUG_BHI))
		value |= ARCH_CAP_BHI_NO;
	return value;
}

static void leaf_1(const struct lull_cpuid_env *env, struct lull_cpuid *out)
{
	host_cpuid(1, 0, out);
	out->ebx = (out->ebx & LEAF1_EBX_CLFLUSH) | LEAF1_EBX_ONE_CPU;
	out->ecx = guest_word(CPUID_1_ECX) | F(HYPERVISOR);
	if (env->cr4 & X86_CR4_OSXSAVE)
		out->ecx |= F(OSXSAVE);
	out->edx = guest_word(CPUID_1_EDX);
}

/* Caches are the host's, but shared with nobody the guest can see. */
static void leaf_4(u32 subleaf, struct lull_cpuid *out)
{
	host_cpuid_if(4, subleaf, out);
	if (out->eax & LEAF4_EAX_TYPE)
		out->eax &= ~LEAF4_EAX_SHARING;
}

static void leaf_7(u32 subleaf, struct lull_cpuid *out)
{
	if (subleaf)
		return;
	/* MSRs 0x3b and 0x10a are emulated, whoever has them. */
	out->ebx = guest_word(CPUID_7_0_EBX) | F(TSC_ADJUST);
	out->ecx = guest_word(CPUID_7_ECX);
	out->edx = guest_word(CPUID_7_EDX) | F(ARCH_CAPABILITIES);
}

/* One thread in one core. */
static void leaf_b(u32 subleaf, struct lull_cpuid *out)
{
	out->ecx = subleaf & LEAFB_ECX_SUBLEAF;
	if (subleaf > 1)
		return;
	out->ebx = 1;
	out->ecx |= LEAFB_ECX_TYPE(subleaf ? LEVEL_CORE : LEVEL_SMT);
}

/* The size of the standard-format XSAVE area for @xcr0. */
static u32 xsave_size(u64 xcr0)
{
	struct lull_cpuid ymm;

	if (!(xcr0 & XFEATURE_MASK_YMM))
		return XSAVE_LEGACY_SIZE;
	host_cpuid(0xd, XFEATURE_YMM, &ymm);
	return ymm.ebx + ymm.eax;
}

static void leaf_d(const struct lull_cpuid_env *env, u32 subleaf,
		   struct lull_cpuid *out)
{
	u64 mask = lull_cpuid_xcr0_mask();

	if (!mask)
		return;
	if (subleaf == 0) {
		out->eax = mask;
		out->edx = mask >> 32;
		out->ebx = xsave_size(env->xcr0);
		out->ecx = xsave_size(mask);
	} else if (subleaf == 1) {
		out->eax = guest_word(CPUID_D_1_EAX);
	} else if (subleaf == XFEATURE_YMM && mask & XFEATURE_MASK_YMM) {
		host_cpuid(0xd, XFEATURE_YMM, out);
		out->ecx = 0;	/* compacted format: not offered */
		out->edx = 0;
	}
}

/*
 * TSC frequency as crystal (ECX, Hz) times EBX / EAX.  A guest may divide
 * the crystal to kHz first, so it is a multiple of 1000.  If the frequency
 * does not fit ECX, call the crystal 1 kHz: that stays exact.
 */
static void leaf_15(u32 tsc_khz, struct lull_cpuid *out)
{
	u64 hz = (u64)tsc_khz * 1000;

	out->eax = 1;
	out->ebx = hz == (u32)hz ? 1 : tsc_khz;
	out->ecx = hz == (u32)hz ? hz : 1000;
}

/*
 * Frequencies in MHz: base and maximum.  A processor without a clock of its
 * own runs at the TSC's; a guest that is told does not measure it.
 */
static void leaf_16(u32 tsc_khz, struct lull_cpuid *out)
{
	out->eax = tsc_khz / 1000;
	out->ebx = out->eax;
}

static void basic_leaf(const struct lull_cpuid_env *env, u32 leaf, u32 subleaf,
		       struct lull_cpuid *out)
{
	switch (leaf) {
	case 0:
		host_cpuid(0, 0, out);
		out->eax = MAX_BASIC;
		break;
	case 1:
		leaf_1(env, out);
		break;
	case 2:		/* descriptors of caches and TLBs */
		host_cpuid_if(2, 0, out);
		break;
	case 4:
		leaf_4(subleaf, out);
		break;
	case 7:
		leaf_7(subleaf, out);
		break;
	case 0xb:
		leaf_b(subleaf, out);
		break;
	case 0xd:
		leaf_d(env, subleaf, out);
		break;
	case 0x15:
		leaf_15(env->tsc_khz, out);
		break;
	case 0x16:
		leaf_16(env->tsc_khz, out);
		break;
	default:	/* not virtualized */
		break;
	}
}

static void extended_leaf(u32 leaf, struct lull_cpuid *out)
{
	switch (leaf) {
	case 0x80000000:
		out->eax = MAX_EXTENDED;
		break;
	case 0x80000001:
		out->ecx = guest_word(CPUID_8000_0001_ECX);
		out->edx = guest_word(CPUID_8000_0001_EDX);
		break;
	case 0x80000002:	/* name of the processor, in three parts */
	case 0x80000003:
	case 0x80000004:
	case 0x80000006:	/* L2 cache */
		host_cpuid(leaf, 0, out);
		break;
	case 0x80000007:
		/* The guest's TSC is the host's plus a constant. */
		out->edx = check_tsc_unstable() ? 0 : LEAF8X7_EDX_INVARIANT;
		break;
	case 0x80000008:
		out->eax = lull_cpuid_maxphyaddr() | GUEST_VIRT_BITS << 8;
		break;
	default:
		break;
	}
}

static void hypervisor_leaf(const struct lull_cpuid_env *env, u32 leaf,
			    struct lull_cpuid *out)
{
	switch (leaf) {
	case LULL_CPUID_SIGNATURE:
		out->eax = MAX_HYPERVISOR;
		out->ebx = LULL_SIGNATURE_WORD;
		out->ecx = LULL_SIGNATURE_WORD;
		out->edx = LULL_SIGNATURE_WORD;
		break;
	case LULL_CPUID_FEATURES:
		out->eax = env->para_features;
		out->ebx = LULL_PARA_VERSION;
		break;
	case LULL_CPUID_TIMING:
		out->eax = env->tsc_khz;
		break;
	default:
		break;
	}
}

/**
 * lull_cpuid() - what CPUID returns in a guest
 * @env:	the state it depends on
 * @leaf:	the guest's EAX
 * @subleaf:	the guest's ECX
 * @out:	the result
 *
 * A leaf beyond the highest gets the data of the highest basic leaf, as on
 * Intel's processors.
 */
void lull_cpuid(const struct lull_cpuid_env *env, u32 leaf, u32 subleaf,
		struct lull_cpuid *out)
{
	memset(out, 0, sizeof(*out));
	if (leaf >= LULL_CPUID_SIGNATURE && leaf <= HYPERVISOR_LAST)
		hypervisor_leaf(env, leaf, out);
	else if (leaf >= 0x80000000 && leaf <= MAX_EXTENDED)
		extended_leaf(leaf, out);
	else
		basic_leaf(env, min_t(u32, leaf, MAX_BASIC), subleaf, out);
}
