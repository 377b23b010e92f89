/* SPDX-License-Identifier: GPL-2.0-only */
/* A timer that fake_hrtimer.c fires. */
#ifndef LULL_UNIT_LINUX_HRTIMER_H
#define LULL_UNIT_LINUX_HRTIMER_H

#include <linux/ktime.h>
#include <linux/types.h>
#include <time.h>

enum hrtimer_restart {
	HRTIMER_NORESTART,
	HRTIMER_RESTART,
};

enum hrtimer_mode {
	HRTIMER_MODE_ABS_HARD,
};

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	ktime_t expires;
	bool queued;
};

void hrtimer_init(struct hrtimer *timer, clockid_t clock,
		  enum hrtimer_mode mode);
void hrtimer_start(struct hrtimer *timer, ktime_t expires,
		   enum hrtimer_mode mode);
int hrtimer_try_to_cancel(struct hrtimer *timer);
int hrtimer_cancel(struct hrtimer *timer);

#endif /* LULL_UNIT_LINUX_HRTIMER_H */
