// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring: a token goes round through pipes, from process to process, with no
 * idle time and no timer: the price of a switch between address spaces.
 */
#include <stdio.h>
#include <unistd.h>

#include "workload.h"

#define MAX_PROCS	64

/**
 * struct member - one process of the ring
 * @params:	of the workload
 * @report:	where the first member puts the result
 * @in:		read end of the pipe from the member before
 * @out:	write end of the pipe to the member behind
 */
struct member {
	const struct params *params;
	struct report *report;
	int in;
	int out;
};

static bool receive(const struct member *m, __u64 *token)
{
	return read(m->in, token, sizeof(*token)) == sizeof(*token);
}

static bool pass_on(const struct member *m, __u64 token)
{
	token++;
	return write(m->out, &token, sizeof(token)) == sizeof(token);
}

static int member_main(void *arg)
{
	const struct member *m = arg;
	unsigned long rounds = m->params->warmup + m->params->periods;
	__u64 token;

	while (rounds--) {
		if (!receive(m, &token) || !pass_on(m, token))
			return 1;
	}
	return 0;
}

/* The first member starts each round and checks the token that comes back. */
static bool go_round(const struct member *m, unsigned long rounds,
		     __u64 *token)
{
	__u64 want;

	while (rounds--) {
		want = *token + m->params->procs;
		if (!pass_on(m, *token) || !receive(m, token) || *token != want)
			return false;
	}
	return true;
}

static int first_main(void *arg)
{
	const struct member *m = arg;
	__u64 token = 0;
	__u64 start;

	if (!go_round(m, m->params->warmup, &token))
		return 1;
	start = now_ns();
	mark(MARK_START);
	if (!go_round(m, m->params->periods, &token))
		return 1;
	mark(MARK_END);
	m->report->elapsed_ns = now_ns() - start;
	m->report->reached = m->params->periods;
	return 0;
}

/* Pipe i leads from member i to member i + 1. */
static bool make_ring(struct member *members, unsigned long procs)
{
	unsigned long i;
	int ends[2];

	for (i = 0; i < procs; i++) {
		if (pipe(ends)) {
			perror("pipe");
			return false;
		}
		members[i].out = ends[1];
		members[(i + 1) % procs].in = ends[0];
	}
	return true;
}

/**
 * ring_run() - pass a token round a ring of processes
 * @params:	rounds, processes
 * @report:	the result
 *
 * Return: whether the token came back right each time.
 */
bool ring_run(const struct params *params, struct report *report)
{
	struct member members[MAX_PROCS];
	pid_t pids[MAX_PROCS];
	unsigned long i;
	bool ok = true;

	if (params->procs < 2 || params->procs > MAX_PROCS) {
		fprintf(stderr, "ring: 2 to %d processes, not %lu\n",
			MAX_PROCS, params->procs);
		return false;
	}
	if (!make_ring(members, params->procs))
		return false;
	for (i = 0; i < params->procs; i++) {
		members[i].params = params;
		members[i].report = report;
		pids[i] = spawn(i ? member_main : first_main, &members[i]);
	}
	for (i = 0; i < params->procs; i++)
		ok = !reap(pids[i]) && ok;
	return ok;
}
