/* SPDX-License-Identifier: GPL-2.0-only */
/* All devices of a guest, their ports, and the lock that guards them. */
#ifndef LAUNCHER_BOARD_H
#define LAUNCHER_BOARD_H

#include <pthread.h>

#include "balloon.h"
#include "platform.h"
#include "ports.h"
#include "rtc.h"
#include "base.h"
#include "uart.h"

/**
 * struct board - a guest's devices
 * @lock:	guards @uart, @rtc and @balloon; the vCPU's thread and the
 *		console's thread take it
 * @ports:	fixed after board_init()
 * @uart:	first serial port
 * @rtc:	clock
 * @balloon:	takes memory back
 * @platform:	small ports
 */
struct board {
	pthread_mutex_t lock;
	struct port_map ports;
	struct uart uart;
	struct rtc rtc;
	struct balloon balloon;
	struct platform_host platform;
};

#define BOARD_UART_PORT	0x3f8
#define BOARD_UART_IRQ	4

int board_init(struct board *board, const struct uart_host *uart_host,
	       const struct platform_host *platform_host,
	       const struct gmem *mem);
void board_destroy(struct board *board);
u32 board_in(struct board *board, u16 port, int size);
void board_out(struct board *board, u16 port, int size, u32 value);

#endif /* LAUNCHER_BOARD_H */
