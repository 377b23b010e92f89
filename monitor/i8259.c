// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two cascaded 8259A interrupt controllers, wired as in a PC.
 *
 * As in the data sheet, also in edge mode, an input has to stay high until
 * the processor acknowledges: falling earlier withdraws the request.  An
 * acknowledge that comes after the withdrawal gets the spurious vector of
 * input 7.
 */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/string.h>

#include "monitor/irqchip.h"

#define PIC_MASTER		0
#define PIC_SLAVE		1
#define PIC_CASCADE		2	/* the master's input for the slave */
#define PIC_SPURIOUS		7
#define PIC_INPUTS		8

/* Bits of ICW1, ICW4, OCW3, by their names in the data sheet. */
#define ICW1_IC4		BIT(0)
#define ICW1_SNGL		BIT(1)
#define ICW1_SELECT		BIT(4)
#define ICW4_AEOI		BIT(1)
#define ICW4_SFNM		BIT(4)
#define OCW3_SELECT		BIT(3)
#define OCW3_RIS		BIT(0)
#define OCW3_RR			BIT(1)
#define OCW3_POLL		BIT(2)
#define OCW3_SMM		BIT(5)
#define OCW3_ESMM		BIT(6)

#define POLL_PENDING		BIT(7)

/* OCW2 bits 7 to 5: R, SL, EOI. */
enum {
	OCW2_ROTATE_AEOI_CLEAR,
	OCW2_EOI,
	OCW2_NOP,
	OCW2_EOI_SPECIFIC,
	OCW2_ROTATE_AEOI_SET,
	OCW2_ROTATE_EOI,
	OCW2_SET_PRIORITY,
	OCW2_ROTATE_EOI_SPECIFIC,
};

/* Inputs the ELCR of a PC cannot make level-triggered: 0, 1, 2, 8 and 13. */
static const u8 elcr_mask[] = { 0xf8, 0xde };

/* Most urgent input of @bits, PIC_INPUTS if there is none; 0 is the top. */
static unsigned int pic_rank(const struct lull_pic *pic, u8 bits)
{
	u32 rotated = ((u32)bits << PIC_INPUTS | bits) >> pic->top & 0xff;

	return rotated ? __ffs(rotated) : PIC_INPUTS;
}

static unsigned int pic_input_of_rank(const struct lull_pic *pic,
				      unsigned int rank)
{
	return (rank + pic->top) % PIC_INPUTS;
}

static bool is_master(const struct lull_irqchip *chip,
		      const struct lull_pic *pic)
{
	return pic == &chip->pic[PIC_MASTER];
}

/* The inputs in service that hold back @input and less urgent ones. */
static u8 pic_blocking(const struct lull_irqchip *chip,
		       const struct lull_pic *pic, unsigned int input)
{
	u8 bits = pic->isr;

	if (pic->special_mask)
		bits &= ~pic->imr;
	/* The slave sorts out among its own inputs. */
	if (pic->nested && is_master(chip, pic) && input == PIC_CASCADE)
		bits &= ~BIT(PIC_CASCADE);
	return bits;
}

/* The input the chip asks the processor to serve, or -1. */
static int pic_request(const struct lull_irqchip *chip,
		       const struct lull_pic *pic)
{
	unsigned int rank = pic_rank(pic, pic->irr & ~pic->imr);
	unsigned int input;

	if (pic->init_state || rank == PIC_INPUTS)
		return -1;
	input = pic_input_of_rank(pic, rank);
	if (rank >= pic_rank(pic, pic_blocking(chip, pic, input)))
		return -1;
	return input;
}

static void pic_drive(struct lull_pic *pic, unsigned int input, bool level)
{
	u8 bit = BIT(input);

	if (!level) {
		pic->irr &= ~bit;
		pic->lines &= ~bit;
		return;
	}
	if (pic->elcr & bit || !(pic->lines & bit))
		pic->irr |= bit;
	pic->lines |= bit;
}

/* Bring the outputs up to date after anything has changed. */
static void pic_update(struct lull_irqchip *chip)
{
	bool intr;

	pic_drive(&chip->pic[PIC_MASTER], PIC_CASCADE,
		  pic_request(chip, &chip->pic[PIC_SLAVE]) >= 0);
	intr = pic_request(chip, &chip->pic[PIC_MASTER]) >= 0;
	if (intr == chip->intr)
		return;
	WRITE_ONCE(chip->intr, intr);
	if (intr)
		chip->kick(chip);
}

