// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug builds: read what a VM entry checks, check it, and stop an entry that
 * would fail, or that an emulator would let pass.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/processor-flags.h>

#include "vmx/check.h"
#include "vmx/internal.h"

/* VM-instruction errors (SDM: "VM Instruction Error Numbers"). */
#define ERROR_CONTROLS	7
#define ERROR_HOST	8

#define VAPIC_TPR	0x80

/* Interrupts are off while it is in use. */
static DEFINE_PER_CPU(struct vmx_state, vmx_states);

static void read_controls(struct vmx_state *s, const struct vmx_vcpu *vmx)
{
	s->pin = vmcs_read32(PIN_BASED_VM_EXEC_CONTROL);
	s->cpu = vmcs_read32(CPU_BASED_VM_EXEC_CONTROL);
	if (s->cpu & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)
		s->cpu2 = vmcs_read32(SECONDARY_VM_EXEC_CONTROL);
	s->exit = vmcs_read32(VM_EXIT_CONTROLS);
	s->entry = vmcs_read32(VM_ENTRY_CONTROLS);
	s->cr3_targets = vmcs_read32(CR3_TARGET_COUNT);
	if (s->cpu & CPU_BASED_USE_IO_BITMAPS) {
		s->io_bitmap[0] = vmcs_read64(IO_BITMAP_A);
		s->io_bitmap[1] = vmcs_read64(IO_BITMAP_B);
	}
	if (s->cpu & CPU_BASED_USE_MSR_BITMAPS)
		s->msr_bitmap = vmcs_read64(MSR_BITMAP);
	if (s->cpu & CPU_BASED_TPR_SHADOW) {
		s->vapic = vmcs_read64(VIRTUAL_APIC_PAGE_ADDR);
		s->tpr_threshold = vmcs_read32(TPR_THRESHOLD);
		s->vtpr = ((u8 *)vmx->vapic)[VAPIC_TPR];
	}
	if (s->cpu2 & SECONDARY_EXEC_ENABLE_VPID)
		s->vpid = vmcs_read16(VIRTUAL_PROCESSOR_ID);
	s->exit_store.addr = vmcs_read64(VM_EXIT_MSR_STORE_ADDR);
	s->exit_store.count = vmcs_read32(VM_EXIT_MSR_STORE_COUNT);
	s->exit_load.addr = vmcs_read64(VM_EXIT_MSR_LOAD_ADDR);
	s->exit_load.count = vmcs_read32(VM_EXIT_MSR_LOAD_COUNT);
	s->entry_load.addr = vmcs_read64(VM_ENTRY_MSR_LOAD_ADDR);
	s->entry_load.count = vmcs_read32(VM_ENTRY_MSR_LOAD_COUNT);
	s->event = vmcs_read32(VM_ENTRY_INTR_INFO_FIELD);
	s->event_error = vmcs_read32(VM_ENTRY_EXCEPTION_ERROR_CODE);
	s->event_len = vmcs_read32(VM_ENTRY_INSTRUCTION_LEN);
}

static void read_host(struct vmx_host_state *h, u32 exit)
{
	size_t i;

	h->cr0 = vmcs_read_natural(HOST_CR0);
	h->cr3 = vmcs_read_natural(HOST_CR3);
	h->cr4 = vmcs_read_natural(HOST_CR4);
	if (exit & VM_EXIT_LOAD_IA32_EFER)
		h->efer = vmcs_read64(HOST_IA32_EFER);
	if (exit & VM_EXIT_LOAD_IA32_PAT)
		h->pat = vmcs_read64(HOST_IA32_PAT);
	h->sysenter_esp = vmcs_read_natural(HOST_IA32_SYSENTER_ESP);
	h->sysenter_eip = vmcs_read_natural(HOST_IA32_SYSENTER_EIP);
	h->rip = vmcs_read_natural(HOST_RIP);
	/* The fields lie two encodings apart. */
	for (i = 0; i < ARRAY_SIZE(h->selector); i++)
		h->selector[i] = vmcs_read16(HOST_ES_SELECTOR + 2 * i);
	for (i = 0; i < ARRAY_SIZE(h->base); i++)
		h->base[i] = vmcs_read_natural(HOST_FS_BASE + 2 * i);
}

