// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard roots and the tripwire, one thing at a time: what ends the guard, what
 * trips the wire, and when that tells nothing.
 */
#include "unit.h"

#define OTHER		4	/* a second root, with the tables of the first */
#define USER		0	/* addresses of DATA, by number */
#define KERNEL		(NR_GVAS / 2)

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

static void make_world(unsigned int nr_vcpus, bool targets)
{
	const struct lull_paging_mode mode = unit_mode(3);
	unsigned int i;

	world_create(nr_vcpus, 64, targets);
	for (i = L4; i < DATA; i++) {
		unit_set(i, 0, unit_gpa(L3) | ENTRY_USED);
		unit_set(i, 511, unit_gpa(L3) | ENTRY_USED);
	}
	unit_set(L3, 0, unit_gpa(L2) | ENTRY_USED);
	unit_set(L2, 0, unit_gpa(L1) | ENTRY_USED);
	unit_set(L1, 0, unit_gpa(DATA) | ENTRY_USED);
	unit_set_mode(&mode);
	for (i = 1; i < nr_vcpus; i++) {
		cpu_arch_flush(&world.vcpus[i]);
		cpu_prepare(&world.vcpus[i]);
	}
}

static int setup(void **state)
{
	unit_setup(state);
	world_destroy();
	make_world(1, true);
	return 0;
}

static bool reads(unsigned int gva_nr)
{
	return cpu_access(vcpu(), gva_nr, SUP_READ, 0, 0);
}

/* Leaves the vCPU's thread as it is. */
static bool set_wire(void)
{
	bool set;

	cpu_exit(vcpu());
	set = lull_tripwire_set(&vcpu()->sh);
	cpu_set_root(vcpu());
	cpu_enter(vcpu());
	assert_int_equal(unit_audit(), 0);
	return set;
}

static bool tripped(void)
{
	bool found;
	gva_t gva = 1;

	cpu_exit(vcpu());
	found = lull_tripwire_look(&vcpu()->sh, &gva);
	cpu_enter(vcpu());
	if (found)
		assert_int_equal(gva, 0);
	return found;
}

static void ended_by_an_access(void **state)
{
	cpu_guard(vcpu(), true);
	assert_true(reads(KERNEL));
	assert_true(vcpu()->sh.guarded);
	assert_true(reads(USER));
	assert_false(vcpu()->sh.guarded);
	assert_int_equal(unit_audit(), 0);
}

static void ended_by_its_end(void **state)
{
	cpu_guard(vcpu(), true);
	assert_true(vcpu()->sh.guarded);
	cpu_guard(vcpu(), false);
	assert_false(vcpu()->sh.guarded);
	cpu_guard(vcpu(), true);
	cpu_load_cr3(vcpu(), vcpu()->cr3, false);
	assert_false(vcpu()->sh.guarded);
}

static void kept_by_a_reload(void **state)
{
	const struct lull_paging_mode mode = unit_mode(2);

	cpu_guard(vcpu(), true);
	unit_set_mode(&mode);
	assert_true(vcpu()->sh.guarded);
	lull_mmu_zap_all(&world.mmu);
	assert_true(reads(KERNEL));
	assert_true(vcpu()->sh.guarded);
}

static void ended_by_paging_off(void **state)
{
	const struct lull_paging_mode mode = unit_mode(16);

	cpu_guard(vcpu(), true);
	vcpu()->guarded = false;
	unit_set_mode(&mode);
	assert_false(vcpu()->sh.guarded);
}

/* What the guest has read stays good: no slot gets another root. */
static void access_lists_nothing(void **state)
{
	unsigned int i, listed;

	for (i = 0; i < 20; i++) {
		cpu_load_cr3(vcpu(), unit_gpa(OTHER + i % 4), false);
		assert_true(reads(USER));
	}
	assert_int_equal(world.mmu.stats.listed, LULL_NR_TARGETS);
	for (i = 0; i < 40; i++) {
		cpu_guard(vcpu(), true);
		listed = world.mmu.stats.listed;
		assert_true(reads(USER));
		assert_false(vcpu()->sh.guarded);
		assert_int_equal(world.mmu.stats.listed, listed);
	}
	assert_in_range(listed, LULL_NR_TARGETS + 1, 60);
}

