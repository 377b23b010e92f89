// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves: SPTEs that map a page.  They are made by a fault, from its walk, or
 * remade from an entry of the guest's table that changed.
 */
#include "shadow/internal.h"

/**
 * lull_leaf_page() - the host page behind @gfn, without sleeping
 * @mmu:	the VM's
 * @gfn:	the frame
 * @write:	it shall be writable
 * @page:	receives it
 *
 * An SPTE that maps @gfn tells: the notifier keeps it honest.
 *
 * Return: 0, -ENOENT and -EROFS as env->get_page() does, or -EAGAIN.
 */
int lull_leaf_page(struct lull_mmu *mmu, gfn_t gfn, bool write,
		   struct lull_page *page)
{
	struct lull_rmap *rmap = mmu->env->gfn_rmap(mmu, gfn);
	const u64 *spte = rmap ? lull_rmap_first(rmap) : NULL;

	if (!spte || (write && !(*spte & LULL_SPTE_HOST_W)))
		return mmu->env->get_page(mmu, gfn, write, true, page);
	page->hfn = pte_frame(*spte);
	page->writable = *spte & LULL_SPTE_HOST_W;
	page->page = NULL;
	return 0;
}

/**
 * lull_leaf_put_page() - releases what lull_leaf_page() gave
 * @mmu:	the VM's
 * @page:	the page
 */
void lull_leaf_put_page(struct lull_mmu *mmu, struct lull_page *page)
{
	if (page->page)
		mmu->env->put_page(mmu, page);
}

static u64 make_leaf(const struct lull_page *page, unsigned int access)
{
	return LULL_SPTE_BASE | (page->hfn << 12) |
	       (page->writable ? LULL_SPTE_HOST_W : 0) |
	       (access & LULL_ACC_W ? LULL_PTE_W : 0) |
	       (access & LULL_ACC_U ? LULL_PTE_U : 0) |
	       (access & LULL_ACC_X ? 0 : LULL_PTE_NX);
}

/*
 * Store @new, which maps @gfn.  False: there is no descriptor for the rmap, or it
 * is full, and that is no reason to empty it.
 */
static bool store(struct lull_mmu *mmu, struct lull_sp *sp, unsigned int idx,
		  gfn_t gfn, u64 new, bool must)
{
	u64 *spte = &sp->spt[idx];
	struct lull_rmap *rmap;

	if (*spte && (((*spte ^ new) & LULL_PTE_ADDR) ||
		      leaf_gfn(sp, idx) != gfn))
		lull_spte_drop(mmu, sp, idx);
	/* CPUs may hold the rights that a changed SPTE takes away. */
	if ((*spte & ~new & (LULL_PTE_W | LULL_PTE_U)) ||
	    (*spte && (~*spte & new & LULL_PTE_NX)))
		mmu->flush = true;
	if (!*spte) {
		rmap = mmu->env->gfn_rmap(mmu, gfn);
		if (lull_rmap_is_long(rmap)) {
			if (!must)
				return false;
			lull_rmap_zap(mmu, rmap);
		}
		if (!lull_rmap_add(mmu, rmap, spte))
			return false;
	}
	WRITE_ONCE(*spte, new);
	__set_bit(idx, sp->present);
	return true;
}

/*
 * Rights of the leaf.  With CR0.WP clear a supervisor may write read-only
 * pages: a user page then loses its user rights while it is writable, and
 * SMEP must still refuse fetches from it.
 */
static unsigned int leaf_access(const struct lull_shadow *sh,
				const struct lull_fault *fault,
				const struct lull_walk *walk)
{
	unsigned int access = walk->access[walk->level];
	bool write = fault->error_code & LULL_PF_WRITE;

	if (!(walk->gpte[walk->level] & LULL_PTE_D))
		return access & ~LULL_ACC_W;
	if (sh->mode.wp || !write || (access & LULL_ACC_W) ||
	    (fault->error_code & LULL_PF_USER))
		return access;
	if (access & LULL_ACC_U) {
		access &= ~LULL_ACC_U;
		if (sh->mode.smep)
			access &= ~LULL_ACC_X;
	}
	return access | LULL_ACC_W;
}

/**
 * lull_leaf_set() - map what a walk found
 * @sh:		the vCPU
 * @sp:		the page of level 1
 * @fault:	the access
 * @walk:	its walk
 * @page:	the host page
 *
 * Return: false, with nothing changed, if that takes more than the budget.
 */
