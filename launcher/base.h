/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixed-size integers under the kernel's short names, and two tiny helpers. */
#ifndef LAUNCHER_BASE_H
#define LAUNCHER_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1U << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define KIB		BIT_ULL(10)
#define MIB		BIT_ULL(20)
#define GIB		BIT_ULL(30)
#define GUEST_PAGE	4096ULL

#endif /* LAUNCHER_BASE_H */
