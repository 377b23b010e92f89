// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases by the batch.  Each has a slot, the same in all four tables, so that
 * the entries of its walk are its own; the tables are written for all, and
 * flushed for all, before the accesses.
 *
 * Runs in guests and on the bare machine: nothing of libc.
 */
#include "lib/guest.h"
#include "oracle/access.h"
#include "oracle/oracle.h"

#define ALL_RIGHTS	(PTE_P | PTE_W | PTE_U)

#define NR_HOW		(4 * NR_FLUSHES)

enum flush_by { BY_CR3, BY_INVLPG, BY_PGE, NR_FLUSHES };

struct item {
	struct oracle_case c;
	unsigned int slot;
	struct walk walk;	/* that the case is about */
	struct walk open;	/* that was there before */
	bool no_second;
};

struct batch {
	struct item items[BATCH];
	unsigned int nr;
	enum flush_by by;
	bool global;		/* G in all leaves */
	bool appear;		/* the third part: do_appear(), do_taken_back() */
};

struct report oracle_reports[NR_REPORTS];
unsigned int nr_oracle_reports;

static struct oracle *oracle;
static struct access_mode now;
static struct batch batch;

static u64 table_of(int level)
{
	return ORACLE_TABLES + (level - 1) * PAGE_SIZE;
}

static u64 *entry_of(unsigned int slot, int level)
{
	return (u64 *)table_of(level) + slot;
}

static void read_walk(unsigned int slot, struct walk *walk)
{
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		walk->entry[level] = load64((u64)entry_of(slot, level));
}

static void write_walk(unsigned int slot, const struct walk *walk)
{
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		store64((u64)entry_of(slot, level), walk->entry[level]);
}

static void write_walks(void)
{
	unsigned int i;

	for (i = 0; i < batch.nr; i++)
		write_walk(batch.items[i].slot, &batch.items[i].walk);
}

static void flush_by_pge(void)
{
	u64 cr4 = read_cr4();

	write_cr4(cr4 ^ CR4_PGE);
	write_cr4(cr4);
}

static void flush(void)
{
	unsigned int i;

	switch (batch.by) {
	case BY_INVLPG:
		for (i = 0; i < batch.nr; i++)
			invlpg(slot_gva(batch.items[i].slot));
		break;
	case BY_PGE:
		flush_by_pge();
		break;
	default:
		oracle_flush_by_cr3(oracle);
	}
}

/* What an entry at @level that maps a page, or is a table's, points to. */
static u64 frame_of(unsigned int slot, int level, u64 bits)
{
	if (level == 1)
		return ORACLE_SMALL + slot * PAGE_SIZE;
	if (!(bits & PTE_PS))
		return table_of(level - 1);
	return level == 2 ? ORACLE_LARGE : 0;
}

static void make_item(struct item *item, unsigned int slot, u64 number)
{
	u64 global = batch.global ? PTE_G : 0;
	int level, end;

	case_decode(number, &item->c);
	item->slot = slot;
	end = walk_end(&now, case_walk(&item->c));
	for (level = 1; level <= WALK_LEVELS; level++) {
		u64 bits = case_walk(&item->c)->entry[level];

		item->walk.entry[level] = bits | frame_of(slot, level, bits) |
					  (level == end ? global : 0);
		item->open.entry[level] = frame_of(slot, level, 0) |
					  ALL_RIGHTS | PTE_A;
	}
	item->open.entry[1] = (ORACLE_OLD + slot * PAGE_SIZE) | ALL_RIGHTS |
			      PTE_A | PTE_D | global;
}

static bool agrees(const struct kind *kind, const struct access_outcome *want,
		   const struct walk *before, const struct seen *seen, u64 gva)
{
	int level;

	if (seen->fault != want->fault)
		return false;
	if (want->fault && (seen->vector != VEC_PF ||
			    seen->error != want->error || seen->cr2 != gva))
		return false;
	for (level = 1; level <= WALK_LEVELS; level++) {
		u64 must = before->entry[level] | want->set.entry[level];

		if ((seen->walk.entry[level] ^ must) & ~want->may.entry[level])
			return false;
	}
	return want->fault || access_reached(kind, want->gpa, seen->value);
}

/*
 * Foretell the access if the processor still has the @stale topmost entries
 * of @old, which then get no bits set.
 */
static void predict(const struct kind *kind, const struct walk *before,
		    const struct walk *old, int stale, u64 gva,
		    struct access_outcome *want)
{
	struct walk mixed = *before;
	int level;

	for (level = WALK_LEVELS; level > WALK_LEVELS - stale; level--)
		mixed.entry[level] = old->entry[level];
	access_predict(&now, &kind->access, &mixed, gva, want);
	for (level = WALK_LEVELS; level > WALK_LEVELS - stale; level--) {
		want->set.entry[level] = 0;
		want->may.entry[level] = 0;
	}
}

