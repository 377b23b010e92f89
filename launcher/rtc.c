// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MC146818 clock and its CMOS memory: time of day, which the guest can
 * read and set, and bytes that keep what is written.  No alarm and no periodic
 * interrupt: register B does not keep those enable bits.
 */
#include <string.h>

#include "rtc.h"

#define REG_SECONDS	0x00
#define REG_MINUTES	0x02
#define REG_HOURS	0x04
#define REG_WEEKDAY	0x06
#define REG_DAY		0x07
#define REG_MONTH	0x08
#define REG_YEAR	0x09
#define REG_A		0x0a
#define REG_B		0x0b
#define REG_C		0x0c
#define REG_D		0x0d
#define REG_CENTURY	0x32

#define A_DEFAULT	0x26	/* 32768 Hz base, 1024 Hz rate, no update */
#define A_UPDATING	0x80
#define B_KEPT		0x86	/* SET, binary, 24 hours */
#define B_SET		0x80
#define B_BINARY	0x04
#define B_24H		0x02
#define D_VALID		0x80
#define HOUR_PM		0x80

/**
 * rtc_init() - a clock that shows the host's time
 * @rtc: the clock
 * @now: tells UTC
 */
void rtc_init(struct rtc *rtc, time_t (*now)(void))
{
	memset(rtc, 0, sizeof(*rtc));
	rtc->now = now;
	rtc->ram[REG_A] = A_DEFAULT;
	rtc->ram[REG_B] = B_24H;
}

static u8 encode(const struct rtc *rtc, unsigned int value)
{
	if (rtc->ram[REG_B] & B_BINARY)
		return value;
	return value / 10 << 4 | value % 10;
}

static unsigned int decode(const struct rtc *rtc, u8 value)
{
	if (rtc->ram[REG_B] & B_BINARY)
		return value;
	return (value >> 4) * 10 + (value & 0xf);
}

static u8 encode_hour(const struct rtc *rtc, unsigned int hour)
{
	u8 value;

	if (rtc->ram[REG_B] & B_24H)
		return encode(rtc, hour);
	value = encode(rtc, hour % 12 ? hour % 12 : 12);
	return hour >= 12 ? value | HOUR_PM : value;
}

static unsigned int decode_hour(const struct rtc *rtc, u8 value)
{
	if (rtc->ram[REG_B] & B_24H)
		return decode(rtc, value);
	return decode(rtc, value & ~HOUR_PM) % 12 +
	       (value & HOUR_PM ? 12 : 0);
}

static void get_time(const struct rtc *rtc, struct tm *tm)
{
	time_t t = rtc->now() + rtc->offset;

	if (rtc->ram[REG_B] & B_SET)
		*tm = rtc->held;
	else
		gmtime_r(&t, tm);
}

static u8 read_reg(const struct rtc *rtc, u8 reg)
{
	struct tm tm;

	get_time(rtc, &tm);
	switch (reg) {
	case REG_SECONDS:
		return encode(rtc, tm.tm_sec % 60);
	case REG_MINUTES:
		return encode(rtc, tm.tm_min);
	case REG_HOURS:
		return encode_hour(rtc, tm.tm_hour);
	case REG_WEEKDAY:
		return encode(rtc, tm.tm_wday + 1);
	case REG_DAY:
		return encode(rtc, tm.tm_mday);
	case REG_MONTH:
		return encode(rtc, tm.tm_mon + 1);
	case REG_YEAR:
		return encode(rtc, tm.tm_year % 100);
	case REG_CENTURY:
		return encode(rtc, (tm.tm_year + 1900) / 100);
	case REG_C:
		return 0;
	case REG_D:
		return D_VALID;
	default:
		return rtc->ram[reg];
	}
}

/* Returns whether @reg belongs to the time of day. */
static bool change_time(const struct rtc *rtc, struct tm *tm, u8 reg, u8 value)
{
	int year = tm->tm_year + 1900;

	switch (reg) {
	case REG_SECONDS:
		tm->tm_sec = decode(rtc, value);
		return true;
	case REG_MINUTES:
		tm->tm_min = decode(rtc, value);
		return true;
	case REG_HOURS:
		tm->tm_hour = decode_hour(rtc, value);
		return true;
	case REG_DAY:
		tm->tm_mday = decode(rtc, value);
		return true;
	case REG_MONTH:
		tm->tm_mon = (int)decode(rtc, value) - 1;
		return true;
	case REG_YEAR:
		tm->tm_year = year / 100 * 100 + decode(rtc, value) - 1900;
		return true;
	case REG_CENTURY:
		tm->tm_year = decode(rtc, value) * 100 + year % 100 - 1900;
		return true;
	default:
		return false;
	}
}

static void set_time(struct rtc *rtc, struct tm *tm)
{
	rtc->offset = timegm(tm) - rtc->now();
}

/*
 * Between setting and clearing SET the guest writes one register after the
 * other, and no date on the way needs to exist: 31 February is normal then.
 */
static void write_b(struct rtc *rtc, u8 value)
{
	u8 toggles = value ^ rtc->ram[REG_B];

	if (toggles & value & B_SET)
		get_time(rtc, &rtc->held);
	else if (toggles & B_SET)
		set_time(rtc, &rtc->held);
	rtc->ram[REG_B] = value & B_KEPT;
}

static void write_reg(struct rtc *rtc, u8 reg, u8 value)
{
	struct tm tm;

	get_time(rtc, &tm);
	if (change_time(rtc, &tm, reg, value)) {
		if (rtc->ram[REG_B] & B_SET)
			rtc->held = tm;
		else
			set_time(rtc, &tm);
		return;
	}
	switch (reg) {
	case REG_A:
		rtc->ram[REG_A] = value & ~A_UPDATING;
		break;
	case REG_B:
		write_b(rtc, value);
		break;
	case REG_WEEKDAY:
	case REG_C:
	case REG_D:
		break;
	default:
		rtc->ram[reg] = value;
	}
}

/**
 * rtc_in() - the guest reads a port of the clock
 * @rtc: the clock
 * @port: RTC_INDEX_PORT or the one behind it
 *
 * Return: its value; the index port cannot be read
 */
u8 rtc_in(struct rtc *rtc, u16 port)
{
	return port == RTC_INDEX_PORT ? 0xff : read_reg(rtc, rtc->index);
}

/**
 * rtc_out() - the guest writes a port of the clock
 * @rtc: the clock
 * @port: RTC_INDEX_PORT or the one behind it
 * @value: what it writes; bit 7 of the index masks NMIs, which has no meaning
 */
void rtc_out(struct rtc *rtc, u16 port, u8 value)
{
	if (port == RTC_INDEX_PORT)
		rtc->index = value & (RTC_BYTES - 1);
	else
		write_reg(rtc, rtc->index, value);
}
