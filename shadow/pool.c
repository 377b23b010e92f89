// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for shadow pages: set aside by each vCPU before it takes the lock, and
 * kept by the VM from pages that were zapped.
 */
#include <linux/gfp.h>
#include <linux/slab.h>

#include "shadow/internal.h"

/* Most objects one fault can need: a table for each level, and two rmaps. */
#define NEED_SPS	4
#define NEED_TABLES	(2 * NEED_SPS)

static_assert(NEED_SPS + 1 == LULL_NEED_DESCS);
static_assert(NEED_TABLES <= LULL_CACHE_SIZE);

/*
 * Shadow pages that a VM keeps for the next: a table that was zapped is zero
 * already, and to clear a new one costs more than to fill it.
 */
#define MOST_SPARES	32

static struct kmem_cache *sp_cache;

/**
 * lull_shadow_module_init() - make the object caches
 *
 * Return: 0 or -ENOMEM.
 */
int lull_shadow_module_init(void)
{
	sp_cache = kmem_cache_create("lull_sp", sizeof(struct lull_sp), 0,
				     SLAB_ACCOUNT, NULL);
	if (!sp_cache)
		return -ENOMEM;
	lull_rmap_desc_cache = kmem_cache_create("lull_rmap_desc", 64, 64,
						 SLAB_ACCOUNT, NULL);
	if (!lull_rmap_desc_cache) {
		kmem_cache_destroy(sp_cache);
		return -ENOMEM;
	}
	return 0;
}

/**
 * lull_shadow_module_exit() - destroy the object caches
 */
void lull_shadow_module_exit(void)
{
	kmem_cache_destroy(lull_rmap_desc_cache);
	kmem_cache_destroy(sp_cache);
}

static int topup_slab(struct lull_cache *cache, struct kmem_cache *slab,
		      unsigned int want)
{
	while (cache->nr < want) {
		void *obj = kmem_cache_zalloc(slab, GFP_KERNEL_ACCOUNT);

		if (!obj)
			return -ENOMEM;
		cache->obj[cache->nr++] = obj;
	}
	return 0;
}

/* Prefetching takes what a fault leaves. */
static int topup_descs(struct lull_cache *cache)
{
	if (cache->nr >= LULL_NEED_DESCS)
		return 0;
	return topup_slab(cache, lull_rmap_desc_cache, LULL_CACHE_SIZE);
}

static int topup_tables(struct lull_cache *cache, unsigned int want,
			gfp_t zone)
{
	while (cache->nr < want) {
		void *obj = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT | zone);

		if (!obj)
			return -ENOMEM;
		cache->obj[cache->nr++] = obj;
	}
	return 0;
}

/**
 * lull_shadow_topup() - set aside what one fault or CR3 load may need
 * @sh:		the vCPU
 *
 * Context: without mmu->lock; may sleep.
 * Return: 0 or -ENOMEM.
 */
int lull_shadow_topup(struct lull_shadow *sh)
{
	int r;

	r = topup_slab(&sh->sps, sp_cache, NEED_SPS);
	if (!r)
		r = topup_descs(&sh->descs);
	if (!r)
		r = topup_tables(&sh->tables, NEED_TABLES, 0);
	if (!r && sh->mode.unpaged)
		r = topup_tables(&sh->low, 1, __GFP_DMA32);
	return r;
}

/**
 * lull_shadow_is_ready() - is there nothing to set aside?
 * @sh:		the vCPU
 *
 * Return: whether lull_shadow_topup() has nothing to do.
 */
bool lull_shadow_is_ready(const struct lull_shadow *sh)
{
	return sh->sps.nr >= NEED_SPS && sh->descs.nr >= LULL_NEED_DESCS &&
	       sh->tables.nr >= NEED_TABLES &&
	       (!sh->mode.unpaged || sh->low.nr);
}

/**
 * lull_cache_pop() - take an object that lull_shadow_topup() set aside
 * @cache:	where from
 *
 * Return: the object.
 */
void *lull_cache_pop(struct lull_cache *cache)
{
	return cache->obj[--cache->nr];
}

/**
 * lull_shadow_init() - make a vCPU's view of its VM's shadow tables
 * @sh:		to initialize
 * @mmu:	the VM's
 * @maxphyaddr:	physical-address width the guest sees, in bits
 */
void lull_shadow_init(struct lull_shadow *sh, struct lull_mmu *mmu,
		      unsigned int maxphyaddr)
{
	const struct lull_paging_mode mode = { .wp = true };

	*sh = (struct lull_shadow){
		.mmu = mmu,
		.rsvd_pa = LULL_PTE_ADDR & ~((1ULL << maxphyaddr) - 1),
	};
	lull_mode_set(sh, &mode);
	lull_targets_init(sh);
	spin_lock(&mmu->lock);
	mmu->nr_vcpus++;
	mmu->had_more |= mmu->nr_vcpus > 1;
	spin_unlock(&mmu->lock);
}

