// SPDX-License-Identifier: GPL-2.0-only
/* Random ioctls: structures that are right, nearly right, or nonsense. */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kselftest.h>

#include "fuzz/ioctl.h"
#include "lib/arena.h"
#include "lib/vm.h"

#define ARENA_PAGES	(ARENA_SIZE / PAGE_SIZE)

static const struct {
	unsigned long cmd;
	enum kind kind;
	unsigned int weight;
} calls[NR_CALLS] = {
	[CALL_VERSION] = { LULL_GET_API_VERSION, KIND_SYS, 1 },
	[CALL_CAPS] = { LULL_GET_CAPS, KIND_SYS, 1 },
	[CALL_CREATE_VM] = { LULL_CREATE_VM, KIND_SYS, 1 },
	[CALL_SET_MEMORY] = { LULL_SET_MEMORY, KIND_VM, 7 },
	[CALL_CREATE_VCPU] = { LULL_CREATE_VCPU, KIND_VM, 3 },
	[CALL_IRQ_LINE] = { LULL_IRQ_LINE, KIND_VM, 8 },
	[CALL_RUN] = { LULL_RUN, KIND_VCPU, 40 },
	[CALL_GET_REGS] = { LULL_GET_REGS, KIND_VCPU, 4 },
	[CALL_SET_REGS] = { LULL_SET_REGS, KIND_VCPU, 8 },
	[CALL_GET_SREGS] = { LULL_GET_SREGS, KIND_VCPU, 4 },
	[CALL_SET_SREGS] = { LULL_SET_SREGS, KIND_VCPU, 5 },
	[CALL_GET_STATS] = { LULL_GET_STATS, KIND_VCPU, 3 },
	[CALL_UNKNOWN] = { 0, KIND_OTHER, 4 },
};

const char *const call_names[NR_CALLS] = {
	"GET_API_VERSION", "GET_CAPS", "CREATE_VM", "SET_MEMORY",
	"CREATE_VCPU", "IRQ_LINE", "RUN", "GET_REGS", "SET_REGS",
	"GET_SREGS", "SET_SREGS", "GET_STATS", "(unknown)",
};

void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

int entry_fd(const struct entry *entry)
{
	return __atomic_load_n(&entry->fd, __ATOMIC_RELAXED);
}

void add_fd(struct thread *t, int fd, enum kind kind,
		   struct lull_run *run)
{
	struct entry *entry = &entries[fuzz_below(&t->r, NR_FDS)];
	int old, i;

	if (fd < 0)
		return;
	for (i = 0; i < NR_FDS; i++) {
		if (entry_fd(&entries[i]) < 0) {
			entry = &entries[i];
			break;
		}
	}
	old = __atomic_exchange_n(&entry->fd, fd, __ATOMIC_RELAXED);
	entry->kind = kind;
	entry->run = run;
	if (old >= 0)
		close(old);
}

void close_entry(struct entry *entry)
{
	int fd = __atomic_exchange_n(&entry->fd, -1, __ATOMIC_RELAXED);

	if (fd >= 0)
		close(fd);
}

struct entry *pick(struct thread *t, enum kind kind)
{
	unsigned int start = fuzz_below(&t->r, NR_FDS), i;
	bool any = fuzz_one_in(&t->r, 24);
	struct entry *entry;

	for (i = 0; i < NR_FDS; i++) {
		entry = &entries[(start + i) % NR_FDS];
		if (entry_fd(entry) >= 0 && (any || entry->kind == kind))
			return entry;
	}
	return NULL;
}

int call(struct thread *t, int fd, enum call nr, unsigned long cmd,
		const void *arg)
{
	int r = try_ioctl(fd, cmd, arg);

	t->left -= !!t->left;
	count(&counts->calls);
	count(&counts->call[nr][r < 0 ? -r : 0]);
	return r;
}

/* An argument that does not point to what it should. */
static void *bad_pointer(struct thread *t)
{
	static const u64 bad[] = {
		0, 1, PAGE_SIZE - 1, ARENA_HVA + ARENA_SIZE - 8,
		0x7ffffffff000, 0x7fffffffeff8, 0x800000000000,
		0xffff888000000000, 0xffffffff81000000, ~0ULL, ~7ULL,
		ARENA_HVA, ARENA_HVA + 8 * PAGE_SIZE - 4, IMAGE_GPA,
	};

	return (void *)fuzz_pick(&t->r, bad);
}

static int call_struct(struct thread *t, struct entry *entry, enum call nr,
		       void *data)
{
	if (fuzz_one_in(&t->r, 32))
		data = bad_pointer(t);
	return call(t, entry_fd(entry), nr, calls[nr].cmd, data);
}

