/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmx/: the hardware mechanism.  Owns VMX operation of every CPU and the
 * VMCS of every vCPU; knows nothing of guests' memory, ioctls or policy.
 *
 * Contexts: "loaded" means between lull_vmx_load() and lull_vmx_put() on
 * this CPU with preemption off, or with a preempt notifier that calls them.
 */
#ifndef LULL_VMX_H
#define LULL_VMX_H

#include <linux/bits.h>

#include "monitor/types.h"
#include "monitor/uapi/lull.h"

/**
 * struct vmx_config - controls in use, the same on every CPU
 * @revision:	VMCS revision identifier
 * @pin:	pin-based controls
 * @cpu:	primary processor-based controls
 * @cpu2:	secondary processor-based controls, 0 if there are none
 * @exit:	VM-exit controls
 * @entry:	VM-entry controls, without "IA-32e mode guest"
 * @cr0_fixed0:	bits that must be 1 in CR0 in VMX operation
 * @cr0_fixed1:	bits that may be 1
 * @cr4_fixed0:	bits that must be 1 in CR4 in VMX operation
 * @cr4_fixed1:	bits that may be 1
 * @vpid:	VPIDs and single-context INVVPID can be used
 * @tpr_shadow:	the TPR shadow can be used
 * @efer_controls: entry and exit load EFER; otherwise the MSR lists do
 * @cr3_targets: there are VMX_NR_CR3_TARGETS CR3-target values
 * @timer:	there is a VMX-preemption timer
 * @timer_shift: it counts the TSC divided by 2 to this power
 */
struct vmx_config {
	u32 revision;
	u32 pin;
	u32 cpu;
	u32 cpu2;
	u32 exit;
	u32 entry;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
	bool vpid;
	bool tpr_shadow;
	bool efer_controls;
	bool cr3_targets;
	bool timer;
	u8 timer_shift;
};

#define VMX_NR_CR3_TARGETS	4

/* Basic exit reasons (SDM appendix "VMX Basic Exit Reasons") in use. */
enum vmx_exit_reason {
	VMX_EXIT_EXCEPTION_NMI = 0,
	VMX_EXIT_EXTERNAL_INTERRUPT = 1,
	VMX_EXIT_TRIPLE_FAULT = 2,
	VMX_EXIT_INIT = 3,
	VMX_EXIT_INTERRUPT_WINDOW = 7,
	VMX_EXIT_NMI_WINDOW = 8,
	VMX_EXIT_TASK_SWITCH = 9,
	VMX_EXIT_CPUID = 10,
	VMX_EXIT_GETSEC = 11,
	VMX_EXIT_HLT = 12,
	VMX_EXIT_INVD = 13,
	VMX_EXIT_INVLPG = 14,
	VMX_EXIT_RDPMC = 15,
	VMX_EXIT_RDTSC = 16,
	VMX_EXIT_VMCALL = 18,
	VMX_EXIT_VMCLEAR = 19,
	VMX_EXIT_VMXON = 27,
	VMX_EXIT_CR_ACCESS = 28,
	VMX_EXIT_DR_ACCESS = 29,
	VMX_EXIT_IO = 30,
	VMX_EXIT_RDMSR = 31,
	VMX_EXIT_WRMSR = 32,
	VMX_EXIT_ENTRY_GUEST_STATE = 33,
	VMX_EXIT_ENTRY_MSR_LOAD = 34,
	VMX_EXIT_MWAIT = 36,
	VMX_EXIT_MONITOR = 39,
	VMX_EXIT_ENTRY_MACHINE_CHECK = 41,
	VMX_EXIT_INVEPT = 50,
	VMX_EXIT_PREEMPTION_TIMER = 52,
	VMX_EXIT_INVVPID = 53,
	VMX_EXIT_WBINVD = 54,
	VMX_EXIT_XSETBV = 55,
};

/* Exit reasons of this class mean that the VM entry itself failed. */
#define VMX_EXIT_REASON_ENTRY_FAILED	((u32)BIT(31))

/* Interruption information (SDM: "Format of the VM-Entry
 * Interruption-Information Field").
 */
