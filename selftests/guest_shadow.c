// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest may do with page tables, and what it must then see: the shadow
 * is only a TLB, and a TLB that forgets what the architecture says it forgets.
 *
 * Guards against: a translation that outlives INVLPG, a CR3 load or a change
 * of control bits; a write to a table at any level that goes unseen; A and D
 * bits lost or invented; tables shared, recursive, recycled, or too many for
 * the cap; large pages whose pieces disagree.
 *
 * The guest changes its tables itself: they lie in RAM, which it has mapped
 * one to one.
 */
#include <kselftest_harness.h>

#include "lib/paging.h"
#include "lib/util.h"

#define TEST_GVA	0x123456789000ULL
#define OTHER_GVA	0x323456789000ULL	/* shares no table with it */
#define NR_PAGES	16
#define NR_ROOTS	24
#define ROUNDS		20

/* All guest-physical, so that the guest can use them as pointers. */
static u64 pages[NR_PAGES];	/* each begins with its number plus 100 */
static u64 entry[PT_LEVELS + 1], other[PT_LEVELS + 1];
static u64 roots[NR_ROOTS];
static u64 spare[8];		/* empty frames */

static struct test_vm vm;
static struct test_vcpu vcpu;

static void prepare(u32 shadow_pages)
{
	int i;

	vm_create_with(&vm, 0, shadow_pages);
	for (i = 0; i < NR_PAGES; i++) {
		pages[i] = vm_alloc(&vm, PAGE_SIZE);
		*(u64 *)vm_ptr(&vm, pages[i]) = 100 + i;
	}
	for (i = 0; i < (int)ARRAY_SIZE(spare); i++)
		spare[i] = vm_alloc(&vm, PAGE_SIZE);
	pt_map(&vm, vm.cr3, TEST_GVA, pages[0], PTE_RW);
	pt_map(&vm, vm.cr3, OTHER_GVA, pages[1], PTE_RW);
	for (i = 1; i <= PT_LEVELS; i++) {
		entry[i] = pt_entry(&vm, vm.cr3, TEST_GVA, i);
		other[i] = pt_entry(&vm, vm.cr3, OTHER_GVA, i);
	}
}

/* Runs it to the end; at each stage and there the shadow must be right. */
static void play(guest_fn fn)
{
	vcpu_create(&vm, &vcpu, 0, fn, NULL);
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC) {
		if (audit_vms())
			test_fail("stage %llu: the audit found violations",
				  vcpu.uc.args[0]);
	}
	if (audit_vms())
		test_fail("at the end the audit found violations");
	vcpu_check_stats(&vcpu);
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

#define SHADOW_TEST(name, shadow_pages)					\
TEST(name)								\
{									\
	prepare(shadow_pages);						\
	play(guest_##name);						\
}

static void set(u64 gpa, u64 value)
{
	*(volatile u64 *)gpa = value;
}

static u64 get(u64 gpa)
{
	return *(volatile u64 *)gpa;
}

static void expect(u64 gva, int page)
{
	GUEST_ASSERT_EQ(load64(gva), 100 + page);
}

static void expect_fault(u64 gva, bool write, u64 want)
{
	u64 error;

	GUEST_ASSERT_EQ(guest_touch(gva, write, &error), VEC_PF);
	GUEST_ASSERT_EQ(error, want);
}

/* In some rounds entries begin as those that were used already. */
static u64 used(int round)
{
	return round & 4 ? PTE_A | PTE_D : 0;
}

static void reload(void)
{
	write_cr3(read_cr3());
}

static void guest_remap(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		set(entry[1], pages[i % NR_PAGES] | PTE_RW | used(i));
		if (i & 1)
			invlpg(TEST_GVA);
		else
			reload();
		expect(TEST_GVA, i % NR_PAGES);
		GUEST_SYNC(i);
	}
	/* not present to present, and back, many times with no other exit */
	for (i = 0; i < ROUNDS; i++) {
		set(entry[1], 0);
		invlpg(TEST_GVA + 0xfff);
		expect_fault(TEST_GVA, false, 0);
		set(entry[1], pages[3] | PTE_RW);
		expect(TEST_GVA, 3);
	}
}