/* An INTA cycle, or a poll: the input, or -1 if the request is gone. */
static int pic_accept(struct lull_irqchip *chip, struct lull_pic *pic)
{
	int input = pic_request(chip, pic);

	if (input < 0)
		return -1;
	if (!(pic->elcr & BIT(input)))
		pic->irr &= ~BIT(input);
	if (!pic->auto_eoi)
		pic->isr |= BIT(input);
	else if (pic->rotate_on_auto_eoi)
		pic->top = (input + 1) % PIC_INPUTS;
	/*
	 * INT falls with the acknowledge: what else the slave has is a new
	 * edge for the master.
	 */
	if (!is_master(chip, pic))
		pic_drive(&chip->pic[PIC_MASTER], PIC_CASCADE, false);
	return input;
}

/**
 * lull_pic_ack() - the processor's interrupt acknowledge
 * @chip:	the pair, @chip->lock held
 *
 * Return: the vector.
 */
int lull_pic_ack(struct lull_irqchip *chip)
{
	struct lull_pic *pic = &chip->pic[PIC_MASTER];
	int input;

	lockdep_assert_held(&chip->lock);
	input = pic_accept(chip, pic);
	if (input == PIC_CASCADE && !pic->single) {
		pic = &chip->pic[PIC_SLAVE];
		input = pic_accept(chip, pic);
	}
	if (input < 0)
		input = PIC_SPURIOUS;
	pic_update(chip);
	return pic->vector_base | input;
}

/**
 * lull_pic_set_line() - an interrupt line changes
 * @chip:	the pair, @chip->lock held
 * @irq:	0 to 15; 2 is the cascade and not for devices
 * @level:	high or low
 */
void lull_pic_set_line(struct lull_irqchip *chip, unsigned int irq, bool level)
{
	lockdep_assert_held(&chip->lock);
	pic_drive(&chip->pic[irq / PIC_INPUTS % 2], irq % PIC_INPUTS, level);
	pic_update(chip);
}

/**
 * lull_pic_pulse() - an interrupt line falls and rises at once
 * @chip:	the pair, @chip->lock held
 * @irq:	0 to 15
 *
 * Ends with the line high.  A request that still waits absorbs the pulse:
 * INTR does not move and nobody is kicked.
 */
void lull_pic_pulse(struct lull_irqchip *chip, unsigned int irq)
{
	struct lull_pic *pic = &chip->pic[irq / PIC_INPUTS % 2];

	lockdep_assert_held(&chip->lock);
	pic_drive(pic, irq % PIC_INPUTS, false);
	pic_drive(pic, irq % PIC_INPUTS, true);
	pic_update(chip);
}

/**
 * lull_pic_waits() - does a request wait to be taken?
 * @chip:	the pair, @chip->lock held
 * @irq:	0 to 15
 *
 * Return: whether it does, masked or not.
 */
bool lull_pic_waits(const struct lull_irqchip *chip, unsigned int irq)
{
	return chip->pic[irq / PIC_INPUTS % 2].irr & BIT(irq % PIC_INPUTS);
}

/**
 * lull_pic_reset() - the state after power-on
 * @chip:	the pair, @chip->lock held
 *
 * The data sheet leaves it undefined.  Here all inputs are masked and it
 * takes an initialization to get an interrupt, as after a firmware that has
 * used none.
 */
void lull_pic_reset(struct lull_irqchip *chip)
{
	memset(chip->pic, 0, sizeof(chip->pic));
	chip->pic[PIC_MASTER].imr = 0xff;
	chip->pic[PIC_SLAVE].imr = 0xff;
	WRITE_ONCE(chip->intr, false);
}

static void pic_icw1(struct lull_pic *pic, u8 data)
{
	/* Edge inputs that are high need a new edge. */
	pic->irr &= pic->elcr;
	pic->isr = 0;
	pic->imr = 0;
	pic->top = 0;
	pic->read_isr = false;
	pic->poll = false;
	pic->auto_eoi = false;
	pic->nested = false;
	pic->special_mask = false;
	pic->rotate_on_auto_eoi = false;
	pic->icw4 = data & ICW1_IC4;
	pic->single = data & ICW1_SNGL;
	pic->init_state = 2;
}

