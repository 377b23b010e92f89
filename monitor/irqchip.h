/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PIC pair and the PIT, in the kernel.
 *
 * One lock, taken with interrupts off: the PIT's hrtimer raises IRQ 0 from
 * hard-interrupt context.
 */
#ifndef LULL_IRQCHIP_H
#define LULL_IRQCHIP_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct lull_pic - one 8259A
 * @irr:	requests
 * @isr:	in service
 * @imr:	masked
 * @lines:	level of each input
 * @elcr:	inputs that are level-triggered
 * @vector_base: ICW2
 * @init_state:	which ICW comes next, 0 when initialized
 * @read_isr:	OCW3: reads of the command port give the ISR
 * @poll:	OCW3: the next read is a poll
 * @auto_eoi:	ICW4
 * @special_mask: OCW3
 * @rotate_on_auto_eoi: OCW2
 * @icw4:	ICW1 announced an ICW4
 * @priority_add: highest priority input
 */
struct lull_pic {
	u8 irr;
	u8 isr;
	u8 imr;
	u8 lines;
	u8 elcr;
	u8 vector_base;
	u8 init_state;
	u8 priority_add;
	bool read_isr;
	bool poll;
	bool auto_eoi;
	bool special_mask;
	bool rotate_on_auto_eoi;
	bool icw4;
};

/**
 * struct lull_pit_channel - one counter of the 8254
 * @start:	when counting began
 * @count:	reload value, 1 to 0x10000
 * @latched:	value of a counter latch or status latch command
 * @latch_state: what a read gives next
 * @status_latched: a read-back command latched @status
 * @status:	latched status byte
 * @rw_mode:	lobyte, hibyte or both
 * @rw_read:	next byte to read
 * @rw_write:	next byte to write
 * @write_low:	low byte of a two-byte write
 * @mode:	0 to 5
 * @bcd:	BCD counting was asked for
 * @gate:	level of the gate input
 */
struct lull_pit_channel {
	ktime_t start;
	u32 count;
	u16 latched;
	u8 latch_state;
	bool status_latched;
	u8 status;
	u8 rw_mode;
	u8 rw_read;
	u8 rw_write;
	u8 write_low;
	u8 mode;
	bool bcd;
	bool gate;
};

/**
 * struct lull_irqchip - interrupt hardware of one VM
 * @lock:	guards everything below
 * @pic:	master and slave
 * @intr:	level of the master's INTR output; read without @lock
 * @channel:	the PIT's counters
 * @timer:	IRQ 0 of channel 0
 * @speaker:	port 0x61 bits the guest wrote
 * @kick:	called, with @lock held, when @intr rises; must not sleep
 */
struct lull_irqchip {
	raw_spinlock_t lock;
	struct lull_pic pic[2];
	bool intr;
	struct lull_pit_channel channel[3];
	struct hrtimer timer;
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
bool lull_irqchip_pending(const struct lull_irqchip *chip);
int lull_irqchip_ack(struct lull_irqchip *chip);

/* i8259.c, for irqchip.c and i8254.c: @chip->lock held */
void lull_pic_reset(struct lull_irqchip *chip);
u8 lull_pic_in(struct lull_irqchip *chip, u16 port);
void lull_pic_out(struct lull_irqchip *chip, u16 port, u8 data);
void lull_pic_set_line(struct lull_irqchip *chip, unsigned int irq, bool level);
/* i8254.c, for irqchip.c: @chip->lock held */
void lull_pit_reset(struct lull_irqchip *chip);
u8 lull_pit_in(struct lull_irqchip *chip, u16 port);
void lull_pit_out(struct lull_irqchip *chip, u16 port, u8 data);

#endif /* LULL_IRQCHIP_H */
