// SPDX-License-Identifier: GPL-2.0-only
/*
 * The closure of everything a CPU may have cached.  Each step of a test
 * makes one change at a time, so adding what the changed entry leads to
 * after every change gives exactly the walks whose entries were read at
 * times in order.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "wcache.h"

/* Position 0 and 511 end the address space; 300 lies in no cache line of
 * theirs, 0 to 4 share one.
 */
const u16 pos_index[NR_POS] = { 0, 1, 2, 3, 4, 300, 510, 511 };

static const u8 level_pos[5][NR_POS] = {
	[1] = { 0, 1, 2, 3, 4, 5, 6, 7 },
	[2] = { 0, 1, 7 },
	[3] = { 0, 7 },
	[4] = { 0, 7 },
};

static const unsigned int nr_level_pos[5] = { 0, 8, 3, 2, 2 };
static const unsigned int nr_nodes[5] = { NR_GVAS, 12, 4, 2, 1 };

/**
 * level_positions() - how many entries of a table are part of addresses
 * @level:	the table's
 *
 * Return: their number.
 */
unsigned int level_positions(int level)
{
	return nr_level_pos[level];
}

/**
 * pos_of_index() - the position of a table index
 * @index:	0 to 511
 *
 * Return: the position, or -1.
 */
int pos_of_index(unsigned int index)
{
	int pos;

	for (pos = 0; pos < NR_POS; pos++) {
		if (pos_index[pos] == index)
			return pos;
	}
	return -1;
}

/**
 * gva_of() - an address of the world
 * @nr:		0 to NR_GVAS - 1
 *
 * Return: the canonical address of its page.
 */
u64 gva_of(unsigned int nr)
{
	u64 gva = 0;
	int level;

	for (level = 1; level <= 4; level++) {
		unsigned int n = nr_level_pos[level];

		gva |= (u64)pos_index[level_pos[level][nr % n]] <<
		       (12 + 9 * (level - 1));
		nr /= n;
	}
	return gva >> 47 & 1 ? gva | ~0ULL << 48 : gva;
}

/**
 * unpaged_index() - the table index of a position, without paging
 * @level:	1 to 3
 * @pos:	the position
 *
 * The upper levels have others than with paging, so that there is memory
 * behind them.
 *
 * Return: the index.
 */
unsigned int unpaged_index(int level, unsigned int pos)
{
	if (level == 3)
		return pos ? 3 : 0;
	if (level == 2)
		return pos == 7 ? 2 : pos;
	return pos_index[pos];
}

/**
 * unpaged_gva_of() - the same as gva_of(), without paging
 * @nr:		0 to NR_UNPAGED - 1
 *
 * Return: the address of its page.
 */
u64 unpaged_gva_of(unsigned int nr)
{
	u64 gva = 0;
	int level;

	for (level = 1; level <= 3; level++) {
		unsigned int n = nr_level_pos[level];

		gva |= (u64)unpaged_index(level, level_pos[level][nr % n]) <<
		       (12 + 9 * (level - 1));
		nr /= n;
	}
	return gva;
}

static bool add(struct valset *set, u64 val)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		if (set->val[i] == val)
			return false;
	}
	if (set->nr == set->room) {
		set->room = set->room ? 2 * set->room : 4;
		set->val = reallocarray(set->val, set->room, sizeof(u64));
		if (!set->val)
			host_fail("out of memory");
	}
	set->val[set->nr++] = val;
	return true;
}

static void add_table(struct wcache *cache, int level, unsigned int node,
		      u64 table, entry_reader read, const void *cpu);

static void expand(struct wcache *cache, int level, unsigned int node,
		   u64 table, unsigned int nth, entry_reader read,
		   const void *cpu)
{
	unsigned int child = node * nr_level_pos[level] + nth;
	unsigned int pos = level_pos[level][nth];
	u64 val;

	switch (read(cpu, table, level, pos, &val)) {
	case ENTRY_TABLE:
		add_table(cache, level - 1, child, val, read, cpu);
		break;
	case ENTRY_LEAF:
		add(&cache->leaf[child], val);
		break;
	case ENTRY_LARGE:
		for (pos = 0; pos < NR_POS; pos++)
			add(&cache->leaf[child * NR_POS + pos],
			    val + ((u64)pos_index[pos] << 12));
		break;
	case ENTRY_NONE:
		break;
	}
}

static void add_table(struct wcache *cache, int level, unsigned int node,
		      u64 table, entry_reader read, const void *cpu)
{
	unsigned int nth;

	if (!add(&cache->table[level][node], table))
		return;
	for (nth = 0; nth < nr_level_pos[level]; nth++)
		expand(cache, level, node, table, nth, read, cpu);
}

