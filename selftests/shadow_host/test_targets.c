// SPDX-License-Identifier: GPL-2.0-only
/*
 * CR3 targets, one thing at a time: when a root becomes one, what takes it from
 * the list, and that the audit sees a list that is wrong.
 */
#include "unit.h"

#define OTHER		4	/* a second root, with the tables of the first */
#define MANY		9	/* roots from page 4 on, more than slots */

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

static struct lull_target *slots(void)
{
	return vcpu()->sh.targets.slot;
}

static int setup(void **state)
{
	unsigned int i;

	unit_setup(state);
	world_destroy();
	world_create(2, 64, true);
	for (i = 0; i < 3; i++)
		unit_set(i, 0, unit_gpa(i + 1) | ENTRY_USED);
	unit_set(L1, 0, unit_gpa(DATA) | ENTRY_USED);
	for (i = 0; i < MANY; i++)
		unit_set(OTHER + i, 0, unit_gpa(L3) | ENTRY_USED);
	unit_flush();
	cpu_arch_flush(&world.vcpus[1]);
	cpu_prepare(&world.vcpus[1]);
	return 0;
}

/* The guest CR3 that a slot is listed for, LULL_NO_CR3 if for none. */
static u64 listed(unsigned int nr)
{
	return list_empty(&slots()[nr].link) ? LULL_NO_CR3 : slots()[nr].cr3;
}

static bool is_target(u64 cr3)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		if (listed(i) == cr3)
			return true;
	}
	return false;
}

/* Every fifth attempt finds the lock taken. */
static void load_until_listed(u64 cr3)
{
	unsigned int i;

	for (i = 0; i < 4 && !is_target(cr3); i++) {
		cpu_load_cr3(vcpu(), unit_gpa(5), false);
		cpu_load_cr3(vcpu(), cr3, false);
	}
	assert_true(is_target(cr3));
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	assert_int_equal(unit_audit(), 0);
}

static void list_both(void)
{
	load_until_listed(0);
	load_until_listed(unit_gpa(OTHER));
}

/* Whatever was read before leads to the CR3 that it was read for. */
static void late_load(void)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		const struct lull_target_entry entry = vcpu()->read[i];
		u64 cr3 = 0;

		if (entry.cr3 == LULL_NO_CR3)
			continue;
		assert_true(lull_targets_resolve(&vcpu()->sh, entry.root,
						 &cr3));
		assert_int_equal(cr3, entry.cr3);
	}
	cpu_switch(vcpu(), 0);
	cpu_check_all();
	cpu_check_targets();
	assert_int_equal(unit_audit(), 0);
}

static void listed_when_in_sync(void **state)
{
	u64 cr3 = unit_gpa(OTHER);

	cpu_load_cr3(vcpu(), cr3, false);
	/* It was new; and then it has to be brought in sync. */
	assert_false(is_target(cr3));
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	cpu_load_cr3(vcpu(), 0, false);
	unit_monitor_write(L1);
	cpu_load_cr3(vcpu(), cr3, false);
	assert_false(is_target(cr3));
	load_until_listed(cr3);
	assert_false(is_target(unit_gpa(6)));
}

static void unseen_load(void **state)
{
	unsigned int i;

	list_both();
	for (i = 0; i < LULL_NR_TARGETS; i++) {
		u64 cr3 = vcpu()->read[i].cr3;

		if (cr3 == LULL_NO_CR3)
			continue;
		assert_true(cpu_switch_unseen(vcpu(), i));
		assert_int_equal(vcpu()->cr3, cr3);
		/* The next exit finds out. */
		cpu_exit(vcpu());
		assert_int_equal(vcpu()->sh.cr3, cr3);
		cpu_enter(vcpu());
		assert_int_equal(unit_audit(), 0);
	}
}

static void bits_besides_the_address(void **state)
{
	load_until_listed(0);
	load_until_listed(8);
	assert_false(is_target(0));
}

/* A flush that is no load of CR3 lists nothing, and keeps what is listed. */
static void flush_without_a_load(void **state)
{
	unsigned int i;
	bool done = false;

	cpu_load_cr3(vcpu(), unit_gpa(OTHER), false);
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	cpu_exit(vcpu());
	for (i = 0; i < 20; i++)
		done |= lull_shadow_try_resync(&vcpu()->sh);
	assert_true(done);
	assert_false(is_target(unit_gpa(OTHER)));
	cpu_enter(vcpu());
	load_until_listed(unit_gpa(OTHER));
	cpu_exit(vcpu());
	for (i = 0; i < 20; i++)
		lull_shadow_try_resync(&vcpu()->sh);
	assert_true(is_target(unit_gpa(OTHER)));
	cpu_enter(vcpu());
	unit_monitor_write(L1);
	cpu_exit(vcpu());
	assert_false(lull_shadow_try_resync(&vcpu()->sh));
	cpu_enter(vcpu());
	cpu_prepare(vcpu());
	assert_int_equal(unit_audit(), 0);
}

