/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layout of guest and shadow entries (SDM: "4-Level Paging and 5-Level
 * Paging").  Both have the same format; names say whose entry it is.
 */
#ifndef LULL_SPTE_H
#define LULL_SPTE_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

#include "monitor/types.h"

#define LULL_PTE_P		BIT_ULL(0)
#define LULL_PTE_W_BIT		1
#define LULL_PTE_W		BIT_ULL(LULL_PTE_W_BIT)
#define LULL_PTE_U		BIT_ULL(2)
#define LULL_PTE_A		BIT_ULL(5)
#define LULL_PTE_D_BIT		6
#define LULL_PTE_D		BIT_ULL(LULL_PTE_D_BIT)
#define LULL_PTE_PS		BIT_ULL(7)
#define LULL_PTE_NX		BIT_ULL(63)
#define LULL_PTE_ADDR		GENMASK_ULL(51, 12)

/* Bits of a guest entry that a shadow entry made from it depends on. */
#define LULL_GPTE_MATTERS	(LULL_PTE_P | LULL_PTE_W | LULL_PTE_U | \
				 LULL_PTE_PS | LULL_PTE_NX | LULL_PTE_ADDR)

/* A large guest page: bits of the address field that must be 0. */
#define LULL_LARGE_RSVD		GENMASK_ULL(20, 13)

/*
 * Every SPTE is made with A and D set: the guest's own bits are kept in its
 * tables.  The tripwire clears A, hot.c clears D, and the CPU sets them again.
 */
#define LULL_SPTE_BASE		(LULL_PTE_P | LULL_PTE_A | LULL_PTE_D)
/* A link to a table takes no rights away; the leaf carries them all. */
#define LULL_SPTE_LINK		(LULL_SPTE_BASE | LULL_PTE_W | LULL_PTE_U)

/*
 * A leaf that the host lets us write, whatever W says; ignored by hardware.  The
 * notifier drops the leaf before that changes.
 */
#define LULL_SPTE_HOST_W	BIT_ULL(9)

static_assert((LULL_SPTE_LINK & (LULL_PTE_ADDR | LULL_PTE_NX)) == 0);

/* Rights, as kept in roles: the AND along the walk. */
#define LULL_ACC_W		1U
#define LULL_ACC_U		2U
#define LULL_ACC_X		4U
#define LULL_ACC_ALL		7U

static inline gfn_t pte_frame(u64 pte)
{
	return (pte & LULL_PTE_ADDR) >> 12;
}

static inline unsigned int pt_index(gva_t gva, int level)
{
	return (gva >> (12 + 9 * (level - 1))) & 511;
}

static inline unsigned int gpte_access(u64 gpte)
{
	return (gpte & LULL_PTE_W ? LULL_ACC_W : 0) |
	       (gpte & LULL_PTE_U ? LULL_ACC_U : 0) |
	       (gpte & LULL_PTE_NX ? 0 : LULL_ACC_X);
}

/*
 * Whether an SPTE made from @old still serves when the entry is @new.  The
 * guest may set A and D; when it clears them, hardware must set them again,
 * so the SPTE has to go.
 */
static inline bool gpte_unchanged(u64 old, u64 new)
{
	return !((old ^ new) & LULL_GPTE_MATTERS) &&
	       !(old & ~new & (LULL_PTE_A | LULL_PTE_D));
}

#endif /* LULL_SPTE_H */
