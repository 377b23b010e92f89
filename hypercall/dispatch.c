// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls and the shared page.  ABI.rst says what a guest may expect.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "hypercall/hypercall.h"

#define SHARED_PAGE_SIZE	4096ULL

static_assert(sizeof(struct lull_shared_page) == 64);
static_assert(offsetof(struct lull_shared_page, state) == 4);
static_assert(offsetof(struct lull_shared_page, borrowed_cr3) == 8);
static_assert(offsetof(struct lull_shared_page, idle_seq) == 16);
static_assert(offsetof(struct lull_shared_page, deadline) == 24);
static_assert(offsetof(struct lull_shared_page, armed) == 32);
static_assert(offsetof(struct lull_shared_page, residency) == 40);
static_assert(offsetof(struct lull_shared_page, wake_reason) == 48);
static_assert(sizeof(struct lull_cr3_table) == 64);

/* What the guest writes comes first. */
#define NR_GUEST_WORDS	(offsetof(struct lull_shared_page, armed) / sizeof(u64))
#define MAX_VECTOR	255

/**
 * struct hypercall - one row of the table
 * @fn:		its work; returns LULL_HC_* and may change @action
 * @feature:	LULL_PARA_F_* that has to be offered
 * @name:	for traces
 */
struct hypercall {
	s64 (*fn)(struct lull_para *para, u64 a0, u64 a1,
		  enum lull_hc_action *action);
	u32 feature;
	const char *name;
};

/*
 * The page is not looked at but for its address: what the guest has in it,
 * or puts there later, is judged when it is read.
 */
static s64 set_shared_page(struct lull_para *para, u64 a0, u64 a1,
			   enum lull_hc_action *action)
{
	const u32 abi = LULL_PARA_VERSION;
	gpa_t gpa = a0 & ~LULL_SHARED_ENABLE;

	if (!a0)
		gpa = LULL_INVALID_GPA;
	else if (!(a0 & LULL_SHARED_ENABLE) || gpa % SHARED_PAGE_SIZE)
		return LULL_HC_EINVAL;
	else if (para->env->write_gpa(para,
				      gpa + offsetof(struct lull_shared_page,
						     abi),
				      &abi, sizeof(abi)))
		return LULL_HC_EFAULT;
	para->shared_gpa = gpa;
	/* Its deadlines were in the other page. */
	if (para->timer_vector)
		*action = LULL_HC_TIMER;
	para->timer_vector = 0;
	return LULL_HC_OK;
}

static s64 idle_halt(struct lull_para *para, u64 a0, u64 a1,
		     enum lull_hc_action *action)
{
	if (a0 || a1)
		return LULL_HC_EINVAL;
	*action = LULL_HC_HALT;
	return LULL_HC_OK;
}

static s64 set_timer(struct lull_para *para, u64 a0, u64 a1,
		     enum lull_hc_action *action)
{
	const struct lull_wake never_slept = { .reason = LULL_WAKE_NONE };

	if (a1 || a0 > MAX_VECTOR || (a0 && a0 < LULL_TIMER_MIN_VECTOR))
		return LULL_HC_EINVAL;
	if (a0 && para->shared_gpa == LULL_INVALID_GPA)
		return LULL_HC_EINVAL;
	if (a0 && !lull_para_publish(para, false, LULL_DEADLINE_NEVER,
				     &never_slept))
		return LULL_HC_EFAULT;
	para->timer_vector = a0;
	*action = LULL_HC_TIMER;
	return LULL_HC_OK;
}

static s64 arm_timer(struct lull_para *para, u64 a0, u64 a1,
		     enum lull_hc_action *action)
{
	if (a0 || a1 || !para->timer_vector)
		return LULL_HC_EINVAL;
	*action = LULL_HC_TIMER;
	return LULL_HC_OK;
}

