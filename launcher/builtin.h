/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands.  Each takes its own arguments and returns an exit status. */
#ifndef LAUNCHER_BUILTIN_H
#define LAUNCHER_BUILTIN_H

int builtin_run(int argc, char **argv);
int builtin_stat(int argc, char **argv);
int builtin_check(int argc, char **argv);
int builtin_report(int argc, char **argv);

#endif /* LAUNCHER_BUILTIN_H */
