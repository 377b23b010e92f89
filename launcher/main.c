// SPDX-License-Identifier: GPL-2.0-only
/* lull: run guests on the Lull module and look at what they cost. */
#include <stdio.h>
#include <string.h>

#include "builtin.h"
#include "base.h"
#include "util.h"

/**
 * struct command - one subcommand
 * @name:	what the user types
 * @run:	does it
 * @help:	its line in --help
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
	{ "run", builtin_run, "run a Linux kernel as a guest" },
	{ "stat", builtin_stat, "show what every guest does, live" },
	{ "check", builtin_check, "find out whether this machine can run it" },
	{ "report", builtin_report, "analyse a recorded trace" },
};

static void show_help(FILE *to)
{
	unsigned int i;

	fprintf(to, "Usage: lull COMMAND [options]\n\nCommands:\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name,
			commands[i].help);
	fprintf(to, "\n\"lull COMMAND --help\" describes each.\n");
}

int main(int argc, char **argv)
{
	unsigned int i;
	int status;

	if (argc < 2) {
		show_help(stderr);
		return 1;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		show_help(stdout);
		return output_end() ? 1 : 0;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		message_set_verb(commands[i].name);
		status = commands[i].run(argc - 1, argv + 1);
		if (!status && output_end())
			status = 1;
		return status;
	}
	error("%s: no such command (see lull --help)", argv[1]);
	return 1;
}
