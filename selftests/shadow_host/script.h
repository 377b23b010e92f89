/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test run as data: a list of operations that can be made at random,
 * printed, read back and shortened.
 */
#ifndef LULL_HOST_SCRIPT_H
#define LULL_HOST_SCRIPT_H

#include <stdio.h>

#include "world.h"

enum op_kind {
	OP_STORE,	/* vcpu gva access pos value */
	OP_READ,	/* vcpu gva access: read or fetch */
	OP_SET,		/* vcpu page pos value: a store by any address */
	OP_CR3,		/* vcpu page */
	OP_SWITCH,	/* vcpu slot: CR3 from the table of targets */
	OP_TARGETS,	/* vcpu on */
	OP_GUARD,	/* vcpu on */
	OP_DEBT,	/* vcpu tables: part of a sync, without a flush event */
	OP_INVLPG,	/* vcpu gva */
	OP_MODE,	/* vcpu bits: WP, NXE, SMEP, SMAP, no paging */
	OP_TRANSLATE,	/* vcpu gva access */
	OP_POKE,	/* page pos value: the launcher writes, then zaps */
	OP_SLOT,	/* region present */
	OP_TAKE,	/* page: a notifier range begins */
	OP_OUT,		/* page how: the host takes it: world_out() */
	OP_GIVE,	/* all of them end */
	OP_SHARE,	/* page other: the host merges two pages */
	OP_ZAP,		/* everything */
	OP_SHRINK,	/* nr: the host is short of memory */
	NR_OPS,
};

#define MAX_ARGS	5

/**
 * struct op - one operation
 * @kind:	what
 * @arg:	as the comments of enum op_kind say; the value last
 * @nomem:	which allocation fails, 0 none
 * @race:	what happens beside it
 */
struct op {
	enum op_kind kind;
	u64 arg[MAX_ARGS];
	unsigned int nomem;
	struct race race;
};

/**
 * struct script - one run
 * @nr_vcpus:	vCPUs
 * @max_pages:	cap of shadow pages
 * @targets:	vCPUs may have targets
 * @nr:		operations
 * @op:		the operations
 */
struct script {
	unsigned int nr_vcpus;
	unsigned int max_pages;
	unsigned int targets;
	unsigned int nr;
	struct op *op;
};

void script_random(struct script *script, u64 seed, unsigned int nr);
void script_from_bytes(struct script *script, const u8 *data, size_t size);
void script_run(const struct script *script, unsigned int *step);
void script_print(FILE *to, const struct script *script);
void script_read(FILE *from, struct script *script);
void script_free(struct script *script);

#endif /* LULL_HOST_SCRIPT_H */
