// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot tables: what is written to them must be known at the next flush event,
 * whoever wrote it, and by whatever address.
 */
#include "unit.h"

#define TABLE		1	/* address that maps the table itself */
#define PAGE		2	/* address that changes */
#define READONLY	NR_POS	/* the same addresses again, by another link */
#define COOL		8

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

static struct lull_sp *child(struct lull_sp *sp, unsigned int idx)
{
	return link_child(sp->spt[idx]);
}

/* The shadow page of L1 that entry @nr of L2 links. */
static struct lull_sp *shadow(unsigned int nr)
{
	return child(child(child(vcpu()->sh.root, 0), 0), nr);
}

static u64 maps(unsigned int page)
{
	return unit_gpa(page) | ENTRY_USED;
}

static void store(unsigned int pos, u64 entry)
{
	assert_true(cpu_access(vcpu(), TABLE, SUP_WRITE, pos, entry));
}

static void flush(void)
{
	cpu_load_cr3(vcpu(), 0, false);
	cpu_check_all();
	assert_int_equal(unit_audit(), 0);
}

static void read_both(void)
{
	assert_true(cpu_access(vcpu(), PAGE, USER_READ, 0, 0));
	assert_true(cpu_access(vcpu(), READONLY + PAGE, USER_READ, 0, 0));
	cpu_check_all();
}

static int setup(void **state)
{
	unsigned int i;

	unit_setup(state);
	unit_set(L2, 1, (unit_gpa(L1) | ENTRY_USED) & ~LULL_PTE_W);
	unit_set(L1, TABLE, maps(L1));
	unit_set(L1, PAGE, maps(DATA));
	unit_flush();
	read_both();
	for (i = 0; i < 2; i++) {
		store(7, 0);
		flush();
	}
	assert_true(shadow(0)->hot && shadow(1)->hot);
	assert_ptr_not_equal(shadow(0), shadow(1));
	return 0;
}

static void stays_writable(void **state)
{
	unsigned long unsyncs = world.mmu.stats.unsyncs;
	unsigned int i;

	for (i = 0; i < 3 * COOL; i++) {
		store(PAGE, maps(DATA + i % 3));
		flush();
		read_both();
	}
	assert_true(shadow(0)->hot && shadow(1)->hot);
	assert_int_equal(world.mmu.stats.unsyncs, unsyncs);
}

/* No SPTE is dropped for a bit that changes: D tells both shadow pages. */
static void rights_change(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		store(PAGE, maps(DATA) | (i & 1 ? 0 : LULL_PTE_NX));
		flush();
		read_both();
	}
}

/* Another CPU may hold an SPTE with D, by which it writes unseen. */
static void two_vcpus(void **state)
{
	struct vcpu *other = &world.vcpus[1];
	unsigned int i;

	unit_teardown(state);
	world_create(2, 64, false);
	for (i = 0; i < 3; i++) {
		unit_set(i, 0, unit_gpa(i + 1) | ENTRY_USED);
		unit_set(i + 4, 0, unit_gpa(i + 5) | ENTRY_USED);
	}
	unit_set(L1, PAGE, maps(DATA));
	unit_set(7, 0, maps(L1));
	unit_flush();
	cpu_load_cr3(other, unit_gpa(4), false);
	for (i = 0; i < 6; i++) {
		assert_true(cpu_access(vcpu(), PAGE, USER_READ, 0, 0));
		assert_true(cpu_access(other, 0, SUP_WRITE, PAGE, maps(DATA) &
				       ~(i & 1 ? 0 : LULL_PTE_W)));
		flush();
	}
	assert_true(shadow(0)->hot);
}

/* New entries count, too, though no SPTE changes for them. */
static void new_entries(void **state)
{
	unsigned int i;

	for (i = 0; i < 3 * COOL; i++) {
		store(3 + i % 3, maps(DATA + i % 5));
		flush();
	}
	assert_true(shadow(0)->hot && shadow(1)->hot);
}

