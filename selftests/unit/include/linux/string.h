/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_STRING_H
#define LULL_UNIT_LINUX_STRING_H

#include <string.h>

#endif /* LULL_UNIT_LINUX_STRING_H */
