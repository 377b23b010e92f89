// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PIT: counters through the ports, IRQ 0 through the PIC.
 */
#include <linux/kernel.h>
#include <string.h>

#include "cmocka_all.h"
#include "fake_hrtimer.h"
#include "monitor/irqchip.h"

#define SECOND		((u64)NSEC_PER_SEC)
#define START		(12345 * SECOND + 678)
#define HZ250		4773		/* 1193182 / 250, rounded */
#define VECTOR		0x30

#define COMMAND		0x43
#define PORT_B		0x61

static struct lull_irqchip chip;
static unsigned int kicks;

static void count_kick(struct lull_irqchip *c)
{
	kicks++;
}

static void out(u16 port, u8 data)
{
	lull_irqchip_out(&chip, port, 1, data);
}

static u8 in(u16 port)
{
	return lull_irqchip_in(&chip, port, 1);
}

static int setup(void **state)
{
	memset(&chip, 0, sizeof(chip));
	fake_time_reset(START);
	lull_irqchip_init(&chip, count_kick);
	out(0x20, 0x11);
	out(0x21, VECTOR);
	out(0x21, 0x04);
	out(0x21, 0x03);	/* automatic EOI */
	kicks = 0;
	return 0;
}

static void write_count(unsigned int channel, u16 count)
{
	out(0x40 + channel, count);
	out(0x40 + channel, count >> 8);
}

static void program(unsigned int channel, unsigned int mode, u16 count)
{
	out(COMMAND, channel << 6 | 0x30 | mode << 1);
	write_count(channel, count);
}

static u16 read_count(unsigned int channel)
{
	u8 low = in(0x40 + channel);

	return low | in(0x40 + channel) << 8;
}

static u16 latch_count(unsigned int channel)
{
	out(COMMAND, channel << 6);
	return read_count(channel);
}

static u8 read_status(unsigned int channel)
{
	out(COMMAND, 0xe0 | 2 << channel);
	return in(0x40 + channel);
}

/* Nanoseconds that cover @ticks, of some hours at most, and no more. */
static u64 ns_of(u64 ticks)
{
	return (ticks * SECOND + LULL_PIT_HZ - 1) / LULL_PIT_HZ;
}

static void take_irq0(void)
{
	assert_true(chip.intr);
	assert_int_equal(lull_irqchip_ack(&chip), VECTOR);
	assert_false(chip.intr);
}

/* Move on by @ns and take each tick at once: how many there were. */
static unsigned int take_ticks(u64 ns)
{
	ktime_t end = ktime_get() + ns;
	unsigned int nr = 0;

	while (fake_timer_expires() >= 0 && fake_timer_expires() <= end) {
		nr += fake_time_advance(fake_timer_expires() - ktime_get());
		take_irq0();
	}
	fake_time_advance(end - ktime_get());
	return nr;
}

static void expect_one_shot(u64 ticks)
{
	fake_time_advance(ns_of(ticks) - 1000);
	assert_false(chip.intr);
	fake_time_advance(2000);
	take_irq0();
	assert_int_equal(fake_timer_expires(), -1);
	assert_int_equal(fake_time_advance(10 * SECOND), 0);
	assert_false(chip.intr);
}

static void test_silent_at_power_on(void **state)
{
	assert_int_equal(fake_timer_expires(), -1);
	assert_false(chip.intr);
}

static void test_terminal_count(void **state)
{
	program(0, 0, 1193);
	assert_int_equal(read_status(0), 0x30);
	expect_one_shot(1193);
	assert_int_equal(read_status(0), 0xb0);
	/* A new count needs no new control word. */
	write_count(0, 50000);
	assert_int_equal(read_status(0), 0x30);
	expect_one_shot(50000);
}

static void test_strobe(void **state)
{
	program(0, 4, 1193);
	assert_int_equal(read_status(0), 0xb8);
	expect_one_shot(1194);
	write_count(0, 3);
	expect_one_shot(4);
	/* Again before it has fired: only the new one counts. */
	write_count(0, 1000);
	fake_time_advance(ns_of(900));
	write_count(0, 1000);
	expect_one_shot(1001);
}

/* Count 0 is the largest. */
static void test_count_zero(void **state)
{
	program(0, 0, 0);
	expect_one_shot(0x10000);
}

