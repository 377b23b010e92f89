// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reverse maps against a plain set.
 */
#include "unit.h"

#define MANY	40

static u64 sptes[1200];
static struct lull_rmap rmap;

static struct lull_shadow *shadow(void)
{
	struct lull_shadow *sh = &world.vcpus[0].sh;

	assert_int_equal(lull_shadow_topup(sh), 0);
	return sh;
}

static void add(unsigned int i)
{
	lull_rmap_stock(shadow());
	assert_true(lull_rmap_add(&world.mmu, &rmap, &sptes[i]));
}

static unsigned int value(u64 *spte)
{
	return *spte;
}

/* The sum of 1 << i for each member says which they are. */
static void check(u64 members)
{
	unsigned int i, sum = 0;

	for (i = 0; i < MANY; i++) {
		bool in = members >> i & 1;

		sptes[i] = i + 1;
		assert_int_equal(lull_rmap_has(&rmap, &sptes[i]), in);
		sum += in ? i + 1 : 0;
	}
	assert_int_equal(lull_rmap_for_each(&rmap, value), sum);
	if (!members)
		assert_null(lull_rmap_first(&rmap));
	else
		assert_true(members >> (lull_rmap_first(&rmap) - sptes) & 1);
}

static void empty(void **state)
{
	check(0);
	assert_false(lull_rmap_is_long(&rmap));
}

static void one(void **state)
{
	add(3);
	check(BIT_ULL(3));
	lull_rmap_remove(&world.mmu, &rmap, &sptes[3]);
	check(0);
}

/* Fill, then take out in an order that @step makes. */
static void fill_and_empty(unsigned int step)
{
	u64 members = 0;
	unsigned int i, n;

	for (i = 0; i < MANY; i++) {
		add(i);
		members |= BIT_ULL(i);
		check(members);
	}
	for (i = 0, n = 0; i < MANY; i++) {
		n = (n + step) % MANY;
		lull_rmap_remove(&world.mmu, &rmap, &sptes[n]);
		members &= ~BIT_ULL(n);
		check(members);
	}
}

static void many_in_any_order(void **state)
{
	fill_and_empty(1);
	fill_and_empty(7);
	fill_and_empty(13);
	fill_and_empty(MANY - 1);
}

static void first_until_empty(void **state)
{
	unsigned int i;
	u64 *spte;

	for (i = 0; i < MANY; i++)
		add(i);
	for (i = 0; (spte = lull_rmap_first(&rmap)); i++)
		lull_rmap_remove(&world.mmu, &rmap, spte);
	assert_int_equal(i, MANY);
}

static void a_long_chain_says_so(void **state)
{
	unsigned int n;
	u64 *spte;

	for (n = 0; !lull_rmap_is_long(&rmap); n++) {
		assert_in_range(n, 0, ARRAY_SIZE(sptes) - 1);
		add(n);
	}
	assert_in_range(n, 500, 1100);
	lull_rmap_remove(&world.mmu, &rmap, &sptes[0]);
	assert_false(lull_rmap_is_long(&rmap));
	while ((spte = lull_rmap_first(&rmap)))
		lull_rmap_remove(&world.mmu, &rmap, spte);
}

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty, unit_setup,
						unit_teardown),
		cmocka_unit_test_setup_teardown(one, unit_setup,
						unit_teardown),
		cmocka_unit_test_setup_teardown(many_in_any_order, unit_setup,
						unit_teardown),
		cmocka_unit_test_setup_teardown(first_until_empty, unit_setup,
						unit_teardown),
		cmocka_unit_test_setup_teardown(a_long_chain_says_so,
						unit_setup, unit_teardown),
	};

	return cmocka_run_group_tests_name("rmap", tests, NULL, NULL);
}
