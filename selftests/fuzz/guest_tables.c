// SPDX-License-Identifier: GPL-2.0-only
/* Random page tables for the walker of guest_walk.S. */
#include <string.h>

#include "fuzz/guest.h"
#include "lib/layout.h"
#include "lib/paging.h"

#define GATE_INTERRUPT	0x8e00ULL
#define ERROR_CODES	0x60227d00	/* vectors that push one */
#define WALK_TURNS	300

extern const char walk_code[], walk_trap[], walk_trap_error[], walk_code_end[];

static u64 *words_at(u64 gpa)
{
	return (u64 *)(ARENA_HVA + gpa);
}

/* Where an entry points: most often to a table or to data. */
static u64 random_frame(struct fuzz_random *r)
{
	static const u64 regions[] = {
		ARENA_ROOT, 0x2000, 0x3000, ARENA_PT, GUEST_READONLY,
		GUEST_HOLE, GUEST_UNMAPPED, GUEST_WALKER, ARENA_STACK,
		0x3f000000, 0xffffff000, BIT_ULL(38), BIT_ULL(45), 0,
	};

	switch (fuzz_below(r, 8)) {
	case 0:
		return fuzz_pick(r, regions);
	case 1:
		return fuzz_value(r) & PTE_ADDR;
	case 2:
	case 3:
		return GUEST_DATA + fuzz_below(r, NR_DATA) * PAGE_SIZE;
	default:
		return GUEST_TABLES + fuzz_below(r, NR_TABLES) * PAGE_SIZE;
	}
}

static u64 random_entry(struct fuzz_random *r)
{
	u64 entry = random_frame(r) | (fuzz_random(r) & 0xf7f);

	if (!fuzz_one_in(r, 8))
		entry |= PTE_P;
	if (!fuzz_one_in(r, 3))
		entry |= PTE_W;
	if (fuzz_one_in(r, 8))
		entry |= PTE_PS;
	if (fuzz_one_in(r, 8))
		entry |= PTE_NX;
	if (fuzz_one_in(r, 32))
		entry |= fuzz_random(r) & 0x7ff0000000000000;
	return entry;
}

static void fill_table(struct fuzz_random *r, u64 *table)
{
	int i;

	for (i = 1; i < 8; i++)
		table[i] = random_entry(r);
	table[PT_ENTRIES - 1] = random_entry(r);
}

static void set_gates(void)
{
	u64 handler;
	int i;

	for (i = 0; i < 256; i++) {
		handler = GUEST_WALKER + (walk_trap - walk_code);
		if (i < 32 && ERROR_CODES >> i & 1)
			handler = GUEST_WALKER + (walk_trap_error - walk_code);
		words_at(ARENA_IDT)[2 * i] = handler | GUEST_KCODE << 16 |
					     GATE_INTERRUPT << 32;
	}
}

void make_tables(struct fuzz_random *r)
{
	u64 i;

	memcpy(words_at(GUEST_WALKER), walk_code, walk_code_end - walk_code);
	memset(words_at(GUEST_DATA), 0xcc, NR_DATA * PAGE_SIZE);
	for (i = 0; i < PT_ENTRIES; i++)
		words_at(GUEST_POOL)[i] = random_entry(r);
	for (i = 0; i < NR_TABLES; i++) {
		fill_table(r, words_at(GUEST_TABLES + i * PAGE_SIZE));
		/* As a root, each has the walker's own addresses. */
		*words_at(GUEST_TABLES + i * PAGE_SIZE) =
			*words_at(ARENA_ROOT);
	}
	fill_table(r, words_at(ARENA_ROOT));
	set_gates();
}

void make_walker(struct fuzz_random *r, unsigned int vcpu,
		 struct lull_sregs *sregs, struct lull_regs *regs)
{
	arena_sregs(sregs);
	arena_regs(regs);
	if (vcpu)
		regs->gpr[LULL_RSP] = GUEST_STACK_1 + PAGE_SIZE - 8;
	/* A table of its own; now and then a new one, with nothing in it. */
	regs->gpr[LULL_R12] = GUEST_CR3_TABLE + 64 * vcpu +
			      fuzz_one_in(r, 4);
	/* At times it goes round a few roots and leaves them alone. */
	if (fuzz_one_in(r, 2)) {
		regs->gpr[LULL_R9] = 3;
		regs->gpr[LULL_R10] = 0;
		regs->gpr[LULL_R11] = 63;
	} else {
		regs->gpr[LULL_R9] = 15;
		regs->gpr[LULL_R10] = 31;
		regs->gpr[LULL_R11] = 1;
	}
	regs->gpr[LULL_R13] = regs->gpr[LULL_RSP];
	regs->gpr[LULL_R14] = 1 + fuzz_below(r, WALK_TURNS);
	regs->gpr[LULL_R15] = fuzz_random(r);
	regs->rip = GUEST_WALKER;
}
