// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PIC pair, through its ports and lines.
 */
#include <linux/kernel.h>
#include <string.h>

#include "cmocka_all.h"
#include "fake_hrtimer.h"
#include "monitor/irqchip.h"

#define MASTER		0x20
#define SLAVE		0xa0
#define MASTER_BASE	0x30
#define SLAVE_BASE	0x38
#define ELCR1		0x4d0
#define ELCR2		0x4d1

#define EOI		0x20
#define EOI_OF(n)	(0x60 | (n))
#define READ_IRR	0x0a
#define READ_ISR	0x0b
#define POLL		0x0c
#define SET_SMM		0x68
#define CLEAR_SMM	0x48

static struct lull_irqchip chip;
static unsigned int kicks;

static void count_kick(struct lull_irqchip *c)
{
	assert_ptr_equal(c, &chip);
	assert_true(c->lock.held);
	assert_true(c->intr);
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

static void line(unsigned int irq, bool level)
{
	lull_irqchip_set_line(&chip, irq, level);
}

static void init_one(u16 port, u8 icw1, u8 base, u8 icw3, u8 icw4)
{
	out(port, icw1);
	out(port + 1, base);
	if (!(icw1 & 2))
		out(port + 1, icw3);
	if (icw1 & 1)
		out(port + 1, icw4);
}

static void init_pair(u8 icw4)
{
	init_one(MASTER, 0x11, MASTER_BASE, 1 << 2, icw4);
	init_one(SLAVE, 0x11, SLAVE_BASE, 2, icw4);
}

static int setup(void **state)
{
	(void)state;
	memset(&chip, 0, sizeof(chip));
	fake_time_reset(0);
	lull_irqchip_init(&chip, count_kick);
	init_pair(1);
	kicks = 0;
	return 0;
}

static void expect_vector(int vector)
{
	assert_true(chip.intr);
	assert_int_equal(lull_irqchip_ack(&chip), vector);
}

static void expect_quiet(void)
{
	assert_false(chip.intr);
}

/* What a request needs, from the line to its EOI. */
static void test_edge(void **state)
{
	line(4, true);
	assert_int_equal(kicks, 1);
	assert_int_equal(in(MASTER), 0x10);
	expect_vector(MASTER_BASE + 4);
	assert_int_equal(in(MASTER), 0);
	out(MASTER, READ_ISR);
	assert_int_equal(in(MASTER), 0x10);
	expect_quiet();
	out(MASTER, EOI);
	assert_int_equal(in(MASTER), 0);
	/* The line is still high, but that is no edge. */
	expect_quiet();
	line(4, true);
	expect_quiet();
	line(4, false);
	line(4, true);
	expect_vector(MASTER_BASE + 4);
	assert_int_equal(kicks, 2);
}

static void test_level(void **state)
{
	out(ELCR1, 0xff);
	out(ELCR2, 0xff);
	assert_int_equal(in(ELCR1), 0xf8);
	assert_int_equal(in(ELCR2), 0xde);
	line(5, true);
	expect_vector(MASTER_BASE + 5);
	expect_quiet();
	out(MASTER, EOI);
	/* Still high: once more. */
	expect_vector(MASTER_BASE + 5);
	line(5, false);
	out(MASTER, EOI);
	expect_quiet();
}

static void test_elcr_after_line(void **state)
{
	line(10, true);
	expect_vector(SLAVE_BASE + 2);
	out(SLAVE, EOI);
	out(MASTER, EOI);
	expect_quiet();
	out(ELCR2, 0x04);
	expect_vector(SLAVE_BASE + 2);
}

/* A request that waits is nobody's business twice. */
static void test_kick_on_rise_only(void **state)
{
	line(4, true);
	line(3, true);
	line(1, true);
	assert_int_equal(kicks, 1);
	expect_vector(MASTER_BASE + 1);
	expect_quiet();
	out(MASTER, EOI);
	assert_int_equal(kicks, 2);
	expect_vector(MASTER_BASE + 3);
}

static void test_priority_nests(void **state)
{
	line(4, true);
	expect_vector(MASTER_BASE + 4);
	line(5, true);
	expect_quiet();
	line(3, true);
	expect_vector(MASTER_BASE + 3);
	out(MASTER, EOI);	/* of 3 */
	expect_quiet();
	out(MASTER, EOI);	/* of 4 */
	expect_vector(MASTER_BASE + 5);
}

static void test_mask(void **state)
{
	out(MASTER + 1, 0x10);
	assert_int_equal(in(MASTER + 1), 0x10);
	line(4, true);
	expect_quiet();
	assert_int_equal(in(MASTER), 0x10);
	out(MASTER + 1, 0);
	expect_vector(MASTER_BASE + 4);
}

static void test_cascade(void **state)
{
	line(14, true);
	assert_int_equal(in(MASTER), 0x04);
	assert_int_equal(in(SLAVE), 0x40);
	line(3, true);
	expect_vector(SLAVE_BASE + 6);	/* IRQ 2 is before IRQ 3 */
	expect_quiet();
	/* More urgent at the slave, but the master has IRQ 2 in service. */
	line(8, true);
	expect_quiet();
	out(SLAVE, EOI);
	expect_quiet();
	out(MASTER, EOI);
	expect_vector(SLAVE_BASE + 0);
	out(SLAVE, EOI);
	out(MASTER, EOI_OF(2));
	expect_vector(MASTER_BASE + 3);
}

/* In special fully nested mode the slave's urgent inputs come through. */
static void test_special_fully_nested(void **state)
{
	init_one(MASTER, 0x11, MASTER_BASE, 1 << 2, 0x11);
	line(14, true);
	expect_vector(SLAVE_BASE + 6);
	line(3, true);
	expect_quiet();
	line(15, true);
	expect_quiet();
	line(8, true);
	expect_vector(SLAVE_BASE + 0);
}

static void test_auto_eoi(void **state)
{
	init_pair(3);
	out(SLAVE, READ_ISR);
	out(MASTER, READ_ISR);
	line(8, true);
	line(9, true);
	expect_vector(SLAVE_BASE + 0);
	/* The slave had both: the master must see an edge for the second. */
	expect_vector(SLAVE_BASE + 1);
	expect_quiet();
	assert_int_equal(in(MASTER) | in(SLAVE), 0);
}

static void test_rotate_on_auto_eoi(void **state)
{
	init_pair(3);
	out(MASTER, 0x80);
	line(1, true);
	expect_vector(MASTER_BASE + 1);
	line(1, false);
	line(1, true);
	line(3, true);
	expect_vector(MASTER_BASE + 3);	/* IRQ 1 is last now */
	out(MASTER, 0x00);
	expect_vector(MASTER_BASE + 1);
	line(5, true);
	line(4, true);
	expect_vector(MASTER_BASE + 4);	/* 3 was last, 4 is first */
}

static void test_rotations(void **state)
{
	line(4, true);
	expect_vector(MASTER_BASE + 4);
	out(MASTER, 0xa0);		/* EOI; 4 becomes last */
	line(4, false);
	line(4, true);
	line(3, true);
	expect_vector(MASTER_BASE + 3);
	out(MASTER, 0xe0 | 3);		/* EOI of 3; 3 becomes last */
	expect_vector(MASTER_BASE + 4);
	out(MASTER, EOI_OF(4));
	out(MASTER, 0xc0 | 6);		/* 6 becomes last, 7 first */
	line(0, false);
	line(0, true);
	line(7, true);
	expect_vector(MASTER_BASE + 7);
}

static void test_specific_eoi(void **state)
{
	line(4, true);
	expect_vector(MASTER_BASE + 4);
	line(1, true);
	expect_vector(MASTER_BASE + 1);
	out(MASTER, EOI_OF(4));
	out(MASTER, READ_ISR);
	assert_int_equal(in(MASTER), 0x02);
}

static void test_special_mask(void **state)
{
	line(3, true);
	expect_vector(MASTER_BASE + 3);
	line(5, true);
	expect_quiet();
	out(MASTER + 1, 0x08);
	out(MASTER, SET_SMM);
	expect_vector(MASTER_BASE + 5);	/* 3 is masked and holds nobody back */
	out(MASTER, EOI);		/* skips the masked 3 */
	out(MASTER, READ_ISR);
	assert_int_equal(in(MASTER), 0x08);
	out(MASTER, CLEAR_SMM);
	out(MASTER, EOI);
	assert_int_equal(in(MASTER), 0);
}

static void test_poll(void **state)
{
	out(MASTER, POLL);
	assert_int_equal(in(MASTER), 0);
	line(6, true);
	out(MASTER, POLL);
	assert_int_equal(in(MASTER), 0x86);
	expect_quiet();
	out(MASTER, READ_ISR);
	assert_int_equal(in(MASTER), 0x40);
	out(MASTER, EOI);
	line(9, true);
	out(SLAVE, POLL);
	assert_int_equal(in(SLAVE + 1), 0x81);	/* either port */
	expect_quiet();
}

/* Withdrawn in time nobody notices; too late, it is IRQ 7. */
static void test_spurious(void **state)
{
	line(4, true);
	line(4, false);
	expect_quiet();
	line(4, true);
	assert_true(chip.intr);
	line(4, false);
	assert_int_equal(lull_irqchip_ack(&chip), MASTER_BASE + 7);
	out(MASTER, READ_ISR);
	assert_int_equal(in(MASTER), 0);
	line(12, true);
	line(12, false);
	expect_quiet();
	assert_int_equal(lull_irqchip_ack(&chip), MASTER_BASE + 7);
}

static void test_init_forgets(void **state)
{
	line(4, true);
	line(3, true);
	expect_vector(MASTER_BASE + 3);
	out(MASTER + 1, 0xff);
	out(MASTER, SET_SMM);
	out(MASTER, 0x11);
	out(MASTER, READ_ISR);
	assert_int_equal(in(MASTER), 0);
	assert_int_equal(in(MASTER + 1), 0);
	line(1, true);
	expect_quiet();			/* not before the last ICW */
	out(MASTER + 1, 0x50);
	out(MASTER + 1, 0x04);
	expect_quiet();
	out(MASTER + 1, 0x01);
	expect_vector(0x51);		/* 4 needs a new edge */
	out(MASTER, EOI);
	expect_quiet();
}

/* ICW1 decides how many words follow. */
static void test_short_init(void **state)
{
	init_one(MASTER, 0x10, 0x48, 4, 0);
	out(MASTER + 1, 0xfb);
	assert_int_equal(in(MASTER + 1), 0xfb);
	init_one(MASTER, 0x13, 0x48, 0, 1);
	out(MASTER + 1, 0xef);
	assert_int_equal(in(MASTER + 1), 0xef);
	line(4, true);
	expect_vector(0x4c);
	init_one(MASTER, 0x12, 0x48, 0, 0);
	out(MASTER + 1, 0xfd);
	assert_int_equal(in(MASTER + 1), 0xfd);
	/* Without a cascade, input 2 has a vector of its own. */
	out(MASTER + 1, 0);
	line(9, true);
	expect_vector(0x4a);
}

/* What Linux does to find out whether there is a PIC. */
static void test_probe(void **state)
{
	out(SLAVE + 1, 0xff);
	out(MASTER + 1, 0xfb);
	assert_int_equal(in(MASTER + 1), 0xfb);
	/* A 16-bit access is two of 8 bits. */
	lull_irqchip_out(&chip, MASTER, 2, 0xa50b);
	assert_int_equal(lull_irqchip_in(&chip, MASTER, 2), 0xa500);
	assert_int_equal(lull_irqchip_in(&chip, SLAVE + 1, 4), 0xffffffff);
}

static void test_pulse(void **state)
{
	lull_irqchip_set_line(&chip, 0, false);
	lull_irqchip_set_line(&chip, 0, true);
	assert_int_equal(kicks, 1);
	chip.lock.held = true;
	lull_pic_pulse(&chip, 0);
	chip.lock.held = false;
	assert_int_equal(kicks, 1);	/* absorbed */
	expect_vector(MASTER_BASE);
	chip.lock.held = true;
	lull_pic_pulse(&chip, 0);
	chip.lock.held = false;
	out(MASTER, EOI);
	expect_vector(MASTER_BASE);
}

static void test_ports(void **state)
{
	static const u16 owned[] = {
		0x20, 0x21, 0x40, 0x41, 0x42, 0x43, 0x61, 0x80, 0xa0, 0xa1,
		0x4d0, 0x4d1,
	};
	unsigned int port, i = 0;

	for (port = 0; port <= 0xffff; port++) {
		bool want = i < ARRAY_SIZE(owned) && owned[i] == port;

		assert_int_equal(lull_irqchip_owns_port(port), want);
		i += want;
	}
	out(0x80, 0x12);
	assert_int_equal(in(0x80), 0xff);
}

/* Nothing a guest writes may get the pair out of its invariants. */
static void test_random(void **state)
{
	static const u16 ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };
	unsigned long long seed = 1;
	unsigned int i;
	int vector;

	for (i = 0; i < 300000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		switch (seed >> 60) {
		case 0 ... 4:
			out(ports[(seed >> 40) % 6], seed >> 32);
			break;
		case 5 ... 8:
			in(ports[(seed >> 40) % 6]);
			break;
		case 9 ... 12:
			line((seed >> 40) % 16, seed >> 32 & 1);
			break;
		default:
			vector = lull_irqchip_ack(&chip);
			assert_in_range(vector, 0, 255);
		}
		assert_int_equal(chip.pic[0].elcr & 7, 0);
		assert_false(chip.lock.held);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_edge, setup),
		cmocka_unit_test_setup(test_level, setup),
		cmocka_unit_test_setup(test_elcr_after_line, setup),
		cmocka_unit_test_setup(test_kick_on_rise_only, setup),
		cmocka_unit_test_setup(test_priority_nests, setup),
		cmocka_unit_test_setup(test_mask, setup),
		cmocka_unit_test_setup(test_cascade, setup),
		cmocka_unit_test_setup(test_special_fully_nested, setup),
		cmocka_unit_test_setup(test_auto_eoi, setup),
		cmocka_unit_test_setup(test_rotate_on_auto_eoi, setup),
		cmocka_unit_test_setup(test_rotations, setup),
		cmocka_unit_test_setup(test_specific_eoi, setup),
		cmocka_unit_test_setup(test_special_mask, setup),
		cmocka_unit_test_setup(test_poll, setup),
		cmocka_unit_test_setup(test_spurious, setup),
		cmocka_unit_test_setup(test_init_forgets, setup),
		cmocka_unit_test_setup(test_short_init, setup),
		cmocka_unit_test_setup(test_probe, setup),
		cmocka_unit_test_setup(test_pulse, setup),
		cmocka_unit_test_setup(test_ports, setup),
		cmocka_unit_test_setup(test_random, setup),
	};

	return cmocka_run_group_tests_name("pic", tests, NULL, NULL);
}
