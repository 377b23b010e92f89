// SPDX-License-Identifier: GPL-2.0-only
/*
 * SDM: "Checks on VMX Controls and Host-State Area".
 */
#include <linux/kernel.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/vmx.h>

#include "vmx/check.h"

/* The SDM's rules for others are not here: Lull does not set them. */
#define CPU2_KNOWN	(SECONDARY_EXEC_ENABLE_VPID | \
			 SECONDARY_EXEC_WBINVD_EXITING)

/* Vectors that push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
#define PUSH_ERROR_CODE	(BIT(8) | BIT(10) | BIT(11) | BIT(12) | BIT(13) | \
			 BIT(14) | BIT(17))

/* Low half of @cap: must be 1; high half: may be 1. */
static bool allowed(u32 value, u64 cap)
{
	return vmx_is_fixed(value, (u32)cap, cap >> 32);
}

static bool is_page(const struct vmx_state *s, u64 addr)
{
	return !(addr & 0xfff) && vmx_fits_width(s, addr);
}

static bool is_msr_area(const struct vmx_state *s,
			const struct vmx_msr_area *area)
{
	/* 16 bytes each; the last one's must exist too. */
	return !area->count ||
	       (!(area->addr & 15) && vmx_fits_width(s, area->addr) &&
		vmx_fits_width(s, area->addr + 16ULL * area->count - 1));
}

static const char *check_tpr(const struct vmx_state *s)
{
	if (!(s->cpu & CPU_BASED_TPR_SHADOW))
		return NULL;
	if (!is_page(s, s->vapic))
		return "virtual-APIC address";
	if (s->tpr_threshold >> 4)
		return "TPR threshold: reserved bits";
	if ((s->tpr_threshold & 15) > s->vtpr >> 4)
		return "TPR threshold above VTPR";
	return NULL;
}

/* "VM-Execution Control Fields" */
static const char *check_execution(const struct vmx_state *s)
{
	if (!allowed(s->pin, s->msrs.pin))
		return "pin-based controls: reserved bits";
	if (!allowed(s->cpu, s->msrs.cpu))
		return "primary processor-based controls: reserved bits";
	if (!allowed(s->cpu2, s->msrs.cpu2))
		return "secondary processor-based controls: reserved bits";
	if (s->cpu2 & ~(u32)CPU2_KNOWN)
		return "secondary processor-based controls: not checked here";
	if (s->cr3_targets > VMX_MISC_CR3_TARGETS(s->misc))
		return "CR3-target count";
	if ((s->cpu & CPU_BASED_USE_IO_BITMAPS) &&
	    (!is_page(s, s->io_bitmap[0]) || !is_page(s, s->io_bitmap[1])))
		return "I/O-bitmap addresses";
	if ((s->cpu & CPU_BASED_USE_MSR_BITMAPS) && !is_page(s, s->msr_bitmap))
		return "MSR-bitmap address";
	if (!(s->pin & PIN_BASED_NMI_EXITING) &&
	    (s->pin & PIN_BASED_VIRTUAL_NMIS))
		return "virtual NMIs without NMI exiting";
	if (!(s->pin & PIN_BASED_VIRTUAL_NMIS) &&
	    (s->cpu & CPU_BASED_NMI_WINDOW_EXITING))
		return "NMI-window exiting without virtual NMIs";
	if (s->pin & PIN_BASED_POSTED_INTR)
		return "posted interrupts without virtual-interrupt delivery";
	if ((s->cpu2 & SECONDARY_EXEC_ENABLE_VPID) && !s->vpid)
		return "VPID is 0";
	return check_tpr(s);
}

/* "VM-Exit Control Fields" */
static const char *check_exit(const struct vmx_state *s)
{
	if (!allowed(s->exit, s->msrs.exit))
		return "VM-exit controls: reserved bits";
	if (!(s->pin & PIN_BASED_VMX_PREEMPTION_TIMER) &&
	    (s->exit & VM_EXIT_SAVE_VMX_PREEMPTION_TIMER))
		return "save VMX-preemption timer without the timer";
	if (!is_msr_area(s, &s->exit_store))
		return "VM-exit MSR-store area";
	if (!is_msr_area(s, &s->exit_load))
		return "VM-exit MSR-load area";
	return NULL;
}

static bool is_event_type(u32 type, u8 vector)
{
	switch (type) {
	case VMX_INTR_TYPE_NMI:
		return vector == LULL_VEC_NMI;
	case VMX_INTR_TYPE_HARD_EXC:
		return vector < 32;
	case VMX_INTR_TYPE_EXT:
	case VMX_INTR_TYPE_SOFT_INTR:
	case VMX_INTR_TYPE_PRIV_SOFT:
	case VMX_INTR_TYPE_SOFT_EXC:
		return true;
	default:
		/* 1 is reserved; 7 is pending MTF, which Lull does not use. */
		return false;
	}
}

static bool is_event_length(const struct vmx_state *s, u32 type)
{
	if (type < VMX_INTR_TYPE_SOFT_INTR)
		return true;
	return s->event_len <= 15 &&
	       (s->event_len || (s->misc & VMX_MISC_ZERO_LEN_INS));
}

