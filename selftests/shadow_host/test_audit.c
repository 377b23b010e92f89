// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit sees each kind of corruption, and nothing where there is none.
 */
#include "unit.h"

static struct lull_sp *root, *table, *pieces;

static struct lull_sp *child(struct lull_sp *sp, unsigned int idx)
{
	assert_true(test_bit(idx, sp->present));
	return link_child(sp->spt[idx]);
}

/* One small page, one page of a large one; the L1 table's own page, read. */
static int setup(void **state)
{
	struct vcpu *vcpu;

	unit_setup(state);
	vcpu = &world.vcpus[0];
	unit_set(L2, pos_index[1], unit_gpa(DATA) | ENTRY_USED | LULL_PTE_PS);
	unit_set(L1, pos_index[1], unit_gpa(L1) | ENTRY_USED);
	unit_set(L1, pos_index[2], unit_gpa(DATA + 1) |
		 LULL_PTE_P | LULL_PTE_NX);
	unit_flush();
	assert_true(cpu_access(vcpu, 0, USER_WRITE, 0, 0));
	assert_true(cpu_access(vcpu, 1, USER_READ, 0, 0));
	assert_true(cpu_access(vcpu, 2, SUP_READ, 0, 0));
	assert_true(cpu_access(vcpu, NR_POS + 1, USER_READ, 0, 0));
	root = vcpu->sh.root;
	table = child(child(child(root, 0), 0), 0);
	pieces = child(child(child(root, 0), 0), pos_index[1]);
	assert_int_equal(table->role.level, 1);
	assert_true(pieces->role.direct);
	assert_int_equal(unit_audit(), 0);
	return 0;
}

static void nothing_wrong(void **state)
{
	assert_int_equal(unit_audit(), 0);
}

static void corrupt_u64(u64 *at, u64 to)
{
	unit_corrupt(at, &to, sizeof(to));
}

static void leaf_with_more_rights(void **state)
{
	unsigned int idx = pos_index[2];

	corrupt_u64(&table->spt[idx], table->spt[idx] | LULL_PTE_W);
	corrupt_u64(&table->spt[idx], table->spt[idx] | LULL_PTE_U);
	corrupt_u64(&table->spt[idx], table->spt[idx] & ~LULL_PTE_NX);
}

static void synced_table_writable(void **state)
{
	unsigned int idx = pos_index[1];

	corrupt_u64(&table->spt[idx], table->spt[idx] | LULL_PTE_W);
}

static void spte_not_noted(void **state)
{
	corrupt_u64(&table->spt[pos_index[3]], table->spt[0]);
	corrupt_u64(&table->spt[0], 0);
	corrupt_u64((u64 *)table->present, table->present[0] ^ 1);
}

static void entry_not_the_guests(void **state)
{
	corrupt_u64(&table->gptes[0], table->gptes[0] ^ LULL_PTE_W);
	corrupt_u64(&table->gptes[0], table->gptes[0] ^ BIT_ULL(12));
	corrupt_u64(&world.pages[L1].mem[0], 0);
	corrupt_u64(&world.pages[L1].mem[0],
		    world.pages[L1].mem[0] & ~LULL_PTE_A);
}

static void link_to_another_table(void **state)
{
	struct lull_sp *l2 = child(child(root, 0), 0);

	corrupt_u64(&l2->spt[0], l2->spt[pos_index[1]]);
	corrupt_u64(&table->gfn, table->gfn + 1);
}

static void wrong_role(void **state)
{
	union lull_role role = root->role;

	role.level = 3;
	unit_corrupt(&root->role, &role, sizeof(role));
	role = table->role;
	role.access &= ~LULL_ACC_W;
	unit_corrupt(&table->role, &role, sizeof(role));
	role = pieces->role;
	role.clean = true;
	unit_corrupt(&pieces->role, &role, sizeof(role));
}

static void invalid_child(void **state)
{
	bool invalid = true;

	unit_corrupt(&table->invalid, &invalid, sizeof(invalid));
}

static void lost_from_rmap(void **state)
{
	struct lull_rmap none = { 0 };

	unit_corrupt(&world.pages[DATA + 1].rmap, &none, sizeof(none));
	unit_corrupt(&table->parents, &none, sizeof(none));
	unit_corrupt(&pieces->parents, &none, sizeof(none));
}

/* An entry that nothing stands for, in the rmap of a frame and of a table. */
static void more_in_rmap(void **state)
{
	struct lull_rmap one = { (unsigned long)&table->spt[pos_index[7]] };

	assert_int_equal(world.pages[5].rmap.val, 0);
	unit_corrupt(&world.pages[5].rmap, &one, sizeof(one));
	unit_corrupt(&root->parents, &one, sizeof(one));
}

