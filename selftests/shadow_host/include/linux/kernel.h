/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_HOST_LINUX_KERNEL_H
#define LULL_HOST_LINUX_KERNEL_H

#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#endif /* LULL_HOST_LINUX_KERNEL_H */
