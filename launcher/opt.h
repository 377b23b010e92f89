/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command-line options as tables: one entry parses the option, checks its
 * value and writes its line of --help.
 */
#ifndef LAUNCHER_OPT_H
#define LAUNCHER_OPT_H

#include "base.h"

enum opt_type {
	OPT_FLAG,	/* bool, no value */
	OPT_STRING,	/* const char * */
	OPT_FILE,	/* the same, and not empty */
	OPT_UINT,	/* unsigned int within min..max */
	OPT_SIZE,	/* u64 bytes within min..max; suffix K, M, G */
	OPT_SECONDS,	/* unsigned int milliseconds within min..max */
	OPT_CHOICE,	/* int, index into choices[] */
	OPT_LIST,	/* struct opt_list, one string each time it is given */
};

#define OPT_LIST_MAX	16

/**
 * struct opt_list - the values of an option that may be given again
 * @value:	in the order given
 * @nr:		how many
 */
struct opt_list {
	const char *value[OPT_LIST_MAX];
	unsigned int nr;
};

/**
 * struct opt - one option
 * @name:	without the dashes
 * @type:	what its value is
 * @dest:	where the value goes
 * @arg:	name of the value in --help
 * @help:	its line in --help
 * @choices:	NULL-terminated, for OPT_CHOICE
 * @min:	least value
 * @max:	greatest value
 */
struct opt {
	const char *name;
	enum opt_type type;
	void *dest;
	const char *arg;
	const char *help;
	const char *const *choices;
	u64 min;
	u64 max;
};

/**
 * struct opt_spec - the options of a subcommand
 * @usage:	the line behind "Usage: lull "
 * @about:	what it does, whole lines
 * @opts:	ends with an entry without a name
 * @operands:	how many arguments that are not options it takes
 * @notes:	printed below the options, or NULL
 */
struct opt_spec {
	const char *usage;
	const char *about;
	const struct opt *opts;
	int operands;
	const char *notes;
};

#define OPT_HELP_SHOWN	(-2)

int opt_parse(const struct opt_spec *spec, int argc, char **argv);
int parse_uint(const char *text, u64 *value);
int parse_size(const char *text, u64 *value);
int parse_seconds(const char *text, u64 *ms);

#endif /* LAUNCHER_OPT_H */
