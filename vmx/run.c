// SPDX-License-Identifier: GPL-2.0-only
/*
 * Into guest mode and back.  The part that no tracer may see is one
 * function, run_guest().  It and what surrounds it are one piece of code,
 * because this path is run for every exit.
 */
#include <linux/context_tracking.h>
#include <linux/hw_breakpoint.h>
#include <linux/instrumentation.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/mce.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>

#include "vmx/internal.h"

#define DR7_ENABLES	(DR_LOCAL_ENABLE_MASK | DR_GLOBAL_ENABLE_MASK)

/* What enter.S takes for granted. */
static_assert(LULL_RAX == 0 && LULL_RCX == 1 && LULL_RDX == 2 &&
	      LULL_RBX == 3 && LULL_RSP == 4 && LULL_RBP == 5 &&
	      LULL_RSI == 6 && LULL_RDI == 7 && LULL_R8 == 8 &&
	      LULL_R15 == 15);
static_assert(HOST_RSP == 0x6c14);

/* Host state that is this CPU's. */
static void write_host_cpu(struct vmx_vcpu *vmx)
{
	struct desc_ptr idt;

	store_idt(&idt);
	vmcs_write_natural(HOST_IDTR_BASE, idt.address);
	vmcs_write_natural(HOST_GDTR_BASE,
			   (unsigned long)get_current_gdt_ro());
	vmcs_write_natural(HOST_TR_BASE,
			   (unsigned long)&get_cpu_entry_area(smp_processor_id())->tss.x86_tss);
	vmcs_write_natural(HOST_GS_BASE, __rdmsr(MSR_GS_BASE));
	vmcs_write_natural(HOST_IA32_SYSENTER_ESP,
			   __rdmsr(MSR_IA32_SYSENTER_ESP));
	vmcs_write_natural(HOST_IA32_SYSENTER_EIP,
			   __rdmsr(MSR_IA32_SYSENTER_EIP));
}

/* Host state that is this thread's and that an exit does not bring back. */
static void save_host_segments(struct vmx_vcpu *vmx)
{
	unsigned long fs_base = __rdmsr(MSR_FS_BASE);

	savesegment(ds, vmx->host_ds);
	savesegment(es, vmx->host_es);
	savesegment(fs, vmx->host_fs);
	savesegment(gs, vmx->host_gs);
	store_ldt(vmx->host_ldt);
	vmx->host_debugctl = __rdmsr(MSR_IA32_DEBUGCTLMSR);
	if (fs_base != vmx->host_fs_base) {
		vmcs_write_natural(HOST_FS_BASE, fs_base);
		vmx->host_fs_base = fs_base;
	}
}

/*
 * An exit loads null or flat selectors, an empty LDTR, and the limits 0x67
 * for TR and 0xffff for GDTR.  The kernel can live with that, user space
 * cannot.
 */
static void restore_host_segments(struct vmx_vcpu *vmx)
{
	if (unlikely(vmx->host_ldt))
		asm volatile("lldt %0" : : "m" (vmx->host_ldt));
	if (unlikely(vmx->host_ds | vmx->host_es)) {
		loadsegment(ds, vmx->host_ds);
		loadsegment(es, vmx->host_es);
	}
	if (unlikely(vmx->host_fs)) {
		loadsegment(fs, vmx->host_fs);
		native_wrmsrl(MSR_FS_BASE, vmx->host_fs_base);
	}
	/* Loading the selector sets KERNEL_GS_BASE, as it does in user mode. */
	if (unlikely(vmx->host_gs)) {
		load_gs_index(vmx->host_gs);
		native_wrmsrl(MSR_KERNEL_GS_BASE,
			      vmx->host_msr[VMX_MSR_KERNEL_GS_BASE]);
	}
	invalidate_tss_limit();
	load_fixmap_gdt(smp_processor_id());
}

/**
 * lull_vmx_load() - make this CPU ready to run a vCPU
 * @vmx:	not loaded, or nothing happens; preemption off, interrupts on
 *
 * From here to lull_vmx_put() the thread neither sleeps nor returns to user
 * space, unless a preempt notifier calls put and load around it.
 */
void lull_vmx_load(struct vmx_vcpu *vmx)
{
	if (vmx->loaded)
		return;
	if (lull_vmx_acquire(vmx)) {
		write_host_cpu(vmx);
		lull_vmx_read_host_msrs(vmx);
		/* What its VPID left here may be long out of date. */
		lull_vmx_flush_tlb(vmx);
	}
	save_host_segments(vmx);
	lull_vmx_load_msrs(vmx);
	vmx->loaded = true;
}