SHADOW_TEST(remap, 0)

/* What the launcher writes to tables counts from SET_SREGS on. */
static void guest_rereads(void *arg)
{
	int i;

	for (i = 0; i < NR_PAGES; i++) {
		expect(TEST_GVA, i);
		GUEST_SYNC(i);
	}
}

TEST(launcher_writes_tables)
{
	struct lull_sregs sregs;

	prepare(0);
	vcpu_create(&vm, &vcpu, 0, guest_rereads, NULL);
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC) {
		pt_map(&vm, vm.cr3, TEST_GVA,
		       pages[(vcpu.uc.args[0] + 1) % NR_PAGES], PTE_RW);
		vcpu_get_sregs(&vcpu, &sregs);
		vcpu_set_sregs(&vcpu, &sregs);
	}
}

static void guest_rights(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		set(entry[1], pages[0] | PTE_RW | used(i));
		invlpg(TEST_GVA);
		store64(TEST_GVA, 100);
		set(entry[1], pages[0] | PTE_P | used(i));
		if (i & 1)
			invlpg(TEST_GVA);
		else
			reload();
		expect_fault(TEST_GVA, true, PF_P | PF_W);
		expect(TEST_GVA, 0);
		/* More rights are seen without a flush, or after a fault that
		 * is none.
		 */
		set(entry[1], pages[0] | PTE_RW);
		store64(TEST_GVA, 100);
		GUEST_ASSERT(get(entry[1]) & PTE_D);
		/* The same by the entry above. */
		set(entry[2], get(entry[2]) & ~PTE_W);
		reload();
		expect_fault(TEST_GVA, true, PF_P | PF_W);
		set(entry[2], get(entry[2]) | PTE_W);
		store64(TEST_GVA, 100);
	}
}

SHADOW_TEST(rights, 0)

/*
 * At each level the entry is switched between two subtrees, one of which maps
 * page 0 and one page 5.
 */
static void build_subtrees(u64 top[2][PT_LEVELS + 1])
{
	int level, index;

	for (level = 1; level <= PT_LEVELS; level++) {
		top[0][level] = get(entry[level]);
		top[1][level] = pages[5] | PTE_RW;
		if (level == 1)
			continue;
		index = pt_index(TEST_GVA, level - 1);
		set(spare[level] + 8 * index, top[1][level - 1]);
		top[1][level] = spare[level] | PTE_USER;
	}
}

static void guest_every_level(void *arg)
{
	u64 top[2][PT_LEVELS + 1];
	int level, i;

	build_subtrees(top);
	for (level = 1; level <= PT_LEVELS; level++) {
		for (i = 0; i < ROUNDS; i++) {
			set(entry[level], top[i & 1][level] | used(i));
			if (i & 2)
				invlpg(TEST_GVA);
			else
				reload();
			expect(TEST_GVA, i & 1 ? 5 : 0);
			expect(OTHER_GVA, 1);
		}
		set(entry[level], top[0][level]);
		reload();
		GUEST_SYNC(level);
	}
}

SHADOW_TEST(every_level, 0)

/*
 * INVLPG of one address makes the processor forget what it knows of all upper
 * entries: what was not used since then is found by the new ones, even if the
 * old table's shadow has it from elsewhere.
 */
static void guest_invlpg_forgets_upper_entries(void *arg)
{
	u64 old = entry[1] & PAGE_MASK, new = spare[0];
	u64 at = 8 * pt_index(TEST_GVA, 1);
	int i;

	set(other[2], old | PTE_RW);
	set(old + at + 8, pages[2] | PTE_RW);
	set(new + at, pages[5] | PTE_RW);
	set(new + at + 8, pages[6] | PTE_RW);
	for (i = 0; i < ROUNDS; i++) {
		set(entry[2], old | PTE_RW);
		reload();
		expect(OTHER_GVA + PAGE_SIZE, 2);
		expect(TEST_GVA, 0);
		set(entry[2], new | PTE_RW | used(i));
		invlpg(TEST_GVA);
		expect(TEST_GVA + PAGE_SIZE, 6);
		expect(TEST_GVA, 5);
	}
}

