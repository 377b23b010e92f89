// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmdisk: how files get into the test machine and results out of it, and how
 * the machine is stopped.  It drives the disk by programmed I/O through
 * iopl(), because loading the kernel's drivers costs seconds under emulation.
 *
 * The disk is the master of the second IDE channel.  In sectors of 512 bytes:
 * sector 0 is struct disk_header, the input follows from sector 1, and at
 * disk_header.result_sector there is struct result_header and then the result.
 * scripts/vmlib/disk.py is the other side of this.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SECTOR		512
#define BATCH		256	/* sectors in one command, at most 256 */

#define IDE_DATA	0x170
#define IDE_ERROR	0x171
#define IDE_COUNT	0x172
#define IDE_LBA0	0x173
#define IDE_LBA1	0x174
#define IDE_LBA2	0x175
#define IDE_SELECT	0x176
#define IDE_COMMAND	0x177
#define IDE_CONTROL	0x376

#define STATUS_ERR	0x01
#define STATUS_DRQ	0x08
#define STATUS_BSY	0x80

#define CMD_READ	0x20
#define CMD_WRITE	0x30
#define CMD_FLUSH	0xe7

#define POLLS		10000000

/* Bochs ends on "Shutdown", and enters its debugger on 'D'. */
#define CONTROL_PORT	0x8900

struct disk_header {
	char magic[8];
	__u64 input_bytes;
	__u64 result_sector;
	__u64 result_max;
};

struct result_header {
	char magic[8];
	__u64 bytes;
	__u32 status;
	__u32 truncated;
};

static const char disk_magic[] = "LULLDISK";
static const char result_magic[] = "LULLDONE";

static unsigned char buffer[BATCH * SECTOR];

static void die(const char *what)
{
	fprintf(stderr, "vmdisk: %s\n", what);
	exit(1);
}

static void disk_wait(unsigned int wanted)
{
	unsigned int polls, status;

	for (polls = 0; polls < POLLS; polls++) {
		status = inb(IDE_COMMAND);
		if (status & STATUS_BSY)
			continue;
		if (status & STATUS_ERR)
			die("the disk reports an error");
		if ((status & wanted) == wanted)
			return;
	}
	die("the disk does not answer");
}

static void disk_command(__u64 sector, unsigned int count, int command)
{
	disk_wait(0);
	outb(2, IDE_CONTROL);			/* no interrupts */
	outb(0xe0 | (sector >> 24 & 0xf), IDE_SELECT);
	disk_wait(0);
	outb(count & 0xff, IDE_COUNT);		/* 0 is 256 */
	outb(sector & 0xff, IDE_LBA0);
	outb(sector >> 8 & 0xff, IDE_LBA1);
	outb(sector >> 16 & 0xff, IDE_LBA2);
	outb(command, IDE_COMMAND);
}

static void disk_read(__u64 sector, unsigned int count)
{
	unsigned int i;

	disk_command(sector, count, CMD_READ);
	for (i = 0; i < count; i++) {
		disk_wait(STATUS_DRQ);
		insl(IDE_DATA, buffer + i * SECTOR, SECTOR / 4);
	}
}

static void disk_write(__u64 sector, unsigned int count)
{
	unsigned int i;

	disk_command(sector, count, CMD_WRITE);
	for (i = 0; i < count; i++) {
		disk_wait(STATUS_DRQ);
		outsl(IDE_DATA, buffer + i * SECTOR, SECTOR / 4);
	}
	disk_wait(0);
}

static void disk_flush(void)
{
	disk_command(0, 0, CMD_FLUSH);
	disk_wait(0);
}

static int read_header(struct disk_header *header)
{
	disk_read(0, 1);
	memcpy(header, buffer, sizeof(*header));
	return memcmp(header->magic, disk_magic, sizeof(header->magic)) == 0;
}

/* Before the machine is saved the disk is empty; afterwards it is not. */
static void wait_for_disk(void)
{
	struct timespec pause = { .tv_nsec = 20000000 };
	struct disk_header header;

	while (!read_header(&header))
		nanosleep(&pause, NULL);
}

static void write_all(const unsigned char *from, size_t bytes)
{
	ssize_t n;

	while (bytes) {
		n = write(STDOUT_FILENO, from, bytes);
		if (n < 0)
			die(strerror(errno));
		from += n;
		bytes -= n;
	}
}

static void get_input(void)
{
	struct disk_header header;
	__u64 left, sector = 1;
	size_t bytes;

	if (!read_header(&header))
		die("no input on the disk");
	for (left = header.input_bytes; left; left -= bytes) {
		bytes = left < sizeof(buffer) ? left : sizeof(buffer);
		disk_read(sector, (bytes + SECTOR - 1) / SECTOR);
		write_all(buffer, bytes);
		sector += BATCH;
	}
}

static size_t read_batch(void)
{
	size_t bytes = 0;
	ssize_t n;

	memset(buffer, 0, sizeof(buffer));
	while (bytes < sizeof(buffer)) {
		n = read(STDIN_FILENO, buffer + bytes, sizeof(buffer) - bytes);
		if (n < 0)
			die(strerror(errno));
		if (!n)
			break;
		bytes += n;
	}
	return bytes;
}

/* The header goes last: a result is whole or absent. */
static void put_result(int status)
{
	struct result_header result = { .status = status };
	struct disk_header header;
	__u64 sector;
	size_t bytes;

	if (!read_header(&header))
		die("no result area on the disk");
	sector = header.result_sector + 1;
	while ((bytes = read_batch())) {
		if (result.bytes + bytes > header.result_max) {
			result.truncated = 1;
			break;
		}
		disk_write(sector, (bytes + SECTOR - 1) / SECTOR);
		sector += BATCH;
		result.bytes += bytes;
	}
	memcpy(result.magic, result_magic, sizeof(result.magic));
	memset(buffer, 0, SECTOR);
	memcpy(buffer, &result, sizeof(result));
	disk_write(header.result_sector, 1);
	disk_flush();
}

static void drain(const char *tty)
{
	int fd = open(tty, O_WRONLY | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return;
	tcdrain(fd);
	close(fd);
}

static void control(const char *text)
{
	drain("/dev/ttyS0");
	drain("/dev/ttyS1");
	usleep(3000);			/* the last character is on the line */
	for (; *text; text++)
		outb(*text, CONTROL_PORT);
}

static void usage(void)
{
	fputs("vmdisk wait | get | put STATUS | save | off\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (iopl(3))
		die("iopl: not permitted");
	if (!strcmp(verb, "wait"))
		wait_for_disk();
	else if (!strcmp(verb, "get"))
		get_input();
	else if (!strcmp(verb, "put") && argc == 3)
		put_result(atoi(argv[2]));
	else if (!strcmp(verb, "save"))
		control("D");
	else if (!strcmp(verb, "off"))
		control("Shutdown");
	else
		usage();
	return 0;
}
