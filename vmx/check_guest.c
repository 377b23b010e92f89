// SPDX-License-Identifier: GPL-2.0-only
/*
 * SDM: "Checks on the Guest State Area", but for the segment registers.
 */
#include <linux/kernel.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/vmx.h>

#include "vmx/check.h"

#define AR_DPL(ar)		(((ar) >> 5) & 3)
#define AR_L			BIT(13)

#define RFLAGS_RESERVED		(GENMASK_ULL(63, 22) | BIT_ULL(15) | \
				 BIT_ULL(5) | BIT_ULL(3))
/* LBR, BTF, bus-lock, TR to DEBUG_LOCK...: what some CPU defines. */
#define DEBUGCTL_RESERVED	(~0xdfc7ULL)
#define DEBUGCTL_BTF		BIT_ULL(1)

#define PENDING_RESERVED	(GENMASK_ULL(63, 17) | BIT_ULL(15) | \
				 BIT_ULL(13) | GENMASK_ULL(11, 4))
#define PENDING_BS		BIT_ULL(14)

#define BLOCKING_STI		BIT(0)
#define BLOCKING_MOV_SS		BIT(1)
#define BLOCKING_SMI		BIT(2)
#define BLOCKING_NMI		BIT(3)
#define BLOCKING_RESERVED	(~0xfU)

enum { ACTIVE, HALTED, SHUT_DOWN, WAIT_FOR_SIPI };

#define PDPTE_P			BIT_ULL(0)
#define PDPTE_RESERVED		(GENMASK_ULL(8, 5) | GENMASK_ULL(2, 1))

static bool has_event(const struct vmx_state *s, u32 type)
{
	return (s->event & VMX_INTR_VALID) &&
	       (s->event & VMX_INTR_TYPE) == type;
}

static bool has_exception(const struct vmx_state *s, u8 vector)
{
	return has_event(s, VMX_INTR_TYPE_HARD_EXC) &&
	       (s->event & VMX_INTR_VECTOR) == vector;
}

static const char *check_efer(const struct vmx_state *s)
{
	u64 efer = s->guest.efer;
	bool lma = efer & EFER_LMA, lme = efer & EFER_LME;

	if (!(s->entry & VM_ENTRY_LOAD_IA32_EFER))
		return NULL;
	if (efer & ~(u64)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX))
		return "guest IA32_EFER: reserved bits";
	if (lma != vmx_is_ia32e(s))
		return "guest IA32_EFER: LMA against IA-32e mode guest";
	if ((s->guest.cr0 & X86_CR0_PG) && lma != lme)
		return "guest IA32_EFER: LMA against LME";
	return NULL;
}

static const char *check_control_registers(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;

	if (!vmx_is_fixed(g->cr0, s->msrs.cr0_fixed0, s->msrs.cr0_fixed1))
		return "guest CR0: fixed bits";
	if ((g->cr0 & X86_CR0_PG) && !(g->cr0 & X86_CR0_PE))
		return "guest CR0: PG without PE";
	if (!vmx_is_fixed(g->cr4, s->msrs.cr4_fixed0, s->msrs.cr4_fixed1))
		return "guest CR4: fixed bits";
	if (vmx_is_ia32e(s) &&
	    (!(g->cr0 & X86_CR0_PG) || !(g->cr4 & X86_CR4_PAE)))
		return "IA-32e mode guest: CR0.PG and CR4.PAE";
	if (!vmx_is_ia32e(s) && (g->cr4 & X86_CR4_PCIDE))
		return "guest CR4: PCIDE outside IA-32e mode";
	if (!vmx_fits_width(s, g->cr3))
		return "guest CR3: address width";
	return NULL;
}

/* "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static const char *check_registers(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;
	const char *bad = check_control_registers(s);

	if (bad)
		return bad;
	if ((s->entry & VM_ENTRY_LOAD_DEBUG_CONTROLS) &&
	    (g->debugctl & DEBUGCTL_RESERVED))
		return "guest IA32_DEBUGCTL: reserved bits";
	if ((s->entry & VM_ENTRY_LOAD_DEBUG_CONTROLS) && g->dr7 >> 32)
		return "guest DR7: bits 63:32";
	if (!vmx_is_canonical(s, g->sysenter_esp) ||
	    !vmx_is_canonical(s, g->sysenter_eip))
		return "guest SYSENTER_ESP and SYSENTER_EIP: canonical";
	if ((s->entry & VM_ENTRY_LOAD_IA32_PAT) && !vmx_is_pat(g->pat))
		return "guest IA32_PAT";
	return check_efer(s);
}

/* "Checks on Guest Descriptor-Table Registers" */
static const char *check_tables(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;

	if (!vmx_is_canonical(s, g->gdtr) || !vmx_is_canonical(s, g->idtr))
		return "GDTR and IDTR base: canonical";
	if ((g->gdtr_limit | g->idtr_limit) >> 16)
		return "GDTR and IDTR limit: bits 31:16";
	return NULL;
}

/* "Checks on Guest RIP, RFLAGS, and SSP" */
static const char *check_rip(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;
	bool code64 = vmx_is_ia32e(s) && (g->seg[LULL_CS].ar & AR_L);

	if (!code64 && g->rip >> 32)
		return "guest RIP: bits 63:32 outside 64-bit mode";
	if (code64 && !vmx_is_canonical(s, g->rip))
		return "guest RIP: canonical";
	if ((g->rflags & RFLAGS_RESERVED) || !(g->rflags & X86_EFLAGS_FIXED))
		return "guest RFLAGS: reserved bits";
	if ((g->rflags & X86_EFLAGS_VM) &&
	    (vmx_is_ia32e(s) || !(g->cr0 & X86_CR0_PE)))
		return "guest RFLAGS: VM";
	if (has_event(s, VMX_INTR_TYPE_EXT) && !(g->rflags & X86_EFLAGS_IF))
		return "guest RFLAGS: IF with an external interrupt";
	return NULL;
}

