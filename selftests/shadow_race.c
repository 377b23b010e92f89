// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several parties at the same page tables and the same memory: two vCPUs, a
 * thread that removes memory slots, and the launcher that unmaps, protects,
 * moves and forks what the guest runs on.
 *
 * Guards against: a translation that one vCPU keeps after another was told it
 * is gone; A and D bits lost in a race; a host page that the guest still
 * reaches after the launcher has given it up, or a change that it misses.
 */
#include <glob.h>
#include <kselftest_harness.h>
#include <sys/mman.h>

#include "lib/paging.h"
#include "lib/util.h"

#define TEST_GVA	0x123456789000ULL
#define SLOT_GPA	(4 * GIB)
#define SLOT_PAGES	8
#define SLOT_GVA	0x323456789000ULL
#define ROUNDS		60

/* Shared by vCPUs and threads: each has one writer. */
static volatile u64 turn, answer;
static volatile bool stop;

static void wait_for(volatile u64 *word, u64 value)
{
	while (*word != value)
		cpu_relax();
}

static u64 leaf, pages[2];

/*
 * vCPU 0 exchanges the page, and tells vCPU 1, which flushes and looks: the
 * software half of a TLB shootdown.
 */
static void guest_exchanges(void *arg)
{
	u64 i;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		*(volatile u64 *)leaf = pages[i & 1] | PTE_RW;
		invlpg(TEST_GVA);
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + (i & 1));
		turn = i;
		wait_for(&answer, i);
	}
}

static void guest_looks(void *arg)
{
	u64 i;

	sti();
	load64(TEST_GVA);
	for (i = 1; i <= ROUNDS; i++) {
		wait_for(&turn, i);
		if (i & 2)
			invlpg(TEST_GVA);
		else
			write_cr3(read_cr3());
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100 + (i & 1));
		answer = i;
	}
}

FIXTURE(race) {
	struct test_vm vm;
	struct test_vcpu vcpu[2];
	u64 *slot;
};

FIXTURE_SETUP(race)
{
	int i;

	vm_create(&self->vm);
	for (i = 0; i < 2; i++) {
		pages[i] = vm_alloc(&self->vm, PAGE_SIZE);
		*(u64 *)vm_ptr(&self->vm, pages[i]) = 100 + i;
		vcpu_create(&self->vm, &self->vcpu[i], i, NULL, NULL);
	}
	pt_map(&self->vm, self->vm.cr3, TEST_GVA, pages[0], PTE_RW);
	leaf = pt_entry(&self->vm, self->vm.cr3, TEST_GVA, 1);
	self->slot = alloc_pages(SLOT_PAGES * PAGE_SIZE);
	pt_map_range(&self->vm, self->vm.cr3, SLOT_GVA, SLOT_GPA,
		     SLOT_PAGES * PAGE_SIZE, PTE_RW);
	vm_set_memory(&self->vm, SLOT_FREE, 0, SLOT_GPA,
		      SLOT_PAGES * PAGE_SIZE, self->slot);
}

FIXTURE_TEARDOWN(race)
{
	int i;

	EXPECT_EQ(0, audit_vms());
	for (i = 0; i < 2; i++) {
		vcpu_check_stats(&self->vcpu[i]);
		vcpu_destroy(&self->vcpu[i]);
	}
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

TEST_F(race, shootdown)
{
	run_both(self->vcpu, guest_exchanges, guest_looks);
}

/*
 * vCPU 0 takes the page away and, when vCPU 1 has flushed, writes to it by
 * another way: vCPU 1 must not have written after its flush.
 */
static void guest_takes_away(void *arg)
{
	u64 i, old;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		turn = 2 * i - 1;		/* vCPU 1 may write */
		wait_for(&answer, 2 * i - 1);
		asm volatile("xchg %0, (%1)"
			     : "=r" (old) : "r" (leaf), "0" (0) : "memory");
		turn = 2 * i;			/* no more, and flush */
		wait_for(&answer, 2 * i);
		GUEST_ASSERT_EQ(old & (PTE_A | PTE_D), PTE_A | PTE_D);
		GUEST_ASSERT_EQ(load64(pages[0]), 1000 + i);
		*(volatile u64 *)leaf = pages[0] | PTE_RW;
	}
}

static void guest_writes_until_told(void *arg)
{
	u64 i, error;

	sti();
	for (i = 1; i <= ROUNDS; i++) {
		wait_for(&turn, 2 * i - 1);
		store64(TEST_GVA, 1000 + i);
		answer = 2 * i - 1;
		wait_for(&turn, 2 * i);
		invlpg(TEST_GVA);
		GUEST_ASSERT_EQ(guest_touch(TEST_GVA, true, &error), VEC_PF);
		GUEST_ASSERT_EQ(error, PF_W);
		sti();
		answer = 2 * i;
	}
}

