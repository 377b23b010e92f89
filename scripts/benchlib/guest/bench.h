/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest's benchmark program and its rows share.
 *
 * A row is measured in batches of operations, each between two readings of
 * the TSC, and all of them between two marks, at which the VMM takes down its
 * statistics.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		4096UL
#define BATCHES		4

/**
 * struct row - one thing that is measured
 * @name:	in the report
 * @ops:	operations in a batch
 * @arg:	of the functions: pages, processes, a port
 * @once:	one batch only, and none before to warm up
 * @setup:	makes ready, or NULL
 * @run:	does @ops operations
 * @teardown:	undoes @setup, or NULL
 *
 * The functions return whether all went well.
 */
struct row {
	const char *name;
	unsigned int ops;
	unsigned int arg;
	bool once;
	bool (*setup)(const struct row *row);
	bool (*run)(const struct row *row);
	bool (*teardown)(const struct row *row);
};

/**
 * struct row_table - the rows of one file
 * @rows:	the rows
 * @nr:		how many
 */
struct row_table {
	const struct row *rows;
	size_t nr;
};

extern const struct row_table cpu_rows;
extern const struct row_table memory_rows;
extern const struct row_table ipc_rows;
extern const struct row_table process_rows;

/* process.c */
bool ended_well(pid_t pid);
bool spawn_and_wait(const char *path, char *const argv[]);

#endif /* BENCH_H */