/* What is being done; for the reports. */
struct step {
	const struct item *item;
	enum when when;
	unsigned int which;
	const struct walk *old;	/* entries that may be cached, or NULL */
	bool tlb_only;		/* not by parts: it was cached as a whole */
};

static void note_mismatch(const struct step *step, const struct kind *kind,
			  const struct walk *before, const struct seen *seen,
			  u64 gva)
{
	struct report *report;

	oracle->tally[step->when].mismatches++;
	if (nr_oracle_reports == NR_REPORTS)
		return;
	report = &oracle_reports[nr_oracle_reports++];
	report->c = step->item->c;
	report->when = step->when;
	report->which = step->which;
	report->how = batch.by + NR_FLUSHES * (batch.global + 2 * batch.appear);
	report->kind = kind;
	report->gva = gva;
	report->before = *before;
	report->seen = *seen;
	access_predict(&now, &kind->access, before, gva, &report->want);
}

static void check_access(const struct step *step, const struct kind *kind)
{
	struct tally *tally = &oracle->tally[step->when];
	unsigned int slot = step->item->slot;
	u64 gva = access_gva(kind, slot);
	int stale, most = step->old ? WALK_LEVELS : 0;
	struct access_outcome want;
	struct walk before;
	struct seen seen;

	oracle->current = step->item->c.number;
	read_walk(slot, &before);
	if (oracle->guard)
		GUEST_ASSERT(!vmcall(LULL_HC_IDLE_GUARD, 1, 0));
	access_do(kind, slot, &seen);
	read_walk(slot, &seen.walk);
	tally->accesses++;
	tally->faults += seen.fault;
	for (stale = 0; stale <= most; stale++) {
		if (step->tlb_only && stale && stale < most)
			continue;
		predict(kind, &before, step->old, stale, gva, &want);
		if (agrees(kind, &want, &before, &seen, gva))
			return;
	}
	note_mismatch(step, kind, &before, &seen, gva);
}

/* A write by the supervisor that only CR0.WP allows, then a read or write. */
static bool is_open_pair(const struct item *item, const struct kind *one,
			 const struct kind *two)
{
	struct access_outcome out;

	if (one->access.user || !one->access.write || two->access.user ||
	    two->access.fetch || (two->access.ac && !two->access.implicit))
		return false;
	access_predict(&now, &one->access, &item->walk, 0, &out);
	return !out.fault && (out.access & PTE_U) && !(out.access & PTE_W);
}

static bool leave_out(const struct item *item)
{
	const struct kind *one = &kinds[item->c.kind];
	const struct kind *two = &kinds[item->c.again];

	return oracle->smap_wp_open && now.smap && !now.wp &&
	       (is_open_pair(item, one, two) || is_open_pair(item, two, one));
}

/* Other entries were used; now these, without a flush. */
static void do_before(void)
{
	/* what may go on without a flush may do so after this one, too */
	bool keeps_global = batch.global && now.pge && batch.by == BY_INVLPG;
	unsigned int i;

	for (i = 0; i < batch.nr; i++)
		write_walk(batch.items[i].slot, &batch.items[i].open);
	flush();
	for (i = 0; i < batch.nr; i++) {
		struct step step = { &batch.items[i], BEFORE, 0 };

		check_access(&step, touch);
	}
	write_walks();
	if (keeps_global)
		oracle_reload(oracle);
	for (i = 0; i < batch.nr; i++) {
		struct item *item = &batch.items[i];
		struct step step = {
			item, BEFORE, 1, &item->open, keeps_global,
		};

		check_access(&step, &kinds[item->c.kind]);
	}
}

/* After a flush, and then a second access. */
static void do_after(void)
{
	unsigned int i;

	write_walks();
	flush();
	for (i = 0; i < batch.nr; i++) {
		struct item *item = &batch.items[i];
		struct step step = { item, AFTER, 0 };

		check_access(&step, &kinds[item->c.kind]);
		step.which++;
		if (item->no_second)
			oracle->left_out++;
		else
			check_access(&step, &kinds[item->c.again]);
	}
}

/* Of entries that were used, only A and D change back. */
static void do_taken_back(void)
{
	unsigned int i;

	write_walks();
	flush();
	for (i = 0; i < batch.nr; i++) {
		struct step step = { &batch.items[i], TAKEN_BACK, 0 };

		check_access(&step, &kinds[batch.items[i].c.kind]);
	}
}

/* The entry that is missing first. */
static int missing_level(const struct item *item)
{
	int end = walk_end(&now, &item->walk);

	return end + item->c.appear % (WALK_LEVELS + 1 - end);
}

