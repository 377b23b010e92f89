// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt hardware of a VM as the rest of the monitor sees it: ports,
 * lines, and the INTR wire to the processor.
 */
#include <linux/compiler.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "monitor/irqchip.h"

/*
 * Port 0x80 takes POST codes and is written for its delay only.  A guest
 * that does so around each access to the PIT would leave the kernel twice as
 * often as it programs its timer.
 */
#define PORT_DELAY		0x80

enum owner {
	OWNER_NONE,
	OWNER_PIC,
	OWNER_PIT,
	OWNER_DELAY,
};

static enum owner port_owner(u16 port)
{
	switch (port) {
	case 0x20:
	case 0x21:
	case 0xa0:
	case 0xa1:
	case 0x4d0:
	case 0x4d1:
		return OWNER_PIC;
	case 0x40:
	case 0x41:
	case 0x42:
	case 0x43:
	case 0x61:
		return OWNER_PIT;
	case PORT_DELAY:
		return OWNER_DELAY;
	default:
		return OWNER_NONE;
	}
}

/**
 * lull_irqchip_init() - power on
 * @chip:	zeroed
 * @kick:	makes the vCPU that takes interrupts look at INTR; called with
 *		@chip->lock held and interrupts off, from any context
 */
void lull_irqchip_init(struct lull_irqchip *chip,
		       void (*kick)(struct lull_irqchip *chip))
{
	unsigned long flags;

	raw_spin_lock_init(&chip->lock);
	chip->kick = kick;
	lull_pit_init(chip);
	raw_spin_lock_irqsave(&chip->lock, flags);
	lull_pic_reset(chip);
	lull_pic_set_line(chip, LULL_PIT_IRQ, true);
	raw_spin_unlock_irqrestore(&chip->lock, flags);
}

/**
 * lull_irqchip_destroy() - power off
 * @chip:	the interrupt hardware
 *
 * Waits for the timer's callback; @kick is not called afterwards.
 */
void lull_irqchip_destroy(struct lull_irqchip *chip)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&chip->lock, flags);
	lull_pit_stop(chip);
	raw_spin_unlock_irqrestore(&chip->lock, flags);
	hrtimer_cancel(&chip->timer);
}

/**
 * lull_irqchip_owns_port() - is a port served here?
 * @port:	the first port of the access
 *
 * Return: true if lull_irqchip_in() and lull_irqchip_out() serve it.
 */
bool lull_irqchip_owns_port(u16 port)
{
	return port_owner(port) != OWNER_NONE;
}

static u8 in_byte(struct lull_irqchip *chip, u16 port)
{
	switch (port_owner(port)) {
	case OWNER_PIC:
		return lull_pic_in(chip, port);
	case OWNER_PIT:
		return lull_pit_in(chip, port);
	default:
		return 0xff;
	}
}

static void out_byte(struct lull_irqchip *chip, u16 port, u8 data)
{
	switch (port_owner(port)) {
	case OWNER_PIC:
		lull_pic_out(chip, port, data);
		break;
	case OWNER_PIT:
		lull_pit_out(chip, port, data);
		break;
	default:
		break;
	}
}

/**
 * lull_irqchip_in() - the guest reads a port
 * @chip:	the interrupt hardware
 * @port:	one that lull_irqchip_owns_port()
 * @size:	1, 2 or 4 bytes; a wide access is split, as on the ISA bus
 *
 * Return: the data, with bits above @size 0.
 */
u32 lull_irqchip_in(struct lull_irqchip *chip, u16 port, unsigned int size)
{
	unsigned long flags;
	unsigned int i;
	u32 data = 0;

	raw_spin_lock_irqsave(&chip->lock, flags);
	for (i = 0; i < size; i++)
		data |= (u32)in_byte(chip, port + i) << (8 * i);
	lull_pit_resume(chip);
	raw_spin_unlock_irqrestore(&chip->lock, flags);
	return data;
}

/**
 * lull_irqchip_out() - the guest writes a port
 * @chip:	the interrupt hardware
 * @port:	one that lull_irqchip_owns_port()
 * @size:	1, 2 or 4 bytes
 * @data:	the value
 */
void lull_irqchip_out(struct lull_irqchip *chip, u16 port, unsigned int size,
		      u32 data)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&chip->lock, flags);
	for (i = 0; i < size; i++)
		out_byte(chip, port + i, data >> (8 * i));
	lull_pit_resume(chip);
	raw_spin_unlock_irqrestore(&chip->lock, flags);
}

/**
 * lull_irqchip_set_line() - a device drives its interrupt line
 * @chip:	the interrupt hardware
 * @irq:	0 to 15, not 2
 * @level:	high or low
 */
void lull_irqchip_set_line(struct lull_irqchip *chip, unsigned int irq,
			   bool level)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&chip->lock, flags);
	lull_pic_set_line(chip, irq, level);
	raw_spin_unlock_irqrestore(&chip->lock, flags);
}

/**
 * lull_irqchip_ack() - the processor takes an interrupt
 * @chip:	the interrupt hardware
 *
 * To be called only after @chip->intr was seen set.  If the request
 * has gone since, the result is the spurious vector of IRQ 7, as from the
 * hardware.
 *
 * Return: the vector.
 */
int lull_irqchip_ack(struct lull_irqchip *chip)
{
	unsigned long flags;
	int vector;

	raw_spin_lock_irqsave(&chip->lock, flags);
	vector = lull_pic_ack(chip);
	lull_pit_resume(chip);
	raw_spin_unlock_irqrestore(&chip->lock, flags);
	return vector;
}
