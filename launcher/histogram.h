/* SPDX-License-Identifier: GPL-2.0-only */
/* How values are distributed, by powers of two. */
#ifndef LAUNCHER_HISTOGRAM_H
#define LAUNCHER_HISTOGRAM_H

#include "base.h"

#define HISTOGRAM_BUCKETS	64

/**
 * struct histogram - values seen so far
 * @buckets:	[n] counts values from 2^n to 2^(n+1) - 1; [0] also counts 0
 * @count:	how many values
 * @sum:	their sum
 * @min:	the least
 * @max:	the greatest
 */
struct histogram {
	u64 buckets[HISTOGRAM_BUCKETS];
	u64 count;
	u64 sum;
	u64 min;
	u64 max;
};

void histogram_add(struct histogram *h, u64 value);
u64 histogram_mean(const struct histogram *h);
u64 histogram_from(unsigned int bucket);
u64 histogram_to(unsigned int bucket);
bool histogram_range(const struct histogram *h, unsigned int *first,
		     unsigned int *last);

#endif /* LAUNCHER_HISTOGRAM_H */
