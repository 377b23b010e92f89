// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every access to memory against an oracle: rights and states of the entries
 * at all four levels, control bits, kinds of access, and whether the entries
 * changed with a flush, without one, or from not present.
 *
 * Guards against: a page fault that is missing, invented, or has a wrong error
 * code or CR2; an access that reaches the wrong frame; A and D bits lost,
 * invented, or set in the wrong entry; rights that outlive a flush.
 *
 * A case is a number, and its digits say what it is (decode()).  The default
 * is a sample: numbers a stride apart.  --all takes all, --cases N about so
 * many, --case N just that one.
 *
 * The guest does its accesses, foretells them (lib/access_model.h) and
 * compares; it says something only when the control bits change.
 */
#include <kselftest.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/access_model.h"
#include "lib/paging.h"
#include "lib/util.h"

#define DEFAULT_CASES	16000
#define MAX_WALKS	16384
#define NR_REPORTS	10
#define STUCK_SECONDS	2

/* Page A is what a case maps, B what was there before; no tables near. */
#define PAGE_A		0x405000ULL
#define PAGE_B		0x809000ULL
/* Its offsets are those of page A, for pages of 4 KiB, 2 MiB and 1 GiB. */
#define TEST_GVA	(0x123440000000ULL + PAGE_A)
/* What is in a page: data, and code that returns the page's number. */
#define AT_DATA		0
#define AT_KCODE	64
#define AT_UCODE	128

#define ALL_RIGHTS	(PTE_P | PTE_W | PTE_U)
#define BEYOND		BIT_ULL(51)

enum when {
	AFTER,		/* other entries, flush, access */
	BEFORE,		/* other entries, access: old or new */
	APPEAR,		/* one entry from not present, no flush */
	NR_WHEN,
};

enum {
	MODE_WP = 1, MODE_NXE = 2, MODE_PGE = 4, MODE_SMEP = 8, MODE_SMAP = 16,
	NR_MODES = 32,
};

static const struct access_kind kinds[] = {
	{ },
	{ .write = true },
	{ .fetch = true },
	{ .user = true },
	{ .user = true, .write = true },
	{ .user = true, .fetch = true },
	{ .ac = true },
	{ .write = true, .ac = true },
};

#define NR_KINDS	((u64)ARRAY_SIZE(kinds))
#define TOUCH		(&kinds[7])	/* done to entries with all rights */

/* A case, its digits from the slowest to the fastest. */
struct access_case {
	u64 number;
	unsigned int mode;
	unsigned int walk;
	enum when when;
	unsigned int kind;
	unsigned int again;	/* kind of the next access; not a digit */
};

/* One access as it went. */
struct seen {
	bool fault;
	u64 vector;
	u64 error;
	u64 cr2;
	u64 value;	/* written, or read, or which page's code it was */
	struct walk walk;
};

struct report {
	struct access_case c;
	unsigned int which;	/* access of the case */
	struct access_kind kind;
	struct walk before;
	struct seen seen;
	struct access_outcome want;
};

/* What the guest is to do, and what it found: in the image both share. */
static struct walk walks[MAX_WALKS];	/* without addresses */
static unsigned int nr_walks;
static struct walk frames;		/* where a walk's entries point */
static struct walk at;			/* where they are */
static u64 user_code;
static unsigned int modes[NR_MODES], nr_modes;
static u64 first, stride, end, current;
static struct access_mode now;
static u64 cases[NR_WHEN], accesses[NR_WHEN], faults[NR_WHEN];
static u64 mismatches[NR_WHEN], left_out;
static struct report reports[NR_REPORTS];
static unsigned int nr_reports;

/*
 * User code for the three kinds of access: the address is in RDI, and the
 * value to write is in RSP, so that no stack is needed.
 */
enum { UCODE_READ = 0, UCODE_WRITE = 8, UCODE_FETCH = 16 };

static const u8 ucode[] = {
	[UCODE_READ] = 0x48, 0x8b, 0x07,	/* MOV (%RDI), %RAX */
	0xcd, USER_RETURN_VECTOR,
	[UCODE_WRITE] = 0x48, 0x89, 0x27,	/* MOV %RSP, (%RDI) */
	0xcd, USER_RETURN_VECTOR,
	[UCODE_FETCH] = 0xff, 0xe7,		/* JMP *%RDI */
};

