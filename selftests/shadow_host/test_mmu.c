// SPDX-License-Identifier: GPL-2.0-only
/*
 * What random runs reach seldom or never: failures of the surroundings,
 * chains at their greatest length, every pair of accesses under all control
 * bits.
 */
#include "unit.h"

#define MANY		12	/* links of each table to the one below */

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

/* Any address, not only those of the world's caches. */
static enum lull_fault_result touch(u64 gva, u32 error_code)
{
	struct lull_fault fault = { .gva = gva, .error_code = error_code };

	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), 0);
	return fault.result;
}

static u64 rights(unsigned int bits)
{
	return (bits & 1 ? LULL_PTE_W : 0) | (bits & 2 ? LULL_PTE_U : 0) |
	       (bits & 4 ? LULL_PTE_NX : 0) | (bits & 8 ? LULL_PTE_D : 0);
}

static void set_rights(unsigned int bits, bool large)
{
	unit_set(L3, 0, unit_gpa(L2) | LULL_PTE_P | rights(bits >> 4));
	unit_set(large ? L2 : L1, 0, unit_gpa(DATA) | LULL_PTE_P |
		 (large ? LULL_PTE_PS : 0) | rights(bits & 15));
}

/* With CR0.WP clear an access changes what the next one finds. */
static void try_pair(enum access first, enum access second)
{
	cpu_access(vcpu(), 0, first, 1, 0);
	cpu_check_all();
	cpu_access(vcpu(), 0, second, 1, 0);
	cpu_check_all();
	assert_int_equal(unit_audit(), 0);
}

static void pairs_of_accesses(unsigned int mode, bool large)
{
	unsigned int bits, pair;

	unit_start_mode(mode);
	for (bits = 0; bits < 1U << 7; bits++) {
		for (pair = 0; pair < NR_ACCESSES * NR_ACCESSES; pair++) {
			set_rights(bits, large);
			unit_flush();
			try_pair(pair / NR_ACCESSES, pair % NR_ACCESSES);
		}
	}
}

static void pairs(bool large)
{
	unsigned int mode;

	for (mode = 0; mode < 16; mode++)
		pairs_of_accesses(mode, large);
}

static void pairs_to_a_small_page(void **state)
{
	pairs(false);
}

static void pairs_to_a_large_page(void **state)
{
	pairs(true);
}

static void cached_root(void **state)
{
	bool cached = true;

	assert_int_equal(lull_shadow_load_cr3(&vcpu()->sh, unit_gpa(5),
					      &cached), 0);
	assert_false(cached);
	assert_int_equal(lull_shadow_load_cr3(&vcpu()->sh, 0, &cached), 0);
	assert_true(cached);
	cpu_set_root(vcpu());
}

static bool is_cached(u64 cr3)
{
	union lull_role role = { .word = vcpu()->sh.root_role };
	bool found;

	spin_lock(&world.mmu.lock);
	found = lull_sp_find(&world.mmu, cr3 >> 12, role);
	spin_unlock(&world.mmu.lock);
	return found;
}

/* The root that a vCPU has just left is kept when it is written, no other. */
static void written_roots(void **state)
{
	cpu_load_cr3(vcpu(), unit_gpa(5), false);
	cpu_load_cr3(vcpu(), unit_gpa(5), false);
	unit_monitor_write(L4);
	assert_true(is_cached(0));
	cpu_load_cr3(vcpu(), 0, false);
	cpu_load_cr3(vcpu(), unit_gpa(5), false);
	cpu_load_cr3(vcpu(), unit_gpa(6), false);
	unit_monitor_write(L4);
	assert_false(is_cached(0));
	assert_int_equal(unit_audit(), 0);
}

static void host_cannot_give_a_page(void **state)
{
	struct lull_fault fault = { .gva = 0, .error_code = LULL_PF_USER };

	world.page_error = -EFAULT;
	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), -EFAULT);
	assert_int_equal(unit_audit(), 0);
}

