/* SPDX-License-Identifier: GPL-2.0-only */
/* The MC146818 clock and its CMOS memory. */
#ifndef LAUNCHER_RTC_H
#define LAUNCHER_RTC_H

#include <time.h>

#include "base.h"

#define RTC_INDEX_PORT	0x70
#define RTC_PORTS	2
#define RTC_BYTES	128

/**
 * struct rtc - one clock
 * @now:	UTC from the host
 * @offset:	what the guest added to it by setting the clock
 * @held:	the time of day while the guest holds register B's SET bit
 * @index:	register that the data port shows
 * @ram:	registers that are only memory
 */
struct rtc {
	time_t (*now)(void);
	time_t offset;
	struct tm held;
	u8 index;
	u8 ram[RTC_BYTES];
};

void rtc_init(struct rtc *rtc, time_t (*now)(void));
u8 rtc_in(struct rtc *rtc, u16 port);
void rtc_out(struct rtc *rtc, u16 port, u8 value);

#endif /* LAUNCHER_RTC_H */
