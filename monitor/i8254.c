// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8254 interval timer and the port 0x61 that belongs to it.
 *
 * Counters are not stepped: what a counter holds follows from the time at
 * which its count was loaded.  Only the output of channel 0 has an effect of
 * its own, the edges of IRQ 0, which an hrtimer makes.
 *
 * A periodic channel 0 loses ticks as the hardware does: ticks that fall due
 * while one waits in the PIC are gone, and the next keeps the phase.  Since
 * they have no effect the timer rests then, until the guest takes the one that
 * waits: a guest that does not run costs the host no interrupts.
 * Periods below PIT_MIN_NS make at most one edge in that time, so that a
 * guest cannot keep the host in its timer interrupt; edges stay at multiples
 * of the period.  One-shot modes need no such floor, for the guest has to
 * exit to start each shot.
 *
 * In mode 3 the falling edge in the middle of the period does not reach the
 * PIC, which would withdraw a tick the guest has not taken yet.
 */
#include <linux/bits.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "monitor/irqchip.h"

#define PIT_CHANNELS		3
#define PIT_SPEAKER_CHANNEL	2
#define PIT_PORT_COMMAND	0x43
#define PIT_PORT_B		0x61

#define PIT_MIN_NS		(100 * NSEC_PER_USEC)

/* Channel 1 of a PC, for the memory refresh, divides by this. */
#define PIT_REFRESH_COUNT	18

/* Control word: channel 3 is the read-back command. */
#define CW_CHANNEL(cw)		((cw) >> 6)
#define CW_READ_BACK		3
#define CW_ACCESS(cw)		((cw) >> 4 & 3)
#define CW_MODE(cw)		((cw) >> 1 & 7)
#define CW_BCD			BIT(0)

/* Read-back command; the first two are active low. */
#define RB_NO_COUNT		BIT(5)
#define RB_NO_STATUS		BIT(4)
#define RB_CHANNEL(n)		BIT((n) + 1)

#define STATUS_OUT		BIT(7)
#define STATUS_NULL		BIT(6)

/* How a channel's 16 bits pass the 8-bit port. */
enum {
	ACCESS_LATCH,		/* not a mode: the counter latch command */
	ACCESS_LOW,
	ACCESS_HIGH,
	ACCESS_BOTH,
};

enum {
	MODE_TERMINAL_COUNT,
	MODE_ONE_SHOT,
	MODE_RATE,
	MODE_SQUARE,
	MODE_SW_STROBE,
	MODE_HW_STROBE,
};

#define PORT_B_GATE		BIT(0)
#define PORT_B_WRITABLE		GENMASK(3, 0)
#define PORT_B_REFRESH		BIT(4)
#define PORT_B_OUT		BIT(5)

static u64 ns_to_ticks(s64 ns)
{
	return ns > 0 ? mul_u64_u32_div(ns, LULL_PIT_HZ, NSEC_PER_SEC) : 0;
}

/* Rounds up: at that time ns_to_ticks() gives @ticks, not one less. */
static u64 ticks_to_ns(u64 ticks)
{
	return mul_u64_u32_div(ticks, NSEC_PER_SEC, LULL_PIT_HZ) + 1;
}

static bool is_periodic(const struct lull_pit_channel *ch)
{
	return ch->mode == MODE_RATE || ch->mode == MODE_SQUARE;
}

static bool is_triggered(const struct lull_pit_channel *ch)
{
	return ch->mode == MODE_ONE_SHOT || ch->mode == MODE_HW_STROBE;
}

static u32 pit_modulus(const struct lull_pit_channel *ch)
{
	return ch->bcd ? 10000 : 0x10000;
}

static u32 from_bcd(u16 v)
{
	return (v >> 12) * 1000 + (v >> 8 & 15) * 100 + (v >> 4 & 15) * 10 +
	       (v & 15);
}

static u16 to_bcd(u32 v)
{
	return v / 1000 % 10 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 |
	       v % 10;
}

/* Clock periods since the count in force was loaded. */
static u64 pit_elapsed(const struct lull_pit_channel *ch, ktime_t now)
{
	if (ch->stopped)
		return ch->frozen;
	return ns_to_ticks(ktime_to_ns(ktime_sub(now, ch->start)));
}

static void pit_start(struct lull_pit_channel *ch, ktime_t start, u32 count)
{
	ch->start = start;
	ch->count = count;
	ch->next_count = 0;
	ch->running = true;
	ch->stopped = !ch->gate && !is_triggered(ch);
	ch->frozen = 0;
}

