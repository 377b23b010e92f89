// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cache of shadow pages: found by (gfn, role), capped, reclaimed oldest
 * first, freed only after every vCPU that could walk them has flushed.
 */
#include <linux/gfp.h>
#include <linux/hash.h>

#include "shadow/internal.h"

#define CREATE_TRACE_POINTS
#include "shadow/trace.h"

/* So many shadow pages passed by in a bucket cost as much as a link. */
#define PAGES_A_LINK	16

static struct hlist_head *bucket(struct lull_mmu *mmu, gfn_t gfn)
{
	return &mmu->hash[hash_64(gfn, LULL_HASH_BITS)];
}

/**
 * lull_mmu_init() - make the shadow MMU of a VM
 * @mmu:	to initialize
 * @env:	surroundings; must stay
 * @id:		number of the VM, for tracepoints
 * @max_pages:	most shadow pages
 *
 * Return: 0 or -ENOMEM.
 */
int lull_mmu_init(struct lull_mmu *mmu, const struct lull_shadow_env *env,
		  u32 id, unsigned int max_pages)
{
	unsigned int i;

	mmu->env = env;
	mmu->id = id;
	mmu->max_pages = max_pages;
	mmu->budget = LULL_NO_BUDGET;
	spin_lock_init(&mmu->lock);
	INIT_LIST_HEAD(&mmu->pages);
	INIT_LIST_HEAD(&mmu->zapped);
	INIT_LIST_HEAD(&mmu->spares);
	INIT_LIST_HEAD(&mmu->targets);
	for (i = 0; i < ARRAY_SIZE(mmu->hash); i++)
		INIT_HLIST_HEAD(&mmu->hash[i]);
	mmu->scratch = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return mmu->scratch ? 0 : -ENOMEM;
}

/**
 * lull_mmu_destroy() - free everything
 * @mmu:	no vCPU has a root any more
 */
void lull_mmu_destroy(struct lull_mmu *mmu)
{
	if (!mmu->scratch)
		return;
	lull_mmu_zap_all(mmu);
	WARN_ON_ONCE(mmu->nr_pages);
	lull_spares_free(mmu);
	lull_shown_free(mmu);
	lull_rmap_free_spares(mmu);
	free_page((unsigned long)mmu->scratch);
	mmu->scratch = NULL;
}

/**
 * lull_mmu_flush() - let no vCPU keep rights that SPTEs have lost
 * @mmu:	the VM's
 */
void lull_mmu_flush(struct lull_mmu *mmu)
{
	lockdep_assert_held(&mmu->lock);
	if (!mmu->flush)
		return;
	mmu->flush = false;
	mmu->env->flush(mmu);
}

/**
 * lull_child_role() - role of a table below @parent
 * @parent:	the linking page
 * @direct:	a large guest page in pieces
 * @access:	rights after the entry that links it
 *
 * Return: the role.
 */
union lull_role lull_child_role(const struct lull_sp *parent, bool direct,
				unsigned int access)
{
	union lull_role role = parent->role;

	role.level--;
	role.guard = false;
	role.direct = direct;
	role.access = access;
	return role;
}

/**
 * lull_sp_find() - look a shadow page up
 * @mmu:	the VM's
 * @gfn:	the guest table's; if direct the first that it maps
 * @role:	must be equal in every bit
 *
 * Return: the page or NULL.
 */
struct lull_sp *lull_sp_find(struct lull_mmu *mmu, gfn_t gfn,
			     union lull_role role)
{
	struct lull_sp *sp;

	lockdep_assert_held(&mmu->lock);
	hlist_for_each_entry(sp, bucket(mmu, gfn), hash_link) {
		if (sp->gfn == gfn && sp->role.word == role.word)
			return sp;
	}
	return NULL;
}

/**
 * lull_sp_create() - make a shadow page that is in sync
 * @sh:		vCPU whose set-aside objects are used
 * @gfn:	the guest table's; if direct the first that it maps
 * @role:	its role
 *
 * The guest table is write-protected before this returns, and every vCPU
 * that had it writable has flushed: an entry read afterwards stays true
 * until a write fault makes the page unsync.
 *
 * Return: the page.
 */
