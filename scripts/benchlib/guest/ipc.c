// SPDX-License-Identifier: GPL-2.0-only
/* Rows that switch between processes. */
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define MAX_PROCS	16
#define MESSAGE		100UL	/* bytes */
#define MESSAGES	20	/* from each sender to each receiver */

static pid_t members[MAX_PROCS];
static int ring_in, ring_out;

/*
 * Does who is woken run at once?  That depends on what the guest's clock says of
 * the two, and saves a wake-up; with SCHED_BATCH it never does.
 */
static bool set_policy(int policy)
{
	const struct sched_param param = { 0 };

	return !sched_setscheduler(0, policy, &param);
}

static void pass_tokens(int in, int out)
{
	char token;

	while (read(in, &token, 1) == 1 && write(out, &token, 1) == 1)
		continue;
	_exit(0);
}

/* This process is the first of the ring: pipe i leads to process i. */
static bool setup_ring(const struct row *row)
{
	int next[2], first[2];
	unsigned int i;

	if (!set_policy(SCHED_BATCH) || pipe(first))
		return false;
	ring_out = first[1];
	ring_in = first[0];
	for (i = 1; i < row->arg; i++) {
		if (pipe(next))
			return false;
		members[i] = fork();
		if (!members[i]) {
			close(ring_out);
			close(next[0]);
			pass_tokens(ring_in, next[1]);
		}
		close(ring_in);
		close(next[1]);
		ring_in = next[0];
	}
	return true;
}

static bool run_ring(const struct row *row)
{
	char token = 'x';
	unsigned int i;

	for (i = 0; i < row->ops; i++) {
		if (write(ring_out, &token, 1) != 1 ||
		    read(ring_in, &token, 1) != 1)
			return false;
	}
	return true;
}

/* The end of the first pipe's writers makes them all end, one by one. */
static bool end_ring(const struct row *row)
{
	bool ok = true;
	unsigned int i;

	close(ring_out);
	for (i = 1; i < row->arg; i++)
		ok = ended_well(members[i]) && ok;
	close(ring_in);
	return set_policy(SCHED_OTHER) && ok;
}

static bool send_messages(int fd)
{
	char message[MESSAGE] = "";
	unsigned int i;

	for (i = 0; i < MESSAGES; i++) {
		if (write(fd, message, MESSAGE) != MESSAGE)
			return false;
	}
	return true;
}

static bool receive_messages(int fd, unsigned int senders)
{
	size_t left = senders * MESSAGES * MESSAGE;
	char message[MESSAGE];
	ssize_t got;

	for (; left; left -= got) {
		got = read(fd, message, MESSAGE);
		if (got <= 0)
			return false;
	}
	return true;
}

/* One process of a group: a receiver, or a sender to all receivers */
static bool be_member(int pairs[][2], unsigned int n, unsigned int which)
{
	unsigned int i;

	if (which < n)
		return receive_messages(pairs[which][0], n);
	for (i = 0; i < n; i++) {
		if (!send_messages(pairs[i][1]))
			return false;
	}
	return true;
}

/*
 * A group as hackbench has it: as many senders as receivers, and each sender
 * writes to all of them.  An operation is a group, from start to end.
 */
static bool run_group(const struct row *row)
{
	int pairs[MAX_PROCS / 2][2];
	unsigned int n = row->arg, i;
	bool ok = true;

	for (i = 0; i < n; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]))
			return false;
	}
	for (i = 0; i < 2 * n; i++) {
		members[i] = fork();
		if (!members[i])
			_exit(!be_member(pairs, n, i));
	}
	for (i = 0; i < 2 * n; i++)
		ok = ended_well(members[i]) && ok;
	for (i = 0; i < n; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	return ok;
}

static const struct row rows[] = {
	{ "ctx2", 50, 2, false, setup_ring, run_ring, end_ring },
	{ "ctx4", 25, 4, false, setup_ring, run_ring, end_ring },
	{ "ctx8", 12, 8, false, setup_ring, run_ring, end_ring },
	{ "ctx16", 6, 16, false, setup_ring, run_ring, end_ring },
	{ "hackbench", 1, 4, .run = run_group },
};

const struct row_table ipc_rows = { rows, ARRAY_SIZE(rows) };