static void cools(void **state)
{
	unsigned long unsyncs = world.mmu.stats.unsyncs;
	unsigned int i;

	for (i = 1; i < COOL; i++) {
		assert_true(shadow(0)->hot && shadow(0)->unsync);
		flush();
	}
	flush();
	assert_false(shadow(0)->hot || shadow(0)->unsync);
	store(PAGE, maps(DATA + 1));
	assert_int_equal(world.mmu.stats.unsyncs, unsyncs + 2);
	assert_true(shadow(0)->hot);
	flush();
	read_both();
}

static bool is_unwritten(const struct lull_sp *sp)
{
	bool unwritten;

	spin_lock(&world.mmu.lock);
	unwritten = lull_sp_is_unwritten(&world.mmu, sp);
	spin_unlock(&world.mmu.lock);
	return unwritten;
}

/* A look that drops an SPTE does not know who wrote by it meanwhile. */
static void dropped_by_the_look(void **state)
{
	store(PAGE, maps(DATA + 1));
	flush();
	assert_false(is_unwritten(shadow(1)));
	read_both();
	flush();
	assert_true(is_unwritten(shadow(0)));
}

/* Nothing is written, but shadow pages elsewhere lose entries. */
static void cools_beside_others(void **state)
{
	unsigned int i;

	for (i = 0; i < COOL; i++) {
		world.mmu.leaf_drops++;
		flush();
	}
	assert_false(shadow(0)->hot);
}

/* D of the SPTE by which the table was written is gone with it. */
static void mapping_dropped(void **state)
{
	store(PAGE, maps(DATA + 1));
	spin_lock(&world.mmu.lock);
	lull_spte_drop(&world.mmu, shadow(0), TABLE);
	lull_mmu_flush(&world.mmu);
	spin_unlock(&world.mmu.lock);
	flush();
	read_both();
}

static void written_by_the_monitor(void **state)
{
	lull_mmu_write_begin(&world.mmu, gfn_of_page(L1));
	world_store(L1, PAGE, maps(DATA + 1));
	lull_mmu_write_end(&world.mmu);
	flush();
	read_both();
}

/* What the host does in a range is not over when a flush event comes. */
static void inside_a_range(void **state)
{
	world_move_begin(L1);
	flush();
	assert_true(shadow(0)->touched);
	world_move_end(L1);
	flush();
	assert_false(shadow(0)->touched);
}

/* A root becomes a target only if all below it is in sync. */
static void not_with_targets(void **state)
{
	store(PAGE, maps(DATA + 1));
	world.mmu.had_targets = true;
	flush();
	assert_false(shadow(0)->hot || shadow(0)->unsync);
	store(PAGE, maps(DATA + 2));
	assert_false(shadow(0)->hot);
	assert_true(shadow(0)->unsync);
	flush();
	read_both();
}

/* What is no flush event compares, and cools nothing. */
static void part_of_a_sync(void **state)
{
	unsigned int i;

	store(PAGE, maps(DATA) & ~LULL_PTE_W);
	assert_int_equal(lull_shadow_sync_some(&vcpu()->sh, 1), 1);
	assert_int_equal(lull_shadow_sync_some(&vcpu()->sh, 1), 1);
	for (i = 0; i < 2 * COOL; i++)
		assert_int_equal(lull_shadow_sync_some(&vcpu()->sh, 1), 0);
	assert_true(shadow(0)->hot && is_unwritten(shadow(0)));
	assert_int_equal(shadow(0)->calm, 0);
	assert_int_equal(unit_audit(), 0);
}

static void try_flush(bool want)
{
	unsigned int synced;

	cpu_exit(vcpu());
	assert_int_equal(lull_shadow_try_cr3(&vcpu()->sh, 0, &synced), want);
	cpu_arch_flush(vcpu());
	cpu_set_root(vcpu());
	cpu_enter(vcpu());
}

