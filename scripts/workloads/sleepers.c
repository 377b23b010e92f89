// SPDX-License-Identifier: GPL-2.0-only
/*
 * sleeper: one process woken by a timer, A -> idle -> A.
 * sleepers2: two processes woken in turn, A -> idle -> B -> idle -> A; a
 * period is one wake.
 *
 * At each wake a process touches a few pages of its own, so that a switch
 * that costs it its shadow pages or TLB entries also shows in what follows.
 */
#include <unistd.h>

#include "workload.h"

#define PAGES		16
#define PAGE_BYTES	4096

/**
 * struct sleeper - one process of the workload
 * @report:	where the process that marks puts the result
 * @sums:	wakes this process counted, by page
 * @first:	first deadline
 * @period_ns:	between two wakes of this process
 * @warmup:	wakes before MARK_START
 * @wakes:	wakes from MARK_START to MARK_END
 * @marks:	this is the process that marks
 */
struct sleeper {
	struct report *report;
	unsigned long (*sums)[PAGE_BYTES / sizeof(unsigned long)];
	__u64 first;
	__u64 period_ns;
	unsigned long warmup;
	unsigned long wakes;
	bool marks;
};

static void touch_pages(struct sleeper *s)
{
	int i;

	for (i = 0; i < PAGES; i++)
		s->sums[i][0]++;
}

static void sleep_and_touch(struct sleeper *s, struct pace *pace,
			    unsigned long wakes)
{
	while (wakes--) {
		pace_wait(pace);
		touch_pages(s);
	}
}

static bool sums_are(const struct sleeper *s, unsigned long want)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		if (s->sums[i][0] != want)
			return false;
	}
	return true;
}

static int sleeper_main(void *arg)
{
	struct sleeper *s = arg;
	struct pace pace;
	__u64 start;

	pace_start(&pace, s->first, s->period_ns);
	sleep_and_touch(s, &pace, s->warmup);
	pace.late = 0;
	start = now_ns();
	if (s->marks)
		mark(MARK_START);
	sleep_and_touch(s, &pace, s->wakes);
	if (s->marks) {
		mark(MARK_END);
		s->report->elapsed_ns = now_ns() - start;
	}
	__atomic_add_fetch(&s->report->reached, s->wakes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&s->report->late, pace.late, __ATOMIC_RELAXED);
	return sums_are(s, s->warmup + s->wakes) ? 0 : 1;
}

/**
 * sleeper_run() - one process, woken once a period
 * @params:	how often, how long
 * @report:	the result
 *
 * Return: whether the process counted every wake.
 */
bool sleeper_run(const struct params *params, struct report *report)
{
	struct sleeper s = {
		.report = report,
		.sums = share(PAGES * PAGE_BYTES),
		.first = now_ns() + params->period_ns,
		.period_ns = params->period_ns,
		.warmup = params->warmup,
		.wakes = params->periods,
		.marks = true,
	};

	return !reap(spawn(sleeper_main, &s));
}

/**
 * sleepers2_run() - two processes, each woken every other period
 * @params:	how often, how long
 * @report:	the result
 *
 * The first of the two marks, and both warm up for as many of their own
 * wakes, so that the marks are a whole number of its cycles apart.
 *
 * Return: whether both processes counted every wake of theirs.
 */
bool sleepers2_run(const struct params *params, struct report *report)
{
	struct sleeper even = {
		.report = report,
		.sums = share(PAGES * PAGE_BYTES),
		.first = now_ns() + 2 * params->period_ns,
		.period_ns = 2 * params->period_ns,
		.warmup = (params->warmup + 1) / 2,
		.wakes = (params->periods + 1) / 2,
		.marks = true,
	};
	struct sleeper odd = even;
	pid_t pids[2];
	int status;

	odd.sums = share(PAGES * PAGE_BYTES);
	odd.first += params->period_ns;
	odd.marks = false;
	pids[0] = spawn(sleeper_main, &even);
	pids[1] = spawn(sleeper_main, &odd);
	status = reap(pids[0]);
	return !reap(pids[1]) && !status;
}
