// SPDX-License-Identifier: GPL-2.0-only
/* Processes of a workload, and the memory they share. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

/**
 * spawn() - start a process
 * @fn:		what it does; its return value becomes the exit status
 * @arg:	handed to @fn
 *
 * Return: its id, or -1 when there can be no further process.
 */
pid_t spawn(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	_exit(fn(arg));
}

/**
 * reap() - wait for a process
 * @pid:	its id, as spawn() returned it
 *
 * Return: its exit status; 128 and the number of the signal that ended it;
 * -1 when there was no such process.
 */
int reap(pid_t pid)
{
	int status;

	if (pid <= 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/**
 * share() - memory that processes spawned later share with this one
 * @size:	bytes
 *
 * Return: zeroed memory; ends the program when there is none.
 */
void *share(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return mem;
}
