// SPDX-License-Identifier: GPL-2.0-only
/*
 * The paravirtual timer: ABI.rst section 5 says what a guest may expect,
 * hypercall/model/idle.pml why no wake-up is lost.  Functions here have the
 * names they have there.
 *
 * The promise to the guest is "the VMM looks at the deadline at @armed at the
 * latest".  While the guest is halted there is no promise, for it cannot store
 * anything: then the timer is set to the deadline itself.  A guest that comes
 * back from a halt, or has taken its interrupt, is about to store a new one,
 * and in most cases to halt soon after.  So that it need not call, a look is
 * promised for the time at which it should have halted again, judged by how
 * long it stayed before; a guest that stays longer pays with an interrupt of
 * the host, which is no dearer than the call.  If it has stored nothing by then,
 * one more look is promised, for the longest stay: what lengthens a stay is most
 * often the host's own tick.
 *
 * A guest that runs is looked at by its own thread, where the CPU can end a stay
 * in guest mode at a given time: to say when costs a VMWRITE at each entry, to
 * set the host's timer and take its interrupt thousands of instructions.  Then the host's
 * timer is only for halts.  A guest that takes its interrupt while it runs will
 * most likely run on: the look is promised for the longest stay, or for shortly
 * before the next tick if the guest seems to have one, and done before that if
 * the guest is out for an interrupt of the host, such as the host's own tick.
 *
 * A guest cannot make the host's timer fire more than twice as often as it
 * exits: each firing is for a halt, a call or an interrupt that came before, or
 * that one look more.
 */
#include <linux/compiler.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <asm/tsc.h>

#include "monitor/ptimer.h"

/* Limits of what is expected of a stay. */
#define MIN_STAY_US	20
#define MAX_STAY_US	1000

/* Of a guest's deadlines, those this far apart at most are a tick's. */
#define MAX_TICK_US	10000

/* To sleep, and to be woken again, takes about as long. */
#define SPIN_US		20

/* Sleep no longer than a year: what follows does not overflow then. */
#define MAX_SLEEP_MS	(365ULL * 24 * 3600 * 1000)

/* Rounds up: at that time the deadline has come, but for the clocks' drift. */
static u64 ticks_to_ns(u64 ticks)
{
	ticks = min_t(u64, ticks, MAX_SLEEP_MS * tsc_khz);
	return mul_u64_u32_div(ticks, NSEC_PER_MSEC, tsc_khz) + 1;
}

static u64 us_to_ticks(u64 us)
{
	return us * tsc_khz / 1000;
}

static enum hrtimer_restart timer_fires(struct hrtimer *timer)
{
	struct lull_ptimer *t = container_of(timer, struct lull_ptimer, timer);

	WRITE_ONCE(t->fires, t->fires + 1);
	WRITE_ONCE(t->fired, true);
	t->kick(t);
	return HRTIMER_NORESTART;
}

static void set_timer(struct lull_ptimer *t, u64 when, u64 now)
{
	if (when == t->set)
		return;
	t->set = when;
	if (when == LULL_DEADLINE_NEVER)
		hrtimer_try_to_cancel(&t->timer);
	else
		hrtimer_start(&t->timer,
			      ktime_add_ns(ktime_get(), ticks_to_ns(when - now)),
			      HRTIMER_MODE_ABS_HARD);
}

/* Look at the deadline, or at @limit if that is earlier. */
static void arm(struct lull_ptimer *t, u64 limit, u64 now)
{
	t->armed = min(t->deadline, limit);
	t->limits = t->by_cpu && t->armed != LULL_DEADLINE_NEVER;
	set_timer(t, t->by_cpu ? LULL_DEADLINE_NEVER : t->armed, now);
}

/* The same in a halt, where the deadline stays what it is. */
static void arm_halted(struct lull_ptimer *t, u64 now)
{
	t->armed = t->deadline;
	set_timer(t, t->armed, now);
}

/* It has fired, or the clock was changed while it had not. */
static void forget_fired(struct lull_ptimer *t)
{
	if (!READ_ONCE(t->fired))
		return;
	WRITE_ONCE(t->fired, false);
	t->set = 0;
}

/* If the deadline has come, the interrupt is pending and the deadline gone. */
static void take_deadline(struct lull_ptimer *t, u64 now)
{
	if (t->deadline > now)
		return;
	t->period = t->deadline - t->due;
	t->due = t->deadline;
	t->deadline = LULL_DEADLINE_NEVER;
	t->pending = true;
	t->taken = true;
}

static void stop(struct lull_ptimer *t, struct lull_para *para)
{
	para->timer_vector = 0;
	t->near = false;
	t->pending = false;
	t->taken = false;
	t->deadline = LULL_DEADLINE_NEVER;
	arm(t, LULL_DEADLINE_NEVER, 0);
}

/* A guest whose page is gone has no timer any more. */
static void publish(struct lull_ptimer *t, struct lull_para *para,
		    const struct lull_wake *wake)
{
	if (lull_para_publish(para, t->taken, t->armed, wake))
		t->taken = false;
	else
		stop(t, para);
}

/* A stay begins; when should it have ended? */
static u64 begin_stay(struct lull_ptimer *t, u64 now)
{
	t->resumed = now;
	t->longest = now + us_to_ticks(MAX_STAY_US);
	return now + clamp(t->busy + t->busy / 8, us_to_ticks(MIN_STAY_US),
			   us_to_ticks(MAX_STAY_US));
}