static void create_vm(struct thread *t, struct entry *entry)
{
	struct lull_vm_config config = {
		.para_features = fuzz_random(&t->r) & para_features,
		.flags = fuzz_below(&t->r, 2),
		.shadow_pages = fuzz_one_in(&t->r, 2) ? 0 :
				LULL_MIN_SHADOW_PAGES + fuzz_below(&t->r, 64),
	};
	int fd;

	if (fuzz_one_in(&t->r, 6))
		fuzz_mutate(&t->r, &config, sizeof(config));
	fd = call_struct(t, entry, CALL_CREATE_VM, &config);
	if (fd >= 0)
		add_fd(t, fd, KIND_VM, NULL);
}

/*
 * The size costs the host a word for each page, and nothing here is a test of
 * how it does without memory: none is between 1 GiB and what it refuses.
 */
static u64 tame_size(u64 size)
{
	return size > GIB && size < BIT_ULL(42) ? size & (GIB - 1) : size;
}

static void set_memory(struct thread *t, struct entry *entry)
{
	u64 first = fuzz_below(&t->r, ARENA_PAGES) * PAGE_SIZE;
	struct lull_memory_region region = {
		.slot = fuzz_below(&t->r, LULL_MAX_SLOTS),
		.flags = fuzz_one_in(&t->r, 4) ? LULL_MEM_READONLY : 0,
		.gpa = (ARENA_PAGES + fuzz_below(&t->r, ARENA_PAGES)) *
		       PAGE_SIZE,
		.size = fuzz_below(&t->r, 64) * PAGE_SIZE,
		.hva = ARENA_HVA + first,
	};

	if (fuzz_one_in(&t->r, 3)) {
		region.slot = 0;
		region.gpa = 0;
		region.hva = ARENA_HVA;
		region.flags = 0;
		region.size = fuzz_one_in(&t->r, 8) ? 0 : ARENA_SIZE;
	}
	if (fuzz_one_in(&t->r, 8))
		fuzz_mutate(&t->r, &region, sizeof(region));
	region.size = tame_size(region.size);
	call_struct(t, entry, CALL_SET_MEMORY, &region);
}

