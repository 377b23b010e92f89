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

/* What comes before the reserved rest. */
#define NR_USED_WORDS	(offsetof(struct lull_shared_page, reserved) / sizeof(u64))

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

	if (!a0) {
		para->shared_gpa = LULL_INVALID_GPA;
		return LULL_HC_OK;
	}
	if (!(a0 & LULL_SHARED_ENABLE) || gpa % SHARED_PAGE_SIZE)
		return LULL_HC_EINVAL;
	if (para->env->write_gpa(para,
				 gpa + offsetof(struct lull_shared_page, abi),
				 &abi, sizeof(abi)))
		return LULL_HC_EFAULT;
	para->shared_gpa = gpa;
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

static const struct hypercall hypercalls[] = {
	[LULL_HC_SET_SHARED_PAGE] = {
		set_shared_page, LULL_PARA_F_SHARED_PAGE, "set_shared_page",
	},
	[LULL_HC_IDLE_HALT] = {
		idle_halt, LULL_PARA_F_IDLE_HALT, "idle_halt",
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

/**
 * lull_para_read_announcement() - look at the shared page
 * @para:	state of the vCPU
 * @cr3:	the guest's CR3
 * @ann:	what the guest announced; not idle if it announced nothing, or
 *		to borrow another address space than the one loaded
 *
 * Copies the page's fields once and never writes to it.  The guest may write
 * anything there: the worst it gets is @ann->idle when it does not idle.
 */
void lull_para_read_announcement(struct lull_para *para, u64 cr3,
				 struct lull_announcement *ann)
{
	union {
		struct lull_shared_page page;
		u64 word[NR_USED_WORDS];
	} copy;

	memset(ann, 0, sizeof(*ann));
	if (!(para->features & LULL_PARA_F_IDLE_ANNOUNCE) ||
	    para->shared_gpa == LULL_INVALID_GPA)
		return;
	if (para->env->read_words(para, para->shared_gpa, copy.word,
				  NR_USED_WORDS))
		return;
	if (copy.page.state != LULL_STATE_IDLE ||
	    copy.page.borrowed_cr3 != cr3)
		return;
	ann->idle = true;
	ann->borrowed_cr3 = copy.page.borrowed_cr3;
	ann->seq = copy.page.idle_seq;
}