/* Empty until the VMM has something for it. */
static s64 set_cr3_table(struct lull_para *para, u64 a0, u64 a1,
			 enum lull_hc_action *action)
{
	const struct lull_cr3_table empty = {
		.target[0 ... LULL_NR_CR3_TARGETS - 1].cr3 = LULL_CR3_NONE,
	};
	gpa_t gpa = a0 & ~LULL_CR3_TABLE_ENABLE;

	if (!a0)
		gpa = LULL_INVALID_GPA;
	else if (!(a0 & LULL_CR3_TABLE_ENABLE) || gpa % sizeof(empty))
		return LULL_HC_EINVAL;
	else if (para->env->write_gpa(para, gpa, &empty, sizeof(empty)))
		return LULL_HC_EFAULT;
	/* What the guest still finds in the old one means nothing any more. */
	if (para->cr3_table != LULL_INVALID_GPA && para->cr3_table != gpa)
		para->env->write_gpa(para, para->cr3_table, &empty,
				     sizeof(empty));
	para->cr3_table = gpa;
	*action = LULL_HC_CR3_TABLE;
	return LULL_HC_OK;
}

static s64 idle_guard(struct lull_para *para, u64 a0, u64 a1,
		      enum lull_hc_action *action)
{
	if (a0 > 1 || a1)
		return LULL_HC_EINVAL;
	*action = a0 ? LULL_HC_BEGIN_GUARD : LULL_HC_END_GUARD;
	return LULL_HC_OK;
}

static const struct hypercall hypercalls[] = {
	[LULL_HC_SET_SHARED_PAGE] = {
		set_shared_page, LULL_PARA_F_SHARED_PAGE, "set_shared_page",
	},
	[LULL_HC_IDLE_HALT] = {
		idle_halt, LULL_PARA_F_IDLE_HALT, "idle_halt",
	},
	[LULL_HC_SET_TIMER] = {
		set_timer, LULL_PARA_F_TIMER, "set_timer",
	},
	[LULL_HC_ARM_TIMER] = {
		arm_timer, LULL_PARA_F_TIMER, "arm_timer",
	},
	[LULL_HC_SET_CR3_TABLE] = {
		set_cr3_table, LULL_PARA_F_CR3_TARGETS, "set_cr3_table",
	},
	[LULL_HC_IDLE_GUARD] = {
		idle_guard, LULL_PARA_F_IDLE_GUARD, "idle_guard",
	},
};

static const struct hypercall *find_hypercall(u64 nr)
{
	const struct hypercall *call;

	if (nr >= ARRAY_SIZE(hypercalls))
		return NULL;
	call = &hypercalls[array_index_nospec(nr, ARRAY_SIZE(hypercalls))];
	return call->fn ? call : NULL;
}

/**
 * lull_para_init() - the state of a new vCPU
 * @para:	to fill
 * @env:	access to the guest's memory
 * @features:	LULL_PARA_F_* offered to the guest
 */
void lull_para_init(struct lull_para *para, const struct lull_para_env *env,
		    u32 features)
{
	para->env = env;
	para->features = features;
	para->shared_gpa = LULL_INVALID_GPA;
	para->timer_vector = 0;
	para->cr3_table = LULL_INVALID_GPA;
}

/**
 * lull_hypercall_name() - the name of a hypercall
 * @nr:		its number, any value
 *
 * Return: a constant string.
 */
const char *lull_hypercall_name(u64 nr)
{
	const struct hypercall *call = find_hypercall(nr);

	return call ? call->name : "unknown";
}

/**
 * lull_hypercall() - a guest's VMCALL
 * @para:	state of the vCPU
 * @cpl:	privilege level the guest called from
 * @nr:		RAX
 * @a0:		RDI
 * @a1:		RSI
 * @ret:	what to put in RAX, LULL_HC_*
 *
 * Return: what else the caller has to do.
 */
enum lull_hc_action lull_hypercall(struct lull_para *para, int cpl, u64 nr,
				   u64 a0, u64 a1, s64 *ret)
{
	enum lull_hc_action action = LULL_HC_DONE;
	const struct hypercall *call = find_hypercall(nr);

	if (cpl)
		*ret = LULL_HC_EPERM;
	else if (!call || !(para->features & call->feature))
		*ret = LULL_HC_ENOSYS;
	else
		*ret = call->fn(para, a0, a1, &action);
	return action;
}

