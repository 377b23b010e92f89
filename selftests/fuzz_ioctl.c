// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls of /dev/lull from racing threads, while descriptors are closed
 * and passed on, the guest's memory is torn to pieces below LULL_RUN, and
 * signals and the end of a thread or the process come at any moment.
 *
 *   fuzz_ioctl [--seed N] [--calls N] [--seconds N] [--threads N]
 *		[--tick US] [--round N] [--verbose]
 *
 * Each round is a process of its own and about a thousand ioctls.  With one
 * thread a round makes the same calls again.
 *
 * Guards against: anything that the host kernel reports; a round that does not
 * end; a VM, memory or CPU time that is left behind; shadow tables that the
 * audit finds wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest.h>

#include "fuzz/ioctl.h"
#include "lib/arena.h"
#include "lib/util.h"
#include "lib/vm.h"

#define ROUND_CALLS	1000
#define ROUND_SECONDS	100	/* more means that a round does not end */
#define PART_PARENT	255	/* random numbers of who starts the rounds */

struct counts *counts;
struct entry entries[NR_FDS];
struct thread threads[MAX_THREADS];
unsigned int nr_threads;
u64 tick, para_features;

static const char *const end_names[NR_ENDS] = {
	"orderly", "exit", "exec", "kill",
};

static void *thread_main(void *data)
{
	struct thread *t = data;

	t->tid = syscall(SYS_gettid);
	tick_us(tick);
	while (t->left) {
		if (fuzz_one_in(&t->r, 5))
			something_else(t);
		else
			one_ioctl(t);
	}
	return NULL;
}

/* What the vCPUs did that are still there. */
static void add_exits(void)
{
	struct lull_vcpu_stats stats;
	int i, reason;

	for (i = 0; i < NR_FDS; i++) {
		if (try_ioctl(entries[i].fd, LULL_GET_STATS, &stats))
			continue;
		for (reason = 0; reason < LULL_NR_EXIT_REASONS; reason++)
			counts->exits[reason] += stats.exits[reason];
	}
}

static void end_orderly(void)
{
	unsigned int i;

	for (i = 1; i < nr_threads; i++)
		pthread_join(threads[i].handle, NULL);
	audit_now();
	add_exits();
	for (i = 0; i < NR_FDS; i++)
		close_entry(&entries[i]);
	if (audit_structure())
		test_fail("audit: violations after all was closed");
}

/* The round's process, from its begin to its end. */
static void __attribute__((noreturn)) do_round(enum end end)
{
	unsigned int i;

	arena_map();
	for (i = 0; i < NR_FDS; i++)
		entries[i].fd = -1;
	setup(&threads[0]);
	setup(&threads[0]);
	for (i = 1; i < nr_threads; i++) {
		if (pthread_create(&threads[i].handle, NULL, thread_main,
				   &threads[i]))
			test_fail("no thread");
	}
	thread_main(&threads[0]);
	if (end == END_ORDERLY)
		end_orderly();
	else if (end == END_EXEC)
		execl("/proc/self/exe", "fuzz_ioctl", "--exit", NULL);
	fflush(stdout);
	_exit(0);
}

static u64 current_round;
static pid_t round_pid;

/* Say what each of its threads waits for, and those of its children. */
static void round_does_not_end(int sig)
{
	(void)sig;
	(void)!system("for t in /proc/[0-9]*/task/*; do\n"
		      "grep -qs ^fuzz_ioctl $t/comm && head -n 40 $t/stack\n"
		      "done");
	kill(round_pid, SIGKILL);
	test_fail("round %llu does not end", current_round);
}

