/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_BITOPS_H
#define LULL_UNIT_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <assert.h>

#define __ffs(word)		((unsigned long)__builtin_ctzl(word))

/* The kernel's own <asm/vmx.h> finds it here */
#define WARN_ON_ONCE(condition)	assert(!(condition))

#endif /* LULL_UNIT_LINUX_BITOPS_H */