#define VMX_INTR_VECTOR		0xffU
#define VMX_INTR_TYPE		0x700U
#define VMX_INTR_TYPE_EXT	(0U << 8)
#define VMX_INTR_TYPE_NMI	(2U << 8)
#define VMX_INTR_TYPE_HARD_EXC	(3U << 8)
#define VMX_INTR_TYPE_SOFT_INTR	(4U << 8)
#define VMX_INTR_TYPE_PRIV_SOFT	(5U << 8)
#define VMX_INTR_TYPE_SOFT_EXC	(6U << 8)
#define VMX_INTR_HAS_ERROR	((u32)BIT(11))
#define VMX_INTR_VALID		((u32)BIT(31))

/**
 * struct vmx_exit - one VM exit, decoded by lull_vmx_run()
 * @reason:	full exit reason field; bits 15:0 are the basic reason
 * @intr_info:	VM-exit interruption information, if the reason is 0
 * @intr_error:	error code, if @intr_info has VMX_INTR_HAS_ERROR
 * @insn_len:	VM-exit instruction length
 * @qualification: exit qualification
 * @insn_error:	VM-instruction error, if the entry failed before guest state
 *		was loaded: @reason is then ~0
 */
struct vmx_exit {
	u32 reason;
	u32 intr_info;
	u32 intr_error;
	u32 insn_len;
	u64 qualification;
	u32 insn_error;
};

/* MSRs of the guest that live in the CPU while the vCPU is loaded. */
enum vmx_guest_msr {
	VMX_MSR_STAR,
	VMX_MSR_LSTAR,
	VMX_MSR_CSTAR,
	VMX_MSR_SFMASK,
	VMX_MSR_KERNEL_GS_BASE,
	VMX_NR_GUEST_MSRS
};

struct vmcs;
struct vmx_msr_entry;

/**
 * struct vmx_invvpid - operand of INVVPID for a single context
 * @vpid:	the context
 * @gva:	0
 */
struct vmx_invvpid {
	u64 vpid;
	u64 gva;
};

/**
 * struct vmx_vcpu - hardware half of a vCPU
 * @vmcs:	the VMCS region; one page
 * @msr_bitmap:	MSR bitmap; one page
 * @vapic:	virtual-APIC page that takes MOV to and from CR8, or NULL
 * @efer_list:	VM-entry and VM-exit MSR lists for EFER when the CPU has
 *		no controls for it; one page, or NULL
 * @cpu_link:	on its CPU's list of active VMCSs
 * @cpu:	CPU on which the VMCS is current or active, -1 if clear
 * @launched:	VMRESUME instead of VMLAUNCH
 * @loaded:	between lull_vmx_load() and lull_vmx_put()
 * @tlb_stale:	flush this VPID's translations before the next entry
 * @quiescent:	tell RCU of a quiescent state at the next entry
 * @vpid:	this vCPU's VPID, 0 without VPIDs
 * @flush:	the same, as INVVPID wants it
 * @cpu_controls: primary processor-based controls in the VMCS
 * @entry_controls: VM-entry controls in the VMCS
 * @irq_window:	interrupt-window exiting is on in them
 * @cr3_targets: how many CR3-target values are in force
 * @limited:	stays end after @stay
 * @stay_shift:	lull_vmx_config()->timer_shift
 * @stay:	the longest that the next may last, in ticks of the TSC, at most
 *		lull_vmx_longest_stay(); see lull_vmx_limit_stay()
 * @event:	interruption information of the queued event, 0 if none
 * @host_cr3:	value in HOST_CR3
 * @host_cr4:	value in HOST_CR4
 * @host_rsp:	value in HOST_RSP
 * @host_fs_base: value in HOST_FS_BASE
 * @host_debugctl: the host's DEBUGCTL, which an exit clears
 * @host_efer:	the host's EFER, for @efer_list
 * @cr0:	guest's view of CR0
 * @cr4:	guest's view of CR4
 * @efer:	guest's view of EFER
 * @cr2:	guest's CR2 while not in guest mode; the caller may change it
 * @dr:		guest's DR0 to DR3, in the CPU in guest mode while the guest's
 *		DR7 enables a breakpoint; the caller may change them
 * @dr7:	value in GUEST_DR7
 * @guest_msr:	guest's MSRs by enum vmx_guest_msr; KERNEL_GS_BASE is only
 *		valid while not loaded
 * @host_msr:	host's while loaded
 * @host_ds:	host selectors and bases that a VM exit does not restore
 * @host_es:	likewise
 * @host_fs:	likewise
 * @host_gs:	likewise
 * @host_ldt:	likewise
 *
 * All fields belong to the thread that has the vCPU's mutex; @vmcs is also
 * cleared through an IPI when the vCPU moves to another CPU.
 */