/* ICW2 to ICW4, in the order of the data port. */
static void pic_icw(struct lull_pic *pic, u8 data)
{
	switch (pic->init_state) {
	case 2:
		pic->vector_base = data & 0xf8;
		pic->init_state = pic->single ? 4 : 3;
		break;
	case 3:		/* the wiring of the cascade, which is fixed */
		pic->init_state = 4;
		break;
	case 4:
		pic->auto_eoi = data & ICW4_AEOI;
		pic->nested = data & ICW4_SFNM;
		pic->init_state = 0;
		return;
	}
	if (pic->init_state == 4 && !pic->icw4)
		pic->init_state = 0;
}

static void pic_eoi(struct lull_pic *pic, unsigned int input, bool rotate)
{
	pic->isr &= ~BIT(input);
	if (rotate)
		pic->top = (input + 1) % PIC_INPUTS;
}

static void pic_eoi_highest(struct lull_pic *pic, bool rotate)
{
	u8 bits = pic->special_mask ? pic->isr & ~pic->imr : pic->isr;
	unsigned int rank = pic_rank(pic, bits);

	if (rank < PIC_INPUTS)
		pic_eoi(pic, pic_input_of_rank(pic, rank), rotate);
}

static void pic_ocw2(struct lull_pic *pic, u8 data)
{
	unsigned int input = data & 7;

	switch (data >> 5) {
	case OCW2_ROTATE_AEOI_CLEAR:
	case OCW2_ROTATE_AEOI_SET:
		pic->rotate_on_auto_eoi = data >> 5 == OCW2_ROTATE_AEOI_SET;
		break;
	case OCW2_EOI:
	case OCW2_ROTATE_EOI:
		pic_eoi_highest(pic, data >> 5 == OCW2_ROTATE_EOI);
		break;
	case OCW2_EOI_SPECIFIC:
	case OCW2_ROTATE_EOI_SPECIFIC:
		pic_eoi(pic, input, data >> 5 == OCW2_ROTATE_EOI_SPECIFIC);
		break;
	case OCW2_SET_PRIORITY:
		pic->top = (input + 1) % PIC_INPUTS;
		break;
	case OCW2_NOP:
		break;
	}
}

static void pic_ocw3(struct lull_pic *pic, u8 data)
{
	if (data & OCW3_ESMM)
		pic->special_mask = data & OCW3_SMM;
	if (data & OCW3_POLL)
		pic->poll = true;
	else if (data & OCW3_RR)
		pic->read_isr = data & OCW3_RIS;
}

static void pic_write(struct lull_pic *pic, bool data_port, u8 data)
{
	if (data_port && pic->init_state)
		pic_icw(pic, data);
	else if (data_port)
		pic->imr = data;
	else if (data & ICW1_SELECT)
		pic_icw1(pic, data);
	else if (data & OCW3_SELECT)
		pic_ocw3(pic, data);
	else
		pic_ocw2(pic, data);
}

static u8 pic_read(struct lull_irqchip *chip, struct lull_pic *pic,
		   bool data_port)
{
	int input;

	if (pic->poll) {
		pic->poll = false;
		input = pic_accept(chip, pic);
		pic_update(chip);
		return input < 0 ? 0 : POLL_PENDING | input;
	}
	if (data_port)
		return pic->imr;
	return pic->read_isr ? pic->isr : pic->irr;
}

static void elcr_write(struct lull_pic *pic, u8 elcr)
{
	pic->elcr = elcr;
	/* A level input requests while it is high, whatever was before. */
	pic->irr |= pic->lines & elcr;
}

/**
 * lull_pic_in() - the guest reads a port
 * @chip:	the pair, @chip->lock held
 * @port:	0x20, 0x21, 0xa0, 0xa1, 0x4d0 or 0x4d1
 *
 * Return: the byte.
 */
u8 lull_pic_in(struct lull_irqchip *chip, u16 port)
{
	lockdep_assert_held(&chip->lock);
	if (port >= 0x4d0)
		return chip->pic[port & 1].elcr;
	return pic_read(chip, &chip->pic[!!(port & 0x80)], port & 1);
}

/**
 * lull_pic_out() - the guest writes a port
 * @chip:	the pair, @chip->lock held
 * @port:	as for lull_pic_in()
 * @data:	the byte
 */
void lull_pic_out(struct lull_irqchip *chip, u16 port, u8 data)
{
	lockdep_assert_held(&chip->lock);
	if (port >= 0x4d0)
		elcr_write(&chip->pic[port & 1], data & elcr_mask[port & 1]);
	else
		pic_write(&chip->pic[!!(port & 0x80)], port & 1, data);
	pic_update(chip);
}
