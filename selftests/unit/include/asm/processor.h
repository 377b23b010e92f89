/* SPDX-License-Identifier: GPL-2.0-only */
/* The host is what the test says. */
#ifndef LULL_UNIT_ASM_PROCESSOR_H
#define LULL_UNIT_ASM_PROCESSOR_H

#include <asm/cpufeatures.h>
#include <asm/processor-flags.h>
#include <linux/types.h>

struct cpuinfo_x86 {
	u32 x86_capability[NCAPINTS + NBUGINTS];
	int cpuid_level;
	u8 x86_phys_bits;
};

extern struct cpuinfo_x86 boot_cpu_data;

void cpuid_count(u32 leaf, u32 subleaf, u32 *eax, u32 *ebx, u32 *ecx,
		 u32 *edx);

#endif /* LULL_UNIT_ASM_PROCESSOR_H */
