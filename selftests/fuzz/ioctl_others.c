// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens between ioctls, and during those of other threads: to
 * descriptors, to the guest's memory, to threads.
 */
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/ioctl.h"
#include "lib/arena.h"
#include "lib/util.h"
#include "lib/vm.h"

#define ARENA_PAGES	(ARENA_SIZE / PAGE_SIZE)
#define CHILD_SECONDS	30
#define CHILD_CALLS	20

const char *const other_names[NR_OTHERS] = {
	"setup", "close", "dup", "mmap", "munmap", "memory", "repair",
	"run_page", "debugfs", "signal", "fork", "send", "file_ops",
	"fd_limit", "thread_end",
};

static void setup_vcpu(struct thread *t, int vm, u64 id)
{
	struct lull_sregs sregs;
	struct lull_regs regs;
	int vcpu;

	vcpu = call(t, vm, CALL_CREATE_VCPU, LULL_CREATE_VCPU, (void *)id);
	if (vcpu < 0)
		return;
	arena_sregs(&sregs);
	arena_regs(&regs);
	regs.gpr[LULL_R15] = fuzz_random(&t->r);
	call(t, vcpu, CALL_SET_SREGS, LULL_SET_SREGS, &sregs);
	call(t, vcpu, CALL_SET_REGS, LULL_SET_REGS, &regs);
	add_fd(t, vcpu, KIND_VCPU, map_run(vcpu));
}

static void setup_vm(struct thread *t, int sys)
{
	const struct lull_vm_config config = {
		.para_features = fuzz_random(&t->r) & para_features,
		.shadow_pages = LULL_MIN_SHADOW_PAGES +
				fuzz_below(&t->r, 200),
	};
	const struct lull_memory_region memory = {
		.size = ARENA_SIZE, .hva = ARENA_HVA,
	};
	unsigned int nr = 1 + fuzz_below(&t->r, 2), i;
	int vm;

	vm = call(t, sys, CALL_CREATE_VM, LULL_CREATE_VM, &config);
	if (vm < 0)
		return;
	call(t, vm, CALL_SET_MEMORY, LULL_SET_MEMORY, &memory);
	for (i = 0; i < nr; i++)
		setup_vcpu(t, vm, i);
	add_fd(t, vm, KIND_VM, NULL);
}

void setup(struct thread *t)
{
	struct entry *sys = pick(t, KIND_SYS);
	sigset_t usr1, old;

	if (!sys)
		return add_fd(t, open("/dev/lull", O_RDWR | O_CLOEXEC),
			      KIND_SYS, NULL);
	/* A signal would end LULL_CREATE_VM. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, &old);
	setup_vm(t, entry_fd(sys));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void close_one(struct thread *t)
{
	struct entry *entry = &entries[fuzz_below(&t->r, NR_FDS)];

	/* Most are left to grow old. */
	if (entry->kind != KIND_OTHER && !fuzz_one_in(&t->r, 3))
		return;
	close_entry(entry);
}

static void dup_one(struct thread *t)
{
	struct entry *entry = &entries[fuzz_below(&t->r, NR_FDS)];
	int fd = dup(entry_fd(entry));

	if (fd >= 0)
		add_fd(t, fd, entry->kind, entry->run);
}

static void mmap_one(struct thread *t)
{
	static const int prots[] = {
		PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE,
		PROT_READ | PROT_WRITE | PROT_EXEC,
	};
	struct entry *entry = pick(t, KIND_VCPU);
	u64 size = fuzz_one_in(&t->r, 6) ? 2 * PAGE_SIZE : PAGE_SIZE;
	u64 offset = fuzz_one_in(&t->r, 6) ? PAGE_SIZE : 0;
	int flags = fuzz_one_in(&t->r, 6) ? MAP_PRIVATE : MAP_SHARED;
	void *at = NULL;

	if (!entry)
		return;
	/* Now and then the guest's memory is its own run page. */
	if (fuzz_one_in(&t->r, 6)) {
		at = (void *)(ARENA_HVA + ARENA_PLAY);
		flags |= MAP_FIXED;
	}
	at = mmap(at, size, fuzz_pick(&t->r, prots), flags, entry_fd(entry),
		  offset);
	if (at != MAP_FAILED && size == PAGE_SIZE)
		entry->run = at;
}

