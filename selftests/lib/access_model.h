/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the processor does with one access to memory under 4-level paging:
 * written down from the SDM ("4-Level Paging and 5-Level Paging", "Access
 * Rights", "Page-Fault Exceptions", "Accessed and Dirty Flags"), and sharing
 * nothing with what it is there to judge.
 */
#ifndef SELFTESTS_ACCESS_MODEL_H
#define SELFTESTS_ACCESS_MODEL_H

#include "lib/types.h"

#define WALK_LEVELS	4

/**
 * struct access_mode - control bits, and what the processor has
 * @wp:		CR0.WP
 * @nxe:	EFER.NXE
 * @smep:	CR4.SMEP
 * @smap:	CR4.SMAP
 * @pge:	CR4.PGE
 * @gb_pages:	a PDPTE can map 1 GiB
 * @beyond:	address bits of an entry that are above MAXPHYADDR
 */
struct access_mode {
	bool wp;
	bool nxe;
	bool smep;
	bool smap;
	bool pge;
	bool gb_pages;
	u64 beyond;
};

/**
 * struct access_kind - an access; a read if neither write nor fetch
 * @user:	a user-mode access: at CPL 3 and not implicit
 * @write:	data are written
 * @fetch:	an instruction is fetched
 * @ac:		RFLAGS.AC is set
 * @implicit:	of a system structure, by the supervisor whatever the CPL
 */
struct access_kind {
	bool user;
	bool write;
	bool fetch;
	bool ac;
	bool implicit;
};

/* Entries by level, 1 to 4; [0] is not used. */
struct walk {
	u64 entry[WALK_LEVELS + 1];
};

/**
 * struct access_outcome - what has to happen
 * @fault:	#PF
 * @error:	its error code
 * @gpa:	what is reached if there is no fault
 * @end:	level of the last entry that is looked at
 * @access:	bits W and U that hold along the whole walk
 * @set:	A and D that get set, by level
 * @may:	A that may get set: of entries used in a walk that fails further
 *		down
 */
struct access_outcome {
	bool fault;
	u64 error;
	u64 gpa;
	int end;
	u64 access;
	struct walk set;
	struct walk may;
};

/* What the access must do if the processor sees these entries. */
void access_predict(const struct access_mode *mode,
		    const struct access_kind *kind, const struct walk *walk,
		    u64 gva, struct access_outcome *out);
/* The level at which a walk ends, well or not. */
int walk_end(const struct access_mode *mode, const struct walk *walk);

#endif /* SELFTESTS_ACCESS_MODEL_H */
