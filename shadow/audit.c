// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invariants of DESIGN.rst as code: walk everything, count what is
 * wrong.
 */
#include "shadow/internal.h"

static unsigned int is_writable(u64 *spte)
{
	return !!(*spte & LULL_PTE_W);
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
	bad += child->role.clean && (gpte & LULL_PTE_D);
	bad += (sp->spt[idx] & ~LULL_PTE_ADDR) != link_bits(sp);
	bad += child->invalid;
	bad += !lull_rmap_has(&child->parents, &sp->spt[idx]);
	bad += (child->unsync || child->unsync_children) &&
	       !test_bit(idx, sp->unsync_child);
	return bad;
}

/* A leaf: rights within the role's and its entry's, rmap back. */
static unsigned int audit_leaf(struct lull_mmu *mmu, struct lull_sp *sp,
			       unsigned int idx)
{
	unsigned int access = sp->role.access;
	u64 spte = sp->spt[idx];
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, leaf_gfn(sp, idx));
	unsigned int bad = 0;

	if (sp->gptes)
		access &= gpte_access(sp->gptes[idx]);
	bad += sp->role.wp && (spte & LULL_PTE_W) && !(access & LULL_ACC_W);
	bad += sp->role.clean && (spte & LULL_PTE_W);
	bad += (spte & LULL_PTE_U) && !(access & LULL_ACC_U);
	bad += sp->role.nxe && !(spte & LULL_PTE_NX) && !(access & LULL_ACC_X);
	bad += !rmap || !lull_rmap_has(rmap, &sp->spt[idx]);
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

static unsigned int audit_sp(struct lull_mmu *mmu, struct lull_sp *sp)
{
	unsigned int idx, bad = 0;

	for (idx = 0; idx < LULL_PT_ENTRIES; idx++) {
		bad += !!sp->spt[idx] != test_bit(idx, sp->present);
		if (!sp->spt[idx])
			continue;
		if (sp->role.level > 1)
			bad += audit_link(sp, idx);
		else
			bad += audit_leaf(mmu, sp, idx);
	}
	bad += sp->unsync_children !=
	       bitmap_weight(sp->unsync_child, LULL_PT_ENTRIES);
	bad += table_sp(sp->spt) != sp;
	bad += is_pdpt(sp->role) && __pa(sp->spt) >> 32;
	if (!sp->role.direct && !sp->unsync)
		bad += audit_synced(mmu, sp);
	return bad;
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
	unsigned int upper = 0, nr = 0, bad = 0;
	struct lull_sp *sp;

	lockdep_assert_held(&mmu->lock);
	list_for_each_entry(sp, &mmu->pages, link) {
		bad += audit_sp(mmu, sp);
		bad += lull_sp_find(mmu, sp->gfn, sp->role) != sp;
		upper += sp->unsync && sp->role.level > 1;
		nr++;
	}
	bad += upper != mmu->nr_upper_unsync;
	bad += nr > mmu->nr_pages;
	return bad;
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
		if (!sp->role.direct && !sp->unsync)
			bad += audit_gptes(mmu, sp);
	}
	return bad;
}
