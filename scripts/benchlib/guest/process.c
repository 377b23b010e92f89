// SPDX-License-Identifier: GPL-2.0-only
/* Rows that make processes. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define SELF		"/bin/bench"
#define SCRIPT		"/tmp/script"
#define COMMANDS	200
#define TREE		"/tmp/tree"
#define TREE_DIRS	8
#define TREE_FILES	16

/**
 * ended_well() - wait for a process
 * @pid:	its id, or -1
 *
 * Return: whether it was one, and its exit status is 0.
 */
bool ended_well(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/**
 * spawn_and_wait() - run a program
 * @path:	the program
 * @argv:	its arguments
 *
 * Return: whether its exit status is 0.
 */
bool spawn_and_wait(const char *path, char *const argv[])
{
	pid_t pid = vfork();

	if (!pid) {
		execv(path, argv);
		_exit(127);
	}
	return ended_well(pid);
}

static void *resident;
static size_t resident_size;

/* Memory that each fork() has to look at */
static bool setup_resident(const struct row *row)
{
	resident_size = row->arg * PAGE;
	if (!resident_size)
		return true;
	resident = mmap(NULL, resident_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return resident != MAP_FAILED;
}

static bool drop_resident(const struct row *row)
{
	(void)row;
	return !resident_size || !munmap(resident, resident_size);
}

static bool run_fork(const struct row *row)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < row->ops; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (!ended_well(pid))
			return false;
	}
	return true;
}

static bool run_exec(const struct row *row)
{
	char *const argv[] = { "bench", "exit", NULL };
	unsigned int i;

	for (i = 0; i < row->ops; i++) {
		if (!spawn_and_wait(SELF, argv))
			return false;
	}
	return true;
}

/* Half of the commands are programs, half are the shell's own. */
static bool write_script(const struct row *row)
{
	FILE *file = fopen(SCRIPT, "w");
	unsigned int i;

	(void)row;
	if (!file)
		return false;
	for (i = 0; i < COMMANDS / 2; i++)
		fprintf(file, "/bin/true\n[ %u -ge 0 ]\n", i);
	return !fclose(file);
}

static bool run_script(const struct row *row)
{
	char *const argv[] = { "sh", SCRIPT, NULL };

	(void)row;
	return spawn_and_wait("/bin/sh", argv);
}

static bool write_file(const char *name)
{
	char text[3000] = "";
	int fd = open(name, O_WRONLY | O_CREAT, 0644);
	bool ok;

	ok = write(fd, text, sizeof(text)) == sizeof(text);
	return !close(fd) && ok;
}

static bool make_tree(const struct row *row)
{
	char name[64];
	unsigned int i, j;

	(void)row;
	if (mkdir(TREE, 0755))
		return false;
	for (i = 0; i < TREE_DIRS; i++) {
		snprintf(name, sizeof(name), TREE "/%u", i);
		if (mkdir(name, 0755))
			return false;
		for (j = 0; j < TREE_FILES; j++) {
			snprintf(name, sizeof(name), TREE "/%u/%u", i, j);
			if (!write_file(name))
				return false;
		}
	}
	return true;
}

static bool run_find(const struct row *row)
{
	char *const argv[] = { "find", TREE, "-size", "+100", NULL };

	(void)row;
	return spawn_and_wait("/bin/find", argv);
}

static bool run_tar(const struct row *row)
{
	char *const argv[] = { "tar", "cf", "/tmp/tar", "-C", "/tmp", "tree",
			       NULL };

	(void)row;
	return spawn_and_wait("/bin/tar", argv);
}

static bool drop_tree(const struct row *row)
{
	char *const argv[] = { "rm", "-r", TREE, NULL };

	(void)row;
	return spawn_and_wait("/bin/rm", argv);
}

static const struct row rows[] = {
	{ "fork", 2, 0, false, setup_resident, run_fork, drop_resident },
	{ "fork256p", 2, 256, false, setup_resident, run_fork, drop_resident },
	{ "fork1024p", 2, 1024, false, setup_resident, run_fork, drop_resident },
	{ "exec", 2, .run = run_exec },
	{ "find", 1, 0, false, make_tree, run_find, drop_tree },
	{ "tar", 1, 0, false, make_tree, run_tar, drop_tree },
	{ "shell200", 1, .once = true, .setup = write_script, .run = run_script },
};

const struct row_table process_rows = { rows, ARRAY_SIZE(rows) };