bool lull_leaf_set(struct lull_shadow *sh, struct lull_sp *sp,
		   const struct lull_fault *fault,
		   const struct lull_walk *walk, const struct lull_page *page)
{
	struct lull_mmu *mmu = sh->mmu;
	unsigned int idx = pt_index(fault->gva, 1);
	unsigned int access = leaf_access(sh, fault, walk);

	if (!page->writable)
		access &= ~LULL_ACC_W;
	if ((access & LULL_ACC_W) && lull_gfn_is_table(mmu, walk->gfn)) {
		if (!(fault->error_code & LULL_PF_WRITE))
			access &= ~LULL_ACC_W;
		else if (lull_gfn_can_unsync(mmu, walk->gfn))
			lull_gfn_unsync(mmu, walk->gfn);
		else
			return false;
	}
	lull_rmap_stock(sh);
	store(mmu, sp, idx, walk->gfn, make_leaf(page, access), true);
	if (sp->gptes)
		sp->gptes[idx] = walk->seen[1];
	return true;
}

/* Map @gfn at @idx with @access, less what the host's page does not give. */
static bool make(struct lull_mmu *mmu, struct lull_sp *sp, unsigned int idx,
		 gfn_t gfn, unsigned int access)
{
	u64 spte = sp->spt[idx];
	struct lull_page page = {
		.hfn = pte_frame(spte),
		.writable = spte & LULL_SPTE_HOST_W,
	};
	bool made;

	if (!spte || leaf_gfn(sp, idx) != gfn) {
		if (mmu->invalidations ||
		    lull_leaf_page(mmu, gfn, false, &page))
			return false;
	}
	if (!page.writable ||
	    ((access & LULL_ACC_W) && lull_gfn_is_table(mmu, gfn)))
		access &= ~LULL_ACC_W;
	made = store(mmu, sp, idx, gfn, make_leaf(&page, access), false);
	lull_leaf_put_page(mmu, &page);
	return made;
}

/**
 * lull_leaf_remake() - make the leaf that an entry gives, without a walk
 * @mmu:	the VM's
 * @sp:		a page of level 1 that is not direct
 * @idx:	which entry
 * @gpte:	what it is now
 *
 * As a CPU does that caches the translation of an address nobody uses yet: A,
 * and for a writable one D, must be set.
 *
 * Context: the thread of a vCPU.
 * Return: whether it was made; if not, what is still there is old.
 */
bool lull_leaf_remake(struct lull_mmu *mmu, struct lull_sp *sp,
		      unsigned int idx, u64 gpte)
{
	unsigned int access = sp->role.access & gpte_access(gpte);

	/* With WP clear rights are the walk's to give. */
	if (!entry_usable(sp, gpte) || !sp->role.wp)
		return false;
	if (!(gpte & LULL_PTE_D))
		access &= ~LULL_ACC_W;
	if (!make(mmu, sp, idx, pte_frame(gpte), access))
		return false;
	sp->gptes[idx] = gpte;
	return true;
}

/* Most neighbours that one fault maps, too: of a first page, and of the next. */
#define PREFETCH_FIRST	2
#define PREFETCH_NEXT	16

/* The next piece of a large page, whose A is set. */
static bool prefetch_piece(struct lull_mmu *mmu, struct lull_sp *sp,
			   unsigned int idx)
{
	unsigned int access = sp->role.access;

	if (test_bit(idx, sp->present) || !sp->role.wp)
		return false;
	if (sp->role.clean)
		access &= ~LULL_ACC_W;
	return make(mmu, sp, idx, direct_gfn(sp, idx), access);
}

static bool prefetch_entry(struct lull_mmu *mmu, struct lull_sp *sp,
			   unsigned int idx)
{
	u64 gpte;

	if (mmu->env->read_gpte(mmu, (sp->gfn << 12) + 8 * idx, &gpte, true))
		return false;
	if (test_bit(idx, sp->present) && gpte_unchanged(sp->gptes[idx], gpte))
		return false;
	return lull_leaf_remake(mmu, sp, idx, gpte);
}

static bool is_mapped(const struct lull_sp *sp, unsigned int idx)
{
	return idx < LULL_PT_ENTRIES && test_bit(idx, sp->present);
}

/**
 * lull_leaf_prefetch() - map what comes after a page that was just mapped
 * @sh:		the vCPU
 * @sp:		a page of level 1
 * @idx:	where it was mapped
 *
 * Goes on while there is something new, in the direction in which the guest
 * goes: away from a neighbour that it has mapped.
 */
void lull_leaf_prefetch(struct lull_shadow *sh, struct lull_sp *sp,
			unsigned int idx)
{
	struct lull_mmu *mmu = sh->mmu;
	bool up = is_mapped(sp, idx - 1), down = is_mapped(sp, idx + 1);
	unsigned int nr = up || down ? PREFETCH_NEXT : PREFETCH_FIRST;
	unsigned int step = down && !up ? -1 : 1;
	bool direct = sp->role.direct;

	while (nr-- && !is_spent(mmu)) {
		idx += step;
		if (idx >= LULL_PT_ENTRIES)
			return;
		lull_rmap_stock_spare(sh);
		if (!(direct ? prefetch_piece(mmu, sp, idx) :
			       prefetch_entry(mmu, sp, idx)))
			return;
	}
}