SHADOW_TEST(invlpg_forgets_upper_entries, 0)

/* Two subtrees share a table, which each reaches by another way. */
static void guest_shared_table(void *arg)
{
	u64 index = pt_index(TEST_GVA, 1);
	int i;

	set(other[2], get(entry[2]));
	reload();
	/* OTHER_GVA has the same index in the table */
	for (i = 0; i < ROUNDS; i++) {
		set(entry[1], pages[i % NR_PAGES] | PTE_RW);
		invlpg(TEST_GVA);
		invlpg(OTHER_GVA);
		expect(TEST_GVA, i % NR_PAGES);
		expect(OTHER_GVA, i % NR_PAGES);
		/* with fewer rights on one of the ways */
		set(other[2], get(other[2]) ^ PTE_W);
		reload();
		store64(TEST_GVA, 100 + i % NR_PAGES);
		if (!(get(other[2]) & PTE_W))
			expect_fault(OTHER_GVA, true, PF_P | PF_W);
		else
			store64(OTHER_GVA, 100 + i % NR_PAGES);
		GUEST_SYNC(i);
	}
	GUEST_ASSERT_EQ(index, pt_index(OTHER_GVA, 1));
}

SHADOW_TEST(shared_table, 0)

/* The root in its own last entry: every table is data, at all levels. */
#define RECURSIVE	511

static u64 recursive_gva(u64 gva)
{
	return 0xffff000000000000ULL | (u64)RECURSIVE << 39 |
	       ((gva >> 9) & 0x7ffffffff8ULL);
}

static void guest_recursive(void *arg)
{
	u64 leaf = recursive_gva(TEST_GVA);
	u64 link = recursive_gva(leaf);
	int i;

	set((read_cr3() & PTE_ADDR) + 8 * RECURSIVE,
	    (read_cr3() & PTE_ADDR) | PTE_RW);
	for (i = 0; i < ROUNDS; i++) {
		expect(TEST_GVA, i ? (i - 1) % NR_PAGES : 0);
		GUEST_ASSERT_EQ(load64(leaf) & PTE_ADDR,
				get(entry[1]) & PTE_ADDR);
		GUEST_ASSERT_EQ(load64(link) & PTE_ADDR,
				get(entry[2]) & PTE_ADDR);
		store64(leaf, pages[i % NR_PAGES] | PTE_RW);
		GUEST_ASSERT_EQ(get(entry[1]) & PTE_ADDR, pages[i % NR_PAGES]);
		if (i & 1)
			invlpg(TEST_GVA);
		else
			reload();
		expect(TEST_GVA, i % NR_PAGES);
		GUEST_SYNC(i);
	}
}

SHADOW_TEST(recursive, 0)

/* A table whose own entries map it: it is changed through itself. */
static void guest_self_mapped(void *arg)
{
	u64 table = entry[1] & PAGE_MASK, self = TEST_GVA + PAGE_SIZE;
	int i;

	set(entry[1] + 8, table | PTE_RW);
	for (i = 0; i < ROUNDS; i++) {
		store64(self + (entry[1] & ~PAGE_MASK),
			pages[i % NR_PAGES] | PTE_RW);
		invlpg(TEST_GVA);
		expect(TEST_GVA, i % NR_PAGES);
	}
}

SHADOW_TEST(self_mapped, 0)

#define LARGE_GVA	0x223456600000ULL
#define LARGE_GPA	0x400000ULL	/* RAM that holds no table */

static u64 large_entry;

