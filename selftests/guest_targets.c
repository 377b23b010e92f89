// SPDX-License-Identifier: GPL-2.0-only
/*
 * CR3 targets as hypercall/ABI.rst specifies them: a guest that loads what its
 * table gives has the address space it asked for, without an exit; and each
 * time as it is then, whatever became of the entry since the guest read it.
 *
 * Guards against: a root that is loaded with old translations below it, after a
 * write, a change of control bits, of memory or of a slot, or reclaim; a value
 * that leads elsewhere once it is void; one that nobody gave out and that works;
 * a wrong CR3 for the guest or the launcher after a switch that nobody saw.
 */
#include <kselftest_harness.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/paging.h"
#include "lib/util.h"

#define L1TF		"/sys/devices/system/cpu/vulnerabilities/l1tf"
#define CR_ACCESS	28
#define TEST_GVA	0x123456789000ULL
#define TABLE_GVA	0x123400000000ULL
#define FAR_GVA(i)	(0x400000000000ULL + (u64)(i) * LARGE_SIZE)
#define NR_FAR		150
#define NR_ROOTS	6
#define ROUNDS		100
#define TURNS		20
#define ROM_GPA		(4 * GIB)
#define TABLE_GPA	(8 * GIB)

/* Space i maps TEST_GVA to a page that holds 100 + i, by a table of its own. */
static u64 roots[NR_ROOTS], leaves[NR_ROOTS], pages[NR_ROOTS + 1];
static struct lull_cr3_table table __attribute__((aligned(64)));
static volatile u64 turn, answer, ready;

static s64 hypercall(u64 nr, u64 a0)
{
	return vmcall(nr, a0, 0);
}

static void set_table(u64 a0, s64 want)
{
	GUEST_ASSERT_EQ(hypercall(LULL_HC_SET_CR3_TABLE, a0), (u64)want);
}

static u64 value_of(u64 cr3)
{
	return guest_cr3_value(&table, cr3);
}

static void load(u64 cr3)
{
	u64 value = value_of(cr3);

	write_cr3(value ? value : cr3);
}

/* The address space, as its own table has it. */
static void expect_space(unsigned int i, u64 content)
{
	GUEST_ASSERT_EQ(load64(TEST_GVA), content);
	GUEST_ASSERT_EQ(read_cr3(), roots[i]);
}

/* Let the first @nr spaces be on the list, each with its page in use. */
static void list_spaces(unsigned int nr)
{
	unsigned int i, round;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < nr; i++) {
			load(roots[i]);
			GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + i);
		}
	}
	for (i = 0; i < nr; i++) {
		GUEST_ASSERT(value_of(roots[i]) & LULL_CR3_TARGET);
		GUEST_ASSERT(value_of(roots[i]) != roots[i]);
	}
}

static void begin(unsigned int nr)
{
	set_table((u64)&table | LULL_CR3_TABLE_ENABLE, LULL_HC_OK);
	list_spaces(nr);
}

FIXTURE(targets) {
	struct test_vm vm;
	struct test_vcpu vcpu;
};

static void make_spaces(struct test_vm *vm)
{
	int i;

	for (i = 0; i <= NR_ROOTS; i++) {
		pages[i] = vm_alloc(vm, PAGE_SIZE);
		*(u64 *)vm_ptr(vm, pages[i]) = 100 + i;
	}
	for (i = 0; i < NR_ROOTS; i++) {
		roots[i] = pt_new_root(vm);
		pt_map_basics(vm, roots[i]);
		pt_map(vm, roots[i], TEST_GVA, pages[i], PTE_RW);
		leaves[i] = pt_entry(vm, roots[i], TEST_GVA, 1);
	}
}

