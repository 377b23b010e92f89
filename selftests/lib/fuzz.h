/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fuzzers share: seeded random numbers, rounds that can be replayed
 * alone, counts of what happened, and whether the host came out whole.
 *
 * A fuzzer works in rounds.  Round K's random numbers follow from the seed and
 * K only, so "--seed S --round K" does it again without those before it.  When
 * signals come is another matter: what depends on that comes again only with
 * the whole command, in the test machine, where equal runs are equal to the
 * instruction.
 */
#ifndef SELFTESTS_FUZZ_H
#define SELFTESTS_FUZZ_H

#include "lib/types.h"

/* A stream of random numbers. */
struct fuzz_random {
	u64 state;
};

/* The stream of part @part of round @round. */
void fuzz_seed(struct fuzz_random *r, u64 seed, u64 round, u64 part);
u64 fuzz_random(struct fuzz_random *r);
/* Below @n, which is not 0. */
u64 fuzz_below(struct fuzz_random *r, u64 n);
bool fuzz_one_in(struct fuzz_random *r, u64 n);
/* A value that is often at a boundary of something. */
u64 fuzz_value(struct fuzz_random *r);
/* Change some bits or fields of a structure of 64-bit words. */
void fuzz_mutate(struct fuzz_random *r, void *data, size_t size);

#define fuzz_pick(r, array)	\
	((array)[fuzz_below(r, sizeof(array) / sizeof((array)[0]))])

/**
 * struct fuzz_options - the command line
 * @seed:	--seed, by default another one each time
 * @count:	--calls, --runs: when to stop; 0 is never.  What it holds before
 *		is the default, where --seconds does not say when to stop
 * @seconds:	--seconds: the same in time; 0 is never
 * @threads:	--threads: how many race
 * @tick:	--tick: microseconds between signals to each thread; a kernel
 *		that checks itself needs more to get anywhere
 * @round:	--round: do this one only, with @one_round
 * @one_round:	there was a --round
 * @verbose:	--verbose: each round's number before it begins
 */
struct fuzz_options {
	u64 seed;
	u64 count;
	u64 seconds;
	u64 threads;
	u64 tick;
	u64 round;
	bool one_round;
	bool verbose;
};

/* Fills in what the command line says; prints the seed. */
void fuzz_parse(int argc, char **argv, struct fuzz_options *options);
/*
 * Is there another round?  @done is what counts towards --calls or --runs.
 * *@round begins at ~0 and becomes the number of the round to do.
 */
bool fuzz_next_round(const struct fuzz_options *options, u64 done,
		     u64 *round);

/* Counts of named things, printed where they are not 0. */
void fuzz_print_counts(const char *title, const char *const *names,
		       const u64 *counts, unsigned int nr);
const char *fuzz_exit_name(unsigned int reason);
/* Prints stats.exits by name. */
void fuzz_print_exits(const u64 *exits);

/**
 * struct fuzz_host - the host before it was tormented
 * @free_kb:	memory
 */
struct fuzz_host {
	u64 free_kb;
};

/**
 * struct fuzz_left - what there is afterwards, and should not be
 * @vms:	VMs in debugfs, and references to the module
 * @kb:		memory that is not free any more
 * @busy:	of the 100 CPU ticks of a second in which nobody does anything
 */
struct fuzz_left {
	unsigned int vms;
	u64 kb;
	u64 busy;
};

/* In the noise of a kernel. */
u64 fuzz_noise_kb(void);
#define FUZZ_BUSY	10

/* Both are called when nothing is open; the first after a warm-up. */
void fuzz_host_before(struct fuzz_host *host);
void fuzz_host_after(const struct fuzz_host *host, struct fuzz_left *left);
unsigned int fuzz_vms_left(void);

/* The three results of a fuzzer about the host. */
#define FUZZ_HOST_RESULTS	3
#define fuzz_host_results(left)						\
do {									\
	ksft_test_result(!(left)->vms, "no VM is left\n");		\
	ksft_test_result((left)->kb <= fuzz_noise_kb(),		\
			 "no memory is lost\n");			\
	ksft_test_result((left)->busy <= FUZZ_BUSY,			\
			 "the host is idle again\n");			\
} while (0)

#endif /* SELFTESTS_FUZZ_H */
