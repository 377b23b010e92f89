/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_HOST_LINUX_BUILD_BUG_H
#define LULL_HOST_LINUX_BUILD_BUG_H

#include <assert.h>

/* With or without words, as the kernel's own. */
#undef static_assert
#define static_assert(expr, ...)	_Static_assert(expr, #expr)

#endif /* LULL_HOST_LINUX_BUILD_BUG_H */