FIXTURE_SETUP(targets)
{
	set_targets_parameter("1");
	vm_create_with(&self->vm, LULL_PARA_F_CR3_TARGETS,
		       LULL_MIN_SHADOW_PAGES);
	make_spaces(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
}

FIXTURE_TEARDOWN(targets)
{
	EXPECT_EQ(0, audit_vms());
	vcpu_check_stats(&self->vcpu);
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
	set_targets_parameter("0");
}

static void run(struct test_vcpu *vcpu, guest_fn fn)
{
	vcpu_restart(vcpu, fn, NULL);
	vcpu_run_done(vcpu);
}

static u64 counter(struct test_vcpu *vcpu, enum lull_counter counter)
{
	struct lull_vcpu_stats stats;

	vcpu_get_stats(vcpu, &stats);
	return stats.counters[counter];
}

static u64 cr_exits(struct test_vcpu *vcpu)
{
	struct lull_vcpu_stats stats;

	vcpu_get_stats(vcpu, &stats);
	return stats.exits[CR_ACCESS];
}

TEST(offered_as_the_host_says)
{
	char text[32] = "";
	int sys = open_lull(), fd, r;
	bool safe;

	fd = open(L1TF, O_RDONLY);
	safe = fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ||
	       !strncmp(text, "Not affected", 12);
	close(fd);
	r = try_create_vm(sys, LULL_PARA_F_CR3_TARGETS, 0);
	EXPECT_EQ(safe, r >= 0);
	if (!safe)
		EXPECT_EQ(-EINVAL, r);
	set_targets_parameter("1");
	EXPECT_LE(0, try_create_vm(sys, LULL_PARA_F_CR3_TARGETS, 0));
	set_targets_parameter("0");
}

static void guest_not_offered(void *arg)
{
	set_table((u64)&table | 1, LULL_HC_ENOSYS);
	set_table(0, LULL_HC_ENOSYS);
}

TEST(not_offered)
{
	run_guest(guest_not_offered, NULL);
}

static void guest_registers(void *arg)
{
	u64 at = (u64)&table;
	int i;

	table.target[0].cr3 = 0x5555;
	set_table(at, LULL_HC_EINVAL);
	set_table(at | 3, LULL_HC_EINVAL);
	set_table((at + 32) | 1, LULL_HC_EINVAL);
	set_table(3 * GIB | 1, LULL_HC_EFAULT);
	set_table(ROM_GPA | 1, LULL_HC_EFAULT);
	set_table(-64ULL | 1, LULL_HC_EFAULT);
	GUEST_ASSERT_EQ(table.target[0].cr3, 0x5555);
	set_table(0, LULL_HC_OK);
	set_table(at | 1, LULL_HC_OK);
	for (i = 0; i < LULL_NR_CR3_TARGETS; i++)
		GUEST_ASSERT_EQ(table.target[i].cr3, LULL_CR3_NONE);
	list_spaces(2);
	/* A failure changes nothing, the end of it empties the table. */
	set_table(3 * GIB | 1, LULL_HC_EFAULT);
	GUEST_ASSERT(value_of(roots[0]));
	set_table(0, LULL_HC_OK);
	for (i = 0; i < LULL_NR_CR3_TARGETS; i++)
		GUEST_ASSERT_EQ(table.target[i].cr3, LULL_CR3_NONE);
	load(roots[1]);
	expect_space(1, 101);
}

TEST_F(targets, register_and_take_back)
{
	vm_set_memory(&self->vm, SLOT_FREE, LULL_MEM_READONLY, ROM_GPA,
		      PAGE_SIZE, alloc_pages(PAGE_SIZE));
	run(&self->vcpu, guest_registers);
}

static void guest_switches(void *arg)
{
	unsigned int i;

	begin(4);
	GUEST_SYNC(1);
	for (i = 0; i < 4 * ROUNDS; i++) {
		load(roots[i % 4]);
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + i % 4);
	}
	load(roots[2]);
	GUEST_SYNC(2);
	expect_space(2, 102);
	/* The plain value does the same, by an exit. */
	write_cr3(roots[3]);
	expect_space(3, 103);
	GUEST_ASSERT(value_of(roots[3]));
}

TEST_F(targets, four_spaces_without_an_exit)
{
	struct lull_sregs sregs;
	u64 exits, unseen;

	vcpu_restart(&self->vcpu, guest_switches, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	exits = cr_exits(&self->vcpu);
	unseen = counter(&self->vcpu, LULL_CNT_CR3_UNSEEN);
	vcpu_run_sync(&self->vcpu, 2);
	EXPECT_EQ(exits, cr_exits(&self->vcpu));
	EXPECT_LT(unseen, counter(&self->vcpu, LULL_CNT_CR3_UNSEEN));
	vcpu_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(roots[2], sregs.cr3);
	vcpu_run_done(&self->vcpu);
}

static void guest_six(void *arg)
{
	unsigned int i;

	set_table((u64)&table | 1, LULL_HC_OK);
	for (i = 0; i < NR_ROOTS * ROUNDS; i++) {
		load(roots[i % NR_ROOTS]);
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + i % NR_ROOTS);
	}
	expect_space((i - 1) % NR_ROOTS, 100 + (i - 1) % NR_ROOTS);
}

/* Some stay on the list: it is not emptied for those that do not. */
TEST_F(targets, more_spaces_than_targets)
{
	run(&self->vcpu, guest_six);
	EXPECT_GT(NR_ROOTS * ROUNDS * 3 / 4, cr_exits(&self->vcpu));
	EXPECT_LT(NR_ROOTS * ROUNDS / 4, cr_exits(&self->vcpu));
}