/* Load the next count if the period it waits for is over. */
static void pit_settle(struct lull_pit_channel *ch, ktime_t now)
{
	if (!ch->running || ch->stopped || !ch->next_count || !is_periodic(ch))
		return;
	if (pit_elapsed(ch, now) >= ch->count)
		pit_start(ch, ktime_add_ns(ch->start, ticks_to_ns(ch->count)),
			  ch->next_count);
}

static bool pit_output(const struct lull_pit_channel *ch, ktime_t now)
{
	u64 ticks;

	if (!ch->running)
		return ch->mode != MODE_TERMINAL_COUNT;
	ticks = pit_elapsed(ch, now);
	switch (ch->mode) {
	case MODE_RATE:
		return ch->stopped || ticks % ch->count != ch->count - 1;
	case MODE_SQUARE:
		return ch->stopped || ticks % ch->count < (ch->count + 1) / 2;
	case MODE_SW_STROBE:
	case MODE_HW_STROBE:
		return ticks != ch->count;
	default:
		return ticks >= ch->count;
	}
}

/* What the counting element holds, as the guest reads it. */
static u16 pit_value(const struct lull_pit_channel *ch, ktime_t now)
{
	u32 modulus = pit_modulus(ch);
	u32 value = ch->count;
	u64 ticks;

	if (ch->running) {
		ticks = pit_elapsed(ch, now);
		if (ch->mode == MODE_RATE)
			value -= ticks % ch->count;
		else if (ch->mode == MODE_SQUARE)
			value = (value - 2 * ticks % ch->count) & ~1U;
		else
			value += modulus - ticks % modulus;
	}
	value %= modulus;
	return ch->bcd ? to_bcd(value) : value;
}

static void pit_disarm(struct lull_irqchip *chip)
{
	chip->timer_rests = false;
	if (!chip->timer_armed)
		return;
	chip->timer_armed = false;
	hrtimer_try_to_cancel(&chip->timer);
}

/* Clock periods from the load of channel 0's count to its next edge. */
static u64 pit_next_edge(const struct lull_pit_channel *ch, ktime_t now)
{
	ktime_t earliest = now;

	if (!is_periodic(ch))
		return ch->count + (ch->mode == MODE_SW_STROBE);
	if (ticks_to_ns(ch->count) < PIT_MIN_NS)
		earliest = ktime_add_ns(now, PIT_MIN_NS);
	return (pit_elapsed(ch, earliest) / ch->count + 1) * ch->count;
}

/* Have the timer make the next rising edge of channel 0. */
static void pit_arm(struct lull_irqchip *chip, ktime_t now)
{
	struct lull_pit_channel *ch = &chip->channel[0];

	chip->timer_expires = ktime_add_ns(ch->start,
					   ticks_to_ns(pit_next_edge(ch, now)));
	chip->timer_armed = true;
	hrtimer_start(&chip->timer, chip->timer_expires, HRTIMER_MODE_ABS_HARD);
}

/*
 * The callback never returns HRTIMER_RESTART: the guest may have started the
 * timer anew, with another time, while the callback waited for the lock.
 */
static enum hrtimer_restart pit_timer(struct hrtimer *timer)
{
	struct lull_irqchip *chip =
		container_of(timer, struct lull_irqchip, timer);
	struct lull_pit_channel *ch = &chip->channel[0];
	unsigned long flags;
	ktime_t now;
	bool waits;

	raw_spin_lock_irqsave(&chip->lock, flags);
	WRITE_ONCE(chip->timer_fires, chip->timer_fires + 1);
	now = ktime_get();
	if (chip->timer_armed && !ktime_before(now, chip->timer_expires)) {
		chip->timer_armed = false;
		waits = lull_pic_waits(chip, LULL_PIT_IRQ);
		lull_pic_pulse(chip, LULL_PIT_IRQ);
		pit_settle(ch, now);
		if (is_periodic(ch) && waits)
			chip->timer_rests = true;
		else if (is_periodic(ch))
			pit_arm(chip, now);
	}
	raw_spin_unlock_irqrestore(&chip->lock, flags);
	return HRTIMER_NORESTART;
}

static bool is_irq_channel(const struct lull_irqchip *chip,
			   const struct lull_pit_channel *ch)
{
	return ch == &chip->channel[0];
}

