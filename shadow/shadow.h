/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shadow/: translation without EPT.  Shadow tables map guest-virtual to
 * host-physical addresses; DESIGN.rst says what they promise.
 *
 * This folder knows no VMCS and no user memory.  It reaches guest memory and
 * the CPUs that run the guest through struct lull_shadow_env, and compiles
 * in user space.
 *
 * Locks: mmu->lock guards every shadow page, rmap and root of one VM.  It
 * is a spinlock; the env's calls marked "atomic" run under it.
 */
#ifndef LULL_SHADOW_H
#define LULL_SHADOW_H

#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "monitor/types.h"

#define LULL_PT_ENTRIES		512
#define LULL_ROOT_LEVEL		4
#define LULL_UNPAGED_LEVEL	3	/* of the root of a guest without paging */
#define LULL_HASH_BITS		10

struct lull_mmu;
struct lull_sp;
struct lull_rmap_desc;

/**
 * struct lull_rmap - the SPTEs that map one gfn, or link one shadow page
 * @val:	0, one SPTE's address, or a chain of descriptors tagged by bit 0
 */
struct lull_rmap {
	unsigned long val;
};

/**
 * struct lull_page - a host page behind a gfn
 * @hfn:	host frame number
 * @writable:	the host lets us write it
 * @page:	for put_page; NULL if no reference was taken
 */
struct lull_page {
	hfn_t hfn;
	bool writable;
	void *page;
};

/**
 * struct lull_shadow_env - what shadow/ needs of its surroundings
 * @read_gpte:	read one guest entry.  No memory at @gpa reads as all ones.
 *		Atomic calls, here and below, return -EAGAIN where others
 *		would sleep.
 * @read_gptes:	atomic: read the entries of table @gfn named by @wanted
 * @cmpxchg_gpte: 0 when exchanged, 1 when the table is read-only, -EAGAIN when
 *		the entry was not @old
 * @get_page:	the page behind @gfn: 0, -ENOENT where there is no memory,
 *		-EROFS for a write to read-only memory, or another error
 * @put_page:	releases what @get_page took; atomic
 * @gfn_rmap:	the rmap of @gfn, NULL where there is no memory; atomic
 * @next_gfn:	the first gfn from @gfn on that has memory; false if there is
 *		none; atomic
 * @is_behind:	for the audit: is host frame @hfn what is behind @gfn now, for
 *		writing if @write?  true where this cannot be told; atomic
 * @flush:	returns when no vCPU is in the guest with translations older
 *		than the call, and none enters again before it flushed; atomic
 * @settled:	debug builds: no vCPU in the guest may now hold a translation
 *		that the shadow tables do not give; atomic
 */
struct lull_shadow_env {
	int (*read_gpte)(struct lull_mmu *mmu, gpa_t gpa, u64 *gpte,
			 bool atomic);
	int (*read_gptes)(struct lull_mmu *mmu, gfn_t gfn,
			  const unsigned long *wanted, u64 *gptes);
	int (*cmpxchg_gpte)(struct lull_mmu *mmu, gpa_t gpa, u64 old, u64 new,
			    bool atomic);
	int (*get_page)(struct lull_mmu *mmu, gfn_t gfn, bool write,
			bool atomic, struct lull_page *page);
	void (*put_page)(struct lull_mmu *mmu, struct lull_page *page);
	struct lull_rmap *(*gfn_rmap)(struct lull_mmu *mmu, gfn_t gfn);
	bool (*next_gfn)(struct lull_mmu *mmu, gfn_t *gfn);
	bool (*is_behind)(struct lull_mmu *mmu, gfn_t gfn, hfn_t hfn,
			  bool write);
	void (*flush)(struct lull_mmu *mmu);
#ifdef LULL_DEBUG
	void (*settled)(struct lull_mmu *mmu);
#endif
};

/**
 * struct lull_mmu_stats - counts of one VM since it was made
 * @shadow_pages: shadow pages made
 * @zaps:	shadow pages zapped
 * @unsyncs:	tables that became unsync
 * @syncs:	unsync tables brought in sync
 * @shrunk:	shadow pages zapped because the host is short of memory
 * @listed:	roots put on a vCPU's list of targets
 * @delisted:	roots taken from one because of what happened to them
 */
