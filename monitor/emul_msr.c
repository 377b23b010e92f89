// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs that exit.  Those the VMCS or the CPU holds are lull_vmx_*_msr()'s.
 */
#define pr_fmt(fmt) "lull: " fmt

#include <linux/ratelimit.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "monitor/cpuid.h"
#include "monitor/vcpu.h"

/* The bits of IA32_MISC_ENABLE a guest sees: fast strings only. */
#define MISC_ENABLE	MSR_IA32_MISC_ENABLE_FAST_STRING

static int read_msr(struct lull_vcpu *vcpu, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_EFER:
		*val = vcpu->vmx.efer;
		return 0;
	case MSR_IA32_TSC:
		*val = lull_vcpu_tsc(vcpu);
		return 0;
	case MSR_IA32_TSC_ADJUST:
		*val = vcpu->tsc_adjust;
		return 0;
	case MSR_IA32_MISC_ENABLE:
		*val = MISC_ENABLE;
		return 0;
	case MSR_IA32_ARCH_CAPABILITIES:
		*val = lull_cpuid_arch_capabilities();
		return 0;
	/* No microcode to speak of, and nothing to debug. */
	case MSR_IA32_UCODE_REV:
	case MSR_IA32_PLATFORM_ID:
	case MSR_IA32_DEBUGCTLMSR:
		*val = 0;
		return 0;
	default:
		return lull_vmx_get_msr(&vcpu->vmx, msr, val);
	}
}

static int set_efer(struct lull_vcpu *vcpu, u64 efer)
{
	u64 old = vcpu->vmx.efer;
	u64 changed = efer ^ old;

	if ((efer & ~lull_cpuid_efer_mask()) ||
	    ((changed & EFER_LME) && (vcpu->vmx.cr0 & X86_CR0_PG)))
		return -EINVAL;
	/* LMA is read-only. */
	lull_vmx_set_efer(&vcpu->vmx, (efer & ~(u64)EFER_LMA) |
			  (old & EFER_LMA));
	return changed & EFER_NX ? lull_vcpu_reload(vcpu) : 0;
}

/*
 * A write to either register changes both by the same amount: SDM, "Time-Stamp
 * Counter Adjustment".  That is how a guest knows that nobody has set its TSC,
 * and Linux trusts it then without a second clock to compare.
 */
static void move_tsc(struct lull_vcpu *vcpu, u64 by)
{
	vcpu->tsc_adjust += by;
	vcpu->tsc_offset += by;
	lull_vmx_set_tsc_offset(&vcpu->vmx, vcpu->tsc_offset);
	/* What it is set to was in the old time. */
	WRITE_ONCE(vcpu->timer.fired, true);
	set_bit(LULL_REQ_PREPARE, &vcpu->requests);
}

static int write_msr(struct lull_vcpu *vcpu, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_EFER:
		return set_efer(vcpu, val);
	case MSR_IA32_TSC:
		move_tsc(vcpu, val - lull_vcpu_tsc(vcpu));
		return 0;
	case MSR_IA32_TSC_ADJUST:
		move_tsc(vcpu, val - vcpu->tsc_adjust);
		return 0;
	case MSR_IA32_MISC_ENABLE:
		return val == MISC_ENABLE ? 0 : -EINVAL;
	case MSR_IA32_UCODE_REV:
	case MSR_IA32_DEBUGCTLMSR:
		return val ? -EINVAL : 0;
	default:
		return lull_vmx_set_msr(&vcpu->vmx, msr, val);
	}
}

static int refuse(struct lull_vcpu *vcpu, const char *what, u32 msr)
{
	pr_info_ratelimited("vm %u: %s of MSR 0x%x refused\n", vcpu->vm->id,
			    what, msr);
	return lull_inject_gp(vcpu);
}

static void set_result(struct lull_vcpu *vcpu, u64 val)
{
	vcpu->gpr[LULL_RAX] = (u32)val;
	vcpu->gpr[LULL_RDX] = val >> 32;
}

static u64 operand(const struct lull_vcpu *vcpu)
{
	return (u32)vcpu->gpr[LULL_RAX] | vcpu->gpr[LULL_RDX] << 32;
}

/**
 * lull_emul_rdmsr() - RDMSR
 * @vcpu:	the vCPU
 *
 * Return: LULL_NEXT_GUEST.
 */
int lull_emul_rdmsr(struct lull_vcpu *vcpu)
{
	u32 msr = vcpu->gpr[LULL_RCX];
	u64 val;

	if (read_msr(vcpu, msr, &val))
		return refuse(vcpu, "read", msr);
	set_result(vcpu, val);
	return lull_next_insn(vcpu);
}

/**
 * lull_emul_rdmsr_quick() - RDMSR of an MSR that there is
 * @vcpu:	the vCPU
 *
 * Context: interrupts off.
 * Return: LULL_NEXT_GUEST, or LULL_NEXT_SLOW with nothing changed.
 */
int lull_emul_rdmsr_quick(struct lull_vcpu *vcpu)
{
	u64 val;

	if (read_msr(vcpu, vcpu->gpr[LULL_RCX], &val))
		return LULL_NEXT_SLOW;
	set_result(vcpu, val);
	return lull_next_insn(vcpu);
}

/**
 * lull_emul_wrmsr() - WRMSR
 * @vcpu:	the vCPU
 *
 * Return: LULL_NEXT_GUEST, or -ENOMEM.
 */
int lull_emul_wrmsr(struct lull_vcpu *vcpu)
{
	u32 msr = vcpu->gpr[LULL_RCX];
	int r = write_msr(vcpu, msr, operand(vcpu));

	if (r == -ENOMEM)
		return r;
	return r ? refuse(vcpu, "write", msr) : lull_next_insn(vcpu);
}

/**
 * lull_emul_wrmsr_quick() - WRMSR that the MSR takes; not EFER
 * @vcpu:	the vCPU
 *
 * Context: interrupts off.
 * Return: LULL_NEXT_GUEST, or LULL_NEXT_SLOW with nothing changed.
 */
int lull_emul_wrmsr_quick(struct lull_vcpu *vcpu)
{
	u32 msr = vcpu->gpr[LULL_RCX];

	/* EFER.NX means another root, which takes memory. */
	if (msr == MSR_EFER || write_msr(vcpu, msr, operand(vcpu)))
		return LULL_NEXT_SLOW;
	return lull_next_insn(vcpu);
}
