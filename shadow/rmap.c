// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reverse maps: which SPTEs map a gfn, which link a shadow page.
 *
 * One SPTE is stored in the head itself; more go into a chain of
 * descriptors of which only the first may have free places.
 */
#include <linux/slab.h>

#include "shadow/internal.h"

#define DESC_SPTES	5
#define IS_CHAIN	1UL
#define LONGEST_CHAIN	1000
/* So many passed by cost a sync with a budget as much as a link */
#define PASSED_A_LINK	64
/* Descriptors that a VM keeps for the next */
#define MOST_SPARES	128

/**
 * struct lull_rmap_desc - a link of a chain; one cache line
 * @more:	the next, full one
 * @nr:		how many of @sptes are in use
 * @total:	SPTEs in this and all that follow
 * @sptes:	the SPTEs
 */
struct lull_rmap_desc {
	struct lull_rmap_desc *more;
	unsigned long nr;
	unsigned long total;
	u64 *sptes[DESC_SPTES];
};

struct kmem_cache *lull_rmap_desc_cache;

static struct lull_rmap_desc *chain_of(const struct lull_rmap *rmap)
{
	if (!(rmap->val & IS_CHAIN))
		return NULL;
	return (struct lull_rmap_desc *)(rmap->val & ~IS_CHAIN);
}

static void give(struct lull_mmu *mmu, struct lull_rmap_desc *desc)
{
	if (mmu->nr_spare_descs == MOST_SPARES) {
		kmem_cache_free(lull_rmap_desc_cache, desc);
		return;
	}
	desc->more = mmu->spare_descs;
	mmu->spare_descs = desc;
	mmu->nr_spare_descs++;
}

static void set_chain(struct lull_rmap *rmap, struct lull_rmap_desc *desc)
{
	rmap->val = desc ? (unsigned long)desc | IS_CHAIN : 0;
}

/**
 * lull_rmap_stock() - let the next lull_rmap_add() succeed
 * @sh:		vCPU whose set-aside descriptors may be used
 */
void lull_rmap_stock(struct lull_shadow *sh)
{
	struct lull_mmu *mmu = sh->mmu;

	if (!mmu->spare_descs)
		give(mmu, lull_cache_pop(&sh->descs));
}

/**
 * lull_rmap_stock_spare() - the same, if the next fault does not need it more
 * @sh:		vCPU whose set-aside descriptors may be used
 */
void lull_rmap_stock_spare(struct lull_shadow *sh)
{
	if (sh->descs.nr > LULL_NEED_DESCS)
		lull_rmap_stock(sh);
}

/**
 * lull_rmap_add() - add @spte, which must not be in @rmap
 * @mmu:	the VM's
 * @rmap:	the reverse map
 * @spte:	the SPTE's address
 *
 * Return: false when that takes a descriptor and there is none.
 */
bool lull_rmap_add(struct lull_mmu *mmu, struct lull_rmap *rmap, u64 *spte)
{
	struct lull_rmap_desc *desc = chain_of(rmap);

	if (!rmap->val) {
		rmap->val = (unsigned long)spte;
		return true;
	}
	if (!desc || desc->nr == DESC_SPTES) {
		struct lull_rmap_desc *head = mmu->spare_descs;

		if (!head)
			return false;
		mmu->spare_descs = head->more;
		mmu->nr_spare_descs--;
		head->more = desc;
		head->nr = 0;
		head->total = desc ? desc->total : 1;
		if (!desc)
			head->sptes[head->nr++] = (u64 *)rmap->val;
		set_chain(rmap, head);
		desc = head;
	}
	desc->sptes[desc->nr++] = spte;
	desc->total++;
	return true;
}

static u64 **find(const struct lull_rmap *rmap, const u64 *spte)
{
	struct lull_rmap_desc *desc;
	unsigned long i;

	for (desc = chain_of(rmap); desc; desc = desc->more) {
		for (i = 0; i < desc->nr; i++) {
			if (desc->sptes[i] == spte)
				return &desc->sptes[i];
		}
	}
	return NULL;
}

/**
 * lull_rmap_remove() - remove @spte
 * @mmu:	the VM's
 * @rmap:	the reverse map
 * @spte:	the SPTE's address
 */
void lull_rmap_remove(struct lull_mmu *mmu, struct lull_rmap *rmap, u64 *spte)
{
	struct lull_rmap_desc *head = chain_of(rmap);
	u64 **place;

	if (!head) {
		WARN_ON_ONCE(rmap->val != (unsigned long)spte);
		rmap->val = 0;
		return;
	}
	spend(mmu, head->total / PASSED_A_LINK);
	place = find(rmap, spte);
	if (WARN_ON_ONCE(!place))
		return;
	*place = head->sptes[--head->nr];
	head->total--;
	if (!head->nr) {
		set_chain(rmap, head->more);
		give(mmu, head);
	}
}

/**
 * lull_rmap_free_spares() - keep no descriptors for later
 * @mmu:	the VM's, lock held or going away
 */
void lull_rmap_free_spares(struct lull_mmu *mmu)
{
	struct lull_rmap_desc *desc;

	while ((desc = mmu->spare_descs)) {
		mmu->spare_descs = desc->more;
		kmem_cache_free(lull_rmap_desc_cache, desc);
	}
	mmu->nr_spare_descs = 0;
}

/**
 * lull_rmap_count() - how many SPTEs are in @rmap?
 * @rmap:	the reverse map
 *
 * Return: their number.
 */
unsigned int lull_rmap_count(const struct lull_rmap *rmap)
{
	const struct lull_rmap_desc *desc = chain_of(rmap);

	return desc ? desc->total : !!rmap->val;
}

/**
 * lull_rmap_is_long() - has the chain its greatest length?
 * @rmap:	the reverse map
 *
 * Removal walks the chain under the mmu lock.  The caller empties a long
 * chain before it adds to it, so that a guest which maps one page everywhere
 * pays with faults and not with the host's time.
 *
 * Return: whether nothing may be added.
 */
bool lull_rmap_is_long(const struct lull_rmap *rmap)
{
	return lull_rmap_count(rmap) >= LONGEST_CHAIN;
}

/**
 * lull_rmap_first() - some SPTE of @rmap
 * @rmap:	the reverse map
 *
 * Return: an SPTE's address, NULL if there is none.
 */
u64 *lull_rmap_first(const struct lull_rmap *rmap)
{
	struct lull_rmap_desc *desc = chain_of(rmap);

	return desc ? desc->sptes[0] : (u64 *)rmap->val;
}

/**
 * lull_rmap_has() - is @spte in @rmap?
 * @rmap:	the reverse map
 * @spte:	the SPTE's address
 *
 * Return: whether it is.
 */
bool lull_rmap_has(const struct lull_rmap *rmap, const u64 *spte)
{
	return rmap->val == (unsigned long)spte || find(rmap, spte);
}

/**
 * lull_rmap_for_each() - call @fn for each SPTE
 * @rmap:	the reverse map
 * @fn:		must not change @rmap
 *
 * Return: the sum of what @fn returned.
 */
unsigned int lull_rmap_for_each(struct lull_rmap *rmap,
				unsigned int (*fn)(u64 *spte))
{
	struct lull_rmap_desc *desc = chain_of(rmap);
	unsigned int sum = 0;
	unsigned long i;

	if (!desc)
		return rmap->val ? fn((u64 *)rmap->val) : 0;
	for (; desc; desc = desc->more) {
		for (i = 0; i < desc->nr; i++)
			sum += fn(desc->sptes[i]);
	}
	return sum;
}