TEST_F(race, page_taken_away)
{
	run_both(self->vcpu, guest_takes_away, guest_writes_until_told);
}

/*
 * Both write to the same table, each its own entries, with no word to each
 * other: nothing is lost, whatever becomes unsync when.
 */
#define OWN_ENTRIES	16

static void guest_own_entries(void *arg)
{
	u64 me = (u64)arg, i, at, gva, error;

	sti();
	for (i = 0; i < ROUNDS * OWN_ENTRIES; i++) {
		at = 8 * (2 * (i % OWN_ENTRIES) + me + 1);
		gva = TEST_GVA + at / 8 * PAGE_SIZE;
		*(volatile u64 *)(leaf + at) = pages[(i / 3 + me) & 1] | PTE_RW;
		GUEST_ASSERT_EQ(load64(gva), 100 + ((i / 3 + me) & 1));
		GUEST_ASSERT(*(volatile u64 *)(leaf + at) & PTE_A);
		*(volatile u64 *)(leaf + at) = 0;
		invlpg(gva);
		GUEST_ASSERT_EQ(guest_touch(gva, false, &error), VEC_PF);
		GUEST_ASSERT_EQ(error, 0);
		sti();
	}
}

TEST_F(race, two_writers_of_a_table)
{
	int i;

	for (i = 0; i < 2; i++)
		vcpu_restart(&self->vcpu[i], guest_own_entries,
			     (void *)(u64)i);
	for (i = 0; i < 2; i++)
		vcpu_start(&self->vcpu[i], i % count_cpus());
	for (i = 0; i < 2; i++)
		vcpu_join(&self->vcpu[i]);
}

/* A guest that answers each turn with what it reads and then writes. */
static void guest_answers(void *arg)
{
	u64 i = 0;

	sti();
	while (!stop) {
		if (turn == i) {
			cpu_relax();
			continue;
		}
		i = turn;
		answer = load64(SLOT_GVA);
		store64(SLOT_GVA + 8, i);
		turn = ~i;
		i = ~i;
	}
}

static void *run_answers(void *data)
{
	struct test_vcpu *vcpu = data;
	int r;

	/* EFAULT and MMIO: the memory is away, and will come back. */
	do {
		r = try_run(vcpu->fd);
	} while (r == -EINTR || r == -EFAULT ||
		 (!r && vcpu->run->reason == LULL_RUN_MMIO));
	CHECK(!r && vcpu->run->reason == LULL_RUN_IO &&
	      vcpu->run->io.port == UCALL_PORT);
	return NULL;
}

static void start_answers(struct test_vcpu *vcpu)
{
	vcpu_restart(vcpu, guest_answers, NULL);
	if (pthread_create(&vcpu->thread, NULL, run_answers, vcpu))
		test_fail("no thread");
}

static void stop_answers(struct test_vcpu *vcpu)
{
	stop = true;
	vcpu_join(vcpu);
}

/* What the guest reads now; it also writes i to the second word. */
static u64 ask(u64 i)
{
	turn = i;
	while (turn != ~i)
		sched_yield();
	return answer;
}

TEST_F(race, memory_discarded)
{
	u64 i;

	start_answers(&self->vcpu[0]);
	for (i = 1; i <= ROUNDS; i++) {
		self->slot[0] = 500 + i;
		ASSERT_EQ(500 + i, ask(i));
		ASSERT_EQ(i, self->slot[1]);
		ASSERT_EQ(0, madvise(self->slot, PAGE_SIZE, MADV_DONTNEED));
		ASSERT_EQ(0, ask(1000 + i));
		ASSERT_EQ(1000 + i, self->slot[1]);
	}
	stop_answers(&self->vcpu[0]);
}