static void host_cannot_read_a_table(void **state)
{
	struct lull_fault fault = { .gva = 0, .error_code = LULL_PF_USER };

	world.read_error = -EFAULT;
	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), -EFAULT);
	assert_int_equal(lull_shadow_translate(&vcpu()->sh, &fault), -EFAULT);
}

static void no_memory_for_the_module(void **state)
{
	unsigned int nth;

	for (nth = 1; nth <= 2; nth++) {
		host_fail_allocation(nth);
		assert_int_equal(lull_shadow_module_init(), -ENOMEM);
	}
	host_fail_allocation(0);
}

static void no_memory_for_an_mmu(void **state)
{
	static struct lull_mmu mmu;
	static struct lull_shadow sh;

	host_fail_allocation(1);
	assert_int_equal(lull_mmu_init(&mmu, world.mmu.env, 1, 8), -ENOMEM);
	lull_mmu_destroy(&mmu);
	lull_shadow_destroy(&sh);
}

/* Each allocation that one fault needs, missing once. */
static void no_memory_for_a_fault(void **state)
{
	struct lull_shadow sh;
	struct lull_fault fault = { .gva = 0, .error_code = LULL_PF_USER };
	unsigned int nth;
	int r = -ENOMEM;

	for (nth = 1; r; nth++) {
		lull_shadow_init(&sh, &world.mmu, MAXPHYADDR);
		host_fail_allocation(nth);
		r = lull_shadow_reload(&sh);
		if (!r)
			r = lull_shadow_fault(&sh, &fault);
		host_fail_allocation(0);
		lull_shadow_destroy(&sh);
		assert_true(!r || r == -ENOMEM);
		assert_in_range(nth, 1, 64);
	}
	assert_in_range(nth, 10, 64);
	assert_int_equal(fault.result, LULL_FAULT_FIXED);
}

static unsigned int count(u64 *spte)
{
	return 1;
}

/* One page at 1536 addresses: three L1 tables, all entries the same. */
static void page_mapped_everywhere(void **state)
{
	struct lull_rmap *rmap = &world.pages[DATA].rmap;
	unsigned int i, most = 0, nr;

	for (i = 0; i < 1536; i++) {
		unsigned int page = 5 + i / 512;

		unit_set(page, i % 512, unit_gpa(DATA) | ENTRY_USED);
		unit_set(L2, i / 512, unit_gpa(page) | ENTRY_USED);
	}
	unit_flush();
	for (i = 0; i < 1536; i++) {
		assert_int_equal(touch((u64)i << 12, LULL_PF_USER),
				 LULL_FAULT_FIXED);
		nr = lull_rmap_for_each(rmap, count);
		most = nr > most ? nr : most;
	}
	assert_in_range(most, 500, 1200);
	assert_int_equal(unit_audit(), 0);
}

/* One L1 table at 1536 places. */
static void table_linked_everywhere(void **state)
{
	unsigned int i;

	for (i = 0; i < 1536; i++) {
		unsigned int page = 5 + i / 512;

		unit_set(page, i % 512, unit_gpa(L1) | ENTRY_USED);
		unit_set(L3, i / 512, unit_gpa(page) | ENTRY_USED);
	}
	unit_flush();
	for (i = 0; i < 1536; i++)
		assert_int_equal(touch((u64)i << 21, LULL_PF_USER),
				 LULL_FAULT_FIXED);
	assert_int_equal(unit_audit(), 0);
}

