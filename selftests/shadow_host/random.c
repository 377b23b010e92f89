// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripts made at random from a seed.
 */
#include <linux/compiler.h>
#include <stdlib.h>

#include "host.h"
#include "script.h"

#define ADDRESS(page)	(gfn_of_page(page) << 12)
#define TABLE		(LULL_PTE_P | LULL_PTE_W | LULL_PTE_U)

static u64 state;
static unsigned int last_gva;

/* The fuzzer's choices, in place of random numbers. */
static struct {
	bool used;
	const u8 *next;
	size_t left;
} bytes;

/* splitmix64 */
static u64 rnd(void)
{
	u64 z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int next_byte(void)
{
	if (!bytes.left)
		return 0;
	bytes.left--;
	return *bytes.next++;
}

static unsigned int below(unsigned int n)
{
	if (!bytes.used)
		return rnd() % n;
	return (n > 256 ? next_byte() << 8 | next_byte() : next_byte()) % n;
}

static bool percent(unsigned int p)
{
	return below(100) < p;
}

/* Most pages are of the first region: tables are written, shared, reused. */
static unsigned int random_page(void)
{
	if (percent(70))
		return below(NR_POS);
	if (percent(70))
		return NR_POS + below(NR_POS);
	return below(NR_PAGES);
}

static u64 flag(u64 bits, unsigned int p)
{
	return percent(p) ? bits : 0;
}

/*
 * The tables a run begins with, and the entries that later stores prefer, so
 * that the world stays alive: two roots, 0 and 5, that share what is below.
 * Page 3 maps all tables, page 4 all data.
 */
static const struct {
	u8 page, pos, to;
	bool large;
} layout[] = {
	{ 0, 0, 1, false }, { 0, 7, 1, false },
	{ 5, 0, 1, false }, { 5, 7, 6, false },
	{ 1, 0, 2, false }, { 1, 7, 2, false },
	{ 6, 0, 2, false }, { 6, 7, 7, false },
	{ 2, 0, 3, false }, { 2, 1, 4, false },
	{ 2, 7, 0, true },
	{ 7, 0, 4, false }, { 7, 1, NR_POS, true },
	{ 7, 7, 3, false },
};

static u64 layout_entry(unsigned int page, unsigned int pos)
{
	unsigned int i;

	if (page == 3 || page == 4)
		return ADDRESS((page - 3) * NR_POS + pos);
	for (i = 0; i < ARRAY_SIZE(layout); i++) {
		if (layout[i].page == page && layout[i].pos == pos)
			return ADDRESS(layout[i].to) |
			       (layout[i].large ? LULL_PTE_PS : 0);
	}
	return ADDRESS(random_page());
}

static u64 wild_entry(void)
{
	u64 entry = ADDRESS(random_page());

	if (percent(4))
		return 0;
	if (percent(15))
		entry |= LULL_PTE_PS;
	/* A large page out of line has reserved bits set. */
	if (percent(85) && (entry & LULL_PTE_PS))
		entry &= ~0x1fe000ULL;
	if (percent(5))
		entry |= BIT_ULL(MAXPHYADDR + below(4));
	return entry;
}

/* Something to store at @pos of @page: upper tables are damaged less. */
static u64 random_entry(unsigned int page, unsigned int pos)
{
	bool upper = page < NR_POS && page != 3 && page != 4;
	u64 entry = percent(upper ? 88 : 75) ? layout_entry(page, pos) :
					       wild_entry();

	return entry | flag(LULL_PTE_P, upper ? 98 : 92) |
	       flag(LULL_PTE_W, upper ? 94 : 80) |
	       flag(LULL_PTE_U, upper ? 92 : 75) |
	       flag(LULL_PTE_NX, upper ? 3 : 10) |
	       flag(LULL_PTE_A, 65) | flag(LULL_PTE_D, 50);
}

/* What the layout maps at an address. */
static unsigned int page_at(unsigned int gva_nr)
{
	return (gva_nr / NR_POS % 3 == 1 ? NR_POS : 0) + gva_nr % NR_POS;
}

static struct race random_race(void)
{
	struct race race = {
		.kind = 1 + below(NR_RACES - 1),
		.countdown = 1 + below(16),
		.vcpu = below(MAX_VCPUS),
		.where = below(NR_GVAS),
		.pos = below(NR_POS),
	};

	race.val = random_entry(page_at(race.where), race.pos);
	return race;
}

/* Often the address, or one beside it, that was used last. */
static unsigned int random_gva(void)
{
	if (percent(35))
		return last_gva;
	last_gva = percent(25) ? last_gva / NR_POS * NR_POS + below(NR_POS) :
				 below(NR_GVAS);
	return last_gva;
}

static void set_args(struct op *op)
{
	op->arg[0] = below(MAX_VCPUS);
	switch (op->kind) {
	case OP_STORE:
	case OP_READ:
	case OP_TRANSLATE:
		op->arg[1] = random_gva();
		op->arg[2] = op->kind == OP_STORE ? SUP_WRITE :
						    below(NR_ACCESSES);
		if (op->kind == OP_STORE && percent(40))
			op->arg[2] = percent(50) ? USER_WRITE : AC_WRITE;
		op->arg[3] = below(NR_POS);
		op->arg[4] = random_entry(page_at(op->arg[1]), op->arg[3]);
		break;
	case OP_SET:
		op->arg[1] = random_page();
		op->arg[2] = below(NR_POS);
		op->arg[3] = random_entry(op->arg[1], op->arg[2]);
		break;
	case OP_CR3:
		op->arg[1] = percent(90) ? 5 * below(2) : random_page();
		break;
	case OP_SWITCH:
		op->arg[1] = below(LULL_NR_TARGETS);
		break;
	case OP_TARGETS:
		op->arg[1] = percent(80);
		break;
	case OP_DEBT:
		op->arg[1] = below(3);
		break;
	case OP_GUARD:
		op->arg[1] = percent(60);
		break;
	case OP_INVLPG:
		op->arg[1] = random_gva();
		break;
	case OP_MODE:
		op->arg[1] = percent(60) ? 3 : below(16);
		op->arg[1] |= flag(16, 30);
		break;
	case OP_POKE:
		op->arg[0] = random_page();
		op->arg[1] = below(NR_POS);
		op->arg[2] = random_entry(op->arg[0], op->arg[1]);
		break;
	case OP_SLOT:
		op->arg[0] = below(NR_REGIONS);
		op->arg[1] = percent(70);
		break;
	case OP_SHRINK:
		op->arg[0] = 1 + below(12);
		break;
	case OP_OUT:
		op->arg[0] = random_page();
		op->arg[1] = below(NR_POS);
		break;
	case OP_SHARE:
		op->arg[1] = random_page();
		fallthrough;
	default:
		op->arg[0] = random_page();
	}
}

/* How often each operation is made, of their sum. */
static const unsigned int weights[NR_OPS] = {
	[OP_STORE] = 250,
	[OP_READ] = 250,
	[OP_SET] = 180,
	[OP_CR3] = 90,
	[OP_SWITCH] = 120,
	[OP_TARGETS] = 8,
	[OP_GUARD] = 20,
	[OP_DEBT] = 30,
	[OP_INVLPG] = 100,
	[OP_MODE] = 30,
	[OP_TRANSLATE] = 15,
	[OP_POKE] = 10,
	[OP_SLOT] = 10,
	[OP_TAKE] = 6,
	[OP_OUT] = 9,
	[OP_GIVE] = 40,
	[OP_SHARE] = 10,
	[OP_ZAP] = 5,
	[OP_SHRINK] = 10,
};

static void random_op(struct op *op)
{
	unsigned int sum = 0, kind, n;

	for (kind = 0; kind < NR_OPS; kind++)
		sum += weights[kind];
	n = below(sum);
	for (kind = 0; n >= weights[kind]; kind++)
		n -= weights[kind];
	*op = (struct op){ .kind = kind };
	set_args(op);
	if (percent(1))
		op->nomem = 1 + below(12);
	if (percent(25))
		op->race = random_race();
}

static struct op poke(unsigned int page, unsigned int pos)
{
	return (struct op){
		.kind = OP_POKE,
		.arg = { page, pos, layout_entry(page, pos) | TABLE },
	};
}

static unsigned int first_tables(struct op *op)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(layout); i++)
		op[n++] = poke(layout[i].page, layout[i].pos);
	for (i = 0; i < NR_POS; i++) {
		op[n++] = poke(3, i);
		op[n++] = poke(4, i);
	}
	for (i = 0; i < MAX_VCPUS; i++)
		op[n++] = (struct op){ .kind = OP_MODE, .arg = { i, 3 } };
	return n;
}

