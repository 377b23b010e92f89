/* SPDX-License-Identifier: GPL-2.0-only */
/* Bits of words and of arrays of words. */
#ifndef LULL_HOST_LINUX_BITOPS_H
#define LULL_HOST_LINUX_BITOPS_H

#include <linux/bits.h>
#include <stdbool.h>

#define BITS_PER_LONG		64
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]

static inline bool test_bit(unsigned int nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned int nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= BIT(nr % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned int nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] &= ~BIT(nr % BITS_PER_LONG);
}

static inline bool __test_and_set_bit(unsigned int nr, unsigned long *map)
{
	bool was = test_bit(nr, map);

	__set_bit(nr, map);
	return was;
}

static inline bool __test_and_clear_bit(unsigned int nr, unsigned long *map)
{
	bool was = test_bit(nr, map);

	__clear_bit(nr, map);
	return was;
}

static inline unsigned int __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

/* One CPU runs at a time. */
static inline bool test_and_clear_bit(unsigned int nr, unsigned long *map)
{
	return __test_and_clear_bit(nr, map);
}

/* The first set bit from @nr on, or @size. */
static inline unsigned int find_next_bit(const unsigned long *map,
					 unsigned int size, unsigned int nr)
{
	unsigned long word;

	while (nr < size) {
		word = map[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG);
		if (word) {
			nr += __builtin_ctzl(word);
			return nr < size ? nr : size;
		}
		nr = (nr / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return size;
}

#define for_each_set_bit(bit, map, size) \
	for ((bit) = find_next_bit(map, size, 0); (bit) < (size); \
	     (bit) = find_next_bit(map, size, (bit) + 1))

static inline void bitmap_zero(unsigned long *map, unsigned int size)
{
	__builtin_memset(map, 0, BITS_TO_LONGS(size) * sizeof(*map));
}

static inline unsigned int bitmap_weight(const unsigned long *map,
					 unsigned int size)
{
	unsigned int bit, weight = 0;

	for_each_set_bit(bit, map, size)
		weight++;
	return weight;
}

#endif /* LULL_HOST_LINUX_BITOPS_H */