static void munmap_one(struct thread *t)
{
	struct entry *entry = pick(t, KIND_VCPU);
	struct lull_run *mapped;

	if (!entry || !fuzz_one_in(&t->r, 4))
		return;
	mapped = __atomic_exchange_n(&entry->run, NULL, __ATOMIC_RELAXED);
	if (mapped)
		munmap(mapped, PAGE_SIZE);
}

/* The guest's memory goes, moves, or changes its rights. */
static void tear_memory(struct thread *t)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_WILLNEED,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTFORK, MADV_DOFORK,
		MADV_COLD, MADV_PAGEOUT, MADV_MERGEABLE, MADV_WIPEONFORK,
		MADV_POPULATE_WRITE,
	};
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_WRITE,
	};
	u64 page = fuzz_one_in(&t->r, 48) ? fuzz_below(&t->r, 16) :
		   16 + fuzz_below(&t->r, fuzz_one_in(&t->r, 4) ?
				   ARENA_PAGES - 16 : 24);
	u64 n = 1 + fuzz_below(&t->r, 8), to;
	char *at = (char *)ARENA_HVA + page * PAGE_SIZE;

	if (page + n > ARENA_PAGES)
		n = ARENA_PAGES - page;
	switch (fuzz_below(&t->r, 5)) {
	case 0:
		mprotect(at, n * PAGE_SIZE, fuzz_pick(&t->r, prots));
		break;
	case 1:
		munmap(at, n * PAGE_SIZE);
		break;
	case 2:
		to = 16 + fuzz_below(&t->r, ARENA_PAGES - 16 - n);
		(void)!mremap(at, n * PAGE_SIZE, n * PAGE_SIZE,
			      MREMAP_MAYMOVE | MREMAP_FIXED,
			      ARENA_HVA + to * PAGE_SIZE);
		break;
	case 3:
		mmap(at, n * PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_FIXED | MAP_ANONYMOUS |
		     (fuzz_one_in(&t->r, 2) ? MAP_SHARED : MAP_PRIVATE), -1,
		     0);
		break;
	default:
		madvise(at, n * PAGE_SIZE, fuzz_pick(&t->r, advice));
	}
}

static void write_run_page(struct thread *t)
{
	struct entry *entry = pick(t, KIND_VCPU);
	u64 word = fuzz_value(&t->r);
	u32 zero = 0;

	if (!entry)
		return;
	write_run(entry->run, &word, fuzz_below(&t->r, 32) * 8, sizeof(word));
	if (!fuzz_one_in(&t->r, 16))
		write_run(entry->run, &zero, 0, sizeof(zero));
}

void audit_now(void)
{
	unsigned int bad = audit_structure();

	count(&counts->audits);
	if (bad)
		test_fail("audit: %u violations", bad);
}

/* Some VM's file, to be read at any time from now on, by any thread. */
static void open_debugfs(struct thread *t)
{
	static const char *const patterns[] = {
		"/sys/kernel/debug/lull/*/vm",
		"/sys/kernel/debug/lull/*/audit*",
		"/sys/kernel/debug/lull/*/vcpu*/stats",
	};
	glob_t found;

	if (glob(fuzz_pick(&t->r, patterns), GLOB_NOSORT, NULL, &found))
		return;
	add_fd(t, open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC), KIND_OTHER,
	       NULL);
	globfree(&found);
}

static void read_debugfs(struct thread *t)
{
	struct entry *entry = pick(t, KIND_OTHER);
	char text[512];

	if (fuzz_one_in(&t->r, 2))
		audit_now();
	else if (!entry)
		open_debugfs(t);
	else
		(void)!pread(entry_fd(entry), text,
			     fuzz_below(&t->r, sizeof(text)), 0);
}

