// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's VMCS from its birth on: controls, the host's half, and the
 * setters and getters of the guest's half.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/preempt.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/processor-flags.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>

#include "vmx/internal.h"

/*
 * The shadow tables decide what is writable and executable, so the CPU must
 * always obey them: WP and NX stay on whatever the guest sees.  NE is fixed
 * to 1 by VMX.
 */
#define REAL_CR0_ON	(X86_CR0_WP | X86_CR0_NE)
#define REAL_CR4_ON	(X86_CR4_VMXE | X86_CR4_PAE)
/* All others turn on state or instructions that nobody switches or traps. */
#define REAL_CR4_MAY	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | \
			 X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | \
			 X86_CR4_MCE | X86_CR4_PGE | X86_CR4_PCE | \
			 X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_UMIP | \
			 X86_CR4_VMXE | X86_CR4_FSGSBASE | X86_CR4_OSXSAVE | \
			 X86_CR4_SMEP | X86_CR4_SMAP)

/*
 * #PF is the shadow MMU's.  #MC is the host's.  An endless series of #DB or
 * #AC, each raised by delivering the last, would never leave the guest.
 */
#define EXCEPTION_EXITS	(BIT(LULL_VEC_PF) | BIT(LULL_VEC_MC) | \
			 BIT(LULL_VEC_DB) | BIT(LULL_VEC_AC))

/* Access rights (SDM: "Format of Access Rights"). */
#define AR_UNUSABLE	0x10000
#define AR_CODE64	0xa09b
#define AR_DATA		0xc093
#define AR_TSS_BUSY	0x008b
#define AR_LONG		0x2000
#define AR_DPL(ar)	(((ar) >> 5) & 3)

#define DR7_RESET	0x400
#define PENDING_DBG_BS	BIT(14)

static DEFINE_IDA(vpid_ida);

/* Without a VPID the vCPU still runs: its entries and exits flush the TLB. */
static u16 alloc_vpid(void)
{
	int vpid;

	if (!lull_vmx_config()->vpid)
		return 0;
	vpid = ida_alloc_range(&vpid_ida, 1, U16_MAX, GFP_KERNEL);
	return vpid < 0 ? 0 : vpid;
}

/* Four bitmaps of 8192 MSRs: read low, read high, write low, write high. */
static unsigned int msr_bit(u32 msr)
{
	return (msr & 0x1fff) + (msr >= 0xc0000000 ? 8192 : 0);
}

static void pass_read(unsigned long *bitmap, u32 msr)
{
	__clear_bit(msr_bit(msr), bitmap);
}

static void pass_msr(unsigned long *bitmap, u32 msr)
{
	pass_read(bitmap, msr);
	__clear_bit(msr_bit(msr) + 2 * 8192, bitmap);
}

/*
 * What is passed through is in the VMCS or switched by load and put.  Writes
 * of the SYSCALL MSRs exit: a guest writes them once, and lull_vmx_put() need
 * not read them back each time.
 */
static void init_msr_bitmap(unsigned long *bitmap)
{
	memset(bitmap, 0xff, PAGE_SIZE);
	pass_msr(bitmap, MSR_FS_BASE);
	pass_msr(bitmap, MSR_GS_BASE);
	pass_msr(bitmap, MSR_KERNEL_GS_BASE);
	pass_msr(bitmap, MSR_IA32_SYSENTER_CS);
	pass_msr(bitmap, MSR_IA32_SYSENTER_ESP);
	pass_msr(bitmap, MSR_IA32_SYSENTER_EIP);
	pass_read(bitmap, MSR_STAR);
	pass_read(bitmap, MSR_LSTAR);
	pass_read(bitmap, MSR_CSTAR);
	pass_read(bitmap, MSR_SYSCALL_MASK);
}

