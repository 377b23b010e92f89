// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running, printing and reading scripts.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "reach.h"
#include "script.h"

/* More translations than this in the reference's caches slow a run down. */
#define MAX_CACHED	3000

struct op_info {
	const char *name;
	unsigned int nr_args;
	void (*run)(const struct op *op);
};

static struct vcpu *vcpu_of(const struct op *op)
{
	return &world.vcpus[op->arg[0] % world.nr_vcpus];
}

static void run_store(const struct op *op)
{
	cpu_access(vcpu_of(op), op->arg[1] % NR_GVAS, op->arg[2] % NR_ACCESSES,
		   op->arg[3] % NR_POS, op->arg[4]);
}

static void run_read(const struct op *op)
{
	cpu_access(vcpu_of(op), op->arg[1] % NR_GVAS, op->arg[2] % NR_ACCESSES,
		   0, 0);
}

/* Find an address that maps the page and may be written now. */
static void run_set(const struct op *op)
{
	struct vcpu *vcpu = vcpu_of(op);
	unsigned int page = op->arg[1] % NR_PAGES;
	unsigned int i, nr;

	for (i = 0; i < NR_GVAS; i++) {
		struct arch_result result;

		nr = (i + op->arg[3]) % NR_GVAS;
		arch_access(vcpu->cr3, &vcpu->sh.mode, MAXPHYADDR,
			    cpu_gva(vcpu, nr), AC_WRITE, &result);
		if (!result.fault && result.gpa >> 12 == gfn_of_page(page)) {
			cpu_access(vcpu, nr, AC_WRITE, op->arg[2] % NR_POS,
				   op->arg[3]);
			return;
		}
	}
}

static void run_cr3(const struct op *op)
{
	bool zap = op->race.kind == RACE_ZAP;

	world.acting = vcpu_of(op);
	world.address = op->race.where % NR_GVAS;
	cpu_load_cr3(vcpu_of(op), gfn_of_page(op->arg[1] % NR_PAGES) << 12,
		     zap && op->race.countdown == 1);
}

static void run_switch(const struct op *op)
{
	world.acting = vcpu_of(op);
	world.address = op->race.where % NR_GVAS;
	cpu_switch(vcpu_of(op), op->arg[1] % LULL_NR_TARGETS);
}

static void run_targets(const struct op *op)
{
	cpu_set_targets(vcpu_of(op), op->arg[1] & 1);
}

static void run_guard(const struct op *op)
{
	world.acting = vcpu_of(op);
	world.address = op->race.where % NR_GVAS;
	cpu_guard(vcpu_of(op), op->arg[1] & 1);
}

static void run_debt(const struct op *op)
{
	world.acting = vcpu_of(op);
	world.address = op->race.where % NR_GVAS;
	cpu_pay_debt(vcpu_of(op), 1 + op->arg[1] % 3);
}

static void run_invlpg(const struct op *op)
{
	struct vcpu *vcpu = vcpu_of(op);
	unsigned int nr = op->arg[1] % NR_GVAS;

	cpu_prepare(vcpu);
	if (world.race.kind == RACE_ZAP)
		lull_mmu_zap_all(&world.mmu);
	reach(REACH_INVLPG);
	world.acting = vcpu;
	world.address = nr;
	if (!vcpu->sh.mode.unpaged)
		wcache_invlpg(&vcpu->arch, nr, ARCH_LARGE, cpu_read_arch, vcpu);
	cpu_exit(vcpu);
	if (!lull_shadow_try_invlpg(&vcpu->sh, cpu_gva(vcpu, nr)))
		lull_shadow_invlpg(&vcpu->sh, cpu_gva(vcpu, nr));
	cpu_enter(vcpu);
}

static bool has_target(const struct vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		if (!list_empty(&vcpu->sh.targets.slot[i].link))
			return true;
	}
	return false;
}

