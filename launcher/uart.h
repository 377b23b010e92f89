/* SPDX-License-Identifier: GPL-2.0-only */
/* A 16550A serial port, without the CPU: registers in, bytes and a line out. */
#ifndef LAUNCHER_UART_H
#define LAUNCHER_UART_H

#include "base.h"

#define UART_PORTS	8
#define UART_FIFO_SIZE	16

/**
 * struct uart_host - what the port is wired to
 * @put:	a byte goes out
 * @set_irq:	the interrupt line changes
 * @room:	the guest took input, there is room again
 * @ctx:	handed to all of them
 */
struct uart_host {
	void (*put)(void *ctx, u8 byte);
	void (*set_irq)(void *ctx, bool level);
	void (*room)(void *ctx);
	void *ctx;
};

/**
 * struct uart - one serial port
 * @host:	its wires
 * @ier:	interrupt enable
 * @fcr:	FIFO control, without the bits that clear themselves
 * @lcr:	line control
 * @mcr:	modem control
 * @scr:	scratch
 * @divisor:	baud rate divisor; bytes take no time whatever it says
 * @fifo:	received bytes
 * @fifo_head:	index of the oldest
 * @fifo_used:	how many
 * @polls:	line-status reads in a row: a guest that polls for input does
 *		nothing else
 * @overrun:	a byte came (in loopback) when there was no room
 * @thre_pending: the transmitter emptied and the guest has not been told
 * @irq:	level of the interrupt line
 */
struct uart {
	struct uart_host host;
	u8 ier;
	u8 fcr;
	u8 lcr;
	u8 mcr;
	u8 scr;
	u16 divisor;
	u8 fifo[UART_FIFO_SIZE];
	unsigned int fifo_head;
	unsigned int fifo_used;
	unsigned int polls;
	bool overrun;
	bool thre_pending;
	bool irq;
};

void uart_init(struct uart *uart, const struct uart_host *host);
u8 uart_in(struct uart *uart, unsigned int reg);
void uart_out(struct uart *uart, unsigned int reg, u8 value);
unsigned int uart_room(const struct uart *uart);
void uart_receive(struct uart *uart, u8 byte);

#endif /* LAUNCHER_UART_H */
