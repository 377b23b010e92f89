/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the capability MSRs to the controls in use.  Pure: cap.c also
 * compiles in user space, with <asm/vmx.h> from the kernel's headers.
 */
#ifndef LULL_VMX_CAP_H
#define LULL_VMX_CAP_H

#include "vmx/vmx.h"

/**
 * struct vmx_msrs - what one CPU says of its VMX
 * @signature:	type, family, model and stepping, as CPUID.1:EAX has them
 * @basic:	IA32_VMX_BASIC
 * @pin:	IA32_VMX_PINBASED_CTLS or its TRUE variant if there is one;
 *		low half: bits that must be 1, high half: bits that may be 1
 * @cpu:	likewise for the primary processor-based controls
 * @cpu2:	likewise for the secondary ones, 0 if there are none
 * @exit:	likewise for the VM-exit controls
 * @entry:	likewise for the VM-entry controls
 * @misc:	IA32_VMX_MISC
 * @ept_vpid:	IA32_VMX_EPT_VPID_CAP, 0 if the CPU has neither
 * @cr0_fixed0:	IA32_VMX_CR0_FIXED0
 * @cr0_fixed1:	IA32_VMX_CR0_FIXED1
 * @cr4_fixed0:	IA32_VMX_CR4_FIXED0
 * @cr4_fixed1:	IA32_VMX_CR4_FIXED1
 */
struct vmx_msrs {
	u32 signature;
	u64 basic;
	u64 pin;
	u64 cpu;
	u64 cpu2;
	u64 exit;
	u64 entry;
	u64 misc;
	u64 ept_vpid;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
};

/* Parts of IA32_VMX_BASIC that <asm/vmx.h> has no name for. */
#define VMX_BASIC_SIZE(basic)		(((basic) >> 32) & 0x1fff)
#define VMX_BASIC_MEMORY_TYPE(basic)	(((basic) >> 50) & 0xf)
#define VMX_BASIC_TYPE_WB		6
#define VMX_BASIC_TRUE_CONTROLS		BIT_ULL(55)

/* Number of CR3-target values, in IA32_VMX_MISC. */
#define VMX_MISC_CR3_TARGETS(misc)	(((misc) >> 16) & 0x1ff)

int lull_vmx_choose_config(const struct vmx_msrs *msrs,
			   struct vmx_config *config, const char **missing);

#endif /* LULL_VMX_CAP_H */
