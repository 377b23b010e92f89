/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU's timer, whose deadlines are in the guest's shared page.
 */
#ifndef LULL_PTIMER_H
#define LULL_PTIMER_H

#include <linux/hrtimer.h>
#include <linux/types.h>

#include "hypercall/hypercall.h"

/**
 * struct lull_ptimer - the timer of one vCPU
 * @timer:	the host's; with @by_cpu for halts only
 * @fired:	[a] look at the deadline before the guest is entered.  Set by
 *		@timer.
 * @pending:	[v] the interrupt waits to be taken; only with a vector
 * @taken:	[v] ... and the guest has not been told
 * @near:	[v] halted, and @timer is not set: not worth it
 * @deadline:	[v] what was read last, less what was taken
 * @armed:	[v] when the deadline is looked at; LULL_DEADLINE_NEVER if it is
 *		not.  The guest knows this value, or an earlier one: but not
 *		while halted.
 * @by_cpu:	[I] the CPU can end the guest's stays
 * @limits:	[v] it has to, at @armed
 * @set:	[v] when @timer fires; LULL_DEADLINE_NEVER if it does not, 0 if
 *		that is not known
 * @resumed:	[v] when the guest's present stay began
 * @longest:	[v] when it ends at the latest, by what is known
 * @busy:	[v] how long its stays were lately
 * @due:	[v] the deadline that was taken last
 * @period:	[v] what lay between it and the one before
 * @fires:	[a] how often @timer did
 * @kick:	[I] makes the vCPU look at @fired; must not sleep
 *
 * Times are values of the guest's TSC.  [I] immutable, [v] vcpu->mutex,
 * [a] atomic.
 */
struct lull_ptimer {
	struct hrtimer timer;
	bool fired;
	bool pending;
	bool taken;
	bool near;
	bool by_cpu;
	bool limits;
	u64 deadline;
	u64 armed;
	u64 set;
	u64 resumed;
	u64 longest;
	u64 busy;
	u64 due;
	u64 period;
	u64 fires;
	void (*kick)(struct lull_ptimer *t);
};

void lull_ptimer_init(struct lull_ptimer *t, bool by_cpu,
		      void (*kick)(struct lull_ptimer *t));
void lull_ptimer_destroy(struct lull_ptimer *t);
void lull_ptimer_look(struct lull_ptimer *t, struct lull_para *para, u64 now);
bool lull_ptimer_is_unknown(const struct lull_ptimer *t);

/**
 * lull_ptimer_left() - how long may the guest run until a look?
 * @t:		the timer, not in a halt
 * @now:	the guest's TSC
 *
 * Return: ticks; 0 if a look is due.
 */
static inline u64 lull_ptimer_left(const struct lull_ptimer *t, u64 now)
{
	return t->armed > now ? t->armed - now : 0;
}

/**
 * lull_ptimer_is_due() - was a look promised that nobody but the vCPU does?
 * @t:		the timer, not in a halt
 * @now:	the guest's TSC
 *
 * With @t->limits the vCPU asks before each entry, and lets its stay end when
 * @t->armed comes.
 *
 * Return: whether lull_ptimer_look() is due.
 */
static inline bool lull_ptimer_is_due(const struct lull_ptimer *t, u64 now)
{
	return t->limits && !lull_ptimer_left(t, now);
}

void lull_ptimer_halt(struct lull_ptimer *t, struct lull_para *para,
		      u64 deadline, u64 now);
bool lull_ptimer_waits(const struct lull_ptimer *t, u64 now);
void lull_ptimer_expire(struct lull_ptimer *t, u64 now);
void lull_ptimer_resume(struct lull_ptimer *t, struct lull_para *para,
			u64 residency, u64 now);

#endif /* LULL_PTIMER_H */