/* An entry is void, and is used all the same: it was read before. */
static void use_late(unsigned int i, u64 value, u64 content)
{
	GUEST_ASSERT_EQ(value_of(roots[i]), 0);
	write_cr3(value);
	expect_space(i, content);
	/* It comes back. */
	load(roots[1]);
	load(roots[i]);
	load(roots[1]);
	load(roots[i]);
	GUEST_ASSERT(value_of(roots[i]));
}

static void guest_writes(void *arg)
{
	unsigned int round;
	u64 value;

	begin(4);
	for (round = 1; round <= TURNS; round++) {
		load(roots[1]);
		value = value_of(roots[0]);
		*(volatile u64 *)leaves[0] = pages[round % 2 ? NR_ROOTS : 0] |
					     PTE_RW;
		use_late(0, value, 100 + (round % 2 ? NR_ROOTS : 0));
		GUEST_ASSERT(value_of(roots[2]));
		GUEST_ASSERT(value_of(roots[3]));
	}
}

TEST_F(targets, write_to_a_table)
{
	run(&self->vcpu, guest_writes);
	EXPECT_LE(TURNS, counter(&self->vcpu, LULL_CNT_CR3_DELISTED));
}

static void guest_mode(void *arg)
{
	u64 value;

	begin(4);
	load(roots[1]);
	value = value_of(roots[0]);
	write_cr0(read_cr0() ^ CR0_WP);
	GUEST_ASSERT_EQ(value_of(roots[1]), 0);
	use_late(0, value, 100);
	load(roots[1]);
	value = value_of(roots[0]);
	write_cr0(read_cr0() ^ CR0_WP);
	use_late(0, value, 100);
}

TEST_F(targets, control_bits_change)
{
	run(&self->vcpu, guest_mode);
}

static void load_value(void *arg)
{
	write_cr3(*(u64 *)arg);
}

static void expect_gp(u64 value)
{
	GUEST_ASSERT_EQ(guest_vector_of(load_value, &value), 13);
}

static void guest_makes_up(void *arg)
{
	begin(2);
	load(roots[1]);
	expect_gp(value_of(roots[0]) + PAGE_SIZE);
	expect_gp(value_of(roots[0]) | 1);
	expect_gp(LULL_CR3_TARGET);
	expect_gp(roots[0] | LULL_CR3_TARGET);
	expect_space(1, 101);
}

TEST_F(targets, values_that_nobody_gave)
{
	run(&self->vcpu, guest_makes_up);
}

static void guest_waits(void *arg)
{
	u64 value, round;

	begin(4);
	for (round = 1; round <= TURNS; round++) {
		load(roots[1]);
		value = value_of(roots[0]);
		GUEST_SYNC(round);
		use_late(0, value, 100);
	}
}

static void add_slot(struct test_vm *vm, u64 round)
{
	if (round % 2)
		vm_set_memory(vm, SLOT_FREE, 0, TABLE_GPA, PAGE_SIZE,
			      alloc_pages(PAGE_SIZE));
	else
		vm_set_memory(vm, SLOT_FREE, 0, 0, 0, NULL);
}