static void guest_large_pages(void *arg)
{
	u64 at = LARGE_GVA + 0x123000, i;

	set(LARGE_GPA + 0x123000, 4711);
	set(large_entry, LARGE_GPA | PTE_RW | PTE_PS);
	GUEST_ASSERT_EQ(load64(at), 4711);
	GUEST_ASSERT_EQ(get(large_entry) & (PTE_A | PTE_D), PTE_A);
	GUEST_ASSERT_EQ(load64(LARGE_GVA), 0);
	/* one write in one piece: D for the whole, and all can be written */
	store64(at, 4712);
	GUEST_ASSERT_EQ(get(large_entry) & (PTE_A | PTE_D), PTE_A | PTE_D);
	for (i = 0; i < LARGE_SIZE; i += 64 * PAGE_SIZE)
		store64(LARGE_GVA + i, i);
	GUEST_ASSERT_EQ(get(LARGE_GPA + 64 * PAGE_SIZE), 64 * PAGE_SIZE);
	/* D cleared: a write sets it again, to whichever of the pieces */
	set(large_entry, LARGE_GPA | PTE_RW | PTE_PS | PTE_A);
	invlpg(LARGE_GVA);
	GUEST_ASSERT_EQ(load64(at), 4712);
	GUEST_ASSERT_EQ(get(large_entry) & PTE_D, 0);
	store64(LARGE_GVA + 64 * PAGE_SIZE, 64);
	GUEST_ASSERT_EQ(get(large_entry) & PTE_D, PTE_D);
	store64(at, 4713);
	GUEST_SYNC(1);
	/* read-only: INVLPG of any address in it drops all of it */
	set(large_entry, LARGE_GPA | PTE_P | PTE_PS);
	invlpg(LARGE_GVA + 0x1ff000);
	expect_fault(at, true, PF_P | PF_W);
	expect_fault(LARGE_GVA, true, PF_P | PF_W);
	GUEST_ASSERT_EQ(load64(at), 4713);
}

TEST(large_pages)
{
	prepare(0);
	large_entry = pt_entry(&vm, vm.cr3, LARGE_GVA, 2);
	CHECK(vm.ram_next < LARGE_GPA);
	play(guest_large_pages);
}

/* Split into a table and put together again; and tables seen through it. */
static void guest_split(void *arg)
{
	u64 table = spare[0], i, round;

	for (round = 0; round < 5; round++) {
		set(large_entry, LARGE_GPA | PTE_RW | PTE_PS |
		    used(2 * round));
		reload();
		store64(LARGE_GVA + 5 * PAGE_SIZE, 55);
		for (i = 0; i < PT_ENTRIES; i++)
			set(table + 8 * i, (LARGE_GPA + i * PAGE_SIZE) |
			    PTE_RW | used(2 * round));
		set(table + 8 * 6, pages[6] | PTE_P);
		set(large_entry, table | PTE_RW | used(2 * round));
		if (round & 1)
			invlpg(LARGE_GVA);
		reload();
		GUEST_ASSERT_EQ(load64(LARGE_GVA + 5 * PAGE_SIZE), 55);
		expect(LARGE_GVA + 6 * PAGE_SIZE, 6);
		expect_fault(LARGE_GVA + 6 * PAGE_SIZE, true, PF_P | PF_W);
		GUEST_SYNC(round);
	}
	/* RAM's first 2 MiB hold the tables: change one through a large page */
	set(large_entry, 0 | PTE_RW | PTE_PS);
	reload();
	for (round = 0; round < NR_PAGES; round++) {
		store64(LARGE_GVA + entry[1], pages[round] | PTE_RW);
		invlpg(TEST_GVA);
		expect(TEST_GVA, round);
	}
}

TEST(split_and_merge)
{
	prepare(0);
	large_entry = pt_entry(&vm, vm.cr3, LARGE_GVA, 2);
	CHECK(vm.ram_next < LARGE_SIZE);
	play(guest_split);
}

/* One frame is the start of a large page, or a table: PS alone decides. */
static void guest_large_page_or_table(void *arg)
{
	int i;

	set(LARGE_GPA, pages[3] | PTE_RW | PTE_A | PTE_D);
	for (i = 0; i < ROUNDS; i++) {
		set(large_entry, LARGE_GPA | PTE_RW | PTE_A | PTE_D);
		reload();
		expect(LARGE_GVA, 3);
		set(large_entry, LARGE_GPA | PTE_RW | PTE_A | PTE_D | PTE_PS);
		reload();
		GUEST_ASSERT_EQ(load64(LARGE_GVA), get(LARGE_GPA));
	}
}

TEST(large_page_or_table)
{
	prepare(0);
	large_entry = pt_entry(&vm, vm.cr3, LARGE_GVA, 2);
	play(guest_large_page_or_table);
}

