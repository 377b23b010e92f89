// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invariants of DESIGN.rst as code: walk everything, count what is
 * wrong.
 */
#include "shadow/internal.h"

/* What was seen of one kind must be as many as are known of the other. */
struct census {
	unsigned long leaves;
	unsigned long links;
	unsigned long parents;
	unsigned int upper_unsync;
	unsigned int pages;
	unsigned int shown;
	unsigned int hot;
};

static unsigned int is_writable(u64 *spte)
{
	return !!(*spte & LULL_PTE_W);
}

static unsigned int count_one(u64 *spte)
{
	return 1;
}

/* The tripwire clears A in the user half of roots. */
static bool link_differs(const struct lull_sp *sp, unsigned int idx)
{
	u64 may_differ = LULL_PTE_ADDR;

	if (sp->role.level == LULL_ROOT_LEVEL && idx < LULL_USER_ENTRIES)
		may_differ |= LULL_PTE_A;
	return (sp->spt[idx] ^ link_bits(sp)) & ~may_differ;
}

/* A link: right child, rmap back, unsync state passed up. */
static unsigned int audit_link(struct lull_sp *sp, unsigned int idx)
{
	struct lull_sp *child = link_child(sp->spt[idx]);
	u64 gpte = sp->gptes ? sp->gptes[idx] : LULL_SPTE_LINK;
	unsigned int access = sp->role.access & gpte_access(gpte);
	unsigned int bad = 0;

	bad += child->gfn != child_gfn(sp, idx, gpte, child->role.direct);
	bad += child->role.level != sp->role.level - 1;
	bad += child->role.access != access;
	bad += child->role.unpaged != sp->role.unpaged;
	bad += child->role.guard;
	bad += sp->role.guard && idx < LULL_USER_ENTRIES;
	bad += child->role.clean && (gpte & LULL_PTE_D);
	bad += link_differs(sp, idx);
	bad += child->invalid;
	bad += !lull_rmap_has(&child->parents, &sp->spt[idx]);
	bad += (child->unsync || child->unsync_children) &&
	       !test_bit(idx, sp->unsync_child);
	return bad;
}

/*
 * No more than role and entry give.  With CR0.WP clear the supervisor may write
 * what is read-only: then the user has nothing, nor has SMEP anything to refuse.
 */
static unsigned int audit_rights(const struct lull_sp *sp, unsigned int idx)
{
	unsigned int access = sp->role.access;
	u64 spte = sp->spt[idx];
	unsigned int bad = 0;

	if (sp->gptes)
		access &= gpte_access(sp->gptes[idx]);
	if ((spte & LULL_PTE_W) && !(access & LULL_ACC_W)) {
		bad += sp->role.wp || (spte & LULL_PTE_U);
		bad += sp->role.smep_not_wp && (access & LULL_ACC_U) &&
		       !(spte & LULL_PTE_NX);
	}
	bad += sp->role.clean && (spte & LULL_PTE_W);
	bad += (spte & LULL_PTE_U) && !(access & LULL_ACC_U);
	bad += sp->role.nxe && !(spte & LULL_PTE_NX) && !(access & LULL_ACC_X);
	return bad;
}

/* A leaf: what the host has behind its gfn now, in the rmap of that gfn. */
static unsigned int audit_leaf(struct lull_mmu *mmu, struct lull_sp *sp,
			       unsigned int idx)
{
	gfn_t gfn = leaf_gfn(sp, idx);
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, gfn);
	u64 spte = sp->spt[idx];
	unsigned int bad = audit_rights(sp, idx);

	/* hot.c clears D. */
	bad += ((spte | LULL_PTE_D) & LULL_SPTE_BASE) != LULL_SPTE_BASE;
	bad += !rmap || !lull_rmap_has(rmap, &sp->spt[idx]);
	bad += !mmu->env->is_behind(mmu, gfn, pte_frame(spte),
				    spte & LULL_SPTE_HOST_W);
	bad += (spte & LULL_PTE_W) && !(spte & LULL_SPTE_HOST_W);
	return bad;
}

/* Entries of a page in sync that are not the guest's any more. */
static unsigned int audit_gptes(struct lull_mmu *mmu, struct lull_sp *sp)
{
	unsigned int idx, bad = 0;

	if (mmu->env->read_gptes(mmu, sp->gfn, sp->present, mmu->scratch))
		return 0;
	for_each_set_bit(idx, sp->present, LULL_PT_ENTRIES)
		bad += !gpte_unchanged(sp->gptes[idx], mmu->scratch[idx]);
	return bad;
}

/* A page in sync: nobody can write its table. */
static unsigned int audit_synced(struct lull_mmu *mmu, struct lull_sp *sp)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, sp->gfn);

	return rmap ? lull_rmap_for_each(rmap, is_writable) : 0;
}

static unsigned int count_targets(struct lull_mmu *mmu,
				  const struct lull_sp *sp)
{
	struct lull_target *target;
	unsigned int nr = 0;

	list_for_each_entry(target, &mmu->targets, link)
		nr += target->root == sp;
	return nr;
}

static unsigned int audit_sp(struct lull_mmu *mmu, struct lull_sp *sp,
			     struct census *census)
{
	unsigned int idx, bad = 0;