/* A store by the monitor for the guest counts as the guest's. */
static void write_of_the_monitor(void **state)
{
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	unit_monitor_write(L1);
	world_store(L1, 0, 0);
	assert_true(lull_shadow_needs_sync(&vcpu()->sh));
	assert_int_equal(unit_audit(), 0);
	cpu_load_cr3(vcpu(), vcpu()->sh.cr3, false);
	cpu_check_all();
	assert_false(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	unit_monitor_write(DATA);
	unit_monitor_write(3 * NR_POS);
	assert_int_equal(unit_audit(), 0);
}

/* Three tables are unsync; their marks go as they are brought in sync. */
static void part_of_a_sync(void **state)
{
	struct lull_shadow *sh = &vcpu()->sh;

	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	unit_monitor_write(L1);
	unit_monitor_write(L2);
	unit_monitor_write(L3);
	cpu_exit(vcpu());
	assert_int_equal(lull_shadow_sync_some(sh, 2), 2);
	assert_true(lull_shadow_needs_sync(sh));
	assert_int_equal(unit_audit(), 0);
	assert_int_equal(lull_shadow_sync_some(sh, 2), 1);
	assert_false(lull_shadow_needs_sync(sh));
	assert_int_equal(lull_shadow_sync_some(sh, 2), 0);
	assert_int_equal(unit_audit(), 0);
	cpu_enter(vcpu());
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
}

/*
 * Many ways lead to a table that cannot be brought in sync, because the host is
 * changing memory: it is tried once.
 */
static void many_ways_to_an_unsync_table(void **state)
{
	unsigned int i;
	u64 before;

	for (i = 0; i < MANY; i++) {
		unit_set(L4, i, unit_gpa(L3) | ENTRY_USED);
		unit_set(L3, i, unit_gpa(L2) | ENTRY_USED);
		unit_set(L2, i, unit_gpa(L1) | ENTRY_USED);
	}
	unit_set(L1, 0, unit_gpa(DATA) | ENTRY_USED);
	unit_flush();
	for (i = 0; i < MANY; i++) {
		touch((u64)i << 39, 4);
		touch((u64)i << 30, 4);
		touch((u64)i << 21, 4);
	}
	unit_monitor_write(L1);
	world_move_begin(DATA + 1);
	before = world.mmu.stats.syncs;
	cpu_exit(vcpu());
	assert_int_equal(lull_shadow_sync(&vcpu()->sh), 1);
	assert_int_equal(lull_shadow_sync_some(&vcpu()->sh, 2), 0);
	assert_int_equal(world.mmu.stats.syncs, before + 1);
	assert_true(lull_shadow_needs_sync(&vcpu()->sh));
	cpu_enter(vcpu());
	world_move_end(DATA + 1);
	cpu_load_cr3(vcpu(), 0, false);
	assert_false(lull_shadow_needs_sync(&vcpu()->sh));
	assert_int_equal(unit_audit(), 0);
}

/*
 * Another vCPU flushes while the monitor writes: before the store, and after
 * it, when it may have seen the new entry.
 */
static void flush_during_a_write(void **state)
{
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	lull_mmu_write_begin(&world.mmu, gfn_of_page(L1));
	cpu_load_cr3(vcpu(), vcpu()->sh.cr3, false);
	world_store(L1, 0, 0);
	assert_int_equal(unit_audit(), 0);
	cpu_load_cr3(vcpu(), vcpu()->sh.cr3, false);
	cpu_check_all();
	assert_int_equal(world.pages[DATA].rmap.val, 0);
	lull_mmu_write_end(&world.mmu);
	assert_false(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	assert_int_equal(unit_audit(), 0);
}

/* The host has swapped out the table that the guest has changed. */
static void invlpg_of_a_table_away(void **state)
{
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	unit_monitor_write(L1);
	world.pages[L1].away = true;
	lull_shadow_invlpg(&vcpu()->sh, 0);
	assert_int_equal(world.pages[DATA].rmap.val, 0);
	assert_int_equal(unit_audit(), 0);
	cpu_set_root(vcpu());
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
}

/* The entry leads to another page now, which the host is taking away. */
static void remake_inside_a_range(void **state)
{
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	unit_monitor_write(L1);
	world_store(L1, 0, unit_gpa(DATA + 1) | ENTRY_USED);
	world_move_begin(DATA + 1);
	lull_shadow_invlpg(&vcpu()->sh, 0);
	assert_int_equal(world.pages[DATA].rmap.val, 0);
	assert_int_equal(world.pages[DATA + 1].rmap.val, 0);
	world_move_end(DATA + 1);
	cpu_set_root(vcpu());
	assert_int_equal(unit_audit(), 0);
}

/* A leaf over one that was not flushed is in the rmap of the right frame. */
static void replace_leaf(void)
{
	struct gpage *old = &world.pages[DATA], *new = &world.pages[DATA + 1];

	unit_set(L1, 0, unit_gpa(DATA) | LULL_PTE_P);
	assert_true(cpu_access(vcpu(), 0, SUP_READ, 0, 0));
	assert_int_not_equal(old->rmap.val, 0);
	unit_monitor_write(L1);
	world_store(L1, 0, unit_gpa(DATA + 1) | LULL_PTE_P | LULL_PTE_U);
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	assert_int_equal(old->rmap.val, 0);
	assert_int_not_equal(new->rmap.val, 0);
	assert_int_equal(unit_audit(), 0);
}

static void leaf_over_another(void **state)
{
	replace_leaf();
}

/* Two frames of one host page. */
static void merged_pages(void **state)
{
	world.pages[DATA + 1].hfn = world.pages[DATA].hfn;
	world.pages[DATA + 1].shared = true;
	world.pages[DATA].shared = true;
	replace_leaf();
}

static void make_few(void)
{
	unsigned int i;

	world.mmu.max_pages = 5;
	for (i = 0; i < 512; i++)
		unit_set(L3, i, unit_gpa(L2) | ENTRY_USED);
	for (i = 0; i < 512; i++)
		unit_set(L2, i, unit_gpa(i % 2 ? L1 : 5) | ENTRY_USED);
	unit_set(5, 0, unit_gpa(DATA) | ENTRY_USED);
	unit_flush();
}

static void few_shadow_pages(void **state)
{
	unsigned int i;

	make_few();
	for (i = 0; i < 512; i++) {
		assert_int_equal(touch((u64)i << 21 | (u64)i << 30,
				       LULL_PF_USER), LULL_FAULT_FIXED);
		assert_in_range(world.mmu.nr_pages, 1, 8);
		assert_int_equal(unit_audit(), 0);
	}
}

/* Where nothing may be zapped it leaves faults near the cap to the other. */
static void few_shadow_pages_at_once(void **state)
{
	unsigned int i, done = 0;

	make_few();
	world.mmu.max_pages = 8;
	for (i = 0; i < 512; i++)
		unit_set(L2, i, unit_gpa(5 + i % 6) | ENTRY_USED);
	for (i = 5; i < 11; i++)
		unit_set(i, 0, unit_gpa(DATA) | ENTRY_USED);
	unit_flush();
	for (i = 0; i < 512; i++) {
		struct lull_fault fault = {
			.gva = (u64)i << 21 | (u64)i << 30,
			.error_code = LULL_PF_USER,
		};

		done += lull_shadow_try_fault(&vcpu()->sh, &fault);
		assert_in_range(world.mmu.nr_pages, 1, 8);
		if (i == 0)
			touch(fault.gva, fault.error_code);
		lull_shadow_topup(&vcpu()->sh);
	}
	assert_in_range(done, 1, 4);
	assert_int_equal(unit_audit(), 0);
}

#define MMU_TEST(name) \
	cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
	const struct CMUnitTest tests[] = {
		MMU_TEST(pairs_to_a_small_page),
		MMU_TEST(pairs_to_a_large_page),
		MMU_TEST(cached_root),
		MMU_TEST(written_roots),
		MMU_TEST(host_cannot_give_a_page),
		MMU_TEST(host_cannot_read_a_table),
		cmocka_unit_test(no_memory_for_the_module),
		MMU_TEST(no_memory_for_an_mmu),
		MMU_TEST(no_memory_for_a_fault),
		MMU_TEST(page_mapped_everywhere),
		MMU_TEST(table_linked_everywhere),
		MMU_TEST(write_of_the_monitor),
		MMU_TEST(part_of_a_sync),
		MMU_TEST(many_ways_to_an_unsync_table),
		MMU_TEST(flush_during_a_write),
		MMU_TEST(invlpg_of_a_table_away),
		MMU_TEST(remake_inside_a_range),
		MMU_TEST(leaf_over_another),
		MMU_TEST(merged_pages),
		MMU_TEST(few_shadow_pages),
		MMU_TEST(few_shadow_pages_at_once),
	};

	return cmocka_run_group_tests_name("mmu", tests, NULL, NULL);
}
