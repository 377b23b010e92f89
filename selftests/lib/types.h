/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixed-size integers under the kernel's short names. */
#ifndef SELFTESTS_TYPES_H
#define SELFTESTS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define BIT_ULL(n)	(1ULL << (n))
#define PAGE_SIZE	4096ULL
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define MIB		BIT_ULL(20)
#define GIB		BIT_ULL(30)

#endif /* SELFTESTS_TYPES_H */