struct lull_run *map_run(int fd)
{
	void *mem = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static int create_vcpu(struct thread *t, struct entry *entry)
{
	u64 id = fuzz_one_in(&t->r, 2) ? 0 : fuzz_below(&t->r, 9);
	int fd;

	if (fuzz_one_in(&t->r, 16))
		id = fuzz_value(&t->r);
	fd = call(t, entry_fd(entry), CALL_CREATE_VCPU, LULL_CREATE_VCPU,
		  (void *)id);
	if (fd >= 0)
		add_fd(t, fd, KIND_VCPU,
		       fuzz_one_in(&t->r, 8) ? NULL : map_run(fd));
	return fd;
}

static void irq_line(struct thread *t, struct entry *entry)
{
	struct lull_irq_line line = {
		.irq = fuzz_below(&t->r, 17), .level = fuzz_below(&t->r, 2),
	};

	if (fuzz_one_in(&t->r, 16))
		fuzz_mutate(&t->r, &line, sizeof(line));
	call_struct(t, entry, CALL_IRQ_LINE, &line);
}

static void set_regs(struct thread *t, struct entry *entry)
{
	struct lull_regs regs;
	int i;

	arena_regs(&regs);
	regs.gpr[LULL_R15] = fuzz_random(&t->r);
	if (fuzz_one_in(&t->r, 4)) {
		for (i = 0; i < LULL_NR_GPRS; i++)
			regs.gpr[i] = fuzz_value(&t->r);
	}
	if (fuzz_one_in(&t->r, 4))
		fuzz_mutate(&t->r, &regs, sizeof(regs));
	call_struct(t, entry, CALL_SET_REGS, &regs);
}

static void set_sregs(struct thread *t, struct entry *entry)
{
	struct lull_sregs sregs;

	arena_sregs(&sregs);
	if (fuzz_one_in(&t->r, 8))
		call(t, entry_fd(entry), CALL_GET_SREGS, LULL_GET_SREGS,
		     &sregs);
	if (fuzz_one_in(&t->r, 3))
		fuzz_mutate(&t->r, &sregs, sizeof(sregs));
	call_struct(t, entry, CALL_SET_SREGS, &sregs);
}

bool read_run(struct lull_run *run, void *to, size_t offset, size_t len)
{
	struct iovec local = { to, len };
	struct iovec remote = { (char *)run + offset, len };

	return run && process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
		      (ssize_t)len;
}

void write_run(struct lull_run *run, void *from, size_t offset, size_t len)
{
	struct iovec local = { from, len };
	struct iovec remote = { (char *)run + offset, len };

	if (run)
		process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
}

/* Note what ended LULL_RUN.  What cannot go on begins anew, most often. */
static void after_run(struct thread *t, struct entry *entry, u64 seed)
{
	struct lull_sregs sregs;
	struct lull_regs regs;
	u32 reason;

	if (!read_run(entry->run, &reason, offsetof(struct lull_run, reason),
		      sizeof(reason)))
		return;
	count(&counts->reason[reason <= LULL_RUN_GUARD ? reason :
			      LULL_RUN_GUARD + 1]);
	if ((reason != LULL_RUN_MMIO && reason != LULL_RUN_SHUTDOWN) ||
	    !(seed & 7))
		return;
	arena_sregs(&sregs);
	if (reason == LULL_RUN_SHUTDOWN)
		call(t, entry_fd(entry), CALL_SET_SREGS, LULL_SET_SREGS,
		     &sregs);
	arena_regs(&regs);
	regs.gpr[LULL_R15] = seed;
	call(t, entry_fd(entry), CALL_SET_REGS, LULL_SET_REGS, &regs);
}

static void run(struct thread *t, struct entry *entry)
{
	unsigned int again = 1 + fuzz_below(&t->r, 4);
	u64 arg = fuzz_one_in(&t->r, 128) ? fuzz_value(&t->r) : 0;
	u64 seed = fuzz_random(&t->r);
	int r;

	while (again--) {
		r = call(t, entry_fd(entry), CALL_RUN, LULL_RUN, (void *)arg);
		/* It is dead: there are livelier ones. */
		if (r == -EIO && !(seed & 3))
			close_entry(entry);
		if (r)
			return;
		after_run(t, entry, seed + again);
	}
}

static void get_stats(struct thread *t, struct entry *entry)
{
	struct lull_vcpu_stats stats;

	call_struct(t, entry, CALL_GET_STATS, &stats);
}

static void get_regs(struct thread *t, struct entry *entry)
{
	struct lull_regs regs;

	call_struct(t, entry, CALL_GET_REGS, &regs);
}

static void get_sregs(struct thread *t, struct entry *entry)
{
	struct lull_sregs sregs;

	call_struct(t, entry, CALL_GET_SREGS, &sregs);
}

/* A number that is none, another size, or that of another kind of fd. */
static void unknown(struct thread *t, struct entry *entry)
{
	unsigned long cmd = calls[fuzz_below(&t->r, CALL_UNKNOWN)].cmd;
	u64 buffer[256] = { 0 };

	if (fuzz_one_in(&t->r, 3))
		cmd = _IOC(fuzz_below(&t->r, 4), LULL_IOC,
			   fuzz_below(&t->r, 64), fuzz_below(&t->r, 2048));
	else if (fuzz_one_in(&t->r, 2))
		cmd ^= BIT_ULL(fuzz_below(&t->r, 32));
	else
		entry = &entries[fuzz_below(&t->r, NR_FDS)];
	call(t, entry_fd(entry), CALL_UNKNOWN, cmd, buffer);
}

static void simple(struct thread *t, struct entry *entry, enum call nr)
{
	struct lull_caps caps;

	if (nr == CALL_CAPS)
		call_struct(t, entry, nr, &caps);
	else
		call(t, entry_fd(entry), nr, calls[nr].cmd,
		     fuzz_one_in(&t->r, 4) ? bad_pointer(t) : NULL);
}

static enum call random_call(struct thread *t)
{
	unsigned int total = 0, weight;
	enum call nr;

	for (nr = 0; nr < NR_CALLS; nr++)
		total += calls[nr].weight;
	weight = fuzz_below(&t->r, total);
	for (nr = 0; weight >= calls[nr].weight; nr++)
		weight -= calls[nr].weight;
	return nr;
}

void one_ioctl(struct thread *t)
{
	enum call nr = random_call(t);
	struct entry *entry;

	entry = pick(t, nr == CALL_UNKNOWN ? fuzz_below(&t->r, 4) :
					     calls[nr].kind);
	if (!entry)
		return setup(t);
	switch (nr) {
	case CALL_CREATE_VM:
		return create_vm(t, entry);
	case CALL_SET_MEMORY:
		return set_memory(t, entry);
	case CALL_CREATE_VCPU:
		create_vcpu(t, entry);
		return;
	case CALL_IRQ_LINE:
		return irq_line(t, entry);
	case CALL_RUN:
		return run(t, entry);
	case CALL_GET_REGS:
		return get_regs(t, entry);
	case CALL_SET_REGS:
		return set_regs(t, entry);
	case CALL_GET_SREGS:
		return get_sregs(t, entry);
	case CALL_SET_SREGS:
		return set_sregs(t, entry);
	case CALL_GET_STATS:
		return get_stats(t, entry);
	case CALL_UNKNOWN:
		return unknown(t, entry);
	default:
		return simple(t, entry, nr);
	}
}