	for (idx = 0; idx < LULL_PT_ENTRIES; idx++) {
		bad += !!sp->spt[idx] != test_bit(idx, sp->present);
		if (!sp->spt[idx])
			continue;
		if (sp->role.level > 1) {
			bad += audit_link(sp, idx);
			census->links++;
		} else {
			bad += audit_leaf(mmu, sp, idx);
			census->leaves++;
		}
	}
	census->parents += lull_rmap_for_each(&sp->parents, count_one);
	census->upper_unsync += sp->unsync && sp->role.level > 1;
	census->pages++;
	bad += sp->invalid;
	bad += sp->listed != count_targets(mmu, sp);
	bad += sp->listed > sp->root_count;
	census->hot += sp->hot;
	bad += sp->hot && (!sp->unsync || sp->role.level != 1);
	bad += sp->shown && sp->role.level != LULL_ROOT_LEVEL;
	census->shown += sp->shown;
	bad += sp->unsync_children !=
	       bitmap_weight(sp->unsync_child, LULL_PT_ENTRIES);
	bad += table_sp(sp->spt) != sp;
	bad += is_pdpt(sp->role) && __pa(sp->spt) >> 32;
	if (!sp->role.direct && !sp->unsync)
		bad += audit_synced(mmu, sp);
	return bad;
}

/*
 * What a guest may load without an exit: a root that is in sync and kept, once
 * on each list.  That all below it is in sync follows from the links.
 */
static unsigned int audit_target(struct lull_mmu *mmu,
				 const struct lull_target *target)
{
	const struct lull_sp *root = target->root;
	unsigned int i, same = 0;

	for (i = 0; i < LULL_NR_TARGETS; i++)
		same += target->sh->targets.slot[i].root == root;
	return (same != 1) + !target->sh->targets.on + root->invalid +
	       !is_in_sync(root) + (root->role.level != LULL_ROOT_LEVEL) +
	       (root->gfn != pte_frame(target->cr3)) +
	       (root->role.guard != !!(target->cr3 & LULL_GUARDED)) +
	       (target->hpa != __pa(root->spt)) + !root->shown;
}

/* Kept for its vCPU alone: empty, and found by nobody. */
static unsigned int audit_zapped(const struct lull_sp *sp,
				 struct census *census)
{
	census->pages++;
	census->shown += sp->shown;
	return !sp->root_count + !sp->invalid + sp->unsync + sp->listed +
	       !!sp->unsync_children + !!sp->parents.val +
	       !!bitmap_weight(sp->present, LULL_PT_ENTRIES);
}

/* Kept for later: nothing is in it. */
static unsigned int audit_spares(struct lull_mmu *mmu)
{
	unsigned int idx, nr = 0, bad = 0;
	struct lull_sp *sp;

	list_for_each_entry(sp, &mmu->spares, link) {
		for (idx = 0; idx < LULL_PT_ENTRIES; idx++)
			bad += !!sp->spt[idx] + test_bit(idx, sp->present) +
			       test_bit(idx, sp->unsync_child);
		bad += sp->root_count + sp->unsync + !!sp->unsync_children +
		       !!sp->parents.val + sp->listed + sp->shown;
		nr++;
	}
	return bad + (nr != mmu->nr_spares);
}

/* None but roots have tables that guests were told of. */
static unsigned int audit_shown(struct lull_mmu *mmu,
				const struct census *census)
{
	unsigned int nr = census->shown;
	void **table;

	for (table = mmu->shown_tables; table; table = *table)
		nr++;
	return (nr != mmu->nr_shown) + (nr > LULL_MOST_SHOWN);
}

/* Every leaf was found in its rmap: as many as there are, and no others. */
static unsigned long count_rmaps(struct lull_mmu *mmu)
{
	unsigned long nr = 0;
	gfn_t gfn;

	for (gfn = 0; mmu->env->next_gfn(mmu, &gfn); gfn++)
		nr += lull_rmap_for_each(mmu->env->gfn_rmap(mmu, gfn),
					 count_one);
	return nr;
}

/**
 * lull_mmu_audit_structure() - check what does not depend on guest memory
 * @mmu:	the VM's, lock held
 *
 * For VMs whose tables somebody else than their own guest writes: the launcher,
 * another VM, the guest itself through another slot.
 *
 * Return: how many violations were found.
 */
int lull_mmu_audit_structure(struct lull_mmu *mmu)
{
	struct census census = { 0 };
	struct lull_target *target;
	unsigned int bad = 0, i;
	struct lull_sp *sp;

	lockdep_assert_held(&mmu->lock);
	list_for_each_entry(sp, &mmu->pages, link) {
		bad += audit_sp(mmu, sp, &census);
		bad += lull_sp_find(mmu, sp->gfn, sp->role) != sp;
	}
	list_for_each_entry(sp, &mmu->zapped, link)
		bad += audit_zapped(sp, &census);
	bad += audit_spares(mmu) + audit_shown(mmu, &census);
	list_for_each_entry(target, &mmu->targets, link)
		bad += audit_target(mmu, target);
	bad += census.parents != census.links;
	bad += census.leaves != count_rmaps(mmu);
	bad += census.upper_unsync != mmu->nr_upper_unsync;
	bad += census.pages != mmu->nr_pages;
	bad += census.hot != mmu->nr_hot;
	for (i = 0; i < mmu->nr_hot; i++)
		bad += !mmu->hot[i]->hot;
	return bad;
}

/* May the table hold something else than its SPTEs were made from? */
static bool may_differ(struct lull_mmu *mmu, const struct lull_sp *sp)
{
	return sp->unsync && !(sp->hot && lull_sp_is_unwritten(mmu, sp));
}

/**
 * lull_mmu_audit() - check every invariant
 * @mmu:	the VM's, lock held
 *
 * Context: a thread of the launcher: it reads guest memory.
 * Return: how many violations were found.
 */
int lull_mmu_audit(struct lull_mmu *mmu)
{
	int bad = lull_mmu_audit_structure(mmu);
	struct lull_sp *sp;

	list_for_each_entry(sp, &mmu->pages, link) {
		if (!sp->role.direct && !may_differ(mmu, sp))
			bad += audit_gptes(mmu, sp);
	}
	return bad;
}