struct op {
	const struct access_kind *kind;
	u64 gva;
	u64 value;
};

static void set_ac(bool ac)
{
	u64 flags = read_flags() & ~FLAGS_AC;

	if (ac)
		flags |= FLAGS_AC;
	asm volatile("push %0\n\tpopf" : : "r" (flags) : "memory", "cc");
}

static void supervisor_op(void *arg)
{
	struct op *op = arg;
	u64 value = op->value;

	set_ac(op->kind->ac);
	if (op->kind->fetch)
		asm volatile("call *%1" : "=a" (value) : "r" (op->gva)
			     : "memory");
	else if (op->kind->write)
		store64(op->gva, value);
	else
		value = load64(op->gva);
	set_ac(false);
	op->value = value;
}

static void user_op(void *arg)
{
	const struct op *op = arg;
	u64 rip = user_code + UCODE_READ;

	if (op->kind->fetch)
		rip = user_code + UCODE_FETCH;
	else if (op->kind->write)
		rip = user_code + UCODE_WRITE;
	guest_enter_user(rip, op->gva, op->value);
}

static u64 gva_of(const struct access_kind *kind)
{
	if (!kind->fetch)
		return TEST_GVA + AT_DATA;
	return TEST_GVA + (kind->user ? AT_UCODE : AT_KCODE);
}

static void read_walk(struct walk *walk)
{
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		walk->entry[level] = load64(at.entry[level]);
}

/* Write what differs: each write may be a fault of the shadow's. */
static void write_walk(const struct walk *walk)
{
	int level;

	for (level = WALK_LEVELS; level; level--) {
		if (load64(at.entry[level]) != walk->entry[level])
			store64(at.entry[level], walk->entry[level]);
	}
}

/* Do it; its value, if any, is one that was never written before. */
static void do_access(const struct access_kind *kind, struct seen *seen)
{
	static u64 stamp = 1000;
	struct op op = { kind, gva_of(kind), ++stamp };
	struct caught caught;

	if (!kind->user) {
		seen->fault = guest_catch(supervisor_op, &op, &caught);
	} else {
		guest_catch(user_op, &op, &caught);
		seen->fault = !user_returned(&caught);
		if (!kind->write)
			op.value = caught.trap.gpr[TRAP_RAX];
	}
	seen->value = op.value;
	if (seen->fault) {
		seen->vector = caught.trap.vector;
		seen->error = caught.trap.error;
		seen->cr2 = caught.cr2;
	}
	read_walk(&seen->walk);
}

/* Is what was read, written or executed at @gpa? */
static bool reached(const struct access_kind *kind, u64 gpa, u64 value)
{
	if (kind->fetch)	/* the operand of MOV $page, %EAX */
		return (u32)load64(gpa + 1) == (u32)value;
	return load64(gpa) == value;
}

static bool agrees(const struct access_kind *kind,
		   const struct access_outcome *want, const struct walk *before,
		   const struct seen *seen)
{
	int level;

	if (seen->fault != want->fault)
		return false;
	if (want->fault && (seen->vector != VEC_PF ||
			    seen->error != want->error ||
			    seen->cr2 != gva_of(kind)))
		return false;
	for (level = 1; level <= WALK_LEVELS; level++) {
		u64 must = before->entry[level] | want->set.entry[level];

		if ((seen->walk.entry[level] ^ must) & ~want->may.entry[level])
			return false;
	}
	return want->fault || reached(kind, want->gpa, seen->value);
}

/*
 * Foretell the access if the processor still has the @stale topmost entries
 * of @old, which then get no bits set.
 */
static void predict_stale(const struct access_kind *kind,
			  const struct walk *before, const struct walk *old,
			  int stale, struct access_outcome *want)
{
	struct walk mixed;
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		mixed.entry[level] = level > WALK_LEVELS - stale ?
			old->entry[level] : before->entry[level];
	access_predict(&now, kind, &mixed, gva_of(kind), want);
	for (level = WALK_LEVELS; level > WALK_LEVELS - stale; level--) {
		want->set.entry[level] = 0;
		want->may.entry[level] = 0;
	}
}