/* The table of the last level goes, and comes with the same contents. */
static void move_table(struct test_vm *vm, u64 round)
{
	void *page = vm_ptr(vm, leaves[0] & PAGE_MASK);
	static u8 copy[PAGE_SIZE];

	memcpy(copy, page, PAGE_SIZE);
	CHECK(mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		   MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
	memcpy(page, copy, PAGE_SIZE);
}

static void between(struct test_vcpu *vcpu,
		    void (*what)(struct test_vm *vm, u64 round))
{
	u64 round;

	vcpu_restart(vcpu, guest_waits, NULL);
	for (round = 1; round <= TURNS; round++) {
		vcpu_run_sync(vcpu, round);
		what(vcpu->vm, round);
	}
	vcpu_run_done(vcpu);
}

TEST_F(targets, slots_change)
{
	between(&self->vcpu, add_slot);
}

TEST_F(targets, host_takes_a_table)
{
	between(&self->vcpu, move_table);
}

static void guest_many(void *arg)
{
	unsigned int i, round;
	u64 value;

	begin(4);
	for (round = 0; round < 4; round++) {
		load(roots[1]);
		value = value_of(roots[0]);
		GUEST_ASSERT(round || value);
		for (i = 0; i < NR_FAR; i++)
			GUEST_ASSERT_EQ(load64(FAR_GVA(i)), 101);
		if (value)
			write_cr3(value);
		else
			load(roots[0]);
		expect_space(0, 100);
	}
}

/* More tables than the cap allows: some of other spaces go. */
TEST_F(targets, reclaim)
{
	int i;

	for (i = 0; i < NR_FAR; i++)
		pt_map(&self->vm, roots[1], FAR_GVA(i), pages[1], PTE_RW);
	run(&self->vcpu, guest_many);
	EXPECT_LT(0, counter(&self->vcpu, LULL_CNT_ZAPS));
	EXPECT_LT(0, counter(&self->vcpu, LULL_CNT_CR3_DELISTED));
}

static void load_plainly(void)
{
	unsigned int i;

	for (i = 0; i < 2 * TURNS; i++) {
		write_cr3(roots[i % 2]);
		expect_space(i % 2, 100 + i % 2);
	}
}

/*
 * What the table held when it became read-only stays there, and good; the VMM
 * writes there no more, not even when it can again.
 */
static void guest_keeps_reading(void *arg)
{
	volatile struct lull_cr3_table *t = (void *)TABLE_GVA;
	u64 value;

	set_table(TABLE_GPA | 1, LULL_HC_OK);
	load_plainly();
	GUEST_ASSERT_EQ(t->target[0].cr3, roots[0]);
	value = t->target[0].value;
	GUEST_SYNC(1);
	GUEST_ASSERT_EQ(t->target[0].cr3, roots[0]);
	write_cr3(value);
	expect_space(0, 100);
	load_plainly();
	GUEST_SYNC(2);
	t->target[0].cr3 = 0x5555;
	load_plainly();
	GUEST_ASSERT_EQ(t->target[0].cr3, 0x5555);
}

TEST_F(targets, table_that_cannot_be_written)
{
	void *mem = alloc_pages(PAGE_SIZE);
	int i;

	for (i = 0; i < 2; i++)
		pt_map(&self->vm, roots[i], TABLE_GVA, TABLE_GPA, PTE_RW);
	vm_set_memory(&self->vm, SLOT_FREE, 0, TABLE_GPA, PAGE_SIZE, mem);
	vcpu_restart(&self->vcpu, guest_keeps_reading, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
	vm_set_memory(&self->vm, SLOT_FREE, LULL_MEM_READONLY, TABLE_GPA,
		      PAGE_SIZE, mem);
	vcpu_run_sync(&self->vcpu, 2);
	vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
	vm_set_memory(&self->vm, SLOT_FREE, 0, TABLE_GPA, PAGE_SIZE, mem);
	vcpu_run_done(&self->vcpu);
}

static void guest_loses_table(void *arg)
{
	set_table(TABLE_GPA | 1, LULL_HC_OK);
	GUEST_SYNC(1);
	load_plainly();
}

TEST_F(targets, table_has_no_memory_any_more)
{
	vm_set_memory(&self->vm, SLOT_FREE, 0, TABLE_GPA, PAGE_SIZE,
		      alloc_pages(PAGE_SIZE));
	vcpu_restart(&self->vcpu, guest_loses_table, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
	vcpu_run_done(&self->vcpu);
}

static void wait_for(volatile u64 *word, u64 value)
{
	while (*word != value)
		cpu_relax();
}

/* On another vCPU: changes the entry, and needs no flush. */
static void guest_changes(void *arg)
{
	u64 i;

	sti();
	wait_for(&ready, 1);
	for (i = 1; i <= ROUNDS; i++) {
		*(volatile u64 *)leaves[0] = pages[i % 2 ? NR_ROOTS : 0] |
					     PTE_RW;
		turn = i;
		wait_for(&answer, i);
	}
}

/* Whoever sees the turn has to see the entry with its next load of CR3. */
static void guest_follows(void *arg)
{
	u64 i;

	sti();
	begin(2);
	ready = 1;
	for (i = 1; i <= ROUNDS; i++) {
		while (turn != i) {
			load(roots[1]);
			load(roots[0]);
		}
		load(roots[0]);
		GUEST_ASSERT_EQ(load64(TEST_GVA),
				100 + (i % 2 ? NR_ROOTS : 0));
		answer = i;
	}
}

TEST_F(targets, write_by_another_vcpu)
{
	struct test_vcpu other;

	vcpu_create(&self->vm, &other, 1, guest_changes, NULL);
	vcpu_restart(&self->vcpu, guest_follows, NULL);
	vcpu_start(&self->vcpu, 0);
	vcpu_start(&other, 1 % count_cpus());
	vcpu_join(&other);
	vcpu_join(&self->vcpu);
	EXPECT_LT(0, counter(&self->vcpu, LULL_CNT_CR3_DELISTED));
	vcpu_destroy(&other);
}

TEST_HARNESS_MAIN
