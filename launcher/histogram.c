// SPDX-License-Identifier: GPL-2.0-only
/* How values are distributed, by powers of two. */
#include "histogram.h"

static unsigned int bucket_of(u64 value)
{
	return value ? 63 - __builtin_clzll(value) : 0;
}

/**
 * histogram_add() - count a value
 * @h: the histogram
 * @value: the value
 */
void histogram_add(struct histogram *h, u64 value)
{
	h->buckets[bucket_of(value)]++;
	if (!h->count || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->count++;
	h->sum += value;
}

/**
 * histogram_mean() - the mean, rounded down
 * @h: the histogram
 *
 * Return: the mean, 0 if there are no values
 */
u64 histogram_mean(const struct histogram *h)
{
	return h->count ? h->sum / h->count : 0;
}

/**
 * histogram_from() - least value of a bucket
 * @bucket: its index
 *
 * Return: the value
 */
u64 histogram_from(unsigned int bucket)
{
	return bucket ? 1ULL << bucket : 0;
}

/**
 * histogram_to() - greatest value of a bucket
 * @bucket: its index
 *
 * Return: the value
 */
u64 histogram_to(unsigned int bucket)
{
	return (1ULL << bucket) - 1 + (1ULL << bucket);
}

/**
 * histogram_range() - which buckets have values
 * @h: the histogram
 * @first: gets the lowest
 * @last: gets the highest
 *
 * Return: false if there are no values
 */
bool histogram_range(const struct histogram *h, unsigned int *first,
		     unsigned int *last)
{
	if (!h->count)
		return false;
	*first = bucket_of(h->min);
	*last = bucket_of(h->max);
	return true;
}
