// SPDX-License-Identifier: GPL-2.0-only
/* Runs in guests and on the bare machine: nothing of libc. */
#include "oracle/cases.h"
#include "lib/guest.h"
#include "lib/x86.h"

#define MAX_WALKS	12288
#define ALL_RIGHTS	(PTE_P | PTE_W | PTE_U)
#define ALL_SET		(ALL_RIGHTS | PTE_A | PTE_D)
#define BEYOND		BIT_ULL(51)

#define CPUID_NX	BIT_ULL(20)	/* 0x80000001, EDX */
#define CPUID_GB_PAGES	BIT_ULL(26)
#define CPUID_PGE	BIT_ULL(13)	/* 1, EDX */
#define CPUID_SMEP	BIT_ULL(7)	/* 7, EBX */
#define CPUID_SMAP	BIT_ULL(20)

enum {
	MODE_WP = 1, MODE_NXE = 2, MODE_PGE = 4, MODE_SMEP = 8, MODE_SMAP = 16,
	NR_MODES = 32,
};

const struct kind kinds[MAX_KINDS] = {
	{ { }, false, "supervisor read" },
	{ { .write = true }, false, "supervisor write" },
	{ { .fetch = true }, false, "supervisor fetch" },
	{ { .user = true }, true, "user read" },
	{ { .user = true, .write = true }, true, "user write" },
	{ { .user = true, .fetch = true }, true, "user fetch" },
	{ { .ac = true }, false, "supervisor read with AC" },
	{ { .write = true, .ac = true }, false, "supervisor write with AC" },
	{ { .implicit = true }, false, "implicit read at CPL 0" },
	{ { .implicit = true }, true, "implicit read at CPL 3" },
	{ { .implicit = true, .ac = true }, false,
	  "implicit read at CPL 0 with AC" },
	{ { .implicit = true, .ac = true }, true,
	  "implicit read at CPL 3 with AC" },
};

const struct kind *const touch = &kinds[7];

static struct walk walks[MAX_WALKS];	/* without addresses */
static unsigned int nr_walks;
static unsigned int modes[NR_MODES], nr_modes;
static unsigned int nr_kinds = MAX_KINDS;
static struct access_mode has;

static u64 rights(unsigned int bits)
{
	return (bits & 1 ? PTE_W : 0) | (bits & 2 ? PTE_U : 0) |
	       (bits & 4 ? PTE_NX : 0);
}

static void add_walk(const struct walk *walk)
{
	GUEST_ASSERT(nr_walks < MAX_WALKS);
	walks[nr_walks++] = *walk;
}

/* All rights at all levels that a page of this level's size has. */
static void add_rights(int bottom)
{
	struct walk walk = { };
	unsigned int bits;
	int level;

	for (level = 1; level < bottom; level++)
		walk.entry[level] = ALL_RIGHTS;
	for (bits = 0; bits < 1U << 3 * (WALK_LEVELS + 1 - bottom); bits++) {
		for (level = bottom; level <= WALK_LEVELS; level++)
			walk.entry[level] = PTE_P |
				rights(bits >> (3 * (level - bottom)) & 7);
		if (bottom > 1)
			walk.entry[bottom] |= PTE_PS;
		add_walk(&walk);
	}
}

/* This is the last entry of a walk; below it all would be allowed. */
static void add_bottom(struct walk *walk, int level, u64 state)
{
	unsigned int bits;

	for (bits = 0; bits < 8; bits++) {
		walk->entry[level] = state | rights(bits);
		add_walk(walk);
	}
	walk->entry[level] = ALL_SET;
}

/* P, A, D, PS and what is reserved, from this level down. */
static void add_states(struct walk *walk, int level)
{
	static const u64 bits[] = { 0, PTE_A, PTE_D, PTE_A | PTE_D };
	unsigned int i;

	add_bottom(walk, level, 0);
	add_bottom(walk, level, PTE_A | PTE_D | PTE_PS | BEYOND);
	add_bottom(walk, level, PTE_P | BEYOND);
	if (level == 2 || level == 3)
		add_bottom(walk, level, PTE_P | PTE_PS | BIT_ULL(13));
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		add_bottom(walk, level, PTE_P | PTE_PS | bits[i]);
		if (level == 1) {
			add_bottom(walk, level, PTE_P | bits[i]);
			continue;
		}
		walk->entry[level] = ALL_RIGHTS | bits[i];
		add_states(walk, level - 1);
		walk->entry[level] = ALL_SET;
	}
}

static void find_features(void)
{
	u32 width = cpuid(0x80000008, 0).eax & 0xff;
	u32 extended = cpuid(0x80000001, 0).edx;
	u32 leaf7 = cpuid(0, 0).eax >= 7 ? cpuid(7, 0).ebx : 0;

	has.wp = true;
	has.nxe = extended & CPUID_NX;
	has.pge = cpuid(1, 0).edx & CPUID_PGE;
	has.smep = leaf7 & CPUID_SMEP;
	has.smap = leaf7 & CPUID_SMAP;
	has.gb_pages = extended & CPUID_GB_PAGES;
	has.beyond = PTE_ADDR & ~(BIT_ULL(width) - 1);
}

void case_mode(unsigned int mode, struct access_mode *out)
{
	out->wp = mode & MODE_WP;
	out->nxe = mode & MODE_NXE;
	out->pge = mode & MODE_PGE;
	out->smep = mode & MODE_SMEP;
	out->smap = mode & MODE_SMAP;
	out->gb_pages = has.gb_pages;
	out->beyond = has.beyond;
}

void cases_init(void)
{
	struct walk walk = { };
	struct access_mode now;
	unsigned int mode;
	int level;

	find_features();
	for (mode = 0; mode < NR_MODES; mode++) {
		case_mode(mode, &now);
		if (now.nxe <= has.nxe && now.pge <= has.pge &&
		    now.smep <= has.smep && now.smap <= has.smap)
			modes[nr_modes++] = mode;
	}
	for (level = 1; level <= WALK_LEVELS; level++)
		walk.entry[level] = ALL_SET;
	add_rights(1);
	add_rights(2);
	add_rights(3);
	add_states(&walk, WALK_LEVELS);
}

void cases_leave_out_ac(void)
{
	nr_kinds = MAX_KINDS - NR_AC_KINDS;
}

bool cases_smap(void)
{
	return has.smap;
}

unsigned int nr_of_kinds(void)
{
	return nr_kinds;
}

u64 cases_per_mode(void)
{
	return (u64)nr_walks * nr_kinds;
}

u64 nr_cases(void)
{
	return nr_modes * cases_per_mode();
}

unsigned int nr_of_walks(void)
{
	return nr_walks;
}

unsigned int nr_of_modes(void)
{
	return nr_modes;
}

const struct walk *case_walk(const struct oracle_case *c)
{
	return &walks[c->walk];
}

void case_decode(u64 number, struct oracle_case *c)
{
	/* any mixture of the digits will do: bits of a golden ratio */
	u64 mixed = number * 0x9e3779b97f4a7c15ULL;

	c->number = number;
	c->mode = modes[number / cases_per_mode()];
	c->walk = number % cases_per_mode() / nr_kinds;
	c->kind = number % nr_kinds;
	c->again = (mixed >> 48) % nr_kinds;
	c->appear = mixed >> 32 & 0xffff;
}
