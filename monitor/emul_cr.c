// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control registers, debug registers, XCR0 (SDM: "Exit Qualification for
 * Control-Register Accesses", "... for MOV DR").
 */

#include <asm/processor-flags.h>

#include "monitor/cpuid.h"
#include "monitor/trace.h"
#include "monitor/vcpu.h"

#define CR4_FLUSHES	(X86_CR4_PGE | X86_CR4_PSE | X86_CR4_PAE | \
			 X86_CR4_SMEP | X86_CR4_SMAP)

static noinline bool code_is_long(struct lull_vcpu *vcpu)
{
	struct lull_segment cs;

	lull_vmx_get_seg(&vcpu->vmx, LULL_CS, &cs);
	return cs.ar & LULL_AR_LONG;
}

/**
 * lull_vcpu_in_64bit_code() - neither compatibility nor protected mode
 * @vcpu:	the vCPU, loaded
 *
 * Outside IA-32e mode CS.L means nothing.
 *
 * Return: whether operands and addresses may have 64 bits.
 */
bool lull_vcpu_in_64bit_code(struct lull_vcpu *vcpu)
{
	return (vcpu->vmx.efer & EFER_LMA) && code_is_long(vcpu);
}

static u64 read_gpr(struct lull_vcpu *vcpu, unsigned int nr)
{
	u64 val = nr == LULL_RSP ? lull_vmx_get_rsp(&vcpu->vmx) :
				   vcpu->gpr[nr];

	/* MOV in other than 64-bit code has 32-bit operands. */
	return unlikely(val >> 32) && !lull_vcpu_in_64bit_code(vcpu) ? (u32)val : val;
}

static void write_gpr(struct lull_vcpu *vcpu, unsigned int nr, u64 val)
{
	if (nr == LULL_RSP)
		lull_vmx_set_rsp(&vcpu->vmx, val);
	else
		vcpu->gpr[nr] = val;
}

/**
 * lull_vcpu_update_mode() - tell the shadow MMU of new control bits
 * @vcpu:	the vCPU
 */
void lull_vcpu_update_mode(struct lull_vcpu *vcpu)
{
	const struct lull_paging_mode mode = {
		.unpaged = !(vcpu->vmx.cr0 & X86_CR0_PG),
		.wp = vcpu->vmx.cr0 & X86_CR0_WP,
		.nxe = vcpu->vmx.efer & EFER_NX,
		.smep = vcpu->vmx.cr4 & X86_CR4_SMEP,
		.smap = vcpu->vmx.cr4 & X86_CR4_SMAP,
	};

	lull_shadow_set_mode(&vcpu->shadow, &mode);
	/* It was set in another root. */
	vcpu->wire_set = false;
}

/**
 * lull_vcpu_reload() - a full flush under the control bits in force
 * @vcpu:	the vCPU, loaded
 *
 * Return: 0 or -ENOMEM.
 */
int lull_vcpu_reload(struct lull_vcpu *vcpu)
{
	int r;

	lull_vcpu_update_mode(vcpu);
	r = lull_shadow_reload(&vcpu->shadow);
	if (!r)
		lull_vmx_set_root(&vcpu->vmx,
				  lull_shadow_root_hpa(&vcpu->shadow));
	return r;
}

static int reload_and_next(struct lull_vcpu *vcpu)
{
	int r = lull_vcpu_reload(vcpu);

	return r ? r : lull_next_insn(vcpu);
}

/* The guest wants a mode that Lull does not run: the launcher says so. */
static int refuse_mode(struct lull_vcpu *vcpu, enum lull_mode mode)
{
	memset(&vcpu->run->mode, 0, sizeof(vcpu->run->mode));
	vcpu->run->mode.wanted = mode;
	vcpu->run->reason = LULL_RUN_MODE;
	lull_vm_kill(vcpu->vm);
	return LULL_NEXT_USER;
}

/*
 * Paging goes on and with it IA-32e mode (SDM: "Initializing IA-32e Mode"),
 * which wants CR4.PAE, a CS without L and a TR without a 16-bit TSS.
 */