static void run_mode(const struct op *op)
{
	struct vcpu *vcpu = vcpu_of(op);
	const struct lull_paging_mode mode = {
		.wp = op->arg[1] & 1,
		.nxe = op->arg[1] & 2,
		.smep = op->arg[1] & 4,
		.smap = op->arg[1] & 8,
		.unpaged = op->arg[1] & 16,
	};

	reach(mode.unpaged ? REACH_UNPAGED : REACH_MODE);
	cpu_prepare(vcpu);
	cpu_exit(vcpu);
	if (has_target(vcpu) && memcmp(&vcpu->sh.mode, &mode, sizeof(mode)))
		reach(REACH_DELIST_MODE);
	lull_shadow_set_mode(&vcpu->sh, &mode);
	if (mode.unpaged)
		vcpu->guarded = false;
	wcache_clear(&vcpu->hw);
	cpu_arch_flush(vcpu);
	/* A reload that fails is made up for before the next entry. */
	if (!lull_shadow_reload(&vcpu->sh))
		cpu_set_root(vcpu);
	cpu_enter(vcpu);
}

static void run_translate(const struct op *op)
{
	cpu_translate(vcpu_of(op), op->arg[1] % NR_GVAS,
		      op->arg[2] % NR_ACCESSES);
}

static void run_poke(const struct op *op)
{
	lull_mmu_zap_all(&world.mmu);
	world_store(op->arg[0] % NR_PAGES, op->arg[1] % NR_POS, op->arg[2]);
}

static void run_slot(const struct op *op)
{
	unsigned int region = op->arg[0] % NR_REGIONS, page;

	/* A range of the notifier ends before its slot goes. */
	for (page = region * NR_POS; page < (region + 1) * NR_POS; page++)
		world_move_end(page);
	world_set_slot(region, op->arg[1] & 1);
}

static void run_take(const struct op *op)
{
	world_move_begin(op->arg[0] % NR_PAGES);
}

static void run_out(const struct op *op)
{
	world_out(op->arg[0] % NR_PAGES, op->arg[1]);
}

static void run_give(const struct op *op)
{
	unsigned int page;

	for (page = 0; page < NR_PAGES; page++)
		world_move_end(page);
}

static void run_share(const struct op *op)
{
	unsigned int page = op->arg[0] % NR_PAGES;
	unsigned int other = op->arg[1] % NR_PAGES;

	if (world.pages[page].going || world.pages[other].going)
		return;
	world_move_begin(page);
	world_move_begin(other);
	world_move_end(page);
	world_move_end(other);
	world.pages[other].hfn = world.pages[page].hfn;
	world.pages[page].shared = true;
	world.pages[other].shared = true;
}

static void run_zap(const struct op *op)
{
	lull_mmu_zap_all(&world.mmu);
}

static void run_shrink(const struct op *op)
{
	unsigned long shrunk = world.mmu.stats.shrunk;
	unsigned long nr = op->arg[0], had = world.mmu.nr_pages, freed;

	freed = lull_mmu_shrink(&world.mmu, nr);
	if (freed)
		reach(REACH_SHRINK);
	/* Between two parts other vCPUs may make pages. */
	if (freed > nr ||
	    (nr <= LULL_SHRINK_PART && world.mmu.nr_pages != had - freed) ||
	    world.mmu.stats.shrunk != shrunk + freed)
		host_fail("%lu of %lu shadow pages freed, %u left", freed, had,
			  world.mmu.nr_pages);
}

static const struct op_info ops[NR_OPS] = {
	[OP_STORE] = { "store", 5, run_store },
	[OP_READ] = { "read", 3, run_read },
	[OP_SET] = { "set", 4, run_set },
	[OP_CR3] = { "cr3", 2, run_cr3 },
	[OP_SWITCH] = { "switch", 2, run_switch },
	[OP_TARGETS] = { "targets", 2, run_targets },
	[OP_GUARD] = { "guard", 2, run_guard },
	[OP_DEBT] = { "debt", 2, run_debt },
	[OP_INVLPG] = { "invlpg", 2, run_invlpg },
	[OP_MODE] = { "mode", 2, run_mode },
	[OP_TRANSLATE] = { "translate", 3, run_translate },
	[OP_POKE] = { "poke", 3, run_poke },
	[OP_SLOT] = { "slot", 2, run_slot },
	[OP_TAKE] = { "take", 1, run_take },
	[OP_OUT] = { "out", 2, run_out },
	[OP_GIVE] = { "give", 0, run_give },
	[OP_SHARE] = { "share", 2, run_share },
	[OP_ZAP] = { "zap", 0, run_zap },
	[OP_SHRINK] = { "shrink", 1, run_shrink },
};

