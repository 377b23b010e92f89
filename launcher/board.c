// SPDX-License-Identifier: GPL-2.0-only
/* All devices of a guest, their ports, and the lock that guards them. */
#include "board.h"

static u8 board_uart_in(void *dev, u16 port)
{
	return uart_in(dev, port - BOARD_UART_PORT);
}

static void board_uart_out(void *dev, u16 port, u8 value)
{
	uart_out(dev, port - BOARD_UART_PORT, value);
}

static u8 board_rtc_in(void *dev, u16 port)
{
	return rtc_in(dev, port);
}

static void board_rtc_out(void *dev, u16 port, u8 value)
{
	rtc_out(dev, port, value);
}

static time_t host_time(void)
{
	return time(NULL);
}

/**
 * board_init() - make a guest's devices
 * @board: the board
 * @uart_host: what the serial port is wired to
 * @platform_host: what the small ports cause
 * @mem: memory that the guest can give back; need not be there yet
 *
 * Return: 0, or -1 after a message
 */
int board_init(struct board *board, const struct uart_host *uart_host,
	       const struct platform_host *platform_host,
	       const struct gmem *mem)
{
	const struct port_range uart = {
		BOARD_UART_PORT, UART_PORTS,
		board_uart_in, board_uart_out, &board->uart,
	};
	const struct port_range rtc = {
		RTC_INDEX_PORT, RTC_PORTS,
		board_rtc_in, board_rtc_out, &board->rtc,
	};
	const struct port_range balloon = {
		BALLOON_PORT, BALLOON_PORTS,
		balloon_in, balloon_out, &board->balloon,
	};

	pthread_mutex_init(&board->lock, NULL);
	board->ports.nr = 0;
	board->platform = *platform_host;
	uart_init(&board->uart, uart_host);
	rtc_init(&board->rtc, host_time);
	balloon_init(&board->balloon, mem);
	if (port_map_add(&board->ports, &uart) ||
	    port_map_add(&board->ports, &rtc) ||
	    port_map_add(&board->ports, &balloon))
		return -1;
	return platform_add_ports(&board->platform, &board->ports);
}

/**
 * board_destroy() - undo board_init()
 * @board: the board; no thread uses it any more
 */
void board_destroy(struct board *board)
{
	pthread_mutex_destroy(&board->lock);
}

/**
 * board_in() - the guest reads a port
 * @board: the board
 * @port: lowest port
 * @size: 1, 2 or 4
 *
 * Return: the value
 */
u32 board_in(struct board *board, u16 port, int size)
{
	u32 value;

	pthread_mutex_lock(&board->lock);
	value = port_map_in(&board->ports, port, size);
	pthread_mutex_unlock(&board->lock);
	return value;
}

/**
 * board_out() - the guest writes a port
 * @board: the board
 * @port: lowest port
 * @size: 1, 2 or 4
 * @value: what it writes
 */
void board_out(struct board *board, u16 port, int size, u32 value)
{
	pthread_mutex_lock(&board->lock);
	port_map_out(&board->ports, port, size, value);
	pthread_mutex_unlock(&board->lock);
}