static void init_efer_list(struct vmx_vcpu *vmx)
{
	struct vmx_msr_entry *list = vmx->efer_list;

	list[EFER_LIST_GUEST].index = MSR_EFER;
	list[EFER_LIST_HOST].index = MSR_EFER;
	list[EFER_LIST_HOST].value = vmx->host_efer;
	vmcs_write64(VM_ENTRY_MSR_LOAD_ADDR, __pa(&list[EFER_LIST_GUEST]));
	vmcs_write64(VM_EXIT_MSR_LOAD_ADDR, __pa(&list[EFER_LIST_HOST]));
}

/*
 * A host interrupt ends a stay in guest mode long before this does.  It is
 * there so that a guest never holds a CPU for good, even one whose external
 * interrupts do not come through: Bochs 2.7 loses them on an entry with the
 * guest's IF clear, until the guest changes IF.
 */
#define LONGEST_STAY_MS	250

/**
 * lull_vmx_longest_stay() - most that lull_vmx_limit_stay() takes
 *
 * Return: ticks of the TSC.
 */
u64 lull_vmx_longest_stay(void)
{
	u64 most = (u64)S32_MAX << lull_vmx_config()->timer_shift;

	/* Of a TSC with an unknown frequency all that the field holds. */
	return tsc_khz ? min((u64)tsc_khz * LONGEST_STAY_MS, most) : most;
}

/**
 * lull_vmx_unlimit_stay() - let stays in guest mode last
 * @vmx:	loaded; lull_vmx_config()->timer
 */
void lull_vmx_unlimit_stay(struct vmx_vcpu *vmx)
{
	vmx->limited = false;
	vmcs_write32(VMX_PREEMPTION_TIMER_VALUE,
		     lull_vmx_longest_stay() >> vmx->stay_shift);
}

