/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_ASM_CPUFEATURE_H
#define LULL_UNIT_ASM_CPUFEATURE_H

#include <asm/cpufeatures.h>
#include <asm/processor.h>

/* The numbers of the words, which are the upper part of X86_FEATURE_*. */
enum {
	CPUID_1_EDX = X86_FEATURE_FPU / 32,
	CPUID_8000_0001_EDX = X86_FEATURE_LM / 32,
	CPUID_1_ECX = X86_FEATURE_XMM3 / 32,
	CPUID_8000_0001_ECX = X86_FEATURE_LAHF_LM / 32,
	CPUID_7_0_EBX = X86_FEATURE_FSGSBASE / 32,
	CPUID_D_1_EAX = X86_FEATURE_XSAVEOPT / 32,
	CPUID_7_ECX = X86_FEATURE_VAES / 32,
	CPUID_7_EDX = X86_FEATURE_ARCH_CAPABILITIES / 32,
};

#define boot_cpu_has(feature) \
	(boot_cpu_data.x86_capability[(feature) / 32] >> ((feature) & 31) & 1)
#define boot_cpu_has_bug(bug)	boot_cpu_has(bug)

#endif /* LULL_UNIT_ASM_CPUFEATURE_H */