struct lull_mmu_stats {
	u64 shadow_pages;
	u64 zaps;
	u64 unsyncs;
	u64 syncs;
	u64 shrunk;
	u64 listed;
	u64 delisted;
};

/* A VM's flush events have to look at no more hot tables than these. */
#define LULL_MOST_HOT	32

/**
 * struct lull_mmu - the shadow pages of one VM
 * @env:	[I] surroundings
 * @id:		[I] number of the VM, for tracepoints
 * @max_pages:	[I] most shadow pages
 * @lock:	the mmu lock
 * @pages:	[m] every valid shadow page, newest first
 * @hash:	[m] the same, by gfn
 * @zapped:	[m] invalid roots that some vCPU still has
 * @targets:	[m] struct lull_target in force
 * @shown_tables: [m] tables of former roots whose address guests know, for
 *		other roots; each begins with the address of the next
 * @nr_shown:	[m] how many tables guests were told of, at most LULL_MOST_SHOWN
 * @nr_pages:	[m] length of @pages and @zapped
 * @spares:	[m] shadow pages kept for the next, with empty tables
 * @nr_spares:	[m] length of @spares
 * @spare_descs: [m] rmap descriptors kept for the next
 * @nr_spare_descs: [m] how many
 * @nr_vcpus:	[m] vCPUs
 * @had_more:	[m] there was more than one at a time
 * @had_targets: [m] some vCPU had CR3 targets
 * @nr_hot:	[m] how many shadow pages are hot
 * @hot:	[m] those
 * @budget:	[m] what a sync may still do, LULL_NO_BUDGET if anything
 * @leaf_drops:	[m] how often an SPTE that maps a page was dropped
 * @loads:	[m] how often a vCPU went to another root
 * @pass:	[m] counts syncs, so that each meets a table once
 * @nr_upper_unsync: [m] unsync shadow pages above level 1
 * @flush:	[m] an SPTE lost rights since the last env->flush()
 * @invalidations: [m] notifier ranges under way
 * @invalidate_seq: [m] notifier ranges that ended; read locklessly
 * @scratch:	[m] one table's entries
 * @stats:	[m] counts
 *
 * [I] immutable, [m] mmu lock.
 */
struct lull_mmu {
	const struct lull_shadow_env *env;
	u32 id;
	unsigned int max_pages;
	spinlock_t lock;	/* the mmu lock */
	struct list_head pages;
	struct list_head zapped;
	struct list_head targets;
	void **shown_tables;
	unsigned int nr_shown;
	struct hlist_head hash[1 << LULL_HASH_BITS];
	unsigned int nr_pages;
	struct list_head spares;
	unsigned int nr_spares;
	struct lull_rmap_desc *spare_descs;
	unsigned int nr_spare_descs;
	unsigned int nr_vcpus;
	bool had_more;
	bool had_targets;
	unsigned int nr_hot;
	struct lull_sp *hot[LULL_MOST_HOT];
	unsigned int budget;
	unsigned long leaf_drops;
	u64 loads;
	u64 pass;
	unsigned int nr_upper_unsync;
	bool flush;
	unsigned int invalidations;
	unsigned long invalidate_seq;
	u64 *scratch;
	struct lull_mmu_stats stats;
};

/**
 * struct lull_paging_mode - control bits that change what tables mean
 * @unpaged:	CR0.PG clear: linear addresses are physical, the rest is ignored
 * @wp:		CR0.WP
 * @nxe:	EFER.NXE
 * @smep:	CR4.SMEP
 * @smap:	CR4.SMAP
 */
struct lull_paging_mode {
	bool unpaged;
	bool wp;
	bool nxe;
	bool smep;
	bool smap;
};

#define LULL_CACHE_SIZE		24

/**
 * struct lull_cache - objects set aside before the mmu lock is taken
 * @nr:		how many are left
 * @obj:	the objects
 */
struct lull_cache {
	unsigned int nr;
	void *obj[LULL_CACHE_SIZE];
};

#define LULL_NR_TARGETS		4

/* Tables that a VM keeps because guests were told of them */
#define LULL_MOST_SHOWN		128

