// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that this guest does without are given back to the VMM: their
 * numbers go to a port, and they are zeros from then on.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#include "squeeze.h"

/* 32 bits out: a frame's number.  In: how many were given back. */
#define PORT_BALLOON	0xf8
#define BATCH		512UL
#define PAGEMAP_PRESENT	0x8000000000000000ULL
#define PAGEMAP_FRAME	0x007fffffffffffffULL

/* The frames of some pages */
static bool find_frames(int pagemap, const __u64 *mem, __u64 *frames,
			unsigned long pages)
{
	off_t at = (off_t)((unsigned long)mem / PAGE_BYTES * sizeof(*frames));
	size_t size = pages * sizeof(*frames);
	unsigned long i;

	if (pread(pagemap, frames, size, at) != (ssize_t)size)
		return false;
	for (i = 0; i < pages; i++) {
		if (!(frames[i] & PAGEMAP_PRESENT) ||
		    !(frames[i] & PAGEMAP_FRAME))
			return false;
		frames[i] &= PAGEMAP_FRAME;
	}
	return true;
}

static bool give_all(int pagemap, const struct area *area)
{
	__u64 frames[BATCH];
	unsigned long page, i, nr;

	for (page = 0; page < area->pages; page += nr) {
		nr = area->pages - page < BATCH ? area->pages - page : BATCH;
		if (!find_frames(pagemap, area->mem + page *
				 (PAGE_BYTES / sizeof(__u64)), frames, nr)) {
			printf("squeeze: no frames in /proc/self/pagemap\n");
			return false;
		}
		for (i = 0; i < nr; i++)
			outl((unsigned int)frames[i], PORT_BALLOON);
	}
	return true;
}

/**
 * balloon_inflate() - give the frames of an area back
 * @area:	mapped; stays in its frames
 *
 * Return: true, or false after a message
 */
bool balloon_inflate(const struct area *area)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	unsigned int before, taken;
	bool ok;

	if (pagemap < 0 || mlock(area->mem, area->pages * PAGE_BYTES) ||
	    ioperm(PORT_BALLOON, 4, 1)) {
		perror("squeeze: pagemap, mlock, ioperm");
		return false;
	}
	before = inl(PORT_BALLOON);
	ok = give_all(pagemap, area);
	taken = inl(PORT_BALLOON) - before;
	ioperm(PORT_BALLOON, 4, 0);
	close(pagemap);
	if (ok && taken == area->pages)
		return true;
	printf("squeeze: the balloon took %u of %lu frames\n", taken,
	       area->pages);
	return false;
}

/**
 * balloon_is_empty() - is an area that was given back all zeros?
 * @area:	the area
 *
 * Return: true, or false after a message
 */
bool balloon_is_empty(const struct area *area)
{
	unsigned long words = area->pages * (PAGE_BYTES / sizeof(__u64));
	unsigned long i;

	for (i = 0; i < words; i += PAGE_BYTES / sizeof(__u64) / 8) {
		if (!area->mem[i])
			continue;
		printf("squeeze: word %lu of the balloon is %llx, not 0\n", i,
		       area->mem[i]);
		return false;
	}
	return true;
}