/* With interrupts off no more is done than there is a budget for. */
static void more_than_the_budget(void **state)
{
	unsigned int i;

	store(PAGE, maps(DATA + 1));
	try_flush(true);
	cpu_check_all();
	for (i = 8; i < 200; i++)
		unit_set(L1, i, maps(DATA));
	unit_flush();
	for (i = 8; i < 200; i++) {
		struct lull_fault fault = { .gva = (u64)i << 12 };

		assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), 0);
	}
	for (i = 0; i < 2; i++) {
		store(7, 0);
		flush();
	}
	store(7, 0);
	/* all of them at once, as if the guest had */
	for (i = 8; i < 200; i++)
		unit_set(L1, i, maps(DATA + 1));
	cpu_exit(vcpu());
	i = 0;
	assert_false(lull_shadow_try_cr3(&vcpu()->sh, 0, &i));
	assert_int_equal(i, 1);
	assert_true(shadow(0)->touched);
	cpu_enter(vcpu());
	flush();
}

/* All places but one are other tables', which are linked and used. */
static void fill_places(struct lull_sp *others)
{
	struct lull_mmu *mmu = &world.mmu;

	lull_sp_cool(mmu, shadow(0));
	lull_sp_cool(mmu, shadow(1));
	flush();
	assert_false(shadow(0)->unsync || shadow(1)->unsync);
	for (mmu->nr_hot = 0; mmu->nr_hot < LULL_MOST_HOT - 1; mmu->nr_hot++) {
		others[mmu->nr_hot] = (struct lull_sp){
			.hot = true,
			.unsyncs = 2,
			.parents.val = 8,
			.pass = mmu->pass,
		};
		mmu->hot[mmu->nr_hot] = &others[mmu->nr_hot];
	}
}

static void no_more_than_some(void **state)
{
	struct lull_sp others[LULL_MOST_HOT];

	fill_places(others);
	store(PAGE, maps(DATA + 2));
	assert_true(shadow(0)->unsync && shadow(1)->unsync);
	assert_int_equal(shadow(0)->hot + shadow(1)->hot, 1);
	assert_int_equal(world.mmu.nr_hot, LULL_MOST_HOT);
	world.mmu.nr_hot = 1;
	world.mmu.hot[0] = shadow(shadow(1)->hot);
	flush();
}

/* Who is not linked any more, or was not met for long, gives its place up. */
static void gives_its_place_up(void **state)
{
	struct lull_sp others[LULL_MOST_HOT];

	fill_places(others);
	others[3].parents.val = 0;
	others[5].pass -= 4090;
	store(PAGE, maps(DATA + 2));
	assert_true(shadow(0)->hot && shadow(1)->hot);
	assert_false(others[3].hot);
	assert_true(others[5].hot);
	world.mmu.pass += 10;
	lull_sp_note_unsync(&world.mmu, &others[3]);
	assert_true(others[3].hot);
	assert_false(others[5].hot);
	world.mmu.nr_hot = 2;
	world.mmu.hot[0] = shadow(0);
	world.mmu.hot[1] = shadow(1);
	flush();
}

/* Linked anew, it is still unsync. */
static void linked_anew(void **state)
{
	u64 link = maps(L1) & ~LULL_PTE_W;

	store(3, maps(L2));
	flush();
	assert_true(cpu_access(vcpu(), 3, SUP_WRITE, 1, 0));
	flush();
	assert_true(cpu_access(vcpu(), 3, SUP_WRITE, 1, link));
	read_both();
	assert_true(shadow(1)->hot);
	assert_int_equal(unit_audit(), 0);
	store(PAGE, maps(DATA + 1));
	flush();
	read_both();
}

static void audit(void **state)
{
	const bool hot = true;

	flush();
	unit_corrupt(&child(child(vcpu()->sh.root, 0), 0)->hot, &hot,
		     sizeof(hot));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(stays_writable),
		TEST(rights_change),
		TEST(two_vcpus),
		TEST(new_entries),
		TEST(cools),
		TEST(cools_beside_others),
		TEST(mapping_dropped),
		TEST(written_by_the_monitor),
		TEST(inside_a_range),
		TEST(not_with_targets),
		TEST(dropped_by_the_look),
		TEST(part_of_a_sync),
		TEST(more_than_the_budget),
		TEST(no_more_than_some),
		TEST(gives_its_place_up),
		TEST(linked_anew),
		TEST(audit),
	};

	return cmocka_run_group_tests_name("hot", tests, NULL, NULL);
}
