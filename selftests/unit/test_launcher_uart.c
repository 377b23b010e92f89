// SPDX-License-Identifier: GPL-2.0-only
/*
 * The serial port, with the sequences that Linux's 8250 driver relies on: see
 * autoconfig() and serial8250_do_startup() in 8250_port.c.
 */
#include <linux/serial_reg.h>
#include <string.h>

#include "cmocka_all.h"
#include "launcher/uart.h"

#define RECEIVE_ON	(UART_IER_RDI | UART_IER_RLSI)

static struct uart uart;
static char sent[128];
static unsigned int nr_sent, rises, falls, rooms;
static bool line;

static void put(void *ctx, u8 byte)
{
	(void)ctx;
	sent[nr_sent++] = byte;
}

static void set_irq(void *ctx, bool level)
{
	(void)ctx;
	assert_int_not_equal(level, line);
	line = level;
	if (level)
		rises++;
	else
		falls++;
}

static void room(void *ctx)
{
	(void)ctx;
	rooms++;
}

static int setup(void **state)
{
	const struct uart_host host = { put, set_irq, room, NULL };

	(void)state;
	uart_init(&uart, &host);
	memset(sent, 0, sizeof(sent));
	nr_sent = 0;
	rises = 0;
	falls = 0;
	rooms = 0;
	line = false;
	return 0;
}

static u8 in(unsigned int reg)
{
	return uart_in(&uart, reg);
}

static void out(unsigned int reg, u8 value)
{
	uart_out(&uart, reg, value);
}

static void enable_fifo(void)
{
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_R_TRIG_10);
}

static void test_transmit(void **state)
{
	(void)state;
	assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	out(UART_TX, 'h');
	out(UART_TX, 'i');
	assert_string_equal(sent, "hi");
	assert_false(line);
}

static void test_divisor(void **state)
{
	(void)state;
	out(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	out(UART_DLL, 1);
	out(UART_DLM, 2);
	assert_int_equal(in(UART_DLL), 1);
	assert_int_equal(in(UART_DLM), 2);
	out(UART_LCR, UART_LCR_WLEN8);
	assert_int_equal(in(UART_IER), 0);
	assert_int_equal(nr_sent, 0);
	assert_int_equal(in(UART_LCR), UART_LCR_WLEN8);
}

static void test_presence(void **state)
{
	(void)state;
	out(UART_IER, 0);
	assert_int_equal(in(UART_IER) & 0x0f, 0);
	out(UART_IER, 0x0f);
	assert_int_equal(in(UART_IER), 0x0f);
	out(UART_IER, 0xff);
	assert_int_equal(in(UART_IER), 0x0f);
	out(UART_SCR, 0x5a);
	assert_int_equal(in(UART_SCR), 0x5a);
}

static void test_loopback(void **state)
{
	(void)state;
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	assert_int_equal(in(UART_MSR) & 0xf0, UART_MSR_DCD | UART_MSR_CTS);
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_DTR | UART_MCR_OUT1);
	assert_int_equal(in(UART_MSR) & 0xf0, UART_MSR_DSR | UART_MSR_RI);
	out(UART_TX, 'l');
	assert_int_equal(nr_sent, 0);
	assert_true(in(UART_LSR) & UART_LSR_DR);
	assert_int_equal(in(UART_RX), 'l');
	assert_int_equal(uart_room(&uart), 0);
}

static void test_loopback_overrun(void **state)
{
	(void)state;
	out(UART_MCR, UART_MCR_LOOP);
	out(UART_TX, 'a');
	out(UART_TX, 'b');
	assert_true(in(UART_LSR) & UART_LSR_OE);
	assert_false(in(UART_LSR) & UART_LSR_OE);
	assert_int_equal(in(UART_RX), 'a');
}

static void test_fifo_kind(void **state)
{
	(void)state;
	assert_int_equal(in(UART_IIR), UART_IIR_NO_INT);
	enable_fifo();
	assert_int_equal(in(UART_IIR) >> 6, 3);
	out(UART_FCR, 0);
	assert_int_equal(in(UART_IIR) >> 6, 0);
}

/* Writing THRI with the transmitter empty interrupts, each time anew. */
static void test_thre(void **state)
{
	(void)state;
	out(UART_MCR, UART_MCR_OUT2);
	out(UART_IER, UART_IER_THRI);
	assert_int_equal(rises, 1);
	assert_int_equal(in(UART_IIR), UART_IIR_THRI);
	assert_int_equal(falls, 1);
	assert_int_equal(in(UART_IIR), UART_IIR_NO_INT);
	out(UART_IER, 0);
	out(UART_IER, UART_IER_THRI);
	assert_int_equal(rises, 2);
	assert_int_equal(in(UART_IIR), UART_IIR_THRI);
	out(UART_TX, 'x');
	assert_true(line);
	out(UART_TX, 'y');
	assert_int_equal(rises, 3);
	out(UART_IER, 0);
	assert_false(line);
}

