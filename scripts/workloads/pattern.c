// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory whose contents can be told without reading it.
 *
 * Round 0 writes all pages, each later one a fourth of them.  Half of the
 * pages that a round writes are alike, for a host that merges such pages.
 * One word in 128 bytes is written, and looked at.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "squeeze.h"

#define WORDS		32UL
#define STEP		(PAGE_BYTES / sizeof(__u64) / WORDS)
#define PART		4UL
#define OWNER_FACTOR	0x9e3779b97f4a7c15ULL
#define PAGE_FACTOR	0xc2b2ae3d27d4eb4fULL
#define WORD_FACTOR	0x165667b19e3779f9ULL

/* The last round, up to this one, that wrote a page */
static unsigned long written_in(unsigned long page, unsigned long round)
{
	unsigned long ago = (round - page) % PART;

	return round > ago ? round - ago : 0;
}

/* The first word of a page */
static __u64 first_word(const struct area *area, unsigned long page,
			unsigned long round)
{
	unsigned long twin = page & PART ? page : 0;

	return ((area->owner << 16) + written_in(page, round) + 1) *
		OWNER_FACTOR + twin * PAGE_FACTOR;
}

/**
 * area_map() - get fresh memory, of zeros
 * @area:	its size is known
 *
 * Return: true, or false after a message
 */
bool area_map(struct area *area)
{
	area->mem = mmap(NULL, area->pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area->mem != MAP_FAILED)
		return true;
	perror("squeeze: mmap");
	return false;
}

/**
 * area_unmap() - give the memory back to the kernel
 * @area:	mapped
 */
void area_unmap(struct area *area)
{
	munmap(area->mem, area->pages * PAGE_BYTES);
}

/**
 * area_write_page() - write a page
 * @area:	the area
 * @page:	its number in it
 * @round:	of the contents
 */
void area_write_page(const struct area *area, unsigned long page,
		     unsigned long round)
{
	__u64 value = first_word(area, page, round);
	__u64 *mem = area->mem + page * (PAGE_BYTES / sizeof(__u64));
	unsigned long word;

	for (word = 0; word < WORDS; word++)
		mem[word * STEP] = value + word * WORD_FACTOR;
}

/**
 * area_write() - write the pages that a round writes
 * @area:	the area
 * @round:	the round; those before it have been written
 */
void area_write(const struct area *area, unsigned long round)
{
	unsigned long page;

	for (page = 0; page < area->pages; page++) {
		if (written_in(page, round) == round)
			area_write_page(area, page, round);
	}
}

/**
 * area_verify_page() - is a page what it must be?
 * @area:	the area
 * @page:	its number in it
 * @round:	the last one that was written
 * @sum:	the words that are read are added to it
 *
 * Return: true, or false after a message
 */
bool area_verify_page(const struct area *area, unsigned long page,
		      unsigned long round, __u64 *sum)
{
	__u64 value = first_word(area, page, round);
	const __u64 *mem = area->mem + page * (PAGE_BYTES / sizeof(__u64));
	unsigned long word;
	__u64 found;

	for (word = 0; word < WORDS; word++, value += WORD_FACTOR) {
		found = mem[word * STEP];
		*sum += found;
		if (found == value)
			continue;
		printf("squeeze: owner %lu round %lu page %lu word %lu is %llx, not %llx\n",
		       area->owner, round, page, word, found, value);
		return false;
	}
	return true;
}

/**
 * area_verify() - is all of an area what it must be?
 * @area:	the area
 * @round:	the last one that was written
 * @sum:	the words that are read are added to it
 *
 * Return: true, or false after a message
 */
bool area_verify(const struct area *area, unsigned long round, __u64 *sum)
{
	unsigned long page;

	for (page = 0; page < area->pages; page++) {
		if (!area_verify_page(area, page, round, sum))
			return false;
	}
	return true;
}

/**
 * area_foretell() - what area_verify() adds to the sum
 * @area:	the area; its memory is not looked at
 * @round:	the last one that was written
 *
 * Return: the sum
 */
__u64 area_foretell(const struct area *area, unsigned long round)
{
	unsigned long page;
	__u64 sum = 0;

	for (page = 0; page < area->pages; page++)
		sum += WORDS * first_word(area, page, round) +
		       WORDS * (WORDS - 1) / 2 * WORD_FACTOR;
	return sum;
}