/* A control word: the channel waits for its count. */
static void pit_program(struct lull_irqchip *chip, struct lull_pit_channel *ch,
			u8 cw)
{
	bool gate = ch->gate;

	memset(ch, 0, sizeof(*ch));
	ch->gate = gate;
	ch->access = CW_ACCESS(cw);
	ch->mode = CW_MODE(cw);
	if (ch->mode > MODE_HW_STROBE)
		ch->mode &= 3;	/* bit 2 of modes 2 and 3 is free */
	ch->bcd = cw & CW_BCD;
	if (!is_irq_channel(chip, ch))
		return;
	pit_disarm(chip);
	lull_pic_set_line(chip, LULL_PIT_IRQ, ch->mode != MODE_TERMINAL_COUNT);
}

/* Mode 0 stops and its output falls when a new count begins to arrive. */
static void pit_stop_terminal_count(struct lull_irqchip *chip,
				    struct lull_pit_channel *ch)
{
	if (ch->mode != MODE_TERMINAL_COUNT)
		return;
	ch->running = false;
	if (!is_irq_channel(chip, ch))
		return;
	pit_disarm(chip);
	lull_pic_set_line(chip, LULL_PIT_IRQ, false);
}

/* A count has arrived in full. */
static void pit_load(struct lull_irqchip *chip, struct lull_pit_channel *ch,
		     u16 written)
{
	u32 count = ch->bcd ? from_bcd(written) : written;
	ktime_t now = ktime_get();
	u64 whole;

	count = count ?: pit_modulus(ch);
	pit_settle(ch, now);
	if (is_triggered(ch)) {
		ch->next_count = count;
		return;
	}
	if (ch->running && is_periodic(ch)) {
		/* Takes effect at the end of the current period. */
		whole = pit_elapsed(ch, now) / ch->count * ch->count;
		if (whole && !ch->stopped)
			ch->start = ktime_add_ns(ch->start, ticks_to_ns(whole));
		ch->next_count = count;
		return;
	}
	pit_start(ch, now, count);
	if (is_irq_channel(chip, ch))
		pit_arm(chip, now);
}

static void pit_write(struct lull_irqchip *chip, struct lull_pit_channel *ch,
		      u8 data)
{
	if (ch->access == ACCESS_BOTH && !ch->write_high) {
		pit_stop_terminal_count(chip, ch);
		ch->write_low = data;
		ch->write_high = true;
		return;
	}
	pit_stop_terminal_count(chip, ch);
	if (ch->access == ACCESS_LOW)
		pit_load(chip, ch, data);
	else
		pit_load(chip, ch, data << 8 | ch->write_low);
	ch->write_high = false;
}

static u8 pit_read(struct lull_pit_channel *ch, ktime_t now)
{
	bool high = ch->access == ACCESS_HIGH ||
		    (ch->access == ACCESS_BOTH && ch->read_high);
	u16 value;

	if (ch->status_latched) {
		ch->status_latched = false;
		return ch->status;
	}
	if (ch->latch_left) {
		ch->latch_left--;
		value = ch->latched;
	} else {
		value = pit_value(ch, now);
	}
	if (ch->access == ACCESS_BOTH)
		ch->read_high = !ch->read_high;
	return high ? value >> 8 : value;
}

static void pit_latch_count(struct lull_pit_channel *ch, ktime_t now)
{
	if (ch->latch_left)
		return;
	ch->latched = pit_value(ch, now);
	ch->latch_left = ch->access == ACCESS_BOTH ? 2 : 1;
}

static void pit_latch_status(struct lull_pit_channel *ch, ktime_t now)
{
	if (ch->status_latched)
		return;
	ch->status_latched = true;
	ch->status = ch->access << 4 | ch->mode << 1 | ch->bcd;
	if (pit_output(ch, now))
		ch->status |= STATUS_OUT;
	if (!ch->running || ch->next_count)
		ch->status |= STATUS_NULL;
}

static void pit_read_back(struct lull_irqchip *chip, u8 command, ktime_t now)
{
	struct lull_pit_channel *ch;
	unsigned int i;

	for (i = 0; i < PIT_CHANNELS; i++) {
		if (!(command & RB_CHANNEL(i)))
			continue;
		ch = &chip->channel[i];
		pit_settle(ch, now);
		if (!(command & RB_NO_COUNT))
			pit_latch_count(ch, now);
		if (!(command & RB_NO_STATUS))
			pit_latch_status(ch, now);
	}
}

static void pit_command(struct lull_irqchip *chip, u8 cw)
{
	struct lull_pit_channel *ch;
	ktime_t now = ktime_get();

	if (CW_CHANNEL(cw) == CW_READ_BACK) {
		pit_read_back(chip, cw, now);
		return;
	}
	ch = &chip->channel[CW_CHANNEL(cw)];
	if (CW_ACCESS(cw) != ACCESS_LATCH) {
		pit_program(chip, ch, cw);
		return;
	}
	pit_settle(ch, now);
	pit_latch_count(ch, now);
}

