// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moments when a translation that hardware may hold must be forgotten, and
 * nothing else would show that it was: a flush too few is seen by the
 * software TLB of a debug build only (selftests/run.sh --debug), which ends
 * the VM.  selftests/plant_flush.sh drops the flushes one by one.
 *
 * Guards against: a vCPU that is left with a translation which another
 * vCPU's flush event, reclaim, or the write-protection of a table took away;
 * what a vCPU left in the TLB of a CPU where it was before.
 */
#include <kselftest_harness.h>
#include <dirent.h>

#include "lib/paging.h"
#include "lib/util.h"

#define TEST_GVA	0x123456789000ULL
#define FAR_GVA(i)	(0x400000000000ULL + (u64)(i) * LARGE_SIZE)
#define NR_FAR		100	/* each needs a table */
#define ROUNDS		20
#define LONG		3000

/* Shared by vCPUs: each has one writer. */
static volatile u64 turn, answer;
static u64 leaf, pages[2];

FIXTURE(flush) {
	struct test_vm vm;
	struct test_vcpu vcpu[2];
};

FIXTURE_SETUP(flush)
{
	int i;

	vm_create_with(&self->vm, 0, LULL_MIN_SHADOW_PAGES);
	for (i = 0; i < 2; i++) {
		pages[i] = vm_alloc(&self->vm, PAGE_SIZE);
		*(u64 *)vm_ptr(&self->vm, pages[i]) = 100 + i;
		vcpu_create(&self->vm, &self->vcpu[i], i, NULL, NULL);
	}
	pt_map(&self->vm, self->vm.cr3, TEST_GVA, pages[0], PTE_RW);
	leaf = pt_entry(&self->vm, self->vm.cr3, TEST_GVA, 1);
	for (i = 0; i < NR_FAR; i++)
		pt_map(&self->vm, self->vm.cr3, FAR_GVA(i), pages[i & 1],
		       PTE_RW);
}

FIXTURE_TEARDOWN(flush)
{
	int i;

	EXPECT_EQ(0, audit_vms());
	for (i = 0; i < 2; i++)
		vcpu_destroy(&self->vcpu[i]);
	vm_destroy(&self->vm);
}

static void run_both(struct test_vcpu *vcpu, guest_fn first, guest_fn second)
{
	int i;

	vcpu_restart(&vcpu[0], first, NULL);
	vcpu_restart(&vcpu[1], second, NULL);
	for (i = 0; i < 2; i++)
		vcpu_start(&vcpu[i], i % count_cpus());
	for (i = 0; i < 2; i++)
		vcpu_join(&vcpu[i]);
}

static void wait_for(volatile u64 *word, u64 value)
{
	while (*word != value)
		cpu_relax();
}

/* Stay in the guest for some time. */
static void linger(void)
{
	int i;

	for (i = 0; i < LONG; i++)
		cpu_relax();
}

/* Uses the page, changes its entry, and has no need to flush. */
static void guest_changes(void *arg)
{
	u64 i;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + (~i & 1));
		*(volatile u64 *)leaf = pages[i & 1] | PTE_RW;
		turn = i;
		linger();
		wait_for(&answer, i);
		invlpg(TEST_GVA);
	}
}

static void guest_reloads(void *arg)
{
	u64 i;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		wait_for(&turn, i);
		write_cr3(read_cr3());
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + (i & 1));
		answer = i;
	}
}

static void guest_reloads_only(void *arg)
{
	u64 i;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		load64(TEST_GVA);
		wait_for(&turn, i);
		write_cr3(read_cr3());
		answer = i;
	}
}

TEST_F(flush, entry_changed_by_one_and_loaded_by_the_other)
{
	run_both(self->vcpu, guest_changes, guest_reloads);
}

/* The same with an entry that only becomes read-only. */
static void guest_takes_right(void *arg)
{
	u64 i;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		*(volatile u64 *)leaf = pages[0] | PTE_RW;
		store64(TEST_GVA, 101);
		*(volatile u64 *)leaf = pages[0] | PTE_P | PTE_A | PTE_D;
		/* nobody can write the table: the other need not see to it */
		invlpg(leaf);
		turn = i;
		linger();
		wait_for(&answer, i);
		invlpg(TEST_GVA);
	}
}