/**
 * wcache_clear() - a full flush
 * @cache:	the caches
 */
void wcache_clear(struct wcache *cache)
{
	unsigned int level, node;

	for (level = 1; level <= 4; level++) {
		for (node = 0; node < nr_nodes[level]; node++)
			cache->table[level][node].nr = 0;
	}
	for (node = 0; node < NR_GVAS; node++)
		cache->leaf[node].nr = 0;
}

/**
 * wcache_free() - free the memory
 * @cache:	the caches, left empty
 */
void wcache_free(struct wcache *cache)
{
	unsigned int level, node;

	for (level = 1; level <= 4; level++) {
		for (node = 0; node < nr_nodes[level]; node++)
			free(cache->table[level][node].val);
	}
	for (node = 0; node < NR_GVAS; node++)
		free(cache->leaf[node].val);
	memset(cache, 0, sizeof(*cache));
}

/**
 * wcache_set_root() - use another root from now on
 * @cache:	the caches; what they hold stays
 * @level:	the root's level
 * @root:	the root table
 * @read:	reads entries
 * @cpu:	for @read
 */
void wcache_set_root(struct wcache *cache, int level, u64 root,
		     entry_reader read, const void *cpu)
{
	cache->top = level;
	cache->table[level][0].nr = 0;
	add_table(cache, level, 0, root, read, cpu);
}

/**
 * wcache_has_root() - was a root set since the last wcache_clear()?
 * @cache:	the caches
 *
 * Return: whether there is one.
 */
bool wcache_has_root(const struct wcache *cache)
{
	return cache->table[cache->top][0].nr;
}

static bool touches(const struct changed *changed, u64 table, int level,
		    unsigned int nth)
{
	return !changed || (changed->table == table >> 12 &&
			    changed->pos == level_pos[level][nth]);
}

/**
 * wcache_update() - entries changed: add what they lead to now
 * @cache:	the caches
 * @read:	reads entries
 * @cpu:	for @read
 * @changed:	the one that changed; NULL if any may have
 */
void wcache_update(struct wcache *cache, entry_reader read, const void *cpu,
		   const struct changed *changed)
{
	unsigned int node, i, nth;
	int level;

	for (level = 4; level >= 1; level--) {
		for (node = 0; node < nr_nodes[level]; node++) {
			struct valset *set = &cache->table[level][node];

			for (i = 0; i < set->nr; i++) {
				u64 table = set->val[i];

				for (nth = 0; nth < nr_level_pos[level]; nth++) {
					if (touches(changed, table, level, nth))
						expand(cache, level, node,
						       table, nth, read, cpu);
				}
			}
		}
	}
}

/**
 * wcache_invlpg() - INVLPG: the address, and all of the tables' caches
 * @cache:	the caches
 * @gva_nr:	the address
 * @large_flag:	bit of a translation that says it is from a large page
 * @read:	reads entries
 * @cpu:	for @read
 */
void wcache_invlpg(struct wcache *cache, unsigned int gva_nr, u64 large_flag,
		   entry_reader read, const void *cpu)
{
	unsigned int first = gva_nr / NR_POS * NR_POS;
	u64 root = cache->table[4][0].val[0];
	unsigned int level, node, i;

	for (level = 1; level <= 4; level++) {
		for (node = 0; node < nr_nodes[level]; node++)
			cache->table[level][node].nr = 0;
	}
	cache->leaf[gva_nr].nr = 0;
	for (node = first; node < first + NR_POS; node++) {
		struct valset *set = &cache->leaf[node];

		for (i = 0; i < set->nr; ) {
			if (set->val[i] & large_flag)
				set->val[i] = set->val[--set->nr];
			else
				i++;
		}
	}
	add_table(cache, 4, 0, root, read, cpu);
}

/**
 * wcache_forget() - a page fault: the address, and the tables on its way
 * @cache:	the caches
 * @gva_nr:	the address
 * @read:	reads entries
 * @cpu:	for @read
 */
void wcache_forget(struct wcache *cache, unsigned int gva_nr,
		   entry_reader read, const void *cpu)
{
	u64 root = cache->table[4][0].val[0];
	unsigned int node = gva_nr;
	int level;

	cache->leaf[gva_nr].nr = 0;
	for (level = 1; level <= 4; level++) {
		node /= nr_level_pos[level];
		cache->table[level][node].nr = 0;
	}
	add_table(cache, 4, 0, root, read, cpu);
}

/**
 * wcache_size() - how much the caches hold
 * @cache:	the caches
 *
 * Return: the number of translations.
 */
unsigned int wcache_size(const struct wcache *cache)
{
	unsigned int node, sum = 0;

	for (node = 0; node < NR_GVAS; node++)
		sum += cache->leaf[node].nr;
	return sum;
}