/**
 * lull_vmx_put() - give the CPU back to the host as it was
 * @vmx:	loaded, or nothing happens; preemption off
 *
 * The VMCS stays active on this CPU, which makes the next load here cheap.
 */
void lull_vmx_put(struct vmx_vcpu *vmx)
{
	if (!vmx->loaded)
		return;
	vmx->loaded = false;
	lull_vmx_unload_msrs(vmx);
	restore_host_segments(vmx);
}

/**
 * lull_vmx_refresh_host() - bring the host's half of the VMCS up to date
 * @vmx:	loaded; interrupts off
 *
 * To be called before the first lull_vmx_run() since interrupts were on: what
 * changes with this thread's memory map, and with what other threads make of
 * this CPU, stays as it is until they are again.
 */
void lull_vmx_refresh_host(struct vmx_vcpu *vmx)
{
	unsigned long cr3 = __native_read_cr3();
	unsigned long cr4 = native_read_cr4();

	if (unlikely(cr3 != vmx->host_cr3)) {
		vmcs_write_natural(HOST_CR3, cr3);
		vmx->host_cr3 = cr3;
	}
	if (unlikely(cr4 != vmx->host_cr4)) {
		vmcs_write_natural(HOST_CR4, cr4);
		vmx->host_cr4 = cr4;
	}
}

static void load_breakpoints(struct vmx_vcpu *vmx)
{
	/* The host's DR7 must not match the guest's addresses. */
	native_set_debugreg(7, 0);
	native_set_debugreg(0, vmx->dr[0]);
	native_set_debugreg(1, vmx->dr[1]);
	native_set_debugreg(2, vmx->dr[2]);
	native_set_debugreg(3, vmx->dr[3]);
}

/*
 * A CPU in guest mode is quiescent for RCU, as in user mode.  Without
 * context tracking RCU is told so, which costs more than the rest of an
 * exit; once per host interrupt is often enough, because the tick is one.
 */
static __always_inline void enter_context(struct vmx_vcpu *vmx)
{
	instrumentation_begin();
	trace_hardirqs_on_prepare();
	lockdep_hardirqs_on_prepare();
	instrumentation_end();

	if (!context_tracking_guest_enter() && unlikely(vmx->quiescent)) {
		instrumentation_begin();
		vmx->quiescent = false;
		rcu_virt_note_context_switch(raw_smp_processor_id());
		instrumentation_end();
	}
	lockdep_hardirqs_on(CALLER_ADDR0);
}

static __always_inline void exit_context(void)
{
	lockdep_hardirqs_off(CALLER_ADDR0);
	context_tracking_guest_exit();
	instrumentation_begin();
	trace_hardirqs_off_finish();
	instrumentation_end();
}

static __always_inline bool is_event(u32 intr_info, u32 type, u8 vector)
{
	return (intr_info & (VMX_INTR_VALID | VMX_INTR_TYPE |
			     VMX_INTR_VECTOR)) ==
	       (VMX_INTR_VALID | type | vector);
}

/*
 * Give the host its NMI.  NMIs are blocked if one caused the exit, so nothing
 * may IRET before this.  The software interrupt takes the host's own gate, on
 * the stack that belongs to it, and the handler's IRET unblocks NMIs.
 */
static __always_inline void hand_back(struct vmx_exit *exit)
{
	exit->reason = vmcs_read32(VM_EXIT_REASON);
	if (exit->reason != VMX_EXIT_EXCEPTION_NMI)
		return;
	exit->intr_info = vmcs_read32(VM_EXIT_INTR_INFO);
	if (is_event(exit->intr_info, VMX_INTR_TYPE_NMI, LULL_VEC_NMI))
		asm volatile("int $2" : : : "memory");
}

/*
 * Give the host its machine check, as one of a user program: what a guest
 * lost can be taken from the launcher without taking the host down.
 */
static void hand_back_mce(const struct vmx_exit *exit)
{
#ifdef CONFIG_X86_MCE
	struct pt_regs regs = {
		.cs = __USER_CS,
		.flags = X86_EFLAGS_IF,
	};

	if (is_event(exit->intr_info, VMX_INTR_TYPE_HARD_EXC, LULL_VEC_MC) ||
	    (u16)exit->reason == VMX_EXIT_ENTRY_MACHINE_CHECK)
		do_machine_check(&regs);
#endif
}

