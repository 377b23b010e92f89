// SPDX-License-Identifier: GPL-2.0-only
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <kselftest.h>

#include "lib/fuzz.h"
#include "lib/util.h"
#include "monitor/uapi/lull.h"

u64 fuzz_random(struct fuzz_random *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

void fuzz_seed(struct fuzz_random *r, u64 seed, u64 round, u64 part)
{
	r->state = seed;
	r->state = fuzz_random(r) + round;
	r->state = fuzz_random(r) + part;
}

u64 fuzz_below(struct fuzz_random *r, u64 n)
{
	return (fuzz_random(r) >> 32) * n >> 32;
}

bool fuzz_one_in(struct fuzz_random *r, u64 n)
{
	return !fuzz_below(r, n);
}

u64 fuzz_value(struct fuzz_random *r)
{
	static const u64 edges[] = {
		0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 255, 256, 0xfff,
		0x1000, 0x1001, 0xffff, 0x10000, MIB, 2 * MIB, 0x7fffffff,
		0x80000000, 0xfffff000, 0xffffffff, 0x100000000,
		0x7fffffffe000, 0x7ffffffff000, 0x7fffffffffff,
		0x800000000000, 0xffff7fffffffffff, 0xffff800000000000,
		0xfffffffffffff000, ~0ULL,
	};

	switch (fuzz_below(r, 6)) {
	case 0:
		return fuzz_random(r);
	case 1:
		return BIT_ULL(fuzz_below(r, 64));
	case 2:
		return fuzz_below(r, 1024) * PAGE_SIZE;
	case 3:
		return fuzz_below(r, 256);
	default:
		return fuzz_pick(r, edges);
	}
}

void fuzz_mutate(struct fuzz_random *r, void *data, size_t size)
{
	unsigned int n = 1 + fuzz_below(r, 2);
	u64 *words = data;
	u8 *bytes = data;

	while (n--) {
		if (fuzz_one_in(r, 2))
			words[fuzz_below(r, size / 8)] = fuzz_value(r);
		else
			bytes[fuzz_below(r, size)] ^= 1 << fuzz_below(r, 8);
	}
}

static u64 number(const char *option, const char *text)
{
	char *end;
	u64 value;

	if (!text)
		ksft_exit_fail_msg("%s: a number is missing\n", option);
	value = strtoull(text, &end, 0);
	if (end == text || *end)
		ksft_exit_fail_msg("%s %s: not a number\n", option, text);
	return value;
}

void fuzz_parse(int argc, char **argv, struct fuzz_options *options)
{
	struct option {
		const char *name;
		u64 *value;
	} known[] = {
		{ "--seed", &options->seed }, { "--calls", &options->count },
		{ "--runs", &options->count },
		{ "--seconds", &options->seconds },
		{ "--threads", &options->threads },
		{ "--tick", &options->tick },
		{ "--round", &options->round },
	};
	u64 count = options->count;
	size_t k;
	int i;

	options->seed = time(NULL);
	options->count = 0;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose")) {
			options->verbose = true;
			continue;
		}
		for (k = 0; k < ARRAY_SIZE(known); k++) {
			if (!strcmp(argv[i], known[k].name))
				break;
		}
		if (k == ARRAY_SIZE(known))
			ksft_exit_fail_msg("%s: not an option; they are --seed, --calls (or --runs), --seconds, --threads, --tick, --round, --verbose\n",
					   argv[i]);
		*known[k].value = number(argv[i], argv[i + 1]);
		options->one_round |= known[k].value == &options->round;
		i++;
	}
	if (!options->count && !options->seconds)
		options->count = count;
	if (!options->threads || !options->tick)
		ksft_exit_fail_msg("--threads and --tick are at least 1\n");
	ksft_print_msg("seed %llu, %llu threads\n", options->seed,
		       options->threads);
}

bool fuzz_next_round(const struct fuzz_options *options, u64 done, u64 *round)
{
	static u64 begin;

	if (!begin)
		begin = now_us();
	if (options->one_round) {
		if (*round == options->round)
			return false;
		*round = options->round;
	} else {
		if ((options->count && done >= options->count) ||
		    (options->seconds &&
		     now_us() - begin >= options->seconds * 1000000))
			return false;
		++*round;
	}
	if (options->verbose)
		ksft_print_msg("round %llu: --seed %llu --round %llu\n",
			       *round, options->seed, *round);
	fflush(stdout);
	return true;
}