/* All is in place but one entry, which appears: that needs no flush. */
static void do_appear(void)
{
	unsigned int i;

	write_walks();
	for (i = 0; i < batch.nr; i++) {
		struct item *item = &batch.items[i];

		store64((u64)entry_of(item->slot, missing_level(item)), 0);
	}
	flush();
	for (i = 0; i < batch.nr; i++) {
		struct step step = { &batch.items[i], APPEAR, 0 };

		check_access(&step, &kinds[batch.items[i].c.kind]);
	}
	for (i = 0; i < batch.nr; i++) {
		struct item *item = &batch.items[i];
		int level = missing_level(item);

		store64((u64)entry_of(item->slot, level),
			item->walk.entry[level]);
	}
	for (i = 0; i < batch.nr; i++) {
		struct step step = { &batch.items[i], APPEAR, 1 };

		check_access(&step, &kinds[batch.items[i].c.kind]);
	}
}

static void set_mode(const struct access_mode *mode)
{
	now = *mode;
	write_cr0((read_cr0() & ~CR0_WP) | (now.wp ? CR0_WP : 0));
	write_cr4((read_cr4() & ~(CR4_PGE | CR4_SMEP | CR4_SMAP)) |
		  (now.pge ? CR4_PGE : 0) | (now.smep ? CR4_SMEP : 0) |
		  (now.smap ? CR4_SMAP : 0));
	wrmsr(MSR_EFER, (rdmsr(MSR_EFER) & ~EFER_NX) |
	      (now.nxe ? EFER_NX : 0));
}

/* What takes turns; MOV to CR3 keeps global pages, so that is not it. */
static void choose_how(u64 number)
{
	int how = oracle->how;

	if (how < 0)
		how = number / BATCH % NR_HOW;
	batch.by = how % NR_FLUSHES;
	batch.global = how / NR_FLUSHES % 2;
	batch.appear = how / (2 * NR_FLUSHES);
	if (batch.by == BY_CR3 && batch.global && now.pge)
		batch.by = BY_INVLPG;
}

/* Take cases of one mode, from @number on; the number that is next. */
static u64 fill_batch(u64 number)
{
	u64 end = (number / cases_per_mode() + 1) * cases_per_mode();

	if (end > oracle->end)
		end = oracle->end;
	choose_how(number);
	for (batch.nr = 0; batch.nr < BATCH && number < end; batch.nr++) {
		struct item *item = &batch.items[batch.nr];

		make_item(item, batch.nr + 1, number);
		item->no_second = leave_out(item);
		number += oracle->stride;
	}
	return number;
}

static void run_batch(void)
{
	enum when third = batch.appear ? APPEAR : TAKEN_BACK;

	oracle->tally[BEFORE].cases += batch.nr;
	oracle->tally[AFTER].cases += batch.nr;
	oracle->tally[third].cases += batch.nr;
	do_before();
	do_after();
	if (batch.appear)
		do_appear();
	else
		do_taken_back();
	/* the next batch has other entries in the same slots */
	if (batch.global && now.pge)
		flush_by_pge();
}

/* The root is the first's, whose entry 0 maps the program itself. */
static void make_tables(void)
{
	u64 at, root = read_cr3() & PTE_ADDR;

	for (at = ORACLE_TABLES; at < ORACLE_TABLES + 4 * PAGE_SIZE; at += 8)
		store64(at, 0);
	store64(table_of(WALK_LEVELS), load64(root));
	write_cr3(table_of(WALK_LEVELS));
}

/* All cases of the mode that this one has; the number that is next. */
static u64 run_mode(u64 number)
{
	struct access_mode bits;
	struct oracle_case c;
	unsigned int mode;

	case_decode(number, &c);
	mode = c.mode;
	case_mode(mode, &bits);
	set_mode(&bits);
	while (number < oracle->end) {
		case_decode(number, &c);
		if (c.mode != mode)
			break;
		number = fill_batch(number);
		run_batch();
	}
	oracle->mode_done(oracle, mode);
	return number;
}

/* Does RFLAGS.AC let an implicit access to a user page through? */
static bool heeds_ac(void)
{
	const struct kind *kind = &kinds[MAX_KINDS - 1];
	struct access_mode bits = now;
	struct seen seen;
	int level;

	bits.smap = true;
	set_mode(&bits);
	for (level = 1; level <= WALK_LEVELS; level++)
		store64((u64)entry_of(1, level), frame_of(1, level, 0) |
			ALL_RIGHTS);
	write_cr3(read_cr3());
	access_do(touch, 1, &seen);
	GUEST_ASSERT(!seen.fault);
	access_do(kind, 1, &seen);
	return !seen.fault;
}

void oracle_run(struct oracle *o)
{
	u64 number;

	oracle = o;
	cases_init();
	case_mode(0, &now);
	if (o->ram < (now.gb_pages ? ORACLE_END_GB : ORACLE_END)) {
		o->error = "too little memory";
		return;
	}
	access_init(now.gb_pages);
	make_tables();
	o->heeds_ac = cases_smap() && heeds_ac();
	if (o->heeds_ac || !cases_smap())
		cases_leave_out_ac();
	if (!oracle_options(o))
		return;
	oracle_use_vmm(o);
	if (o->error)
		return;
	for (number = o->first; number < o->end;)
		number = run_mode(number);
}