struct lull_sp *lull_sp_create(struct lull_shadow *sh, gfn_t gfn,
			       union lull_role role)
{
	struct lull_mmu *mmu = sh->mmu;
	struct lull_sp *sp = lull_sp_take(sh, role);

	lockdep_assert_held(&mmu->lock);
	sp->gfn = gfn;
	sp->role = role;
	hlist_add_head(&sp->hash_link, bucket(mmu, gfn));
	list_add(&sp->link, &mmu->pages);
	mmu->nr_pages++;
	mmu->stats.shadow_pages++;
	if (!role.direct) {
		lull_gfn_write_protect(mmu, gfn);
		lull_mmu_flush(mmu);
		lull_mmu_settled(mmu);
	}
	return sp;
}

/**
 * lull_gfn_is_table() - has the guest table @gfn a shadow in sync?
 * @mmu:	the VM's
 * @gfn:	the frame
 *
 * Return: whether a write to it must be seen.
 */
bool lull_gfn_is_table(struct lull_mmu *mmu, gfn_t gfn)
{
	unsigned int passed = 0;
	struct lull_sp *sp;

	hlist_for_each_entry(sp, bucket(mmu, gfn), hash_link) {
		if (sp->gfn == gfn && !sp->role.direct && !sp->unsync)
			return true;
		passed++;
	}
	/* A guest chooses frames that meet in one bucket. */
	spend(mmu, passed / PAGES_A_LINK);
	return false;
}

static void mark_parents(struct lull_sp *sp);

/**
 * lull_link_unsync() - what an SPTE links is unsync, or something below it
 * @spte:	the SPTE
 *
 * Return: 1 if that was news.
 */
unsigned int lull_link_unsync(u64 *spte)
{
	struct lull_sp *parent = spte_sp(spte);

	if (__test_and_set_bit(spte_index(spte), parent->unsync_child))
		return 0;
	if (!parent->unsync_children++)
		mark_parents(parent);
	return 1;
}

/* Recursion ends at the root: every parent is one level higher. */
static void mark_parents(struct lull_sp *sp)
{
	lull_rmap_for_each(&sp->parents, lull_link_unsync);
}

static void mark_unsync(struct lull_mmu *mmu, struct lull_sp *sp)
{
	sp->unsync = true;
	if (sp->role.level > 1)
		mmu->nr_upper_unsync++;
	mmu->stats.unsyncs++;
	trace_lull_unsync(mmu->id, sp->gfn, sp->role.level);
	lull_sp_note_unsync(mmu, sp);
	mark_parents(sp);
	lull_mmu_delist_unsync(mmu);
}

/**
 * lull_gfn_touch() - table @gfn may have been written
 * @mmu:	the VM's
 * @gfn:	the frame
 */
void lull_gfn_touch(struct lull_mmu *mmu, gfn_t gfn)
{
	struct lull_sp *sp;

	hlist_for_each_entry(sp, bucket(mmu, gfn), hash_link) {
		if (sp->gfn == gfn)
			sp->touched = true;
	}
}

/* Does nothing link it, and is it no root that was just left? */
static bool is_abandoned(const struct lull_mmu *mmu, const struct lull_sp *sp)
{
	return !sp->parents.val && !is_root_in_use(sp) && !is_recent(mmu, sp);
}

/**
 * lull_gfn_prepare_unsync() - what table @gfn holds is about to change
 * @mmu:	the VM's
 * @gfn:	the frame
 * @dead:	receives shadows that nothing links, roots that were just left
 *		apart: the guest most likely made the table a data page
 *
 * The others become unsync.
 */
void lull_gfn_prepare_unsync(struct lull_mmu *mmu, gfn_t gfn,
			     struct list_head *dead)
{
	struct hlist_node *next;
	struct lull_sp *sp;

	lockdep_assert_held(&mmu->lock);
	hlist_for_each_entry_safe(sp, next, bucket(mmu, gfn), hash_link) {
		if (sp->gfn != gfn || sp->role.direct)
			continue;
		sp->touched = true;
		if (sp->unsync)
			continue;
		if (is_abandoned(mmu, sp))
			lull_sp_prepare_zap(mmu, sp, dead);
		else
			mark_unsync(mmu, sp);
	}
}