static void begin_script(struct script *script, unsigned int nr)
{
	static const unsigned int caps[] = { 1, 6, 12, 24, 64 };

	last_gva = 0;
	script->op = calloc(nr + 64, sizeof(*script->op));
	if (!script->op)
		host_fail("out of memory");
	script->nr_vcpus = 1 + below(MAX_VCPUS);
	script->max_pages = caps[below(ARRAY_SIZE(caps))];
	script->targets = percent(70);
	script->nr = first_tables(script->op);
}

/**
 * script_from_bytes() - make a script by somebody's choices
 * @script:	receives it
 * @data:	the choices
 * @size:	their number
 */
void script_from_bytes(struct script *script, const u8 *data, size_t size)
{
	bytes.used = true;
	bytes.next = data;
	bytes.left = size;
	/* An operation takes two of them at least. */
	begin_script(script, 64 + size);
	while (bytes.left)
		random_op(&script->op[script->nr++]);
	bytes.used = false;
}

/**
 * script_random() - make a script
 * @script:	receives it
 * @seed:	the same seed makes the same script
 * @nr:		operations, besides those that set the world up
 */
void script_random(struct script *script, u64 seed, unsigned int nr)
{
	unsigned int n;

	state = seed;
	begin_script(script, nr);
	n = script->nr;
	while (n < nr) {
		/* Begin again now and then: some damage is for good. */
		if (percent(1))
			n += first_tables(&script->op[n]);
		else
			random_op(&script->op[n++]);
	}
	script->nr = n;
}
