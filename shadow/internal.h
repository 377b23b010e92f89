/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to shadow/.  Every function here is called with mmu->lock held
 * unless it says otherwise.
 */
#ifndef LULL_SHADOW_INTERNAL_H
#define LULL_SHADOW_INTERNAL_H

#include <linux/mm.h>

#include "shadow/shadow.h"
#include "shadow/spte.h"

/**
 * union lull_role - with the gfn, the identity of a shadow page
 * @word:	compared as a whole
 * @level:	1 to 4
 * @direct:	no guest table behind it: the 4 KiB pieces of a large page, or
 *		@unpaged
 * @access:	LULL_ACC_*: the AND along the walk down to this table
 * @nxe:	EFER.NXE when its entries were made
 * @wp:		CR0.WP likewise
 * @smep_not_wp: CR4.SMEP with CR0.WP clear: changes what a write may map
 * @smap_not_wp: CR4.SMAP likewise
 * @clean:	@direct, and the large page's D is clear: nothing is writable
 * @unpaged:	@direct, and of any level: physical addresses with all rights
 * @guard:	a root whose user half stays empty; no page below it has this
 * @unused:	0
 */
union lull_role {
	u32 word;
	struct {
		u32 level:3;
		u32 direct:1;
		u32 access:3;
		u32 nxe:1;
		u32 wp:1;
		u32 smep_not_wp:1;
		u32 smap_not_wp:1;
		u32 clean:1;
		u32 unpaged:1;
		u32 guard:1;
		u32 unused:18;
	};
};

static_assert(sizeof(union lull_role) == sizeof(u32));

/**
 * struct lull_sp - one shadow page
 * @hash_link:	in mmu->hash, while valid
 * @link:	in mmu->pages, in mmu->zapped, or in a list of pages to free
 * @spt:	the hardware's table; its struct page points back here
 * @gptes:	the guest entry each SPTE was made from; NULL if direct
 * @gfn:	the guest table's; if direct the first that it maps
 * @role:	identity, with @gfn
 * @unsync:	the guest may write the table; SPTEs may be stale
 * @invalid:	zapped; kept only because it is some vCPU's root
 * @unsync_children: bits set in @unsync_child
 * @used:	loaded as a root since reclaim last looked
 * @shown:	guests were told where its table is
 * @listed:	targets in force that it is, each counted in @root_count, too
 * @root_count:	vCPUs and targets that have it as their root
 * @hot:	of level 1 and unsync: see hot.c
 * @touched:	@hot, and the table may have been written without D
 * @unsyncs:	how often it became unsync, until it is @hot
 * @calm:	flush events since one that found it changed, while @hot
 * @leaf_drops:	mmu->leaf_drops when it was last compared, while @hot
 * @loaded:	mmu->loads when a vCPU last went to it; 0 if none did
 * @pass:	mmu->pass when a sync last came by
 * @parents:	SPTEs that link it
 * @present:	SPTEs that are not 0
 * @unsync_child: entries below which something is unsync
 */
struct lull_sp {
	struct hlist_node hash_link;
	struct list_head link;
	u64 *spt;
	u64 *gptes;
	gfn_t gfn;
	union lull_role role;
	bool unsync;
	bool invalid;
	bool used;
	bool shown;
	u16 unsync_children;
	u16 listed;
	unsigned int root_count;
	bool hot;
	bool touched;
	u8 unsyncs;
	u8 calm;
	unsigned long leaf_drops;
	u64 loaded;
	u64 pass;
	struct lull_rmap parents;
	DECLARE_BITMAP(present, LULL_PT_ENTRIES);
	DECLARE_BITMAP(unsync_child, LULL_PT_ENTRIES);
};

static inline struct lull_sp *table_sp(void *table)
{
	return (struct lull_sp *)page_private(virt_to_page(table));
}

static inline struct lull_sp *spte_sp(u64 *spte)
{
	return table_sp((void *)((unsigned long)spte & PAGE_MASK));
}

