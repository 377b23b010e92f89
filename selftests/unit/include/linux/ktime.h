/* SPDX-License-Identifier: GPL-2.0-only */
/* Time stands still until fake_hrtimer.c moves it. */
#ifndef LULL_UNIT_LINUX_KTIME_H
#define LULL_UNIT_LINUX_KTIME_H

#include <linux/types.h>

#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_MSEC		1000000L
#define NSEC_PER_USEC		1000L

typedef s64 ktime_t;

ktime_t ktime_get(void);

#define ktime_to_ns(time)	((s64)(time))
#define ktime_sub(a, b)		((a) - (b))
#define ktime_add_ns(time, ns)	((ktime_t)((time) + (ns)))
#define ktime_sub_ns(time, ns)	((ktime_t)((time) - (ns)))
#define ktime_before(a, b)	((a) < (b))

#endif /* LULL_UNIT_LINUX_KTIME_H */