struct vmx_vcpu {
	struct vmcs *vmcs;
	void *msr_bitmap;
	void *vapic;
	struct vmx_msr_entry *efer_list;
	struct list_head cpu_link;
	int cpu;
	bool launched;
	bool loaded;
	bool tlb_stale;
	bool quiescent;
	u16 vpid;
	struct vmx_invvpid flush;
	u32 cpu_controls;
	u32 entry_controls;
	bool irq_window;
	u8 cr3_targets;
	bool limited;
	u8 stay_shift;
	u64 stay;
	u32 event;
	unsigned long host_cr3;
	unsigned long host_cr4;
	unsigned long host_rsp;
	unsigned long host_fs_base;
	u64 host_debugctl;
	u64 host_efer;
	u64 cr0;
	u64 cr4;
	u64 efer;
	u64 cr2;
	u64 dr[4];
	u64 dr7;
	u64 guest_msr[VMX_NR_GUEST_MSRS];
	u64 host_msr[VMX_NR_GUEST_MSRS];
	u16 host_ds, host_es, host_fs, host_gs, host_ldt;
};

/* hw.c, cap.c: module lifetime.  Errors come with one pr_err line. */
int lull_vmx_init(void);
void lull_vmx_exit(void);
const struct vmx_config *lull_vmx_config(void);

/* setup.c: vCPU lifetime; process context, may sleep. */
int lull_vmx_vcpu_init(struct vmx_vcpu *vmx);
void lull_vmx_vcpu_free(struct vmx_vcpu *vmx);

/* run.c: preemption off; host syscall MSRs and segments are exchanged. */
void lull_vmx_load(struct vmx_vcpu *vmx);
void lull_vmx_put(struct vmx_vcpu *vmx);

/*
 * run.c: one entry and exit.  Loaded, interrupts off, guest FPU state in the
 * CPU.  @regs holds the general registers (gpr[LULL_RSP], rip and rflags are
 * in the VMCS).  NMIs and machine checks that caused the exit have been
 * handed to the host on return; an external interrupt is taken when the
 * caller enables interrupts.  The guest's CR2 is in @vmx->cr2.
 */
void lull_vmx_run(struct vmx_vcpu *vmx, u64 *gpr, struct vmx_exit *exit);
/* Before the first of them since interrupts were on. */
void lull_vmx_refresh_host(struct vmx_vcpu *vmx);

/* setup.c: guest state; loaded. */
void lull_vmx_set_cr0(struct vmx_vcpu *vmx, u64 cr0);
u64 lull_vmx_get_cr0(struct vmx_vcpu *vmx);	/* with the guest's own TS */
void lull_vmx_set_cr4(struct vmx_vcpu *vmx, u64 cr4);
void lull_vmx_set_efer(struct vmx_vcpu *vmx, u64 efer);
/* With paging off @root is a table of PDPTEs, below 4 GiB. */
void lull_vmx_set_root(struct vmx_vcpu *vmx, hpa_t root);
/* Where the guest is now, which may have loaded a CR3-target value. */
hpa_t lull_vmx_get_root(struct vmx_vcpu *vmx);
/* MOV to CR3 of these does not exit; at most VMX_NR_CR3_TARGETS. */
void lull_vmx_set_cr3_targets(struct vmx_vcpu *vmx, const u64 *value,
			      unsigned int nr);
void lull_vmx_set_seg(struct vmx_vcpu *vmx, enum lull_seg nr,
		      const struct lull_segment *seg);
void lull_vmx_get_seg(struct vmx_vcpu *vmx, enum lull_seg nr,
		      struct lull_segment *seg);