/* It has ended: a fourth of what the next is judged by. */
static void end_stay(struct lull_ptimer *t, u64 now)
{
	u64 stay = min(now - t->resumed, us_to_ticks(MAX_STAY_US));

	t->busy = t->busy - t->busy / 4 + stay / 4;
}

/* The guest most likely runs on until its next tick. */
static u64 begin_run(struct lull_ptimer *t, u64 now)
{
	u64 run = us_to_ticks(MAX_STAY_US);

	if (t->period > run && t->period <= us_to_ticks(MAX_TICK_US))
		run = t->period - t->period / 32;
	t->resumed = now;
	t->longest = now + run;
	return t->longest;
}

/* The look that was promised is done; when is the next? */
static u64 next_look(struct lull_ptimer *t, u64 now)
{
	if (t->taken)
		return t->by_cpu ? begin_run(t, now) : begin_stay(t, now);
	if (t->deadline == LULL_DEADLINE_NEVER && now < t->longest)
		return t->longest;
	return LULL_DEADLINE_NEVER;
}

/**
 * lull_ptimer_init() - a timer that does nothing
 * @t:		zeroed
 * @by_cpu:	the vCPU's stays can be limited: see lull_ptimer_is_due()
 * @kick:	called from hard interrupts when the vCPU has to look
 */
void lull_ptimer_init(struct lull_ptimer *t, bool by_cpu,
		      void (*kick)(struct lull_ptimer *t))
{
	hrtimer_init(&t->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	t->timer.function = timer_fires;
	t->kick = kick;
	t->by_cpu = by_cpu;
	t->deadline = LULL_DEADLINE_NEVER;
	t->armed = LULL_DEADLINE_NEVER;
	t->set = LULL_DEADLINE_NEVER;
}

/**
 * lull_ptimer_destroy() - @kick is not called any more
 * @t:	the timer
 */
void lull_ptimer_destroy(struct lull_ptimer *t)
{
	hrtimer_cancel(&t->timer);
}

/**
 * lull_ptimer_look() - the guest asked for it, @t->fired, or it is due
 * @t:		the timer
 * @para:	the vCPU's page; may have no timer
 * @now:	the guest's TSC
 *
 * Context: the vCPU's thread, guest not halted; may sleep.
 */
void lull_ptimer_look(struct lull_ptimer *t, struct lull_para *para, u64 now)
{
	forget_fired(t);
	if (!para->timer_vector) {
		stop(t, para);
		return;
	}
	t->deadline = lull_para_read_deadline(para);
	take_deadline(t, now);
	arm(t, next_look(t, now), now);
	publish(t, para, NULL);
}

/**
 * lull_ptimer_is_unknown() - is it worth a look, now that the guest is out?
 * @t:		the timer, not in a halt
 *
 * The guest has taken its interrupt, and a look is promised because it will
 * have stored a deadline by then.  One before may spare the CPU the exit.
 *
 * Return: whether it is.
 */
bool lull_ptimer_is_unknown(const struct lull_ptimer *t)
{
	return t->limits && t->deadline == LULL_DEADLINE_NEVER;
}

/**
 * lull_ptimer_halt() - the guest halts
 * @t:		the timer
 * @para:	the vCPU's page; may have no timer
 * @deadline:	read from it
 * @now:	the guest's TSC
 *
 * Until lull_ptimer_resume() the guest is not told what changes.  With @t->near
 * the host's timer is not set: the vCPU's thread waits as long as
 * lull_ptimer_waits(), and calls lull_ptimer_expire().
 */
void lull_ptimer_halt(struct lull_ptimer *t, struct lull_para *para,
		      u64 deadline, u64 now)
{
	if (!para->timer_vector)
		return;
	end_stay(t, now);
	t->deadline = deadline;
	forget_fired(t);
	take_deadline(t, now);
	t->near = lull_ptimer_waits(t, now);
	if (!t->near)
		arm_halted(t, now);
}

/**
 * lull_ptimer_waits() - is the deadline still to come, before a sleep would be
 * over?
 * @t:		the timer, in a halt
 * @now:	the guest's TSC
 *
 * Return: whether it is.
 */
bool lull_ptimer_waits(const struct lull_ptimer *t, u64 now)
{
	return now < t->deadline && t->deadline - now < us_to_ticks(SPIN_US);
}

/**
 * lull_ptimer_expire() - in a halt, @t->fired, or @t->near and the wait is over
 * @t:		the timer
 * @now:	the guest's TSC
 *
 * The guest has not run since lull_ptimer_halt(): its deadline is known.
 */
void lull_ptimer_expire(struct lull_ptimer *t, u64 now)
{
	t->near = false;
	forget_fired(t);
	take_deadline(t, now);
	arm_halted(t, now);
}

/**
 * lull_ptimer_resume() - the halt is over
 * @t:		the timer
 * @para:	the vCPU's page; may have no timer
 * @residency:	ticks that it lasted
 * @now:	the guest's TSC
 *
 * Context: the vCPU's thread; may sleep.
 */
void lull_ptimer_resume(struct lull_ptimer *t, struct lull_para *para,
			u64 residency, u64 now)
{
	struct lull_wake wake = { .residency = residency };

	if (!para->timer_vector)
		return;
	t->near = false;
	/* It may have come only now: arm() is for what is to come. */
	take_deadline(t, now);
	wake.reason = t->pending ? LULL_WAKE_TIMER : LULL_WAKE_INTERRUPT;
	arm(t, begin_stay(t, now), now);
	publish(t, para, &wake);
}
