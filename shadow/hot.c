// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot tables: those that the guest writes between one flush event and the next.
 * To write-protect them costs a fault for each time, so they stay writable and
 * unsync, and a flush event compares them; D of the SPTEs that map them tells
 * whether it has to.  DESIGN.rst, "Hot tables".
 */
#include "shadow/internal.h"

/* How often a table becomes unsync before it is hot. */
#define HOT		2
/* How many flush events in turn find it as it was before it is not any more. */
#define COOL		8
/* After so many syncs of others it gives its place up. */
#define LONG_AGO	4096

static unsigned int is_dirty(u64 *spte)
{
	return !!(READ_ONCE(*spte) & LULL_PTE_D);
}

static unsigned int clear_dirty(u64 *spte)
{
	return test_and_clear_bit(LULL_PTE_D_BIT, (unsigned long *)spte);
}

/* Not linked any more, or below roots that nobody loads? */
static bool is_left(const struct lull_mmu *mmu, const struct lull_sp *sp)
{
	return !sp->parents.val || mmu->pass - sp->pass > LONG_AGO;
}

/* Return: whether another table may be hot. */
static bool make_room(struct lull_mmu *mmu)
{
	unsigned int i;

	for (i = 0; mmu->nr_hot == LULL_MOST_HOT && i < LULL_MOST_HOT; i++) {
		if (is_left(mmu, mmu->hot[i]))
			lull_sp_cool(mmu, mmu->hot[i]);
	}
	return mmu->nr_hot < LULL_MOST_HOT;
}

/**
 * lull_sp_note_unsync() - a shadow page has become unsync
 * @mmu:	the VM's
 * @sp:		the page
 *
 * Not with CR3 targets: a root becomes one only if all below it is in sync.
 */
void lull_sp_note_unsync(struct lull_mmu *mmu, struct lull_sp *sp)
{
	if (sp->role.level > 1 || mmu->had_targets)
		return;
	if (sp->unsyncs < HOT && ++sp->unsyncs < HOT)
		return;
	if (!make_room(mmu))
		return;
	sp->hot = true;
	sp->touched = true;
	sp->calm = 0;
	sp->pass = mmu->pass;
	mmu->hot[mmu->nr_hot++] = sp;
}

/**
 * lull_sp_cool() - a table is hot no more
 * @mmu:	the VM's
 * @sp:		its shadow page
 */
void lull_sp_cool(struct lull_mmu *mmu, struct lull_sp *sp)
{
	unsigned int i = 0;

	while (i < mmu->nr_hot && mmu->hot[i] != sp)
		i++;
	if (WARN_ON_ONCE(i == mmu->nr_hot))
		return;
	mmu->hot[i] = mmu->hot[--mmu->nr_hot];
	sp->hot = false;
}

/* What was in an SPTE that is gone is not known. */
static bool is_known(const struct lull_mmu *mmu, const struct lull_sp *sp)
{
	return sp->leaf_drops == mmu->leaf_drops;
}

/**
 * lull_sp_is_unwritten() - is a hot table what it was at the last flush event?
 * @mmu:	the VM's
 * @sp:		its shadow page
 *
 * Who writes sets D, unless it is the monitor.
 *
 * Return: true if it is; false if it may not be.
 */
bool lull_sp_is_unwritten(struct lull_mmu *mmu, const struct lull_sp *sp)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, sp->gfn);

	return is_known(mmu, sp) && !sp->touched &&
	       !(rmap && lull_rmap_for_each(rmap, is_dirty));
}

/*
 * What is written from here on sets D again.  That it was set has to be known
 * to all shadow pages of the table: with other rights there are others.
 */
static void collect_dirty(struct lull_mmu *mmu, struct lull_sp *sp)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, sp->gfn);

	if (rmap && lull_rmap_for_each(rmap, clear_dirty)) {
		lull_gfn_touch(mmu, sp->gfn);
		mmu->flush = true;
	}
}

/* After collect_dirty().  Return: whether an SPTE was not what the table says. */
static bool look(struct lull_mmu *mmu, struct lull_sp *sp)
{
	/* SPTEs that this drops may have been written by others meanwhile. */
	unsigned long drops = mmu->leaf_drops;
	unsigned int changed;

	lull_mmu_flush(mmu);
	lull_mmu_settled(mmu);
	sp->touched = !lull_sp_compare(mmu, sp, &changed);
	sp->leaf_drops = drops;
	return changed;
}

/**
 * lull_sp_sync_hot() - a sync meets a hot table
 * @mmu:	the VM's
 * @sp:		its shadow page
 * @event:	the sync is a flush event, and not work done ahead of one
 * @looked:	receives whether it had to be compared
 *
 * Return: true if its SPTEs are what the table says now, and it stays writable;
 * false if it is not hot any more, and has to be brought in sync.
 */
bool lull_sp_sync_hot(struct lull_mmu *mmu, struct lull_sp *sp, bool event,
		      bool *looked)
{
	bool news;

	lockdep_assert_held(&mmu->lock);
	collect_dirty(mmu, sp);
	news = sp->touched;
	*looked = news || !is_known(mmu, sp);
	if (*looked)
		news |= look(mmu, sp);
	if (news)
		sp->calm = 0;
	else if (event)
		sp->calm++;
	if (mmu->had_targets || sp->calm == COOL)
		lull_sp_cool(mmu, sp);
	return sp->hot;
}