static void note_mismatch(const struct access_case *c, unsigned int which,
			  const struct access_kind *kind,
			  const struct walk *before, const struct seen *seen)
{
	struct report *report;

	mismatches[c->when]++;
	if (nr_reports == NR_REPORTS)
		return;
	report = &reports[nr_reports++];
	report->c = *c;
	report->which = which;
	report->kind = *kind;
	report->before = *before;
	report->seen = *seen;
	access_predict(&now, kind, before, gva_of(kind), &report->want);
}

/* @old: entries that may still be cached, or NULL. */
static void check_access(const struct access_case *c, unsigned int which,
			 const struct access_kind *kind, const struct walk *old)
{
	int stale, max_stale = old ? WALK_LEVELS : 0;
	struct access_outcome want;
	struct walk before;
	struct seen seen;

	read_walk(&before);
	do_access(kind, &seen);
	accesses[c->when]++;
	faults[c->when] += seen.fault;
	for (stale = 0; stale <= max_stale; stale++) {
		predict_stale(kind, &before, old, stale, &want);
		if (agrees(kind, &want, &before, &seen))
			return;
	}
	note_mismatch(c, which, kind, &before, &seen);
}

/* All entries are global, which without CR4.PGE means nothing. */
static void flush(void)
{
	if (now.pge)
		invlpg(TEST_GVA);
	else
		write_cr3(read_cr3());
}

static void case_walk(const struct access_case *c, struct walk *walk)
{
	int level, bottom = walk_end(&now, &walks[c->walk]);

	for (level = 1; level <= WALK_LEVELS; level++) {
		u64 bits = walks[c->walk].entry[level];
		u64 frame = frames.entry[level];

		if (level > 1 && (bits & PTE_PS))
			frame = PAGE_A & ~(BIT_ULL(12 + 9 * (level - 1)) - 1);
		walk->entry[level] = bits | frame |
				     (level == bottom ? PTE_G : 0);
	}
}

static void open_walk(struct walk *walk)
{
	int level;

	for (level = 2; level <= WALK_LEVELS; level++)
		walk->entry[level] = frames.entry[level] | ALL_RIGHTS | PTE_A;
	walk->entry[1] = PAGE_B | ALL_RIGHTS | PTE_A | PTE_D | PTE_G;
}

/*
 * All is in place but one entry, at a level that depends on the case; the
 * access fails, and with the entry it must not.
 */
static void let_appear(const struct access_case *c, struct walk *walk)
{
	int bottom = walk_end(&now, walk);
	int level = bottom + (c->number >> 3) % (WALK_LEVELS + 1 - bottom);
	u64 entry = walk->entry[level];

	walk->entry[level] = 0;
	write_walk(walk);
	flush();
	check_access(c, 0, &kinds[c->kind], NULL);
	store64(at.entry[level], entry);
	walk->entry[level] = entry;
}

/*
 * The open point of shadow/DESIGN.rst, "CR0.WP clear": with SMAP, after a
 * supervisor's write to a read-only user page, its reads and writes with AC
 * clear are not refused.
 */
static bool is_open_point(const struct walk *walk,
			  const struct access_kind *one,
			  const struct access_kind *two)
{
	struct access_outcome out;

	if (!now.smap || now.wp || one->user || !one->write)
		return false;
	if (two->user || two->fetch || two->ac)
		return false;
	access_predict(&now, one, walk, gva_of(one), &out);
	return !out.fault && (out.access & PTE_U) && !(out.access & PTE_W);
}

/* An access after another one to the same page, unless that is left out. */
static void check_second(const struct access_case *c, unsigned int which,
			 const struct walk *walk, const struct access_kind *one,
			 const struct access_kind *two, const struct walk *old)
{
	if (is_open_point(walk, one, two))
		left_out++;
	else
		check_access(c, which, two, old);
}

