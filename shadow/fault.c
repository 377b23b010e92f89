// SPDX-License-Identifier: GPL-2.0-only
/*
 * One shadow page fault: walk the guest's tables, find the host page, put
 * the translation into the shadow tables.
 */
#include "shadow/internal.h"

/* Is what the walk read still there?  Called under the lock. */
static bool entry_is(struct lull_mmu *mmu, const struct lull_walk *walk,
		     int level)
{
	u64 now;

	return !mmu->env->read_gpte(mmu, walk->gpa[level], &now, true) &&
	       gpte_unchanged(walk->seen[level], now);
}

static bool walk_is(struct lull_mmu *mmu, const struct lull_walk *walk,
		    int from)
{
	int level;

	for (level = from; level >= walk->level; level--) {
		if (!entry_is(mmu, walk, level))
			return false;
	}
	return true;
}

static void set_gpte(struct lull_sp *sp, unsigned int idx, u64 gpte)
{
	if (sp->gptes)
		sp->gptes[idx] = gpte;
}

static void set_link(struct lull_shadow *sh, struct lull_sp *sp,
		     unsigned int idx, struct lull_sp *child, u64 gpte)
{
	if (lull_rmap_is_long(&child->parents))
		lull_rmap_zap(sh->mmu, &child->parents);
	lull_rmap_stock(sh);
	lull_rmap_add(sh->mmu, &child->parents, &sp->spt[idx]);
	WRITE_ONCE(sp->spt[idx], __pa(child->spt) | link_bits(sp));
	set_gpte(sp, idx, gpte);
	__set_bit(idx, sp->present);
	/* A hot table stays so. */
	if (!is_in_sync(child))
		lull_link_unsync(&sp->spt[idx]);
}

/*
 * The child that @sp must link at the walk's entry of its level: the one
 * there if gfn and role fit, else another in its place.  NULL: a table
 * changed before it was write-protected, the budget is spent, or there is more
 * to sync below it than is done under the lock at a time.
 */
static struct lull_sp *get_child(struct lull_shadow *sh, struct lull_sp *sp,
				 const struct lull_walk *walk, gva_t gva)
{
	bool direct = sp->role.level <= walk->level;
	int level = direct ? walk->level : sp->role.level;
	u64 gpte = walk->gpte[level];
	unsigned int idx = pt_index(gva, sp->role.level);
	union lull_role role = lull_child_role(sp, direct, walk->access[level]);
	gfn_t gfn = child_gfn(sp, idx, gpte, direct);
	struct lull_mmu *mmu = sh->mmu;
	struct lull_sp *child;
	unsigned int nr;

	/* A large page gets D only from a write: until then its pieces
	 * must not be writable, so that the first write is seen.
	 */
	role.clean = direct && !(gpte & LULL_PTE_D);
	if (test_bit(idx, sp->present)) {
		child = link_child(sp->spt[idx]);
		if (child->gfn == gfn && child->role.word == role.word) {
			set_gpte(sp, idx, walk->seen[level]);
			return child;
		}
		lull_spte_drop(mmu, sp, idx);
	}
	child = lull_sp_find(mmu, gfn, role);
	if (child) {
		/* What was unsync may have changed since the walk. */
		nr = lull_sp_sync_tree(mmu, child, LULL_SYNC_PART, false);
		if (!is_in_sync(child) && !sp->unsync_children)
			spend(mmu, lull_sp_count_above(sp));
		if (is_spent(mmu) || nr == LULL_SYNC_PART ||
		    (nr && !walk_is(mmu, walk, level - 1)))
			return NULL;
		set_link(sh, sp, idx, child, walk->seen[level]);
		return child;
	}
	child = lull_sp_create(sh, gfn, role);
	set_link(sh, sp, idx, child, walk->seen[level]);
	if (!direct && !entry_is(mmu, walk, level - 1))
		return NULL;
	return child;
}