static void guest_accessed_dirty(void *arg)
{
	int i, level;

	for (i = 0; i < ROUNDS; i++) {
		for (level = 1; level <= PT_LEVELS; level++)
			set(entry[level], get(entry[level]) & ~(PTE_A | PTE_D));
		if (i & 1)
			invlpg(TEST_GVA);
		else
			reload();
		expect(TEST_GVA, 0);
		for (level = 1; level <= PT_LEVELS; level++)
			GUEST_ASSERT_EQ(get(entry[level]) & (PTE_A | PTE_D),
					PTE_A);
		store64(TEST_GVA, 100);
		GUEST_ASSERT(get(entry[1]) & PTE_D);
		GUEST_ASSERT(!(get(entry[2]) & PTE_D));
		/* A page that is only refused gets neither. */
		set(entry[1], pages[0] | PTE_P);
		invlpg(TEST_GVA);
		expect_fault(TEST_GVA, true, PF_P | PF_W);
		GUEST_ASSERT_EQ(get(entry[1]) & (PTE_A | PTE_D), 0);
		set(entry[1], pages[0] | PTE_RW);
	}
}

SHADOW_TEST(accessed_dirty, 0)

/* Global pages survive CR3, but not INVLPG and not a change of CR4.PGE. */
static void guest_global_pages(void *arg)
{
	u64 cr4 = read_cr4() | CR4_PGE;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		write_cr4(cr4);
		set(entry[1], pages[1] | PTE_RW | PTE_G);
		invlpg(TEST_GVA);
		expect(TEST_GVA, 1);
		set(entry[1], pages[2] | PTE_RW | PTE_G);
		if (i & 1)
			invlpg(TEST_GVA);
		else
			write_cr4(cr4 & ~CR4_PGE);
		expect(TEST_GVA, 2);
	}
}

SHADOW_TEST(global_pages, 0)

/* Spaces that share the kernel's half and differ in one page. */
static void guest_many_spaces(void *arg)
{
	u64 leaf[NR_ROOTS];
	int i, round;

	for (i = 0; i < NR_ROOTS; i++)
		leaf[i] = (u64)((u64 *)arg)[i];
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < NR_ROOTS; i++) {
			write_cr3(roots[i]);
			expect(TEST_GVA, (i + round) % NR_PAGES);
			/* what is not loaded needs no flush but the load */
			set(leaf[(i + 1) % NR_ROOTS],
			    pages[(i + 1 + round + (i + 1 == NR_ROOTS)) %
				  NR_PAGES] | PTE_RW);
			if (i + 1 == NR_ROOTS)
				set(leaf[0], pages[(round + 1) % NR_PAGES] |
				    PTE_RW);
		}
		GUEST_SYNC(round);
	}
}

static u64 leaves[NR_ROOTS];

static void make_spaces(void)
{
	int i;

	for (i = 0; i < NR_ROOTS; i++) {
		roots[i] = pt_new_root(&vm);
		/* everything but TEST_GVA's subtree is the first root's */
		*pt_ptr(&vm, roots[i]) = *pt_ptr(&vm, vm.cr3);
		pt_map(&vm, roots[i], TEST_GVA, pages[i % NR_PAGES], PTE_RW);
		leaves[i] = pt_entry(&vm, roots[i], TEST_GVA, 1);
	}
}

TEST(many_spaces)
{
	struct lull_vcpu_stats stats;

	prepare(0);
	make_spaces();
	vcpu_create(&vm, &vcpu, 0, guest_many_spaces, leaves);
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC)
		ASSERT_EQ(0, audit_vms());
	vcpu_get_stats(&vcpu, &stats);
	EXPECT_EQ(ROUNDS * NR_ROOTS, stats.counters[LULL_CNT_CR3_LOADS]);
	EXPECT_EQ((ROUNDS - 1) * NR_ROOTS,
		  stats.counters[LULL_CNT_CR3_CACHED]);
	vcpu_check_stats(&vcpu);
}

