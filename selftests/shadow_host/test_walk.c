// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every combination of entry bits, control bits and accesses, against arch.c:
 * result, error code, CR2, address, and the entries afterwards.
 */
#include "unit.h"

#define NR_MODES	16

static const unsigned int tables[] = { L1, L2, L3, L4 };

/* W, U and NX from bits 0 to 2 of @bits. */
static u64 rights(unsigned int bits)
{
	return (bits & 1 ? LULL_PTE_W : 0) | (bits & 2 ? LULL_PTE_U : 0) |
	       (bits & 4 ? LULL_PTE_NX : 0);
}

static u64 target(unsigned int level, bool large)
{
	if (level == 1)
		return unit_gpa(DATA);
	if (level == 2 && large)
		return unit_gpa(DATA) | LULL_PTE_PS;
	return unit_gpa(tables[level - 2]);
}

static void set_level(unsigned int level, bool large, u64 bits)
{
	unit_set(tables[level - 1], 0, target(level, large) | bits);
}

/* All accesses under all modes; the entries are put back each time. */
static void try_all(void)
{
	struct vcpu *vcpu = &world.vcpus[0];
	u64 saved[4];
	unsigned int bits, i;
	enum access access;

	for (i = 0; i < 4; i++)
		saved[i] = world.pages[tables[i]].mem[0];
	for (bits = 0; bits < NR_MODES; bits++) {
		unit_start_mode(bits);
		for (access = 0; access < NR_ACCESSES; access++) {
			cpu_translate(vcpu, 0, access);
			for (i = 0; i < 4; i++)
				unit_set(tables[i], 0, saved[i]);
		}
	}
}

static void rights_product(bool large)
{
	unsigned int levels = large ? 3 : 4, bits, level;

	for (bits = 0; bits < 1U << (3 * levels); bits++) {
		for (level = 4; level > 4 - levels; level--)
			set_level(level, large, LULL_PTE_P |
				  rights(bits >> (3 * (4 - level))));
		try_all();
	}
}

static void rights_of_small_pages(void **state)
{
	rights_product(false);
}

static void rights_of_large_pages(void **state)
{
	rights_product(true);
}

/* P, A and D of every level. */
static void accessed_dirty_product(bool large)
{
	unsigned int bits, level;

	for (bits = 0; bits < 1U << 12; bits++) {
		for (level = 4; level >= 1; level--) {
			unsigned int three = bits >> (3 * (level - 1));

			set_level(level, large, LULL_PTE_W | LULL_PTE_U |
				  (three & 1 ? LULL_PTE_P : 0) |
				  (three & 2 ? LULL_PTE_A : 0) |
				  (three & 4 ? LULL_PTE_D : 0));
		}
		try_all();
	}
}

static void accessed_and_dirty(void **state)
{
	accessed_dirty_product(false);
	accessed_dirty_product(true);
}

/* Each bit of the entry of each level, turned over. */
static void each_bit(void **state)
{
	unsigned int level, flip, other, large;

	for (flip = 0; flip < 64 * 4 * 2; flip++) {
		large = flip & 1;
		level = 1 + (flip >> 1) % 4;
		for (other = 1; other <= 4; other++)
			set_level(other, large, ENTRY_RWU);
		world.pages[tables[level - 1]].mem[0] ^= BIT_ULL(flip / 8);
		try_all();
	}
}

/* Guests may have tables in ROM: what cannot be set counts as set. */
static void tables_in_rom(void **state)
{
	const unsigned int rom = 2 * NR_POS;
	const struct lull_paging_mode mode = unit_mode(3);

	set_level(1, false, ENTRY_RWU);
	world.pages[rom].mem[0] = unit_gpa(DATA) | ENTRY_RWU;
	unit_set(L2, 0, unit_gpa(rom) | ENTRY_RWU);
	unit_set_mode(&mode);
	assert_true(cpu_access(&world.vcpus[0], 0, USER_WRITE, 1, 0x1234));
	assert_int_equal(world.pages[DATA].mem[pos_index[1]], 0x1234);
	assert_int_equal(world.pages[rom].mem[0], unit_gpa(DATA) | ENTRY_RWU);
	assert_int_equal(unit_audit(), 0);
}

static void tables_outside_memory(void **state)
{
	unsigned int level;

	for (level = 2; level <= 4; level++) {
		unsigned int i;

		for (i = 1; i <= 4; i++)
			set_level(i, false, ENTRY_RWU);
		unit_set(tables[level - 1], 0,
			 unit_gpa(3 * NR_POS) | ENTRY_RWU);
		try_all();
	}
}

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rights_of_small_pages,
						unit_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(rights_of_large_pages,
						unit_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(accessed_and_dirty,
						unit_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(each_bit,
						unit_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(tables_in_rom,
						unit_setup, unit_teardown),
		cmocka_unit_test_setup_teardown(tables_outside_memory,
						unit_setup, unit_teardown),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