static void roots_of_nobody(void **state)
{
	u64 cr3;

	list_both();
	assert_false(lull_targets_land(&vcpu()->sh, 1));
	assert_false(lull_targets_resolve(&vcpu()->sh, 1, &cr3));
}

static void lost_by_a_write(void **state)
{
	list_both();
	unit_monitor_write(L1);
	assert_false(is_target(0) || is_target(unit_gpa(OTHER)));
	assert_true(vcpu()->kicked);
	world_store(L1, 0, 0);
	late_load();
	assert_false(cpu_access(vcpu(), 0, USER_READ, 0, 0));
}

static void lost_by_a_notifier(void **state)
{
	list_both();
	world_move_begin(DATA);
	world_move_end(DATA);
	assert_true(is_target(0));
	world_out(OTHER, 0);
	assert_true(is_target(0));
	assert_false(is_target(unit_gpa(OTHER)));
	late_load();
}

static void lost_by_zapping(void **state)
{
	list_both();
	lull_mmu_zap_all(&world.mmu);
	assert_false(is_target(0) || is_target(unit_gpa(OTHER)));
	/* They are there until the vCPU has looked. */
	assert_in_range(world.mmu.nr_pages, 2, 4);
	late_load();
}

static void lost_by_the_mode(void **state)
{
	const struct lull_paging_mode mode = unit_mode(2);

	list_both();
	cpu_exit(vcpu());
	lull_shadow_set_mode(&vcpu()->sh, &vcpu()->sh.mode);
	assert_true(is_target(0));
	lull_shadow_set_mode(&vcpu()->sh, &mode);
	assert_false(is_target(0) || is_target(unit_gpa(OTHER)));
	cpu_arch_flush(vcpu());
	cpu_prepare(vcpu());
	late_load();
}

/* First it is no target any more, and then it goes. */
static void lost_by_reclaim(void **state)
{
	list_both();
	cpu_load_cr3(vcpu(), 0, false);
	lull_mmu_shrink(&world.mmu, 64);
	assert_false(is_target(unit_gpa(OTHER)));
	assert_in_range(world.mmu.nr_pages, 2, 5);
	cpu_prepare(vcpu());
	lull_mmu_shrink(&world.mmu, 64);
	assert_int_equal(world.mmu.nr_pages, 1);
	late_load();
}

/* A table that was a root and that nobody has loaded becomes a data page. */
static void freed_root(void **state)
{
	unsigned int nr, i;

	list_both();
	/* It has not been left just now. */
	for (i = 1; i < 5; i++)
		cpu_load_cr3(vcpu(), unit_gpa(OTHER + i), false);
	cpu_load_cr3(vcpu(), 0, false);
	nr = world.mmu.nr_pages;
	unit_monitor_write(OTHER);
	assert_false(is_target(unit_gpa(OTHER)));
	cpu_prepare(vcpu());
	assert_int_equal(world.mmu.nr_pages, nr - 1);
	late_load();
}

static void more_roots_than_slots(void **state)
{
	unsigned int round, i, nr = 0;

	for (round = 0; round < 40; round++) {
		for (i = 0; i < MANY; i++)
			cpu_load_cr3(vcpu(), unit_gpa(OTHER + i), false);
	}
	for (i = 0; i < MANY; i++)
		nr += is_target(unit_gpa(OTHER + i));
	assert_int_equal(nr, LULL_NR_TARGETS);
	/* One in eight that was not there got in. */
	assert_in_range(world.mmu.stats.listed, 10, 40 * MANY / 4);
	assert_int_equal(unit_audit(), 0);
}

/* The address of a table that became another root stands for that one. */
static void address_used_again(void **state)
{
	hpa_t hpa, now = 0;
	unsigned int i;
	u64 cr3 = 0;

	load_until_listed(unit_gpa(OTHER));
	hpa = lull_shadow_root_hpa(&vcpu()->sh);
	cpu_load_cr3(vcpu(), 0, false);
	for (i = 0; i < 20 && now != hpa; i++) {
		lull_mmu_zap_all(&world.mmu);
		cpu_prepare(vcpu());
		load_until_listed(unit_gpa(6));
		now = lull_shadow_root_hpa(&vcpu()->sh);
	}
	assert_int_equal(now, hpa);
	assert_true(lull_targets_resolve(&vcpu()->sh, hpa, &cr3));
	assert_int_equal(cr3, unit_gpa(6));
}

