/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which segment registers a processor can be in.  Pure: segments.c also
 * compiles in user space.
 */
#ifndef LULL_SEGMENTS_H
#define LULL_SEGMENTS_H

#include <linux/types.h>

#include "monitor/uapi/lull.h"

bool lull_segments_valid(const struct lull_segment *seg, bool ia32e,
			 bool v8086);

#endif /* LULL_SEGMENTS_H */