/* "VM-Entry Control Fields": event injection */
static const char *check_event(const struct vmx_state *s)
{
	u32 type = s->event & VMX_INTR_TYPE;
	u8 vector = s->event & VMX_INTR_VECTOR;
	bool has_error = s->event & VMX_INTR_HAS_ERROR;
	bool pushes = type == VMX_INTR_TYPE_HARD_EXC && vector < 32 &&
		      (PUSH_ERROR_CODE & BIT(vector)) &&
		      (s->guest.cr0 & X86_CR0_PE);

	if (!(s->event & VMX_INTR_VALID))
		return NULL;
	if (!is_event_type(type, vector))
		return "event injection: type and vector";
	if (has_error != pushes)
		return "event injection: deliver-error-code bit";
	if (s->event & 0x7ffff000)
		return "event injection: reserved bits";
	if (has_error && s->event_error >> 16)
		return "event injection: error code";
	if (!is_event_length(s, type))
		return "event injection: instruction length";
	return NULL;
}

/* "VM-Entry Control Fields" */
static const char *check_entry(const struct vmx_state *s)
{
	if (!allowed(s->entry, s->msrs.entry))
		return "VM-entry controls: reserved bits";
	if (s->entry & (VM_ENTRY_SMM | VM_ENTRY_DEACT_DUAL_MONITOR))
		return "entry to SMM, outside SMM";
	if (!is_msr_area(s, &s->entry_load))
		return "VM-entry MSR-load area";
	return check_event(s);
}

/**
 * lull_vmx_check_controls() - "Checks on VMX Controls"
 * @s:	the state
 *
 * A failure of these is VM-instruction error 7.
 *
 * Return: the name of the first check that fails, or NULL.
 */
const char *lull_vmx_check_controls(const struct vmx_state *s)
{
	return check_execution(s) ?: check_exit(s) ?: check_entry(s);
}

/* "Checks on Host Control Registers, MSRs, and SSP" */
static const char *check_host_registers(const struct vmx_state *s)
{
	const struct vmx_host_state *h = &s->host;
	bool long_mode = s->exit & VM_EXIT_HOST_ADDR_SPACE_SIZE;
	u64 efer = EFER_LMA | EFER_LME;

	if (!vmx_is_fixed(h->cr0, s->msrs.cr0_fixed0, s->msrs.cr0_fixed1))
		return "host CR0: fixed bits";
	if (!vmx_is_fixed(h->cr4, s->msrs.cr4_fixed0, s->msrs.cr4_fixed1))
		return "host CR4: fixed bits";
	if (!vmx_fits_width(s, h->cr3))
		return "host CR3: address width";
	if (!vmx_is_canonical(s, h->sysenter_esp) ||
	    !vmx_is_canonical(s, h->sysenter_eip))
		return "host SYSENTER_ESP and SYSENTER_EIP: canonical";
	if ((s->exit & VM_EXIT_LOAD_IA32_PAT) && !vmx_is_pat(h->pat))
		return "host IA32_PAT";
	if ((s->exit & VM_EXIT_LOAD_IA32_EFER) &&
	    (h->efer & ~(efer | EFER_SCE | EFER_NX)))
		return "host IA32_EFER: reserved bits";
	if ((s->exit & VM_EXIT_LOAD_IA32_EFER) &&
	    (h->efer & efer) != (long_mode ? efer : 0))
		return "host IA32_EFER: LMA and LME against the mode";
	return NULL;
}

/* "Checks on Host Segment and Descriptor-Table Registers" */
static const char *check_host_segments(const struct vmx_state *s)
{
	const struct vmx_host_state *h = &s->host;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(h->selector); i++) {
		if (h->selector[i] & 7)
			return "host selectors: RPL and TI";
	}
	if (!h->selector[VMX_HOST_CS] || !h->selector[VMX_HOST_TR])
		return "host CS and TR: null";
	if (!h->selector[VMX_HOST_SS] &&
	    !(s->exit & VM_EXIT_HOST_ADDR_SPACE_SIZE))
		return "host SS: null";
	for (i = 0; i < ARRAY_SIZE(h->base); i++) {
		if (!vmx_is_canonical(s, h->base[i]))
			return "host bases: canonical";
	}
	return NULL;
}

/* "Checks Related to Address-Space Size" */
static const char *check_address_space(const struct vmx_state *s)
{
	const struct vmx_host_state *h = &s->host;

	if (!s->lma && (vmx_is_ia32e(s) ||
			(s->exit & VM_EXIT_HOST_ADDR_SPACE_SIZE)))
		return "address-space size: IA-32e mode from legacy mode";
	if (s->lma && !(s->exit & VM_EXIT_HOST_ADDR_SPACE_SIZE))
		return "address-space size: host not 64-bit";
	if (!(s->exit & VM_EXIT_HOST_ADDR_SPACE_SIZE))
		return NULL;
	if (!(h->cr4 & X86_CR4_PAE))
		return "host CR4: PAE in IA-32e mode";
	if (!vmx_is_canonical(s, h->rip))
		return "host RIP: canonical";
	return NULL;
}

/**
 * lull_vmx_check_host() - "Checks on Host ...", "... Address-Space Size"
 * @s:	the state
 *
 * A failure of these is VM-instruction error 8.
 *
 * Return: the name of the first check that fails, or NULL.
 */
const char *lull_vmx_check_host(const struct vmx_state *s)
{
	return check_host_registers(s) ?: check_host_segments(s) ?:
	       check_address_space(s);
}
