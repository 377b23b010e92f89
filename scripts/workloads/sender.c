// SPDX-License-Identifier: GPL-2.0-only
/*
 * sender: the shape of nettest without a network card.  A process hands
 * buffers of 1500 bytes to the kernel, 8000 a second, in one burst a period,
 * and sleeps in between.  The kernel copies each into a ring that lies in a
 * memory file.  A small daemon wakes every fourth period, half a period off
 * the bursts, and takes the sender's reports of its bursts out of a pipe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload.h"

#define BUFFER_BYTES		1500
#define BUFFERS_PER_SECOND	8000
#define RING_BUFFERS		64
#define DAEMON_EVERY		4

/**
 * struct sender - what both processes know
 * @params:	of the workload
 * @report:	where the sender puts the result
 * @first:	the sender's first deadline
 * @burst:	buffers a period
 * @ring:	the memory file
 * @pipe:	bursts, from the sender to the daemon
 */
struct sender {
	const struct params *params;
	struct report *report;
	__u64 first;
	__u64 burst;
	int ring;
	int pipe[2];
};

/* The n-th buffer ever sent carries n all over, so that a lost copy shows. */
static void fill_buffer(unsigned char *buffer, __u64 n)
{
	memcpy(buffer, &n, sizeof(n));
	memcpy(buffer + BUFFER_BYTES - sizeof(n), &n, sizeof(n));
}

static off_t buffer_offset(__u64 n)
{
	return (off_t)(n % RING_BUFFERS) * BUFFER_BYTES;
}

static int send_burst(struct sender *s, unsigned char *buffer, __u64 *sent)
{
	__u64 i;

	for (i = 0; i < s->burst; i++, (*sent)++) {
		fill_buffer(buffer, *sent);
		if (pwrite(s->ring, buffer, BUFFER_BYTES,
			   buffer_offset(*sent)) != BUFFER_BYTES)
			return -1;
	}
	if (write(s->pipe[1], sent, sizeof(*sent)) != sizeof(*sent))
		return -1;
	return 0;
}

static int send_bursts(struct sender *s, struct pace *pace,
		       unsigned long periods, __u64 *sent)
{
	static unsigned char buffer[BUFFER_BYTES];

	while (periods--) {
		pace_wait(pace);
		if (send_burst(s, buffer, sent)) {
			perror("sender");
			return -1;
		}
	}
	return 0;
}

static int sender_main(void *arg)
{
	struct sender *s = arg;
	struct pace pace;
	__u64 sent = 0;
	__u64 start;

	close(s->pipe[0]);
	pace_start(&pace, s->first, s->params->period_ns);
	if (send_bursts(s, &pace, s->params->warmup, &sent))
		return 1;
	pace.late = 0;
	start = now_ns();
	mark(MARK_START);
	if (send_bursts(s, &pace, s->params->periods, &sent))
		return 1;
	mark(MARK_END);
	s->report->elapsed_ns = now_ns() - start;
	s->report->reached = s->params->periods;
	s->report->late = pace.late;
	return 0;
}

/* Take what is in the pipe: 1 when there may be more later, 0 at its end. */
static int drain(struct sender *s, __u64 *got)
{
	__u64 sent;
	ssize_t n;

	while ((n = read(s->pipe[0], &sent, sizeof(sent))) == sizeof(sent)) {
		*got += s->burst;
		if (sent != *got)
			return -1;
	}
	if (n < 0 && errno == EAGAIN)
		return 1;
	return n ? -1 : 0;
}

static int daemon_main(void *arg)
{
	struct sender *s = arg;
	unsigned long total = s->params->warmup + s->params->periods;
	__u64 got = 0;
	struct pace pace;
	int more;

	close(s->pipe[1]);
	pace_start(&pace, s->first + s->params->period_ns / 2,
		   DAEMON_EVERY * s->params->period_ns);
	do {
		pace_wait(&pace);
		more = drain(s, &got);
	} while (more > 0);
	return !more && got == total * s->burst ? 0 : 1;
}

/* Are the last buffers all in the ring, whole? */
static bool ring_holds(struct sender *s, __u64 sent)
{
	unsigned char buffer[BUFFER_BYTES];
	__u64 n = sent > RING_BUFFERS ? sent - RING_BUFFERS : 0;
	__u64 head, tail;

	for (; n < sent; n++) {
		if (pread(s->ring, buffer, sizeof(buffer), buffer_offset(n)) !=
		    sizeof(buffer))
			return false;
		memcpy(&head, buffer, sizeof(head));
		memcpy(&tail, buffer + BUFFER_BYTES - sizeof(tail),
		       sizeof(tail));
		if (head != n || tail != n)
			return false;
	}
	return true;
}

static int open_channels(struct sender *s)
{
	s->ring = memfd_create("ring", 0);
	if (s->ring < 0)
		return -1;
	if (ftruncate(s->ring, RING_BUFFERS * BUFFER_BYTES))
		return -1;
	return pipe2(s->pipe, O_NONBLOCK);
}

/**
 * sender_run() - the sender and its daemon
 * @params:	how often, how long
 * @report:	the result
 *
 * Return: whether the daemon saw every burst and the ring holds the last
 * buffers.
 */
bool sender_run(const struct params *params, struct report *report)
{
	struct sender s = {
		.params = params,
		.report = report,
		.burst = params->period_ns * BUFFERS_PER_SECOND / NSEC_PER_SEC,
	};
	unsigned long total = params->warmup + params->periods;
	pid_t pids[2];
	int status;

	if (open_channels(&s)) {
		perror("sender");
		return false;
	}
	s.first = now_ns() + params->period_ns;
	pids[0] = spawn(daemon_main, &s);
	pids[1] = spawn(sender_main, &s);
	close(s.pipe[0]);
	close(s.pipe[1]);
	status = reap(pids[1]);
	return !reap(pids[0]) && !status && ring_holds(&s, total * s.burst);
}
