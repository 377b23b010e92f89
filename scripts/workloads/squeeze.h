/* SPDX-License-Identifier: GPL-2.0-only */
/* The pieces of the workload squeeze: areas of known contents, a balloon. */
#ifndef SQUEEZE_H
#define SQUEEZE_H

#include "workload.h"

#define PAGE_BYTES	4096UL

/**
 * struct area - memory whose contents follow from what is here
 * @mem:	where it is
 * @pages:	how many
 * @owner:	who wrote it: no two owners write the same contents
 */
struct area {
	__u64 *mem;
	unsigned long pages;
	unsigned long owner;
};

/* pattern.c */
bool area_map(struct area *area);
void area_unmap(struct area *area);
void area_write(const struct area *area, unsigned long round);
void area_write_page(const struct area *area, unsigned long page,
		     unsigned long round);
bool area_verify(const struct area *area, unsigned long round, __u64 *sum);
bool area_verify_page(const struct area *area, unsigned long page,
		      unsigned long round, __u64 *sum);
__u64 area_foretell(const struct area *area, unsigned long round);

/* balloon.c */
bool balloon_inflate(const struct area *area);
bool balloon_is_empty(const struct area *area);

#endif /* SQUEEZE_H */
