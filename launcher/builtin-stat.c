// SPDX-License-Identifier: GPL-2.0-only
/* lull stat: what every guest of the machine does. */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "builtin.h"
#include "names.h"
#include "opt.h"
#include "stats.h"
#include "util.h"
#include "vmstat.h"

#define INTERVAL_DEFAULT	1000
#define CLEAR_SCREEN		"\033[H\033[J"

/**
 * struct stat_options - the command line
 * @once:	show one picture and end
 * @json:	as JSON, one line for each picture
 * @interval:	milliseconds between pictures
 * @dir:	where the module shows its VMs
 */
struct stat_options {
	bool once;
	bool json;
	unsigned int interval;
	const char *dir;
};

static int parse_options(struct stat_options *o, int argc, char **argv)
{
	const struct opt opts[] = {
		{ "once", OPT_FLAG, &o->once, NULL,
		  "show the numbers since each VM began, and end" },
		{ "json", OPT_FLAG, &o->json, NULL,
		  "write JSON, one line at a time; numbers since the start" },
		{ "interval", OPT_SECONDS, &o->interval, "S",
		  "seconds between two pictures (default 1)",
		  .min = 50, .max = 3600000 },
		{ "dir", OPT_STRING, &o->dir, "DIR",
		  "read DIR instead of " VMSTAT_DIR },
		{ }
	};
	const struct opt_spec spec = {
		.usage = "stat [options]",
		.about = "Show exits and time of every guest on this machine, live.\n",
		.opts = opts,
	};
	int ret = opt_parse(&spec, argc, argv);

	return ret < 0 ? ret : 0;
}

static void subtract(struct lull_vcpu_stats *now,
		     const struct lull_vcpu_stats *before)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_EXIT_REASONS; i++) {
		now->exits[i] -= before->exits[i];
		now->exit_ticks[i] -= before->exit_ticks[i];
	}
	for (i = 0; i < LULL_NR_TICKS; i++)
		now->ticks[i] -= before->ticks[i];
	for (i = 0; i < LULL_NR_COUNTERS; i++)
		now->counters[i] -= before->counters[i];
	now->preempted -= before->preempted;
	now->total -= before->total;
}

static double share(u64 part, u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_times(const struct lull_vcpu_stats *stats)
{
	unsigned int i;

	printf("  time of %llu ticks\n", stats->total);
	for (i = 0; i < LULL_NR_TICKS; i++) {
		if (stats->ticks[i])
			printf("    %-22s %16llu %6.2f%%\n", ticks_names[i],
			       stats->ticks[i],
			       share(stats->ticks[i], stats->total));
	}
	if (stats->preempted)
		printf("    %-22s %16llu %6.2f%%\n", "(preempted)",
		       stats->preempted, share(stats->preempted, stats->total));
}

/* @seconds is 0 when the numbers are not those of an interval. */
static void print_exits(const struct lull_vcpu_stats *stats, double seconds)
{
	char buf[EXIT_NAME_MAX];
	unsigned int i;

	printf("  exits                             count  ticks/exit%s\n",
	       seconds ? "      per s" : "");
	for (i = 0; i < LULL_NR_EXIT_REASONS; i++) {
		if (!stats->exits[i])
			continue;
		printf("    %-22s %12llu %11llu", exit_name(i, buf),
		       stats->exits[i], stats->exit_ticks[i] / stats->exits[i]);
		if (seconds)
			printf(" %10.1f", stats->exits[i] / seconds);
		printf("\n");
	}
}

static void print_counters(const struct lull_vcpu_stats *stats)
{
	unsigned int i;

	printf("  counters\n");
	for (i = 0; i < LULL_NR_COUNTERS; i++) {
		if (stats->counters[i])
			printf("    %-22s %12llu\n", counter_names[i],
			       stats->counters[i]);
	}
}

static void print_vm(const struct vmstat_vm *vm, const struct vmstat *before,
		     double seconds)
{
	const struct lull_vcpu_stats *old;
	struct lull_vcpu_stats stats;
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		stats = vm->vcpus[i].stats;
		old = vmstat_find(before, vm->id, vm->vcpus[i].id);
		/* A smaller total means that the name was used anew. */
		if (old && old->total <= stats.total)
			subtract(&stats, old);
		printf("VM %s vCPU %u: %llu MiB, %llu of %llu shadow pages\n",
		       vm->id, vm->vcpus[i].id, vm->memory / MIB,
		       vm->shadow_pages, vm->shadow_pages_max);
		print_times(&stats);
		print_exits(&stats, seconds);
		print_counters(&stats);
	}
}

