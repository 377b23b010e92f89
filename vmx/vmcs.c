// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VMX instructions that take a region or a descriptor, and the reports
 * of those that failed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/io.h>
#include <linux/printk.h>

#include "vmx/internal.h"
#include "vmx/vmcs.h"

/**
 * lull_vmcs_read_failed() - report a VMREAD that failed
 * @field:	its encoding
 *
 * Nothing a guest does leads here: it is either a field this CPU does not
 * have, or VMX was switched off for a reboot, which is no news.
 */
void lull_vmcs_read_failed(unsigned long field)
{
	if (!lull_vmx_going_down())
		pr_err_ratelimited("VMREAD of field %#lx failed\n", field);
}

/**
 * lull_vmcs_write_failed() - report a VMWRITE that failed
 * @field:	its encoding
 * @value:	what it should have held
 */
void lull_vmcs_write_failed(unsigned long field, unsigned long value)
{
	if (!lull_vmx_going_down())
		pr_err_ratelimited("VMWRITE of %#lx to field %#lx failed\n",
				   value, field);
}

/**
 * lull_vmxon() - enter VMX operation on this CPU
 * @region:	VMXON region with the revision filled in
 *
 * CR4.VMXE is set.  Return: 0, or -EIO when the CPU refused.
 */
int lull_vmxon(struct vmcs *region)
{
	u64 hpa = __pa(region);

	asm goto("1:	vmxon %[hpa]\n"
		 "	jbe %l[failed]\n"
		 VMX_FAULT_FAILED
		 : : [hpa] "m" (hpa) : "cc", "memory" : failed);
	return 0;

failed:
	return -EIO;
}

/**
 * lull_vmxoff() - leave VMX operation on this CPU
 *
 * Return: 0, or -EIO if the CPU was not in VMX operation.
 */
int lull_vmxoff(void)
{
	asm goto("1:	vmxoff\n"
		 "	jbe %l[failed]\n"
		 VMX_FAULT_FAILED
		 : : : "cc", "memory" : failed);
	return 0;

failed:
	return -EIO;
}

/**
 * lull_vmcs_clear() - write a VMCS back to memory and make it inactive
 * @vmcs:	the region; active on this CPU or on none
 *
 * Return: 0 or -EIO.
 */
int lull_vmcs_clear(struct vmcs *vmcs)
{
	u64 hpa = __pa(vmcs);

	asm goto("1:	vmclear %[hpa]\n"
		 "	jbe %l[failed]\n"
		 VMX_FAULT_FAILED
		 : : [hpa] "m" (hpa) : "cc", "memory" : failed);
	return 0;

failed:
	return -EIO;
}

/**
 * lull_vmcs_make_current() - VMPTRLD
 * @vmcs:	the region; active on this CPU or on none
 *
 * Return: 0 or -EIO.
 */
int lull_vmcs_make_current(struct vmcs *vmcs)
{
	u64 hpa = __pa(vmcs);

	asm goto("1:	vmptrld %[hpa]\n"
		 "	jbe %l[failed]\n"
		 VMX_FAULT_FAILED
		 : : [hpa] "m" (hpa) : "cc", "memory" : failed);
	return 0;

failed:
	return -EIO;
}

/* Type of INVVPID (SDM: "INVVPID - Invalidate Translations..."). */
#define INVVPID_SINGLE_CONTEXT	1UL

/**
 * lull_invvpid_context() - drop all translations of one VPID on this CPU
 * @desc:	the VPID, not 0
 */
void lull_invvpid_context(const struct vmx_invvpid *desc)
{
	asm goto("1:	invvpid %[desc], %[type]\n"
		 "	jbe %l[failed]\n"
		 VMX_FAULT_FAILED
		 :
		 : [desc] "m" (*desc), [type] "r" (INVVPID_SINGLE_CONTEXT)
		 : "cc", "memory"
		 : failed);
	lull_vmx_count_invvpid(desc->vpid);
	return;

failed:
	if (!lull_vmx_going_down())
		pr_err_ratelimited("INVVPID of VPID %llu failed\n", desc->vpid);
}