/* Shadow pages may exceed the cap only by what one fault needs and roots. */
static void check_cap(void)
{
	unsigned int most = world.mmu.max_pages;

	if (most < LULL_ROOT_LEVEL + (2 + LULL_NR_TARGETS) * MAX_VCPUS)
		most = LULL_ROOT_LEVEL + (2 + LULL_NR_TARGETS) * MAX_VCPUS;
	if (world.mmu.nr_pages > most)
		host_fail("%u shadow pages, cap %u", world.mmu.nr_pages,
			  world.mmu.max_pages);
}

static gfn_t checked_gfn;

/* An SPTE in the rmap of checked_gfn: does it map something else? */
static unsigned int maps_other(u64 *spte)
{
	struct lull_sp *sp = spte_sp(spte);
	unsigned int idx = spte_index(spte);

	return !*spte || sp->role.level != 1 || !test_bit(idx, sp->present) ||
	       leaf_gfn(sp, idx) != checked_gfn;
}

/* What a page that goes holds may change: nothing relies on it. */
static void check_going(void)
{
	struct lull_sp *sp;
	int page;

	list_for_each_entry(sp, &world.mmu.pages, link) {
		page = page_of_gfn(sp->gfn);
		if (page >= 0 && world.pages[page].going && !sp->role.direct &&
		    !sp->unsync && bitmap_weight(sp->present, LULL_PT_ENTRIES))
			host_fail("page %d goes, its level %d shadow is in sync",
				  page, sp->role.level);
	}
}

static void check_all(void)
{
	unsigned int i;
	int bad;

	for (i = 0; i < NR_PAGES; i++) {
		if (world.pages[i].refs)
			host_fail("page %u was not put", i);
		checked_gfn = gfn_of_page(i);
		if (lull_rmap_for_each(&world.pages[i].rmap, maps_other))
			host_fail("page %u: its rmap has another's SPTE", i);
	}
	check_cap();
	check_going();
	cpu_check_targets();
	cpu_check_all();
	spin_lock(&world.mmu.lock);
	world.auditing = true;
	bad = lull_mmu_audit(&world.mmu);
	world.auditing = false;
	if (world.mmu.flush)
		host_fail("a flush was forgotten");
	spin_unlock(&world.mmu.lock);
	if (bad)
		host_fail("audit: %d violations", bad);
}

/* Why roots leave the list of targets, by the operation that makes them. */
static void reach_delisted(enum op_kind kind)
{
	switch (kind) {
	case OP_STORE:
	case OP_SET:
		reach(REACH_DELIST_WRITE);
		break;
	case OP_TAKE:
	case OP_OUT:
	case OP_SHARE:
		reach(REACH_DELIST_NOTIFIER);
		break;
	case OP_POKE:
	case OP_SLOT:
	case OP_ZAP:
		reach(REACH_DELIST_ZAP);
		break;
	case OP_SHRINK:
		reach(REACH_DELIST_RECLAIM);
		break;
	default:
		break;
	}
}

static void run_op(const struct op *op)
{
	u64 delisted = world.mmu.stats.delisted;
	unsigned int i;

	world.race = op->race;
	world.raced = false;
	world.acting = NULL;
	host_fail_allocation(op->nomem);
	ops[op->kind].run(op);
	host_fail_allocation(0);
	world.race.kind = RACE_NONE;
	if (world.mmu.stats.delisted != delisted)
		reach_delisted(op->kind);
	for (i = 0; i < world.nr_vcpus; i++) {
		if (wcache_size(&world.vcpus[i].arch) > MAX_CACHED)
			cpu_load_cr3(&world.vcpus[i],
				     world.vcpus[i].cr3, false);
	}
}

/**
 * script_run() - run a script, checking everything after each step
 * @script:	the script
 * @step:	tells which step is being run
 */
