/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest's init and its workloads share.
 *
 * A workload runs in processes of its own beside init, which only waits.  It
 * warms up, calls mark(MARK_START), does what it counts, calls
 * mark(MARK_END), and checks itself.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define NSEC_PER_USEC	1000ULL
#define NSEC_PER_SEC	1000000000ULL

/* A byte written here ends the guest with that status. */
#define PORT_EXIT	0xf4
/* A byte written here has the VMM take down its statistics. */
#define PORT_MARK	0xf5

enum mark {
	MARK_START = 1,
	MARK_END = 2,
};

/**
 * struct params - what lull.run= asks of a workload
 * @periods:	periods between the marks; for ring and squeeze, rounds
 * @period_ns:	length of a period
 * @warmup:	periods before MARK_START; for squeeze, MiB of each process
 * @procs:	processes, for ring and squeeze
 */
struct params {
	unsigned long periods;
	__u64 period_ns;
	unsigned long warmup;
	unsigned long procs;
};

/**
 * struct report - in memory that a workload's processes share
 * @reached:	periods done between the marks
 * @late:	periods that began after their end: the guest cannot keep up
 * @elapsed_ns:	from MARK_START to MARK_END
 */
struct report {
	unsigned long reached;
	unsigned long late;
	__u64 elapsed_ns;
};

/**
 * struct pace - a series of absolute deadlines
 * @next:	the deadline that pace_wait() waits for, CLOCK_MONOTONIC ns
 * @period_ns:	from one deadline to the next
 * @late:	deadlines already past by a whole period when waited for
 */
struct pace {
	__u64 next;
	__u64 period_ns;
	unsigned long late;
};

/* pace.c */
__u64 now_ns(void);
void pace_start(struct pace *pace, __u64 first, __u64 period_ns);
void pace_wait(struct pace *pace);

/* port.c */
int port_write(unsigned short port, unsigned char value);
void mark(enum mark which);

/* process.c */
pid_t spawn(int (*fn)(void *arg), void *arg);
int reap(pid_t pid);
void *share(size_t size);

/* Each returns true when its self-check holds. */
bool sleeper_run(const struct params *params, struct report *report);
bool sleepers2_run(const struct params *params, struct report *report);
bool sender_run(const struct params *params, struct report *report);
bool ring_run(const struct params *params, struct report *report);
bool squeeze_run(const struct params *params, struct report *report);

#endif /* WORKLOAD_H */