/**
 * lull_shadow_destroy() - give up the root and what was set aside
 * @sh:		the vCPU, which must not be in the guest
 */
void lull_shadow_destroy(struct lull_shadow *sh)
{
	if (!sh->mmu)
		return;
	spin_lock(&sh->mmu->lock);
	lull_targets_drop(sh);
	lull_root_put(sh);
	sh->mmu->nr_vcpus--;
	spin_unlock(&sh->mmu->lock);
	while (sh->sps.nr)
		kmem_cache_free(sp_cache, lull_cache_pop(&sh->sps));
	while (sh->descs.nr)
		kmem_cache_free(lull_rmap_desc_cache,
				lull_cache_pop(&sh->descs));
	while (sh->tables.nr)
		free_page((unsigned long)lull_cache_pop(&sh->tables));
	while (sh->low.nr)
		free_page((unsigned long)lull_cache_pop(&sh->low));
}

/* Roots, and nothing else, are made of tables whose address guests know. */
static bool takes_shown(const struct lull_mmu *mmu, union lull_role role)
{
	return mmu->shown_tables && role.level == LULL_ROOT_LEVEL;
}

static void *pop_shown(struct lull_mmu *mmu)
{
	void **table = mmu->shown_tables;

	mmu->shown_tables = *table;
	*table = NULL;
	return table;
}

static void push_shown(struct lull_mmu *mmu, void *table)
{
	*(void **)table = mmu->shown_tables;
	mmu->shown_tables = table;
}

/* An object that is all new. */
static struct lull_sp *take_new(struct lull_shadow *sh, union lull_role role)
{
	struct lull_sp *sp = lull_cache_pop(&sh->sps);

	sp->shown = takes_shown(sh->mmu, role);
	if (sp->shown)
		sp->spt = pop_shown(sh->mmu);
	else
		sp->spt = lull_cache_pop(is_pdpt(role) ? &sh->low : &sh->tables);
	if (!role.direct)
		sp->gptes = lull_cache_pop(&sh->tables);
	return sp;
}

/**
 * lull_sp_take() - memory for a shadow page
 * @sh:		vCPU whose set-aside objects are used
 * @role:	what it is for
 *
 * Return: the page, with an empty table.
 */
struct lull_sp *lull_sp_take(struct lull_shadow *sh, union lull_role role)
{
	struct lull_mmu *mmu = sh->mmu;
	struct lull_sp *sp;

	if (!role.direct && !takes_shown(mmu, role) && mmu->nr_spares) {
		sp = list_first_entry(&mmu->spares, struct lull_sp, link);
		list_del(&sp->link);
		mmu->nr_spares--;
		sp->invalid = false;
		sp->used = false;
		sp->loaded = 0;
		sp->hot = false;
		sp->unsyncs = 0;
	} else {
		sp = take_new(sh, role);
	}
	set_page_private(virt_to_page(sp->spt), (unsigned long)sp);
	return sp;
}

static void free_memory(struct lull_sp *sp)
{
	if (sp->spt)
		free_page((unsigned long)sp->spt);
	if (sp->gptes)
		free_page((unsigned long)sp->gptes);
	kmem_cache_free(sp_cache, sp);
}

/**
 * lull_sp_give() - a zapped shadow page is needed no more
 * @mmu:	the VM's
 * @sp:		the page, walked by nobody; in no list
 */
void lull_sp_give(struct lull_mmu *mmu, struct lull_sp *sp)
{
	set_page_private(virt_to_page(sp->spt), 0);
	if (sp->shown) {
		push_shown(mmu, sp->spt);
		sp->spt = NULL;
	}
	if (!sp->spt || !sp->gptes || mmu->nr_spares >= MOST_SPARES) {
		free_memory(sp);
		return;
	}
	list_add(&sp->link, &mmu->spares);
	mmu->nr_spares++;
}

/**
 * lull_spares_free() - keep no shadow pages for later
 * @mmu:	the VM's, lock held or going away
 */
void lull_spares_free(struct lull_mmu *mmu)
{
	struct lull_sp *sp, *next;

	list_for_each_entry_safe(sp, next, &mmu->spares, link)
		free_memory(sp);
	INIT_LIST_HEAD(&mmu->spares);
	mmu->nr_spares = 0;
}

/**
 * lull_shown_free() - nobody can have addresses of roots any more
 * @mmu:	the VM's, going away
 */
void lull_shown_free(struct lull_mmu *mmu)
{
	while (mmu->shown_tables)
		free_page((unsigned long)pop_shown(mmu));
}
