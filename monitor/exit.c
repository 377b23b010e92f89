// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit reason -> who pays for it, and what is done.
 */
#include <linux/nospec.h>
#include <asm/processor-flags.h>
#include <asm/cpu.h>
#include <asm/tsc.h>

#include "monitor/cpuid.h"
#include "monitor/trace.h"
#include "monitor/vcpu.h"

static u32 basic_reason(const struct lull_vcpu *vcpu)
{
	return vcpu->exit.reason & 0xffff;
}

/**
 * lull_inject_fault() - an exception instead of the exiting instruction
 * @vcpu:	the vCPU, after an exit due to an instruction
 * @ex:		the exception, a fault
 *
 * RF is set in what a fault pushes, so that the instruction's breakpoint does
 * not come again (SDM: "Instruction-Breakpoint Exception Condition").
 */
void lull_inject_fault(struct lull_vcpu *vcpu, const struct lull_exception *ex)
{
	lull_vmx_set_rflags(&vcpu->vmx, lull_vmx_get_rflags(&vcpu->vmx) |
			    X86_EFLAGS_RF);
	lull_vcpu_inject(vcpu, ex);
}

static int inject(struct lull_vcpu *vcpu, u8 vector, bool has_error)
{
	const struct lull_exception ex = {
		.vector = vector,
		.has_error = has_error,
	};

	lull_inject_fault(vcpu, &ex);
	return LULL_NEXT_GUEST;
}

/**
 * lull_inject_gp() - #GP(0) instead of the exiting instruction
 * @vcpu:	the vCPU
 *
 * Return: LULL_NEXT_GUEST.
 */
int lull_inject_gp(struct lull_vcpu *vcpu)
{
	return inject(vcpu, LULL_VEC_GP, true);
}

/**
 * lull_inject_ud() - #UD instead of the exiting instruction
 * @vcpu:	the vCPU
 *
 * Return: LULL_NEXT_GUEST.
 */
int lull_inject_ud(struct lull_vcpu *vcpu)
{
	return inject(vcpu, LULL_VEC_UD, false);
}

/* This guest cannot go on; the launcher says why. */
static int die(struct lull_vcpu *vcpu, enum lull_run_reason reason)
{
	struct lull_run *run = vcpu->run;

	run->reason = reason;
	run->hw.exit_reason = vcpu->exit.reason;
	run->hw.insn_error = 0;
	if (vcpu->exit.reason == ~0U)
		run->hw.insn_error = vcpu->exit.insn_error;
	run->hw.qualification = vcpu->exit.qualification;
	run->hw.intr_info = 0;
	if (vcpu->exit.reason == VMX_EXIT_EXCEPTION_NMI)
		run->hw.intr_info = vcpu->exit.intr_info;
	lull_vm_kill(vcpu->vm);
	return LULL_NEXT_USER;
}

static int handle_unexpected(struct lull_vcpu *vcpu)
{
	return die(vcpu, LULL_RUN_UNHANDLED);
}

static int handle_triple_fault(struct lull_vcpu *vcpu)
{
	vcpu->run->reason = LULL_RUN_SHUTDOWN;
	return LULL_NEXT_USER;
}

static int handle_skip(struct lull_vcpu *vcpu)
{
	return lull_next_insn(vcpu);
}

static int mmio_exit(struct lull_vcpu *vcpu, const struct lull_fault *fault)
{
	struct lull_run *run = vcpu->run;
	struct lull_segment cs;
	struct lull_exception ex;
	u64 rip;
	u8 n;

	/* An event's delivery made the access, not the instruction at RIP. */
	if (lull_vmx_event_pending(&vcpu->vmx))
		return die(vcpu, LULL_RUN_UNHANDLED);

	lull_vmx_get_seg(&vcpu->vmx, LULL_CS, &cs);
	rip = cs.base + lull_vmx_get_rip(&vcpu->vmx);
	memset(&run->mmio, 0, sizeof(run->mmio));
	/* Fewer bytes where the instruction ends before an unmapped page. */
	for (n = LULL_INSN_MAX; n; n--) {
		if (!lull_gva_read(vcpu, rip, run->mmio.insn, n,
				   LULL_PF_FETCH, &ex))
			break;
	}
	run->mmio.gpa = fault->gpa;
	run->mmio.gva = fault->gva;
	run->mmio.write = !!(fault->error_code & LULL_PF_WRITE);
	run->mmio.insn_len = n;
	run->reason = LULL_RUN_MMIO;
	return LULL_NEXT_USER;
}

