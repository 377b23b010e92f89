/* SPDX-License-Identifier: GPL-2.0-only */
/* Few buckets are in use, so that chains get long. */
#ifndef LULL_HOST_LINUX_HASH_H
#define LULL_HOST_LINUX_HASH_H

#define hash_64(val, bits)	((unsigned int)((val) % 5) & ((1U << (bits)) - 1))

#endif /* LULL_HOST_LINUX_HASH_H */
