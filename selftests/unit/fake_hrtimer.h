/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time for tests: it moves when the test says so, and at most one timer runs.
 */
#ifndef LULL_UNIT_FAKE_HRTIMER_H
#define LULL_UNIT_FAKE_HRTIMER_H

#include <linux/ktime.h>

/* Set the clock, with no timer. */
void fake_time_reset(ktime_t now);
/* Move on by @ns, firing the timer when it is due; the number of firings. */
unsigned int fake_time_advance(u64 ns);
/* Move on by @ns as if interrupts were off: the timer fires at the end. */
unsigned int fake_time_stall(u64 ns);
/* When the timer is due, -1 without one. */
ktime_t fake_timer_expires(void);
/* Call the timer's function as if it had been due before a change. */
void fake_timer_fire_late(void);

#endif /* LULL_UNIT_FAKE_HRTIMER_H */