static int finish_fault(struct lull_vcpu *vcpu, const struct lull_fault *fault)
{
	switch (fault->result) {
	case LULL_FAULT_INJECT:
		lull_count(vcpu, LULL_CNT_GUEST_FAULTS);
		lull_vcpu_inject(vcpu, &fault->exception);
		return LULL_NEXT_GUEST;
	case LULL_FAULT_MMIO:
		return mmio_exit(vcpu, fault);
	case LULL_FAULT_GUARD:
		return lull_guard_violation(vcpu, fault);
	default:
		return LULL_NEXT_GUEST;
	}
}

static __always_inline struct lull_fault make_fault(struct lull_vcpu *vcpu)
{
	return (struct lull_fault){
		.gva = vcpu->exit.qualification,
		.error_code = vcpu->exit.intr_error,
		.smap_exempt = vcpu->shadow.mode.smap &&
			       !(vcpu->exit.intr_error & LULL_PF_USER) &&
			       (lull_vmx_get_rflags(&vcpu->vmx) &
				X86_EFLAGS_AC) &&
			       lull_vmx_get_cpl(&vcpu->vmx) < 3,
	};
}

static void note_fault(struct lull_vcpu *vcpu, const struct lull_fault *fault,
		       u64 start)
{
	lull_count(vcpu, LULL_CNT_FAULTS);
	if (!trace_lull_fault_enabled())
		return;
	trace_lull_fault(vcpu->vm->id, vcpu->id, fault->gva, fault->gpa,
			 fault->error_code, fault->result, fault->level,
			 rdtsc() - start);
}

static int handle_page_fault(struct lull_vcpu *vcpu)
{
	struct lull_fault fault = make_fault(vcpu);
	u64 start = vcpu->last;
	int r;

	down_read(&vcpu->vm->slots_sem);
	r = lull_shadow_fault(&vcpu->shadow, &fault);
	up_read(&vcpu->vm->slots_sem);
	note_fault(vcpu, &fault, start);
	return r ? r : finish_fault(vcpu, &fault);
}

/* What needs neither sleep nor another vCPU. */
static int page_fault_quick(struct lull_vcpu *vcpu)
{
	struct lull_fault fault;
	u64 start = vcpu->last;

	if ((vcpu->exit.intr_info & (VMX_INTR_TYPE | VMX_INTR_VECTOR)) !=
	    (VMX_INTR_TYPE_HARD_EXC | LULL_VEC_PF) ||
	    lull_vmx_event_pending(&vcpu->vmx))
		return LULL_NEXT_SLOW;
	vcpu->bucket = LULL_TICKS_FAULT;
	fault = make_fault(vcpu);
	if (!lull_shadow_try_fault(&vcpu->shadow, &fault))
		return LULL_NEXT_SLOW;
	note_fault(vcpu, &fault, start);
	return finish_fault(vcpu, &fault);
}

/*
 * #AC exits so that a guest cannot trap the CPU in delivering it.  It is the
 * guest's own if the guest asked for it; otherwise the host asked to be told
 * of split locks.
 */
static int handle_alignment(struct lull_vcpu *vcpu,
			    const struct lull_exception *ex)
{
	bool guests = lull_vmx_get_cpl(&vcpu->vmx) == 3 &&
		      (vcpu->vmx.cr0 & X86_CR0_AM) &&
		      (lull_vmx_get_rflags(&vcpu->vmx) & X86_EFLAGS_AC);

	if (guests || !boot_cpu_has(X86_FEATURE_SPLIT_LOCK_DETECT) ||
	    !handle_guest_split_lock(lull_vmx_get_rip(&vcpu->vmx)))
		lull_vcpu_inject(vcpu, ex);
	return LULL_NEXT_GUEST;
}

/* #DB exits for the same reason; INT1 is an instruction that is then done. */
static int handle_debug(struct lull_vcpu *vcpu, const struct lull_exception *ex)
{
	u32 type = vcpu->exit.intr_info & VMX_INTR_TYPE;

	vcpu->dr6 &= ~(u64)DR_TRAP_BITS;
	vcpu->dr6 |= vcpu->exit.qualification;
	lull_vmx_set_dr7(&vcpu->vmx,
			 lull_vmx_get_dr7(&vcpu->vmx) & ~(u64)DR7_GD);
	if (type == VMX_INTR_TYPE_PRIV_SOFT)
		lull_vmx_set_rip(&vcpu->vmx, lull_vmx_get_rip(&vcpu->vmx) +
				 vcpu->exit.insn_len);
	lull_vcpu_inject(vcpu, ex);
	return LULL_NEXT_GUEST;
}

