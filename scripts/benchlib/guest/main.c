// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half of `make bench`: runs the rows that bench.rows= on the
 * kernel command line names (all, without it) and prints of each
 *
 *   row NAME ops OPS ticks T1 ... Tn
 *
 * the TSC ticks of its batches, or "row NAME FAILED".  With bench.off the
 * machine is the emulator itself, which is told to end; with bench.stop the
 * emulator's debugger is entered before the third batch.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <termios.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define PORT_MARK	0xf5
#define PORT_CONTROL	0x8900		/* of the emulator */
#define MARK_START	1
#define MARK_END	2
#define CMDLINE_MAX	4096

static char cmdline[CMDLINE_MAX];

/* The permission is given back: it would make switches dearer. */
static void mark(unsigned char which)
{
	if (ioperm(PORT_MARK, 1, 1))
		return;
	outb(which, PORT_MARK);
	ioperm(PORT_MARK, 1, 0);
}

static unsigned int batches(const struct row *row)
{
	return row->once ? 1 : BATCHES;
}

/* Nothing, unless the emulator was told that it is a breakpoint. */
static void stop(void)
{
	__asm__ volatile("xchg %bx, %bx");
}

static bool measure(const struct row *row, unsigned long long ticks[BATCHES])
{
	unsigned long long start;
	unsigned int i;
	bool ok;

	ok = row->once || row->run(row);
	/* The interrupts of what was printed last are not the row's. */
	tcdrain(STDOUT_FILENO);
	mark(MARK_START);
	for (i = 0; i < batches(row); i++) {
		if (i == batches(row) / 2 && strstr(cmdline, "bench.stop"))
			stop();
		start = __rdtsc();
		ok = row->run(row) && ok;
		ticks[i] = __rdtsc() - start;
	}
	mark(MARK_END);
	return ok;
}

static bool do_row(const struct row *row)
{
	unsigned long long ticks[BATCHES];
	unsigned int i;
	bool ok;

	ok = !row->setup || row->setup(row);
	ok = ok && measure(row, ticks);
	if (row->teardown)
		ok = row->teardown(row) && ok;
	if (!ok) {
		printf("row %s FAILED\n", row->name);
		return false;
	}
	printf("row %s ops %u ticks", row->name, row->ops);
	for (i = 0; i < batches(row); i++)
		printf(" %llu", ticks[i]);
	printf("\n");
	return true;
}

static void read_cmdline(void)
{
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd < 0 || read(fd, cmdline, sizeof(cmdline) - 1) < 0)
		perror("/proc/cmdline");
	close(fd);
}

/* Is the row's name in the list of bench.rows=, or is there no list? */
static bool is_wanted(const char *name)
{
	const char *list = strstr(cmdline, "bench.rows=");
	size_t len = strlen(name);

	if (!list)
		return true;
	for (list += strlen("bench.rows="); *list > ' ';
	     list += strcspn(list, " ,\n")) {
		list += *list == ',';
		if (!strncmp(list, name, len) && strchr(" ,\n", list[len]))
			return true;
	}
	return false;
}

static bool do_table(const struct row_table *table)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < table->nr; i++) {
		if (is_wanted(table->rows[i].name))
			ok = do_row(&table->rows[i]) && ok;
	}
	return ok;
}

static void turn_off(void)
{
	const char *text = "Shutdown";

	sleep(1);			/* the last character is on the line */
	if (ioperm(PORT_CONTROL, 1, 1))
		return;
	for (; *text; text++)
		outb(*text, PORT_CONTROL);
}

int main(int argc, char **argv)
{
	const struct row_table *tables[] = {
		&cpu_rows, &memory_rows, &ipc_rows, &process_rows,
	};
	bool ok = true;
	size_t i;

	if (argc == 2 && !strcmp(argv[1], "exit"))
		_exit(0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("PATH", "/bin", 1);
	read_cmdline();
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		ok = do_table(tables[i]) && ok;
	printf("rows %s\n", ok ? "ok" : "FAILED");
	if (strstr(cmdline, "bench.off"))
		turn_off();
	return !ok;
}
