// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation of each ioctl made to fail in its turn: the first one, then
 * the second, until the call needs no more.  A call that fails says ENOMEM, or
 * EFAULT where it was a copy that failed, and has changed nothing: the same
 * call works the next time, and a guest still runs.  At the end nothing has
 * leaked.
 *
 * Needs a kernel with fault injection, such as the checkers' kernel.
 *
 * Guards against: error paths that free too little or too much, that leave
 * half an object behind, or that forget to give a lock or a number back.
 */
#include <kselftest_harness.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "lib/paging.h"
#include "lib/util.h"
#include "lib/vm.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define KMEMLEAK	DEBUGFS "kmemleak"
#define MOST_FAILURES	2000	/* of one call: more is a loop that never ends */
#define EXTRA_SLOT	9
#define EXTRA_GPA	(512 * MIB)
#define EXTRA_SIZE	(4 * MIB)

static int nth_fd = -1;

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* Every kind of allocation may fail, without a line in the log for each. */
static bool can_inject(void)
{
	nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return nth_fd >= 0 &&
	       write_file(DEBUGFS "failslab/ignore-gfp-wait", "N") &&
	       write_file(DEBUGFS "failslab/verbose", "0") &&
	       write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N") &&
	       write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") &&
	       write_file(DEBUGFS "fail_page_alloc/min-order", "0") &&
	       write_file(DEBUGFS "fail_page_alloc/verbose", "0") &&
	       write_file(DEBUGFS "fail_usercopy/verbose", "0");
}

static void inject(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(nth_fd, text, len, 0) != len)
		test_fail("cannot write %u to " FAIL_NTH, nth);
}

/*
 * Did the n-th allocation come, and fail?  Looking is a copy that can itself
 * be the one to fail; then the call had fewer.
 */
static bool injected(void)
{
	char text[16] = "";
	ssize_t len = pread(nth_fd, text, sizeof(text) - 1, 0);

	if (len > 0 && !strcmp(text, "0\n"))
		return true;
	if (pwrite(nth_fd, "0", 1, 0) != 1 && pwrite(nth_fd, "0", 1, 0) != 1)
		test_fail("cannot write 0 to " FAIL_NTH);
	return false;
}

/**
 * struct objects - what the calls work on
 * @vm:		a VM
 * @vcpu:	its vCPU
 * @extra:	memory for another slot
 * @fd:		what a step made
 */
struct objects {
	struct test_vm vm;
	struct test_vcpu vcpu;
	void *extra;
	int fd;
};

FIXTURE(failslab) {
	struct objects o;
};

/**
 * struct step - a call whose allocations fail one after the other
 * @name:	its name
 * @call:	the call; >= 0 or -errno
 * @before:	makes what the call needs, or NULL
 * @after:	undoes a call that succeeded, or NULL
 * @copies:	it copies from or to its caller, which may fail too
 */
struct step {
	const char *name;
	int (*call)(struct objects *f);
	void (*before)(struct objects *f);
	void (*after)(struct objects *f);
	bool copies;
};

static u64 touched[8 * PAGE_SIZE / sizeof(u64)];

/* Faults on tables and on data. */
static void guest_work(void *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(touched); i += PAGE_SIZE / sizeof(u64))
		touched[i]++;
}

static void guest_starts(struct objects *f)
{
	vm_create(&f->vm);
	vcpu_create(&f->vm, &f->vcpu, 0, guest_work, NULL);
}

static void guest_ends(struct objects *f)
{
	vcpu_destroy(&f->vcpu);
	vm_destroy(&f->vm);
}

FIXTURE_SETUP(failslab)
{
	if (!can_inject())
		SKIP(return, "the kernel has no fault injection");
	self->o.extra = alloc_pages(EXTRA_SIZE);
	guest_starts(&self->o);
}

FIXTURE_TEARDOWN(failslab)
{
	if (self->o.extra)
		guest_ends(&self->o);
}

static int call_create_vm(struct objects *f)
{
	f->fd = try_create_vm(f->vm.sys, 0, 0);
	return f->fd;
}

static void close_fd(struct objects *f)
{
	close(f->fd);
}

static int call_create_vcpu(struct objects *f)
{
	f->fd = try_create_vcpu(f->vm.fd, 1);
	return f->fd;
}

static int call_add_memory(struct objects *f)
{
	return try_set_memory(f->vm.fd, EXTRA_SLOT, 0, EXTRA_GPA, EXTRA_SIZE,
			      f->extra);
}

static int call_remove_memory(struct objects *f)
{
	return try_set_memory(f->vm.fd, EXTRA_SLOT, 0, 0, 0, NULL);
}

static void add_memory(struct objects *f)
{
	if (call_add_memory(f))
		test_fail("cannot add memory");
}

