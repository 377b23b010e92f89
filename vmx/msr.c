// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs that the hardware holds for a guest: some are fields of the VMCS, five
 * live in the CPU while the vCPU is loaded.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <asm/msr.h>
#include <asm/page.h>

#include "vmx/internal.h"

static const u32 guest_msrs[VMX_NR_GUEST_MSRS] = {
	[VMX_MSR_STAR] = MSR_STAR,
	[VMX_MSR_LSTAR] = MSR_LSTAR,
	[VMX_MSR_CSTAR] = MSR_CSTAR,
	[VMX_MSR_SFMASK] = MSR_SYSCALL_MASK,
	[VMX_MSR_KERNEL_GS_BASE] = MSR_KERNEL_GS_BASE,
};

/**
 * lull_vmx_read_host_msrs() - note the host's values on a new CPU
 * @vmx:	not loaded
 *
 * Linux never changes the SYSCALL MSRs of a CPU that is up.
 */
void lull_vmx_read_host_msrs(struct vmx_vcpu *vmx)
{
	int i;

	for (i = 0; i < VMX_NR_GUEST_MSRS; i++)
		vmx->host_msr[i] = __rdmsr(guest_msrs[i]);
}

static void exchange(u32 msr, u64 now, u64 next)
{
	if (now != next)
		native_wrmsrl(msr, next);
}

/**
 * lull_vmx_load_msrs() - give the CPU the guest's values
 * @vmx:	being loaded; preemption off
 *
 * Until lull_vmx_unload_msrs() this CPU must not go to user mode.
 */
void lull_vmx_load_msrs(struct vmx_vcpu *vmx)
{
	int i;

	/* Unlike the others this one is the thread's. */
	vmx->host_msr[VMX_MSR_KERNEL_GS_BASE] = __rdmsr(MSR_KERNEL_GS_BASE);
	for (i = 0; i < VMX_NR_GUEST_MSRS; i++)
		exchange(guest_msrs[i], vmx->host_msr[i], vmx->guest_msr[i]);
}

/**
 * lull_vmx_unload_msrs() - keep the guest's values, give the CPU the host's
 * @vmx:	being put; preemption off
 *
 * The guest can write KERNEL_GS_BASE without an exit, by SWAPGS too.
 */
void lull_vmx_unload_msrs(struct vmx_vcpu *vmx)
{
	int i;

	vmx->guest_msr[VMX_MSR_KERNEL_GS_BASE] = __rdmsr(MSR_KERNEL_GS_BASE);
	for (i = 0; i < VMX_NR_GUEST_MSRS; i++)
		exchange(guest_msrs[i], vmx->guest_msr[i], vmx->host_msr[i]);
}

static int find(u32 msr)
{
	int i;

	for (i = 0; i < VMX_NR_GUEST_MSRS; i++)
		if (guest_msrs[i] == msr)
			return i;
	return -ENOENT;
}

static int get_cpu_msr(struct vmx_vcpu *vmx, u32 msr, u64 *val)
{
	int i = find(msr);

	if (i < 0)
		return i;
	*val = __rdmsr(msr);
	return 0;
}

static int set_cpu_msr(struct vmx_vcpu *vmx, u32 msr, u64 val)
{
	int i = find(msr);

	if (i < 0)
		return i;
	/*
	 * Being scheduled out between the two, the host would get its own
	 * value only if it is not what the guest just wrote.
	 */
	preempt_disable();
	vmx->guest_msr[i] = val;
	native_wrmsrl(msr, val);
	preempt_enable();
	return 0;
}

/**
 * lull_vmx_get_msr() - read an MSR that the hardware holds for the guest
 * @vmx:	loaded
 * @msr:	its number
 * @val:	out: its value
 *
 * Return: 0, or -ENOENT if @msr is not one of these.
 */
int lull_vmx_get_msr(struct vmx_vcpu *vmx, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_FS_BASE:
		*val = vmcs_read_natural(GUEST_FS_BASE);
		return 0;
	case MSR_GS_BASE:
		*val = vmcs_read_natural(GUEST_GS_BASE);
		return 0;
	case MSR_IA32_SYSENTER_CS:
		*val = vmcs_read32(GUEST_SYSENTER_CS);
		return 0;
	case MSR_IA32_SYSENTER_ESP:
		*val = vmcs_read_natural(GUEST_SYSENTER_ESP);
		return 0;
	case MSR_IA32_SYSENTER_EIP:
		*val = vmcs_read_natural(GUEST_SYSENTER_EIP);
		return 0;
	default:
		return get_cpu_msr(vmx, msr, val);
	}
}

/* Would WRMSR take it?  Guests have 48-bit linear addresses. */
static bool is_valid_value(u32 msr, u64 val)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_IA32_SYSENTER_ESP:
	case MSR_IA32_SYSENTER_EIP:
	case MSR_LSTAR:
	case MSR_CSTAR:
		return __is_canonical_address(val, 48);
	case MSR_SYSCALL_MASK:
		return !(val >> 32);
	default:
		return true;
	}
}

/**
 * lull_vmx_set_msr() - write an MSR that the hardware holds for the guest
 * @vmx:	loaded
 * @msr:	its number
 * @val:	its value
 *
 * Return: 0; -ENOENT if @msr is not one of these; -EINVAL if WRMSR of @val
 * would be #GP.
 */
int lull_vmx_set_msr(struct vmx_vcpu *vmx, u32 msr, u64 val)
{
	if (!is_valid_value(msr, val))
		return -EINVAL;
	switch (msr) {
	case MSR_FS_BASE:
		vmcs_write_natural(GUEST_FS_BASE, val);
		return 0;
	case MSR_GS_BASE:
		vmcs_write_natural(GUEST_GS_BASE, val);
		return 0;
	case MSR_IA32_SYSENTER_CS:
		vmcs_write32(GUEST_SYSENTER_CS, val);
		return 0;
	case MSR_IA32_SYSENTER_ESP:
		vmcs_write_natural(GUEST_SYSENTER_ESP, val);
		return 0;
	case MSR_IA32_SYSENTER_EIP:
		vmcs_write_natural(GUEST_SYSENTER_EIP, val);
		return 0;
	default:
		return set_cpu_msr(vmx, msr, val);
	}
}
