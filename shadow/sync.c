// SPDX-License-Identifier: GPL-2.0-only
/*
 * Roots, and the flush events that bring unsync tables in sync: CR3 loads,
 * INVLPG, changes of control bits (SDM: "Invalidation of TLBs and
 * Paging-Structure Caches").
 */
#include <linux/string.h>

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

/**
 * lull_sp_compare() - make SPTEs what the table says
 * @mmu:	the VM's
 * @sp:		its shadow page; what is written to the table from here on is
 *		found out
 *
 * The caller flushes.
 *
 * Return: how many entries had changed.
 */
unsigned int lull_sp_compare(struct lull_mmu *mmu, struct lull_sp *sp)
{
	unsigned int idx, changed = 0;
	bool blind;

	/* A table the host has swapped out keeps nothing. */
	blind = mmu->env->read_gptes(mmu, sp->gfn, sp->present, mmu->scratch);
	for_each_set_bit(idx, sp->present, LULL_PT_ENTRIES) {
		if (blind)
			lull_spte_drop(mmu, sp, idx);
		changed += blind || sync_entry(mmu, sp, idx, mmu->scratch[idx]);
	}
	mmu->stats.syncs++;
	trace_lull_sync(mmu->id, sp->gfn, sp->role.level, changed);
	return changed;
}

static void sync_sp(struct lull_mmu *mmu, struct lull_sp *sp)
{
	lull_gfn_write_protect(mmu, sp->gfn);
	lull_mmu_flush(mmu);
	lull_mmu_settled(mmu);
	/* In sync from here on: it may map itself. */
	sp->unsync = false;
	lull_sp_compare(mmu, sp);
	/* The host may be changing what was just read: it is read again. */
	sp->unsync = mmu->invalidations;
	if (!sp->unsync && sp->role.level > 1)
		mmu->nr_upper_unsync--;
}

/*
 * What stays unsync, because the host is changing it, is met once: there can be
 * 512^3 ways to it.  Recursion ends at level 1.
 */
static unsigned int sync_below(struct lull_mmu *mmu, struct lull_sp *sp,
			       unsigned int most)
{
	unsigned int idx, nr = 0;
	struct lull_sp *child;

	if (sp->pass == mmu->pass)
		return 0;
	sp->pass = mmu->pass;
	if (sp->unsync) {
		if (!sp->hot || !lull_sp_sync_hot(mmu, sp))
			sync_sp(mmu, sp);
		nr++;
	}
	if (!sp->unsync_children)
		return nr;
	for_each_set_bit(idx, sp->unsync_child, LULL_PT_ENTRIES) {
		if (nr >= most)
			break;
		child = link_child(sp->spt[idx]);
		nr += sync_below(mmu, child, most - nr);
		if (!child->unsync && !child->unsync_children)
			lull_forget_unsync_child(sp, idx);
	}
	return nr;
}

/**
 * lull_sp_sync_tree() - bring @sp and all below it in sync
 * @mmu:	the VM's
 * @sp:		top of the tree
 * @most:	stop after so many tables, at least 1
 *
 * The caller flushes.
 *
 * Return: how many tables were unsync, at most @most.
 */
unsigned int lull_sp_sync_tree(struct lull_mmu *mmu, struct lull_sp *sp,
			       unsigned int most)
{
	lockdep_assert_held(&mmu->lock);
	mmu->pass++;
	return sync_below(mmu, sp, most);
}

/*
 * Sync every table above level 1.  It goes by the list and not by links: from
 * a root there can be 512^3 ways to one table, and those that INVLPG leaves
 * unsync at level 1 keep all of them marked.
 */