static void print_table(const struct vmstat *now, const struct vmstat *before,
			double seconds)
{
	unsigned int i;

	if (!now->nr)
		printf("no guests\n");
	for (i = 0; i < now->nr; i++)
		print_vm(&now->vms[i], before, seconds);
}

static struct json_object *vm_json(const struct vmstat_vm *vm)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *vcpus = json_object_new_array();
	struct json_object *vcpu;
	unsigned int i;

	json_object_object_add(obj, "id", json_object_new_string(vm->id));
	json_object_object_add(obj, "memory",
			       json_object_new_uint64(vm->memory));
	json_object_object_add(obj, "shadow_pages",
			       json_object_new_uint64(vm->shadow_pages));
	json_object_object_add(obj, "shadow_pages_max",
			       json_object_new_uint64(vm->shadow_pages_max));
	for (i = 0; i < vm->nr_vcpus; i++) {
		vcpu = json_object_new_object();
		json_object_object_add(vcpu, "vcpu",
				       json_object_new_int(vm->vcpus[i].id));
		json_object_object_add(vcpu, "stats",
				       stats_json(&vm->vcpus[i].stats));
		json_object_array_add(vcpus, vcpu);
	}
	json_object_object_add(obj, "vcpus", vcpus);
	return obj;
}

static void print_json(const struct vmstat *now)
{
	struct json_object *root = json_object_new_object();
	struct json_object *vms = json_object_new_array();
	unsigned int i;

	for (i = 0; i < now->nr; i++)
		json_object_array_add(vms, vm_json(&now->vms[i]));
	json_object_object_add(root, "vms", vms);
	printf("%s\n", json_object_to_json_string_ext(root,
						      JSON_C_TO_STRING_PLAIN));
	json_object_put(root);
}

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void wait_interval(unsigned int ms)
{
	struct timespec left = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L,
	};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* Returns an error when nobody reads the output any more. */
static int show(const struct stat_options *o, const struct vmstat *now,
		const struct vmstat *before, double seconds)
{
	if (o->json)
		print_json(now);
	else if (seconds && isatty(STDOUT_FILENO))
		printf(CLEAR_SCREEN);
	if (!o->json)
		print_table(now, before, seconds);
	if (!o->json && seconds && !isatty(STDOUT_FILENO))
		printf("\n");
	return output_end();
}

static int show_live(const struct stat_options *o)
{
	struct vmstat now, before = { };
	double then = 0, time;
	int ret;

	for (;;) {
		time = seconds_now();
		ret = vmstat_read(o->dir, &now);
		if (ret)
			break;
		if (o->json || then)
			ret = show(o, &now, &before, time - then);
		vmstat_free(&before);
		before = now;
		then = time;
		if (ret)
			break;
		wait_interval(o->interval);
	}
	vmstat_free(&before);
	return ret;
}

static int show_once(const struct stat_options *o)
{
	const struct vmstat none = { };
	struct vmstat now;
	int ret;

	if (vmstat_read(o->dir, &now))
		return -1;
	ret = show(o, &now, &none, 0);
	vmstat_free(&now);
	return ret;
}

/**
 * builtin_stat() - lull stat
 * @argc: number of arguments
 * @argv: "stat" and its arguments
 *
 * Return: exit status
 */
int builtin_stat(int argc, char **argv)
{
	struct stat_options o = {
		.interval = INTERVAL_DEFAULT, .dir = VMSTAT_DIR,
	};
	int ret;

	ret = parse_options(&o, argc, argv);
	if (ret)
		return ret == OPT_HELP_SHOWN ? 0 : 1;
	ret = o.once ? show_once(&o) : show_live(&o);
	return ret ? 1 : 0;
}