void lull_vmx_set_dtables(struct vmx_vcpu *vmx, const struct lull_dtable *gdtr,
			  const struct lull_dtable *idtr);
void lull_vmx_get_dtables(struct vmx_vcpu *vmx, struct lull_dtable *gdtr,
			  struct lull_dtable *idtr);
u64 lull_vmx_get_rip(struct vmx_vcpu *vmx);
void lull_vmx_set_rip(struct vmx_vcpu *vmx, u64 rip);
u64 lull_vmx_get_rsp(struct vmx_vcpu *vmx);
void lull_vmx_set_rsp(struct vmx_vcpu *vmx, u64 rsp);
u64 lull_vmx_get_rflags(struct vmx_vcpu *vmx);
void lull_vmx_set_rflags(struct vmx_vcpu *vmx, u64 rflags);
u64 lull_vmx_get_dr7(struct vmx_vcpu *vmx);
void lull_vmx_set_dr7(struct vmx_vcpu *vmx, u64 dr7);
int lull_vmx_get_cpl(struct vmx_vcpu *vmx);
/* MSRs the VMCS or the CPU holds: the five above, FS/GS base, SYSENTER_*,
 * PAT is not among them.  -ENOENT for any other, -EINVAL for a value that
 * the CPU would refuse with #GP.
 */
int lull_vmx_get_msr(struct vmx_vcpu *vmx, u32 msr, u64 *val);
int lull_vmx_set_msr(struct vmx_vcpu *vmx, u32 msr, u64 val);
void lull_vmx_set_tsc_offset(struct vmx_vcpu *vmx, u64 offset);
u64 lull_vmx_longest_stay(void);
void lull_vmx_unlimit_stay(struct vmx_vcpu *vmx);
/* Guest-linear address, of INS and OUTS. */
gva_t lull_vmx_get_linear_address(struct vmx_vcpu *vmx);
/*
 * Advance RIP over the instruction that exited; ends STI/MOV SS blocking and
 * leaves a single-step trap pending if the guest has TF set.
 */
void lull_vmx_skip_insn(struct vmx_vcpu *vmx, const struct vmx_exit *exit);
/* Forget what the CPU may hold for this vCPU, before the next entry. */
void lull_vmx_flush_tlb(struct vmx_vcpu *vmx);

/*
 * event.c: events; loaded.  An event whose delivery an exit cut off
 * (IDT-vectoring) is put back by lull_vmx_run() for the next entry unless
 * the exit replaced it: lull_vmx_inject() with an exception then follows the
 * rules for double and triple faults and returns false for a triple fault.
 */
bool lull_vmx_inject(struct vmx_vcpu *vmx, const struct lull_exception *ex);
void lull_vmx_inject_irq(struct vmx_vcpu *vmx, u8 vector);
bool lull_vmx_irq_allowed(struct vmx_vcpu *vmx);	/* IF, no blocking, none queued */
void lull_vmx_irq_window(struct vmx_vcpu *vmx, bool on);
void lull_vmx_drop_irq(struct vmx_vcpu *vmx);

/* An event is queued for the next entry. */
static inline bool lull_vmx_event_pending(const struct vmx_vcpu *vmx)
{
	return vmx->event;
}

/*
 * The next stay in guest mode ends after so many ticks of the TSC: the CPU's
 * timer is coarser, and may take two of its own ticks more, never fewer.  Only
 * with lull_vmx_config()->timer.
 */
static inline void lull_vmx_limit_stay(struct vmx_vcpu *vmx, u64 ticks)
{
	vmx->limited = true;
	vmx->stay = ticks;
}

/* What lull_vmx_irq_window() was told last. */
static inline bool lull_vmx_has_irq_window(const struct vmx_vcpu *vmx)
{
	return vmx->irq_window;
}

/* The instruction after this one is not delayed: drop STI/MOV SS blocking. */
void lull_vmx_clear_blocking(struct vmx_vcpu *vmx);

#ifdef LULL_DEBUG
/* soft_tlb.c: what the CPUs may still hold for a vCPU. */
u32 lull_vmx_flushes(const struct vmx_vcpu *vmx, int cpu);
bool lull_vmx_flush_due(const struct vmx_vcpu *vmx);
#endif

#endif /* LULL_VMX_H */