static inline unsigned int spte_index(const u64 *spte)
{
	return ((unsigned long)spte & ~PAGE_MASK) / sizeof(*spte);
}

static inline struct lull_sp *link_child(u64 spte)
{
	return table_sp(__va(spte & LULL_PTE_ADDR));
}

/* The first gfn below an entry of a direct page. */
static inline gfn_t direct_gfn(const struct lull_sp *sp, unsigned int idx)
{
	return sp->gfn + ((gfn_t)idx << (9 * (sp->role.level - 1)));
}

/* The gfn of what an entry links: a table, or a direct page. */
static inline gfn_t child_gfn(const struct lull_sp *sp, unsigned int idx,
			      u64 gpte, bool direct)
{
	if (sp->role.direct)
		return direct_gfn(sp, idx);
	return direct ? pte_frame(gpte) & ~511ULL : pte_frame(gpte);
}

/* The gfn a present leaf SPTE maps, from the entry it was made from. */
static inline gfn_t leaf_gfn(const struct lull_sp *sp, unsigned int idx)
{
	return sp->role.direct ? direct_gfn(sp, idx) :
				 pte_frame(sp->gptes[idx]);
}

/* Present, accessed before, and without a reserved NX: may it be kept? */
static inline bool entry_usable(const struct lull_sp *sp, u64 gpte)
{
	return (gpte & LULL_PTE_P) && (gpte & LULL_PTE_A) &&
	       (sp->role.nxe || !(gpte & LULL_PTE_NX));
}

/* No limit to a sync, in tables; and in what it takes */
#define LULL_ALL_TABLES		(~0U)
#define LULL_NO_BUDGET		(~0U)

/*
 * What may be done with interrupts off: so many links of roots, and some tables
 * and entries beside them.
 */
#define LULL_QUICK_BUDGET	1024

/*
 * The lock is not held for longer than it takes to bring so many tables in
 * sync, or to free so many shadow pages of 512 SPTEs each.
 */
#define LULL_SYNC_PART		64
#define LULL_SHRINK_PART	8

/* What an entry costs that is remade, or dropped. */
#define ENTRY_COST		8

static inline bool is_spent(const struct lull_mmu *mmu)
{
	return !mmu->budget;
}

/* False if that was more than there is. */
static inline bool spend(struct lull_mmu *mmu, unsigned int cost)
{
	if (mmu->budget == LULL_NO_BUDGET)
		return true;
	mmu->budget = mmu->budget > cost ? mmu->budget - cost : 0;
	return mmu->budget;
}

/* Entries of a root for what an operating system gives to processes */
#define LULL_USER_ENTRIES	(LULL_PT_ENTRIES / 2)

/* In that half of the addresses? */
static inline bool is_user_half(gva_t gva)
{
	return pt_index(gva, LULL_ROOT_LEVEL) < LULL_USER_ENTRIES;
}

/*
 * May it be done with interrupts off?  With one vCPU env->flush() waits for
 * nobody.
 */
static inline bool is_alone(const struct lull_mmu *mmu)
{
	return mmu->nr_vcpus == 1;
}

/* Are its entries PDPTEs? */
static inline bool is_pdpt(union lull_role role)
{
	return role.unpaged && role.level == LULL_UNPAGED_LEVEL;
}

/* The bits of a link in @sp, besides the table's address. */
static inline u64 link_bits(const struct lull_sp *sp)
{
	return is_pdpt(sp->role) ? LULL_PTE_P : LULL_SPTE_LINK;
}

/* Rmap descriptors that one fault may need: one for each level, and one. */
#define LULL_NEED_DESCS		(LULL_ROOT_LEVEL + 1)

/* Level of a walk without entries: above them all. */
#define LULL_NO_ENTRIES		(LULL_ROOT_LEVEL + 1)

