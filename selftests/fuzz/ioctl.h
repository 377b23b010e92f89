/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to fuzz_ioctl.c and its parts. */
#ifndef SELFTESTS_FUZZ_IOCTL_H
#define SELFTESTS_FUZZ_IOCTL_H

#include <pthread.h>

#include "lib/fuzz.h"
#include "monitor/uapi/lull.h"

#define NR_FDS		24
#define MAX_THREADS	8
#define NR_ERRNOS	134

enum kind { KIND_SYS, KIND_VM, KIND_VCPU, KIND_OTHER };

enum call {
	CALL_VERSION, CALL_CAPS, CALL_CREATE_VM, CALL_SET_MEMORY,
	CALL_CREATE_VCPU, CALL_IRQ_LINE, CALL_RUN, CALL_GET_REGS,
	CALL_SET_REGS, CALL_GET_SREGS, CALL_SET_SREGS, CALL_GET_STATS,
	CALL_UNKNOWN, NR_CALLS
};

enum other {
	OTHER_SETUP, OTHER_CLOSE, OTHER_DUP, OTHER_MMAP, OTHER_MUNMAP,
	OTHER_MEMORY, OTHER_REPAIR, OTHER_RUN_PAGE, OTHER_DEBUGFS,
	OTHER_SIGNAL, OTHER_FORK, OTHER_SEND, OTHER_FILE, OTHER_LIMIT,
	OTHER_THREAD, NR_OTHERS
};

/* How a round ends. */
enum end { END_ORDERLY, END_EXIT, END_EXEC, END_KILL, NR_ENDS };

/**
 * struct counts - of all rounds, shared by their processes
 * @calls:	ioctls
 * @call:	by enum call and errno, 0 for success
 * @reason:	of LULL_RUN, by enum lull_run_reason; the last for no such value
 * @other:	by enum other
 * @end:	by enum end
 * @exits:	VM exits of the vCPUs that an orderly end found open
 * @audits:	audits read
 */
struct counts {
	u64 calls;
	u64 call[NR_CALLS][NR_ERRNOS];
	u64 reason[LULL_RUN_GUARD + 2];
	u64 other[NR_OTHERS];
	u64 end[NR_ENDS];
	u64 exits[LULL_NR_EXIT_REASONS];
	u64 audits;
};

/**
 * struct entry - a descriptor that threads share
 * @fd:		-1 where there is none
 * @kind:	what it most likely is
 * @run:	of a vCPU: where its page was mapped, or NULL
 *
 * Nothing orders their use: what one thread closes or unmaps, another may be
 * using.  Only who takes an fd out of its entry closes it.
 */
struct entry {
	int fd;
	enum kind kind;
	struct lull_run *run;
};

/**
 * struct thread - one that makes calls
 * @r:		its random numbers
 * @left:	calls to make
 * @handle:	for pthread_join()
 * @tid:	for signals
 */
struct thread {
	struct fuzz_random r;
	u64 left;
	pthread_t handle;
	pid_t tid;
};

extern struct counts *counts;
extern struct entry entries[NR_FDS];
extern struct thread threads[MAX_THREADS];
extern unsigned int nr_threads;
extern u64 tick, para_features;
extern const char *const call_names[NR_CALLS];
extern const char *const other_names[NR_OTHERS];

void count(u64 *counter);
int entry_fd(const struct entry *entry);
/* Into a free entry, or in place of another that is then closed. */
void add_fd(struct thread *t, int fd, enum kind kind, struct lull_run *run);
void close_entry(struct entry *entry);
/* A descriptor of this kind, most often; else any, or NULL. */
struct entry *pick(struct thread *t, enum kind kind);
/* ioctl() and count. */
int call(struct thread *t, int fd, enum call nr, unsigned long cmd,
	 const void *arg);
struct lull_run *map_run(int fd);
/* The page shared with LULL_RUN may be unmapped any time: never touch it. */
bool read_run(struct lull_run *run, void *to, size_t offset, size_t len);
void write_run(struct lull_run *run, void *from, size_t offset, size_t len);
/* ioctl_calls.c: a random ioctl. */
void one_ioctl(struct thread *t);
/* ioctl_others.c: a VM that can run; anything that is no ioctl; the audit. */
void setup(struct thread *t);
void something_else(struct thread *t);
void audit_now(void);

#endif /* SELFTESTS_FUZZ_IOCTL_H */