static int handle_exception(struct lull_vcpu *vcpu)
{
	u32 info = vcpu->exit.intr_info;
	struct lull_exception ex = {
		.vector = info & VMX_INTR_VECTOR,
		.has_error = info & VMX_INTR_HAS_ERROR,
		.error_code = vcpu->exit.intr_error,
	};

	if ((info & VMX_INTR_TYPE) == VMX_INTR_TYPE_NMI)
		return LULL_NEXT_GUEST;
	switch (ex.vector) {
	case LULL_VEC_PF:
		return handle_page_fault(vcpu);
	case LULL_VEC_MC:
		return LULL_NEXT_GUEST;
	case LULL_VEC_DB:
		return handle_debug(vcpu, &ex);
	case LULL_VEC_AC:
		return handle_alignment(vcpu, &ex);
	default:
		return handle_unexpected(vcpu);
	}
}

static noinline void fill_cpuid(struct lull_vcpu *vcpu,
				struct lull_cpuid_slot *slot,
				u32 leaf, u32 subleaf)
{
	const struct lull_cpuid_env env = {
		.para_features = vcpu->vm->para_features,
		.tsc_khz = tsc_khz,
		.cr4 = vcpu->vmx.cr4,
		.xcr0 = vcpu->xcr0,
	};

	slot->leaf = leaf;
	slot->subleaf = subleaf;
	slot->valid = true;
	lull_cpuid(&env, leaf, subleaf, &slot->out);
}

/* Results are kept: the host's own CPUID is slow, and in a guest an exit. */
static int handle_cpuid(struct lull_vcpu *vcpu)
{
	u32 leaf = vcpu->gpr[LULL_RAX], subleaf = vcpu->gpr[LULL_RCX];
	struct lull_cpuid_slot *slot = &vcpu->cpuid[leaf % LULL_CPUID_SLOTS];

	if (unlikely(slot->leaf != leaf || slot->subleaf != subleaf ||
		     !slot->valid))
		fill_cpuid(vcpu, slot, leaf, subleaf);
	vcpu->gpr[LULL_RAX] = slot->out.eax;
	vcpu->gpr[LULL_RBX] = slot->out.ebx;
	vcpu->gpr[LULL_RCX] = slot->out.ecx;
	vcpu->gpr[LULL_RDX] = slot->out.edx;
	return lull_next_insn(vcpu);
}

/*
 * A guest that idles in another address space than the last time will load this
 * one's CR3 again, and then it is to be in sync.  One that stays has no use for
 * that: what it writes would only fault again.  Nor has one with CR3 targets: a
 * root that is written between two loads would come and go as one.  Nor has one
 * whose other vCPU may be writing the same tables.  Under the guard the root has
 * no user half that could be brought in sync.
 */
static void owe(struct lull_vcpu *vcpu, const struct lull_announcement *ann)
{
	const struct lull_shadow *sh = &vcpu->shadow;

	vcpu->owes = ann->idle && ann->borrowed_cr3 != vcpu->idled_cr3 &&
		     !sh->targets.on && !sh->guarded &&
		     READ_ONCE(sh->mmu->nr_vcpus) == 1;
	if (ann->idle)
		vcpu->idled_cr3 = ann->borrowed_cr3;
}

/* The vCPU sleeps before the next entry. */
static int begin_halt(struct lull_vcpu *vcpu)
{
	u64 rflags = lull_vmx_get_rflags(&vcpu->vmx);
	struct lull_announcement ann;

	lull_para_read_page(&vcpu->para, vcpu->shadow.cr3, &ann);
	lull_count(vcpu, LULL_CNT_IDLE_ENTERS);
	if (ann.idle)
		lull_count(vcpu, LULL_CNT_IDLE_ANNOUNCED);
	trace_lull_idle_enter(vcpu->vm->id, vcpu->id, vcpu->shadow.cr3,
			      ann.idle, ann.borrowed_cr3);
	lull_guard_halt(vcpu, &ann);
	owe(vcpu, &ann);
	vcpu->halt_if = rflags & X86_EFLAGS_IF;
	/* The single-step trap after HLT ends it at once. */
	vcpu->halted = !(rflags & X86_EFLAGS_TF);
	if (vcpu->halted)
		lull_ptimer_halt(&vcpu->timer, &vcpu->para, ann.deadline,
				 lull_vcpu_tsc(vcpu));
	return LULL_NEXT_GUEST;
}

static int handle_hlt(struct lull_vcpu *vcpu)
{
	lull_next_insn(vcpu);
	return begin_halt(vcpu);
}

