// SPDX-License-Identifier: GPL-2.0-only
/*
 * Roots: which one a vCPU has for its CR3 and its control bits.
 */
#include <linux/string.h>

#include "shadow/internal.h"

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
	*synced = 0;
	if (root && !is_in_sync(root) &&
	    !lull_root_try_sync(mmu, root, synced))
		root = NULL;
	if (root) {
		lull_root_set(sh, root);
		note_loaded(sh, cr3,
			    may_list && !*synced && is_in_sync(root));
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