void script_run(const struct script *script, unsigned int *step)
{
	unsigned int i;

	world_create(script->nr_vcpus, script->max_pages, script->targets);
	for (i = 0; i < script->nr; i++) {
		/* Whoever looks does it after we have died. */
		WRITE_ONCE(*step, i);
		run_op(&script->op[i]);
		check_all();
		reach_look();
	}
	for (i = 0; i < NR_PAGES; i++)
		world_move_end(i);
	world_destroy();
}

static const char *const race_names[NR_RACES] = {
	[RACE_STORE] = "store",
	[RACE_SWITCH] = "switch",
	[RACE_ENTRY] = "entry",
	[RACE_ACT] = "act",
	[RACE_MOVE] = "move",
	[RACE_OUT] = "out",
	[RACE_ZAP] = "zap",
	[RACE_SHRINK] = "shrink",
};

static void print_op(FILE *to, const struct op *op)
{
	unsigned int i;

	fprintf(to, "%s", ops[op->kind].name);
	for (i = 0; i < ops[op->kind].nr_args; i++)
		fprintf(to, " %#llx", (unsigned long long)op->arg[i]);
	if (op->nomem)
		fprintf(to, " nomem %u", op->nomem);
	if (op->race.kind)
		fprintf(to, " race %s %u %u %u %u %#llx",
			race_names[op->race.kind], op->race.countdown,
			op->race.vcpu, op->race.where, op->race.pos,
			(unsigned long long)op->race.val);
	fputc('\n', to);
}

/**
 * script_print() - print a script so that script_read() reads it
 * @to:		where to
 * @script:	the script
 */
void script_print(FILE *to, const struct script *script)
{
	unsigned int i;

	fprintf(to, "vcpus %u cap %u targets %u\n", script->nr_vcpus,
		script->max_pages, script->targets);
	for (i = 0; i < script->nr; i++)
		print_op(to, &script->op[i]);
}

static u64 number(void)
{
	char *word = strtok(NULL, "\n ");

	return word ? strtoull(word, NULL, 0) : 0;
}

static void read_race(struct race *race)
{
	const char *name = strtok(NULL, "\n ");
	unsigned int kind;

	for (kind = 1; kind < NR_RACES; kind++) {
		if (name && !strcmp(name, race_names[kind]))
			race->kind = kind;
	}
	race->countdown = number();
	race->vcpu = number();
	race->where = number();
	race->pos = number();
	race->val = number();
}

static bool read_op(char *line, struct op *op)
{
	char *word = strtok(line, "\n ");
	unsigned int i;

	memset(op, 0, sizeof(*op));
	for (op->kind = 0; op->kind < NR_OPS; op->kind++) {
		if (word && !strcmp(word, ops[op->kind].name))
			break;
	}
	if (op->kind == NR_OPS)
		return false;
	for (i = 0; i < ops[op->kind].nr_args; i++)
		op->arg[i] = number();
	while ((word = strtok(NULL, "\n "))) {
		if (!strcmp(word, "nomem"))
			op->nomem = number();
		else if (!strcmp(word, "race"))
			read_race(&op->race);
	}
	return true;
}

/**
 * script_read() - read what script_print() wrote
 * @from:	where from; lines that start with # are skipped
 * @script:	receives it
 */
void script_read(FILE *from, struct script *script)
{
	char line[256];
	struct op op;

	memset(script, 0, sizeof(*script));
	while (fgets(line, sizeof(line), from)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "vcpus %u cap %u targets %u",
			   &script->nr_vcpus, &script->max_pages,
			   &script->targets) >= 2)
			continue;
		if (!read_op(line, &op))
			host_fail("cannot read the line: %s", line);
		script->op = reallocarray(script->op, script->nr + 1,
					  sizeof(op));
		if (!script->op)
			host_fail("out of memory");
		script->op[script->nr++] = op;
	}
	if (!script->nr_vcpus || script->nr_vcpus > MAX_VCPUS)
		host_fail("no line 'vcpus N cap N targets N' with N from 1 to %d",
			  MAX_VCPUS);
}

/**
 * script_free() - free the operations
 * @script:	the script
 */
void script_free(struct script *script)
{
	free(script->op);
	script->op = NULL;
	script->nr = 0;
}
