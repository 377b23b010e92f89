/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest-physical memory as the launcher sees it. */
#ifndef LAUNCHER_GMEM_H
#define LAUNCHER_GMEM_H

#include "base.h"

/* Memory beyond 3 GiB continues at 4 GiB, as on a PC. */
#define GMEM_LOW_MAX	(3 * GIB)
#define GMEM_HIGH	(4 * GIB)

/**
 * struct gmem_slot - one piece of guest memory
 * @gpa:	where it starts
 * @size:	its bytes
 * @hva:	where it is mapped
 */
struct gmem_slot {
	u64 gpa;
	u64 size;
	u8 *hva;
};

/**
 * struct gmem - a guest's memory
 * @slots:	its pieces, ascending
 * @nr:		how many
 */
struct gmem {
	struct gmem_slot slots[2];
	int nr;
};

/**
 * struct gmem_paging - the registers that say how a guest translates
 * @cr0:	PG decides whether it does
 * @cr3:	root table
 * @cr4:	PAE
 * @efer:	LMA
 */
struct gmem_paging {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
};

int gmem_alloc(struct gmem *mem, u64 size);
void gmem_free(struct gmem *mem);
int gmem_allow_merging(const struct gmem *mem);
int gmem_discard(const struct gmem *mem, u64 gpa, u64 len);
void *gmem_ptr(const struct gmem *mem, u64 gpa, u64 len);
int gmem_walk(const struct gmem *mem, const struct gmem_paging *paging,
	      u64 gva, u64 *gpa);
size_t gmem_read_gva(const struct gmem *mem, const struct gmem_paging *paging,
		     u64 gva, void *buf, size_t len);

#endif /* LAUNCHER_GMEM_H */
