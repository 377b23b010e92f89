/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU may hold in its TLB and paging-structure caches: all of it, for
 * as long as nothing flushes.  The same code serves the reference (walks of
 * guest tables) and the hardware (walks of shadow tables).
 *
 * A world has few addresses: each level uses a few positions, position p
 * being table index pos_index[p].  Node numbers count tables of one level
 * from the lowest address; a leaf node is an address.
 */
#ifndef LULL_HOST_WCACHE_H
#define LULL_HOST_WCACHE_H

#include <linux/types.h>

#define NR_POS		8
#define NR_GVAS		96
#define NR_LARGE	(NR_GVAS / NR_POS)
/* Without paging the walk has three levels: the first half of the nodes. */
#define NR_UNPAGED	(NR_GVAS / 2)

extern const u16 pos_index[NR_POS];

/* Values seen since the last flush, without repeats. */
struct valset {
	u64 *val;
	unsigned int nr;
	unsigned int room;
};

/**
 * struct wcache - the caches of one CPU
 * @top:	level of the root
 * @table:	by level and node: tables the walk of that node may use
 * @leaf:	by address: translations
 */
struct wcache {
	int top;
	struct valset table[5][NR_LARGE];
	struct valset leaf[NR_GVAS];
};

enum entry_kind { ENTRY_NONE, ENTRY_TABLE, ENTRY_LEAF, ENTRY_LARGE };

/* Read the entry at @pos of @table.  A large one is repeated with the
 * frame's position added in units of pages.
 */
typedef enum entry_kind (*entry_reader)(const void *cpu, u64 table, int level,
					unsigned int pos, u64 *val);

/* Which entry changed: wcache_update() looks at no other. */
struct changed {
	u64 table;
	unsigned int pos;
};

u64 gva_of(unsigned int nr);
u64 unpaged_gva_of(unsigned int nr);
unsigned int unpaged_index(int level, unsigned int pos);
unsigned int level_positions(int level);
int pos_of_index(unsigned int index);

void wcache_clear(struct wcache *cache);
void wcache_free(struct wcache *cache);
void wcache_set_root(struct wcache *cache, int level, u64 root,
		     entry_reader read, const void *cpu);
bool wcache_has_root(const struct wcache *cache);
void wcache_update(struct wcache *cache, entry_reader read, const void *cpu,
		   const struct changed *changed);
void wcache_invlpg(struct wcache *cache, unsigned int gva_nr, u64 large_flag,
		   entry_reader read, const void *cpu);
void wcache_forget(struct wcache *cache, unsigned int gva_nr,
		   entry_reader read, const void *cpu);
unsigned int wcache_size(const struct wcache *cache);

#endif /* LULL_HOST_WCACHE_H */
