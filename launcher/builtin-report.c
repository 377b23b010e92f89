// SPDX-License-Identifier: GPL-2.0-only
/* lull report: what a recorded trace adds up to, or its stacks. */
#include <stdio.h>

#include "builtin.h"
#include "flame.h"
#include "opt.h"
#include "report.h"
#include "util.h"

#define ALL_VMS	(~0U)

/**
 * struct report_options - the command line
 * @json:	as JSON
 * @flame:	as folded stacks
 * @vm:		the VM to look at, or ALL_VMS
 */
struct report_options {
	bool json;
	bool flame;
	unsigned int vm;
};

static int parse_options(struct report_options *o, int argc, char **argv)
{
	const struct opt opts[] = {
		{ "json", OPT_FLAG, &o->json, NULL, "write JSON" },
		{ "flame", OPT_FLAG, &o->flame, NULL,
		  "write folded stacks, as flamegraph.pl takes them" },
		{ "vm", OPT_UINT, &o->vm, "N",
		  "look at VM N only", .max = ALL_VMS - 1 },
		{ }
	};
	const struct opt_spec spec = {
		.usage = "report TRACE.dat [options]",
		.about = "Show where the ticks went, from what trace-cmd record -e lull wrote.\n",
		.opts = opts,
		.operands = 1,
	};
	int ret = opt_parse(&spec, argc, argv);

	if (ret >= 0 && ret == argc)
		return error("which trace? (see --help)");
	if (ret >= 0 && o->json && o->flame)
		return error("--json and --flame are two formats");
	return ret;
}

static void warn_lost(const struct report *r)
{
	const struct report_lost *lost;
	unsigned int i;

	for (i = 0; i < r->nr_lost; i++) {
		lost = &r->lost[i];
		warn("CPU %u lost events: %llu%s missed, %llu overwritten, %llu dropped",
		     lost->cpu, lost->missed,
		     lost->unknown ? " and more" : "", lost->overrun,
		     lost->dropped);
	}
}

static int show(const char *path, s64 vm, bool json)
{
	struct report report = { };
	int ret = report_read(&report, path, vm);

	if (!ret) {
		warn_lost(&report);
		if (json)
			report_print_json(&report);
		else
			report_print(&report);
	}
	report_free(&report);
	return ret;
}

static int show_flame(const char *path, s64 vm)
{
	struct report report = { };
	struct flame flame;
	int ret;

	flame_init(&flame, vm);
	ret = flame_read(&flame, &report, path);
	if (!ret) {
		warn_lost(&report);
		flame_print_tree(&flame.folded, stdout);
	}
	flame_free(&flame);
	report_free(&report);
	return ret;
}

/**
 * builtin_report() - lull report
 * @argc: number of arguments
 * @argv: "report" and its arguments
 *
 * Return: exit status
 */
int builtin_report(int argc, char **argv)
{
	struct report_options o = { .vm = ALL_VMS };
	s64 vm;
	int ret;

	ret = parse_options(&o, argc, argv);
	if (ret < 0)
		return ret == OPT_HELP_SHOWN ? 0 : 1;
	vm = o.vm == ALL_VMS ? -1 : (s64)o.vm;
	if (o.flame)
		ret = show_flame(argv[ret], vm);
	else
		ret = show(argv[ret], vm, o.json);
	return ret ? 1 : 0;
}