static void run_case(const struct access_case *c)
{
	const struct access_kind *one = &kinds[c->kind];
	const struct access_kind *two = &kinds[c->again];
	struct walk open, walk, *old = NULL;

	case_walk(c, &walk);
	cases[c->when]++;
	if (c->when == APPEAR) {
		let_appear(c, &walk);
	} else {
		open_walk(&open);
		write_walk(&open);
		flush();
		check_access(c, 0, TOUCH, NULL);
		write_walk(&walk);
		if (c->when == AFTER)
			flush();
		else
			old = &open;
	}
	check_access(c, 1, one, old);
	check_second(c, 2, &walk, one, two, old);
	if (c->when != AFTER)
		return;
	/* the same frame and rights, and only A and D go back */
	write_walk(&walk);
	flush();
	check_second(c, 3, &walk, two, one, NULL);
}

static u64 nr_cases(void)
{
	return (u64)nr_modes * nr_walks * NR_WHEN * NR_KINDS;
}

static void decode(u64 number, struct access_case *c)
{
	u64 rest = number;

	c->number = number;
	c->kind = rest % NR_KINDS;
	rest /= NR_KINDS;
	c->when = rest % NR_WHEN;
	rest /= NR_WHEN;
	c->walk = rest % nr_walks;
	c->mode = modes[rest / nr_walks];
	/* any mixture of the digits will do: these bits of a golden ratio */
	c->again = (number * 0x9e3779b97f4a7c15ULL >> 60) % NR_KINDS;
}

static void enter_mode(unsigned int mode)
{
	now.wp = mode & MODE_WP;
	now.nxe = mode & MODE_NXE;
	now.pge = mode & MODE_PGE;
	now.smep = mode & MODE_SMEP;
	now.smap = mode & MODE_SMAP;
	write_cr0((read_cr0() & ~CR0_WP) | (now.wp ? CR0_WP : 0));
	write_cr4((read_cr4() & ~(CR4_PGE | CR4_SMEP | CR4_SMAP)) |
		  (now.pge ? CR4_PGE : 0) | (now.smep ? CR4_SMEP : 0) |
		  (now.smap ? CR4_SMAP : 0));
	wrmsr(MSR_EFER, (rdmsr(MSR_EFER) & ~EFER_NX) |
	      (now.nxe ? EFER_NX : 0));
}

static void guest_oracle(void *arg)
{
	struct access_case c;
	int mode = -1;
	u64 number;

	for (number = first; number < end; number += stride) {
		store64((u64)&current, number);
		decode(number, &c);
		if (mode != (int)c.mode) {
			mode = c.mode;
			enter_mode(mode);
			GUEST_SYNC(mode);
		}
		run_case(&c);
	}
}

/* Before all else, since the cases depend on it. */
static void guest_features(void *arg)
{
	u32 width = cpuid(0x80000008, 0).eax & 0xff;
	u32 extended = cpuid(0x80000001, 0).edx;
	u32 leaf7 = cpuid(0, 0).eax >= 7 ? cpuid(7, 0).ebx : 0;
	unsigned int mode, lacks = 0;

	now.gb_pages = extended & 1U << 26;
	now.beyond = PTE_ADDR & ~(BIT_ULL(width) - 1);
	lacks |= extended & 1U << 20 ? 0 : MODE_NXE;
	lacks |= cpuid(1, 0).edx & 1U << 13 ? 0 : MODE_PGE;
	lacks |= leaf7 & 1U << 7 ? 0 : MODE_SMEP;
	lacks |= leaf7 & 1U << 20 ? 0 : MODE_SMAP;
	for (mode = 0; mode < NR_MODES; mode++) {
		if (!(mode & lacks))
			modes[nr_modes++] = mode;
	}
}

static u64 rights(unsigned int bits)
{
	return (bits & 1 ? PTE_W : 0) | (bits & 2 ? PTE_U : 0) |
	       (bits & 4 ? PTE_NX : 0);
}

static void add_walk(const struct walk *walk)
{
	CHECK(nr_walks < MAX_WALKS);
	walks[nr_walks++] = *walk;
}

