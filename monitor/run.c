// SPDX-License-Identifier: GPL-2.0-only
/*
 * LULL_RUN: the loop around VM entry, and what a thread owes the host
 * between two entries.
 */
#include <linux/vtime.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/task_work.h>

#include "monitor/trace.h"
#include "monitor/vcpu.h"

/* How a vCPU came out of HLT; the tracepoint names them. */
enum { WAKE_INTERRUPT, WAKE_SIGNAL, WAKE_PENDING };

static struct lull_vcpu *notifier_vcpu(struct preempt_notifier *notifier)
{
	return container_of(notifier, struct lull_vcpu, notifier);
}

static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct lull_vcpu *vcpu = notifier_vcpu(notifier);

	/* A sleep in HLT is idle time; anything else was taken from us. */
	if (vcpu->bucket != LULL_TICKS_IDLE) {
		u64 now = rdtsc();

		vcpu->stats.preempted += now - vcpu->last;
		vcpu->last = now;
	}
	lull_vmx_load(&vcpu->vmx);
}

static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next)
{
	struct lull_vcpu *vcpu = notifier_vcpu(notifier);

	if (vcpu->bucket != LULL_TICKS_IDLE)
		lull_account(vcpu, vcpu->bucket);
	lull_vmx_put(&vcpu->vmx);
}

static struct preempt_ops preempt_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/**
 * lull_vcpu_load() - make the vCPU's VMCS usable by this thread
 * @vcpu:	the vCPU, mutex held
 */
void lull_vcpu_load(struct lull_vcpu *vcpu)
{
	preempt_disable();
	preempt_notifier_init(&vcpu->notifier, &preempt_ops);
	preempt_notifier_register(&vcpu->notifier);
	lull_vmx_load(&vcpu->vmx);
	preempt_enable();
}

/**
 * lull_vcpu_put() - the opposite of lull_vcpu_load()
 * @vcpu:	the vCPU
 */
void lull_vcpu_put(struct lull_vcpu *vcpu)
{
	preempt_disable();
	lull_vmx_put(&vcpu->vmx);
	preempt_notifier_unregister(&vcpu->notifier);
	preempt_enable();
}

/**
 * lull_vcpu_kick() - let the vCPU look at its interrupts
 * @vcpu:	the vCPU
 *
 * Context: any, also hard interrupt.
 */
void lull_vcpu_kick(struct lull_vcpu *vcpu)
{
	int cpu;

	swake_up_one(&vcpu->wait);
	/* Pairs with the barrier in enter(). */
	smp_mb();
	cpu = READ_ONCE(vcpu->cpu);
	if (READ_ONCE(vcpu->in_guest) && cpu != raw_smp_processor_id())
		smp_send_reschedule(cpu);
}

/**
 * lull_vcpu_inject() - give the guest an exception on the next entry
 * @vcpu:	the vCPU
 * @ex:		the exception
 *
 * A triple fault is reported as LULL_RUN_SHUTDOWN by the next entry.
 */
void lull_vcpu_inject(struct lull_vcpu *vcpu, const struct lull_exception *ex)
{
	lull_count(vcpu, LULL_CNT_INJECTIONS);
	trace_lull_inject(vcpu->vm->id, vcpu->id, ex->vector,
			  VMX_INTR_TYPE_HARD_EXC >> 8,
			  ex->error_code, ex->has_error, false);
	if (ex->vector == LULL_VEC_PF)
		vcpu->vmx.cr2 = ex->cr2;
	if (!lull_vmx_inject(&vcpu->vmx, ex)) {
		vcpu->shutdown = true;
		set_bit(LULL_REQ_PREPARE, &vcpu->requests);
	}
}

static bool has_irq(struct lull_vcpu *vcpu)
{
	return vcpu->timer.pending || READ_ONCE(*vcpu->irq_line);
}

/* The timer's interrupt needs no acknowledgment, so it goes first. */
static int ack_irq(struct lull_vcpu *vcpu)
{
	if (!vcpu->timer.pending)
		return lull_irqchip_ack(&vcpu->vm->chip);
	vcpu->timer.pending = false;
	return vcpu->para.timer_vector;
}

static bool take_irq(struct lull_vcpu *vcpu)
{
	int vector = ack_irq(vcpu);

	if (vector >= 0) {
		lull_vmx_inject_irq(&vcpu->vmx, vector);
		lull_count(vcpu, LULL_CNT_INJECTIONS);
		trace_lull_inject(vcpu->vm->id, vcpu->id, vector, 0, 0, false,
				  false);
	}
	return has_irq(vcpu);
}

