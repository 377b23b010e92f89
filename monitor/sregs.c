// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers as the launcher sees them.
 */
#include <asm/processor-flags.h>

#include "monitor/cpuid.h"
#include "monitor/segments.h"
#include "monitor/vcpu.h"

/**
 * lull_vcpu_reset() - registers of a new vCPU
 * @vcpu:	the vCPU; its VMCS has its initial state
 */
void lull_vcpu_reset(struct lull_vcpu *vcpu)
{
	vcpu->xcr0 = XFEATURE_MASK_FP;
	vcpu->dr6 = DR6_RESERVED;
	if (boot_cpu_has(X86_FEATURE_XSAVE))
		vcpu->host_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
	lull_vcpu_update_mode(vcpu);
}

/**
 * lull_vcpu_get_regs() - LULL_GET_REGS
 * @vcpu:	the vCPU, mutex held
 * @regs:	receives them
 */
void lull_vcpu_get_regs(struct lull_vcpu *vcpu, struct lull_regs *regs)
{
	lull_vcpu_load(vcpu);
	memcpy(regs->gpr, vcpu->gpr, sizeof(regs->gpr));
	regs->gpr[LULL_RSP] = lull_vmx_get_rsp(&vcpu->vmx);
	regs->rip = lull_vmx_get_rip(&vcpu->vmx);
	regs->rflags = lull_vmx_get_rflags(&vcpu->vmx);
	lull_vcpu_put(vcpu);
}

static bool is_canonical(u64 addr)
{
	return addr == (u64)sign_extend64(addr, 47);
}

/* Bits that are 0 in every RFLAGS. */
#define RFLAGS_NEVER	(~GENMASK_ULL(21, 0) | BIT_ULL(15) | BIT_ULL(5) | \
			 BIT_ULL(3))

/* Virtual-8086 mode has no place in IA-32e mode. */
static bool rflags_valid(const struct lull_vcpu *vcpu, u64 rflags)
{
	return !(rflags & RFLAGS_NEVER) &&
	       !((rflags & X86_EFLAGS_VM) && (vcpu->vmx.efer & EFER_LMA));
}

/**
 * lull_vcpu_set_regs() - LULL_SET_REGS
 * @vcpu:	the vCPU, mutex held
 * @regs:	the new values
 *
 * Return: 0, or -EINVAL for flags or a RIP that cannot be.
 */
int lull_vcpu_set_regs(struct lull_vcpu *vcpu, const struct lull_regs *regs)
{
	if (!rflags_valid(vcpu, regs->rflags) || !is_canonical(regs->rip))
		return -EINVAL;
	lull_vcpu_load(vcpu);
	memcpy(vcpu->gpr, regs->gpr, sizeof(regs->gpr));
	lull_vmx_set_rsp(&vcpu->vmx, regs->gpr[LULL_RSP]);
	lull_vmx_set_rip(&vcpu->vmx, regs->rip);
	lull_vmx_set_rflags(&vcpu->vmx, regs->rflags | X86_EFLAGS_FIXED);
	lull_vmx_clear_blocking(&vcpu->vmx);
	if (!(regs->rflags & X86_EFLAGS_IF))
		lull_vmx_drop_irq(&vcpu->vmx);
	lull_vcpu_put(vcpu);
	/* The launcher did the instruction itself. */
	vcpu->io_pending = false;
	vcpu->halted = false;
	/* The guest was not told when the timer is set to. */
	WRITE_ONCE(vcpu->timer.fired, true);
	return 0;
}

/**
 * lull_vcpu_get_sregs() - LULL_GET_SREGS
 * @vcpu:	the vCPU, mutex held
 * @sregs:	receives them
 */
void lull_vcpu_get_sregs(struct lull_vcpu *vcpu, struct lull_sregs *sregs)
{
	int i;

	memset(sregs, 0, sizeof(*sregs));
	lull_vcpu_load(vcpu);
	for (i = 0; i < LULL_NR_SEGS; i++)
		lull_vmx_get_seg(&vcpu->vmx, i, &sregs->seg[i]);
	lull_vmx_get_dtables(&vcpu->vmx, &sregs->gdtr, &sregs->idtr);
	sregs->cr0 = lull_vmx_get_cr0(&vcpu->vmx);
	lull_vcpu_put(vcpu);
	sregs->cr2 = vcpu->vmx.cr2;
	sregs->cr3 = vcpu->shadow.cr3;
	sregs->cr4 = vcpu->vmx.cr4;
	sregs->efer = vcpu->vmx.efer;
}