/* W, U and NX at all levels, for pages of 4 KiB and 2 MiB. */
static void add_rights(void)
{
	struct walk walk = { };
	unsigned int bits, level;

	for (bits = 0; bits < 1U << 12; bits++) {
		for (level = 1; level <= WALK_LEVELS; level++)
			walk.entry[level] = PTE_P |
				rights(bits >> (3 * (level - 1)) & 7);
		add_walk(&walk);
	}
	for (bits = 0; bits < 1U << 9; bits++) {
		for (level = 2; level <= WALK_LEVELS; level++)
			walk.entry[level] = PTE_P |
				rights(bits >> (3 * (level - 2)) & 7);
		walk.entry[1] = ALL_RIGHTS;
		walk.entry[2] |= PTE_PS;
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
	walk->entry[level] = ALL_RIGHTS | PTE_A | PTE_D;
}

/* P, A, D, PS and what is reserved, from this level down. */
static void add_states(struct walk *walk, int level)
{
	static const u64 bits[] = { 0, PTE_A, PTE_D, PTE_A | PTE_D };
	unsigned int i;

	add_bottom(walk, level, 0);
	add_bottom(walk, level, PTE_A | PTE_D | PTE_PS | BEYOND);
	add_bottom(walk, level, PTE_P | BEYOND);
	if (level == 2)
		add_bottom(walk, level, PTE_P | PTE_PS | BIT_ULL(13));
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		add_bottom(walk, level, PTE_P | PTE_PS | bits[i]);
		if (level == 1) {
			add_bottom(walk, level, PTE_P | bits[i]);
			continue;
		}
		walk->entry[level] = ALL_RIGHTS | bits[i];
		add_states(walk, level - 1);
		walk->entry[level] = ALL_RIGHTS | PTE_A | PTE_D;
	}
}

static void make_walks(void)
{
	struct walk walk = { };
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		walk.entry[level] = ALL_RIGHTS | PTE_A | PTE_D;
	add_rights();
	add_states(&walk, WALK_LEVELS);
}

static void fill_page(struct test_vm *vm, u64 gpa, u32 number)
{
	u8 *page = vm_ptr(vm, gpa);

	memcpy(page + AT_DATA, &number, 4);
	page[AT_KCODE] = 0xb8;		/* MOV $number, %EAX; RET */
	memcpy(page + AT_KCODE + 1, &number, 4);
	page[AT_KCODE + 5] = 0xc3;
	page[AT_UCODE] = 0xb8;		/* the same; INT $0x80 */
	memcpy(page + AT_UCODE + 1, &number, 4);
	page[AT_UCODE + 5] = 0xcd;
	page[AT_UCODE + 6] = USER_RETURN_VECTOR;
}

static void make_memory(struct test_vm *vm)
{
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		at.entry[level] = pt_entry(vm, vm->cr3, TEST_GVA, level);
	frames.entry[1] = PAGE_A;
	for (level = 2; level <= WALK_LEVELS; level++)
		frames.entry[level] = at.entry[level - 1] & PAGE_MASK;
	fill_page(vm, PAGE_A, 0xa);
	fill_page(vm, PAGE_B, 0xb);
	user_code = vm_alloc(vm, PAGE_SIZE);
	memcpy(vm_ptr(vm, user_code), ucode, sizeof(ucode));
	pt_map(vm, vm->cr3, user_code, user_code, PTE_USER);
	/* the kernel's half of the image is a kernel's: SMEP and SMAP */
	pt_map_image(vm, vm->cr3, PTE_RW);
	CHECK(vm->ram_next < (PAGE_A & ~(LARGE_SIZE - 1)));
}

static void print_walk(const char *what, const struct walk *walk)
{
	ksft_print_msg("  %s: PML4E 0x%llx PDPTE 0x%llx PDE 0x%llx PTE 0x%llx\n",
		       what, walk->entry[4], walk->entry[3], walk->entry[2],
		       walk->entry[1]);
}

static void print_outcome(const char *what, bool fault, u64 error, u64 rest)
{
	if (fault)
		ksft_print_msg("  %s: fault, error 0x%llx, CR2 0x%llx\n", what,
			       error, rest);
	else
		ksft_print_msg("  %s: no fault, 0x%llx\n", what, rest);
}

