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
		TEST(linked_anew),
		TEST(audit),
	};

	return cmocka_run_group_tests_name("hot", tests, NULL, NULL);
}
