// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one operation may take: with interrupts off little, and under the lock
 * not much at a time, however many tables the guest has written.
 */
#include "unit.h"

#define FIRST		4	/* pages from here on are tables below L2, or L3 */
#define LAST		19
#define NR_RIGHTS	8
#define NR_TABLES	((LAST - FIRST) * NR_RIGHTS)
/* A sync with a budget looks at no more. */
#define MOST_QUICK	32

static unsigned int breaks;

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

static void count_break(void)
{
	breaks++;
}

static u64 table_entry(unsigned int nr)
{
	u64 rights = nr % NR_RIGHTS;

	return unit_gpa(FIRST + nr / NR_RIGHTS) | LULL_PTE_P | LULL_PTE_A |
	       (rights & 1 ? LULL_PTE_W : 0) | (rights & 2 ? LULL_PTE_U : 0) |
	       (rights & 4 ? LULL_PTE_NX : 0);
}

static enum lull_fault_result touch(gva_t gva)
{
	struct lull_fault fault = { .gva = gva };

	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), 0);
	return fault.result;
}

/* One that begins with the lock, which every fifth does not get. */
static bool try_fault(struct lull_fault *fault)
{
	assert_int_equal(lull_shadow_topup(&vcpu()->sh), 0);
	return lull_shadow_try_fault(&vcpu()->sh, fault) ||
	       lull_shadow_try_fault(&vcpu()->sh, fault);
}

/* Shadow pages of level @level, 1 or 2, of all the tables with all rights. */
static void make_tables(int level)
{
	unsigned int upper = level == 1 ? L2 : L3, nr, page;

	world_destroy();
	world_create(1, 4096, false);
	unit_start_mode(3);
	unit_set(L4, 0, unit_gpa(L3) | ENTRY_USED);
	unit_set(L3, 0, unit_gpa(L2) | ENTRY_USED);
	for (nr = 0; nr < NR_TABLES; nr++)
		unit_set(upper, nr, table_entry(nr));
	for (page = FIRST; page < LAST; page++)
		unit_set(page, 0, unit_gpa(level == 1 ? LAST : L1) | ENTRY_USED);
	unit_set(L1, 0, unit_gpa(LAST) | ENTRY_USED);
	unit_flush();
	cpu_exit(vcpu());
	for (nr = 0; nr < NR_TABLES; nr++)
		assert_int_equal(touch((u64)nr << (12 + 9 * level)),
				 LULL_FAULT_FIXED);
}

static void write_tables(void)
{
	unsigned int page;

	for (page = FIRST; page < LAST; page++)
		unit_monitor_write(page);
}

static void end(void)
{
	cpu_enter(vcpu());
	cpu_load_cr3(vcpu(), 0, false);
	assert_int_equal(unit_audit(), 0);
}

/* Unlink an L2 with everything below it, which is written, and link it anew. */
static void write_unlinked(void)
{
	u64 link = world.pages[L4].mem[0];

	write_tables();
	unit_set(L4, 0, 0);
	unit_monitor_write(L4);
	lull_shadow_sync(&vcpu()->sh);
	unit_set(L4, 0, link | LULL_PTE_A);
	unit_monitor_write(L4);
	write_tables();
}

/* A table in the cache is linked again, with all that is unsync below it. */
static void fault_with_interrupts_off(void **state)
{
	struct lull_fault fault = { 0 };
	unsigned long syncs;

	make_tables(1);
	write_unlinked();
	syncs = world.mmu.stats.syncs;
	assert_false(try_fault(&fault));
	assert_in_range(world.mmu.stats.syncs - syncs, 1, 2 * MOST_QUICK);
	assert_int_equal(world.mmu.budget, ~0U);
	assert_int_equal(unit_audit(), 0);
	assert_int_equal(touch(0), LULL_FAULT_FIXED);
	end();
}

