// SPDX-License-Identifier: GPL-2.0-only
/*
 * How unsync tables come in sync: all below a root, one translation, or part of
 * them (SDM: "Invalidation of TLBs and Paging-Structure Caches").
 */
#include "shadow/internal.h"
#include "shadow/trace.h"

static unsigned int clear_writable(u64 *spte)
{
	/* Beside a CPU that sets D. */
	return test_and_clear_bit(LULL_PTE_W_BIT, (unsigned long *)spte);
}

/**
 * lull_gfn_write_protect() - let the next guest write to @gfn fault
 * @mmu:	the VM's
 * @gfn:	the frame
 *
 * The caller flushes before it relies on it.
 */
void lull_gfn_write_protect(struct lull_mmu *mmu, gfn_t gfn)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, gfn);

	lockdep_assert_held(&mmu->lock);
	if (rmap && lull_rmap_for_each(rmap, clear_writable))
		mmu->flush = true;
}

/* The link at @idx was made from another entry: does it still serve? */
static bool link_serves(const struct lull_sp *sp, unsigned int idx, u64 gpte)
{
	const struct lull_sp *child = link_child(sp->spt[idx]);
	unsigned int access = sp->role.access & gpte_access(gpte);

	return entry_usable(sp, gpte) && !child->role.direct &&
	       !(gpte & LULL_PTE_PS) && child->gfn == pte_frame(gpte) &&
	       child->role.access == access;
}

static bool sync_entry(struct lull_mmu *mmu, struct lull_sp *sp,
		       unsigned int idx, u64 gpte)
{
	if (gpte_unchanged(sp->gptes[idx], gpte))
		return false;
	if (sp->role.level == 1 && lull_leaf_remake(mmu, sp, idx, gpte))
		return true;
	if (sp->role.level > 1 && link_serves(sp, idx, gpte))
		sp->gptes[idx] = gpte;
	else if (test_bit(idx, sp->present))
		lull_spte_drop(mmu, sp, idx);
	return true;
}

/*
 * What a sync with a budget pays for a table; of SPTEs that map it so many cost
 * as much as a link.
 */
#define TABLE_COST	32
#define SPTES_A_LINK	8

/* Most entries are what they were. */
static unsigned int compare_word(struct lull_mmu *mmu, struct lull_sp *sp,
				 unsigned int word, bool blind)
{
	unsigned int changed = 0, idx;
	unsigned long bits;

	for (bits = sp->present[word]; bits; bits &= bits - 1) {
		idx = word * BITS_PER_LONG + __ffs(bits);
		if (sp->gptes[idx] == mmu->scratch[idx] && !blind)
			continue;
		/* To remake one may drop others. */
		if (is_spent(mmu) || !test_bit(idx, sp->present))
			continue;
		if (blind)
			lull_spte_drop(mmu, sp, idx);
		else if (!sync_entry(mmu, sp, idx, mmu->scratch[idx]))
			continue;
		changed++;
		spend(mmu, ENTRY_COST);
	}
	return changed;
}

/**
 * lull_sp_compare() - make SPTEs what the table says
 * @mmu:	the VM's
 * @sp:		its shadow page; what is written to the table from here on is
 *		found out
 * @changed:	receives how many entries had changed
 *
 * The caller flushes.  A budget that is used up ends it before its end.
 *
 * Return: whether all of it is as the table was when this began; false also
 * where the host may be changing it.
 */
bool lull_sp_compare(struct lull_mmu *mmu, struct lull_sp *sp,
		     unsigned int *changed)
{
	unsigned int word;
	bool blind;

	*changed = 0;
	spend(mmu, TABLE_COST);
	/* A table the host has swapped out keeps nothing. */
	blind = mmu->env->read_gptes(mmu, sp->gfn, sp->present, mmu->scratch);
	for (word = 0; word < BITS_TO_LONGS(LULL_PT_ENTRIES); word++)
		*changed += compare_word(mmu, sp, word, blind);
	mmu->stats.syncs++;
	trace_lull_sync(mmu->id, sp->gfn, sp->role.level, *changed);
	return !mmu->invalidations && !is_spent(mmu);
}