/* The round's process, and what it left running. */
static void await_round(pid_t pid, enum end end, u64 kill_us)
{
	int status;

	if (end == END_KILL) {
		sleep_us(kill_us / 2);
		kill(pid, SIGSTOP);
		sleep_us(kill_us / 8);
		kill(pid, SIGCONT);
		sleep_us(kill_us / 2);
		kill(pid, SIGKILL);
	}
	alarm(ROUND_SECONDS);
	if (waitpid(pid, &status, 0) != pid)
		test_fail("round %llu: waitpid: %s", current_round,
			  strerror(errno));
	while (wait(NULL) > 0)
		;
	alarm(0);
	if (status && !(end == END_KILL && WIFSIGNALED(status) &&
			WTERMSIG(status) == SIGKILL))
		test_fail("round %llu: its process ended with status 0x%x",
			  current_round, status);
	if (fuzz_vms_left())
		test_fail("round %llu: a VM is left", current_round);
}

static void one_round(const struct fuzz_options *options, u64 round)
{
	struct fuzz_random r;
	enum end end;
	unsigned int i;
	pid_t pid;

	current_round = round;
	fuzz_seed(&r, options->seed, round, PART_PARENT);
	end = fuzz_below(&r, NR_ENDS);
	nr_threads = options->threads;
	for (i = 0; i < nr_threads; i++) {
		fuzz_seed(&threads[i].r, options->seed, round, i);
		threads[i].left = ROUND_CALLS / nr_threads;
	}
	count(&counts->end[end]);
	pid = fork();
	if (!pid)
		do_round(end);
	round_pid = pid;
	await_round(pid, end, fuzz_below(&r, 200000));
}

static void print_call(enum call nr)
{
	u64 total = 0;
	int e;

	for (e = 0; e < NR_ERRNOS; e++)
		total += counts->call[nr][e];
	printf("# %-16s %8llu:", call_names[nr], total);
	for (e = 0; e < NR_ERRNOS; e++) {
		if (counts->call[nr][e])
			printf(" %s %llu", e ? strerrorname_np(e) : "ok",
			       counts->call[nr][e]);
	}
	printf("\n");
}

static void print_counts(void)
{
	static const char *const reasons[] = {
		"none", "io", "mmio", "shutdown", "fail_entry", "unhandled",
		"mode", "guard", "(invalid)",
	};
	enum call nr;

	for (nr = 0; nr < NR_CALLS; nr++)
		print_call(nr);
	fuzz_print_counts("reasons of RUN", reasons, counts->reason,
			  ARRAY_SIZE(counts->reason));
	fuzz_print_exits(counts->exits);
	fuzz_print_counts("between", other_names, counts->other, NR_OTHERS);
	fuzz_print_counts("ends", end_names, counts->end, NR_ENDS);
}

int main(int argc, char **argv)
{
	struct fuzz_options options = {
		.count = 20000, .threads = 3, .tick = 600,
	};
	struct fuzz_host host = { 0 };
	struct fuzz_left left;
	u64 round = ~0ULL, begin, us;

	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	ksft_print_header();
	ksft_set_plan(FUZZ_HOST_RESULTS + 1);
	fuzz_parse(argc, argv, &options);
	if (options.threads > MAX_THREADS)
		ksft_exit_fail_msg("--threads %llu: at most %d\n",
				   options.threads, MAX_THREADS);
	tick = options.tick;
	signal(SIGALRM, round_does_not_end);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(counts != MAP_FAILED);
	arena_init();
	para_features = allow_para_features();
	begin = now_us();
	while (fuzz_next_round(&options, counts->calls, &round)) {
		one_round(&options, round);
		if (!host.free_kb)
			fuzz_host_before(&host);
	}
	us = now_us() - begin;
	ksft_print_msg("%llu ioctls, %llu audits, %llu ms\n", counts->calls,
		       counts->audits, us / 1000);
	print_counts();
	/* Else this was no test. */
	ksft_test_result(counts->call[CALL_RUN][0] > counts->calls / 20,
			 "guests run\n");
	fuzz_host_after(&host, &left);
	fuzz_host_results(&left);
	if (ksft_get_fail_cnt())
		ksft_exit_fail();
	ksft_exit_pass();
}
