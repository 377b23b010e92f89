// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the host takes away meanwhile: processes that verify what they
 * have written, in memory that they share with children until one writes, and
 * a balloon that is blown up and let go beside them.
 *
 * A translation that is stale gives what was there before, or another page:
 * each has contents of its own, and all that is read is added to a sum that
 * is known before.
 */
#include <stdio.h>
#include <unistd.h>

#include "squeeze.h"

#define PAGES_PER_MIB	(1024UL * 1024 / PAGE_BYTES)
#define PROCS_MAX	8UL
/* A child writes one page in so many, in turn */
#define CHILD_PART	8UL
#define CHILD_OWNERS	64UL
#define SCRATCH_PAGES	64UL

/**
 * struct worker - one of the processes
 * @area:	its memory
 * @rounds:	how often it writes and verifies
 * @round:	where it is
 * @sum:	gets the sum of all that it read; shared with the first process
 */
struct worker {
	struct area area;
	unsigned long rounds;
	unsigned long round;
	__u64 *sum;
};

/* Memory that comes, is used, and goes */
static bool use_scratch(unsigned long owner)
{
	struct area scratch = { .pages = SCRATCH_PAGES, .owner = owner };
	__u64 sum = 0;
	bool ok;

	if (!area_map(&scratch))
		return false;
	area_write(&scratch, 0);
	ok = area_verify(&scratch, 0, &sum);
	area_unmap(&scratch);
	return ok;
}

/* What a child writes is its own; what it does not is still the parent's. */
static int child_main(void *arg)
{
	const struct worker *w = arg;
	struct area own = w->area;
	__u64 sum = 0;
	unsigned long page;

	own.owner += CHILD_OWNERS;
	for (page = w->round % CHILD_PART; page < own.pages; page += CHILD_PART)
		area_write_page(&own, page, w->round);
	for (page = w->round % CHILD_PART; page + 1 < own.pages;
	     page += CHILD_PART) {
		if (!area_verify_page(&own, page, w->round, &sum) ||
		    !area_verify_page(&w->area, page + 1, w->round, &sum))
			return 1;
	}
	return use_scratch(own.owner) ? 0 : 1;
}

static int worker_main(void *arg)
{
	struct worker *w = arg;
	pid_t child;
	bool ok;

	if (!area_map(&w->area))
		return 1;
	for (w->round = 0; w->round < w->rounds; w->round++) {
		area_write(&w->area, w->round);
		child = spawn(child_main, w);
		ok = area_verify(&w->area, w->round, w->sum);
		if (reap(child) || !ok)
			return 1;
	}
	return 0;
}

/* Blow the balloon up, let it go, and use as much memory again. */
static bool balloon_cycle(struct area *area, unsigned long round, __u64 *sum)
{
	bool ok;

	if (!area_map(area))
		return false;
	area_write(area, 0);
	ok = balloon_inflate(area) && balloon_is_empty(area);
	area_unmap(area);
	if (!ok || !area_map(area))
		return false;
	area->owner += round;
	area_write(area, 0);
	ok = area_verify(area, 0, sum);
	area->owner -= round;
	area_unmap(area);
	return ok;
}

static bool run_balloon(struct area *area, unsigned long cycles, __u64 *sum)
{
	unsigned long i;

	for (i = 0; i < cycles; i++) {
		if (!balloon_cycle(area, i, sum))
			return false;
	}
	return true;
}

static __u64 foretell(struct area area, unsigned long rounds,
		      unsigned long owners)
{
	unsigned long i;
	__u64 sum = 0;

	for (i = 0; i < rounds; i++) {
		sum += area_foretell(&area, owners ? 0 : i);
		area.owner += owners;
	}
	return sum;
}

static bool run_workers(const struct params *params, struct area *balloon,
			unsigned long cycles, __u64 *sums)
{
	struct worker w = { .rounds = params->periods };
	pid_t pids[PROCS_MAX];
	unsigned long i;
	bool ok;

	w.area.pages = params->warmup * PAGES_PER_MIB;
	for (i = 0; i < params->procs; i++) {
		w.area.owner = i;
		w.sum = &sums[i];
		pids[i] = spawn(worker_main, &w);
	}
	ok = run_balloon(balloon, cycles, &sums[i]);
	for (i = 0; i < params->procs; i++)
		ok = !reap(pids[i]) && ok;
	return ok;
}

static __u64 foretell_all(const struct params *params,
			  const struct area *balloon, unsigned long cycles)
{
	struct area area = { .pages = params->warmup * PAGES_PER_MIB };
	__u64 sum = foretell(*balloon, cycles, 1);

	for (; area.owner < params->procs; area.owner++)
		sum += foretell(area, params->periods, 0);
	return sum;
}

/**
 * squeeze_run() - processes and a balloon beside them
 * @params:	rounds of each process, processes, MiB of each
 * @report:	gets the rounds
 *
 * The balloon is as large as the processes together.
 *
 * Return: true if all memory was what it must be
 */
bool squeeze_run(const struct params *params, struct report *report)
{
	unsigned long cycles = params->periods / 2;
	struct area balloon = {
		.pages = params->procs * params->warmup * PAGES_PER_MIB,
		.owner = 2 * CHILD_OWNERS,
	};
	__u64 *sums = share((PROCS_MAX + 1) * sizeof(*sums));
	__u64 start = now_ns(), sum = 0;
	unsigned long i;
	bool ok;

	if (params->procs > PROCS_MAX) {
		printf("squeeze: at most %lu processes\n", PROCS_MAX);
		return false;
	}
	mark(MARK_START);
	ok = run_workers(params, &balloon, cycles, sums);
	mark(MARK_END);
	for (i = 0; i <= params->procs; i++)
		sum += sums[i];
	printf("squeeze: frames %lu checksum %016llx\n",
	       cycles * balloon.pages, sum);
	report->reached = params->periods;
	report->elapsed_ns = now_ns() - start;
	return ok && sum == foretell_all(params, &balloon, cycles);
}