TEST(many_spaces_under_a_small_cap)
{
	struct lull_vcpu_stats stats;

	prepare(LULL_MIN_SHADOW_PAGES);
	make_spaces();
	vcpu_create(&vm, &vcpu, 0, guest_many_spaces, leaves);
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC)
		ASSERT_EQ(0, audit_vms());
	vcpu_get_stats(&vcpu, &stats);
	EXPECT_GT(stats.counters[LULL_CNT_ZAPS], NR_ROOTS);
	vcpu_check_stats(&vcpu);
}

/* More tables than the cap has room for, one after the other and back. */
#define NR_FAR		200
#define FAR_GVA(i)	(0x400000000000ULL + (u64)(i) * LARGE_SIZE)

static void guest_many_tables(void *arg)
{
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < NR_FAR; i++)
			expect(FAR_GVA(i), i % NR_PAGES);
		for (i = NR_FAR - 1; i >= 0; i -= 7)
			store64(FAR_GVA(i), 100 + i % NR_PAGES);
		GUEST_SYNC(round);
	}
}

TEST(many_tables_under_a_small_cap)
{
	struct lull_vcpu_stats stats;
	int i;

	prepare(LULL_MIN_SHADOW_PAGES);
	for (i = 0; i < NR_FAR; i++)
		pt_map(&vm, vm.cr3, FAR_GVA(i), pages[i % NR_PAGES], PTE_RW);
	vcpu_create(&vm, &vcpu, 0, guest_many_tables, NULL);
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC)
		ASSERT_EQ(0, audit_vms());
	vcpu_get_stats(&vcpu, &stats);
	EXPECT_GT(stats.counters[LULL_CNT_ZAPS], NR_FAR);
	EXPECT_LE(stats.counters[LULL_CNT_SHADOW_PAGES] -
		  stats.counters[LULL_CNT_ZAPS], LULL_MIN_SHADOW_PAGES);
	vcpu_check_stats(&vcpu);
}

/* A frame is a table, then data, then a table at another level. */
static void guest_recycled_frames(void *arg)
{
	u64 frame = spare[0], i, round;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < PT_ENTRIES; i++)
			set(frame + 8 * i, 0);
		set(frame + 8 * pt_index(TEST_GVA, 1), pages[7] | PTE_RW);
		set(entry[2], frame | PTE_RW);
		reload();
		expect(TEST_GVA, 7);
		set(entry[2], (entry[1] & PAGE_MASK) | PTE_RW);
		reload();
		expect(TEST_GVA, 0);
		for (i = 0; i < PT_ENTRIES; i++)
			set(frame + 8 * i, i * 0x0101010101010101);
		GUEST_ASSERT_EQ(get(frame + 8 * 77), 77 * 0x0101010101010101);
		for (i = 0; i < PT_ENTRIES; i++)
			set(frame + 8 * i, 0);
		set(frame + 8 * pt_index(TEST_GVA, 2),
		    (entry[1] & PAGE_MASK) | PTE_RW);
		set(entry[3], frame | PTE_RW);
		reload();
		expect(TEST_GVA, 0);
		set(entry[3], (entry[2] & PAGE_MASK) | PTE_RW);
		reload();
		GUEST_SYNC(round);
	}
}

SHADOW_TEST(recycled_frames, 0)

/* Code is found through the same tables: a page of it is exchanged. */
static void guest_code_pages(void *arg)
{
	u64 (*code)(void) = (void *)TEST_GVA;
	int i;

	for (i = 0; i < 2; i++)		/* mov $i, %eax; ret */
		set(spare[i], 0xc300000000b8ULL | (u64)i << 8);
	for (i = 0; i < ROUNDS; i++) {
		set(entry[1], spare[i & 1] | PTE_RW);
		invlpg(TEST_GVA);
		GUEST_ASSERT_EQ(code(), i & 1);
	}
	set(entry[1], spare[0] | PTE_RW);
	invlpg(TEST_GVA);
	for (i = 0; i < ROUNDS; i++) {
		set(TEST_GVA, 0xc300000000b8ULL | (u64)i << 8);
		GUEST_ASSERT_EQ(code(), i);
	}
}

SHADOW_TEST(code_pages, 0)

TEST_HARNESS_MAIN