/* A load that found the lock taken is as good as another. */
static void other_bits_the_slow_way(void **state)
{
	load_until_listed(0);
	cpu_prepare(vcpu());
	cpu_exit(vcpu());
	assert_int_equal(lull_shadow_load_cr3(&vcpu()->sh, 8, NULL), 0);
	vcpu()->cr3 = 8;
	assert_true(is_target(8));
	assert_true(vcpu()->sh.targets.stale);
	cpu_prepare(vcpu());
	cpu_read_targets(vcpu());
	late_load();
}

/* Its table cannot be written any more, but be read. */
static void guest_cannot_be_told(void **state)
{
	const u64 cr3 = unit_gpa(OTHER);
	unsigned int i;

	list_both();
	cpu_exit(vcpu());
	lull_targets_lose(&vcpu()->sh);
	assert_false(is_target(0) || is_target(cr3));
	cpu_set_root(vcpu());
	late_load();
	for (i = 0; i < 10; i++) {
		cpu_load_cr3(vcpu(), unit_gpa(5), false);
		cpu_load_cr3(vcpu(), cr3, false);
		assert_false(is_target(cr3));
	}
	cpu_set_targets(vcpu(), true);
	load_until_listed(cr3);
}

/* As if guests had been told of as many tables as they may. */
static void few_are_shown(void **state)
{
	unsigned int i, nr;

	list_both();
	nr = world.mmu.nr_shown;
	world.mmu.nr_shown = LULL_MOST_SHOWN;
	for (i = 0; i < 20; i++) {
		cpu_load_cr3(vcpu(), unit_gpa(7), false);
		cpu_load_cr3(vcpu(), unit_gpa(6), false);
		assert_false(is_target(unit_gpa(6)));
	}
	world.mmu.nr_shown = nr;
	load_until_listed(unit_gpa(6));
}

static void tables_are_kept(void **state)
{
	unsigned int pages, i;

	list_both();
	lull_mmu_zap_all(&world.mmu);
	cpu_prepare(vcpu());
	cpu_prepare(&world.vcpus[1]);
	pages = host_live_pages();
	for (i = 0; i < 20; i++) {
		lull_mmu_zap_all(&world.mmu);
		cpu_prepare(vcpu());
		cpu_prepare(&world.vcpus[1]);
	}
	assert_in_range(host_live_pages(), 1, pages + 2);
	assert_non_null(world.mmu.shown_tables);
}

static void no_memory_for_a_root(void **state)
{
	unsigned int nth, failed = 0;

	for (nth = 1; nth < 30; nth++) {
		unit_teardown(state);
		setup(state);
		host_fail_allocation(nth);
		failed += lull_shadow_load_cr3(&vcpu()->sh, unit_gpa(5),
					       NULL) == -ENOMEM;
		host_fail_allocation(0);
		assert_int_equal(lull_shadow_load_cr3(&vcpu()->sh, 0, NULL), 0);
		cpu_set_root(vcpu());
	}
	assert_in_range(failed, 1, 29);
}

static void audit(void **state)
{
	struct lull_sp *root;
	unsigned int nothing = 0;
	bool yes = true, no = false;
	u16 two = 2;
	u64 one = 1;

	list_both();
	root = slots()[0].root;
	unit_corrupt(&root->listed, &two, sizeof(two));
	unit_corrupt(&root->unsync, &yes, sizeof(yes));
	unit_corrupt(&slots()[0].hpa, &one, sizeof(one));
	unit_corrupt(&slots()[0].cr3, &slots()[1].cr3, sizeof(u64));
	unit_corrupt(&vcpu()->sh.targets.on, &no, sizeof(no));
	unit_corrupt(&slots()[1].root, &root, sizeof(root));
	unit_corrupt(&root->shown, &no, sizeof(no));
	unit_corrupt(&world.mmu.nr_shown, &nothing, sizeof(nothing));
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
		TEST(listed_when_in_sync),
		TEST(unseen_load),
		TEST(bits_besides_the_address),
		TEST(flush_without_a_load),
		TEST(roots_of_nobody),
		TEST(lost_by_a_write),
		TEST(lost_by_a_notifier),
		TEST(lost_by_zapping),
		TEST(lost_by_the_mode),
		TEST(lost_by_reclaim),
		TEST(freed_root),
		TEST(more_roots_than_slots),
		TEST(address_used_again),
		TEST(other_bits_the_slow_way),
		TEST(guest_cannot_be_told),
		TEST(few_are_shown),
		TEST(tables_are_kept),
		TEST(no_memory_for_a_root),
		TEST(audit),
	};

	return cmocka_run_group_tests_name("targets", tests, NULL, NULL);
}