static void print_report(const struct report *r)
{
	static const char * const when[] = { "flush", "no flush", "appear" };

	ksft_print_msg("case %llu, access %u (%s): %s %s%s\n", r->c.number,
		       r->which, when[r->c.when],
		       r->kind.user ? "user" : "supervisor",
		       r->kind.write ? "write" :
		       r->kind.fetch ? "fetch" : "read",
		       r->kind.ac ? " with AC" : "");
	ksft_print_msg("  WP %d NXE %d PGE %d SMEP %d SMAP %d\n",
		       !!(r->c.mode & MODE_WP), !!(r->c.mode & MODE_NXE),
		       !!(r->c.mode & MODE_PGE), !!(r->c.mode & MODE_SMEP),
		       !!(r->c.mode & MODE_SMAP));
	print_walk("before", &r->before);
	print_walk("after", &r->seen.walk);
	print_outcome("seen", r->seen.fault, r->seen.error,
		      r->seen.fault ? r->seen.cr2 : r->seen.value);
	print_outcome("wanted", r->want.fault, r->want.error,
		      r->want.fault ? gva_of(&r->kind) : r->want.gpa);
}

static void print_results(u64 us)
{
	static const char * const names[] = {
		"after a flush", "before a flush", "from not present",
	};
	unsigned int i;

	for (i = 0; i < nr_reports; i++)
		print_report(&reports[i]);
	ksft_print_msg("%llu cases in all, one in %llu taken; %u modes, %u walks; %llu ms\n",
		       nr_cases(), stride, nr_modes, nr_walks, us / 1000);
	ksft_print_msg("accesses left out (CR0.WP clear with SMAP): %llu\n",
		       left_out);
	for (i = 0; i < NR_WHEN; i++) {
		ksft_print_msg("%s: cases %llu, accesses %llu, faults %llu, mismatches %llu\n",
			       names[i], cases[i], accesses[i], faults[i],
			       mismatches[i]);
		ksft_test_result(!mismatches[i], "%s\n", names[i]);
	}
}

static u64 common_divisor(u64 a, u64 b)
{
	while (b) {
		u64 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Prime to the number of cases: no value of a digit is always passed over. */
static u64 stride_for(u64 wanted)
{
	u64 step = nr_cases() / wanted;

	if (step < 2)
		return 1;
	while (common_divisor(nr_cases(), step) > 1)
		step++;
	return step;
}

static void choose_cases(int argc, char **argv)
{
	u64 number = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;

	end = nr_cases();
	if (argc == 1) {
		stride = stride_for(DEFAULT_CASES);
	} else if (!strcmp(argv[1], "--all") && argc == 2) {
		stride = 1;
	} else if (!strcmp(argv[1], "--cases") && argc == 3 && number) {
		stride = stride_for(number);
	} else if (!strcmp(argv[1], "--case") && argc == 3 && number < end) {
		first = number;
		end = number + 1;
		stride = 1;
	} else {
		ksft_exit_fail_msg("pt_access [--all | --cases N | --case N], N below %llu\n",
				   nr_cases());
	}
}

/* An access that faults without end is a mismatch too. */
static void watch(int sig)
{
	static u64 last = ~0ULL;
	u64 number = load64((u64)&current);

	if (number == last)
		test_fail("case %llu does not end", number);
	last = number;
	alarm(STUCK_SECONDS);
}

int main(int argc, char **argv)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	bool sound = true;
	u64 begin;

	ksft_print_header();
	ksft_set_plan(NR_WHEN + 1);
	signal(SIGALRM, watch);
	alarm(STUCK_SECONDS);
	run_guest(guest_features, NULL);
	make_walks();
	choose_cases(argc, argv);
	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_oracle, NULL);
	make_memory(&vm);
	begin = now_us();
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC)
		sound &= !audit_vms();
	alarm(0);
	sound &= !audit_vms();
	print_results(now_us() - begin);
	ksft_test_result(sound, "the audit finds no violation\n");
	vcpu_check_stats(&vcpu);
	if (ksft_get_fail_cnt())
		ksft_exit_fail();
	ksft_exit_pass();
}