/*
 * Beside a guest CR3: its address space with nothing in the user half.  No CR3
 * has the bit.
 */
#define LULL_GUARDED		BIT_ULL(62)

/* No CR3 has this value. */
#define LULL_NO_CR3		(~0ULL)

/**
 * struct lull_target - a root that its vCPU may load without an exit
 * @link:	[m] in mmu->targets, while the root is on the list
 * @sh:		[I] the vCPU
 * @root:	[m] counted, until lull_targets_settle() after it went from the
 *		list; NULL without one
 * @cr3:	[v] guest CR3 that the root stands for, LULL_GUARDED with it if it
 *		is a guard root, LULL_NO_CR3 if there was none yet; what the
 *		guest may have read stays valid when the root is gone
 * @hpa:	[v] where its table is
 * @seen:	[v] when it was last known to be loaded
 *
 * [I] immutable, [m] mmu lock, [v] the vCPU's thread.
 */
struct lull_target {
	struct list_head link;
	struct lull_shadow *sh;
	struct lull_sp *root;
	u64 cr3;
	hpa_t hpa;
	unsigned int seen;
};

/**
 * struct lull_targets - the roots that a vCPU may load without an exit
 * @slot:	the roots
 * @on:		[v] the guest wants them
 * @lost:	[v] but cannot be told of them
 * @stale:	[m] the CPU and the guest have to be told: not before that may
 *		the guest be entered; read locklessly
 * @clock:	[v] counts for lull_target.seen
 * @misses:	[v] loads of other roots since one was replaced
 */
struct lull_targets {
	struct lull_target slot[LULL_NR_TARGETS];
	bool on;
	bool lost;
	bool stale;
	unsigned int clock;
	unsigned int misses;
};

/**
 * struct lull_target_entry - what the CPU and the guest are told of a slot
 * @cr3:	guest CR3 and LULL_GUARDED, LULL_NO_CR3 if no root is on the list
 * @root:	host-physical address of its root, or of the last one
 */
struct lull_target_entry {
	u64 cr3;
	hpa_t root;
};

/**
 * struct lull_shadow - one vCPU's view of its VM's shadow tables
 * @mmu:	[I] the VM's
 * @rsvd_pa:	[I] physical-address bits the guest does not have
 * @mode:	[v] control bits
 * @root_role:	[v] role of a root under @mode, as a word
 * @cr3:	[v] guest CR3
 * @guarded:	[v] the root has no user half
 * @root:	[v] the shadow root in use, NULL before the first load; the
 *		page it points to is [m]
 * @sps:	[v] struct lull_sp set aside
 * @tables:	[v] zeroed pages set aside
 * @low:	[v] one below 4 GiB, while @mode.unpaged
 * @descs:	[v] rmap descriptors set aside
 * @targets:	roots to load without an exit
 *
 * [v] the vCPU's thread.
 */
struct lull_shadow {
	struct lull_mmu *mmu;
	u64 rsvd_pa;
	struct lull_paging_mode mode;
	u32 root_role;
	u64 cr3;
	bool guarded;
	struct lull_sp *root;
	struct lull_cache sps;
	struct lull_cache tables;
	struct lull_cache low;
	struct lull_cache descs;
	struct lull_targets targets;
};

/* What a shadow page fault turned out to be. */
enum lull_fault_result {
	LULL_FAULT_FIXED,	/* enter the guest again */
	LULL_FAULT_INJECT,	/* the guest's own fault: @exception */
	LULL_FAULT_MMIO,	/* no memory, or a write to read-only memory */
	LULL_FAULT_RETRY,	/* something changed under us; enter again */
	LULL_FAULT_GUARD,	/* the user half, which is guarded */
};

/**
 * struct lull_fault - one page fault
 * @gva:	in: faulting address
 * @error_code:	in: LULL_PF_* of the access
 * @smap_exempt: in: explicit supervisor access with RFLAGS.AC set
 * @result:	out: what it was
 * @gpa:	out: what @gva translates to, where it does
 * @level:	out: level of the guest's leaf entry, 0 without paging
 * @exception:	out: for LULL_FAULT_INJECT
 */