/* Others get the lock before all of it is in sync. */
static void fault_in_parts(void **state)
{
	unsigned long syncs;

	make_tables(1);
	write_unlinked();
	syncs = world.mmu.stats.syncs;
	assert_int_equal(touch(0), LULL_FAULT_RETRY);
	assert_in_range(world.mmu.stats.syncs - syncs, 1, NR_TABLES - 1);
	assert_int_equal(unit_audit(), 0);
	assert_int_equal(touch(0), LULL_FAULT_FIXED);
	assert_in_range(world.mmu.stats.syncs - syncs, NR_TABLES, ~0U);
	end();
}

/* So they do before all that the host wants back is freed. */
static void shrink_in_parts(void **state)
{
	unsigned long pages;

	make_tables(1);
	pages = world.mmu.nr_pages;
	breaks = 0;
	host_others = count_break;
	assert_int_equal(lull_mmu_shrink(&world.mmu, NR_TABLES), NR_TABLES);
	host_others = NULL;
	assert_true(breaks > NR_TABLES / 16);
	assert_int_equal(pages - world.mmu.nr_pages, NR_TABLES);
	end();
}

/* Tables that are mapped in many places are fewer with interrupts off. */
static void load_with_interrupts_off(void **state)
{
	unsigned int synced = 0, i;

	make_tables(1);
	for (i = 1; i < 490; i++) {
		unit_set(LAST - 1, i, unit_gpa(FIRST) | ENTRY_USED);
		touch(((u64)(NR_TABLES - 1) << 21) + (i << 12));
		touch(((u64)(NR_TABLES - 2) << 21) + (i << 12));
	}
	unit_monitor_write(FIRST);
	while (!synced)
		assert_false(lull_shadow_try_cr3(&vcpu()->sh, 0, &synced));
	assert_in_range(synced, 1, NR_RIGHTS - 1);
	end();
}

/* That a table is written is told to all that leads to it. */
static void write_with_interrupts_off(void **state)
{
	struct lull_fault fault = {
		.gva = 1ULL << 21,
		.error_code = LULL_PF_WRITE,
	};
	unsigned int i;

	make_tables(1);
	unit_set(FIRST + 1, 1, unit_gpa(L1) | ENTRY_USED);
	for (i = 0; i < 20; i++) {
		unit_set(L2, i, unit_gpa(L1) | ENTRY_USED);
		unit_set(L1, 0, unit_gpa(L1) | ENTRY_USED);
	}
	unit_flush();
	cpu_exit(vcpu());
	for (i = 0; i < 20; i++)
		assert_int_equal(touch((u64)i << 21), LULL_FAULT_FIXED);
	assert_false(try_fault(&fault));
	assert_int_equal(world.mmu.stats.unsyncs, 0);
	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), 0);
	assert_int_equal(fault.result, LULL_FAULT_FIXED);
	assert_int_equal(world.mmu.stats.unsyncs, 1);
	end();
}

/* Shadows of a table that nothing links go when it is written. */
static void zap_with_interrupts_off(void **state)
{
	struct lull_fault fault = {
		.gva = ((u64)(NR_TABLES - NR_RIGHTS + 3) << 21) + (1 << 12),
		.error_code = LULL_PF_WRITE,
	};
	unsigned long zaps;
	unsigned int nr, i;

	make_tables(1);
	for (i = 1; i < 20; i++) {
		unit_set(FIRST, i, unit_gpa(LAST) | ENTRY_USED);
		for (nr = 0; nr < NR_RIGHTS; nr++)
			touch(((u64)nr << 21) + (i << 12));
	}
	for (nr = 0; nr < NR_RIGHTS; nr++)
		unit_set(L2, nr, 0);
	unit_monitor_write(L2);
	lull_shadow_sync(&vcpu()->sh);
	unit_set(LAST - 1, 1, unit_gpa(FIRST) | ENTRY_USED);
	zaps = world.mmu.stats.zaps;
	assert_false(try_fault(&fault));
	assert_int_equal(world.mmu.stats.zaps, zaps);
	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), 0);
	assert_int_equal(fault.result, LULL_FAULT_FIXED);
	assert_int_equal(world.mmu.stats.zaps, zaps + NR_RIGHTS);
	end();
}

