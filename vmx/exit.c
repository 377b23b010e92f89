// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the VMCS says of an exit, and the host's own events among the exits.
 */
#include <linux/string.h>

#include "vmx/internal.h"

static __always_inline bool is_event(u32 intr_info, u32 type, u8 vector)
{
	return (intr_info & (VMX_INTR_VALID | VMX_INTR_TYPE |
			     VMX_INTR_VECTOR)) ==
	       (VMX_INTR_VALID | type | vector);
}

/**
 * lull_vmx_hand_back() - give the host its NMI or machine check
 * @exit:	out: @reason and @intr_info
 *
 * The software interrupts take the host's own gates, on the stacks that
 * belong to them; the handler's IRET unblocks NMIs.  A machine check looks
 * like one in kernel mode, the most cautious view of it.
 */
noinstr void lull_vmx_hand_back(struct vmx_exit *exit)
{
	u32 info = 0;

	exit->reason = vmcs_read32(VM_EXIT_REASON);
	if (exit->reason == VMX_EXIT_EXCEPTION_NMI)
		info = vmcs_read32(VM_EXIT_INTR_INFO);
	exit->intr_info = info;

	if (is_event(info, VMX_INTR_TYPE_NMI, LULL_VEC_NMI))
		asm volatile("int $2" : : : "memory");
	else if (is_event(info, VMX_INTR_TYPE_HARD_EXC, LULL_VEC_MC) ||
		 (u16)exit->reason == VMX_EXIT_ENTRY_MACHINE_CHECK)
		asm volatile("int $18" : : : "memory");
}

/**
 * lull_vmx_decode() - fill in the rest of an exit
 * @vmx:	loaded; interrupts still off
 * @exit:	@reason and @intr_info are set
 */
void lull_vmx_decode(struct vmx_vcpu *vmx, struct vmx_exit *exit)
{
	exit->insn_error = 0;
	exit->intr_error = 0;
	exit->insn_len = 0;
	exit->qualification = vmcs_read_natural(EXIT_QUALIFICATION);
	/* A failed entry writes no other field than these two. */
	if (unlikely(exit->reason & VMX_EXIT_REASON_ENTRY_FAILED))
		return;

	vmx->launched = true;
	vmx->quiescent = exit->reason == VMX_EXIT_EXTERNAL_INTERRUPT;
	exit->insn_len = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	if (exit->intr_info & VMX_INTR_HAS_ERROR)
		exit->intr_error = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	lull_vmx_requeue(vmx, exit);
}

/**
 * lull_vmx_decode_failure() - describe an entry that did not happen
 * @exit:	out: all of it
 */
void lull_vmx_decode_failure(struct vmx_exit *exit)
{
	memset(exit, 0, sizeof(*exit));
	exit->reason = ~0U;
	if (!lull_vmx_going_down())
		exit->insn_error = vmcs_read32(VM_INSTRUCTION_ERROR);
}