static int enter_long_mode(struct lull_vcpu *vcpu, u64 cr0)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	struct lull_segment tr;

	if (!(vmx->efer & EFER_LME))
		return refuse_mode(vcpu, vmx->cr4 & X86_CR4_PAE ?
				   LULL_MODE_PAE : LULL_MODE_32BIT);
	lull_vmx_get_seg(vmx, LULL_TR, &tr);
	if (!(vmx->cr4 & X86_CR4_PAE) || code_is_long(vcpu) ||
	    (tr.ar & LULL_AR_TYPE) == LULL_AR_TSS16_BUSY)
		return lull_inject_gp(vcpu);
	lull_vmx_set_cr0(vmx, cr0);
	lull_vmx_set_efer(vmx, vmx->efer | EFER_LMA);
	return reload_and_next(vcpu);
}

/* Only from compatibility mode: 64-bit code cannot run on without paging. */
static int leave_long_mode(struct lull_vcpu *vcpu, u64 cr0)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	if (code_is_long(vcpu))
		return lull_inject_gp(vcpu);
	lull_vmx_set_cr0(vmx, cr0);
	lull_vmx_set_efer(vmx, vmx->efer & ~(u64)EFER_LMA);
	return reload_and_next(vcpu);
}

static int set_cr0(struct lull_vcpu *vcpu, u64 cr0)
{
	u64 changed = cr0 ^ vcpu->vmx.cr0;

	if (cr0 >> 32 || ((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD)))
		return lull_inject_gp(vcpu);
	if ((cr0 & X86_CR0_PG) && !(cr0 & X86_CR0_PE))
		return lull_inject_gp(vcpu);
	cr0 = (cr0 & LULL_CR0_VALID) | X86_CR0_ET;
	if (!(cr0 & X86_CR0_PE)) {
		if (lull_vcpu_in_64bit_code(vcpu))
			return lull_inject_gp(vcpu);
		return refuse_mode(vcpu, LULL_MODE_REAL);
	}
	if (changed & X86_CR0_PG)
		return cr0 & X86_CR0_PG ? enter_long_mode(vcpu, cr0) :
					  leave_long_mode(vcpu, cr0);
	lull_vmx_set_cr0(&vcpu->vmx, cr0);
	return changed & X86_CR0_WP ? reload_and_next(vcpu) :
				      lull_next_insn(vcpu);
}

/* LMSW loads bits 3:0 of CR0, and cannot clear PE. */
static int lmsw(struct lull_vcpu *vcpu)
{
	u64 cr0 = lull_vmx_get_cr0(&vcpu->vmx);
	u64 source = (vcpu->exit.qualification >> 16) & 0xf;

	return set_cr0(vcpu, (cr0 & ~0xeULL) | source | X86_CR0_PE);
}

static int set_cr4(struct lull_vcpu *vcpu, u64 cr4)
{
	u64 changed = cr4 ^ vcpu->vmx.cr4;

	if ((cr4 & vcpu->cr4_reserved) ||
	    ((vcpu->vmx.efer & EFER_LMA) && !(cr4 & X86_CR4_PAE)))
		return lull_inject_gp(vcpu);
	lull_vmx_set_cr4(&vcpu->vmx, cr4);
	if (changed & X86_CR4_OSXSAVE)
		lull_vcpu_forget_cpuid(vcpu);
	return changed & CR4_FLUSHES ? reload_and_next(vcpu) :
				       lull_next_insn(vcpu);
}

/*
 * What is to be loaded for a value of the guest's, perhaps with LULL_GUARDED;
 * false if it may not load that.  A value that the guest read in its table of
 * CR3 targets, and that was taken off the list before it was loaded, stands for
 * the CR3 beside it there.
 */
static bool resolve_cr3(struct lull_vcpu *vcpu, u64 *cr3)
{
	struct lull_shadow *sh = &vcpu->shadow;

	if (!sh->targets.on || !(*cr3 & LULL_CR3_TARGET))
		return !(*cr3 & vcpu->cr3_reserved);
	return lull_targets_resolve(sh, *cr3 & ~LULL_CR3_TARGET, cr3);
}