/* Half a count, or none, keeps mode 0 waiting. */
static void test_terminal_count_stops(void **state)
{
	out(COMMAND, 0x30);
	assert_int_equal(fake_time_advance(SECOND), 0);
	program(0, 0, 1000);
	fake_time_advance(ns_of(500));
	out(0x40, 0x10);
	assert_int_equal(fake_time_advance(SECOND), 0);
	assert_int_equal(read_status(0), 0x70);
	out(0x40, 0x02);
	expect_one_shot(0x210);
	out(COMMAND, 0x34);
	assert_int_equal(fake_time_advance(SECOND), 0);
}

/* Mode 0 takes back a tick that nobody has seen. */
static void test_shutdown_withdraws(void **state)
{
	program(0, 2, HZ250);
	fake_time_advance(ns_of(HZ250) + 1000);
	assert_true(chip.intr);
	out(COMMAND, 0x30);
	assert_false(chip.intr);
	assert_int_equal(fake_timer_expires(), -1);
}

/* An hour of ticks, none more or less than the oscillator gives. */
static void test_rate_keeps_phase(void **state)
{
	const u64 seconds = 3600;
	u64 i, fired = 0;

	program(0, 2, HZ250);
	for (i = 0; i < seconds; i++)
		fired += take_ticks(SECOND);
	assert_int_equal(fired, seconds * LULL_PIT_HZ / HZ250);
}

static void test_square_ticks(void **state)
{
	program(0, 3, HZ250);
	assert_int_equal(take_ticks(SECOND), LULL_PIT_HZ / HZ250);
	/* The middle of the period does not withdraw a tick. */
	fake_time_advance(ns_of(LULL_PIT_HZ / HZ250 * HZ250 + HZ250) - SECOND +
			  1000);
	fake_time_advance(ns_of(HZ250 * 3 / 4));
	take_irq0();
}

static void test_lost_ticks(void **state)
{
	ktime_t next;

	program(0, 2, HZ250);
	assert_int_equal(fake_time_stall(ns_of(10 * HZ250 + 100)), 1);
	assert_int_equal(kicks, 1);
	take_irq0();
	next = fake_timer_expires();
	assert_in_range(next - START, ns_of(11 * HZ250), ns_of(11 * HZ250) + 2);
	/* Nobody takes them: they leave one behind, and the timer rests. */
	assert_int_equal(fake_time_advance(ns_of(20 * HZ250)), 2);
	assert_int_equal(kicks, 2);
	assert_int_equal(fake_timer_expires(), -1);
	take_irq0();
	/* It goes on in phase. */
	next = fake_timer_expires();
	assert_in_range(next - START, ns_of(31 * HZ250), ns_of(31 * HZ250) + 2);
}

/* However a tick that waits goes, the timer goes on then, and not before. */
static void test_rest_ends(void **state)
{
	program(0, 2, HZ250);
	fake_time_advance(ns_of(5 * HZ250));
	assert_int_equal(fake_timer_expires(), -1);
	out(0x21, 0xff);	/* masked, it still waits */
	assert_int_equal(fake_timer_expires(), -1);
	out(0x20, 0x11);	/* ICW1 forgets edges */
	assert_true(fake_timer_expires() > 0);

	setup(state);
	program(0, 2, HZ250);
	fake_time_advance(ns_of(5 * HZ250));
	out(0x20, 0x0c);	/* a poll takes it */
	assert_int_equal(in(0x20), 0x80);
	assert_true(fake_timer_expires() > 0);

	setup(state);
	program(0, 2, HZ250);
	fake_time_advance(ns_of(5 * HZ250));
	program(0, 0, 1000);	/* another mode: nothing rests any more */
	expect_one_shot(1000);
}

static void test_no_storm(void **state)
{
	static const u16 counts[] = { 1, 2, 3, 7, 118 };
	unsigned int i, mode;

	for (mode = 2; mode <= 3; mode++) {
		for (i = 0; i < ARRAY_SIZE(counts); i++) {
			setup(state);
			program(0, mode, counts[i]);
			assert_in_range(take_ticks(SECOND), 5000, 10001);
		}
	}
	program(0, 2, 120);
	assert_int_equal(take_ticks(SECOND), LULL_PIT_HZ / 120);
}

/* In mode 2 a new count waits for the end of the period. */
static void test_rate_new_count(void **state)
{
	program(0, 2, 10000);
	fake_time_advance(ns_of(4000));
	write_count(0, 1000);
	assert_int_equal(read_status(0), 0xf4);
	assert_in_range(latch_count(0), 5999, 6001);
	assert_in_range(fake_timer_expires() - START, ns_of(10000),
			ns_of(10000) + 2);
	fake_time_advance(ns_of(6050));
	assert_in_range(fake_timer_expires() - START, ns_of(11000),
			ns_of(11000) + 4);
	assert_int_equal(read_status(0), 0xb4);
	assert_in_range(latch_count(0), 949, 951);
	take_irq0();
}