static void init_controls(struct vmx_vcpu *vmx)
{
	const struct vmx_config *config = lull_vmx_config();
	u32 cpu2 = config->cpu2;

	if (!vmx->vpid)
		cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	vmx->cpu_controls = config->cpu;
	vmx->entry_controls = config->entry;
	vmcs_write32(PIN_BASED_VM_EXEC_CONTROL, config->pin);
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, config->cpu);
	if (config->cpu & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)
		vmcs_write32(SECONDARY_VM_EXEC_CONTROL, cpu2);
	if (vmx->vpid)
		vmcs_write16(VIRTUAL_PROCESSOR_ID, vmx->vpid);
	vmcs_write32(VM_EXIT_CONTROLS, config->exit);
	vmcs_write32(VM_ENTRY_CONTROLS, config->entry);
	vmcs_write32(EXCEPTION_BITMAP, EXCEPTION_EXITS);
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_write32(CR3_TARGET_COUNT, 0);
	vmcs_write32(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write32(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write32(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmcs_write64(MSR_BITMAP, __pa(vmx->msr_bitmap));
	vmcs_write64(TSC_OFFSET, 0);
	vmcs_write_natural(CR0_GUEST_HOST_MASK, ~X86_CR0_TS);
	vmcs_write_natural(CR4_GUEST_HOST_MASK, ~0UL);
	if (vmx->vapic) {
		vmcs_write64(VIRTUAL_APIC_PAGE_ADDR, __pa(vmx->vapic));
		vmcs_write32(TPR_THRESHOLD, 0);
	}
	if (vmx->efer_list)
		init_efer_list(vmx);
	vmx->stay_shift = config->timer_shift;
	if (config->timer)
		lull_vmx_unlimit_stay(vmx);
}

/* What is the same on every CPU; lull_vmx_load() writes the rest. */
static void init_host_state(struct vmx_vcpu *vmx)
{
	vmcs_write_natural(HOST_CR0, read_cr0());
	vmcs_write16(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write16(HOST_SS_SELECTOR, __KERNEL_DS);
	/*
	 * A host selector field takes no RPL and no LDT, so that user-space
	 * selectors are put back by lull_vmx_put().
	 */
	vmcs_write16(HOST_DS_SELECTOR, 0);
	vmcs_write16(HOST_ES_SELECTOR, 0);
	vmcs_write16(HOST_FS_SELECTOR, 0);
	vmcs_write_natural(HOST_FS_BASE, vmx->host_fs_base);
	vmcs_write16(HOST_GS_SELECTOR, 0);
	vmcs_write16(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	vmcs_write32(HOST_IA32_SYSENTER_CS, __rdmsr(MSR_IA32_SYSENTER_CS));
	vmcs_write_natural(HOST_RIP, (unsigned long)lull_vmx_exit_point);
	if (lull_vmx_config()->efer_controls)
		vmcs_write64(HOST_IA32_EFER, vmx->host_efer);
}

static void init_segments(struct vmx_vcpu *vmx)
{
	const struct lull_segment data = { .limit = ~0U, .ar = AR_DATA };
	const struct lull_segment code = { .limit = ~0U, .ar = AR_CODE64 };
	const struct lull_segment tss = { .limit = 0x67, .ar = AR_TSS_BUSY };
	const struct lull_segment none = { .ar = AR_UNUSABLE };
	int nr;

	for (nr = LULL_ES; nr <= LULL_GS; nr++)
		lull_vmx_set_seg(vmx, nr, nr == LULL_CS ? &code : &data);
	lull_vmx_set_seg(vmx, LULL_LDTR, &none);
	lull_vmx_set_seg(vmx, LULL_TR, &tss);
}

/* A flat 64-bit guest at address 0. */
static void init_guest_state(struct vmx_vcpu *vmx)
{
	const struct lull_dtable empty = { 0 };

	vmcs_write64(VMCS_LINK_POINTER, ~0ULL);
	vmcs_write64(GUEST_IA32_DEBUGCTL, 0);
	vmcs_write32(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, 0);
	vmcs_write_natural(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	vmcs_write32(GUEST_SYSENTER_CS, 0);
	vmcs_write_natural(GUEST_SYSENTER_ESP, 0);
	vmcs_write_natural(GUEST_SYSENTER_EIP, 0);
	vmcs_write_natural(GUEST_CR3, 0);
	lull_vmx_set_cr0(vmx, X86_CR0_PE | X86_CR0_NE | X86_CR0_PG);
	lull_vmx_set_cr4(vmx, X86_CR4_PAE);
	lull_vmx_set_efer(vmx, EFER_LME | EFER_LMA);
	lull_vmx_set_dr7(vmx, DR7_RESET);
	lull_vmx_set_dtables(vmx, &empty, &empty);
	lull_vmx_set_rip(vmx, 0);
	lull_vmx_set_rsp(vmx, 0);
	lull_vmx_set_rflags(vmx, X86_EFLAGS_FIXED);
	init_segments(vmx);
}

static void free_pages_of(struct vmx_vcpu *vmx)
{
	free_page((unsigned long)vmx->vmcs);
	free_page((unsigned long)vmx->msr_bitmap);
	free_page((unsigned long)vmx->vapic);
	free_page((unsigned long)vmx->efer_list);
}

static int alloc_pages_of(struct vmx_vcpu *vmx)
{
	const struct vmx_config *config = lull_vmx_config();

	vmx->vmcs = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vmx->msr_bitmap = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (config->tpr_shadow)
		vmx->vapic = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!config->efer_controls)
		vmx->efer_list = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vmx->vmcs || !vmx->msr_bitmap ||
	    (config->tpr_shadow && !vmx->vapic) ||
	    (!config->efer_controls && !vmx->efer_list)) {
		free_pages_of(vmx);
		/* Nothing is left for lull_vmx_vcpu_free(). */
		memset(vmx, 0, sizeof(*vmx));
		return -ENOMEM;
	}
	return 0;
}

/**
 * lull_vmx_vcpu_init() - make the VMCS of a new vCPU
 * @vmx:	overwritten whole
 *
 * Return: 0 or -ENOMEM.
 */
int lull_vmx_vcpu_init(struct vmx_vcpu *vmx)
{
	int err;

	memset(vmx, 0, sizeof(*vmx));
	vmx->cpu = -1;
	err = alloc_pages_of(vmx);
	if (err)
		return err;
	vmx->vmcs->revision = lull_vmx_config()->revision;
	vmx->vpid = alloc_vpid();
	vmx->flush.vpid = vmx->vpid;
	rdmsrl(MSR_EFER, vmx->host_efer);
	init_msr_bitmap(vmx->msr_bitmap);

	preempt_disable();
	lull_vmx_load(vmx);
	init_controls(vmx);
	init_host_state(vmx);
	init_guest_state(vmx);
	lull_vmx_put(vmx);
	preempt_enable();
	return 0;
}

/**
 * lull_vmx_vcpu_free() - undo lull_vmx_vcpu_init()
 * @vmx:	not loaded
 */
void lull_vmx_vcpu_free(struct vmx_vcpu *vmx)
{
	lull_vmx_release(vmx);
	if (vmx->vpid)
		ida_free(&vpid_ida, vmx->vpid);
	free_pages_of(vmx);
}

/*
 * Without paging every page is the user's and the supervisor's: SMEP and SMAP
 * would refuse what the guest may do.
 */
static void write_cr4(struct vmx_vcpu *vmx)
{
	const struct vmx_config *config = lull_vmx_config();
	u64 real = vmx->cr4 | REAL_CR4_ON | config->cr4_fixed0;

	/* A machine check in the guest is the host's, as long as it takes it. */
	real |= cr4_read_shadow() & X86_CR4_MCE;
	real &= config->cr4_fixed1 & REAL_CR4_MAY;
	if (!(vmx->cr0 & X86_CR0_PG))
		real &= ~(X86_CR4_SMEP | X86_CR4_SMAP);
	vmcs_write_natural(GUEST_CR4, real);
	vmcs_write_natural(CR4_READ_SHADOW, vmx->cr4);
}

/**
 * lull_vmx_set_cr0() - change CR0
 * @vmx:	loaded
 * @cr0:	what the guest shall see; PE is set
 *
 * The CPU has PG set in any case: VMX wants it.  When PG changes EFER.LMA
 * and the root have to follow.
 */
void lull_vmx_set_cr0(struct vmx_vcpu *vmx, u64 cr0)
{
	const struct vmx_config *config = lull_vmx_config();
	u64 real = (cr0 | REAL_CR0_ON | config->cr0_fixed0) &
		   config->cr0_fixed1;

	vmx->cr0 = cr0;
	vmcs_write_natural(GUEST_CR0, real);
	vmcs_write_natural(CR0_READ_SHADOW, cr0);
	write_cr4(vmx);
}

/**
 * lull_vmx_get_cr0() - CR0 as the guest sees it
 * @vmx:	loaded
 *
 * TS is the guest's own and may have changed without an exit.
 * Return: the value.
 */
u64 lull_vmx_get_cr0(struct vmx_vcpu *vmx)
{
	return (vmx->cr0 & ~(u64)X86_CR0_TS) |
	       (vmcs_read_natural(GUEST_CR0) & X86_CR0_TS);
}

/**
 * lull_vmx_set_cr4() - change CR4
 * @vmx:	loaded
 * @cr4:	what the guest shall see
 *
 * Bits that this CPU does not have are the caller's to refuse; here they are
 * dropped from what the CPU gets.
 */
void lull_vmx_set_cr4(struct vmx_vcpu *vmx, u64 cr4)
{
	vmx->cr4 = cr4;
	write_cr4(vmx);
}

static void write_entry_controls(struct vmx_vcpu *vmx, u32 controls)
{
	if (controls == vmx->entry_controls)
		return;
	vmx->entry_controls = controls;
	vmcs_write32(VM_ENTRY_CONTROLS, controls);
}

/**
 * lull_vmx_set_efer() - change EFER
 * @vmx:	loaded
 * @efer:	what the guest shall see; LMA decides whether the CPU is in IA-32e
 *		mode
 *
 * VM entry wants LME to be LMA, because the CPU has PG set.
 */
void lull_vmx_set_efer(struct vmx_vcpu *vmx, u64 efer)
{
	u32 controls = lull_vmx_config()->entry;
	u64 real = (efer & EFER_SCE) | (vmx->host_efer & EFER_NX);
	u32 count;

	if (efer & EFER_LMA) {
		controls |= VM_ENTRY_IA32E_MODE;
		real |= EFER_LME | EFER_LMA;
	}
	write_entry_controls(vmx, controls);
	count = real != vmx->host_efer;
	vmx->efer = efer;
	if (!vmx->efer_list) {
		vmcs_write64(GUEST_IA32_EFER, real);
		return;
	}
	vmx->efer_list[EFER_LIST_GUEST].value = real;
	vmcs_write32(VM_ENTRY_MSR_LOAD_COUNT, count);
	vmcs_write32(VM_EXIT_MSR_LOAD_COUNT, count);
}

/**
 * lull_vmx_set_root() - change the page tables the CPU walks
 * @vmx:	loaded
 * @root:	host-physical address of the top table; below 4 GiB outside
 *		IA-32e mode
 *
 * Translations of the old tables are gone at the next entry, global ones
 * too, also when @root does not change.
 */
void lull_vmx_set_root(struct vmx_vcpu *vmx, hpa_t root)
{
	vmcs_write_natural(GUEST_CR3, root);
	lull_vmx_flush_tlb(vmx);
}

/**
 * lull_vmx_get_root() - the page tables that the guest uses
 * @vmx:	loaded
 *
 * The bits of CR3 that are no address are not the root's.
 *
 * Return: host-physical address of the top table, of 4-level paging.
 */
hpa_t lull_vmx_get_root(struct vmx_vcpu *vmx)
{
	return vmcs_read_natural(GUEST_CR3) & PAGE_MASK;
}

/**
 * lull_vmx_set_cr3_targets() - values of CR3 that the guest loads by itself
 * @vmx:	loaded
 * @value:	the values, all 64 bits of which are compared
 * @nr:		how many
 */
void lull_vmx_set_cr3_targets(struct vmx_vcpu *vmx, const u64 *value,
			      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		vmcs_write_natural(CR3_TARGET_VALUE0 + 2 * i, value[i]);
	vmcs_write32(CR3_TARGET_COUNT, nr);
	vmx->cr3_targets = nr;
}

/**
 * lull_vmx_flush_tlb() - forget every translation of this vCPU
 * @vmx:	loaded or not; takes effect before the next entry
 *
 * Without VPIDs each entry does it anyway.
 */
void lull_vmx_flush_tlb(struct vmx_vcpu *vmx)
{
	vmx->tlb_stale = vmx->vpid;
}

/*
 * The fields of a segment lie two encodings apart, in the order of enum
 * lull_seg.
 */
#define SEG_FIELD(name, nr)	(GUEST_ES_##name + 2 * (nr))

static_assert(CR3_TARGET_VALUE0 + 2 * 3 == CR3_TARGET_VALUE3);
static_assert(SEG_FIELD(SELECTOR, LULL_TR) == GUEST_TR_SELECTOR);
static_assert(SEG_FIELD(BASE, LULL_LDTR) == GUEST_LDTR_BASE);
static_assert(SEG_FIELD(LIMIT, LULL_GS) == GUEST_GS_LIMIT);
static_assert(SEG_FIELD(AR_BYTES, LULL_CS) == GUEST_CS_AR_BYTES);

/**
 * lull_vmx_set_seg() - change a segment register with its hidden part
 * @vmx:	loaded
 * @nr:		which
 * @seg:	its contents; nonsense makes the next entry fail
 */
void lull_vmx_set_seg(struct vmx_vcpu *vmx, enum lull_seg nr,
		      const struct lull_segment *seg)
{
	vmcs_write16(SEG_FIELD(SELECTOR, nr), seg->selector);
	vmcs_write_natural(SEG_FIELD(BASE, nr), seg->base);
	vmcs_write32(SEG_FIELD(LIMIT, nr), seg->limit);
	vmcs_write32(SEG_FIELD(AR_BYTES, nr), seg->ar);
}

/**
 * lull_vmx_get_seg() - read a segment register with its hidden part
 * @vmx:	loaded
 * @nr:		which
 * @seg:	out: all of it
 */
void lull_vmx_get_seg(struct vmx_vcpu *vmx, enum lull_seg nr,
		      struct lull_segment *seg)
{
	memset(seg, 0, sizeof(*seg));
	seg->selector = vmcs_read16(SEG_FIELD(SELECTOR, nr));
	seg->base = vmcs_read_natural(SEG_FIELD(BASE, nr));
	seg->limit = vmcs_read32(SEG_FIELD(LIMIT, nr));
	seg->ar = vmcs_read32(SEG_FIELD(AR_BYTES, nr));
}

/**
 * lull_vmx_set_dtables() - change GDTR and IDTR
 * @vmx:	loaded
 * @gdtr:	new GDTR
 * @idtr:	new IDTR
 */
void lull_vmx_set_dtables(struct vmx_vcpu *vmx, const struct lull_dtable *gdtr,
			  const struct lull_dtable *idtr)
{
	vmcs_write_natural(GUEST_GDTR_BASE, gdtr->base);
	vmcs_write32(GUEST_GDTR_LIMIT, gdtr->limit);
	vmcs_write_natural(GUEST_IDTR_BASE, idtr->base);
	vmcs_write32(GUEST_IDTR_LIMIT, idtr->limit);
}

/**
 * lull_vmx_get_dtables() - read GDTR and IDTR
 * @vmx:	loaded
 * @gdtr:	out: GDTR
 * @idtr:	out: IDTR
 */
void lull_vmx_get_dtables(struct vmx_vcpu *vmx, struct lull_dtable *gdtr,
			  struct lull_dtable *idtr)
{
	*gdtr = (struct lull_dtable) {
		.base = vmcs_read_natural(GUEST_GDTR_BASE),
		.limit = vmcs_read32(GUEST_GDTR_LIMIT),
	};
	*idtr = (struct lull_dtable) {
		.base = vmcs_read_natural(GUEST_IDTR_BASE),
		.limit = vmcs_read32(GUEST_IDTR_LIMIT),
	};
}

/**
 * lull_vmx_get_rip() - instruction pointer
 * @vmx:	loaded
 *
 * Return: RIP.
 */
u64 lull_vmx_get_rip(struct vmx_vcpu *vmx)
{
	return vmcs_read_natural(GUEST_RIP);
}

/**
 * lull_vmx_set_rip() - change the instruction pointer
 * @vmx:	loaded
 * @rip:	RIP; if it is not canonical the next entry fails
 */
void lull_vmx_set_rip(struct vmx_vcpu *vmx, u64 rip)
{
	vmcs_write_natural(GUEST_RIP, rip);
}

/**
 * lull_vmx_get_rsp() - stack pointer
 * @vmx:	loaded
 *
 * Return: RSP.
 */
u64 lull_vmx_get_rsp(struct vmx_vcpu *vmx)
{
	return vmcs_read_natural(GUEST_RSP);
}

/**
 * lull_vmx_set_rsp() - change the stack pointer
 * @vmx:	loaded
 * @rsp:	RSP
 */
void lull_vmx_set_rsp(struct vmx_vcpu *vmx, u64 rsp)
{
	vmcs_write_natural(GUEST_RSP, rsp);
}

/**
 * lull_vmx_get_rflags() - flags
 * @vmx:	loaded
 *
 * Return: RFLAGS.
 */
u64 lull_vmx_get_rflags(struct vmx_vcpu *vmx)
{
	return vmcs_read_natural(GUEST_RFLAGS);
}

/**
 * lull_vmx_set_rflags() - change the flags
 * @vmx:	loaded
 * @rflags:	RFLAGS; bit 1 is set here, other reserved bits make the next
 *		entry fail
 */
void lull_vmx_set_rflags(struct vmx_vcpu *vmx, u64 rflags)
{
	vmcs_write_natural(GUEST_RFLAGS, rflags | X86_EFLAGS_FIXED);
}

/**
 * lull_vmx_get_dr7() - debug control
 * @vmx:	loaded
 *
 * Return: DR7.
 */
u64 lull_vmx_get_dr7(struct vmx_vcpu *vmx)
{
	return vmcs_read_natural(GUEST_DR7);
}

/**
 * lull_vmx_set_dr7() - change the debug control
 * @vmx:	loaded
 * @dr7:	DR7; reserved bits are forced
 */
void lull_vmx_set_dr7(struct vmx_vcpu *vmx, u64 dr7)
{
	/* Bits 63:32, 15:14, 12 and 11 are 0; bit 10 is 1. */
	vmx->dr7 = (dr7 & 0xffff27ff) | DR7_RESET;
	vmcs_write_natural(GUEST_DR7, vmx->dr7);
}

/**
 * lull_vmx_get_cpl() - current privilege level
 * @vmx:	loaded
 *
 * Return: 0 to 3.
 */
int lull_vmx_get_cpl(struct vmx_vcpu *vmx)
{
	/* SS.DPL is the CPL (SDM: "Guest Non-Register State"). */
	return AR_DPL(vmcs_read32(GUEST_SS_AR_BYTES));
}

/**
 * lull_vmx_set_tsc_offset() - set what the guest's TSC adds to the host's
 * @vmx:	loaded
 * @offset:	modulo 2^64
 */
void lull_vmx_set_tsc_offset(struct vmx_vcpu *vmx, u64 offset)
{
	vmcs_write64(TSC_OFFSET, offset);
}

/**
 * lull_vmx_get_linear_address() - guest-linear address of a string I/O exit
 * @vmx:	loaded; the last exit was due to INS or OUTS
 *
 * Return: the address of the memory operand.
 */
gva_t lull_vmx_get_linear_address(struct vmx_vcpu *vmx)
{
	return vmcs_read_natural(GUEST_LINEAR_ADDRESS);
}

/**
 * lull_vmx_skip_insn() - complete the instruction that exited
 * @vmx:	loaded
 * @exit:	the exit
 *
 * As after any instruction, blocking by STI or MOV SS ends, and TF means a
 * single-step trap.
 */
void lull_vmx_skip_insn(struct vmx_vcpu *vmx, const struct vmx_exit *exit)
{
	u64 old = vmcs_read_natural(GUEST_RIP);
	u64 rip = old + exit->insn_len;

	/* Only 64-bit code can cross 4 GiB; other code wraps. */
	if (unlikely((old ^ rip) >> 32) &&
	    !(vmcs_read32(GUEST_CS_AR_BYTES) & AR_LONG))
		rip = (u32)rip;
	vmcs_write_natural(GUEST_RIP, rip);
	vmx_end_blocking();
	if (unlikely(vmcs_read_natural(GUEST_RFLAGS) & X86_EFLAGS_TF))
		vmcs_write_natural(GUEST_PENDING_DBG_EXCEPTIONS,
				   vmcs_read_natural(GUEST_PENDING_DBG_EXCEPTIONS) |
				   PENDING_DBG_BS);
}