static int set_cr3(struct lull_vcpu *vcpu, u64 cr3)
{
	struct lull_shadow *sh = &vcpu->shadow;
	u64 old = sh->cr3, start = vcpu->last, sync_ticks;
	u64 stolen = vcpu->stats.preempted;
	unsigned int synced;
	bool cached;
	int r;

	if (!resolve_cr3(vcpu, &cr3))
		return lull_inject_gp(vcpu);
	r = lull_shadow_load_cr3(sh, cr3, &cached);
	if (r)
		return r;
	lull_account(vcpu, LULL_TICKS_SYNC);
	sync_ticks = vcpu->stats.ticks[LULL_TICKS_SYNC];
	synced = lull_shadow_sync(sh);
	lull_account(vcpu, LULL_TICKS_PT_SWITCH);
	sync_ticks = vcpu->stats.ticks[LULL_TICKS_SYNC] - sync_ticks;
	lull_vmx_set_root(&vcpu->vmx, lull_shadow_root_hpa(sh));
	lull_count(vcpu, LULL_CNT_CR3_LOADS);
	if (old == sh->cr3)
		lull_count(vcpu, LULL_CNT_CR3_SAME);
	if (cached)
		lull_count(vcpu, LULL_CNT_CR3_CACHED);
	if (trace_lull_cr3_enabled()) {
		lull_account(vcpu, LULL_TICKS_PT_SWITCH);
		trace_lull_cr3(vcpu->vm->id, vcpu->id, old, sh->cr3, cached,
			       synced, vcpu->last - start -
			       (vcpu->stats.preempted - stolen), sync_ticks);
	}
	return lull_next_insn(vcpu);
}

static void trace_quick(struct lull_vcpu *vcpu, u64 old, unsigned int synced)
{
	u64 ticks = rdtsc() - vcpu->last;

	trace_lull_cr3(vcpu->vm->id, vcpu->id, old, vcpu->shadow.cr3, true,
		       synced, ticks, synced ? ticks : 0);
}

/* A load of CR3 with a root that is there, and in sync or soon will be. */
static int set_cr3_quick(struct lull_vcpu *vcpu, u64 cr3)
{
	struct lull_shadow *sh = &vcpu->shadow;
	u64 old = sh->cr3;
	unsigned int synced;

	if (!resolve_cr3(vcpu, &cr3) ||
	    !lull_shadow_try_cr3(sh, cr3, &synced))
		return LULL_NEXT_SLOW;
	if (synced)
		vcpu->bucket = LULL_TICKS_SYNC;
	lull_vmx_set_root(&vcpu->vmx, lull_shadow_root_hpa(sh));
	lull_count(vcpu, LULL_CNT_CR3_LOADS);
	lull_count(vcpu, LULL_CNT_CR3_CACHED);
	if (old == sh->cr3)
		lull_count(vcpu, LULL_CNT_CR3_SAME);
	if (trace_lull_cr3_enabled())
		trace_quick(vcpu, old, synced);
	return lull_next_insn(vcpu);
}

/* PGE turned over, as to flush global translations. */
static int set_cr4_quick(struct lull_vcpu *vcpu, u64 cr4)
{
	struct lull_shadow *sh = &vcpu->shadow;

	if ((cr4 ^ vcpu->vmx.cr4) != X86_CR4_PGE ||
	    !lull_shadow_try_resync(sh))
		return LULL_NEXT_SLOW;
	lull_vmx_set_cr4(&vcpu->vmx, cr4);
	lull_vmx_set_root(&vcpu->vmx, lull_shadow_root_hpa(sh));
	return lull_next_insn(vcpu);
}

static int get_cr3(struct lull_vcpu *vcpu, unsigned int gpr)
{
	write_gpr(vcpu, gpr, vcpu->shadow.cr3);
	return lull_next_insn(vcpu);
}

/**
 * lull_emul_cr_quick() - MOV to or from a control register that finds all it
 * needs
 * @vcpu:	the vCPU
 *
 * Context: interrupts off.
 * Return: LULL_NEXT_GUEST, or LULL_NEXT_SLOW with nothing changed that the guest
 * can see.
 */
int lull_emul_cr_quick(struct lull_vcpu *vcpu)
{
	u64 qualification = vcpu->exit.qualification;
	unsigned int gpr = (qualification >> 8) & 0xf;

	/* The register, and in bits 5:4 the access type: 1 is a MOV from it. */
	switch (qualification & 0x3f) {
	case 0x03:
		vcpu->bucket = LULL_TICKS_PT_SWITCH;
		return set_cr3_quick(vcpu, read_gpr(vcpu, gpr));
	case 0x04:
		vcpu->bucket = LULL_TICKS_PRIV;
		return set_cr4_quick(vcpu, read_gpr(vcpu, gpr));
	case 0x13:
		vcpu->bucket = LULL_TICKS_PRIV;
		return get_cr3(vcpu, gpr);
	default:
		return LULL_NEXT_SLOW;
	}
}

