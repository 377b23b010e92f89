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

static unsigned int is_dirty(u64 *spte)
{
	return !!(READ_ONCE(*spte) & LULL_PTE_D);
}

static unsigned int clear_dirty(u64 *spte)
{
	return test_and_clear_bit(LULL_PTE_D_BIT, (unsigned long *)spte);
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
	sp->hot = true;
	sp->touched = true;
	sp->calm = 0;
}

/* Who writes sets D, unless it is the monitor. */
static bool is_written(struct lull_mmu *mmu, const struct lull_sp *sp)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, sp->gfn);

	return sp->touched || (rmap && lull_rmap_for_each(rmap, is_dirty));
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
 * Return: true if it is; false if it may not be.
 */
bool lull_sp_is_unwritten(struct lull_mmu *mmu, const struct lull_sp *sp)
{
	return is_known(mmu, sp) && !is_written(mmu, sp);
}

/*
 * What is written from here on sets D again.  That it was set has to be known
 * to all shadow pages of the table: with other rights there are others.
 */
static void begin_look(struct lull_mmu *mmu, const struct lull_sp *sp)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, sp->gfn);

	if (rmap && lull_rmap_for_each(rmap, clear_dirty)) {
		lull_gfn_touch(mmu, sp->gfn);
		mmu->flush = true;
	}
	lull_mmu_flush(mmu);
	lull_mmu_settled(mmu);
}

static unsigned int look(struct lull_mmu *mmu, struct lull_sp *sp)
{
	unsigned int changed;

	begin_look(mmu, sp);
	changed = lull_sp_compare(mmu, sp);
	/* The host may be changing what was just read. */
	sp->touched = mmu->invalidations;
	sp->leaf_drops = mmu->leaf_drops;
	return changed;
}

/**
 * lull_sp_sync_hot() - a flush event meets a hot table
 * @mmu:	the VM's
 * @sp:		its shadow page
 *
 * Return: true if its SPTEs are what the table says now, and it stays writable;
 * false if it is not hot any more, and has to be brought in sync.
 */
bool lull_sp_sync_hot(struct lull_mmu *mmu, struct lull_sp *sp)
{
	bool news = is_written(mmu, sp);

	lockdep_assert_held(&mmu->lock);
	if (news || !is_known(mmu, sp))
		news |= look(mmu, sp);
	sp->calm = news ? 0 : sp->calm + 1;
	sp->hot = !mmu->had_targets && sp->calm < COOL;
	return sp->hot;
}
