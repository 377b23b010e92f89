/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_BUILD_BUG_H
#define LULL_UNIT_LINUX_BUILD_BUG_H

#include <assert.h>

#endif /* LULL_UNIT_LINUX_BUILD_BUG_H */
