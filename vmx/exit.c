// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the VMCS says of an exit.
 */
#include <linux/string.h>

#include "vmx/internal.h"

/**
 * lull_vmx_decode() - fill in the rest of an exit
 * @vmx:	loaded; interrupts still off
 * @exit:	@reason and @intr_info are set
 */
void lull_vmx_decode(struct vmx_vcpu *vmx, struct vmx_exit *exit)
{
	u32 vectoring;

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
	/* Mostly there is nothing to keep and nothing to forget. */
	vectoring = vmcs_read32(IDT_VECTORING_INFO_FIELD);
	if (unlikely(vectoring & VMX_INTR_VALID) || unlikely(vmx->event) ||
	    unlikely(exit->intr_info & VMX_INTR_NMI_UNBLOCKED))
		lull_vmx_requeue(vmx, exit, vectoring);
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
