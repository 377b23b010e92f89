// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows that need no memory: system calls, exits that user space causes, and a
 * sleep.
 */
#include <cpuid.h>
#include <sys/io.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static bool run_nothing(const struct row *row)
{
	(void)row;
	return true;
}

static bool run_syscall(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i++)
		syscall(SYS_getppid);
	return true;
}

static bool run_cpuid(const struct row *row)
{
	unsigned int i, a, b, c, d;

	for (i = 0; i < row->ops; i++) {
		a = 0;
		__asm__ volatile("cpuid"
				 : "+a" (a), "=b" (b), "=c" (c), "=d" (d));
	}
	return true;
}

static bool allow_port(const struct row *row)
{
	return !ioperm(row->arg, 1, 1);
}

static bool forbid_port(const struct row *row)
{
	return !ioperm(row->arg, 1, 0);
}

static bool run_in(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i++)
		inb(row->arg);
	return true;
}

static bool run_out(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i++)
		outb(0x5a, row->arg);
	return true;
}

static bool no_slack(const struct row *row)
{
	(void)row;
	return !prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

static bool run_sleep(const struct row *row)
{
	const struct timespec time = { .tv_nsec = row->arg * 1000L };
	unsigned int i;

	for (i = 0; i < row->ops; i++) {
		if (nanosleep(&time, NULL))
			return false;
	}
	return true;
}

static bool usual_slack(const struct row *row)
{
	(void)row;
	return !prctl(PR_SET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
}

/* The PIC's mask is in the kernel, the UART's scratch register outside. */
#define PORT_PIC_MASK	0x21
#define PORT_SCRATCH	0x3ff

static const struct row rows[] = {
	{ "empty", 1, .run = run_nothing },
	{ "getppid", 20000, .run = run_syscall },
	{ "cpuid", 2000, .run = run_cpuid },
	{ "in_kernel", 100, PORT_PIC_MASK, false, allow_port, run_in, forbid_port },
	{ "in_user", 50, PORT_SCRATCH, false, allow_port, run_in, forbid_port },
	{ "out_user", 50, PORT_SCRATCH, false, allow_port, run_out, forbid_port },
	{ "sleep20", 50, 20, false, no_slack, run_sleep, usual_slack },
};

const struct row_table cpu_rows = { rows, ARRAY_SIZE(rows) };
