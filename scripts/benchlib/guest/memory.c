// SPDX-License-Identifier: GPL-2.0-only
/* Rows that change page tables. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define FAULT_PAGES	256

static unsigned char *area;
static size_t area_size;

static void write_pages(unsigned char *at, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += PAGE)
		__atomic_store_n(&at[i], 1, __ATOMIC_RELAXED);
}

static void read_pages(const unsigned char *at, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += PAGE)
		__atomic_load_n(&at[i], __ATOMIC_RELAXED);
}

static unsigned char *map(size_t size, int flags, int fd)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static bool run_mmap(const struct row *row)
{
	size_t size = row->arg * PAGE;
	unsigned char *at;
	unsigned int i;

	for (i = 0; i < row->ops; i++) {
		at = map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (!at)
			return false;
		write_pages(at, size);
		munmap(at, size);
	}
	return true;
}

static bool setup_area(const struct row *row)
{
	area_size = row->arg * PAGE;
	area = map(area_size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (area)
		write_pages(area, area_size);
	return area;
}

static bool drop_area(const struct row *row)
{
	(void)row;
	return !munmap(area, area_size);
}

static bool run_mprotect(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i++) {
		if (mprotect(area, area_size, PROT_READ) ||
		    mprotect(area, area_size, PROT_READ | PROT_WRITE))
			return false;
		write_pages(area, area_size);
	}
	return true;
}

/* An operation is one page. */
static bool run_minor(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i += row->arg) {
		if (madvise(area, area_size, MADV_DONTNEED))
			return false;
		write_pages(area, area_size);
	}
	return true;
}

/* A private mapping of a file whose pages are all in memory */
static bool setup_file(const struct row *row)
{
	char page[PAGE] = "";
	unsigned int i;
	int fd;

	fd = memfd_create("bench", 0);
	for (i = 0; i < row->arg; i++) {
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return false;
	}
	area_size = row->arg * PAGE;
	area = map(area_size, MAP_PRIVATE, fd);
	close(fd);
	return area;
}

static bool run_file(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i += row->arg) {
		if (madvise(area, area_size, MADV_DONTNEED))
			return false;
		read_pages(area, area_size);
	}
	return true;
}

static bool run_cow(const struct row *row)
{
	unsigned int i;

	for (i = 0; i < row->ops; i += row->arg) {
		if (madvise(area, area_size, MADV_DONTNEED))
			return false;
		read_pages(area, area_size);
		write_pages(area, area_size);
	}
	return true;
}

static const struct row rows[] = {
	{ "mmap1p", 20, 1, .run = run_mmap },
	{ "mmap64p", 4, 64, .run = run_mmap },
	{ "fault_minor", FAULT_PAGES, FAULT_PAGES, false, setup_area, run_minor,
	  drop_area },
	{ "fault_file", FAULT_PAGES, FAULT_PAGES, false, setup_file, run_file,
	  drop_area },
	{ "fault_cow", FAULT_PAGES, FAULT_PAGES, false, setup_file, run_cow,
	  drop_area },
	{ "mprotect1", 40, 1, false, setup_area, run_mprotect, drop_area },
	{ "mprotect16", 10, 16, false, setup_area, run_mprotect, drop_area },
	{ "mprotect512", 2, 512, false, setup_area, run_mprotect, drop_area },
};

const struct row_table memory_rows = { rows, ARRAY_SIZE(rows) };