/* The gate input; those of channels 0 and 1 are wired high. */
static void pit_set_gate(struct lull_pit_channel *ch, bool gate)
{
	bool rises = gate && !ch->gate;
	ktime_t now = ktime_get();

	pit_settle(ch, now);
	if (!gate && ch->gate && ch->running && !is_triggered(ch)) {
		ch->frozen = pit_elapsed(ch, now);
		ch->stopped = true;
	}
	ch->gate = gate;
	if (!rises)
		return;
	if (is_triggered(ch) || (ch->running && is_periodic(ch))) {
		/* A trigger: the count is loaded (again). */
		if (ch->next_count || ch->count)
			pit_start(ch, now, ch->next_count ?: ch->count);
	} else if (ch->stopped) {
		ch->start = ktime_sub_ns(now, ticks_to_ns(ch->frozen));
		ch->stopped = false;
	}
}

static u8 port_b_read(struct lull_irqchip *chip)
{
	struct lull_pit_channel *ch = &chip->channel[PIT_SPEAKER_CHANNEL];
	ktime_t now = ktime_get();
	u8 data = chip->speaker;

	pit_settle(ch, now);
	if (pit_output(ch, now))
		data |= PORT_B_OUT;
	/* Toggles with each refresh; old delay loops count that. */
	if (ns_to_ticks(ktime_to_ns(now)) / PIT_REFRESH_COUNT & 1)
		data |= PORT_B_REFRESH;
	return data;
}

static void port_b_write(struct lull_irqchip *chip, u8 data)
{
	chip->speaker = data & PORT_B_WRITABLE;
	pit_set_gate(&chip->channel[PIT_SPEAKER_CHANNEL], data & PORT_B_GATE);
}

/**
 * lull_pit_in() - the guest reads a port
 * @chip:	the interrupt hardware, @chip->lock held
 * @port:	0x40 to 0x43 or 0x61
 *
 * Return: the byte; the command port cannot be read.
 */
u8 lull_pit_in(struct lull_irqchip *chip, u16 port)
{
	struct lull_pit_channel *ch;
	ktime_t now;

	lockdep_assert_held(&chip->lock);
	if (port == PIT_PORT_B)
		return port_b_read(chip);
	if (port == PIT_PORT_COMMAND)
		return 0xff;
	ch = &chip->channel[(port & 3) % PIT_CHANNELS];
	now = ktime_get();
	pit_settle(ch, now);
	return pit_read(ch, now);
}

/**
 * lull_pit_out() - the guest writes a port
 * @chip:	the interrupt hardware, @chip->lock held
 * @port:	0x40 to 0x43 or 0x61
 * @data:	the byte
 */
void lull_pit_out(struct lull_irqchip *chip, u16 port, u8 data)
{
	lockdep_assert_held(&chip->lock);
	if (port == PIT_PORT_B)
		port_b_write(chip, data);
	else if (port == PIT_PORT_COMMAND)
		pit_command(chip, data);
	else
		pit_write(chip, &chip->channel[(port & 3) % PIT_CHANNELS],
			  data);
}

/**
 * lull_pit_init() - the state after power-on
 * @chip:	the interrupt hardware, not yet in use
 *
 * No channel counts.  Outputs are high, as those of mode 3 are.
 */
void lull_pit_init(struct lull_irqchip *chip)
{
	unsigned int i;

	hrtimer_init(&chip->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	chip->timer.function = pit_timer;
	for (i = 0; i < PIT_CHANNELS; i++) {
		chip->channel[i].access = ACCESS_BOTH;
		chip->channel[i].mode = MODE_SQUARE;
		chip->channel[i].gate = i != PIT_SPEAKER_CHANNEL;
	}
}

/**
 * lull_pit_resume() - make edges again if none waits any more
 * @chip:	the interrupt hardware, @chip->lock held
 */
void lull_pit_resume(struct lull_irqchip *chip)
{
	ktime_t now;

	if (!chip->timer_rests || lull_pic_waits(chip, LULL_PIT_IRQ))
		return;
	now = ktime_get();
	chip->timer_rests = false;
	pit_settle(&chip->channel[0], now);
	pit_arm(chip, now);
}

/**
 * lull_pit_stop() - no edges of IRQ 0 from now on
 * @chip:	the interrupt hardware, @chip->lock held
 *
 * The callback may still run, without effect.
 */
void lull_pit_stop(struct lull_irqchip *chip)
{
	pit_disarm(chip);
}