/* 0 is what a guest has there that has never written it. */
static u64 due_time(u64 deadline)
{
	return deadline ? deadline : LULL_DEADLINE_NEVER;
}

/**
 * lull_para_read_page() - look at the shared page as the vCPU halts
 * @para:	state of the vCPU
 * @cr3:	the guest's CR3
 * @ann:	what the guest announced; not idle if it announced nothing, or
 *		to borrow another address space than the one loaded
 *
 * Copies the guest's fields once and does not write to them.  The guest may
 * write anything there: the worst it gets is @ann->idle when it does not idle,
 * and an interrupt of its own timer at another time.
 */
void lull_para_read_page(struct lull_para *para, u64 cr3,
			 struct lull_announcement *ann)
{
	bool announces = para->features & LULL_PARA_F_IDLE_ANNOUNCE;
	union {
		struct lull_shared_page page;
		u64 word[NR_GUEST_WORDS];
	} copy;

	memset(ann, 0, sizeof(*ann));
	ann->deadline = LULL_DEADLINE_NEVER;
	if (para->shared_gpa == LULL_INVALID_GPA ||
	    !(announces || para->timer_vector))
		return;
	if (para->env->read_words(para, para->shared_gpa, copy.word,
				  NR_GUEST_WORDS))
		return;
	if (para->timer_vector)
		ann->deadline = due_time(copy.page.deadline);
	if (!announces || copy.page.state != LULL_STATE_IDLE ||
	    copy.page.borrowed_cr3 != cr3)
		return;
	ann->idle = true;
	ann->borrowed_cr3 = copy.page.borrowed_cr3;
	ann->seq = copy.page.idle_seq;
}

/**
 * lull_para_read_deadline() - when does the guest want its timer's interrupt?
 * @para:	state of the vCPU, with a timer
 *
 * Return: a value of the guest's TSC, LULL_DEADLINE_NEVER if there is none, or
 * no page to read.
 */
u64 lull_para_read_deadline(struct lull_para *para)
{
	u64 deadline;

	if (para->env->read_words(para, para->shared_gpa +
				  offsetof(struct lull_shared_page, deadline),
				  &deadline, 1))
		return LULL_DEADLINE_NEVER;
	return due_time(deadline);
}

/**
 * lull_para_publish() - write to the shared page what the timer does
 * @para:	state of the vCPU, with a page
 * @taken:	the deadline was taken: it is to be none
 * @armed:	when the VMM looks at it next
 * @wake:	what ended a halt, or NULL
 *
 * Return: false if there is no memory any more.
 */
bool lull_para_publish(struct lull_para *para, bool taken, u64 armed,
		       const struct lull_wake *wake)
{
	const struct lull_shared_page page = {
		.deadline = LULL_DEADLINE_NEVER,
		.armed = armed,
		.residency = wake ? wake->residency : 0,
		.wake_reason = wake ? wake->reason : LULL_WAKE_NONE,
	};
	size_t from = taken ? offsetof(struct lull_shared_page, deadline) :
			      offsetof(struct lull_shared_page, armed);
	size_t to = wake ? offsetof(struct lull_shared_page, reserved) :
			   offsetof(struct lull_shared_page, residency);

	return !para->env->write_gpa(para, para->shared_gpa + from,
				     (const u8 *)&page + from, to - from);
}

/**
 * lull_para_write_cr3_table() - tell the guest of its CR3 targets
 * @para:	state of the vCPU, with a table
 * @table:	what to write there
 *
 * Return: 0; -errno if there is no memory any more, and no table then.
 */
int lull_para_write_cr3_table(struct lull_para *para,
			      const struct lull_cr3_table *table)
{
	int r = para->env->write_gpa(para, para->cr3_table, table,
				     sizeof(*table));

	if (r)
		para->cr3_table = LULL_INVALID_GPA;
	return r;
}