static int mov_to_cr(struct lull_vcpu *vcpu, unsigned int cr, u64 val)
{
	switch (cr) {
	case 0:
		return set_cr0(vcpu, val);
	case 3:
		return set_cr3(vcpu, val);
	case 4:
		return set_cr4(vcpu, val);
	default:
		if (val >> 4)
			return lull_inject_gp(vcpu);
		vcpu->cr8 = val;
		return lull_next_insn(vcpu);
	}
}

/**
 * lull_emul_cr() - an access to a control register
 * @vcpu:	the vCPU
 *
 * Return: enum lull_next, or -ENOMEM.
 */
int lull_emul_cr(struct lull_vcpu *vcpu)
{
	u64 qualification = vcpu->exit.qualification;
	unsigned int cr = qualification & 0xf;
	unsigned int gpr = (qualification >> 8) & 0xf;

	switch ((qualification >> 4) & 3) {
	case 0:
		return mov_to_cr(vcpu, cr, read_gpr(vcpu, gpr));
	case 1:
		if (cr == 3)
			return get_cr3(vcpu, gpr);
		write_gpr(vcpu, gpr, vcpu->cr8);
		return lull_next_insn(vcpu);
	case 2:
		lull_vmx_set_cr0(&vcpu->vmx, lull_vmx_get_cr0(&vcpu->vmx) &
				 ~X86_CR0_TS);
		return lull_next_insn(vcpu);
	default:
		return lmsw(vcpu);
	}
}

static u64 read_dr(struct lull_vcpu *vcpu, unsigned int dr)
{
	if (dr < 4)
		return vcpu->vmx.dr[dr];
	return dr & 1 ? lull_vmx_get_dr7(&vcpu->vmx) : vcpu->dr6;
}

static int write_dr(struct lull_vcpu *vcpu, unsigned int dr, u64 val)
{
	if (dr < 4) {
		vcpu->vmx.dr[dr] = val;
	} else if (val >> 32) {
		return lull_inject_gp(vcpu);
	} else if (dr & 1) {
		val = (val | DR7_FIXED_1) & ~(u64)DR7_RESERVED;
		lull_vmx_set_dr7(&vcpu->vmx, val);
	} else {
		vcpu->dr6 = (val & (DR_TRAP_BITS | DR_STEP | DR6_BD |
				    DR6_BT)) | DR6_RESERVED;
	}
	return lull_next_insn(vcpu);
}

static int general_detect(struct lull_vcpu *vcpu)
{
	const struct lull_exception ex = { .vector = LULL_VEC_DB };

	vcpu->dr6 |= DR6_BD;
	lull_vmx_set_dr7(&vcpu->vmx,
			 lull_vmx_get_dr7(&vcpu->vmx) & ~(u64)DR7_GD);
	lull_inject_fault(vcpu, &ex);
	return LULL_NEXT_GUEST;
}

/**
 * lull_emul_dr() - an access to a debug register
 * @vcpu:	the vCPU
 *
 * Return: LULL_NEXT_GUEST.
 */
int lull_emul_dr(struct lull_vcpu *vcpu)
{
	u64 qualification = vcpu->exit.qualification;
	unsigned int dr = qualification & 7;
	unsigned int gpr = (qualification >> 8) & 0xf;

	if ((dr == 4 || dr == 5) && (vcpu->vmx.cr4 & X86_CR4_DE))
		return lull_inject_ud(vcpu);
	if (lull_vmx_get_dr7(&vcpu->vmx) & DR7_GD)
		return general_detect(vcpu);
	if (!(qualification & BIT(4)))
		return write_dr(vcpu, dr, read_gpr(vcpu, gpr));
	write_gpr(vcpu, gpr, read_dr(vcpu, dr));
	return lull_next_insn(vcpu);
}

/**
 * lull_emul_xsetbv() - XSETBV
 * @vcpu:	the vCPU
 *
 * Return: LULL_NEXT_GUEST.
 */
int lull_emul_xsetbv(struct lull_vcpu *vcpu)
{
	u64 val = (u32)vcpu->gpr[LULL_RAX] | vcpu->gpr[LULL_RDX] << 32;

	if ((u32)vcpu->gpr[LULL_RCX] || lull_vmx_get_cpl(&vcpu->vmx) ||
	    (val & ~lull_cpuid_xcr0_mask()) || !(val & XFEATURE_MASK_FP) ||
	    ((val & XFEATURE_MASK_YMM) && !(val & XFEATURE_MASK_SSE)))
		return lull_inject_gp(vcpu);
	vcpu->xcr0 = val;
	lull_vcpu_forget_cpuid(vcpu);
	return lull_next_insn(vcpu);
}