struct lull_fault {
	gva_t gva;
	u32 error_code;
	bool smap_exempt;
	enum lull_fault_result result;
	gpa_t gpa;
	int level;
	struct lull_exception exception;
};

int lull_shadow_module_init(void);
void lull_shadow_module_exit(void);

int lull_mmu_init(struct lull_mmu *mmu, const struct lull_shadow_env *env,
		  u32 id, unsigned int max_pages);
void lull_mmu_destroy(struct lull_mmu *mmu);
void lull_mmu_zap_all(struct lull_mmu *mmu);
void lull_mmu_slots_begin(struct lull_mmu *mmu);
void lull_mmu_invalidate_begin(struct lull_mmu *mmu);
void lull_mmu_invalidate(struct lull_mmu *mmu, gfn_t first, u64 nr);
void lull_mmu_invalidate_end(struct lull_mmu *mmu);
void lull_mmu_write_begin(struct lull_mmu *mmu, gfn_t gfn);
void lull_mmu_write_end(struct lull_mmu *mmu);
unsigned long lull_mmu_shrink(struct lull_mmu *mmu, unsigned long nr);
void lull_mmu_flush(struct lull_mmu *mmu);
int lull_mmu_audit(struct lull_mmu *mmu);
int lull_mmu_audit_structure(struct lull_mmu *mmu);

void lull_shadow_init(struct lull_shadow *sh, struct lull_mmu *mmu,
		      unsigned int maxphyaddr);
void lull_shadow_destroy(struct lull_shadow *sh);
void lull_shadow_set_mode(struct lull_shadow *sh,
			  const struct lull_paging_mode *mode);
int lull_shadow_load_cr3(struct lull_shadow *sh, u64 cr3, bool *cached);
bool lull_shadow_try_cr3(struct lull_shadow *sh, u64 cr3, unsigned int *synced);
bool lull_shadow_try_resync(struct lull_shadow *sh);
bool lull_shadow_needs_sync(struct lull_shadow *sh);
unsigned int lull_shadow_sync(struct lull_shadow *sh);
unsigned int lull_shadow_sync_some(struct lull_shadow *sh, unsigned int most);
int lull_shadow_guard(struct lull_shadow *sh, bool on, bool may_list);
int lull_shadow_reload(struct lull_shadow *sh);
bool lull_shadow_root_valid(const struct lull_shadow *sh);
hpa_t lull_shadow_root_hpa(const struct lull_shadow *sh);
void lull_shadow_invlpg(struct lull_shadow *sh, gva_t gva);
bool lull_shadow_try_invlpg(struct lull_shadow *sh, gva_t gva);
int lull_shadow_fault(struct lull_shadow *sh, struct lull_fault *fault);
bool lull_shadow_try_fault(struct lull_shadow *sh, struct lull_fault *fault);
int lull_shadow_translate(struct lull_shadow *sh, struct lull_fault *fault);

/* tripwire.c */
bool lull_tripwire_set(struct lull_shadow *sh);
bool lull_tripwire_look(struct lull_shadow *sh, gva_t *gva);

/* targets.c */
void lull_targets_enable(struct lull_shadow *sh, bool on);
void lull_targets_lose(struct lull_shadow *sh);
void lull_targets_settle(struct lull_shadow *sh,
			 struct lull_target_entry entry[LULL_NR_TARGETS]);
bool lull_targets_land(struct lull_shadow *sh, hpa_t root);
bool lull_targets_try_land(struct lull_shadow *sh, hpa_t root);
bool lull_targets_resolve(const struct lull_shadow *sh, hpa_t root, u64 *cr3);

#ifdef LULL_DEBUG
/**
 * struct lull_hw_walk - what hardware reads on its way to a page
 * @root:	host-physical address of the root table
 * @spte:	SPTEs by level; 0 below the first that is not present
 */
struct lull_hw_walk {
	hpa_t root;
	u64 spte[LULL_ROOT_LEVEL + 1];
};

void lull_shadow_hw_walk(const struct lull_shadow *sh, hpa_t root, gva_t gva,
			 struct lull_hw_walk *walk);
int lull_hw_walk_stale(const struct lull_hw_walk *held,
		       const struct lull_hw_walk *now);
#endif

#endif /* LULL_SHADOW_H */