static void sync_upper(struct lull_mmu *mmu)
{
	struct lull_sp *sp;

	list_for_each_entry(sp, &mmu->pages, link) {
		if (!mmu->nr_upper_unsync)
			break;
		if (sp->unsync && sp->role.level > 1)
			sync_sp(mmu, sp);
	}
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

static union lull_role role_under(const struct lull_paging_mode *mode)
{
	if (mode->unpaged)
		return (union lull_role){
			.level = LULL_UNPAGED_LEVEL,
			.direct = true,
			.unpaged = true,
			.access = LULL_ACC_ALL,
		};
	return (union lull_role){
		.level = LULL_ROOT_LEVEL,
		.access = LULL_ACC_ALL,
		.nxe = mode->nxe,
		.wp = mode->wp,
		.smep_not_wp = mode->smep && !mode->wp,
		.smap_not_wp = mode->smap && !mode->wp,
	};
}

static union lull_role root_role(const struct lull_shadow *sh, u64 cr3)
{
	union lull_role role = { .word = sh->root_role };

	role.guard = !role.unpaged && (cr3 & LULL_GUARDED);
	return role;
}

static gfn_t root_gfn(const struct lull_shadow *sh, u64 cr3)
{
	return sh->mode.unpaged ? 0 : pte_frame(cr3);
}

static bool load_cached_root(struct lull_shadow *sh, gfn_t gfn,
			     union lull_role role)
{
	struct lull_sp *root = lull_sp_find(sh->mmu, gfn, role);

	if (root)
		lull_root_set(sh, root);
	return root;
}

static void note_loaded(struct lull_shadow *sh, u64 cr3, bool may_list)
{
	sh->cr3 = cr3 & ~LULL_GUARDED;
	sh->guarded = sh->root->role.guard;
	if (sh->targets.on)
		lull_target_loaded(sh, cr3, may_list);
}

/**
 * lull_shadow_load_cr3() - find or make the root of an address space
 * @sh:		the vCPU
 * @cr3:	guest CR3, and LULL_GUARDED
 * @cached:	set to whether the root was there; may be NULL
 *
 * The root may have unsync tables below it: the caller calls
 * lull_shadow_sync() before the guest runs.
 *
 * Context: the vCPU's thread; may sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int lull_shadow_load_cr3(struct lull_shadow *sh, u64 cr3, bool *cached)
{
	union lull_role role = root_role(sh, cr3);
	gfn_t gfn = root_gfn(sh, cr3);
	bool hit;
	int r = 0;

	spin_lock(&sh->mmu->lock);
	hit = load_cached_root(sh, gfn, role);
	if (!hit) {
		spin_unlock(&sh->mmu->lock);
		r = lull_shadow_topup(sh);
		spin_lock(&sh->mmu->lock);
		if (!r && !load_cached_root(sh, gfn, role)) {
			lull_mmu_reclaim(sh->mmu, 1);
			lull_root_set(sh, lull_sp_create(sh, gfn, role));
		}
	}
	if (!r)
		note_loaded(sh, cr3, false);
	spin_unlock(&sh->mmu->lock);
	if (!r && cached)
		*cached = hit;
	return r;
}

/* Guest CR3 with LULL_GUARDED, or without. */
static u64 guarded_cr3(const struct lull_shadow *sh, bool guarded)
{
	return sh->cr3 | (guarded ? LULL_GUARDED : 0);
}

/* Load it, and bring all below the root in sync. */
static int load_and_sync(struct lull_shadow *sh, u64 cr3)
{
	int r = lull_shadow_load_cr3(sh, cr3, NULL);

	if (!r)
		lull_shadow_sync(sh);
	return r;
}

/* Most tables that are brought in sync with interrupts off. */
#define QUICK_TABLES	4

static bool try_sync(struct lull_mmu *mmu, struct lull_sp *root,
		     unsigned int *synced)
{
	*synced = 0;
	if (is_in_sync(root))
		return true;
	if (!is_alone(mmu))
		return false;
	*synced = lull_sp_sync_tree(mmu, root, QUICK_TABLES);
	lull_mmu_flush(mmu);
	return *synced < QUICK_TABLES;
}

static bool try_load(struct lull_shadow *sh, u64 cr3, bool may_list,
		     unsigned int *synced)
{
	struct lull_mmu *mmu = sh->mmu;
	struct lull_sp *root;

	/*
	 * With interrupts off it must not wait for somebody who may wait for
	 * this CPU to flush.
	 */
	if (!spin_trylock(&mmu->lock))
		return false;
	root = lull_sp_find(mmu, root_gfn(sh, cr3), root_role(sh, cr3));
	if (root && !try_sync(mmu, root, synced))
		root = NULL;
	if (root) {
		lull_root_set(sh, root);
		note_loaded(sh, cr3, may_list && is_in_sync(root));
	}
	spin_unlock(&mmu->lock);
	return root;
}

/**
 * lull_shadow_try_cr3() - go to an address space whose root is ready
 * @sh:		the vCPU
 * @cr3:	guest CR3, and LULL_GUARDED
 * @synced:	receives how many tables were unsync
 *
 * Context: the vCPU's thread; interrupts may be off.
 * Return: true, or false with CR3 as it was: the root is not in the cache, it
 * takes more to bring it in sync, or somebody has the lock.
 */
bool lull_shadow_try_cr3(struct lull_shadow *sh, u64 cr3, unsigned int *synced)
{
	return try_load(sh, cr3, true, synced);
}

/**
 * lull_shadow_try_resync() - a flush event that leaves CR3 as it is
 * @sh:		the vCPU
 *
 * No root becomes a target: the guest expects that of loads of CR3 only.
 *
 * Context: as lull_shadow_try_cr3().
 * Return: likewise.
 */
bool lull_shadow_try_resync(struct lull_shadow *sh)
{
	unsigned int synced;

	return try_load(sh, guarded_cr3(sh, sh->guarded), false, &synced);
}

/**
 * lull_shadow_reload() - get a valid root for the CR3 and mode in force
 * @sh:		the vCPU
 *
 * Context: the vCPU's thread; may sleep.
 * Return: 0 or -ENOMEM.
 */
int lull_shadow_reload(struct lull_shadow *sh)
{
	return load_and_sync(sh, guarded_cr3(sh, sh->guarded));
}

/**
 * lull_shadow_guard() - withdraw the user half of the address space, or give
 * it back
 * @sh:		the vCPU, with a root
 * @on:		which
 * @may_list:	the guest expects that roots become targets, and others lose
 *		their place
 *
 * What is accessed there ends in LULL_FAULT_GUARD.  A load of CR3 ends it, too.
 * The vCPU's TLB has to be empty afterwards, as after such a load.
 *
 * Context: the vCPU's thread; may sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int lull_shadow_guard(struct lull_shadow *sh, bool on, bool may_list)
{
	u64 cr3 = guarded_cr3(sh, on);
	unsigned int synced;

	return try_load(sh, cr3, may_list, &synced) ? 0 : load_and_sync(sh, cr3);
}

/**
 * lull_mode_set() - set the mode, and what follows from it
 * @sh:		the vCPU, without a root
 * @mode:	the control bits
 *
 * Context: the vCPU's thread; the lock is not needed.
 */
void lull_mode_set(struct lull_shadow *sh, const struct lull_paging_mode *mode)
{
	sh->mode = *mode;
	sh->root_role = role_under(mode).word;
}

/**
 * lull_shadow_set_mode() - control bits changed
 * @sh:		the vCPU
 * @mode:	the new ones
 *
 * The root fits no more: there is none until the caller reloads.
 */
void lull_shadow_set_mode(struct lull_shadow *sh,
			  const struct lull_paging_mode *mode)
{
	spin_lock(&sh->mmu->lock);
	if (memcmp(&sh->mode, mode, sizeof(*mode)))
		lull_targets_drop(sh);
	lull_root_put(sh);
	spin_unlock(&sh->mmu->lock);
	lull_mode_set(sh, mode);
	if (mode->unpaged)
		sh->guarded = false;
}

/**
 * lull_shadow_needs_sync() - is something below the root unsync?
 * @sh:		the vCPU, with a root
 *
 * Return: whether lull_shadow_sync() has work.
 */
bool lull_shadow_needs_sync(struct lull_shadow *sh)
{
	return READ_ONCE(sh->root->unsync) ||
	       READ_ONCE(sh->root->unsync_children);
}

/**
 * lull_shadow_sync() - a full flush of the guest's TLB
 * @sh:		the vCPU, with a root
 *
 * Return: how many tables were unsync.
 */
unsigned int lull_shadow_sync(struct lull_shadow *sh)
{
	unsigned int nr;

	spin_lock(&sh->mmu->lock);
	nr = lull_sp_sync_tree(sh->mmu, sh->root, LULL_ALL_TABLES);
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
		nr = lull_sp_sync_tree(sh->mmu, sh->root, most);
	lull_mmu_flush(sh->mmu);
	spin_unlock(&sh->mmu->lock);
	return nr;
}

/**
 * lull_shadow_root_valid() - may the guest run on the vCPU's root?
 * @sh:		the vCPU
 *
 * Context: under the lock, or with interrupts off after the vCPU announced
 * that it is entering the guest.
 * Return: whether there is a root that was not zapped.
 */
bool lull_shadow_root_valid(const struct lull_shadow *sh)
{
	return sh->root && !READ_ONCE(sh->root->invalid);
}

/**
 * lull_shadow_root_hpa() - what the hardware's CR3 has to hold
 * @sh:		the vCPU, with a root
 *
 * Return: host-physical address of the root table, without paging that of the
 * PDPTEs, below 4 GiB.
 */
hpa_t lull_shadow_root_hpa(const struct lull_shadow *sh)
{
	return __pa(sh->root->spt);
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
