// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timer-paced execution.
 *
 * Deadlines are absolute, so that a run takes the same guest time however
 * long the work of a period takes: what the VMM saves becomes idle time.
 */
#include <errno.h>
#include <sys/prctl.h>

#include "workload.h"

/**
 * now_ns() - the clock that deadlines are in
 *
 * Return: CLOCK_MONOTONIC in nanoseconds.
 */
__u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * NSEC_PER_SEC + (__u64)ts.tv_nsec;
}

/**
 * pace_start() - begin a series of deadlines
 * @pace:	the series
 * @first:	its first deadline
 * @period_ns:	from one deadline to the next
 *
 * Also takes away this process's timer slack, which would let the kernel
 * move its wakes about.
 */
void pace_start(struct pace *pace, __u64 first, __u64 period_ns)
{
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	pace->next = first;
	pace->period_ns = period_ns;
	pace->late = 0;
}

/**
 * pace_wait() - sleep until the next deadline
 * @pace:	the series
 */
void pace_wait(struct pace *pace)
{
	struct timespec ts = {
		.tv_sec = (time_t)(pace->next / NSEC_PER_SEC),
		.tv_nsec = (long)(pace->next % NSEC_PER_SEC),
	};

	if (now_ns() >= pace->next + pace->period_ns)
		pace->late++;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
	pace->next += pace->period_ns;
}
