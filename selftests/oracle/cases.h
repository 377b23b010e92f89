/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cases of the access oracle, each of which is a number.
 *
 * The product is
 *
 *   modes   CR0.WP x EFER.NXE x CR4.PGE x CR4.SMEP x CR4.SMAP, those that the
 *           processor has
 *   walks   see below
 *   kinds   read, write, fetch by supervisor and user; read and write by the
 *           supervisor with RFLAGS.AC; implicit supervisor reads (LSL, with
 *           an LDT there) at CPL 0 and CPL 3, without and with RFLAGS.AC; the
 *           last not where cases_leave_out_ac() was called
 *   when    after a flush and before it; and in turns with an entry that was
 *           not present, and with entries of which only A and D change back
 *
 * and the number's digits are mode, walk and kind, from slow to fast; each
 * number is three cases.
 *
 * P, W, U, NX, A, D and PS at four levels alone are 2^28 walks.  They are
 * reduced by what the SDM says an entry's meaning depends on:
 *
 * 1. The walk ends at the first entry that is not present, sets a reserved
 *    bit, or maps a page; nothing below is looked at.  So walks that differ
 *    only there are one walk.  ("4-Level Paging")
 * 2. W, U and NX act only through the AND of W and U and the OR of NX along
 *    the walk, and A and D do not enter the decision.  So all combinations of
 *    rights at all levels are taken, for each size of page, with A and D
 *    clear (the second access of a case finds them set); and all combinations
 *    of P, A, D and PS at all levels are taken with all eight rights in the
 *    entry that ends the walk and W and U set above.  ("Access Rights",
 *    "Accessed and Dirty Flags")
 * 3. G takes part in nothing but what MOV to CR3 invalidates, and ways to
 *    invalidate are equal where they invalidate at all.  So G, and MOV to
 *    CR3, INVLPG and a change of CR4.PGE take turns from batch to batch.
 *    ("Invalidation of TLBs and Paging-Structure Caches")
 */
#ifndef SELFTESTS_ORACLE_CASES_H
#define SELFTESTS_ORACLE_CASES_H

#include "lib/access_model.h"

#define MAX_KINDS	12
/* The last two are implicit accesses with RFLAGS.AC set. */
#define NR_AC_KINDS	2

/* An access, and how the processor is brought to do it. */
struct kind {
	struct access_kind access;
	bool cpl3;
	const char *name;
};

extern const struct kind kinds[MAX_KINDS];
extern const struct kind *const touch;	/* nothing refuses it */

/**
 * struct oracle_case - the digits of a number
 * @number:	all of them
 * @mode:	control bits
 * @walk:	index for case_walk()
 * @kind:	of the access
 * @again:	of an access that follows; not a digit, but the number decides
 * @appear:	likewise: how far above the walk's end an entry is missing first
 */
struct oracle_case {
	u64 number;
	unsigned int mode;
	unsigned int walk;
	unsigned int kind;
	unsigned int again;
	unsigned int appear;
};

/* Find out what the processor has, and make modes and walks for it. */
void cases_init(void);
/*
 * The erratum of Bochs 2.7: with SMAP, it lets an implicit supervisor access
 * to a user page through if RFLAGS.AC is set, which the SDM ("Access Rights")
 * rules out.  Whoever finds that it is so leaves these kinds out.
 */
void cases_leave_out_ac(void);
/* Has the processor SMAP? */
bool cases_smap(void);
/* How many numbers there are, and in one mode. */
u64 nr_cases(void);
u64 cases_per_mode(void);
unsigned int nr_of_kinds(void);
unsigned int nr_of_walks(void);
unsigned int nr_of_modes(void);
void case_decode(u64 number, struct oracle_case *c);
/* P, W, U, NX, A, D, PS and reserved bits of the case's entries. */
const struct walk *case_walk(const struct oracle_case *c);
/* The control bits of a mode, with what the processor has. */
void case_mode(unsigned int mode, struct access_mode *out);

#endif /* SELFTESTS_ORACLE_CASES_H */
