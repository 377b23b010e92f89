// SPDX-License-Identifier: GPL-2.0-only
/*
 * Standard input and output as the other end of the serial port.  Output is
 * written by the vCPU's thread; a thread of its own waits for input and for
 * signals, so that the vCPU's thread can stay in LULL_RUN.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "board.h"
#include "console.h"
#include "stop.h"
#include "tty.h"
#include "util.h"

static const char help_text[] =
	"\n"
	"Ctrl-A x       quit\n"
	"Ctrl-A h       this help\n"
	"Ctrl-A Ctrl-A  send Ctrl-A to the guest\n";

static void end_guest(struct console *con, enum stop_cause cause, u8 detail)
{
	stop_request(con->host.stop, cause, detail);
	con->host.kick(con->host.ctx);
}

/* Into the port what it takes, by the board's rules. */
static void pump(struct console *con)
{
	struct board *board = con->host.board;

	pthread_mutex_lock(&board->lock);
	while (con->queue_used && uart_room(&board->uart)) {
		uart_receive(&board->uart, con->queue[con->queue_head]);
		con->queue_head = (con->queue_head + 1) % CONSOLE_QUEUE;
		con->queue_used--;
	}
	con->starved = con->queue_used;
	pthread_mutex_unlock(&board->lock);
}

/* A user who types to a guest that does not listen loses what is too much. */
static void enqueue(struct console *con, u8 byte)
{
	unsigned int tail;

	if (con->queue_used == CONSOLE_QUEUE)
		return;
	tail = (con->queue_head + con->queue_used) % CONSOLE_QUEUE;
	con->queue[tail] = byte;
	con->queue_used++;
}

static void type(struct console *con, u8 byte)
{
	switch (escape_feed(&con->esc, byte)) {
	case ESCAPE_PASS:
		enqueue(con, byte);
		break;
	case ESCAPE_QUIT:
		end_guest(con, STOP_QUIT, 0);
		break;
	case ESCAPE_HELP:
		if (write(STDERR_FILENO, help_text, sizeof(help_text) - 1) < 0)
			end_guest(con, STOP_ERROR, 0);
		break;
	case ESCAPE_DROP:
		break;
	}
}

static void read_input(struct console *con)
{
	u8 buf[256];
	ssize_t got, i;

	got = read(STDIN_FILENO, buf, sizeof(buf));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		con->input_open = false;
		return;
	}
	for (i = 0; i < got; i++) {
		if (con->tty)
			type(con, buf[i]);
		else
			enqueue(con, buf[i]);
	}
}

/*
 * Another program has the terminal until the shell brings this one back.
 * raise() stops this thread before it returns; kill() may stop another first,
 * and this one would go on to change the terminal again.
 */
static void suspend(struct console *con)
{
	if (con->tty)
		tty_restore();
	raise(SIGSTOP);
	if (con->tty && tty_is_ours())
		tty_raw();
}

static void read_signal(struct console *con)
{
	struct signalfd_siginfo info;

	if (read(con->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTSTP)
		suspend(con);
	else
		end_guest(con, STOP_SIGNAL, info.ssi_signo);
}

/* A pipe waits until its last bytes went in; keys must not wait, for Ctrl-A. */
static bool wants_input(const struct console *con)
{
	return con->input_open && (con->tty || !con->queue_used);
}

static void *console_main(void *arg)
{
	struct console *con = arg;
	eventfd_t count;

	while (!con->done) {
		struct pollfd fds[] = {
			{ .fd = con->event_fd, .events = POLLIN },
			{ .fd = con->signal_fd, .events = POLLIN },
			{ .fd = wants_input(con) ? STDIN_FILENO : -1,
			  .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			eventfd_read(con->event_fd, &count);
		if (fds[1].revents)
			read_signal(con);
		if (fds[2].revents)
			read_input(con);
		pump(con);
	}
	return NULL;
}

static int open_fds(struct console *con)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTSTP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	con->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (con->signal_fd < 0)
		return error("signalfd: %s", strerror(errno));
	con->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (con->event_fd < 0) {
		error("eventfd: %s", strerror(errno));
		close(con->signal_fd);
		return -1;
	}
	return 0;
}

static void close_fds(struct console *con)
{
	close(con->event_fd);
	close(con->signal_fd);
}

/* A terminal that belongs to another job must not be read: that would stop. */
static void look_at_input(struct console *con)
{
	con->tty = tty_is_ours();
	con->input_open = con->tty || (fcntl(STDIN_FILENO, F_GETFD) >= 0 &&
				       !isatty(STDIN_FILENO));
}

/**
 * console_start() - connect standard input and output to the serial port
 * @con: the console
 * @host: what it acts on
 *
 * From here on the signals that end a program end the guest.
 *
 * Return: 0, or -1 after a message
 */
int console_start(struct console *con, const struct console_host *host)
{
	int ret;

	memset(con, 0, sizeof(*con));
	con->host = *host;
	if (open_fds(con))
		return -1;
	look_at_input(con);
	if (con->tty && tty_raw())
		goto err_close_fds;
	ret = pthread_create(&con->thread, NULL, console_main, con);
	if (ret) {
		error("console thread: %s", strerror(ret));
		goto err_restore;
	}
	return 0;

err_restore:
	tty_restore();
err_close_fds:
	close_fds(con);
	return -1;
}

/**
 * console_end() - give the terminal back
 * @con: the console
 */
void console_end(struct console *con)
{
	con->done = true;
	eventfd_write(con->event_fd, 1);
	pthread_join(con->thread, NULL);
	close_fds(con);
	tty_restore();
}

/**
 * console_put() - the guest sends a byte
 * @con: the console
 * @byte: the byte; kept until console_flush()
 */
void console_put(struct console *con, u8 byte)
{
	if (con->out_used < CONSOLE_OUT)
		con->out[con->out_used++] = byte;
}

/* Returns whether writing may be tried again. */
static bool wait_for_output(struct console *con)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (stop_cause(con->host.stop) != STOP_NONE)
		return false;
	if (errno == EAGAIN)
		poll(&fd, 1, -1);
	else if (errno != EINTR)
		return false;
	return stop_cause(con->host.stop) == STOP_NONE;
}

/**
 * console_flush() - write what the guest sent
 * @con: the console
 *
 * Called without the board's lock: standard output may block.
 */
void console_flush(struct console *con)
{
	unsigned int done = 0;
	ssize_t ret;

	while (done < con->out_used) {
		ret = write(STDOUT_FILENO, con->out + done,
			    con->out_used - done);
		if (ret >= 0) {
			done += ret;
		} else if (!wait_for_output(con)) {
			if (stop_request(con->host.stop, STOP_ERROR, 0))
				error("standard output: %s", strerror(errno));
			break;
		}
	}
	con->out_used = 0;
}

/**
 * console_room() - the serial port has room again
 * @con: the console
 *
 * Called with the board's lock held.
 */
void console_room(struct console *con)
{
	if (!con->starved)
		return;
	con->starved = false;
	eventfd_write(con->event_fd, 1);
}