/* More links than that of one page of level 1 or 2 are not counted. */
#define MOST_COUNTED	16

static unsigned int count_link(u64 *spte)
{
	struct lull_sp *parent = spte_sp(spte);

	return parent->unsync_children ? 0 : lull_sp_count_above(parent);
}

/**
 * lull_sp_count_above() - how many links are marked if a page becomes unsync?
 * @sp:		the page
 *
 * A link that can be come to in several ways is counted for each; roots have
 * none above them.
 *
 * Return: their number, or LULL_QUICK_BUDGET if they are too many to count.
 */
unsigned int lull_sp_count_above(struct lull_sp *sp)
{
	unsigned int nr = lull_rmap_count(&sp->parents);

	if (sp->role.level >= LULL_ROOT_LEVEL - 1)
		return nr;
	if (nr > MOST_COUNTED)
		return LULL_QUICK_BUDGET;
	return nr + lull_rmap_for_each(&sp->parents, count_link);
}

/**
 * lull_gfn_can_unsync() - is lull_gfn_unsync() within the budget?
 * @mmu:	the VM's
 * @gfn:	the frame
 *
 * Return: whether it is.
 */
bool lull_gfn_can_unsync(struct lull_mmu *mmu, gfn_t gfn)
{
	struct lull_sp *sp;

	if (mmu->budget == LULL_NO_BUDGET)
		return true;
	hlist_for_each_entry(sp, bucket(mmu, gfn), hash_link) {
		if (sp->gfn != gfn || sp->role.direct || sp->unsync)
			continue;
		if (is_abandoned(mmu, sp))
			spend(mmu, ENTRY_COST *
			      bitmap_weight(sp->present, LULL_PT_ENTRIES));
		else
			spend(mmu, lull_sp_count_above(sp));
	}
	return !is_spent(mmu);
}

/**
 * lull_gfn_unsync() - the guest is about to write table @gfn
 * @mmu:	the VM's
 * @gfn:	the frame
 */
void lull_gfn_unsync(struct lull_mmu *mmu, gfn_t gfn)
{
	LIST_HEAD(dead);

	lull_gfn_prepare_unsync(mmu, gfn, &dead);
	lull_sp_commit_zap(mmu, &dead);
}

/**
 * lull_forget_unsync_child() - nothing below the entry is unsync any more
 * @sp:		the page
 * @idx:	the entry
 */
void lull_forget_unsync_child(struct lull_sp *sp, unsigned int idx)
{
	if (__test_and_clear_bit(idx, sp->unsync_child))
		sp->unsync_children--;
}

/**
 * lull_spte_drop() - clear one present SPTE
 * @mmu:	the VM's
 * @sp:		the page it is in
 * @idx:	which
 *
 * The caller flushes before it frees anything or lets go of the lock.
 */
void lull_spte_drop(struct lull_mmu *mmu, struct lull_sp *sp, unsigned int idx)
{
	u64 *spte = &sp->spt[idx];
	struct lull_rmap *rmap;

	lockdep_assert_held(&mmu->lock);
	if (sp->role.level > 1) {
		rmap = &link_child(*spte)->parents;
		lull_forget_unsync_child(sp, idx);
	} else {
		rmap = mmu->env->gfn_rmap(mmu, leaf_gfn(sp, idx));
		mmu->leaf_drops++;
	}
	if (!WARN_ON_ONCE(!rmap))
		lull_rmap_remove(mmu, rmap, spte);
	WRITE_ONCE(*spte, 0);
	__clear_bit(idx, sp->present);
	mmu->flush = true;
}

/**
 * lull_sp_prepare_zap() - take a shadow page out of every structure
 * @mmu:	the VM's
 * @sp:		the page
 * @dead:	receives it, unless it is some vCPU's root: then the last
 *		lull_root_put() frees it
 */
void lull_sp_prepare_zap(struct lull_mmu *mmu, struct lull_sp *sp,
			 struct list_head *dead)
{
	unsigned int idx;

