/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_STDDEF_H
#define LULL_UNIT_LINUX_STDDEF_H

#include_next <linux/stddef.h>
#include <stddef.h>

#endif /* LULL_UNIT_LINUX_STDDEF_H */
