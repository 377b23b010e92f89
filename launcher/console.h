/* SPDX-License-Identifier: GPL-2.0-only */
/* Standard input and output as the other end of the serial port. */
#ifndef LAUNCHER_CONSOLE_H
#define LAUNCHER_CONSOLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "escape.h"
#include "base.h"

struct board;
struct stop;

#define CONSOLE_QUEUE	4096
#define CONSOLE_OUT	64

/**
 * struct console_host - what the console acts on
 * @board:	has the serial port
 * @stop:	set when the user or a signal ends the guest
 * @kick:	makes the vCPU's thread look at @stop
 * @ctx:	handed to @kick
 */
struct console_host {
	struct board *board;
	struct stop *stop;
	void (*kick)(void *ctx);
	void *ctx;
};

/**
 * struct console - the serial port's other end
 * @host:	what it acts on
 * @thread:	waits for input and signals
 * @event_fd:	wakes @thread
 * @signal_fd:	signals that end or stop the launcher
 * @done:	@thread should end; set before @event_fd is written
 * @tty:	standard input is a terminal of ours
 * @input_open:	standard input has not ended (thread)
 * @esc:	escape keys (thread)
 * @queue:	input that the port has no room for yet (thread)
 * @queue_head:	index of its oldest byte (thread)
 * @queue_used:	its bytes (thread)
 * @starved:	@queue waits for room (board lock)
 * @out:	bytes the guest sent (vCPU's thread)
 * @out_used:	how many (vCPU's thread)
 */
struct console {
	struct console_host host;
	pthread_t thread;
	int event_fd;
	int signal_fd;
	atomic_bool done;
	bool tty;
	bool input_open;
	struct escape esc;
	u8 queue[CONSOLE_QUEUE];
	unsigned int queue_head;
	unsigned int queue_used;
	bool starved;
	u8 out[CONSOLE_OUT];
	unsigned int out_used;
};

int console_start(struct console *con, const struct console_host *host);
void console_end(struct console *con);
void console_put(struct console *con, u8 byte);
void console_flush(struct console *con);
void console_room(struct console *con);

#endif /* LAUNCHER_CONSOLE_H */