/* The callback ran already when the guest changed its mind. */
static void test_late_callback(void **state)
{
	program(0, 4, 1000);
	out(COMMAND, 0x38);
	fake_timer_fire_late();
	assert_false(chip.intr);
	write_count(0, 5000);
	fake_timer_fire_late();
	assert_false(chip.intr);
	expect_one_shot(5001);
}

static void test_destroy(void **state)
{
	program(0, 2, 100);
	lull_irqchip_destroy(&chip);
	assert_int_equal(fake_timer_expires(), -1);
	fake_timer_fire_late();
	assert_int_equal(fake_timer_expires(), -1);
	assert_int_equal(kicks, 0);
}

static void test_counting(void **state)
{
	program(1, 2, 1000);
	assert_int_equal(latch_count(1), 1000);
	fake_time_advance(ns_of(300));
	assert_int_equal(latch_count(1), 700);
	fake_time_advance(ns_of(1000));
	assert_in_range(latch_count(1), 699, 700);
	program(2, 0, 1000);		/* its gate is off: it holds */
	fake_time_advance(ns_of(300));
	assert_int_equal(latch_count(2), 1000);
	out(PORT_B, 1);
	fake_time_advance(ns_of(300));
	assert_in_range(latch_count(2), 699, 701);
	out(PORT_B, 0);
	fake_time_advance(SECOND);
	assert_in_range(latch_count(2), 699, 701);
	out(PORT_B, 1);
	fake_time_advance(ns_of(1000));
	assert_in_range(latch_count(2), 65535 - 302, 65535 - 298);
}

static void test_latch_holds(void **state)
{
	program(1, 2, 0x1234);
	out(COMMAND, 0x40);
	fake_time_advance(ns_of(0x100));
	out(COMMAND, 0x40);		/* ignored: not read yet */
	assert_int_equal(in(0x41), 0x34);
	fake_time_advance(ns_of(0x100));
	assert_int_equal(in(0x41), 0x12);
	assert_in_range(read_count(1), 0x1033, 0x1034);
}

static void test_read_back(void **state)
{
	program(1, 2, 0x1234);
	program(2, 3, 0x4321);
	out(COMMAND, 0xcc);		/* count and status of 1 and 2 */
	fake_time_advance(SECOND / 100);
	out(COMMAND, 0xcc);
	assert_int_equal(in(0x41), 0xb4);
	assert_int_equal(read_count(1), 0x1234);
	assert_int_equal(in(0x42), 0xb6);
	assert_int_equal(read_count(2), 0x4320);
	assert_int_equal(in(COMMAND), 0xff);
}

static void test_access_modes(void **state)
{
	out(COMMAND, 0x54);		/* channel 1, low byte, mode 2 */
	out(0x41, 200);
	fake_time_advance(ns_of(50));
	assert_in_range(in(0x41), 149, 150);
	assert_in_range(in(0x41), 149, 150);
	out(COMMAND, 0x64);		/* high byte */
	out(0x41, 2);
	assert_int_equal(in(0x41), 2);
	fake_time_advance(ns_of(2));
	assert_int_equal(in(0x41), 1);
}

static void test_bcd(void **state)
{
	out(COMMAND, 0x75);		/* channel 1, both, mode 2, BCD */
	write_count(1, 0x1000);
	assert_int_equal(latch_count(1), 0x1000);
	fake_time_advance(ns_of(1));
	assert_int_equal(latch_count(1), 0x0999);
	out(COMMAND, 0x31);
	write_count(0, 0);
	expect_one_shot(10000);
	out(COMMAND, 0x31);
	write_count(0, 0xffff);		/* not BCD, but no reason to fail */
	fake_time_advance(SECOND);
	latch_count(0);
}

static void test_square_output(void **state)
{
	out(PORT_B, 1);
	program(2, 3, 1001);
	assert_int_equal(in(PORT_B) & 0x21, 0x21);
	fake_time_advance(ns_of(500));
	assert_int_equal(in(PORT_B) & 0x20, 0x20);
	fake_time_advance(ns_of(2));
	assert_int_equal(in(PORT_B) & 0x20, 0);
	fake_time_advance(ns_of(500));
	assert_int_equal(in(PORT_B) & 0x20, 0x20);
	out(PORT_B, 0);			/* gate off: high */
	fake_time_advance(ns_of(600));
	assert_int_equal(in(PORT_B) & 0x21, 0x20);
}