/* Under the lock: the walk and the page are known to be true now. */
static enum lull_fault_result install(struct lull_shadow *sh,
				      struct lull_fault *fault,
				      struct lull_walk *walk,
				      const struct lull_page *page)
{
	struct lull_sp *sp = walk->sp;

	while (sp && sp->role.level > 1)
		sp = get_child(sh, sp, walk, fault->gva);
	if (!sp || !lull_leaf_set(sh, sp, fault, walk, page))
		return LULL_FAULT_RETRY;
	walk->leaf = sp;
	return LULL_FAULT_FIXED;
}

static bool ends_outside(const struct lull_fault *fault)
{
	return fault->result == LULL_FAULT_INJECT ||
	       fault->result == LULL_FAULT_MMIO;
}

/*
 * All of it under the lock, where what was read stays true: what changes later
 * is for the next flush event.  -EAGAIN: it has to sleep, or to wait.
 */
static int fault_atomic(struct lull_shadow *sh, struct lull_fault *fault)
{
	struct lull_walk walk = { .sp = sh->root };
	struct lull_mmu *mmu = sh->mmu;
	struct lull_page page;
	int r;

	if (!lull_shadow_root_valid(sh) || mmu->invalidations)
		return -EAGAIN;
	r = lull_walk_gva(sh, fault, &walk);
	if (!r)
		r = lull_leaf_page(mmu, walk.gfn,
				   fault->error_code & LULL_PF_WRITE, &page);
	if (r == -ENOENT || r == -EROFS) {
		fault->result = LULL_FAULT_MMIO;
	} else if (!r) {
		fault->result = install(sh, fault, &walk, &page);
		lull_leaf_put_page(mmu, &page);
		/* Where this page was at hand its neighbours may be, too. */
		if (walk.leaf)
			lull_leaf_prefetch(sh, walk.leaf,
					   pt_index(fault->gva, 1));
	} else if (r < 0) {
		return -EAGAIN;
	}
	if (ends_outside(fault))
		lull_forget(mmu, walk.sp, fault->gva);
	return 0;
}

static int try_atomic(struct lull_shadow *sh, struct lull_fault *fault)
{
	struct lull_mmu *mmu = sh->mmu;
	int r;

	spin_lock(&mmu->lock);
	/* Reclaim first: it may zap anything but roots in use. */
	lull_mmu_reclaim(mmu, LULL_ROOT_LEVEL);
	r = fault_atomic(sh, fault);
	lull_mmu_flush(mmu);
	spin_unlock(&mmu->lock);
	return r;
}

static enum lull_fault_result map(struct lull_shadow *sh,
				  struct lull_fault *fault,
				  struct lull_walk *walk,
				  const struct lull_page *page,
				  unsigned long seq)
{
	struct lull_mmu *mmu = sh->mmu;
	enum lull_fault_result result = LULL_FAULT_RETRY;

	spin_lock(&mmu->lock);
	/* Reclaim first: it may zap anything but roots in use. */
	lull_mmu_reclaim(mmu, LULL_ROOT_LEVEL);
	if (!mmu->invalidations && mmu->invalidate_seq == seq &&
	    lull_shadow_root_valid(sh) && walk_is(mmu, walk, LULL_ROOT_LEVEL)) {
		walk->sp = sh->root;
		result = install(sh, fault, walk, page);
	}
	lull_mmu_flush(mmu);
	spin_unlock(&mmu->lock);
	return result;
}

static int map_page(struct lull_shadow *sh, struct lull_fault *fault,
		    struct lull_walk *walk)
{
	struct lull_mmu *mmu = sh->mmu;
	unsigned long seq = READ_ONCE(mmu->invalidate_seq);
	bool write = fault->error_code & LULL_PF_WRITE;
	struct lull_page page;
	int r;

	/* The sequence number is read before the page is looked up. */
	smp_rmb();
	r = mmu->env->get_page(mmu, walk->gfn, write, false, &page);
	if (r == -ENOENT || r == -EROFS) {
		fault->result = LULL_FAULT_MMIO;
		return 0;
	}
	if (r)
		return r;
	fault->result = map(sh, fault, walk, &page, seq);
	mmu->env->put_page(mmu, &page);
	return 0;
}