static void foreign_memory(void **state)
{
	struct gpage *page = &world.pages[DATA];
	bool yes = true;

	corrupt_u64(&table->spt[0], table->spt[0] + PAGE_SIZE);
	corrupt_u64(&page->hfn, page->hfn + 1);
	unit_corrupt(&page->shared, &yes, sizeof(yes));
	unit_corrupt(&page->going, &yes, sizeof(yes));
}

static void wrong_bits(void **state)
{
	corrupt_u64(&table->spt[0], table->spt[0] & ~LULL_PTE_A);
	corrupt_u64(&root->spt[0], root->spt[0] & ~LULL_PTE_U);
	corrupt_u64(&root->spt[0], root->spt[0] | LULL_PTE_NX);
}

/* A table that the host has swapped out is not held against its shadow. */
static void table_away(void **state)
{
	world.pages[L1].away = true;
	assert_int_equal(unit_audit(), 0);
	world.pages[L1].away = false;
}

/* CR0.WP clear: a user page that the supervisor writes is the user's no more. */
static void writable_with_wp_clear(void **state)
{
	unsigned int idx = pos_index[3];
	struct lull_sp *l1;

	unit_set(L1, idx, unit_gpa(DATA + 2) | LULL_PTE_P | LULL_PTE_U);
	unit_start_mode(2 | 4);
	unit_flush();
	assert_true(cpu_access(&world.vcpus[0], 3, SUP_WRITE, 0, 0));
	root = world.vcpus[0].sh.root;
	l1 = child(child(child(root, 0), 0), 0);
	assert_true(l1->spt[idx] & LULL_PTE_W);
	assert_int_equal(unit_audit(), 0);
	corrupt_u64(&l1->spt[idx], l1->spt[idx] | LULL_PTE_U);
	corrupt_u64(&l1->spt[idx], l1->spt[idx] & ~LULL_PTE_NX);
}

/* The vCPU has it until it looks. */
static void zapped_root(void **state)
{
	unsigned int none = 0;
	u16 one = 1;

	lull_mmu_zap_all(&world.mmu);
	assert_int_equal(world.mmu.nr_pages, 1);
	assert_int_equal(unit_audit(), 0);
	unit_corrupt(&root->root_count, &none, sizeof(none));
	unit_corrupt(&root->unsync_children, &one, sizeof(one));
	corrupt_u64((u64 *)root->present, 1);
}

static void unsync_not_passed_up(void **state)
{
	bool unsync = true;

	unit_corrupt(&table->unsync, &unsync, sizeof(unsync));
	unit_corrupt(&root->unsync, &unsync, sizeof(unsync));
}

static void wrong_counts(void **state)
{
	unsigned int nr = world.mmu.nr_pages - 1, upper = 1;
	unsigned int more = world.mmu.nr_pages + 1;
	u16 children = 1;

	unit_corrupt(&world.mmu.nr_pages, &nr, sizeof(nr));
	unit_corrupt(&world.mmu.nr_pages, &more, sizeof(more));
	unit_corrupt(&world.mmu.nr_upper_unsync, &upper, sizeof(upper));
	unit_corrupt(&root->unsync_children, &children, sizeof(children));
	corrupt_u64((u64 *)root->unsync_child, 1);
}

static void not_in_the_hash(void **state)
{
	struct hlist_node *node = &table->hash_link;
	struct hlist_node **link = node->link;

	*link = node->next;
	assert_int_not_equal(unit_audit(), 0);
	*link = node;
	assert_int_equal(unit_audit(), 0);
}

static void struct_page_of_another(void **state)
{
	struct page *page = virt_to_page(root->spt);

	page->private = (unsigned long)table;
	assert_int_not_equal(unit_audit(), 0);
	page->private = (unsigned long)root;
	assert_int_equal(unit_audit(), 0);
}

#define AUDIT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, unit_teardown)

/**
 * main() - all tests of this file
 *
 * Return: the number that failed.
 */
int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(nothing_wrong),
		AUDIT_TEST(leaf_with_more_rights),
		AUDIT_TEST(synced_table_writable),
		AUDIT_TEST(spte_not_noted),
		AUDIT_TEST(entry_not_the_guests),
		AUDIT_TEST(link_to_another_table),
		AUDIT_TEST(wrong_role),
		AUDIT_TEST(invalid_child),
		AUDIT_TEST(lost_from_rmap),
		AUDIT_TEST(more_in_rmap),
		AUDIT_TEST(foreign_memory),
		AUDIT_TEST(wrong_bits),
		AUDIT_TEST(table_away),
		AUDIT_TEST(writable_with_wp_clear),
		AUDIT_TEST(zapped_root),
		AUDIT_TEST(unsync_not_passed_up),
		AUDIT_TEST(wrong_counts),
		AUDIT_TEST(not_in_the_hash),
		AUDIT_TEST(struct_page_of_another),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
