// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 16550A serial port.  Bytes go out the moment the guest writes them, so the
 * transmitter is always empty; input waits in the FIFO.
 */
#include <linux/serial_reg.h>
#include <string.h>

#include "uart.h"

#define IER_MASK	0x0f
#define MCR_MASK	0x1f
#define FCR_KEPT	(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK)
#define IIR_FIFOS_ON	0xc0
#define MSR_CONNECTED	(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)
#define DEFAULT_DIVISOR	12	/* 9600 baud */
#define POLLS_LISTENING	16

static bool has_fifo(const struct uart *uart)
{
	return uart->fcr & UART_FCR_ENABLE_FIFO;
}

static bool is_looped(const struct uart *uart)
{
	return uart->mcr & UART_MCR_LOOP;
}

static unsigned int capacity(const struct uart *uart)
{
	return has_fifo(uart) ? UART_FIFO_SIZE : 1;
}

static unsigned int trigger(const struct uart *uart)
{
	static const u8 levels[] = { 1, 4, 8, 14 };

	return has_fifo(uart) ? levels[uart->fcr >> 6] : 1;
}

/* The most urgent pending interrupt, as the IIR encodes it. */
static u8 pending(const struct uart *uart)
{
	if (uart->ier & UART_IER_RLSI && uart->overrun)
		return UART_IIR_RLSI;
	if (uart->ier & UART_IER_RDI && uart->fifo_used) {
		if (uart->fifo_used >= trigger(uart))
			return UART_IIR_RDI;
		return UART_IIR_RX_TIMEOUT;
	}
	if (uart->ier & UART_IER_THRI && uart->thre_pending)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

/* On a PC, OUT2 connects the interrupt line; loopback disconnects it. */
static void update_irq(struct uart *uart)
{
	bool level = pending(uart) != UART_IIR_NO_INT &&
		     uart->mcr & UART_MCR_OUT2 && !is_looped(uart);

	if (level == uart->irq)
		return;
	uart->irq = level;
	uart->host.set_irq(uart->host.ctx, level);
}

/**
 * uart_init() - reset the port
 * @uart: the port
 * @host: what it is wired to; copied
 */
void uart_init(struct uart *uart, const struct uart_host *host)
{
	memset(uart, 0, sizeof(*uart));
	uart->host = *host;
	uart->divisor = DEFAULT_DIVISOR;
}

static void clear_fifo(struct uart *uart)
{
	uart->fifo_head = 0;
	uart->fifo_used = 0;
}

static void push(struct uart *uart, u8 byte)
{
	unsigned int tail;

	if (uart->fifo_used >= capacity(uart)) {
		uart->overrun = true;
		return;
	}
	tail = (uart->fifo_head + uart->fifo_used) % UART_FIFO_SIZE;
	uart->fifo[tail] = byte;
	uart->fifo_used++;
}

static u8 pop(struct uart *uart)
{
	u8 byte;

	if (!uart->fifo_used)
		return 0;
	byte = uart->fifo[uart->fifo_head];
	uart->fifo_head = (uart->fifo_head + 1) % UART_FIFO_SIZE;
	uart->fifo_used--;
	return byte;
}

static u8 read_iir(struct uart *uart)
{
	u8 iir = pending(uart);

	if (iir == UART_IIR_THRI)
		uart->thre_pending = false;
	return iir | (has_fifo(uart) ? IIR_FIFOS_ON : 0);
}

static u8 read_lsr(struct uart *uart)
{
	u8 lsr = UART_LSR_TEMT | UART_LSR_THRE;

	if (uart->fifo_used)
		lsr |= UART_LSR_DR;
	if (uart->overrun)
		lsr |= UART_LSR_OE;
	uart->overrun = false;
	return lsr;
}

/* In loopback the modem's inputs are the port's own outputs. */
static u8 read_msr(const struct uart *uart)
{
	u8 msr = 0;

	if (!is_looped(uart))
		return MSR_CONNECTED;
	if (uart->mcr & UART_MCR_RTS)
		msr |= UART_MSR_CTS;
	if (uart->mcr & UART_MCR_DTR)
		msr |= UART_MSR_DSR;
	if (uart->mcr & UART_MCR_OUT1)
		msr |= UART_MSR_RI;
	if (uart->mcr & UART_MCR_OUT2)
		msr |= UART_MSR_DCD;
	return msr;
}

static u8 read_reg(struct uart *uart, unsigned int reg)
{
	bool dlab = uart->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return dlab ? uart->divisor & 0xff : pop(uart);
	case UART_IER:
		return dlab ? uart->divisor >> 8 : uart->ier;
	case UART_IIR:
		return read_iir(uart);
	case UART_LCR:
		return uart->lcr;
	case UART_MCR:
		return uart->mcr;
	case UART_LSR:
		return read_lsr(uart);
	case UART_MSR:
		return read_msr(uart);
	default:
		return uart->scr;
	}
}

