/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PIC pair and the PIT, in the kernel.
 *
 * One lock, taken with interrupts off: the PIT's hrtimer raises IRQ 0 from
 * hard-interrupt context.
 */
#ifndef LULL_IRQCHIP_H
#define LULL_IRQCHIP_H

#include <linux/compiler.h>
#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define LULL_PIT_HZ		1193182
#define LULL_PIT_IRQ		0

/**
 * struct lull_pic - one 8259A
 * @irr:	requests
 * @isr:	in service
 * @imr:	masked
 * @lines:	level of each input
 * @elcr:	inputs that are level-triggered
 * @vector_base: ICW2
 * @init_state:	which ICW comes next, 0 when initialized
 * @top:	the input with the highest priority
 * @read_isr:	OCW3: reads of the command port give the ISR
 * @poll:	OCW3: the next read is a poll
 * @auto_eoi:	ICW4
 * @nested:	ICW4: special fully nested mode
 * @special_mask: OCW3
 * @rotate_on_auto_eoi: OCW2
 * @icw4:	ICW1 announced an ICW4
 * @single:	ICW1: there is no cascade, and no ICW3
 */
struct lull_pic {
	u8 irr;
	u8 isr;
	u8 imr;
	u8 lines;
	u8 elcr;
	u8 vector_base;
	u8 init_state;
	u8 top;
	bool read_isr;
	bool poll;
	bool auto_eoi;
	bool nested;
	bool special_mask;
	bool rotate_on_auto_eoi;
	bool icw4;
	bool single;
};

/**
 * struct lull_pit_channel - one counter of the 8254
 * @start:	when the count in force was loaded; while @frozen is valid,
 *		meaningless
 * @frozen:	clock periods counted when the gate stopped the counter
 * @count:	the count in force, 1 to 0x10000
 * @next_count:	loaded at the end of the period (modes 2 and 3) or by the next
 *		trigger (modes 1 and 5); 0 if there is none
 * @latched:	value of a counter latch command
 * @latch_left:	bytes of @latched not yet read
 * @status_latched: a read-back command latched @status
 * @status:	latched status byte
 * @access:	bytes read and written: 1 low, 2 high, 3 low then high
 * @read_high:	the next byte to read is the high one
 * @write_high:	the next byte to write is the high one
 * @write_low:	low byte of a two-byte write
 * @mode:	0 to 5
 * @bcd:	counts in BCD
 * @gate:	level of the gate input
 * @running:	a count is in force, and it was triggered if it has to be
 * @stopped:	the gate holds the counter at @frozen
 */
struct lull_pit_channel {
	ktime_t start;
	u64 frozen;
	u32 count;
	u32 next_count;
	u16 latched;
	u8 latch_left;
	bool status_latched;
	u8 status;
	u8 access;
	bool read_high;
	bool write_high;
	u8 write_low;
	u8 mode;
	bool bcd;
	bool gate;
	bool running;
	bool stopped;
};

/**
 * struct lull_irqchip - interrupt hardware of one VM
 * @lock:	guards everything below
 * @pic:	master and slave
 * @intr:	level of the master's INTR output; read without @lock
 * @channel:	the PIT's counters
 * @timer:	makes the edges of IRQ 0
 * @timer_armed: @timer has an edge to make, at @timer_expires.  A callback
 *		that already runs when the guest stops channel 0 cannot be
 *		cancelled under @lock; it finds this false.
 * @timer_expires: the time of that edge
 * @timer_fires: how often @timer did; read without @lock
 * @timer_rests: @timer would make edges, but one waits already
 * @speaker:	port 0x61 bits the guest wrote
 * @kick:	called, with @lock held, when @intr rises; must not sleep
 */
struct lull_irqchip {
	raw_spinlock_t lock;
	struct lull_pic pic[2];
	bool intr;
	struct lull_pit_channel channel[3];
	struct hrtimer timer;
	bool timer_armed;
	ktime_t timer_expires;
	u64 timer_fires;
	bool timer_rests;
	u8 speaker;
	void (*kick)(struct lull_irqchip *chip);
};

void lull_irqchip_init(struct lull_irqchip *chip,
		       void (*kick)(struct lull_irqchip *chip));
void lull_irqchip_destroy(struct lull_irqchip *chip);
bool lull_irqchip_owns_port(u16 port);
u32 lull_irqchip_in(struct lull_irqchip *chip, u16 port, unsigned int size);
void lull_irqchip_out(struct lull_irqchip *chip, u16 port, unsigned int size,
		      u32 data);
void lull_irqchip_set_line(struct lull_irqchip *chip, unsigned int irq,
			   bool level);
int lull_irqchip_ack(struct lull_irqchip *chip);

/* i8259.c, for irqchip.c and i8254.c: @chip->lock held */
void lull_pic_reset(struct lull_irqchip *chip);
u8 lull_pic_in(struct lull_irqchip *chip, u16 port);
void lull_pic_out(struct lull_irqchip *chip, u16 port, u8 data);
void lull_pic_set_line(struct lull_irqchip *chip, unsigned int irq, bool level);
void lull_pic_pulse(struct lull_irqchip *chip, unsigned int irq);
int lull_pic_ack(struct lull_irqchip *chip);
bool lull_pic_waits(const struct lull_irqchip *chip, unsigned int irq);
/* i8254.c, for irqchip.c: @chip->lock held, but for lull_pit_init() */
void lull_pit_init(struct lull_irqchip *chip);
void lull_pit_stop(struct lull_irqchip *chip);
void lull_pit_resume(struct lull_irqchip *chip);
u8 lull_pit_in(struct lull_irqchip *chip, u16 port);
void lull_pit_out(struct lull_irqchip *chip, u16 port, u8 data);

#endif /* LULL_IRQCHIP_H */