TEST_F(race, memory_replaced)
{
	u64 *map;
	u64 i;

	start_answers(&self->vcpu[0]);
	for (i = 1; i <= ROUNDS; i++) {
		ASSERT_EQ(0, munmap(self->slot, PAGE_SIZE));
		map = mmap(self->slot, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		ASSERT_EQ(self->slot, map);
		map[0] = i;
		ASSERT_EQ(i, ask(i));
		ASSERT_EQ(i, map[1]);
		/* two pages exchange their places */
		map[PAGE_SIZE / 8] = 7000 + i;
		map = mremap(map + PAGE_SIZE / 8, PAGE_SIZE, PAGE_SIZE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, map);
		ASSERT_EQ(self->slot, map);
		ASSERT_EQ(7000 + i, ask(7000 + i));
		mmap(map + PAGE_SIZE / 8, PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	stop_answers(&self->vcpu[0]);
}

/* While it is read-only the guest cannot write, and when it is again it can. */
TEST_F(race, memory_protected)
{
	u64 i;

	start_answers(&self->vcpu[0]);
	for (i = 1; i <= ROUNDS; i++) {
		self->slot[0] = i;
		ASSERT_EQ(i, ask(i));
		ASSERT_EQ(0, mprotect(self->slot, PAGE_SIZE, PROT_READ));
		turn = 1000 + i;
		while (answer != i)
			sched_yield();
		sleep_us(300);
		ASSERT_EQ(1000 + i, turn);
		ASSERT_EQ(i, self->slot[1]);
		ASSERT_EQ(0, mprotect(self->slot, PAGE_SIZE,
				      PROT_READ | PROT_WRITE));
		while (turn != ~(1000 + i))
			sched_yield();
		ASSERT_EQ(1000 + i, self->slot[1]);
	}
	stop_answers(&self->vcpu[0]);
}

/* After fork() the guest writes to copies: the child keeps what it has. */
TEST_F(race, launcher_forks)
{
	int status;
	pid_t pid;
	u64 i;

	start_answers(&self->vcpu[0]);
	for (i = 1; i <= ROUNDS / 4; i++) {
		self->slot[0] = i;
		ASSERT_EQ(i, ask(i));
		pid = fork();
		if (!pid) {
			sleep_us(2000);
			if (self->slot[1] != i || self->slot[0] != i)
				_exit(1);
			self->slot[0] = 0;
			_exit(0);
		}
		ASSERT_EQ(i, ask(1000 + i));
		ASSERT_EQ(1000 + i, self->slot[1]);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		ASSERT_EQ(i, ask(2000 + i));
	}
	stop_answers(&self->vcpu[0]);
}

TEST_F(race, slot_removed_while_the_guest_runs)
{
	u64 *memory[2] = { self->slot, alloc_pages(SLOT_PAGES * PAGE_SIZE) };
	u64 i;

	start_answers(&self->vcpu[0]);
	for (i = 1; i <= ROUNDS; i++) {
		memory[i & 1][0] = i;
		vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
		vm_set_memory(&self->vm, SLOT_FREE, 0, SLOT_GPA,
			      SLOT_PAGES * PAGE_SIZE, memory[i & 1]);
		ASSERT_EQ(i, ask(i));
		ASSERT_EQ(i, memory[i & 1][1]);
		ASSERT_NE(i, memory[~i & 1][1]);
	}
	stop_answers(&self->vcpu[0]);
}

/* The tables themselves lie in memory that goes. */
static void guest_reads_on(void *arg)
{
	sti();
	while (!stop)
		GUEST_ASSERT_EQ(load64(TEST_GVA), 100);
}

TEST_F(race, tables_discarded_and_slots_added)
{
	u64 table = leaf & PAGE_MASK;
	u64 *host = vm_ptr(&self->vm, table), *copy = alloc_pages(PAGE_SIZE);
	u64 i;

	vcpu_restart(&self->vcpu[0], guest_reads_on, NULL);
	vcpu_start(&self->vcpu[0], -1);
	for (i = 1; i <= ROUNDS; i++) {
		/* the same contents in another host page */
		memcpy(copy, host, PAGE_SIZE);
		copy = mremap(copy, PAGE_SIZE, PAGE_SIZE,
			      MREMAP_MAYMOVE | MREMAP_FIXED, host);
		ASSERT_EQ(host, copy);
		copy = alloc_pages(PAGE_SIZE);
		vm_set_memory(&self->vm, 5, 0, 8 * GIB, PAGE_SIZE, copy);
		sleep_us(100);
		vm_set_memory(&self->vm, 5, 0, 0, 0, NULL);
	}
	stop = true;
	vcpu_join(&self->vcpu[0]);
}

/*
 * Behind a table another host page appears, which holds another entry, without
 * a write of the guest: after its next flush the guest sees it.
 */
#define OTHER_GVA	(TEST_GVA + (1ULL << 39))

static void guest_flushes(void *arg)
{
	u64 i = 0;

	sti();
	while (!stop) {
		if (turn == i) {
			cpu_relax();
			continue;
		}
		i = turn;
		if (i & 2)
			invlpg(TEST_GVA);
		else
			write_cr3(read_cr3());
		answer = load64(TEST_GVA);
		turn = ~i;
		i = ~i;
	}
}

static void exchange_entry(u64 *table, unsigned int index, u64 entry)
{
	u64 *copy = alloc_pages(PAGE_SIZE);

	memcpy(copy, table, PAGE_SIZE);
	copy[index] = entry;
	if (mremap(copy, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   table) != table)
		test_fail("mremap over a table");
}

TEST_F(race, tables_replaced)
{
	u64 i, at, entry[2];
	int level;
	u64 *table;

	pt_map(&self->vm, self->vm.cr3, OTHER_GVA, pages[1], PTE_RW);
	vcpu_restart(&self->vcpu[0], guest_flushes, NULL);
	vcpu_start(&self->vcpu[0], -1);
	for (level = 1; level <= 4; level++) {
		at = pt_entry(&self->vm, self->vm.cr3, TEST_GVA, level);
		entry[0] = *(u64 *)vm_ptr(&self->vm, at);
		entry[1] = *(u64 *)vm_ptr(&self->vm,
					  pt_entry(&self->vm, self->vm.cr3,
						   OTHER_GVA, level));
		table = vm_ptr(&self->vm, at & PAGE_MASK);
		for (i = 1; i <= ROUNDS / 2; i++) {
			exchange_entry(table, at % PAGE_SIZE / 8, entry[i & 1]);
			ASSERT_EQ(100 + (i & 1), ask(100 * level + i));
		}
	}
	stop = true;
	vcpu_join(&self->vcpu[0]);
}

/*
 * The host is short of memory: it takes shadow pages of every VM, and the guest
 * notices nothing.
 */
#define FAR_PAGES	48

static u64 far_gva(u64 i)
{
	return TEST_GVA + (i << 30);
}

static void guest_reads_far(void *arg)
{
	u64 i;

	sti();
	do {
		for (i = 1; i <= FAR_PAGES; i++)
			GUEST_ASSERT_EQ(load64(far_gva(i)), 100 + (i & 1));
		write_cr3(read_cr3());
		answer++;
	} while (!stop);
}

static u64 vm_shrunk(const char *path)
{
	FILE *file = fopen(path, "r");
	char name[32];
	u64 value;

	if (!file)
		test_fail("%s cannot be opened", path);
	while (fscanf(file, "%31s %llu", name, &value) == 2) {
		if (strcmp(name, "shadow_pages_shrunk"))
			continue;
		fclose(file);
		return value;
	}
	test_fail("%s: no shadow_pages_shrunk", path);
}

/* Of the VM of which the fewest shadow pages were taken. */
static u64 least_shrunk(size_t nr_vms)
{
	char pattern[64];
	u64 least = ~0ULL, value;
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/lull/%d-*/vm",
		 getpid());
	if (glob(pattern, 0, NULL, &found) || found.gl_pathc != nr_vms)
		test_fail("%s: not %zu files", pattern, nr_vms);
	for (i = 0; i < found.gl_pathc; i++) {
		value = vm_shrunk(found.gl_pathv[i]);
		least = value < least ? value : least;
	}
	globfree(&found);
	return least;
}

static void drop_slab(void)
{
	FILE *file = fopen("/proc/sys/vm/drop_caches", "w");

	if (!file || fputs("2", file) < 0 || fclose(file))
		test_fail("drop_caches cannot be written");
}

static void map_far(struct test_vm *vm, const u64 *page)
{
	u64 i;

	for (i = 1; i <= FAR_PAGES; i++)
		pt_map(vm, vm->cr3, far_gva(i), page[i & 1], PTE_RW);
}

TEST_F(race, shadow_pages_shrunk)
{
	struct test_vcpu vcpu;
	struct test_vm other;
	u64 page[2], i, seen;
	int round;

	/* A guest that is not running has shadow pages, too. */
	vm_create(&other);
	for (i = 0; i < 2; i++) {
		page[i] = vm_alloc(&other, PAGE_SIZE);
		*(u64 *)vm_ptr(&other, page[i]) = 100 + i;
	}
	map_far(&other, page);
	stop = true;
	vcpu_create(&other, &vcpu, 0, guest_reads_far, NULL);
	vcpu_run_done(&vcpu);
	stop = false;
	map_far(&self->vm, pages);
	vcpu_restart(&self->vcpu[0], guest_reads_far, NULL);
	vcpu_start(&self->vcpu[0], -1);
	for (round = 0; round < 10; round++) {
		seen = answer;
		while (answer < seen + 2)
			sched_yield();
		drop_slab();
		ASSERT_EQ(0, audit_vms());
	}
	stop = true;
	vcpu_join(&self->vcpu[0]);
	EXPECT_LT(0, least_shrunk(2));
	vcpu_destroy(&vcpu);
	vm_destroy(&other);
}

TEST_HARNESS_MAIN