static void sync_sp(struct lull_mmu *mmu, struct lull_sp *sp)
{
	unsigned int changed;

	lull_gfn_write_protect(mmu, sp->gfn);
	lull_mmu_flush(mmu);
	lull_mmu_settled(mmu);
	/* In sync from here on: it may map itself. */
	sp->unsync = false;
	sp->unsync = !lull_sp_compare(mmu, sp, &changed);
	if (!sp->unsync && sp->role.level > 1)
		mmu->nr_upper_unsync--;
}

/**
 * struct sync - one sync of a tree
 * @most:	stop after so many tables
 * @event:	it is for a flush event, and not work done ahead of one
 * @nr:		how many it has met that had to be looked at
 */
struct sync {
	unsigned int most;
	bool event;
	unsigned int nr;
};

static void sync_table(struct lull_mmu *mmu, struct lull_sp *sp,
		       struct sync *sync)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, sp->gfn);
	bool looked;

	/* Each SPTE that maps the table is visited. */
	if (rmap)
		spend(mmu, lull_rmap_count(rmap) / SPTES_A_LINK);
	if (sp->hot && lull_sp_sync_hot(mmu, sp, sync->event, &looked)) {
		sync->nr += looked;
		return;
	}
	sync_sp(mmu, sp);
	sync->nr++;
}

/*
 * What stays unsync is met once: there can be 512^3 ways to it.  Recursion ends
 * at level 1.
 */
static void sync_below(struct lull_mmu *mmu, struct lull_sp *sp,
		       struct sync *sync)
{
	struct lull_sp *child;
	unsigned int idx;

	if (sp->pass == mmu->pass)
		return;
	sp->pass = mmu->pass;
	if (sp->unsync)
		sync_table(mmu, sp, sync);
	if (!sp->unsync_children)
		return;
	for_each_set_bit(idx, sp->unsync_child, LULL_PT_ENTRIES) {
		if (sync->nr >= sync->most || !spend(mmu, 1))
			break;
		child = link_child(sp->spt[idx]);
		sync_below(mmu, child, sync);
		if (!child->unsync && !child->unsync_children)
			lull_forget_unsync_child(sp, idx);
	}
}

/**
 * lull_sp_sync_tree() - bring @sp and all below it in sync
 * @mmu:	the VM's
 * @sp:		top of the tree
 * @most:	stop after so many tables, at least 1
 * @event:	hot tables that turn out to be unchanged may cool
 *
 * The caller flushes.
 *
 * Return: how many tables were unsync, without hot ones that nobody had
 * written; at most @most.
 */
unsigned int lull_sp_sync_tree(struct lull_mmu *mmu, struct lull_sp *sp,
			       unsigned int most, bool event)
{
	struct sync sync = { .most = most, .event = event };

	lockdep_assert_held(&mmu->lock);
	mmu->pass++;
	sync_below(mmu, sp, &sync);
	return sync.nr;
}

/**
 * lull_root_try_sync() - bring a root in sync, if that is soon done
 * @mmu:	the VM's
 * @root:	the root
 * @synced:	receives how many tables were unsync, or is left alone
 *
 * Context: interrupts may be off.
 * Return: whether it is, but for hot tables below it.
 */
bool lull_root_try_sync(struct lull_mmu *mmu, struct lull_sp *root,
			unsigned int *synced)
{
	bool done;

	if (!is_alone(mmu))
		return false;
	mmu->budget = LULL_QUICK_BUDGET;
	*synced = lull_sp_sync_tree(mmu, root, LULL_ALL_TABLES, true);
	done = !is_spent(mmu);
	mmu->budget = LULL_NO_BUDGET;
	lull_mmu_flush(mmu);
	return done;
}

