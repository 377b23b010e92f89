/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_MATH64_H
#define LULL_UNIT_LINUX_MATH64_H

#include <assert.h>
#include <linux/types.h>

/* The kernel's traps when the result does not fit, and so does this one. */
static inline u64 mul_u64_u32_div(u64 a, u32 mul, u32 divisor)
{
	unsigned __int128 result = (unsigned __int128)a * mul / divisor;

	assert(result <= UINT64_MAX);
	return result;
}

#endif /* LULL_UNIT_LINUX_MATH64_H */
