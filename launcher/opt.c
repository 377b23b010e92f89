// SPDX-License-Identifier: GPL-2.0-only
/* Command-line options as tables. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "util.h"

#define MAX_OPTS	24

/* strtoull() would take signs and leading blanks; a number has neither. */
static int parse_number(const char *text, u64 *value, const char **end)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*value = strtoull(text, &stop, hex ? 16 : 10);
	*end = stop;
	return errno ? -1 : 0;
}

/**
 * parse_uint() - read a whole number, decimal or 0x hexadecimal
 * @text: all of it must be the number
 * @value: gets the number
 *
 * Return: 0, or -1 if @text is something else
 */
int parse_uint(const char *text, u64 *value)
{
	const char *end;

	if (parse_number(text, value, &end) || *end)
		return -1;
	return 0;
}

static int suffix_shift(char suffix)
{
	switch (suffix) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return -1;
	}
}

/**
 * parse_size() - read a number of bytes: 4096, 64K, 256M, 2G
 * @text: all of it must be the size
 * @value: gets the bytes
 *
 * Return: 0, or -1 if @text is something else or more than 64 bits
 */
int parse_size(const char *text, u64 *value)
{
	const char *end;
	int shift;

	if (parse_number(text, value, &end))
		return -1;
	if (!*end)
		return 0;
	shift = suffix_shift(*end);
	if (shift < 0 || end[1] || *value > (~0ULL >> shift))
		return -1;
	*value <<= shift;
	return 0;
}

/**
 * parse_seconds() - read seconds with at most three decimals
 * @text: all of it must be the time: 2, 0.5
 * @ms: gets milliseconds
 *
 * Return: 0, or -1 if @text is something else
 */
int parse_seconds(const char *text, u64 *ms)
{
	unsigned int scale = 1000;
	u64 whole = 0;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		whole = whole * 10 + (*text - '0');
		if (whole > 1000000000)
			return -1;
	}
	*ms = whole * 1000;
	if (!*text)
		return 0;
	if (*text++ != '.' || !*text)
		return -1;
	for (; isdigit((unsigned char)*text) && scale > 1; text++) {
		scale /= 10;
		*ms += (*text - '0') * scale;
	}
	return *text ? -1 : 0;
}

static int set_choice(const struct opt *opt, const char *text)
{
	char list[128] = "";
	size_t used = 0;
	int i;

	for (i = 0; opt->choices[i]; i++) {
		if (!strcmp(opt->choices[i], text)) {
			*(int *)opt->dest = i;
			return 0;
		}
		used += snprintf(list + used, sizeof(list) - used, "%s%s",
				 i ? ", " : "", opt->choices[i]);
	}
	return error("--%s: \"%s\" is none of %s", opt->name, text, list);
}

static const char *kind_name(enum opt_type type)
{
	switch (type) {
	case OPT_SIZE:
		return "a size such as 256M";
	case OPT_SECONDS:
		return "a number of seconds";
	default:
		return "a whole number";
	}
}

static int range_error(const struct opt *opt, const char *text)
{
	if (opt->type == OPT_SECONDS)
		return error("--%s: %s is not within %g and %g", opt->name,
			     text, opt->min / 1000.0, opt->max / 1000.0);
	return error("--%s: %s is not within %llu and %llu", opt->name, text,
		     opt->min, opt->max);
}

static int set_number(const struct opt *opt, const char *text)
{
	u64 value;
	int bad;

	if (opt->type == OPT_SIZE)
		bad = parse_size(text, &value);
	else if (opt->type == OPT_SECONDS)
		bad = parse_seconds(text, &value);
	else
		bad = parse_uint(text, &value);
	if (bad)
		return error("--%s: \"%s\" is not %s", opt->name, text,
			     kind_name(opt->type));
	if (value < opt->min || value > opt->max)
		return range_error(opt, text);
	if (opt->type == OPT_SIZE)
		*(u64 *)opt->dest = value;
	else
		*(unsigned int *)opt->dest = value;
	return 0;
}

static int add_to_list(const struct opt *opt, const char *text)
{
	struct opt_list *list = opt->dest;

	if (list->nr == OPT_LIST_MAX)
		return error("--%s: given more than %d times", opt->name,
			     OPT_LIST_MAX);
	list->value[list->nr++] = text;
	return 0;
}

static int set_value(const struct opt *opt, const char *text)
{
	switch (opt->type) {
	case OPT_FLAG:
		*(bool *)opt->dest = true;
		return 0;
	case OPT_FILE:
		if (!*text)
			return error("--%s: needs the name of a file",
				     opt->name);
		[[fallthrough]];
	case OPT_STRING:
		*(const char **)opt->dest = text;
		return 0;
	case OPT_CHOICE:
		return set_choice(opt, text);
	case OPT_LIST:
		return add_to_list(opt, text);
	default:
		return set_number(opt, text);
	}
}

static void show_help(const struct opt_spec *spec)
{
	const struct opt *opt;
	char left[64];

	printf("Usage: lull %s\n\n%s\nOptions:\n", spec->usage, spec->about);
	for (opt = spec->opts; opt->name; opt++) {
		snprintf(left, sizeof(left), "--%s%s%s", opt->name,
			 opt->arg ? " " : "", opt->arg ? opt->arg : "");
		printf("  %-28s %s\n", left, opt->help);
	}
	printf("  %-28s %s\n", "--help", "show this text");
	if (spec->notes)
		printf("\n%s", spec->notes);
}

static void make_long_options(const struct opt *opts, struct option *longs)
{
	int i;

	for (i = 0; opts[i].name && i < MAX_OPTS - 2; i++) {
		longs[i].name = opts[i].name;
		longs[i].has_arg = opts[i].type == OPT_FLAG ? no_argument :
							     required_argument;
		longs[i].val = 256 + i;
	}
	longs[i].name = "help";
	longs[i].val = 'h';
}

/* getopt_long() has stepped over the argument that it did not like. */
static int bad_option(int c, char **argv)
{
	const char *name = argv[optind - 1];

	if (c == ':')
		return error("%s: needs a value", name);
	if (optopt >= 256)
		return error("%s: takes no value", name);
	if (optopt && optopt != 'h')
		return error("-%c: unknown option (see --help)", optopt);
	return error("%s: unknown option (see --help)", name);
}

static int check_operands(const struct opt_spec *spec, int argc, char **argv)
{
	int given = argc - optind;

	if (given > spec->operands)
		return error("%s: unexpected argument (see --help)",
			     argv[optind + spec->operands]);
	return optind;
}

/**
 * opt_parse() - parse a subcommand's arguments
 * @spec: what it takes
 * @argc: number of arguments, the subcommand's name included
 * @argv: the arguments; permuted so that operands come last
 *
 * Return: index of the first operand; OPT_HELP_SHOWN after --help; -1 after a
 * message
 */
int opt_parse(const struct opt_spec *spec, int argc, char **argv)
{
	struct option longs[MAX_OPTS] = { };
	int c;

	make_long_options(spec->opts, longs);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (c == 'h') {
			show_help(spec);
			return OPT_HELP_SHOWN;
		}
		if (c == ':' || c == '?')
			return bad_option(c, argv);
		if (set_value(&spec->opts[c - 256], optarg))
			return -1;
	}
	return check_operands(spec, argc, argv);
}