/**
 * struct lull_walk - one walk of the guest's tables
 * @gpte:	entries by level, with A and D as the access sets them; without
 *		paging one that allows everything
 * @seen:	the same as memory has them: read-only tables take no A and D
 * @gpa:	where each was read
 * @access:	rights after the entry of that level
 * @top:	level where the reading began: shadow pages lead there
 * @level:	of the leaf: 1, or 2 for a large page, or LULL_NO_ENTRIES
 * @gfn:	4 KiB frame the address translates to
 * @sp:		in: NULL; under the lock the root, and the walk does not sleep.
 *		out: the shadow page of the table at @top
 * @leaf:	shadow page of level 1 with the new SPTE, NULL before there is
 */
struct lull_walk {
	u64 gpte[LULL_NO_ENTRIES + 1];
	u64 seen[LULL_NO_ENTRIES + 1];
	gpa_t gpa[LULL_NO_ENTRIES + 1];
	unsigned int access[LULL_NO_ENTRIES + 1];
	int top;
	int level;
	gfn_t gfn;
	struct lull_sp *sp;
	struct lull_sp *leaf;
};

/* Does some vCPU have it as its root, by all that is known? */
static inline bool is_root_in_use(const struct lull_sp *sp)
{
	return sp->root_count > sp->listed;
}

/*
 * Was it left a moment ago, and will most likely be loaded again?  A kernel
 * that isolates page tables writes the user's root while it is in its own.
 */
static inline bool is_recent(const struct lull_mmu *mmu,
			     const struct lull_sp *sp)
{
	return sp->loaded && mmu->loads - sp->loaded < 2 * mmu->nr_vcpus;
}

static inline bool is_in_sync(const struct lull_sp *sp)
{
	return !sp->unsync && !sp->unsync_children;
}

/* Here DESIGN.rst relies on a flush: a debug build looks. */
static inline void lull_mmu_settled(struct lull_mmu *mmu)
{
#ifdef LULL_DEBUG
	mmu->env->settled(mmu);
#endif
}

/* walk.c; sleeps unless walk->sp */
int lull_walk_gva(struct lull_shadow *sh, struct lull_fault *fault,
		  struct lull_walk *walk);

/* rmap.c */
void lull_rmap_stock(struct lull_shadow *sh);
void lull_rmap_stock_spare(struct lull_shadow *sh);
bool lull_rmap_add(struct lull_mmu *mmu, struct lull_rmap *rmap, u64 *spte);
void lull_rmap_remove(struct lull_mmu *mmu, struct lull_rmap *rmap, u64 *spte);
void lull_rmap_free_spares(struct lull_mmu *mmu);
bool lull_rmap_is_long(const struct lull_rmap *rmap);
unsigned int lull_rmap_count(const struct lull_rmap *rmap);
u64 *lull_rmap_first(const struct lull_rmap *rmap);
unsigned int lull_rmap_for_each(struct lull_rmap *rmap,
				unsigned int (*fn)(u64 *spte));
bool lull_rmap_has(const struct lull_rmap *rmap, const u64 *spte);
extern struct kmem_cache *lull_rmap_desc_cache;

/* pool.c */
int lull_shadow_topup(struct lull_shadow *sh);	/* not under mmu->lock */
bool lull_shadow_is_ready(const struct lull_shadow *sh);
void *lull_cache_pop(struct lull_cache *cache);
struct lull_sp *lull_sp_take(struct lull_shadow *sh, union lull_role role);
void lull_sp_give(struct lull_mmu *mmu, struct lull_sp *sp);
void lull_spares_free(struct lull_mmu *mmu);
void lull_shown_free(struct lull_mmu *mmu);

/* cache.c */
union lull_role lull_child_role(const struct lull_sp *parent, bool direct,
				unsigned int access);
struct lull_sp *lull_sp_find(struct lull_mmu *mmu, gfn_t gfn,
			     union lull_role role);
struct lull_sp *lull_sp_create(struct lull_shadow *sh, gfn_t gfn,
			       union lull_role role);