static void test_triggered(void **state)
{
	program(2, 1, 1000);
	assert_int_equal(read_status(2), 0xf2);
	out(PORT_B, 1);
	assert_int_equal(read_status(2), 0x32);
	fake_time_advance(ns_of(999) - 1000);
	out(PORT_B, 0);
	out(PORT_B, 1);			/* once more from the beginning */
	fake_time_advance(ns_of(900));
	assert_int_equal(read_status(2), 0x32);
	fake_time_advance(ns_of(101));
	assert_int_equal(read_status(2), 0xb2);
	/* Nothing triggers channel 0. */
	program(0, 1, 10);
	assert_int_equal(fake_time_advance(SECOND), 0);
}

/* Linux's calibration: mode 0 on channel 2 and the output in port 0x61. */
static void test_calibration(void **state)
{
	const u16 latch = LULL_PIT_HZ / 100;
	unsigned int polls = 0;

	out(PORT_B, (in(PORT_B) & ~2) | 1);
	out(COMMAND, 0xb0);
	write_count(2, latch);
	while (!(in(PORT_B) & 0x20)) {
		fake_time_advance(1000);
		polls++;
	}
	assert_in_range(polls, 9999, 10001);
}

static void test_refresh_toggles(void **state)
{
	unsigned int i, changes = 0;
	u8 last = in(PORT_B) & 0x10;

	for (i = 0; i < 1000; i++) {
		fake_time_advance(1000);
		changes += (in(PORT_B) & 0x10) != last;
		last = in(PORT_B) & 0x10;
	}
	assert_in_range(changes, 65, 67);
	out(PORT_B, 0xff);
	assert_int_equal(in(PORT_B) & 0xcf, 0x0f);
}

/* Any writes at any time: no trap, no storm, never two timers. */
static void test_random(void **state)
{
	static const u16 ports[] = { 0x40, 0x41, 0x42, 0x43, 0x43, 0x61 };
	unsigned long long seed = 7;
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		switch (seed >> 61) {
		case 0 ... 3:
			out(ports[(seed >> 40) % 6], seed >> 32);
			break;
		case 4 ... 5:
			in(ports[(seed >> 40) % 6]);
			break;
		default:
			assert_in_range(fake_time_advance(seed >> 32 & 0xfffff),
					0, 11);
		}
		if (chip.intr)
			take_irq0();
	}
	/* Far in the future, as after a suspended host. */
	fake_time_advance(1ULL << 40);
	fake_time_stall(1ULL << 61);
	for (i = 0; i < 3; i++)
		latch_count(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_silent_at_power_on, setup),
		cmocka_unit_test_setup(test_terminal_count, setup),
		cmocka_unit_test_setup(test_strobe, setup),
		cmocka_unit_test_setup(test_count_zero, setup),
		cmocka_unit_test_setup(test_terminal_count_stops, setup),
		cmocka_unit_test_setup(test_shutdown_withdraws, setup),
		cmocka_unit_test_setup(test_rate_keeps_phase, setup),
		cmocka_unit_test_setup(test_square_ticks, setup),
		cmocka_unit_test_setup(test_lost_ticks, setup),
		cmocka_unit_test_setup(test_rest_ends, setup),
		cmocka_unit_test_setup(test_no_storm, setup),
		cmocka_unit_test_setup(test_rate_new_count, setup),
		cmocka_unit_test_setup(test_late_callback, setup),
		cmocka_unit_test_setup(test_destroy, setup),
		cmocka_unit_test_setup(test_counting, setup),
		cmocka_unit_test_setup(test_latch_holds, setup),
		cmocka_unit_test_setup(test_read_back, setup),
		cmocka_unit_test_setup(test_access_modes, setup),
		cmocka_unit_test_setup(test_bcd, setup),
		cmocka_unit_test_setup(test_square_output, setup),
		cmocka_unit_test_setup(test_triggered, setup),
		cmocka_unit_test_setup(test_calibration, setup),
		cmocka_unit_test_setup(test_refresh_toggles, setup),
		cmocka_unit_test_setup(test_random, setup),
	};

	return cmocka_run_group_tests_name("pit", tests, NULL, NULL);
}