static void forget(struct lull_shadow *sh, gva_t gva)
{
	if (!sh->root)
		return;
	spin_lock(&sh->mmu->lock);
	lull_forget(sh->mmu, sh->root, gva);
	lull_mmu_flush(sh->mmu);
	spin_unlock(&sh->mmu->lock);
}

/* The same in pieces, between which it may sleep. */
static int fault_sleeping(struct lull_shadow *sh, struct lull_fault *fault)
{
	struct lull_walk walk = { .sp = NULL };
	int r = lull_walk_gva(sh, fault, &walk);

	if (r == -EAGAIN) {
		fault->result = LULL_FAULT_RETRY;
		return 0;
	}
	if (!r)
		r = map_page(sh, fault, &walk);
	if (r < 0)
		return r;
	if (ends_outside(fault))
		forget(sh, fault->gva);
	return 0;
}

/* Is it for the user half, and may that not be accessed? */
static bool hits_guard(const struct lull_shadow *sh, gva_t gva)
{
	return sh->guarded && is_user_half(gva);
}

/**
 * lull_shadow_fault() - handle a page fault of a guest
 * @sh:		the vCPU
 * @fault:	the access; receives the result
 *
 * Context: the vCPU's thread, not in the guest; may sleep.  The memslots
 * must not change meanwhile.
 * Return: 0 with fault->result set, -ENOMEM, or another -errno when the
 * host cannot give the page.
 */
int lull_shadow_fault(struct lull_shadow *sh, struct lull_fault *fault)
{
	int r;

	if (hits_guard(sh, fault->gva)) {
		fault->result = LULL_FAULT_GUARD;
		return 0;
	}
	r = lull_shadow_topup(sh);
	if (r)
		return r;
	r = try_atomic(sh, fault);
	return r == -EAGAIN ? fault_sleeping(sh, fault) : r;
}

/**
 * lull_shadow_try_fault() - handle a page fault of a guest that has one vCPU
 * @sh:		the vCPU
 * @fault:	the access; receives the result
 *
 * Context: the vCPU's thread, not in the guest; interrupts may be off.
 * Return: false if lull_shadow_fault() has to do it.
 */
bool lull_shadow_try_fault(struct lull_shadow *sh, struct lull_fault *fault)
{
	struct lull_mmu *mmu = sh->mmu;
	bool done = false;

	if (hits_guard(sh, fault->gva) || !lull_shadow_is_ready(sh) ||
	    !spin_trylock(&mmu->lock))
		return false;
	if (is_alone(mmu) &&
	    mmu->nr_pages + LULL_ROOT_LEVEL <= mmu->max_pages) {
		mmu->budget = LULL_QUICK_BUDGET;
		done = !fault_atomic(sh, fault) && !is_spent(mmu);
		mmu->budget = LULL_NO_BUDGET;
	}
	lull_mmu_flush(mmu);
	spin_unlock(&mmu->lock);
	/* The monitor sleeps for MMIO. */
	return done && fault->result != LULL_FAULT_MMIO;
}

/**
 * lull_shadow_translate() - translate an address in software
 * @sh:		the vCPU
 * @fault:	the access; result is LULL_FAULT_FIXED with @gpa set, or
 *		LULL_FAULT_INJECT with @exception
 *
 * For the monitor's own accesses on behalf of an instruction.
 *
 * Context: the vCPU's thread; may sleep.
 * Return: 0 or -errno.
 */
int lull_shadow_translate(struct lull_shadow *sh, struct lull_fault *fault)
{
	struct lull_walk walk = { .sp = NULL };
	int r;

	do {
		r = lull_walk_gva(sh, fault, &walk);
	} while (r == -EAGAIN);
	if (!r)
		fault->result = LULL_FAULT_FIXED;
	else if (r == 1)
		forget(sh, fault->gva);
	return r < 0 ? r : 0;
}
