// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tripwire: the CPU sets the accessed flag of each entry that it goes
 * through.  Cleared in the root, the flags of the user half tell later whether
 * anything there was accessed; to find out costs no exit.  DESIGN.rst, "Guard
 * roots", says what it is worth.
 */
#include "shadow/internal.h"

/* The root that has the user half, whether or not it is the vCPU's now. */
static struct lull_sp *full_root(struct lull_shadow *sh)
{
	union lull_role role = sh->root->role;

	role.guard = false;
	return lull_sp_find(sh->mmu, sh->root->gfn, role);
}

/* Another vCPU may have used the same root, and rightly so. */
static bool can_tell(const struct lull_shadow *sh)
{
	return !sh->mmu->had_more && !sh->mode.unpaged &&
	       lull_shadow_root_valid(sh);
}

/**
 * lull_tripwire_set() - from now on an access to the user half leaves a mark
 * @sh:		the vCPU, not in the guest and landed
 *
 * With one vCPU, which is not in the guest, no CPU sets the flags meanwhile.
 *
 * Return: whether it was set; not where the VM ever had two vCPUs, and not
 * without paging.
 */
bool lull_tripwire_set(struct lull_shadow *sh)
{
	struct lull_sp *root = NULL;
	unsigned int idx;
	bool set;

	spin_lock(&sh->mmu->lock);
	set = can_tell(sh);
	if (set)
		root = full_root(sh);
	if (root) {
		for_each_set_bit(idx, root->present, LULL_USER_ENTRIES) {
			if (!(root->spt[idx] & LULL_PTE_A))
				continue;
			WRITE_ONCE(root->spt[idx],
				   root->spt[idx] & ~LULL_PTE_A);
			sh->mmu->flush = true;
		}
	}
	lull_mmu_flush(sh->mmu);
	spin_unlock(&sh->mmu->lock);
	return set;
}

/**
 * lull_tripwire_look() - was the user half accessed since it was set?
 * @sh:		the vCPU, likewise, with the same CR3 and mode, after
 *		lull_tripwire_set() returned true
 * @gva:	receives the lowest address that the first such entry is for
 *
 * An entry that was made since then was accessed, too.
 *
 * Return: whether it was.
 */
bool lull_tripwire_look(struct lull_shadow *sh, gva_t *gva)
{
	struct lull_sp *root = NULL;
	bool found = false;
	unsigned int idx;

	spin_lock(&sh->mmu->lock);
	if (can_tell(sh))
		root = full_root(sh);
	if (root) {
		for_each_set_bit(idx, root->present, LULL_USER_ENTRIES) {
			found = READ_ONCE(root->spt[idx]) & LULL_PTE_A;
			*gva = (gva_t)idx << 39;
			if (found)
				break;
		}
	}
	spin_unlock(&sh->mmu->lock);
	return found;
}