static void remove_memory(struct objects *f)
{
	if (call_remove_memory(f))
		test_fail("cannot remove memory");
}

static int call_get_stats(struct objects *f)
{
	struct lull_vcpu_stats stats = { 0 };

	return try_ioctl(f->vcpu.fd, LULL_GET_STATS, &stats);
}

static int call_get_regs(struct objects *f)
{
	struct lull_regs regs = { 0 };

	return try_ioctl(f->vcpu.fd, LULL_GET_REGS, &regs);
}

/* The same root again, which is looked up anew. */
static struct lull_sregs sregs;

static void get_sregs(struct objects *f)
{
	vcpu_get_sregs(&f->vcpu, &sregs);
}

static int call_set_sregs(struct objects *f)
{
	return try_ioctl(f->vcpu.fd, LULL_SET_SREGS, &sregs);
}

static int call_irq_line(struct objects *f)
{
	return try_irq_line(f->vm.fd, 4, 0);
}

static int call_mmap(struct objects *f)
{
	void *run = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, f->vcpu.fd, 0);

	if (run == MAP_FAILED)
		return -errno;
	munmap(run, PAGE_SIZE);
	return 0;
}

/* A guest that has never run, with memory that was never touched. */
static void new_guest(struct objects *f)
{
	guest_ends(f);
	madvise(touched, sizeof(touched), MADV_DONTNEED);
	guest_starts(f);
}

static int call_run(struct objects *f)
{
	return run_through(f->vcpu.fd);
}

static const struct step steps[] = {
	{ "CREATE_VM", call_create_vm, NULL, close_fd, true },
	{ "CREATE_VCPU", call_create_vcpu, NULL, close_fd, false },
	{ "SET_MEMORY, a new slot", call_add_memory, NULL, remove_memory,
	  true },
	{ "SET_MEMORY, size 0", call_remove_memory, add_memory, NULL, true },
	{ "GET_REGS", call_get_regs, NULL, NULL, true },
	{ "SET_SREGS", call_set_sregs, get_sregs, NULL, true },
	{ "GET_STATS", call_get_stats, NULL, NULL, true },
	{ "IRQ_LINE", call_irq_line, NULL, NULL, true },
	{ "mmap", call_mmap, NULL, NULL, false },
	{ "the first RUN", call_run, new_guest, NULL, false },
};

static bool is_refusal(const struct step *step, int r)
{
	return r == -ENOMEM || (r == -EFAULT && step->copies);
}

/* One call with its n-th allocation failing; false if it has fewer. */
static bool fails_at(struct __test_metadata *_metadata, struct objects *f,
		     const struct step *step, unsigned int nth)
{
	bool hit;
	int r;

	if (step->before)
		step->before(f);
	inject(nth);
	r = step->call(f);
	hit = injected();
	if (r < 0) {
		EXPECT_TRUE(hit && is_refusal(step, r)) {
			TH_LOG("%s, allocation %u: %s", step->name, nth,
			       strerror(-r));
		}
		r = step->call(f);
		EXPECT_LE(0, r) {
			TH_LOG("%s again after allocation %u: %s", step->name,
			       nth, strerror(-r));
		}
	}
	if (r >= 0 && step->after)
		step->after(f);
	return hit;
}

static void walk(struct __test_metadata *_metadata, struct objects *f,
		 const struct step *step)
{
	unsigned int nth = 1;

	while (nth < MOST_FAILURES && fails_at(_metadata, f, step, nth))
		nth++;
	EXPECT_LT(nth, MOST_FAILURES);
	TH_LOG("%s: %u allocations and copies failed", step->name, nth - 1);
	vcpu_restart(&f->vcpu, guest_work, NULL);
	vcpu_run_done(&f->vcpu);
	EXPECT_EQ(0, audit_vms());
}

TEST_F_TIMEOUT(failslab, every_call, 600)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		walk(_metadata, &self->o, &steps[i]);
}

FIXTURE(kmemleak) {
};

FIXTURE_SETUP(kmemleak)
{
}

FIXTURE_TEARDOWN(kmemleak)
{
}

/* Has anything been lost since the machine was started? */
TEST_F_TIMEOUT(kmemleak, leaks, 600)
{
	unsigned int lines = 0;
	char line[256];
	FILE *file;

	if (access(KMEMLEAK, W_OK))
		SKIP(return, "the kernel has no kmemleak");
	/* What is younger than five seconds is not looked at. */
	sleep_us(6000000);
	ASSERT_TRUE(write_file(KMEMLEAK, "scan"));
	/* What has changed since the last scan is not told. */
	ASSERT_TRUE(write_file(KMEMLEAK, "scan"));
	file = fopen(KMEMLEAK, "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		printf("# %s", line);
		lines++;
	}
	fclose(file);
	EXPECT_EQ(0, lines);
}

TEST_HARNESS_MAIN