static noinline void update_irq(struct lull_vcpu *vcpu, bool pending)
{
	if (pending && lull_vmx_irq_allowed(&vcpu->vmx))
		pending = take_irq(vcpu);
	if (pending != lull_vmx_has_irq_window(&vcpu->vmx))
		lull_vmx_irq_window(&vcpu->vmx, pending);
}

static __always_inline void deliver_irq(struct lull_vcpu *vcpu)
{
	bool pending = has_irq(vcpu);

	if (unlikely(pending || lull_vmx_has_irq_window(&vcpu->vmx)))
		update_irq(vcpu, pending);
}

/* Does HLT end?  Only an interrupt that the guest can take ends it. */
static bool wakes(struct lull_vcpu *vcpu)
{
	return has_irq(vcpu) && vcpu->halt_if;
}

static bool halt_ends(struct lull_vcpu *vcpu)
{
	return wakes(vcpu) || READ_ONCE(vcpu->timer.fired) ||
	       READ_ONCE(vcpu->run->immediate_exit) ||
	       READ_ONCE(vcpu->vm->dead);
}

/* Has nobody anything better to do for the thread? */
static bool may_linger(struct lull_vcpu *vcpu)
{
	return !halt_ends(vcpu) && !need_resched() && !signal_pending(current);
}

/* Tables that are brought in sync in one halt, at most */
#define MOST_DEBT	64

/*
 * The guest has nothing to do: bring in sync what the next load of its root
 * would have to, table by table until something comes up.
 */
static void pay_debt(struct lull_vcpu *vcpu)
{
	struct lull_shadow *sh = &vcpu->shadow;
	unsigned int nr;

	if (!vcpu->owes || vcpu->timer.near || !lull_shadow_root_valid(sh) ||
	    !lull_shadow_needs_sync(sh))
		return;
	vcpu->owes = false;
	lull_account(vcpu, LULL_TICKS_SYNC);
	for (nr = 0; nr < MOST_DEBT && may_linger(vcpu); nr++) {
		if (!lull_shadow_sync_some(sh, 1))
			break;
	}
	vcpu->stats.counters[LULL_CNT_DEBT_PAGES] += nr;
}

/* Until the deadline, unless something else comes first. */
static void spin_in_halt(struct lull_vcpu *vcpu)
{
	while (lull_ptimer_waits(&vcpu->timer, lull_vcpu_tsc(vcpu)) &&
	       may_linger(vcpu))
		cpu_relax();
	lull_ptimer_expire(&vcpu->timer, lull_vcpu_tsc(vcpu));
}

/* Sleep until an interrupt or a signal.  Returns one of WAKE_*. */
static int sleep_in_halt(struct lull_vcpu *vcpu)
{
	int r;

	if (wakes(vcpu))
		return WAKE_PENDING;
	if (vcpu->timer.near)
		spin_in_halt(vcpu);
	if (wakes(vcpu))
		return WAKE_INTERRUPT;
	do {
		r = swait_event_interruptible_exclusive(vcpu->wait,
							halt_ends(vcpu));
		lull_count(vcpu, LULL_CNT_WAKEUPS);
		if (r)
			return WAKE_SIGNAL;
		if (!READ_ONCE(vcpu->timer.fired))
			break;
		lull_ptimer_expire(&vcpu->timer, lull_vcpu_tsc(vcpu));
	} while (!wakes(vcpu));
	return wakes(vcpu) ? WAKE_INTERRUPT : WAKE_SIGNAL;
}

static int sleep_until_wake(struct lull_vcpu *vcpu)
{
	u64 start;
	int wake;

	start = rdtsc();
	pay_debt(vcpu);
	lull_account(vcpu, LULL_TICKS_IDLE);
	wake = sleep_in_halt(vcpu);
	lull_account(vcpu, LULL_TICKS_ENTRY);
	trace_lull_idle_leave(vcpu->vm->id, vcpu->id, vcpu->last - start, wake);
	/* The next LULL_RUN goes on sleeping. */
	if (wake == WAKE_SIGNAL)
		return READ_ONCE(vcpu->vm->dead) ? -EIO : -EINTR;
	vcpu->halted = false;
	lull_ptimer_resume(&vcpu->timer, &vcpu->para, vcpu->last - start,
			   lull_vcpu_tsc(vcpu));
	return LULL_NEXT_GUEST;
}

