// SPDX-License-Identifier: GPL-2.0-only
/* Measures the rows and prints them on the serial port, as guest/main.c does. */
#include "micro.h"

#define PORT_SERIAL	0x3f8
#define SERIAL_STATUS	5
#define SERIAL_EMPTY	0x20
#define PORT_EXIT	0xf4
#define PORT_MARK	0xf5
#define MARK_START	1
#define MARK_END	2

static void put(char c)
{
	while (!(inb(PORT_SERIAL + SERIAL_STATUS) & SERIAL_EMPTY))
		continue;
	outb(c, PORT_SERIAL);
}

static void print(const char *text)
{
	while (*text)
		put(*text++);
}

static void print_number(u64 value)
{
	char digits[21];
	int n = 0;

	do {
		digits[n++] = '0' + value % 10;
		value /= 10;
	} while (value);
	put(' ');
	while (n)
		put(digits[--n]);
}

/* Operations are numbered through, so that some can be the first of a kind. */
static u64 batch(const struct micro_row *row, unsigned int nr)
{
	unsigned int i;
	u64 start;

	start = rdtsc();
	for (i = 0; i < row->ops; i++)
		row->run(nr * row->ops + i);
	return rdtsc() - start;
}

static void measure(const struct micro_row *row)
{
	u64 ticks[BATCHES];
	unsigned int i;

	batch(row, 0);
	outb(MARK_START, PORT_MARK);
	for (i = 0; i < BATCHES; i++)
		ticks[i] = batch(row, i + 1);
	outb(MARK_END, PORT_MARK);
	print("row ");
	print(row->name);
	print(" ops");
	print_number(row->ops);
	print(" ticks");
	for (i = 0; i < BATCHES; i++)
		print_number(ticks[i]);
	put('\n');
}

void micro_main(void)
{
	unsigned int i;

	prepare_rows();
	for (i = 0; i < nr_micro_rows; i++)
		measure(&micro_rows[i]);
	print("rows ok\n");
	outb(0, PORT_EXIT);
}