static void read_segments(struct vmx_guest_state *g, struct vmx_vcpu *vmx)
{
	int nr;

	for (nr = 0; nr < LULL_NR_SEGS; nr++)
		lull_vmx_get_seg(vmx, nr, &g->seg[nr]);
	g->gdtr = vmcs_read_natural(GUEST_GDTR_BASE);
	g->idtr = vmcs_read_natural(GUEST_IDTR_BASE);
	g->gdtr_limit = vmcs_read32(GUEST_GDTR_LIMIT);
	g->idtr_limit = vmcs_read32(GUEST_IDTR_LIMIT);
}

static void read_guest(struct vmx_guest_state *g, u32 entry)
{
	g->cr0 = vmcs_read_natural(GUEST_CR0);
	g->cr3 = vmcs_read_natural(GUEST_CR3);
	g->cr4 = vmcs_read_natural(GUEST_CR4);
	g->dr7 = vmcs_read_natural(GUEST_DR7);
	g->debugctl = vmcs_read64(GUEST_IA32_DEBUGCTL);
	if (entry & VM_ENTRY_LOAD_IA32_EFER)
		g->efer = vmcs_read64(GUEST_IA32_EFER);
	if (entry & VM_ENTRY_LOAD_IA32_PAT)
		g->pat = vmcs_read64(GUEST_IA32_PAT);
	g->sysenter_esp = vmcs_read_natural(GUEST_SYSENTER_ESP);
	g->sysenter_eip = vmcs_read_natural(GUEST_SYSENTER_EIP);
	g->rip = vmcs_read_natural(GUEST_RIP);
	g->rflags = vmcs_read_natural(GUEST_RFLAGS);
	g->pending_dbg = vmcs_read_natural(GUEST_PENDING_DBG_EXCEPTIONS);
	g->link = vmcs_read64(VMCS_LINK_POINTER);
	g->activity = vmcs_read32(GUEST_ACTIVITY_STATE);
	g->blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
}

/* Outside IA-32e mode CR3 names a table of four, on any 32-byte boundary. */
static void read_pdptes(struct vmx_state *s)
{
	struct vmx_guest_state *g = &s->guest;

	if ((g->cr4 & X86_CR4_PAE) && !vmx_is_ia32e(s) &&
	    vmx_fits_width(s, g->cr3))
		memcpy(g->pdpte, __va(g->cr3 & 0xffffffe0),
		       sizeof(g->pdpte));
}

static void read_state(struct vmx_state *s, struct vmx_vcpu *vmx)
{
	memset(s, 0, sizeof(*s));
	lull_vmx_read_msrs(&s->msrs);
	s->misc = __rdmsr(MSR_IA32_VMX_MISC);
	s->phys_bits = boot_cpu_data.x86_phys_bits;
	s->virt_bits = boot_cpu_data.x86_virt_bits;
	s->lma = vmx->host_efer & EFER_LMA;
	read_controls(s, vmx);
	read_host(&s->host, s->exit);
	read_guest(&s->guest, s->entry);
	read_segments(&s->guest, vmx);
	read_pdptes(s);
}

/**
 * lull_vmx_check_entry() - would the CPU enter the guest?
 * @vmx:	loaded, ready to be entered; interrupts off
 * @exit:	out, if not: the failure, as the CPU reports it
 *
 * Return: true if it would.
 */
bool lull_vmx_check_entry(struct vmx_vcpu *vmx, struct vmx_exit *exit)
{
	struct vmx_state *s = this_cpu_ptr(&vmx_states);
	const char *name;

	read_state(s, vmx);
	memset(exit, 0, sizeof(*exit));
	exit->reason = ~0U;
	exit->insn_error = ERROR_CONTROLS;
	name = lull_vmx_check_controls(s);
	if (!name) {
		exit->insn_error = ERROR_HOST;
		name = lull_vmx_check_host(s);
	}
	if (!name) {
		exit->insn_error = 0;
		exit->reason = VMX_EXIT_ENTRY_GUEST_STATE |
			       VMX_EXIT_REASON_ENTRY_FAILED;
		name = lull_vmx_check_guest(s);
	}
	if (name && !lull_vmx_going_down())
		pr_err_ratelimited("VM entry refused: %s\n", name);
	return !name || lull_vmx_going_down();
}