static void tell_room(struct uart *uart, unsigned int before)
{
	if (uart_room(uart) > before)
		uart->host.room(uart->host.ctx);
}

/**
 * uart_in() - the guest reads a register
 * @uart: the port
 * @reg: 0 to 7
 *
 * Return: its value
 */
u8 uart_in(struct uart *uart, unsigned int reg)
{
	unsigned int room = uart_room(uart);
	u8 value = read_reg(uart, reg);

	if (reg != UART_LSR)
		uart->polls = 0;
	else if (uart->polls < POLLS_LISTENING)
		uart->polls++;
	update_irq(uart);
	tell_room(uart, room);
	return value;
}

static void write_data(struct uart *uart, u8 byte)
{
	if (is_looped(uart))
		push(uart, byte);
	else
		uart->host.put(uart->host.ctx, byte);
	uart->thre_pending = true;
}

/* Enabling the interrupt while the transmitter is empty raises it. */
static void write_ier(struct uart *uart, u8 value)
{
	if (value & ~uart->ier & UART_IER_THRI)
		uart->thre_pending = true;
	uart->ier = value & IER_MASK;
}

/*
 * A chip also forgets its one byte when the FIFO is switched on.  Linux does
 * that after it has enabled the interrupt, and would miss what came between.
 */
static void write_fcr(struct uart *uart, u8 value)
{
	if (!(value & UART_FCR_ENABLE_FIFO) || value & UART_FCR_CLEAR_RCVR)
		clear_fifo(uart);
	uart->fcr = value & UART_FCR_ENABLE_FIFO ? value & FCR_KEPT : 0;
}

static void write_divisor(struct uart *uart, unsigned int reg, u8 value)
{
	if (reg == UART_DLL)
		uart->divisor = (uart->divisor & 0xff00) | value;
	else
		uart->divisor = (uart->divisor & 0xff) | value << 8;
}

static void write_reg(struct uart *uart, unsigned int reg, u8 value)
{
	switch (reg) {
	case UART_TX:
		write_data(uart, value);
		break;
	case UART_IER:
		write_ier(uart, value);
		break;
	case UART_FCR:
		write_fcr(uart, value);
		break;
	case UART_LCR:
		uart->lcr = value;
		break;
	case UART_MCR:
		uart->mcr = value & MCR_MASK;
		break;
	case UART_SCR:
		uart->scr = value;
		break;
	}
}

/**
 * uart_out() - the guest writes a register
 * @uart: the port
 * @reg: 0 to 7
 * @value: what it writes
 */
void uart_out(struct uart *uart, unsigned int reg, u8 value)
{
	unsigned int room = uart_room(uart);

	uart->polls = 0;
	if (uart->lcr & UART_LCR_DLAB && reg <= UART_DLM)
		write_divisor(uart, reg, value);
	else
		write_reg(uart, reg, value);
	update_irq(uart);
	tell_room(uart, room);
}

/*
 * A driver sets every enable bit to see whether there is a port, and clears
 * the FIFO when it starts.  Input is not lost in that if it stays outside
 * until a receive interrupt would reach the guest, or the guest turns out to
 * poll.
 */
static bool is_listening(const struct uart *uart)
{
	return (uart->ier & UART_IER_RDI && uart->mcr & UART_MCR_OUT2) ||
	       uart->polls >= POLLS_LISTENING;
}

/**
 * uart_room() - how many bytes uart_receive() would take now
 * @uart: the port
 *
 * Return: bytes
 */
unsigned int uart_room(const struct uart *uart)
{
	if (is_looped(uart) || !is_listening(uart))
		return 0;
	return capacity(uart) - uart->fifo_used;
}

/**
 * uart_receive() - a byte comes in
 * @uart: the port
 * @byte: the byte
 *
 * The caller has asked uart_room().
 */
void uart_receive(struct uart *uart, u8 byte)
{
	push(uart, byte);
	update_irq(uart);
}