TEST_F(flush, right_taken_by_one_and_loaded_by_the_other)
{
	run_both(self->vcpu, guest_takes_right, guest_reloads_only);
}

/* More tables than there is room for, while the other looks at them too. */
static void guest_far(void *arg)
{
	u64 i;

	sti();
	for (i = 0; i < ROUNDS / 4 * NR_FAR; i++)
		GUEST_ASSERT_EQ(load64(FAR_GVA(i % NR_FAR)), 100 + (i & 1));
	turn = 1;
}

static void guest_near(void *arg)
{
	u64 i;

	sti();
	for (i = 0; turn != 1; i++) {
		GUEST_ASSERT_EQ(load64(FAR_GVA(i % NR_FAR)), 100 + (i & 1));
		linger();
	}
}

TEST_F(flush, two_under_a_small_cap)
{
	struct lull_vcpu_stats before, stats;

	vcpu_get_stats(&self->vcpu[0], &before);
	run_both(self->vcpu, guest_far, guest_near);
	vcpu_get_stats(&self->vcpu[0], &stats);
	EXPECT_GT(stats.counters[LULL_CNT_ZAPS],
		  before.counters[LULL_CNT_ZAPS] + NR_FAR);
}

/* One fills a page with entries and goes on writing; to the other it is a
 * table.
 */
static u64 upper, frame;

static void guest_fills(void *arg)
{
	u64 i;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		store64(frame, pages[i & 1] | PTE_RW);
		turn = i;
		while (answer != i)
			store64(frame + 8, i);
	}
}

static void guest_links(void *arg)
{
	u64 i, old = *(volatile u64 *)upper;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		wait_for(&turn, i);
		linger();
		*(volatile u64 *)upper = frame | PTE_RW;
		write_cr3(read_cr3());
		GUEST_ASSERT_EQ(load64(FAR_GVA(0)), 100 + (i & 1));
		*(volatile u64 *)upper = old;
		write_cr3(read_cr3());
		answer = i;
	}
}

TEST_F(flush, page_written_by_one_is_a_table_of_the_other)
{
	upper = pt_entry(&self->vm, self->vm.cr3, FAR_GVA(0), 2);
	frame = vm_alloc(&self->vm, PAGE_SIZE);
	run_both(self->vcpu, guest_fills, guest_links);
}

/* On one CPU it uses the page, on the other it exchanges it. */
static void guest_moves(void *arg)
{
	u64 i;

	for (i = 1; i <= 2 * ROUNDS; i++) {
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + (~i & 1));
		*(volatile u64 *)leaf = pages[i & 1] | PTE_RW;
		invlpg(TEST_GVA);
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + (i & 1));
		GUEST_SYNC(i);
	}
}

TEST_F(flush, moved_to_another_cpu_and_back)
{
	struct test_vcpu *vcpu = &self->vcpu[0];
	int cpu = 0;

	vcpu_restart(vcpu, guest_moves, NULL);
	while (vcpu_run_ucall(vcpu) == UCALL_SYNC) {
		cpu = (cpu + 1) % count_cpus();
		ASSERT_TRUE(pin_to_cpu(cpu));
	}
}

/* A value of debugfs' lull/PID-VM/vm; -1 where there is none. */
static long long vm_value(const char *name)
{
	char path[300], word[64];
	long long value = -1, read;
	struct dirent *entry;
	DIR *dir;
	FILE *file;

	dir = opendir("/sys/kernel/debug/lull");
	while (dir && (entry = readdir(dir))) {
		if (atoi(entry->d_name) != getpid())
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/debug/lull/%s/vm",
			 entry->d_name);
		file = fopen(path, "r");
		while (file && fscanf(file, "%63s %lld", word, &read) == 2) {
			if (!strcmp(word, name))
				value = read;
		}
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return value;
}

TEST_F(flush, software_tlb_is_at_work)
{
	if (vm_value("soft_tlb_checked") < 0)
		SKIP(return, "lull.ko is not a debug build");
	run_both(self->vcpu, guest_changes, guest_reloads);
	EXPECT_GT(vm_value("soft_tlb_learned"), 10 * ROUNDS);
	EXPECT_GT(vm_value("soft_tlb_checked"), 10 * ROUNDS);
	EXPECT_EQ(0, vm_value("soft_tlb_stale"));
}

TEST_HARNESS_MAIN