static void send_signal(struct thread *t)
{
	struct thread *to = &threads[fuzz_below(&t->r, nr_threads)];

	syscall(SYS_tgkill, getpid(), to->tid, SIGUSR1);
}

/* The VMs do not work in the child; but it can make its own. */
static void fork_child(struct thread *t)
{
	pid_t pid;
	int i;

	if (!fuzz_one_in(&t->r, 8))
		return;
	pid = fork();
	if (!pid) {
		signal(SIGALRM, SIG_DFL);
		alarm(CHILD_SECONDS);
		tick_us(tick);
		for (i = 0; i < CHILD_CALLS; i++)
			one_ioctl(t);
		_exit(0);
	}
	if (pid > 0 && fuzz_one_in(&t->r, 2))
		waitpid(pid, NULL, 0);
}

/* A descriptor in flight, received again or lost with its socket. */
static void send_fd(struct thread *t)
{
	struct entry *entry = &entries[fuzz_below(&t->r, NR_FDS)];
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space, .msg_controllen =
		sizeof(control.space),
	};
	struct cmsghdr *head = &control.align;
	int pair[2], fd = entry_fd(entry);
	char byte;

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	if (sendmsg(pair[0], &msg, MSG_DONTWAIT) == 1 &&
	    fuzz_one_in(&t->r, 2)) {
		iov.iov_base = &byte;
		if (recvmsg(pair[1], &msg, MSG_DONTWAIT) == 1 &&
		    msg.msg_controllen) {
			memcpy(&fd, CMSG_DATA(head), sizeof(int));
			add_fd(t, fd, entry->kind, entry->run);
		}
	}
	close(pair[0]);
	close(pair[1]);
}

/* What one does with files, and nobody with these. */
static void file_ops(struct thread *t)
{
	int fd = entry_fd(&entries[fuzz_below(&t->r, NR_FDS)]);
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT };
	char buffer[64] = "";

	switch (fuzz_below(&t->r, 6)) {
	case 0:
		(void)!read(fd, buffer, sizeof(buffer));
		break;
	case 1:
		(void)!write(fd, buffer, sizeof(buffer));
		break;
	case 2:
		poll(&poll_fd, 1, 0);
		break;
	case 3:
		lseek(fd, fuzz_value(&t->r), SEEK_SET);
		break;
	case 4:
		fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
		break;
	default:
		(void)!ftruncate(fd, fuzz_below(&t->r, 2));
	}
}

/* For a while there are no more descriptors to be had. */
static void limit_fds(struct thread *t)
{
	struct rlimit limit, none;

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 3 + fuzz_below(&t->r, 12);
	setrlimit(RLIMIT_NOFILE, &none);
	one_ioctl(t);
	setup(t);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void end_thread(struct thread *t)
{
	if (t != threads && fuzz_one_in(&t->r, 32))
		pthread_exit(NULL);
}

void something_else(struct thread *t)
{
	enum other what = fuzz_below(&t->r, NR_OTHERS);

	count(&counts->other[what]);
	switch (what) {
	case OTHER_SETUP:
		return setup(t);
	case OTHER_CLOSE:
		return close_one(t);
	case OTHER_DUP:
		return dup_one(t);
	case OTHER_MMAP:
		return mmap_one(t);
	case OTHER_MUNMAP:
		return munmap_one(t);
	case OTHER_MEMORY:
		return tear_memory(t);
	case OTHER_REPAIR:
		return arena_map();
	case OTHER_RUN_PAGE:
		return write_run_page(t);
	case OTHER_DEBUGFS:
		return read_debugfs(t);
	case OTHER_SIGNAL:
		return send_signal(t);
	case OTHER_FORK:
		return fork_child(t);
	case OTHER_SEND:
		return send_fd(t);
	case OTHER_FILE:
		return file_ops(t);
	case OTHER_LIMIT:
		return limit_fds(t);
	default:
		return end_thread(t);
	}
}