/*
 * Work that waits for the return to user mode and should not wait long.
 * What restartable sequences leave there may: it is set at every sleep, and
 * nothing but user mode looks at it.
 */
static bool has_resume_work(void)
{
#ifdef CONFIG_MEMCG
	if (current->memcg_nr_pages_over_high)
		return true;
#endif
	return task_work_pending(current);
}

/* The thread must leave for its own sake: signals, task work, a request. */
static bool must_leave(struct lull_vcpu *vcpu)
{
	unsigned long flags = read_thread_flags();

	if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
		return true;
	if (unlikely(flags & _TIF_NOTIFY_RESUME) && has_resume_work())
		return true;
	return READ_ONCE(vcpu->run->immediate_exit);
}

/* What is asked for from here on is seen by may_enter(), or by the next look. */
static void forget_request(struct lull_vcpu *vcpu)
{
	if (!test_bit(LULL_REQ_PREPARE, &vcpu->requests))
		return;
	clear_bit(LULL_REQ_PREPARE, &vcpu->requests);
	/* Pairs with the order of timer_fires(). */
	smp_mb__after_atomic();
}

/* What may sleep and has to be done before the guest can be entered. */
static int prepare(struct lull_vcpu *vcpu)
{
	int r;

	forget_request(vcpu);
	if (READ_ONCE(vcpu->vm->dead))
		return -EIO;
	if (vcpu->shutdown) {
		vcpu->shutdown = false;
		vcpu->run->reason = LULL_RUN_SHUTDOWN;
		return LULL_NEXT_USER;
	}
	if (must_leave(vcpu))
		return -EINTR;
	if (vcpu->halted) {
		r = sleep_until_wake(vcpu);
		if (r)
			return r;
		/* What the timer asked for there is done. */
		forget_request(vcpu);
	}
	if (READ_ONCE(vcpu->timer.fired) ||
	    lull_ptimer_is_due(&vcpu->timer, vcpu->last + vcpu->tsc_offset))
		lull_vcpu_look(vcpu);
	cond_resched();
	if (READ_ONCE(vcpu->shadow.targets.stale))
		lull_vcpu_settle_targets(vcpu);
	if (lull_shadow_root_valid(&vcpu->shadow))
		return LULL_NEXT_GUEST;
	return lull_vcpu_reload(vcpu);
}

static void load_guest_regs(struct lull_vcpu *vcpu)
{
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		switch_fpu_return();
	if (vcpu->xcr0 != vcpu->host_xcr0 && boot_cpu_has(X86_FEATURE_XSAVE))
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->xcr0);
}

static void load_host_regs(struct lull_vcpu *vcpu)
{
	if (vcpu->xcr0 != vcpu->host_xcr0 && boot_cpu_has(X86_FEATURE_XSAVE))
		xsetbv(XCR_XFEATURE_ENABLED_MASK, vcpu->host_xcr0);
}

/* Is there nothing for prepare() to do? */
static bool may_enter(struct lull_vcpu *vcpu)
{
	return !vcpu->halted && !vcpu->shutdown && !READ_ONCE(vcpu->vm->dead) &&
	       !READ_ONCE(vcpu->timer.fired) && !need_resched() &&
	       !must_leave(vcpu) && !READ_ONCE(vcpu->shadow.targets.stale) &&
	       lull_shadow_root_valid(&vcpu->shadow);
}

/*
 * The same after an exit that was handled at once.  Whatever others have asked
 * for since may_enter() said yes has come with an IPI, which ends the next stay
 * as it begins; an exit that halts the vCPU or kills the VM is not handled at
 * once.  So this is only quicker than an IPI, but for what the handler itself
 * did: a thread it woke, CR3 targets that it listed or took off the list.  For a
 * triple fault, or a TSC that moved under the timer, it makes a request.
 */
static __always_inline bool may_reenter(struct lull_vcpu *vcpu)
{
	const unsigned long mask = _TIF_NEED_RESCHED | _TIF_SIGPENDING |
				   _TIF_NOTIFY_SIGNAL;

	return likely(!READ_ONCE(vcpu->shadow.targets.stale)) &&
	       likely(!(read_thread_flags() & mask));
}

/* The exit cut off the delivery of an event: the next entry has it again. */
static void trace_requeue(struct lull_vcpu *vcpu)
{
	u32 event = vcpu->vmx.event;

	trace_lull_inject(vcpu->vm->id, vcpu->id, event & VMX_INTR_VECTOR,
			  (event & VMX_INTR_TYPE) >> 8, 0,
			  event & VMX_INTR_HAS_ERROR, true);
}

