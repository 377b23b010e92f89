// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others do between two parts of one operation, at each of the places
 * where they may.
 */
#include "unit.h"

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

/* Two vCPUs: the second has the first one's L1 table mapped, writable. */
static void make_two(void)
{
	unsigned int i;

	world_destroy();
	world_create(2, 64, false);
	for (i = 0; i < 3; i++) {
		unit_set(i, 0, unit_gpa(i + 1) | ENTRY_USED);
		unit_set(i + 4, 0, unit_gpa(i + 5) | ENTRY_USED);
	}
	unit_set(L2, 1, unit_gpa(L1) | ENTRY_USED);
	unit_set(L1, 0, unit_gpa(DATA) | ENTRY_USED);
	unit_set(7, 0, unit_gpa(L1) | ENTRY_USED);
	unit_flush();
	cpu_load_cr3(&world.vcpus[1], unit_gpa(4), false);
}

/* Read what others race for. */
static void read_in_race(unsigned int gva_nr, struct race race)
{
	world.race = race;
	cpu_access(vcpu(), gva_nr, USER_READ, 0, 0);
	world.race.kind = RACE_NONE;
	cpu_check_all();
	assert_int_equal(unit_audit(), 0);
}

/*
 * The table changes at the nth call of the env, which may be the flush after
 * its write protection: what was walked is no longer true then.
 */
static bool changes_late(bool cached, unsigned int nth)
{
	struct vcpu *other = &world.vcpus[1];
	unsigned long retried = tally.retried;

	make_two();
	if (cached)
		assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	assert_true(cpu_access(other, 0, SUP_WRITE, 1, 0));
	read_in_race(NR_POS, (struct race){
		.kind = RACE_ENTRY,
		.countdown = nth,
		.vcpu = 1,
		.val = unit_gpa(DATA + 1) | ENTRY_USED,
	});
	return tally.retried > retried;
}

static void table_changes_late(void **state)
{
	unsigned int nth, retried[2] = { 0 };

	for (nth = 1; nth < 20; nth++) {
		retried[0] += changes_late(false, nth);
		retried[1] += changes_late(true, nth);
	}
	assert_in_range(retried[0], 1, 19);
	assert_in_range(retried[1], 1, 19);
}

/*
 * A fault that waits for the host's page has walked before.  Meanwhile another
 * vCPU changes the table and flushes, which brings it in sync: what was walked
 * is not to be mapped.
 */
static void walked_before_a_flush(void **state)
{
	unsigned long retried = tally.retried;
	unsigned int nth;

	for (nth = 1; nth < 20; nth++) {
		unit_teardown(state);
		unit_setup(state);
		make_two();
		unit_set(L2, 1, unit_gpa(7) | ENTRY_USED);
		unit_flush();
		cpu_load_cr3(&world.vcpus[1], 0, false);
		assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
		world_out(DATA, 0);
		read_in_race(0, (struct race){
			.kind = RACE_ACT,
			.countdown = nth,
			.vcpu = 1,
			.where = NR_POS,
			.val = unit_gpa(DATA + 1) | ENTRY_USED,
		});
	}
	assert_in_range(tally.retried - retried, 1, 19);
}

/*
 * The host moves a page between the look for it and its mapping: what was found
 * is not the guest's any more.
 */
static void moved_after_the_look(void **state)
{
	unsigned long retried = tally.retried;
	unsigned int nth;

	for (nth = 1; nth < 20; nth++) {
		unit_teardown(state);
		unit_setup(state);
		make_two();
		world_out(DATA, 0);
		read_in_race(0, (struct race){
			.kind = RACE_MOVE,
			.countdown = nth,
			.where = DATA,
		});
	}
	assert_in_range(tally.retried - retried, 1, 19);
}

#define RACE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
	const struct CMUnitTest tests[] = {
		RACE_TEST(table_changes_late),
		RACE_TEST(walked_before_a_flush),
		RACE_TEST(moved_after_the_look),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
