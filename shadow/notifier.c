// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host asks for: that nothing keeps using pages it takes away, that
 * shadow pages are given back when it is short of memory, that everything goes.
 */
#include <linux/kernel.h>

#include "shadow/internal.h"

/**
 * lull_rmap_zap() - drop every SPTE in @rmap
 * @mmu:	the VM's
 * @rmap:	a gfn's, or a shadow page's parents
 *
 * The caller flushes before it lets go of the lock.
 */
void lull_rmap_zap(struct lull_mmu *mmu, struct lull_rmap *rmap)
{
	u64 *spte;

	lockdep_assert_held(&mmu->lock);
	while ((spte = lull_rmap_first(rmap)))
		lull_spte_drop(mmu, spte_sp(spte), spte_index(spte));
}

/**
 * lull_mmu_invalidate_begin() - host pages behind some gfns are going away
 * @mmu:	the VM's, lock held
 *
 * Faults in flight retry until lull_mmu_invalidate_end(), and tables that are
 * brought in sync stay unsync: what they hold may change until then.
 */
void lull_mmu_invalidate_begin(struct lull_mmu *mmu)
{
	lockdep_assert_held(&mmu->lock);
	mmu->invalidations++;
}

/**
 * lull_mmu_invalidate() - the host pages behind these gfns are going away
 * @mmu:	the VM's, lock held, after lull_mmu_invalidate_begin()
 * @first:	the first gfn
 * @nr:		how many
 *
 * Nothing maps them on return, and every vCPU has flushed.  If a guest table
 * is among them, it may soon hold something else without a write of the guest:
 * its shadow pages become unsync.
 */
void lull_mmu_invalidate(struct lull_mmu *mmu, gfn_t first, u64 nr)
{
	struct lull_rmap *rmap;
	LIST_HEAD(dead);
	u64 i;

	lockdep_assert_held(&mmu->lock);
	for (i = 0; i < nr; i++) {
		rmap = mmu->env->gfn_rmap(mmu, first + i);
		if (rmap)
			lull_rmap_zap(mmu, rmap);
		lull_gfn_prepare_unsync(mmu, first + i, &dead);
	}
	lull_sp_commit_zap(mmu, &dead);
}

/**
 * lull_mmu_invalidate_end() - the host pages have gone
 * @mmu:	the VM's, lock held
 */
void lull_mmu_invalidate_end(struct lull_mmu *mmu)
{
	lockdep_assert_held(&mmu->lock);
	mmu->invalidate_seq++;
	mmu->invalidations--;
}

/**
 * lull_mmu_write_begin() - the monitor is going to write memory for the guest
 * @mmu:	the VM's
 * @gfn:	the frame
 *
 * Such a write does not fault: what a fault does for the guest's own is done
 * here.  Another vCPU may see the new contents before lull_mmu_write_end(), and
 * its flush events then count on them: as with a notifier, a table that one of
 * them brings in sync stays unsync until then.
 *
 * Context: without the mmu lock.
 */
void lull_mmu_write_begin(struct lull_mmu *mmu, gfn_t gfn)
{
	spin_lock(&mmu->lock);
	lull_mmu_invalidate_begin(mmu);
	lull_gfn_unsync(mmu, gfn);
	spin_unlock(&mmu->lock);
}

/**
 * lull_mmu_write_end() - the monitor has written
 * @mmu:	the VM's
 *
 * Context: without the mmu lock.
 */
void lull_mmu_write_end(struct lull_mmu *mmu)
{
	spin_lock(&mmu->lock);
	lull_mmu_invalidate_end(mmu);
	spin_unlock(&mmu->lock);
}

/**
 * lull_mmu_shrink() - the host is short of memory
 * @mmu:	the VM's
 * @nr:		most shadow pages to free
 *
 * Context: without the mmu lock, which is not held where memory is allocated.
 * Return: how many were freed.
 */
unsigned long lull_mmu_shrink(struct lull_mmu *mmu, unsigned long nr)
{
	unsigned long zapped = 0, part, got;

	spin_lock(&mmu->lock);
	for (;;) {
		part = min_t(unsigned long, nr - zapped, LULL_SHRINK_PART);
		got = lull_mmu_zap_oldest(mmu, part);
		zapped += got;
		if (got < part || zapped == nr)
			break;
		cond_resched_lock(&mmu->lock);
	}
	lull_spares_free(mmu);
	lull_rmap_free_spares(mmu);
	mmu->stats.shrunk += zapped;
	spin_unlock(&mmu->lock);
	return zapped;
}

/**
 * lull_mmu_zap_all() - zap every shadow page
 * @mmu:	the VM's
 *
 * Every vCPU has flushed on return and finds its root invalid.
 */
void lull_mmu_zap_all(struct lull_mmu *mmu)
{
	struct lull_sp *sp;
	LIST_HEAD(dead);

	spin_lock(&mmu->lock);
	while (!list_empty(&mmu->pages)) {
		sp = list_first_entry(&mmu->pages, struct lull_sp, link);
		lull_sp_prepare_zap(mmu, sp, &dead);
		if (!need_resched() && !spin_needbreak(&mmu->lock))
			continue;
		lull_sp_commit_zap(mmu, &dead);
		cond_resched_lock(&mmu->lock);
	}
	lull_sp_commit_zap(mmu, &dead);
	spin_unlock(&mmu->lock);
}

/**
 * lull_mmu_slots_begin() - the memslots are going to change
 * @mmu:	the VM's
 *
 * Every shadow page may hold what the old ones gave: all are zapped, and no
 * fault maps anything before lull_mmu_invalidate_end(), which is called under
 * the lock under which they change.
 *
 * Context: without the mmu lock; may sleep.
 */
void lull_mmu_slots_begin(struct lull_mmu *mmu)
{
	spin_lock(&mmu->lock);
	lull_mmu_invalidate_begin(mmu);
	spin_unlock(&mmu->lock);
	lull_mmu_zap_all(mmu);
}