bool lull_gfn_is_table(struct lull_mmu *mmu, gfn_t gfn);
void lull_gfn_touch(struct lull_mmu *mmu, gfn_t gfn);
void lull_gfn_prepare_unsync(struct lull_mmu *mmu, gfn_t gfn,
			     struct list_head *dead);
unsigned int lull_sp_count_above(struct lull_sp *sp);
bool lull_gfn_can_unsync(struct lull_mmu *mmu, gfn_t gfn);
void lull_gfn_unsync(struct lull_mmu *mmu, gfn_t gfn);
unsigned int lull_link_unsync(u64 *spte);
void lull_forget_unsync_child(struct lull_sp *sp, unsigned int idx);
void lull_spte_drop(struct lull_mmu *mmu, struct lull_sp *sp, unsigned int idx);
void lull_sp_prepare_zap(struct lull_mmu *mmu, struct lull_sp *sp,
			 struct list_head *dead);
void lull_sp_commit_zap(struct lull_mmu *mmu, struct list_head *dead);
unsigned long lull_mmu_zap_oldest(struct lull_mmu *mmu, unsigned long nr);
void lull_mmu_reclaim(struct lull_mmu *mmu, unsigned int room);
void lull_root_set(struct lull_shadow *sh, struct lull_sp *root);
void lull_root_release(struct lull_mmu *mmu, struct lull_sp *root);
void lull_root_put(struct lull_shadow *sh);

/* targets.c */
void lull_targets_init(struct lull_shadow *sh); /* not under mmu->lock */
void lull_target_loaded(struct lull_shadow *sh, u64 cr3, bool may_list);
void lull_targets_drop(struct lull_shadow *sh);
void lull_root_delist(struct lull_mmu *mmu, struct lull_sp *root);
void lull_mmu_delist_unsync(struct lull_mmu *mmu);

/* notifier.c */
void lull_rmap_zap(struct lull_mmu *mmu, struct lull_rmap *rmap);

/* leaf.c */
int lull_leaf_page(struct lull_mmu *mmu, gfn_t gfn, bool write,
		   struct lull_page *page);
void lull_leaf_put_page(struct lull_mmu *mmu, struct lull_page *page);
bool lull_leaf_set(struct lull_shadow *sh, struct lull_sp *sp,
		   const struct lull_fault *fault,
		   const struct lull_walk *walk, const struct lull_page *page);
bool lull_leaf_remake(struct lull_mmu *mmu, struct lull_sp *sp,
		      unsigned int idx, u64 gpte);
void lull_leaf_prefetch(struct lull_shadow *sh, struct lull_sp *sp,
			unsigned int idx);

/* hot.c */
void lull_sp_note_unsync(struct lull_mmu *mmu, struct lull_sp *sp);
bool lull_sp_is_unwritten(struct lull_mmu *mmu, const struct lull_sp *sp);
bool lull_sp_sync_hot(struct lull_mmu *mmu, struct lull_sp *sp, bool event,
		      bool *looked);
void lull_sp_cool(struct lull_mmu *mmu, struct lull_sp *sp);

/* root.c */
void lull_mode_set(struct lull_shadow *sh,
		   const struct lull_paging_mode *mode); /* without the lock */

/* sync.c */
bool lull_root_try_sync(struct lull_mmu *mmu, struct lull_sp *root,
			unsigned int *synced);
bool lull_sp_compare(struct lull_mmu *mmu, struct lull_sp *sp,
		     unsigned int *changed);
void lull_gfn_write_protect(struct lull_mmu *mmu, gfn_t gfn);
bool lull_entry_is_now(struct lull_mmu *mmu, const struct lull_sp *sp,
		       unsigned int idx);
void lull_forget(struct lull_mmu *mmu, struct lull_sp *sp, gva_t gva);
unsigned int lull_sp_sync_tree(struct lull_mmu *mmu, struct lull_sp *sp,
			       unsigned int most, bool event);

#endif /* LULL_SHADOW_INTERNAL_H */