static int handle_vmcall(struct lull_vcpu *vcpu)
{
	u64 nr = vcpu->gpr[LULL_RAX];
	u64 a0 = vcpu->gpr[LULL_RDI], a1 = vcpu->gpr[LULL_RSI];
	enum lull_hc_action action;
	s64 ret;
	int r;

	lull_count(vcpu, LULL_CNT_HYPERCALLS);
	action = lull_hypercall(&vcpu->para, lull_vmx_get_cpl(&vcpu->vmx), nr,
				a0, a1, &ret);
	trace_lull_hypercall(vcpu->vm->id, vcpu->id, nr, a0, a1, ret);
	/* Without memory it is called again. */
	if (action == LULL_HC_BEGIN_GUARD || action == LULL_HC_END_GUARD) {
		r = lull_guard_hypercall(vcpu, action == LULL_HC_BEGIN_GUARD);
		if (r)
			return r;
	}
	vcpu->gpr[LULL_RAX] = ret;
	lull_next_insn(vcpu);
	if (action == LULL_HC_TIMER)
		lull_vcpu_look(vcpu);
	if (action == LULL_HC_CR3_TABLE)
		lull_targets_enable(&vcpu->shadow,
				    vcpu->para.cr3_table != LULL_INVALID_GPA);
	if (action != LULL_HC_HALT)
		return LULL_NEXT_GUEST;
	/* As STI; HLT: interrupts are on when the vCPU sleeps. */
	lull_vmx_set_rflags(&vcpu->vmx, lull_vmx_get_rflags(&vcpu->vmx) |
			    X86_EFLAGS_IF);
	return begin_halt(vcpu);
}

static int handle_invlpg(struct lull_vcpu *vcpu)
{
	lull_shadow_invlpg(&vcpu->shadow, vcpu->exit.qualification);
	return lull_next_insn(vcpu);
}

static int invlpg_quick(struct lull_vcpu *vcpu)
{
	vcpu->bucket = LULL_TICKS_FAULT;
	if (!lull_shadow_try_invlpg(&vcpu->shadow, vcpu->exit.qualification))
		return LULL_NEXT_SLOW;
	return lull_next_insn(vcpu);
}

/* Ended by lull_vmx_limit_stay(), or it was the longest there may be. */
static int handle_timer(struct lull_vcpu *vcpu)
{
	if (lull_ptimer_is_due(&vcpu->timer, lull_vcpu_tsc(vcpu)))
		lull_vcpu_look(vcpu);
	return LULL_NEXT_GUEST;
}

/* The host took it when interrupts went on. */
static int handle_host_irq(struct lull_vcpu *vcpu)
{
	if (lull_ptimer_is_unknown(&vcpu->timer))
		lull_vcpu_look(vcpu);
	return LULL_NEXT_GUEST;
}

static int handle_irq_window(struct lull_vcpu *vcpu)
{
	lull_vmx_irq_window(&vcpu->vmx, false);
	return LULL_NEXT_GUEST;
}

struct exit_policy {
	enum lull_ticks bucket;
	int (*handle)(struct lull_vcpu *vcpu);
};

/* Reasons that are not here are exits Lull does not handle. */
static const struct exit_policy policies[] = {
	[VMX_EXIT_EXCEPTION_NMI] = { LULL_TICKS_FAULT, handle_exception },
	[VMX_EXIT_EXTERNAL_INTERRUPT] = { LULL_TICKS_IRQ, handle_host_irq },
	[VMX_EXIT_TRIPLE_FAULT] = { LULL_TICKS_PRIV, handle_triple_fault },
	[VMX_EXIT_INTERRUPT_WINDOW] = { LULL_TICKS_IRQ, handle_irq_window },
	[VMX_EXIT_CPUID] = { LULL_TICKS_PRIV, handle_cpuid },
	[VMX_EXIT_GETSEC] = { LULL_TICKS_PRIV, lull_inject_ud },
	[VMX_EXIT_HLT] = { LULL_TICKS_PRIV, handle_hlt },
	/* Caches are coherent: nothing to write back or to lose. */
	[VMX_EXIT_INVD] = { LULL_TICKS_PRIV, handle_skip },
	[VMX_EXIT_INVLPG] = { LULL_TICKS_FAULT, handle_invlpg },
	[VMX_EXIT_RDPMC] = { LULL_TICKS_PRIV, lull_inject_gp },
	[VMX_EXIT_VMCALL] = { LULL_TICKS_PRIV, handle_vmcall },
	[VMX_EXIT_VMCLEAR ... VMX_EXIT_VMXON] = { LULL_TICKS_PRIV,
						  lull_inject_ud },
	[VMX_EXIT_CR_ACCESS] = { LULL_TICKS_PRIV, lull_emul_cr },
	[VMX_EXIT_DR_ACCESS] = { LULL_TICKS_PRIV, lull_emul_dr },
	[VMX_EXIT_IO] = { LULL_TICKS_PIO, lull_emul_pio },
	[VMX_EXIT_RDMSR] = { LULL_TICKS_PRIV, lull_emul_rdmsr },
	[VMX_EXIT_WRMSR] = { LULL_TICKS_PRIV, lull_emul_wrmsr },
	[VMX_EXIT_MWAIT] = { LULL_TICKS_PRIV, lull_inject_ud },
	[VMX_EXIT_MONITOR] = { LULL_TICKS_PRIV, lull_inject_ud },
	[VMX_EXIT_INVEPT] = { LULL_TICKS_PRIV, lull_inject_ud },
	[VMX_EXIT_PREEMPTION_TIMER] = { LULL_TICKS_IRQ, handle_timer },
	[VMX_EXIT_INVVPID] = { LULL_TICKS_PRIV, lull_inject_ud },
	[VMX_EXIT_WBINVD] = { LULL_TICKS_PRIV, handle_skip },
	[VMX_EXIT_XSETBV] = { LULL_TICKS_PRIV, lull_emul_xsetbv },
};