static void no_memory(void **state)
{
	unsigned int nth, failed = 0;

	for (nth = 1; nth < 20; nth++) {
		world_destroy();
		make_world(1, false);
		assert_true(reads(USER));
		cpu_exit(vcpu());
		host_fail_allocation(nth);
		if (lull_shadow_guard(&vcpu()->sh, true, true)) {
			assert_false(vcpu()->sh.guarded);
			failed++;
		}
		host_fail_allocation(0);
		vcpu()->guarded = vcpu()->sh.guarded;
		cpu_set_root(vcpu());
		cpu_enter(vcpu());
	}
	assert_in_range(failed, 1, 18);
}

static void tripwire(void **state)
{
	assert_true(reads(USER));
	assert_true(set_wire());
	assert_false(tripped());
	assert_true(reads(KERNEL));
	assert_false(tripped());
	assert_true(reads(USER));
	assert_true(tripped());
	assert_true(set_wire());
	assert_false(tripped());
}

/* An entry that is made since counts, too. */
static void tripped_by_a_new_entry(void **state)
{
	assert_true(reads(USER));
	assert_true(set_wire());
	lull_mmu_zap_all(&world.mmu);
	assert_true(reads(KERNEL));
	assert_false(tripped());
	assert_true(reads(USER));
	assert_true(tripped());
}

/* Set in the root that has the user half, also when that is not loaded. */
static void tripwire_behind_the_guard(void **state)
{
	assert_true(reads(USER));
	cpu_guard(vcpu(), true);
	assert_true(set_wire());
	assert_true(reads(KERNEL));
	assert_false(tripped());
	cpu_load_cr3(vcpu(), 0, false);
	assert_true(reads(KERNEL));
	assert_false(tripped());
	assert_true(reads(USER));
	assert_true(tripped());
}

static void no_wire_without_paging(void **state)
{
	const struct lull_paging_mode mode = unit_mode(16);

	unit_set_mode(&mode);
	assert_false(set_wire());
	assert_false(tripped());
}

/* The other one's accesses are none of this one's. */
static void no_wire_with_two(void **state)
{
	world_destroy();
	make_world(2, false);
	assert_true(reads(USER));
	assert_false(set_wire());
	assert_false(tripped());
	lull_shadow_destroy(&world.vcpus[1].sh);
	world.nr_vcpus = 1;
	assert_false(set_wire());
	assert_false(tripped());
	world.vcpus[1].sh.mmu = NULL;
	world.nr_vcpus = 2;
}

static void audit(void **state)
{
	struct lull_target *slot = vcpu()->sh.targets.slot;
	unsigned int i;
	u64 cr3;

	for (i = 0; i < 8; i++) {
		cpu_guard(vcpu(), true);
		assert_true(reads(KERNEL));
		cpu_load_cr3(vcpu(), 0, false);
		assert_true(reads(USER));
	}
	assert_int_equal(unit_audit(), 0);
	for (i = 0; i < LULL_NR_TARGETS; i++) {
		if (!slot[i].root)
			continue;
		cr3 = slot[i].cr3 ^ LULL_GUARDED;
		unit_corrupt(&slot[i].cr3, &cr3, sizeof(cr3));
	}
	assert_in_range(world.mmu.stats.listed, 2, LULL_NR_TARGETS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ended_by_an_access),
		TEST(ended_by_its_end),
		TEST(kept_by_a_reload),
		TEST(ended_by_paging_off),
		TEST(access_lists_nothing),
		TEST(no_memory),
		TEST(tripwire),
		TEST(tripped_by_a_new_entry),
		TEST(tripwire_behind_the_guard),
		TEST(no_wire_without_paging),
		TEST(no_wire_with_two),
		TEST(audit),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
