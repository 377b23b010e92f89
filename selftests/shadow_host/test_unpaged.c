// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest without paging: what its tables look like, and what a table that it
 * writes means for a vCPU with paging.
 */
#include "unit.h"

#define UNPAGED		(3 | 16)

static struct vcpu *vcpu(void)
{
	return &world.vcpus[0];
}

static void set_mode(unsigned int bits)
{
	const struct lull_paging_mode mode = unit_mode(bits);

	cpu_exit(vcpu());
	lull_shadow_set_mode(&vcpu()->sh, &mode);
	cpu_arch_flush(vcpu());
	assert_int_equal(lull_shadow_reload(&vcpu()->sh), 0);
	cpu_set_root(vcpu());
	cpu_enter(vcpu());
}

static int setup(void **state)
{
	unit_setup(state);
	set_mode(UNPAGED);
	return 0;
}

static struct lull_sp *child(struct lull_sp *sp, unsigned int idx)
{
	assert_true(test_bit(idx, sp->present));
	return link_child(sp->spt[idx]);
}

static void check(void)
{
	cpu_check_all();
	assert_int_equal(unit_audit(), 0);
}

static void three_levels(void **state)
{
	struct lull_sp *root = vcpu()->sh.root;
	enum access access;

	for (access = 0; access < NR_ACCESSES; access++)
		assert_true(cpu_access(vcpu(), DATA, access, 0, 0));
	assert_int_equal(root->role.level, LULL_UNPAGED_LEVEL);
	assert_int_equal(root->spt[0] & ~LULL_PTE_ADDR, LULL_PTE_P);
	assert_int_equal(lull_shadow_root_hpa(&vcpu()->sh) >> 32, 0);
	assert_int_equal(child(root, 0)->role.level, 2);
	assert_int_equal(child(child(root, 0), 1)->gfn, 512);
	check();
}

static enum lull_fault_result touch(u64 gva, gpa_t *gpa)
{
	struct lull_fault fault = {
		.gva = gva, .error_code = LULL_PF_WRITE | LULL_PF_USER,
	};

	assert_int_equal(lull_shadow_fault(&vcpu()->sh, &fault), 0);
	assert_int_equal(fault.level, 0);
	*gpa = fault.gpa;
	return fault.result;
}

static void addresses_have_32_bits(void **state)
{
	u64 gva = unit_gpa(DATA) + 0x123;
	gpa_t gpa;

	assert_int_equal(touch(gva | 0xabcULL << 32, &gpa), LULL_FAULT_FIXED);
	assert_int_equal(gpa, gva);
	assert_int_equal(touch(0xfffffffcULL, &gpa), LULL_FAULT_MMIO);
	assert_int_equal(gpa, 0xfffffffcULL);
	assert_int_equal(bitmap_weight(vcpu()->sh.root->present,
				       LULL_PT_ENTRIES), 1);
	check();
}

/* CR3 and INVLPG mean nothing, and one root is enough. */
static void cr3_and_invlpg(void **state)
{
	struct lull_sp *root = vcpu()->sh.root;

	assert_true(cpu_access(vcpu(), DATA, SUP_WRITE, 0, 0));
	cpu_load_cr3(vcpu(), unit_gpa(DATA), false);
	assert_ptr_equal(vcpu()->sh.root, root);
	lull_shadow_invlpg(&vcpu()->sh, unit_gpa(DATA));
	assert_true(test_bit(0, root->present));
	set_mode(UNPAGED ^ 3);
	assert_ptr_equal(vcpu()->sh.root, root);
	check();
}

/* The entry's page: address number 3 is page 3, in region 0. */
static void table_written(void **state)
{
	u64 other = unit_gpa(DATA + 1) | ENTRY_USED;

	set_mode(3);
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	set_mode(UNPAGED);
	assert_true(cpu_access(vcpu(), L1, SUP_READ, 0, 0));
	check();
	assert_true(cpu_access(vcpu(), L1, SUP_WRITE, 0, other));
	check();
	set_mode(3);
	assert_int_equal(world.mmu.stats.unsyncs, 1);
	assert_int_equal(world.mmu.stats.syncs, 1);
	assert_true(cpu_access(vcpu(), 0, USER_READ, 0, 0));
	check();
}

static void no_memory(void **state)
{
	unsigned int nth, failed = 0;

	for (nth = 1; nth < 20; nth++) {
		set_mode(3);
		lull_mmu_zap_all(&world.mmu);
		host_fail_allocation(nth);
		cpu_exit(vcpu());
		lull_shadow_set_mode(&vcpu()->sh,
				     &(struct lull_paging_mode){ .unpaged = 1 });
		if (!lull_shadow_reload(&vcpu()->sh))
			cpu_set_root(vcpu());
		else
			failed++;
		host_fail_allocation(0);
		cpu_arch_flush(vcpu());
		cpu_prepare(vcpu());
		check();
	}
	assert_in_range(failed, 1, 19);
}

/* Change a word, expect the audit to see it, and change it back. */
static void corrupt(u64 *word, u64 bits)
{
	*word ^= bits;
	assert_int_not_equal(unit_audit(), 0);
	*word ^= bits;
	assert_int_equal(unit_audit(), 0);
}

static void audit(void **state)
{
	struct lull_sp *root = vcpu()->sh.root, *middle;

	assert_true(cpu_access(vcpu(), DATA, SUP_WRITE, 0, 0));
	middle = child(root, 0);
	corrupt(&root->spt[0], LULL_PTE_W);
	corrupt(&root->spt[0], LULL_PTE_A);
	corrupt(&middle->gfn, 1);
	middle->role.unpaged = 0;
	assert_int_not_equal(unit_audit(), 0);
	middle->role.unpaged = 1;
	assert_int_equal(unit_audit(), 0);
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
		TEST(three_levels),
		TEST(addresses_have_32_bits),
		TEST(cr3_and_invlpg),
		TEST(table_written),
		TEST(no_memory),
		TEST(audit),
	};

	return cmocka_run_group_tests_name("unpaged", tests, NULL, NULL);
}
