// SPDX-License-Identifier: GPL-2.0-only
/* lull report in a build without libtracecmd. */
#include "builtin.h"
#include "util.h"

/**
 * builtin_report() - say why there is no lull report
 * @argc: ignored
 * @argv: ignored
 *
 * Return: exit status
 */
int builtin_report(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	error("not in the static build: libtracecmd exists only as a shared library");
	return 1;
}