/* What the VMCS says of an exit that no instruction caused. */
static noinline void decode_event(struct vmx_vcpu *vmx, struct vmx_exit *exit)
{
	u32 vectoring;

	exit->intr_error = 0;
	if (exit->reason != VMX_EXIT_EXCEPTION_NMI)
		exit->intr_info = 0;
	hand_back_mce(exit);
	/* A failed entry writes no other field than reason and qualification. */
	if (exit->reason & VMX_EXIT_REASON_ENTRY_FAILED) {
		exit->insn_len = 0;
		return;
	}
	vmx->launched = true;
	vmx->quiescent = exit->reason == VMX_EXIT_EXTERNAL_INTERRUPT;
	if (exit->intr_info & VMX_INTR_HAS_ERROR)
		exit->intr_error = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	/* Mostly there is nothing to keep and nothing to forget. */
	vectoring = vmcs_read32(IDT_VECTORING_INFO_FIELD);
	if (unlikely(vectoring & VMX_INTR_VALID) || vmx->event ||
	    unlikely(exit->intr_info & VMX_INTR_NMI_UNBLOCKED))
		lull_vmx_requeue(vmx, exit, vectoring);
}

/*
 * An instruction that exits is the first to do so after an event that was
 * delivered: there is nothing to put back.
 */
static __always_inline void decode(struct vmx_vcpu *vmx, struct vmx_exit *exit)
{
	exit->qualification = vmcs_read_natural(EXIT_QUALIFICATION);
	exit->insn_len = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	if (unlikely(!vmx_is_insn_exit(exit->reason))) {
		decode_event(vmx, exit);
		return;
	}
	vmx->launched = true;
	vmx->event = 0;
}

static noinline void decode_failure(struct vmx_exit *exit)
{
	memset(exit, 0, sizeof(*exit));
	exit->reason = ~0U;
	if (!lull_vmx_going_down())
		exit->insn_error = vmcs_read32(VM_INSTRUCTION_ERROR);
}

/* Return: 0 after an exit, 1 if there was no entry. */
static __always_inline unsigned int run_guest(struct vmx_vcpu *vmx, u64 *gpr,
					      struct vmx_exit *exit)
{
	unsigned int failed;

	enter_context(vmx);
	if (vmx->cr2 != native_read_cr2())
		native_write_cr2(vmx->cr2);
	failed = lull_vmx_enter(gpr, &vmx->host_rsp, vmx->launched);
	vmx->cr2 = native_read_cr2();
	if (likely(!failed))
		hand_back(exit);
	exit_context();
	return failed;
}

static void prepare(struct vmx_vcpu *vmx)
{
	if (unlikely(vmx->tlb_stale)) {
		lull_invvpid_context(&vmx->flush);
		vmx->tlb_stale = false;
	}
	lull_vmx_count_entry(vmx);
	if (vmx->limited)
		vmcs_write32(VMX_PREEMPTION_TIMER_VALUE,
			     (vmx->stay >> vmx->stay_shift) + 2);
	/* Perf may change it in an interrupt, between any two entries. */
	if (static_branch_unlikely(&lull_vmx_host_pmu))
		vmx->host_debugctl = __rdmsr(MSR_IA32_DEBUGCTLMSR);
	if (unlikely(vmx->dr7 & DR7_ENABLES))
		load_breakpoints(vmx);
}

/* An exit clears DEBUGCTL and leaves DR7 without breakpoints. */
static void finish(struct vmx_vcpu *vmx)
{
	if (unlikely(vmx->host_debugctl))
		native_wrmsrl(MSR_IA32_DEBUGCTLMSR, vmx->host_debugctl);
	if (unlikely(hw_breakpoint_active()))
		hw_breakpoint_restore();
	/* The branch predictors have seen the guest: no user code before IBPB. */
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
}

/**
 * lull_vmx_run() - enter the guest once
 * @vmx:	loaded; interrupts off
 * @gpr:	guest's general registers by enum lull_gpr; RSP's is ignored
 * @exit:	out: why the guest stopped
 *
 * If no entry was possible @exit->reason is ~0.  @exit->insn_error then says
 * why, or is 0 when VMX is off because the machine goes down.
 */
noinstr void lull_vmx_run(struct vmx_vcpu *vmx, u64 *gpr,
			  struct vmx_exit *exit)
{
	unsigned int failed;

	instrumentation_begin();
	prepare(vmx);
	if (!lull_vmx_check_entry(vmx, exit)) {
		finish(vmx);
		instrumentation_end();
		return;
	}
	instrumentation_end();

	failed = run_guest(vmx, gpr, exit);

	instrumentation_begin();
	finish(vmx);
	if (likely(!failed))
		decode(vmx, exit);
	else
		decode_failure(exit);
	instrumentation_end();
}