static bool may_be_activity(const struct vmx_state *s)
{
	static const u64 supported[] = {
		[HALTED] = VMX_MISC_ACTIVITY_HLT,
		[SHUT_DOWN] = BIT_ULL(7),
		[WAIT_FOR_SIPI] = VMX_MISC_ACTIVITY_WAIT_SIPI,
	};
	u32 activity = s->guest.activity;

	return activity == ACTIVE ||
	       (activity <= WAIT_FOR_SIPI && (s->misc & supported[activity]));
}

/* May the injected event reach a CPU that is not active? */
static bool activity_takes_event(const struct vmx_state *s)
{
	bool nmi_or_mc = has_event(s, VMX_INTR_TYPE_NMI) ||
			 has_exception(s, LULL_VEC_MC);

	if (!(s->event & VMX_INTR_VALID))
		return true;
	switch (s->guest.activity) {
	case ACTIVE:
		return true;
	case HALTED:
		return nmi_or_mc || has_event(s, VMX_INTR_TYPE_EXT) ||
		       has_exception(s, LULL_VEC_DB);
	case SHUT_DOWN:
		return nmi_or_mc;
	default:
		return false;
	}
}

static const char *check_activity(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;

	if (!may_be_activity(s))
		return "activity state: not supported";
	if (g->activity == HALTED && AR_DPL(g->seg[LULL_SS].ar))
		return "activity state: HLT outside CPL 0";
	if (g->activity != ACTIVE &&
	    (g->blocking & (BLOCKING_STI | BLOCKING_MOV_SS)))
		return "activity state: not active with blocking by STI or MOV SS";
	if (!activity_takes_event(s))
		return "activity state: against the injected event";
	return NULL;
}

static const char *check_blocking(const struct vmx_state *s)
{
	u32 blocking = s->guest.blocking;
	u32 both = BLOCKING_STI | BLOCKING_MOV_SS;

	if (blocking & BLOCKING_RESERVED)
		return "interruptibility state: reserved bits";
	if ((blocking & both) == both)
		return "interruptibility state: blocking by STI and by MOV SS";
	if ((blocking & BLOCKING_STI) && !(s->guest.rflags & X86_EFLAGS_IF))
		return "interruptibility state: blocking by STI with IF clear";
	if ((blocking & both) && has_event(s, VMX_INTR_TYPE_EXT))
		return "interruptibility state: blocking with an external interrupt";
	if ((blocking & both) && has_event(s, VMX_INTR_TYPE_NMI))
		return "interruptibility state: blocking with an NMI";
	if (blocking & BLOCKING_SMI)
		return "interruptibility state: blocking by SMI outside SMM";
	if ((blocking & BLOCKING_NMI) && has_event(s, VMX_INTR_TYPE_NMI) &&
	    (s->pin & PIN_BASED_VIRTUAL_NMIS))
		return "interruptibility state: blocking by NMI with an NMI";
	return NULL;
}

static const char *check_pending(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;
	bool step = (g->rflags & X86_EFLAGS_TF) &&
		    !(g->debugctl & DEBUGCTL_BTF);
	bool delayed = g->activity == HALTED ||
		       (g->blocking & (BLOCKING_STI | BLOCKING_MOV_SS));

	if (g->pending_dbg & PENDING_RESERVED)
		return "pending debug exceptions: reserved bits";
	if (delayed && step != !!(g->pending_dbg & PENDING_BS))
		return "pending debug exceptions: BS against TF";
	return NULL;
}

/* "Checks on Guest Non-Register State" */
static const char *check_non_register(const struct vmx_state *s)
{
	/* Lull has no VMCS shadowing: anything else would be a mistake. */
	return check_activity(s) ?: check_blocking(s) ?: check_pending(s) ?:
	       (s->guest.link == ~0ULL ? NULL : "VMCS link pointer");
}

/* "Checks on Guest Page-Directory-Pointer-Table Entries" */
static const char *check_pdptes(const struct vmx_state *s)
{
	const struct vmx_guest_state *g = &s->guest;
	size_t i;

	if (!(g->cr0 & X86_CR0_PG) || !(g->cr4 & X86_CR4_PAE) ||
	    vmx_is_ia32e(s))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(g->pdpte); i++) {
		if ((g->pdpte[i] & PDPTE_P) &&
		    ((g->pdpte[i] & PDPTE_RESERVED) ||
		     !vmx_fits_width(s, g->pdpte[i])))
			return "PDPTEs: reserved bits";
	}
	return NULL;
}

/**
 * lull_vmx_check_guest() - "Checks on the Guest State Area"
 * @s:	the state; no unrestricted guest, no EPT
 *
 * A failure of these is a VM exit with basic reason 33.
 *
 * Return: the name of the first check that fails, or NULL.
 */
const char *lull_vmx_check_guest(const struct vmx_state *s)
{
	return check_registers(s) ?: lull_vmx_check_segments(s) ?:
	       check_tables(s) ?: check_rip(s) ?: check_non_register(s) ?:
	       check_pdptes(s);
}