/* Return: false if prepare() has something to do. */
static bool answer_requests(struct lull_vcpu *vcpu)
{
	if (test_and_clear_bit(LULL_REQ_FLUSH, &vcpu->requests)) {
		lull_count(vcpu, LULL_CNT_TLB_FLUSHES);
		lull_vmx_flush_tlb(&vcpu->vmx);
	}
	return !test_bit(LULL_REQ_PREPARE, &vcpu->requests);
}

/* Once into the guest and out; interrupts stay off. */
static __always_inline void run_guest(struct lull_vcpu *vcpu)
{
	u64 exited;

	if (trace_lull_exit_enabled())
		vcpu->entered = vcpu->last;
	if (trace_lull_entry_enabled())
		trace_lull_entry(vcpu->vm->id, vcpu->id,
				 lull_vmx_get_rip(&vcpu->vmx));
	lull_soft_tlb_enter(vcpu);
	lull_vmx_run(&vcpu->vmx, vcpu->gpr, &vcpu->exit);
	lull_soft_tlb_leave(vcpu);
	exited = rdtsc();
	/* Who pays for what follows is not known yet. */
	vcpu->stats.ticks[LULL_TICKS_GUEST] += exited - vcpu->last;
	vcpu->last = exited;
}

static void trace_exit(struct lull_vcpu *vcpu, u64 rip, u64 exited, u64 ticks)
{
	trace_lull_exit(vcpu->vm->id, vcpu->id, lull_exit_slot(vcpu),
			vcpu->exit.qualification, rip, exited - vcpu->entered,
			ticks);
}

/*
 * An exit was handled at once: its bucket and its reason pay up to now.  One
 * that was traced has paid already.
 */
static __always_inline void account_quick(struct lull_vcpu *vcpu,
					  enum lull_ticks bucket)
{
	bool paid = unlikely(vcpu->bucket == LULL_TICKS_ENTRY);
	u32 slot = vcpu->exit.reason;
	u64 start = vcpu->last;

	lull_account_here(vcpu, bucket);
	if (paid)
		return;
	vcpu->stats.exits[slot]++;
	vcpu->stats.exit_ticks[slot] += vcpu->last - start;
}

/*
 * Handle the exit with interrupts still off, if that is done in no time.
 * Returns LULL_NEXT_GUEST or LULL_NEXT_SLOW.
 */
static __always_inline int handle_quick(struct lull_vcpu *vcpu)
{
	u64 start = vcpu->last, rip;
	int r;

	if (!lull_vcpu_landed(vcpu) || !lull_soft_tlb_left(vcpu))
		return LULL_NEXT_SLOW;
	if (!trace_lull_exit_enabled())
		return lull_exit_quick(vcpu);
	rip = lull_vmx_get_rip(&vcpu->vmx);
	r = lull_exit_quick(vcpu);
	if (r == LULL_NEXT_GUEST) {
		account_quick(vcpu, LULL_TICKS_ENTRY);
		trace_exit(vcpu, rip, start, vcpu->last - start);
	}
	return r;
}

/* How long may the guest stay?  Asked when it enters after a slow exit. */
static void begin_stay(struct lull_vcpu *vcpu)
{
	u64 left = lull_ptimer_left(&vcpu->timer,
				    vcpu->last + vcpu->tsc_offset);

	if (vcpu->timer.limits)
		vcpu->stay_end = vcpu->last + min(left, lull_vmx_longest_stay());
	else if (vcpu->vmx.limited)
		lull_vmx_unlimit_stay(&vcpu->vmx);
}

/* What is left of it; false if nothing is. */
static __always_inline bool limit_stay(struct lull_vcpu *vcpu)
{
	s64 left = vcpu->stay_end - vcpu->last;

	if (unlikely(left <= 0))
		return false;
	lull_vmx_limit_stay(&vcpu->vmx, left);
	return true;
}

/*
 * Run the guest until an exit that cannot be handled at once.  Returns
 * LULL_NEXT_GUEST when prepare() has something to do first, LULL_NEXT_SLOW
 * when an exit is left to handle.
 */