	lockdep_assert_held(&mmu->lock);
	mmu->stats.zaps++;
	trace_lull_zap(mmu->id, sp->gfn, sp->role.level, sp->role.word);
	for_each_set_bit(idx, sp->present, LULL_PT_ENTRIES)
		lull_spte_drop(mmu, sp, idx);
	lull_rmap_zap(mmu, &sp->parents);
	if (sp->unsync && sp->role.level > 1)
		mmu->nr_upper_unsync--;
	/* Its vCPU may still sync it, in a CR3 load or INVLPG under way. */
	sp->unsync = false;
	if (sp->hot)
		lull_sp_cool(mmu, sp);
	hlist_del(&sp->hash_link);
	if (sp->listed)
		lull_root_delist(mmu, sp);
	sp->invalid = true;
	mmu->flush = true;
	list_move(&sp->link, sp->root_count ? &mmu->zapped : dead);
}

static void free_sp(struct lull_mmu *mmu, struct lull_sp *sp)
{
	lull_mmu_settled(mmu);
	mmu->nr_pages--;
	lull_sp_give(mmu, sp);
}

/**
 * lull_sp_commit_zap() - flush, then free what was zapped
 * @mmu:	the VM's
 * @dead:	from lull_sp_prepare_zap()
 */
void lull_sp_commit_zap(struct lull_mmu *mmu, struct list_head *dead)
{
	struct lull_sp *sp, *next;

	lull_mmu_flush(mmu);
	list_for_each_entry_safe(sp, next, dead, link)
		free_sp(mmu, sp);
	INIT_LIST_HEAD(dead);
}

/**
 * lull_mmu_zap_oldest() - zap the oldest pages; roots in use stay
 * @mmu:	the VM's
 * @nr:		how many
 *
 * A root that was loaded since it was last looked at here has a second chance,
 * and one that is a target a third, but not as a target.
 *
 * Return: how many there were.
 */
unsigned long lull_mmu_zap_oldest(struct lull_mmu *mmu, unsigned long nr)
{
	struct lull_sp *sp, *next;
	unsigned long zapped = 0;
	LIST_HEAD(dead);

	lockdep_assert_held(&mmu->lock);
	list_for_each_entry_safe_reverse(sp, next, &mmu->pages, link) {
		if (zapped == nr)
			break;
		if (is_root_in_use(sp))
			continue;
		if (sp->used) {
			sp->used = false;
			list_move(&sp->link, &mmu->pages);
			continue;
		}
		/* Its vCPU has to leave it first: the next time, then. */
		if (sp->listed) {
			lull_root_delist(mmu, sp);
			continue;
		}
		lull_sp_prepare_zap(mmu, sp, &dead);
		zapped++;
	}
	lull_sp_commit_zap(mmu, &dead);
	return zapped;
}

/**
 * lull_mmu_reclaim() - make room under the cap
 * @mmu:	the VM's
 * @room:	pages the caller is about to make
 */
void lull_mmu_reclaim(struct lull_mmu *mmu, unsigned int room)
{
	if (mmu->nr_pages + room > mmu->max_pages)
		lull_mmu_zap_oldest(mmu, mmu->nr_pages + room - mmu->max_pages);
}

/**
 * lull_root_release() - one fewer has this root
 * @mmu:	the VM's
 * @root:	the root
 */
void lull_root_release(struct lull_mmu *mmu, struct lull_sp *root)
{
	lockdep_assert_held(&mmu->lock);
	if (!--root->root_count && root->invalid) {
		list_del(&root->link);
		free_sp(mmu, root);
	}
}

/**
 * lull_root_put() - the vCPU stops using its root
 * @sh:		the vCPU
 */
void lull_root_put(struct lull_shadow *sh)
{
	struct lull_sp *root = sh->root;

	sh->root = NULL;
	if (root)
		lull_root_release(sh->mmu, root);
}

/**
 * lull_root_set() - the vCPU goes to another root, or to the same
 * @sh:		the vCPU
 * @root:	the root
 */
void lull_root_set(struct lull_shadow *sh, struct lull_sp *root)
{
	if (sh->root != root)
		root->loaded = ++sh->mmu->loads;
	root->root_count++;
	lull_root_put(sh);
	root->used = true;
	sh->root = root;
}
