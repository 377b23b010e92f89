/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_BITOPS_H
#define LULL_UNIT_LINUX_BITOPS_H

#include <linux/bits.h>

#define __ffs(word)		((unsigned long)__builtin_ctzl(word))

#endif /* LULL_UNIT_LINUX_BITOPS_H */
