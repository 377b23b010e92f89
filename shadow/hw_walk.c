// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug builds: the walk that hardware makes of the shadow tables, and what
 * it may keep of it.  It looks at the tables alone, and at nothing that this
 * folder keeps beside them.
 */
#include "shadow/internal.h"

/**
 * lull_shadow_hw_walk() - walk the shadow tables as hardware does
 * @sh:		the vCPU, with a root
 * @root:	host-physical address of its table, or of a target's
 * @gva:	the address
 * @walk:	receives what is read on the way
 *
 * Context: under the lock, or with interrupts off in a vCPU that has announced
 * its entry: nothing it can reach is freed then.
 */
void lull_shadow_hw_walk(const struct lull_shadow *sh, hpa_t root, gva_t gva,
			 struct lull_hw_walk *walk)
{
	const u64 *table = __va(root);
	int level = sh->root->role.level;

	memset(walk, 0, sizeof(*walk));
	walk->root = root;
	for (; level; level--) {
		u64 spte = READ_ONCE(table[pt_index(gva, level)]);

		if (!(spte & LULL_PTE_P))
			return;
		walk->spte[level] = spte;
		table = __va(spte & LULL_PTE_ADDR);
	}
}

/* May hardware that holds @held do what @now does not let it? */
static bool is_stale(u64 held, u64 now)
{
	if (!held)
		return false;
	return !now || ((held ^ now) & LULL_PTE_ADDR) ||
	       (held & ~now & (LULL_PTE_W | LULL_PTE_U | LULL_PTE_D)) ||
	       (~held & now & LULL_PTE_NX);
}

/**
 * lull_hw_walk_stale() - is what hardware may hold still what tables say?
 * @held:	an earlier walk
 * @now:	the walk of the same address now
 *
 * Hardware may hold each entry by itself: those that link tables are kept in
 * paging-structure caches, and outlive the translation (SDM: "Caches for
 * Paging Structures").
 *
 * Return: the highest level at which it is not, or 0.
 */
int lull_hw_walk_stale(const struct lull_hw_walk *held,
		       const struct lull_hw_walk *now)
{
	int level;

	for (level = LULL_ROOT_LEVEL; level; level--) {
		if (is_stale(held->spte[level], now->spte[level]))
			return level;
	}
	return 0;
}