/**
 * lull_exit_bucket() - who pays for the last exit
 * @vcpu:	the vCPU
 *
 * Return: the bucket.
 */
enum lull_ticks lull_exit_bucket(const struct lull_vcpu *vcpu)
{
	u32 reason = basic_reason(vcpu);
	u64 qualification = vcpu->exit.qualification;

	/* MOV to CR3: access type 0, register 3. */
	if (reason == VMX_EXIT_CR_ACCESS && (qualification & 0x3f) == 3)
		return LULL_TICKS_PT_SWITCH;
	if (reason == VMX_EXIT_IO && lull_irqchip_owns_port(qualification >> 16))
		return LULL_TICKS_IRQ;
	return reason < ARRAY_SIZE(policies) ? policies[reason].bucket :
					       LULL_TICKS_PRIV;
}

/**
 * lull_exit_handle() - handle the last exit
 * @vcpu:	the vCPU
 *
 * Return: enum lull_next, or -errno.
 */
int lull_exit_handle(struct lull_vcpu *vcpu)
{
	u32 reason = basic_reason(vcpu);

	if (vcpu->exit.reason & VMX_EXIT_REASON_ENTRY_FAILED)
		return die(vcpu, LULL_RUN_FAIL_ENTRY);
	if (reason >= ARRAY_SIZE(policies))
		return handle_unexpected(vcpu);
	reason = array_index_nospec(reason, ARRAY_SIZE(policies));
	if (!policies[reason].handle)
		return handle_unexpected(vcpu);
	return policies[reason].handle(vcpu);
}

/**
 * lull_exit_quick() - handle the last exit if that is done in no time
 * @vcpu:	the vCPU
 *
 * Of the exits that are frequent, those that need no memory and not much time,
 * nor a lock that somebody holds.  The bucket that pays is set here, too.
 *
 * Context: interrupts off, guest registers in the CPU.
 * Return: LULL_NEXT_GUEST, or LULL_NEXT_SLOW with nothing changed that the guest
 * can see.
 */
int lull_exit_quick(struct lull_vcpu *vcpu)
{
	switch (vcpu->exit.reason) {
	case VMX_EXIT_EXCEPTION_NMI:
		return page_fault_quick(vcpu);
	case VMX_EXIT_INVLPG:
		return invlpg_quick(vcpu);
	case VMX_EXIT_CR_ACCESS:
		return lull_emul_cr_quick(vcpu);
	case VMX_EXIT_IO:
		vcpu->bucket = LULL_TICKS_IRQ;
		return lull_emul_pio_quick(vcpu);
	case VMX_EXIT_CPUID:
		vcpu->bucket = LULL_TICKS_PRIV;
		return handle_cpuid(vcpu);
	case VMX_EXIT_INTERRUPT_WINDOW:
		vcpu->bucket = LULL_TICKS_IRQ;
		return handle_irq_window(vcpu);
	case VMX_EXIT_RDMSR:
		vcpu->bucket = LULL_TICKS_PRIV;
		return lull_emul_rdmsr_quick(vcpu);
	case VMX_EXIT_WRMSR:
		vcpu->bucket = LULL_TICKS_PRIV;
		return lull_emul_wrmsr_quick(vcpu);
	default:
		return LULL_NEXT_SLOW;
	}
}
