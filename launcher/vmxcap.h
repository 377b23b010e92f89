/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a CPU have what Lull needs?  Judged from its VMX capability MSRs. */
#ifndef LAUNCHER_VMXCAP_H
#define LAUNCHER_VMXCAP_H

#include "base.h"

#define MSR_FEATURE_CONTROL	0x3a
#define MSR_VMX_BASIC		0x480
#define MSR_VMX_PIN		0x481
#define MSR_VMX_CPU		0x482
#define MSR_VMX_EXIT		0x483
#define MSR_VMX_ENTRY		0x484

/**
 * enum vmxcap_lock - what the firmware decided
 * @VMXCAP_ON:	VMX can be used
 * @VMXCAP_UNLOCKED: nobody decided; the module does not decide either
 * @VMXCAP_OFF:	VMX cannot be used until the next reset
 */
enum vmxcap_lock {
	VMXCAP_ON,
	VMXCAP_UNLOCKED,
	VMXCAP_OFF,
};

/**
 * struct vmxcap - the MSRs
 * @feature_control: IA32_FEATURE_CONTROL
 * @basic:	IA32_VMX_BASIC
 * @pin:	IA32_VMX_PINBASED_CTLS
 * @cpu:	IA32_VMX_PROCBASED_CTLS
 * @exit:	IA32_VMX_EXIT_CTLS
 * @entry:	IA32_VMX_ENTRY_CTLS
 */
struct vmxcap {
	u64 feature_control;
	u64 basic;
	u64 pin;
	u64 cpu;
	u64 exit;
	u64 entry;
};

enum vmxcap_lock vmxcap_lock(const struct vmxcap *cap);
const char *vmxcap_missing(const struct vmxcap *cap);

#endif /* LAUNCHER_VMXCAP_H */