void fuzz_print_counts(const char *title, const char *const *names,
		       const u64 *counts, unsigned int nr)
{
	unsigned int i;

	printf("# %s:", title);
	for (i = 0; i < nr; i++) {
		if (counts[i])
			printf(" %s %llu", names[i], counts[i]);
	}
	printf("\n");
}

const char *fuzz_exit_name(unsigned int reason)
{
	static const char *const names[] = {
		"exception", "interrupt", "triple_fault", "init", "sipi",
		"io_smi", "smi", "irq_window", "nmi_window", "task_switch",
		"cpuid", "getsec", "hlt", "invd", "invlpg", "rdpmc", "rdtsc",
		"rsm", "vmcall", "vmclear", "vmlaunch", "vmptrld", "vmptrst",
		"vmread", "vmresume", "vmwrite", "vmxoff", "vmxon", "cr", "dr",
		"io", "rdmsr", "wrmsr", "bad_guest_state", "bad_msr_load",
		"exit_35", "mwait", "mtf", "exit_38", "monitor", "pause",
		"machine_check", "exit_42", "tpr", "apic_access", "eoi",
		"gdtr_idtr", "ldtr_tr", "ept_violation", "ept_misconfig",
		"invept", "rdtscp", "preemption_timer", "invvpid", "wbinvd",
		"xsetbv", "apic_write", "rdrand", "invpcid", "vmfunc", "encls",
		"rdseed", "pml_full", "xsaves", "xrstors",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "other";
}

void fuzz_print_exits(const u64 *exits)
{
	const char *names[LULL_NR_EXIT_REASONS];
	unsigned int i;

	for (i = 0; i < LULL_NR_EXIT_REASONS; i++)
		names[i] = fuzz_exit_name(i);
	fuzz_print_counts("exits", names, exits, LULL_NR_EXIT_REASONS);
}

static u64 free_kb(void)
{
	FILE *file = fopen("/proc/sys/vm/drop_caches", "w");
	char line[256];
	u64 kb = 0;

	if (file) {
		fputs("3", file);
		fclose(file);
	}
	/* Pages wait in lists of their CPU, and what RCU frees waits. */
	sleep_us(200000);
	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "MemFree: %llu", &kb);
	if (!kb)
		test_fail("/proc/meminfo: not understood");
	fclose(file);
	return kb;
}

/* Ticks that the host was not idle, since it booted. */
static u64 busy_ticks(void)
{
	u64 t[8] = { 0 };
	FILE *file = fopen("/proc/stat", "r");

	if (!file || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu",
			    &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
			    &t[6]) != 7)
		test_fail("/proc/stat: not understood");
	fclose(file);
	return t[0] + t[1] + t[2] + t[5] + t[6];
}

/* KASAN keeps what was freed for a while; kmemleak tells of leaks there. */
u64 fuzz_noise_kb(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 2048 : 32768;
}

void fuzz_host_before(struct fuzz_host *host)
{
	host->free_kb = free_kb();
}

static unsigned int module_references(void)
{
	FILE *file = fopen("/proc/modules", "r");
	unsigned int refs = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "lull %*u %u", &refs);
	if (file)
		fclose(file);
	return refs;
}

unsigned int fuzz_vms_left(void)
{
	unsigned int nr = module_references();
	glob_t found;

	if (glob("/sys/kernel/debug/lull/*-*", 0, NULL, &found))
		return nr;
	nr += found.gl_pathc;
	globfree(&found);
	return nr;
}

void fuzz_host_after(const struct fuzz_host *host, struct fuzz_left *left)
{
	u64 now = free_kb();

	left->vms = fuzz_vms_left();
	left->kb = host->free_kb > now ? host->free_kb - now : 0;
	left->busy = busy_ticks();
	sleep_us(1000000);
	left->busy = busy_ticks() - left->busy;
	printf("# left: %u VMs, %llu KiB, %llu busy ticks in a second\n",
	       left->vms, left->kb, left->busy);
}
