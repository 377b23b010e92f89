/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to fuzz_guest.c and its parts. */
#ifndef SELFTESTS_FUZZ_GUEST_H
#define SELFTESTS_FUZZ_GUEST_H

#include "lib/arena.h"
#ifndef __ASSEMBLER__
#include "lib/fuzz.h"
#include "lib/types.h"
#endif

/*
 * Guest-physical addresses beside those of arena.h: its tables map what lies
 * from 4 MiB on to here.
 */
#define GUEST_READONLY	0x200000	/* a slot that guests cannot write */
#define GUEST_HOLE	0x280000	/* no slot */
#define GUEST_UNMAPPED	0x300000	/* a slot with nothing behind it */
#define GUEST_SHARED	0x1f0000	/* page for SET_SHARED_PAGE */
#define GUEST_CR3_TABLE	0x1f1000	/* for SET_CR3_TABLE, 64 bytes a vCPU */
#define GUEST_TABLES	ARENA_PLAY	/* random page tables */
#define NR_TABLES	24
#define GUEST_WALKER	0x9000		/* code of guest_walk.S */
#define GUEST_CODE	0xa000		/* random code, 4 KiB */
#define GUEST_POOL	0xb000		/* random entries for the walker */
#define GUEST_STACK_1	0xc000		/* of vCPU 1 */
#define GUEST_DATA	0x40000		/* what random tables map most */
#define NR_DATA		8
/* Guest-virtual: the second mapping of all memory, and what lies above it. */
#define LARGE_ALIAS	0x200000
#define HIGH_MEMORY	0x400000

#ifndef __ASSEMBLER__
/* What a round's guests are like. */
enum mode { MODE_BYTES, MODE_INSNS, MODE_PARA, MODE_TABLES, NR_MODES };

/* Random bytes, or random instructions, to @code. */
void make_bytes(struct fuzz_random *r, u8 *code, size_t size);
void make_insns(struct fuzz_random *r, u8 *code, size_t size, bool para);
/* A state that VM entry accepts, but for tables and the code at RIP. */
void make_state(struct fuzz_random *r, struct lull_sregs *sregs,
		struct lull_regs *regs);
void make_descriptors(struct fuzz_random *r);
/* Random tables, and the walker with its registers. */
void make_tables(struct fuzz_random *r);
void make_walker(struct fuzz_random *r, unsigned int vcpu,
		 struct lull_sregs *sregs, struct lull_regs *regs);
#endif

#endif /* SELFTESTS_FUZZ_GUEST_H */
