// SPDX-License-Identifier: GPL-2.0-only
/*
 * shadow_model - random runs of shadow/ against the reference.
 *
 * Runs happen in a child process, so that whatever ends one (a failed check,
 * a sanitizer's report) can be repeated and made shorter.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "reach.h"
#include "script.h"

#define OPS_PER_RUN	400
/* Of CPU time: a run takes milliseconds, or it never ends. */
#define SECONDS_PER_RUN	5
/* In so many steps each thing is met that there is to meet. */
#define STEPS_TO_MEET	100000
#define STEPS_PER_LINE	2000000

/* Shared with the child. */
struct progress {
	unsigned long run;
	unsigned int step;
	char why[256];
	struct tally tally;
	struct reached reached;
};

static struct progress *progress;
static char first_why[sizeof(progress->why)];

static void child_failed(const char *why)
{
	snprintf(progress->why, sizeof(progress->why), "%s", why);
	_exit(1);
}

static u64 seed_of_run(u64 seed, unsigned long run)
{
	return seed + run * 0x632be59bd9b4e019ULL;
}

static void quiet(void)
{
	if (!freopen("/dev/null", "w", stderr))
		_exit(2);
}

/* Runs @fn in a child.  Returns whether it failed. */
static bool fails(void (*fn)(const void *arg), const void *arg, bool silent)
{
	int status;
	pid_t pid;

	progress->why[0] = 0;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		host_fail("fork: %s", strerror(errno));
	if (!pid) {
		host_catch = child_failed;
		if (silent)
			quiet();
		fn(arg);
		/* Not _exit(): coverage is written, leaks are looked for. */
		exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		host_fail("waitpid: %s", strerror(errno));
	if (status && !progress->why[0])
		snprintf(progress->why, sizeof(progress->why),
			 WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF ?
			 "the run hangs" : "the run died (see above)");
	return status;
}

static void run_script(const void *arg)
{
	static const struct itimerval limit = {
		.it_value.tv_sec = SECONDS_PER_RUN,
	};

	setitimer(ITIMER_PROF, &limit, NULL);
	script_run(arg, &progress->step);
}

struct batch {
	u64 seed;
	unsigned long first;
	unsigned long last;
	unsigned int ops;
};

static void run_batch(const void *arg)
{
	const struct batch *batch = arg;
	struct script script;
	unsigned long run;

	for (run = batch->first; run < batch->last; run++) {
		progress->run = run;
		script_random(&script, seed_of_run(batch->seed, run),
			      batch->ops);
		run_script(&script);
		script_free(&script);
		if ((run + 1) * batch->ops % STEPS_PER_LINE == 0)
			fprintf(stderr, "# %lu steps\n",
				(run + 1) * batch->ops);
	}
	progress->tally = tally;
	progress->reached = reached;
}

static void remove_ops(struct script *script, unsigned int at, unsigned int n)
{
	memmove(&script->op[at], &script->op[at + n],
		(script->nr - at - n) * sizeof(*script->op));
	script->nr -= n;
}

/* Does it fail in the same way: with the same words before any number? */
static bool still_fails(const struct script *script)
{
	size_t same = strcspn(first_why, "0123456789");

	return fails(run_script, script, true) &&
	       !strncmp(progress->why, first_why, same);
}

/* Try without each chunk of @size operations.  Returns whether one helped. */
static bool drop_chunks(struct script *script, unsigned int size)
{
	struct op *saved = malloc(script->nr * sizeof(*saved));
	bool dropped = false;
	unsigned int at = 0;

	if (!saved)
		host_fail("out of memory");
	while (at < script->nr) {
		unsigned int n = script->nr - at < size ? script->nr - at : size;
		unsigned int nr = script->nr;

		memcpy(saved, script->op, nr * sizeof(*saved));
		remove_ops(script, at, n);
		if (still_fails(script)) {
			dropped = true;
			continue;
		}
		memcpy(script->op, saved, nr * sizeof(*saved));
		script->nr = nr;
		at += n;
	}
	free(saved);
	return dropped;
}

/* Without its race, its failing allocation, with other vCPUs' work on 0. */
static void simplify_ops(struct script *script)
{
	unsigned int i;

	for (i = 0; i < script->nr; i++) {
		struct op saved = script->op[i];

		script->op[i].race.kind = RACE_NONE;
		if (saved.race.kind && !still_fails(script))
			script->op[i] = saved;
		saved = script->op[i];
		script->op[i].nomem = 0;
		if (saved.nomem && !still_fails(script))
			script->op[i] = saved;
	}
}

static void shrink(struct script *script)
{
	unsigned int size;
	bool again = true;

	while (again) {
		again = false;
		for (size = script->nr / 2; size; size /= 2)
			again |= drop_chunks(script, size);
	}
	simplify_ops(script);
	if (script->nr_vcpus > 1) {
		unsigned int nr = script->nr_vcpus;

		script->nr_vcpus = 1;
		if (!still_fails(script))
			script->nr_vcpus = nr;
	}
}

static void print_failure(struct script *script)
{
	printf("step %u: %s\n", progress->step, progress->why);
	memcpy(first_why, progress->why, sizeof(first_why));
	shrink(script);
	fails(run_script, script, false);
	printf("# shrunk to %u steps: %s\n", script->nr, progress->why);
	printf("# replay with: shadow_model --replay FILE\n");
	script_print(stdout, script);
}

static void print_tally(const struct tally *tally)
{
	printf("# accesses: %lu passed; faults: %lu fixed, %lu injected, %lu mmio, %lu retried\n",
	       tally->passed, tally->fixed, tally->injected, tally->mmio,
	       tally->retried);
	printf("# shadow pages: %llu made, %llu zapped, %llu unsync, %llu synced; %lu races\n",
	       (unsigned long long)tally->mmu.shadow_pages,
	       (unsigned long long)tally->mmu.zaps,
	       (unsigned long long)tally->mmu.unsyncs,
	       (unsigned long long)tally->mmu.syncs, tally->raced);
	printf("# targets: %llu listed, %llu lost\n",
	       (unsigned long long)tally->mmu.listed,
	       (unsigned long long)tally->mmu.delisted);
}

static int all_met(void)
{
	const char *missing = reach_missing(&progress->reached);

	if (missing)
		printf("not ok 2 - never met: %s\n", missing);
	else
		printf("ok 2 - all %d kinds of events were met\n", NR_REACH);
	return !!missing;
}

static int run_random(u64 seed, unsigned long steps)
{
	unsigned long runs = (steps + OPS_PER_RUN - 1) / OPS_PER_RUN;
	struct batch batch = { seed, 0, runs, OPS_PER_RUN };
	struct script script;

	if (!fails(run_batch, &batch, false)) {
		print_tally(&progress->tally);
		reach_print(stdout, &progress->reached);
		printf("ok 1 - %lu random steps in %lu runs, seed %llu\n",
		       runs * OPS_PER_RUN, runs, (unsigned long long)seed);
		return steps < STEPS_TO_MEET ? 0 : all_met();
	}
	script_random(&script, seed_of_run(seed, progress->run), OPS_PER_RUN);
	printf("# seed %llu run %lu ", (unsigned long long)seed, progress->run);
	print_failure(&script);
	script_free(&script);
	printf("not ok 1 - random steps, seed %llu\n",
	       (unsigned long long)seed);
	return 1;
}

static FILE *open_input(const char *path)
{
	FILE *from = strcmp(path, "-") ? fopen(path, "r") : stdin;

	if (from)
		return from;
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(2);
}

/* What the fuzzer found, as a script. */
static int run_bytes(const char *path)
{
	FILE *from = open_input(path);
	struct script script;
	u8 data[4096];
	bool failed;

	script_from_bytes(&script, data, fread(data, 1, sizeof(data), from));
	fclose(from);
	failed = fails(run_script, &script, false);
	if (failed) {
		printf("# %s ", path);
		print_failure(&script);
	}
	printf("%sok 1 - %s: %u steps\n", failed ? "not " : "", path,
	       script.nr);
	script_free(&script);
	return failed;
}

static int replay(const char *path)
{
	FILE *from = open_input(path);
	struct script script;
	bool failed;

	script_read(from, &script);
	fclose(from);
	failed = fails(run_script, &script, false);
	if (failed)
		printf("# step %u: %s\n", progress->step, progress->why);
	printf("%sok 1 - %s: %u steps\n", failed ? "not " : "", path,
	       script.nr);
	script_free(&script);
	return failed;
}

static void usage(void)
{
	fputs("Usage: shadow_model [--steps N] [--seed N]\n"
	      "       shadow_model --replay FILE\n"
	      "       shadow_model --bytes FILE\n", stderr);
	exit(2);
}

/**
 * main() - see usage()
 * @argc:	number of arguments
 * @argv:	arguments
 *
 * Return: 0 if nothing failed, 1 if something did, 2 for a wrong call.
 */
int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "steps", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "replay", required_argument, NULL, 'r' },
		{ "bytes", required_argument, NULL, 'b' },
		{ }
	};
	u64 seed = time(NULL);
	unsigned long steps = 200000;
	const char *file = NULL, *bytes = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'n')
			steps = strtoul(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'r')
			file = optarg;
		else if (c == 'b')
			bytes = optarg;
		else
			usage();
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		host_fail("mmap: %s", strerror(errno));
	if (bytes)
		return run_bytes(bytes);
	return file ? replay(file) : run_random(seed, steps);
}