/*
 * A long sync is done in parts, between which others get the lock, but not for
 * ever: other vCPUs may write tables as fast as they come in sync.
 */
#define MOST_PARTS	256

/* Each part brings something in sync that stays so. */
static_assert(LULL_MOST_HOT < LULL_SYNC_PART);

/* Return: how many tables the next part may have. */
static unsigned int next_part(struct lull_mmu *mmu, unsigned int *parts)
{
	/* What the host may be changing stays unsync. */
	if (mmu->invalidations || ++*parts == MOST_PARTS)
		return LULL_ALL_TABLES;
	if (*parts > 1) {
		lull_mmu_flush(mmu);
		cond_resched_lock(&mmu->lock);
	}
	return LULL_SYNC_PART;
}

/* Return: how many were unsync, at most @most. */
static unsigned int sync_some_upper(struct lull_mmu *mmu, unsigned int most)
{
	unsigned int nr = 0;
	struct lull_sp *sp;

	list_for_each_entry(sp, &mmu->pages, link) {
		if (!mmu->nr_upper_unsync || nr == most)
			break;
		if (!sp->unsync || sp->role.level == 1)
			continue;
		sync_sp(mmu, sp);
		nr++;
	}
	return nr;
}

/*
 * Sync every table above level 1.  It goes by the list and not by links: from
 * a root there can be 512^3 ways to one table, and those that INVLPG leaves
 * unsync at level 1 keep all of them marked.
 */
static void sync_upper(struct lull_mmu *mmu)
{
	unsigned int parts = 0, most;

	do {
		most = next_part(mmu, &parts);
	} while (sync_some_upper(mmu, most) == most);
}

static int read_now(struct lull_mmu *mmu, const struct lull_sp *sp,
		    unsigned int idx, u64 *gpte)
{
	return mmu->env->read_gpte(mmu, (sp->gfn << 12) + 8 * idx, gpte, true);
}

/**
 * lull_entry_is_now() - was an SPTE made from what the table holds now?
 * @mmu:	the VM's
 * @sp:		the page it is in
 * @idx:	which
 *
 * Return: whether it was; false also where the table cannot be read.
 */
bool lull_entry_is_now(struct lull_mmu *mmu, const struct lull_sp *sp,
		       unsigned int idx)
{
	u64 gpte;

	return !read_now(mmu, sp, idx, &gpte) &&
	       gpte_unchanged(sp->gptes[idx], gpte);
}

/* Bring one leaf in sync. */
static void sync_leaf(struct lull_mmu *mmu, struct lull_sp *sp,
		      unsigned int idx)
{
	u64 gpte;

	if (!sp->unsync)
		return;
	if (read_now(mmu, sp, idx, &gpte))
		lull_spte_drop(mmu, sp, idx);
	else
		sync_entry(mmu, sp, idx, gpte);
}

/**
 * lull_shadow_needs_sync() - is something below the root unsync?
 * @sh:		the vCPU, with a root
 *
 * Return: whether lull_shadow_sync() has work; without the lock that may not
 * be true any more, nor yet.
 */
bool lull_shadow_needs_sync(struct lull_shadow *sh)
{
	return READ_ONCE(sh->root->unsync) ||
	       READ_ONCE(sh->root->unsync_children);
}

/**
 * lull_shadow_sync() - a full flush of the guest's TLB
 * @sh:		the vCPU, with a root, which may be zapped meanwhile
 *
 * Context: the vCPU's thread; may sleep.
 * Return: how many tables were unsync.
 */
unsigned int lull_shadow_sync(struct lull_shadow *sh)
{
	unsigned int parts = 0, most, part, nr = 0;

	spin_lock(&sh->mmu->lock);
	do {
		most = next_part(sh->mmu, &parts);
		part = lull_sp_sync_tree(sh->mmu, sh->root, most, !nr);
		nr += part;
	} while (part == most);
	lull_mmu_flush(sh->mmu);
	spin_unlock(&sh->mmu->lock);
	return nr;
}

