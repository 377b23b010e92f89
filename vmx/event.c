// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events for the guest.  At most one is queued, in the VM-entry fields and in
 * vmx->event: the monitor's, or one whose delivery the last exit cut off.
 */
#include <linux/bits.h>
#include <asm/processor-flags.h>

#include "vmx/event.h"
#include "vmx/internal.h"

static void queue(struct vmx_vcpu *vmx, u32 info, u32 error_code)
{
	vmx->event = info;
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, info);
	if (info & VMX_INTR_HAS_ERROR)
		vmcs_write32(VM_ENTRY_EXCEPTION_ERROR_CODE, error_code);
}

static void block_nmi(bool on)
{
	u32 state = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	if (on)
		state |= GUEST_INTR_STATE_NMI;
	else
		state &= ~GUEST_INTR_STATE_NMI;
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, state);
}

/*
 * An IRET that faulted will run again: until then NMIs are blocked as they
 * were before it.  The bit means nothing after a double fault.
 */
static void undo_iret(const struct vmx_exit *exit)
{
	if ((exit->intr_info & VMX_INTR_VALID) &&
	    (exit->intr_info & VMX_INTR_NMI_UNBLOCKED) &&
	    (exit->intr_info & VMX_INTR_VECTOR) != LULL_VEC_DF &&
	    (lull_vmx_config()->pin & PIN_BASED_VIRTUAL_NMIS))
		block_nmi(true);
}

/**
 * lull_vmx_requeue() - keep an event whose delivery the exit cut off
 * @vmx:	loaded, after an exit
 * @exit:	the exit
 * @info:	IDT-vectoring information
 *
 * The exit has emptied the VM-entry fields.
 */
void lull_vmx_requeue(struct vmx_vcpu *vmx, const struct vmx_exit *exit,
		      u32 info)
{
	u32 error_code = 0;

	vmx->event = 0;
	if (!(info & VMX_INTR_VALID)) {
		undo_iret(exit);
		return;
	}
	/* Its bit 12 is undefined and must be 0 on entry. */
	info &= VMX_INTR_VALID | VMX_INTR_HAS_ERROR | VMX_INTR_TYPE |
		VMX_INTR_VECTOR;
	if (info & VMX_INTR_HAS_ERROR)
		error_code = vmcs_read32(IDT_VECTORING_ERROR_CODE);
	if (vmx_event_has_length(info))
		vmcs_write32(VM_ENTRY_INSTRUCTION_LEN, exit->insn_len);
	/* An NMI on its way in is not yet one that blocks others. */
	if ((info & VMX_INTR_TYPE) == VMX_INTR_TYPE_NMI)
		block_nmi(false);
	queue(vmx, info, error_code);
}

static void queue_exception(struct vmx_vcpu *vmx, u8 vector, u32 error_code)
{
	u32 info = vmx_exception_info(vector);

	if (vmx_event_has_length(info))
		vmcs_write32(VM_ENTRY_INSTRUCTION_LEN,
			     vmcs_read32(VM_EXIT_INSTRUCTION_LEN));
	/*
	 * Delivery ends the blocking.  To leave it would demand a pending
	 * single-step trap beside it when TF is set.
	 */
	lull_vmx_clear_blocking(vmx);
	queue(vmx, info, error_code);
}

/**
 * lull_vmx_inject() - queue an exception
 * @vmx:	loaded
 * @ex:		the exception; whether it has an error code follows from the
 *		vector
 *
 * If delivering the queued event raised it, the two may make a double fault.
 * Else it replaces the queued event, which is lost, as on hardware: a fault
 * will be raised, or INT n executed, anew.
 *
 * Return: false for a triple fault; then nothing is queued any more.
 */
bool lull_vmx_inject(struct vmx_vcpu *vmx, const struct lull_exception *ex)
{
	if (ex->vector == LULL_VEC_PF)
		vmx->cr2 = ex->cr2;
	switch (vmx_combine(vmx->event, ex->vector)) {
	case VMX_TRIPLE_FAULT:
		queue(vmx, 0, 0);
		return false;
	case VMX_DOUBLE_FAULT:
		queue_exception(vmx, LULL_VEC_DF, 0);
		return true;
	case VMX_SERIAL:
	default:
		queue_exception(vmx, ex->vector, ex->error_code);
		return true;
	}
}

/**
 * lull_vmx_inject_irq() - queue an external interrupt
 * @vmx:	loaded; lull_vmx_irq_allowed() has said yes
 * @vector:	of the interrupt
 */
void lull_vmx_inject_irq(struct vmx_vcpu *vmx, u8 vector)
{
	queue(vmx, VMX_INTR_VALID | VMX_INTR_TYPE_EXT | vector, 0);
}

/**
 * lull_vmx_irq_allowed() - would the next entry take an interrupt?
 * @vmx:	loaded
 *
 * A debug exception that is pending comes first: an entry with an interrupt
 * would lose it (SDM: "Delivery of Pending Debug Exceptions after VM Entry").
 *
 * Return: true if lull_vmx_inject_irq() may be called.
 */
bool lull_vmx_irq_allowed(struct vmx_vcpu *vmx)
{
	return !vmx->event &&
	       (vmcs_read_natural(GUEST_RFLAGS) & X86_EFLAGS_IF) &&
	       !(vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) &
		 VMX_BLOCKING_BY_STI_MOV_SS) &&
	       !vmcs_read_natural(GUEST_PENDING_DBG_EXCEPTIONS);
}

/**
 * lull_vmx_irq_window() - exit as soon as the guest can take an interrupt
 * @vmx:	loaded
 * @on:		whether to
 */
void lull_vmx_irq_window(struct vmx_vcpu *vmx, bool on)
{
	vmx->irq_window = on;
	vmx->cpu_controls &= ~CPU_BASED_INTR_WINDOW_EXITING;
	if (on)
		vmx->cpu_controls |= CPU_BASED_INTR_WINDOW_EXITING;
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, vmx->cpu_controls);
}

/**
 * lull_vmx_drop_irq() - forget the queued event if it is an external interrupt
 * @vmx:	loaded
 *
 * With RFLAGS.IF clear VM entry would refuse it (SDM: "Checks on Guest RIP,
 * RFLAGS, and SSP").
 */
void lull_vmx_drop_irq(struct vmx_vcpu *vmx)
{
	if ((vmx->event & VMX_INTR_VALID) &&
	    (vmx->event & VMX_INTR_TYPE) == VMX_INTR_TYPE_EXT)
		queue(vmx, 0, 0);
}

/**
 * lull_vmx_clear_blocking() - end blocking by STI or MOV SS
 * @vmx:	loaded
 */
void lull_vmx_clear_blocking(struct vmx_vcpu *vmx)
{
	vmx_end_blocking();
}