static int run_until_slow(struct lull_vcpu *vcpu)
{
	lull_vmx_refresh_host(&vcpu->vmx);
	deliver_irq(vcpu);
	lull_account_here(vcpu, LULL_TICKS_GUEST);
	begin_stay(vcpu);
	for (;;) {
		if (vcpu->timer.limits && !limit_stay(vcpu)) {
			vcpu->bucket = LULL_TICKS_ENTRY;
			return LULL_NEXT_GUEST;
		}
		run_guest(vcpu);
		if (handle_quick(vcpu) != LULL_NEXT_GUEST)
			break;
		if (!may_reenter(vcpu) || !lull_soft_tlb_reenter(vcpu) ||
		    (unlikely(READ_ONCE(vcpu->requests)) &&
		     !answer_requests(vcpu))) {
			account_quick(vcpu, LULL_TICKS_ENTRY);
			return LULL_NEXT_GUEST;
		}
		deliver_irq(vcpu);
		account_quick(vcpu, LULL_TICKS_GUEST);
	}
	if (unlikely(lull_vmx_event_pending(&vcpu->vmx)))
		trace_requeue(vcpu);
	vcpu->bucket = lull_exit_bucket(vcpu);
	vcpu->exited = vcpu->last;
	vcpu->stolen = vcpu->stats.preempted;
	return LULL_NEXT_SLOW;
}

/*
 * Interrupts stay off between an exit that is handled at once and the next
 * entry; one that is pending then ends the guest's stay as it begins.
 */
static int enter(struct lull_vcpu *vcpu)
{
	int r = LULL_NEXT_GUEST;
	bool entered = false;

	preempt_disable();
	local_irq_disable();
	WRITE_ONCE(vcpu->cpu, smp_processor_id());
	WRITE_ONCE(vcpu->in_guest, true);
	/* Requests made from here on come with an IPI. */
	smp_mb();
	if (unlikely(READ_ONCE(vcpu->requests)))
		answer_requests(vcpu);
	if (likely(may_enter(vcpu)) && lull_soft_tlb_reenter(vcpu)) {
		load_guest_regs(vcpu);
		vtime_account_guest_enter();
		r = run_until_slow(vcpu);
		load_host_regs(vcpu);
		entered = true;
	}
	WRITE_ONCE(vcpu->in_guest, false);
	local_irq_enable();
	/*
	 * The tick that ended the stay was taken: it is the guest's time.  One
	 * that came amid the accounting would wait for its end for ever.
	 */
	if (entered) {
		local_irq_disable();
		vtime_account_guest_exit();
		local_irq_enable();
	}
	preempt_enable();
	return r;
}

/* Handle an exit that may take its time; count and trace it. */
static int handle(struct lull_vcpu *vcpu)
{
	u32 slot = lull_exit_slot(vcpu);
	u64 start = vcpu->exited, stolen = vcpu->stolen;
	u64 rip = trace_lull_exit_enabled() ? lull_vmx_get_rip(&vcpu->vmx) : 0;
	u64 ticks;
	int r;

	r = lull_exit_handle(vcpu);
	lull_account(vcpu, LULL_TICKS_ENTRY);
	ticks = vcpu->last - start - (vcpu->stats.preempted - stolen);
	vcpu->stats.exits[slot]++;
	vcpu->stats.exit_ticks[slot] += ticks;
	if (trace_lull_exit_enabled())
		trace_exit(vcpu, rip, start, ticks);
	return r;
}

static int step(struct lull_vcpu *vcpu)
{
	int r = lull_soft_tlb_prepare(vcpu);

	if (r)
		return r;
	r = enter(vcpu);
	if (r != LULL_NEXT_SLOW)
		return prepare(vcpu);
	r = lull_vcpu_land(vcpu);
	if (!r)
		r = lull_soft_tlb_exit(vcpu);
	return r ? r : handle(vcpu);
}

static int loop(struct lull_vcpu *vcpu)
{
	int r;

	r = vcpu->io_pending ? lull_emul_pio_finish(vcpu) : LULL_NEXT_GUEST;
	while (r == LULL_NEXT_GUEST)
		r = step(vcpu);
	return r == LULL_NEXT_USER ? 0 : r;
}

/**
 * lull_vcpu_run() - LULL_RUN
 * @vcpu:	the vCPU, mutex held
 *
 * Return: 0 with vcpu->run->reason set, or -errno as in API.rst.
 */
int lull_vcpu_run(struct lull_vcpu *vcpu)
{
	int r;

	lull_account(vcpu, LULL_TICKS_ENTRY);
	lull_vcpu_load(vcpu);
	fpu_swap_kvm_fpstate(&vcpu->fpu, true);
	r = loop(vcpu);
	fpu_swap_kvm_fpstate(&vcpu->fpu, false);
	lull_vcpu_put(vcpu);
	lull_account(vcpu, LULL_TICKS_USER);
	return r;
}
