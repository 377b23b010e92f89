/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPUID a guest sees.
 */
#ifndef LULL_CPUID_H
#define LULL_CPUID_H

#include <linux/types.h>

/**
 * struct lull_cpuid_env - what a guest's CPUID depends on
 * @para_features: LULL_PARA_F_* offered
 * @tsc_khz:	frequency of the guest's TSC
 * @cr4:	guest's CR4 (OSXSAVE follows it)
 * @xcr0:	guest's XCR0 (sizes in leaf 0xd follow it)
 */
struct lull_cpuid_env {
	u32 para_features;
	u32 tsc_khz;
	u64 cr4;
	u64 xcr0;
};

/**
 * struct lull_cpuid - the four result registers
 * @eax:	EAX
 * @ebx:	EBX
 * @ecx:	ECX
 * @edx:	EDX
 */
struct lull_cpuid {
	u32 eax, ebx, ecx, edx;
};

void lull_cpuid(const struct lull_cpuid_env *env, u32 leaf, u32 subleaf,
		struct lull_cpuid *out);
/* XCR0 bits a guest may set; 0 if the guest has no XSAVE. */
u64 lull_cpuid_xcr0_mask(void);
/* CR4 bits a guest may set, from the features it sees. */
u64 lull_cpuid_cr4_mask(void);
/* EFER bits a guest may set, likewise. */
u64 lull_cpuid_efer_mask(void);
/* Value of IA32_ARCH_CAPABILITIES (MSR 0x10a) in a guest. */
u64 lull_cpuid_arch_capabilities(void);
/* Physical-address width the guest sees. */
unsigned int lull_cpuid_maxphyaddr(void);

#endif /* LULL_CPUID_H */