static void test_line_needs_out2(void **state)
{
	(void)state;
	out(UART_IER, UART_IER_THRI);
	assert_false(line);
	out(UART_MCR, UART_MCR_OUT2);
	assert_true(line);
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP);
	assert_false(line);
}

static void test_receive(void **state)
{
	(void)state;
	enable_fifo();
	out(UART_MCR, UART_MCR_OUT2);
	out(UART_IER, RECEIVE_ON);
	uart_receive(&uart, 'a');
	assert_true(line);
	assert_int_equal(in(UART_IIR) & 0x0f, UART_IIR_RX_TIMEOUT);
	assert_true(in(UART_LSR) & UART_LSR_DR);
	assert_int_equal(in(UART_RX), 'a');
	assert_false(line);
	assert_false(in(UART_LSR) & UART_LSR_DR);
	assert_int_equal(in(UART_RX), 0);
}

static void test_receive_trigger(void **state)
{
	unsigned int i;

	(void)state;
	enable_fifo();
	out(UART_IER, RECEIVE_ON | UART_IER_THRI);
	for (i = 0; i < 8; i++)
		uart_receive(&uart, '0' + i);
	assert_int_equal(in(UART_IIR) & 0x0f, UART_IIR_RDI);
	for (i = 0; i < 8; i++)
		assert_int_equal(in(UART_RX), '0' + i);
	assert_int_equal(in(UART_IIR) & 0x0f, UART_IIR_THRI);
}

/* Input stays outside until the guest listens, so that none is lost. */
static void test_room(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(uart_room(&uart), 0);
	enable_fifo();
	out(UART_IER, 0x0f);
	assert_int_equal(uart_room(&uart), 0);
	assert_int_equal(rooms, 0);
	out(UART_MCR, UART_MCR_OUT2);
	assert_int_equal(rooms, 1);
	assert_int_equal(uart_room(&uart), UART_FIFO_SIZE);
	for (i = 0; i < 40; i++) {
		uart_receive(&uart, i);
		assert_int_equal(uart_room(&uart), UART_FIFO_SIZE - 1);
		assert_int_equal(in(UART_RX), i);
	}
	assert_int_equal(rooms, 41);
	for (i = 0; i < UART_FIFO_SIZE; i++)
		uart_receive(&uart, i);
	assert_int_equal(uart_room(&uart), 0);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	assert_int_equal(uart_room(&uart), UART_FIFO_SIZE);
	assert_int_equal(rooms, 42);
}

/* Linux sets the interrupt up first and the FIFO afterwards. */
static void test_fifo_on_late(void **state)
{
	(void)state;
	out(UART_MCR, UART_MCR_OUT2);
	out(UART_IER, RECEIVE_ON);
	assert_int_equal(uart_room(&uart), 1);
	uart_receive(&uart, 'e');
	enable_fifo();
	assert_int_equal(uart_room(&uart), UART_FIFO_SIZE - 1);
	uart_receive(&uart, 'c');
	assert_int_equal(in(UART_RX), 'e');
	assert_int_equal(in(UART_RX), 'c');
	uart_receive(&uart, 'h');
	out(UART_FCR, 0);
	assert_false(in(UART_LSR) & UART_LSR_DR);
}

static void test_room_polled(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		in(UART_LSR);
		out(UART_TX, 'x');
		in(UART_LSR);
		in(UART_MSR);
	}
	assert_int_equal(uart_room(&uart), 0);
	for (i = 0; i < 100 && !rooms; i++)
		in(UART_LSR);
	assert_int_equal(rooms, 1);
	assert_int_equal(uart_room(&uart), 1);
	uart_receive(&uart, 'k');
	assert_true(in(UART_LSR) & UART_LSR_DR);
	assert_int_equal(in(UART_RX), 'k');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_transmit, setup),
		cmocka_unit_test_setup(test_divisor, setup),
		cmocka_unit_test_setup(test_presence, setup),
		cmocka_unit_test_setup(test_loopback, setup),
		cmocka_unit_test_setup(test_loopback_overrun, setup),
		cmocka_unit_test_setup(test_fifo_kind, setup),
		cmocka_unit_test_setup(test_thre, setup),
		cmocka_unit_test_setup(test_line_needs_out2, setup),
		cmocka_unit_test_setup(test_receive, setup),
		cmocka_unit_test_setup(test_receive_trigger, setup),
		cmocka_unit_test_setup(test_room, setup),
		cmocka_unit_test_setup(test_fifo_on_late, setup),
		cmocka_unit_test_setup(test_room_polled, setup),
	};

	return cmocka_run_group_tests_name("launcher_uart", tests, NULL, NULL);
}
