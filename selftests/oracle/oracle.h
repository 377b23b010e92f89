/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The access oracle: every access to memory is done, foretold by
 * lib/access_model.c, and compared.  It is a guest program, and knows of
 * nothing but the processor: selftests/pt_access.c runs it on Lull by its
 * ioctls, oracle/main.c is the same as a Multiboot image.
 */
#ifndef SELFTESTS_ORACLE_H
#define SELFTESTS_ORACLE_H

#include "oracle/cases.h"

/*
 * Memory that is the oracle's, mapped to itself for the supervisor, but the
 * page of user code, which is everyone's.  All else that the program needs is
 * mapped below PML4 entry 1, for the supervisor.
 */
#define ORACLE_LARGE	0x800000ULL	/* what a PDE with PS maps */
#define ORACLE_SMALL	0xa00000ULL	/* what PTEs map: a page for each slot */
#define ORACLE_OLD	0xb00000ULL	/* what was there before */
#define ORACLE_TABLES	0xc00000ULL	/* the four tables, the root last */
#define ORACLE_USER	0xe00000ULL	/* a page of user code */
#define ORACLE_END	0xe01000ULL
/* Cases that are done together: each has a slot of its own in each table. */
#define BATCH		240
/* Where 1 GiB pages are, the memory that they reach. */
#define ORACLE_END_GB	((BATCH + 1) * 2 * MIB)

enum when { AFTER, BEFORE, APPEAR, TAKEN_BACK, NR_WHEN };

/**
 * struct tally - what was counted
 * @cases:	the product's members
 * @accesses:	compared with the oracle
 * @faults:	of those
 * @mismatches:	of those
 */
struct tally {
	u64 cases;
	u64 accesses;
	u64 faults;
	u64 mismatches;
};

/**
 * struct oracle - what to do and what came of it
 * @words:	in: the options, see oracle_usage
 * @ram:	in: bytes of memory
 * @smap_wp_open: from the words: leave out what shadow/DESIGN.rst, "CR0.WP clear", leaves
 *		open: with SMAP, after a supervisor's write to a read-only user
 *		page, its reads and writes with AC clear are not refused
 * @targets:	from the words: flush by CR3 targets where the VMM has listed the
 *		tables
 * @guard:	from the words: begin the idle guard before each access, which
 *		then ends it and must be as without.  Both are flush events.
 * @mode_done:	in: called after each combination of control bits
 * @put:	in: prints text in the guest, or NULL: reports are kept
 * @error:	out: why nothing was done, or NULL
 * @first:	out: numbers of the first case
 * @end:	out: and of the one after the last
 * @stride:	out: from one to the next
 * @how:	out: what takes turns, if the words ask for it, or -1
 * @heeds_ac:	out: see cases_leave_out_ac()
 * @current:	out: the case that is under way
 * @tally:	out: by enum when
 * @left_out:	out: accesses, by @smap_wp_open
 * @listed:	out: loads of a CR3 target, with @targets
 */
struct oracle {
	const char *words;
	u64 ram;
	bool smap_wp_open;
	bool targets;
	bool guard;
	void (*mode_done)(struct oracle *o, unsigned int mode);
	const char *error;
	u64 first;
	u64 end;
	u64 stride;
	int how;
	bool heeds_ac;
	u64 current;
	struct tally tally[NR_WHEN];
	u64 left_out;
	u64 listed;
};

extern const char oracle_usage[];

/* In the guest. */
void oracle_run(struct oracle *o);
/* The options, from the words: false with @error set. */
bool oracle_options(struct oracle *o);

/* Begin with what the words ask the VMM for: @error is set if it has it not. */
void oracle_use_vmm(struct oracle *o);
/* Load the tables that are loaded once more, by a CR3 target if they are one. */
void oracle_reload(struct oracle *o);
/* The same until they are one, if they are to be. */
void oracle_flush_by_cr3(struct oracle *o);

/* What happened at an access, or has to. */
struct seen {
	bool fault;
	u64 vector;
	u64 error;
	u64 cr2;
	u64 value;	/* written, or read, or which page's code it was */
	struct walk walk;
};

#define NR_REPORTS	10

/**
 * struct report - one mismatch
 * @c:		the case
 * @when:	and which part of it
 * @which:	access of the part, from 0
 * @how:	what takes turns from batch to batch
 * @kind:	the access
 * @gva:	its address
 * @before:	entries when it was done
 * @seen:	what happened
 * @want:	what has to
 */
struct report {
	struct oracle_case c;
	enum when when;
	unsigned int which;
	int how;
	const struct kind *kind;
	u64 gva;
	struct walk before;
	struct seen seen;
	struct access_outcome want;
};

extern struct report oracle_reports[NR_REPORTS];
extern unsigned int nr_oracle_reports;

/* Print what came of it: all lines begin with "# ". */
void oracle_print(const struct oracle *o, void (*put)(const char *text));
u64 oracle_mismatches(const struct oracle *o);

#endif /* SELFTESTS_ORACLE_H */
