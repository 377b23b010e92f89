// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets: roots that a vCPU may load without an exit, because they are in
 * sync and nobody can change that unseen.  DESIGN.rst, "Targets", says why that
 * is enough, and what happens when it ends.
 */
#include "shadow/internal.h"

/* Of loads that no slot is free for, one in so many takes another's. */
#define PATIENCE	8

static bool is_listed(const struct lull_target *target)
{
	return !list_empty(&target->link);
}

/* From here on its vCPU does not enter the guest before it has settled. */
static void set_stale(struct lull_shadow *sh)
{
	WRITE_ONCE(sh->targets.stale, true);
}

static void delist(struct lull_target *target)
{
	list_del_init(&target->link);
	target->root->listed--;
	set_stale(target->sh);
}

/* Something happened to its root: vCPUs in the guest could still load it. */
static void revoke(struct lull_mmu *mmu, struct lull_target *target)
{
	delist(target);
	mmu->flush = true;
	mmu->stats.delisted++;
}

/**
 * lull_root_delist() - a root is being zapped: no vCPU may load it
 * @mmu:	the VM's
 * @root:	the root
 *
 * The caller flushes before it frees anything or lets go of the lock.
 */
void lull_root_delist(struct lull_mmu *mmu, struct lull_sp *root)
{
	struct lull_target *target, *next;

	lockdep_assert_held(&mmu->lock);
	list_for_each_entry_safe(target, next, &mmu->targets, link) {
		if (target->root == root)
			revoke(mmu, target);
	}
}

/**
 * lull_mmu_delist_unsync() - a table became unsync: no root above it is loaded
 * unseen
 * @mmu:	the VM's
 *
 * The caller flushes before it lets the write through.
 */
void lull_mmu_delist_unsync(struct lull_mmu *mmu)
{
	struct lull_target *target, *next;

	lockdep_assert_held(&mmu->lock);
	list_for_each_entry_safe(target, next, &mmu->targets, link) {
		if (!is_in_sync(target->root))
			revoke(mmu, target);
	}
}

/**
 * lull_targets_init() - slots of a new vCPU, without roots
 * @sh:		the vCPU
 */
void lull_targets_init(struct lull_shadow *sh)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		struct lull_target *target = &sh->targets.slot[i];

		INIT_LIST_HEAD(&target->link);
		target->sh = sh;
		target->cr3 = LULL_NO_CR3;
	}
}

/* By its own vCPU, which is not in the guest. */
static void release(struct lull_mmu *mmu, struct lull_target *target)
{
	struct lull_sp *root = target->root;

	if (is_listed(target))
		delist(target);
	target->root = NULL;
	if (root)
		lull_root_release(mmu, root);
}

/**
 * lull_targets_drop() - no root is a target any more
 * @sh:		the vCPU, not in the guest and landed
 */
void lull_targets_drop(struct lull_shadow *sh)
{
	unsigned int i;

	lockdep_assert_held(&sh->mmu->lock);
	for (i = 0; i < LULL_NR_TARGETS; i++)
		release(sh->mmu, &sh->targets.slot[i]);
}

/* The slot of the vCPU's root, if it has one. */
static struct lull_target *find_root(struct lull_shadow *sh)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		if (sh->targets.slot[i].root == sh->root)
			return &sh->targets.slot[i];
	}
	return NULL;
}

/* A free slot; now and then the one whose root was not seen for longest. */
static struct lull_target *choose(struct lull_targets *targets)
{
	struct lull_target *oldest = &targets->slot[0];
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		struct lull_target *target = &targets->slot[i];

		if (!is_listed(target))
			return target;
		if ((int)(target->seen - oldest->seen) < 0)
			oldest = target;
	}
	if (++targets->misses < PATIENCE)
		return NULL;
	targets->misses = 0;
	return oldest;
}

static void list(struct lull_shadow *sh, struct lull_target *target)
{
	struct lull_mmu *mmu = sh->mmu;

	release(mmu, target);
	target->root = sh->root;
	target->root->root_count++;
	target->root->listed++;
	if (!sh->root->shown) {
		sh->root->shown = true;
		mmu->nr_shown++;
	}
	target->hpa = __pa(sh->root->spt);
	list_add(&target->link, &mmu->targets);
	set_stale(sh);
	mmu->stats.listed++;
}

/* May guests be told where the root is? */
static bool may_show(const struct lull_shadow *sh)
{
	return sh->root->role.level == LULL_ROOT_LEVEL && !sh->targets.lost &&
	       (sh->root->shown || sh->mmu->nr_shown < LULL_MOST_SHOWN);
}

/**
 * lull_target_loaded() - an exit loaded CR3, or began or ended the guard
 * @sh:		the vCPU, with the root, and with targets on
 * @cr3:	guest CR3, and LULL_GUARDED
 * @may_list:	the root was found in sync, and may become a target
 *
 * One that had to be brought in sync does not: a guest that writes its tables
 * would have it taken from the list at once.
 */
