// SPDX-License-Identifier: GPL-2.0-only
/* lull report: what a recorded trace adds up to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builtin.h"
#include "opt.h"
#include "report.h"
#include "util.h"

#define ALL_VMS	(~0U)

/**
 * struct report_options - the command line
 * @json:	as JSON
 * @vm:		the VM to look at, or ALL_VMS
 */
struct report_options {
	bool json;
	unsigned int vm;
};

static int parse_options(struct report_options *o, int argc, char **argv)
{
	const struct opt opts[] = {
		{ "json", OPT_FLAG, &o->json, NULL, "write JSON" },
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

static int show(const struct report *r, bool json)
{
	warn_lost(r);
	if (json)
		report_print_json(r);
	else
		report_print(r);
	if (fflush(stdout))
		return error("standard output: %s", strerror(errno));
	return 0;
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
	struct report report = { };
	int ret;

	ret = parse_options(&o, argc, argv);
	if (ret < 0)
		return ret == OPT_HELP_SHOWN ? 0 : 1;
	ret = report_read(&report, argv[ret], o.vm == ALL_VMS ? -1 : (s64)o.vm);
	if (!ret)
		ret = show(&report, o.json);
	report_free(&report);
	return ret ? 1 : 0;
}