static bool pads_clear(const struct lull_sregs *sregs)
{
	int i;

	for (i = 0; i < LULL_NR_SEGS; i++) {
		if (memchr_inv(sregs->seg[i].pad, 0, sizeof(sregs->seg[i].pad)))
			return false;
	}
	return !memchr_inv(sregs->gdtr.pad, 0, sizeof(sregs->gdtr.pad)) &&
	       !memchr_inv(sregs->idtr.pad, 0, sizeof(sregs->idtr.pad));
}

/* Bases that VM entry checks: all 64 bits of them exist. */
static bool bases_canonical(const struct lull_sregs *sregs)
{
	return is_canonical(sregs->seg[LULL_FS].base) &&
	       is_canonical(sregs->seg[LULL_GS].base) &&
	       is_canonical(sregs->seg[LULL_LDTR].base) &&
	       is_canonical(sregs->seg[LULL_TR].base) &&
	       is_canonical(sregs->gdtr.base) &&
	       is_canonical(sregs->idtr.base);
}

/* What no processor can be in. */
static bool sregs_valid(const struct lull_sregs *sregs)
{
	bool pg = sregs->cr0 & X86_CR0_PG;
	bool lma = pg && (sregs->efer & EFER_LME);

	return pads_clear(sregs) && bases_canonical(sregs) &&
	       (sregs->cr0 & X86_CR0_NE) && (!pg || sregs->cr0 & X86_CR0_PE) &&
	       !(sregs->cr0 & ~LULL_CR0_VALID) &&
	       (!(sregs->cr0 & X86_CR0_NW) || (sregs->cr0 & X86_CR0_CD)) &&
	       (!lma || (sregs->cr4 & X86_CR4_PAE)) &&
	       !(sregs->cr4 & ~lull_cpuid_cr4_mask()) &&
	       !(sregs->efer & EFER_LMA) == !lma &&
	       !(sregs->efer & ~lull_cpuid_efer_mask()) &&
	       !(sregs->cr3 >> lull_cpuid_maxphyaddr());
}

/* Protected mode without paging, or IA-32e mode. */
static bool mode_supported(const struct lull_sregs *sregs)
{
	if (sregs->cr0 & X86_CR0_PG)
		return sregs->efer & EFER_LMA;
	return sregs->cr0 & X86_CR0_PE;
}

/**
 * lull_vcpu_set_sregs() - LULL_SET_SREGS
 * @vcpu:	the vCPU, mutex held
 * @sregs:	the new values
 *
 * RFLAGS.VM is that of the last LULL_SET_REGS, or the guest's.
 *
 * Return: 0, -EINVAL for registers that cannot be, -EOPNOTSUPP for real mode
 * and 32-bit paging, or -ENOMEM.
 */
int lull_vcpu_set_sregs(struct lull_vcpu *vcpu, const struct lull_sregs *sregs)
{
	bool ia32e = sregs->efer & EFER_LMA;
	int i, r;

	if (!sregs_valid(sregs))
		return -EINVAL;
	if (!mode_supported(sregs))
		return -EOPNOTSUPP;
	lull_vcpu_load(vcpu);
	if (!lull_segments_valid(sregs->seg, ia32e,
				 lull_vmx_get_rflags(&vcpu->vmx) &
				 X86_EFLAGS_VM)) {
		lull_vcpu_put(vcpu);
		return -EINVAL;
	}
	for (i = 0; i < LULL_NR_SEGS; i++)
		lull_vmx_set_seg(&vcpu->vmx, i, &sregs->seg[i]);
	lull_vmx_set_dtables(&vcpu->vmx, &sregs->gdtr, &sregs->idtr);
	lull_vmx_set_cr0(&vcpu->vmx, sregs->cr0);
	lull_vmx_set_cr4(&vcpu->vmx, sregs->cr4);
	lull_vcpu_forget_cpuid(vcpu);
	lull_vmx_set_efer(&vcpu->vmx, sregs->efer);
	vcpu->vmx.cr2 = sregs->cr2;
	vcpu->shadow.cr3 = sregs->cr3;
	vcpu->shadow.guarded = false;
	/* The launcher may have written page tables: nobody saw it. */
	lull_mmu_zap_all(&vcpu->vm->mmu);
	r = lull_vcpu_reload(vcpu);
	lull_vcpu_put(vcpu);
	return r;
}