/**
 * lull_shadow_sync_some() - part of what the next flush of the guest's TLB owes
 * @sh:		the vCPU, with a root
 * @most:	of the tables below it, at least 1
 *
 * A flush event may come at any time, as far as the guest can tell.  Nothing is
 * done while the host changes memory: what is read then stays unsync.
 *
 * Return: how many tables were unsync, at most @most.
 */
unsigned int lull_shadow_sync_some(struct lull_shadow *sh, unsigned int most)
{
	unsigned int nr = 0;

	spin_lock(&sh->mmu->lock);
	if (!sh->mmu->invalidations)
		nr = lull_sp_sync_tree(sh->mmu, sh->root, most, false);
	lull_mmu_flush(sh->mmu);
	spin_unlock(&sh->mmu->lock);
	return nr;
}

/**
 * lull_forget() - an access ended outside the shadow tables
 * @mmu:	the VM's
 * @sp:		the root, or a page below it that the address leads to in sync
 * @gva:	its address
 *
 * A page fault removes what the CPU has cached for its address, translation and
 * paging-structure entries (SDM: "Operations that Invalidate TLBs and
 * Paging-Structure Caches").  So does an access that left as MMIO, where an old
 * translation would lead elsewhere.  Tables in sync hold nothing old, the
 * others are compared at the one entry.
 *
 * The caller flushes.
 */
void lull_forget(struct lull_mmu *mmu, struct lull_sp *sp, gva_t gva)
{
	unsigned int idx;

	lockdep_assert_held(&mmu->lock);
	while (sp && (sp->unsync || sp->unsync_children)) {
		idx = pt_index(gva, sp->role.level);
		if (!test_bit(idx, sp->present))
			break;
		if (sp->unsync && !lull_entry_is_now(mmu, sp, idx)) {
			lull_spte_drop(mmu, sp, idx);
			break;
		}
		sp = sp->role.level > 1 ? link_child(sp->spt[idx]) : NULL;
	}
}

static void invlpg(struct lull_mmu *mmu, struct lull_sp *sp, gva_t gva)
{
	unsigned int idx;

	if (mmu->nr_upper_unsync)
		sync_upper(mmu);
	for (;;) {
		idx = pt_index(gva, sp->role.level);
		if (!test_bit(idx, sp->present))
			break;
		if (sp->role.level == 1) {
			sync_leaf(mmu, sp, idx);
			break;
		}
		/* In sync: so are the pieces of a large page. */
		sp = link_child(sp->spt[idx]);
		if (sp->role.direct)
			break;
	}
	lull_mmu_flush(mmu);
}

/**
 * lull_shadow_invlpg() - the guest executed INVLPG
 * @sh:		the vCPU
 * @gva:	its operand
 *
 * Brings the translation of @gva in sync, and every table above level 1:
 * INVLPG empties the paging-structure caches for all addresses.  Without paging
 * there are neither.
 */
void lull_shadow_invlpg(struct lull_shadow *sh, gva_t gva)
{
	if (sh->mode.unpaged)
		return;
	spin_lock(&sh->mmu->lock);
	invlpg(sh->mmu, sh->root, gva);
	spin_unlock(&sh->mmu->lock);
}

/**
 * lull_shadow_try_invlpg() - INVLPG by a guest that has one vCPU
 * @sh:		the vCPU
 * @gva:	its operand
 *
 * Context: the vCPU's thread; interrupts may be off.
 * Return: false, with nothing changed, if lull_shadow_invlpg() has to do it.
 */
bool lull_shadow_try_invlpg(struct lull_shadow *sh, gva_t gva)
{
	struct lull_mmu *mmu = sh->mmu;
	bool done;

	if (!spin_trylock(&mmu->lock))
		return false;
	done = !sh->mode.unpaged && is_alone(mmu) && !mmu->nr_upper_unsync;
	if (done)
		invlpg(mmu, sh->root, gva);
	spin_unlock(&mmu->lock);
	return done;
}