void lull_target_loaded(struct lull_shadow *sh, u64 cr3, bool may_list)
{
	struct lull_target *target = find_root(sh);

	lockdep_assert_held(&sh->mmu->lock);
	if (may_list && may_show(sh)) {
		if (!target)
			target = choose(&sh->targets);
		if (target &&
		    (!is_listed(target) || target->root != sh->root))
			list(sh, target);
	}
	if (!target)
		return;
	/* Bits besides the address differ: the same root, and slot. */
	if (target->cr3 != cr3)
		set_stale(sh);
	target->cr3 = cr3;
	target->seen = ++sh->targets.clock;
}

/**
 * lull_targets_enable() - turn targets on or off
 * @sh:		the vCPU, not in the guest
 * @on:		which
 *
 * The list is empty in both cases, and nothing that was given out before has a
 * meaning.
 */
void lull_targets_enable(struct lull_shadow *sh, bool on)
{
	unsigned int i;

	spin_lock(&sh->mmu->lock);
	lull_targets_drop(sh);
	for (i = 0; i < LULL_NR_TARGETS; i++)
		sh->targets.slot[i].cr3 = LULL_NO_CR3;
	sh->targets.on = on;
	sh->mmu->had_targets |= on;
	sh->targets.lost = false;
	set_stale(sh);
	spin_unlock(&sh->mmu->lock);
}

/**
 * lull_targets_lose() - the guest cannot be told of targets any more
 * @sh:		the vCPU, not in the guest and landed
 *
 * None is listed until lull_targets_enable().  What the guest has read keeps
 * its meaning: nobody could take it out of the guest's sight.
 */
void lull_targets_lose(struct lull_shadow *sh)
{
	spin_lock(&sh->mmu->lock);
	lull_targets_drop(sh);
	sh->targets.lost = true;
	spin_unlock(&sh->mmu->lock);
}

/**
 * lull_targets_settle() - let the CPU and the guest be told of the list
 * @sh:		the vCPU, not in the guest and landed
 * @entry:	receives the list: no other root may be loaded by the guest from
 *		its next entry on
 */
void lull_targets_settle(struct lull_shadow *sh,
			 struct lull_target_entry entry[LULL_NR_TARGETS])
{
	unsigned int i;

	spin_lock(&sh->mmu->lock);
	WRITE_ONCE(sh->targets.stale, false);
	for (i = 0; i < LULL_NR_TARGETS; i++) {
		struct lull_target *target = &sh->targets.slot[i];

		if (!is_listed(target))
			release(sh->mmu, target);
		entry[i].cr3 = target->root ? target->cr3 : LULL_NO_CR3;
		entry[i].root = target->hpa;
	}
	spin_unlock(&sh->mmu->lock);
}

/* The guest has loaded the root of a slot. */
static bool land(struct lull_shadow *sh, hpa_t root)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		struct lull_target *target = &sh->targets.slot[i];

		if (!target->root || target->hpa != root)
			continue;
		lull_root_set(sh, target->root);
		sh->cr3 = target->cr3 & ~LULL_GUARDED;
		sh->guarded = target->root->role.guard;
		target->seen = ++sh->targets.clock;
		return true;
	}
	return false;
}

/**
 * lull_targets_land() - after an exit that found another root loaded
 * @sh:		the vCPU
 * @root:	host-physical address of its table
 *
 * Return: true with root and CR3 set; false if it is no target, which cannot
 * be.
 */
bool lull_targets_land(struct lull_shadow *sh, hpa_t root)
{
	bool landed;

	spin_lock(&sh->mmu->lock);
	landed = land(sh, root);
	spin_unlock(&sh->mmu->lock);
	return landed;
}

/**
 * lull_targets_try_land() - the same with interrupts off
 * @sh:		the vCPU
 * @root:	host-physical address of the table
 *
 * Return: true; false if somebody has the lock: see lull_shadow_try_cr3().
 */
bool lull_targets_try_land(struct lull_shadow *sh, hpa_t root)
{
	bool landed;

	if (!spin_trylock(&sh->mmu->lock))
		return false;
	landed = land(sh, root);
	spin_unlock(&sh->mmu->lock);
	return landed;
}

/**
 * lull_targets_resolve() - which guest CR3 did the address of a root stand for?
 * @sh:		the vCPU
 * @root:	what the guest loads
 * @cr3:	receives the guest CR3, and LULL_GUARDED
 *
 * A root may leave the list after the guest has read where it is, and before
 * the guest loads that: then the load exits.  No slot is given to another root
 * in between, because that is done by loads, and by the guest's own calls to
 * begin or end the guard, only.  If its table has had more than one slot, the
 * newest comes first: those before it were all taken when it was chosen.
 *
 * Return: whether it is known.
 */
bool lull_targets_resolve(const struct lull_shadow *sh, hpa_t root, u64 *cr3)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		const struct lull_target *target = &sh->targets.slot[i];

		if (target->cr3 == LULL_NO_CR3 || target->hpa != root)
			continue;
		*cr3 = target->cr3;
		return true;
	}
	return false;
}