/* So is a link to a hot table, which is never in sync. */
static void link_with_interrupts_off(void **state)
{
	struct lull_fault fault = { .gva = (1ULL << 30) + (1 << 21) };
	unsigned int i;

	unit_set(L3, 0, unit_gpa(L2) | ENTRY_USED);
	for (i = 1; i < 20; i++)
		unit_set(L3, i, unit_gpa(FIRST) | ENTRY_USED);
	unit_set(FIRST, 0, unit_gpa(FIRST + 1) | ENTRY_USED);
	unit_set(FIRST + 1, 0, unit_gpa(DATA) | ENTRY_USED);
	unit_set(FIRST, 1, unit_gpa(L1) | ENTRY_USED);
	unit_flush();
	cpu_exit(vcpu());
	for (i = 0; i < 20; i++)
		assert_int_equal(touch((u64)i << 30), LULL_FAULT_FIXED);
	for (i = 0; i < 2; i++) {
		unit_monitor_write(L1);
		lull_shadow_sync(&vcpu()->sh);
	}
	assert_int_equal(world.mmu.nr_hot, 1);
	assert_false(try_fault(&fault));
	assert_int_equal(unit_audit(), 0);
	assert_int_equal(touch(fault.gva), LULL_FAULT_FIXED);
	end();
}

static void sync_in_parts(int level, bool invlpg)
{
	make_tables(level);
	write_tables();
	breaks = 0;
	host_others = count_break;
	if (invlpg)
		lull_shadow_invlpg(&vcpu()->sh, 0);
	else
		assert_int_equal(lull_shadow_sync(&vcpu()->sh), NR_TABLES);
	host_others = NULL;
	assert_true(breaks);
	assert_int_equal(world.mmu.nr_upper_unsync, 0);
	end();
}

static void others_get_the_lock(void **state)
{
	sync_in_parts(1, false);
	sync_in_parts(2, false);
	sync_in_parts(2, true);
}

/* What the host may be changing stays unsync, and is looked at once. */
static void inside_a_range(void **state)
{
	make_tables(2);
	write_tables();
	spin_lock(&world.mmu.lock);
	lull_mmu_invalidate_begin(&world.mmu);
	spin_unlock(&world.mmu.lock);
	assert_int_equal(lull_shadow_sync(&vcpu()->sh), NR_TABLES);
	lull_shadow_invlpg(&vcpu()->sh, 0);
	assert_int_equal(world.mmu.nr_upper_unsync, NR_TABLES);
	spin_lock(&world.mmu.lock);
	lull_mmu_invalidate_end(&world.mmu);
	spin_unlock(&world.mmu.lock);
	end();
}

/* A fault that is handled at once does not wait for who changes the slots. */
static void slots_change(void **state)
{
	struct lull_fault fault = { 0 };

	lull_mmu_slots_begin(&world.mmu);
	cpu_prepare(vcpu());
	cpu_exit(vcpu());
	assert_false(try_fault(&fault));
	assert_int_equal(world.pages[DATA].rmap.val, 0);
	spin_lock(&world.mmu.lock);
	lull_mmu_invalidate_end(&world.mmu);
	spin_unlock(&world.mmu.lock);
	assert_true(try_fault(&fault));
	assert_int_not_equal(world.pages[DATA].rmap.val, 0);
	end();
}

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(fault_with_interrupts_off),
		TEST(fault_in_parts),
		TEST(shrink_in_parts),
		TEST(load_with_interrupts_off),
		TEST(write_with_interrupts_off),
		TEST(zap_with_interrupts_off),
		TEST(link_with_interrupts_off),
		TEST(others_get_the_lock),
		TEST(inside_a_range),
		TEST(slots_change),
	};

	return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
