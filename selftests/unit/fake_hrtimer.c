// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time for tests.
 */
#include <assert.h>
#include <linux/hrtimer.h>

#include "fake_hrtimer.h"

static ktime_t clock_now;
static struct hrtimer *the_timer;

ktime_t ktime_get(void)
{
	return clock_now;
}

void hrtimer_init(struct hrtimer *timer, clockid_t clock,
		  enum hrtimer_mode mode)
{
	assert(clock == CLOCK_MONOTONIC && mode == HRTIMER_MODE_ABS_HARD);
	timer->queued = false;
	the_timer = timer;
}

void hrtimer_start(struct hrtimer *timer, ktime_t expires,
		   enum hrtimer_mode mode)
{
	assert(timer == the_timer && mode == HRTIMER_MODE_ABS_HARD);
	timer->expires = expires;
	timer->queued = true;
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	bool was_queued = timer->queued;

	timer->queued = false;
	return was_queued;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	return hrtimer_try_to_cancel(timer);
}

void fake_time_reset(ktime_t now)
{
	clock_now = now;
	the_timer = NULL;
}

static bool fire_if_due(ktime_t until)
{
	if (!the_timer || !the_timer->queued || the_timer->expires > until)
		return false;
	if (clock_now < the_timer->expires)
		clock_now = the_timer->expires;
	the_timer->queued = false;
	return the_timer->function(the_timer) == HRTIMER_NORESTART;
}

unsigned int fake_time_advance(u64 ns)
{
	ktime_t until = clock_now + ns;
	unsigned int fired = 0;

	while (fire_if_due(until))
		fired++;
	clock_now = until;
	return fired;
}

unsigned int fake_time_stall(u64 ns)
{
	clock_now += ns;
	return fake_time_advance(0);
}

ktime_t fake_timer_expires(void)
{
	return the_timer && the_timer->queued ? the_timer->expires : -1;
}

void fake_timer_fire_late(void)
{
	the_timer->function(the_timer);
}
