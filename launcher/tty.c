// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal: raw while a guest has it, as it was before in every case.
 * There is one standard input, so its state is one per process.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "tty.h"
#include "util.h"

static struct termios saved;
static atomic_bool is_raw;
static bool hooks_set;

/**
 * tty_is_ours() - is standard input a terminal that this process may read
 *
 * Return: false also for a job in the background
 */
bool tty_is_ours(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/**
 * tty_restore() - give the terminal its old settings back
 *
 * Does nothing when they were not changed.  May be called in signal handlers.
 */
void tty_restore(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

/* The handler is reset on entry, so the signal kills the second time. */
static void on_crash(int sig)
{
	tty_restore();
	raise(sig);
}

static void set_hooks(void)
{
	static const int crashes[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
	};
	struct sigaction action = { .sa_handler = on_crash };
	unsigned int i;

	if (hooks_set)
		return;
	hooks_set = true;
	action.sa_flags = SA_RESETHAND | SA_NODEFER;
	for (i = 0; i < ARRAY_SIZE(crashes); i++)
		sigaction(crashes[i], &action, NULL);
	atexit(tty_restore);
}

/**
 * tty_raw() - let every key through to the guest
 *
 * Output processing stays on, so that messages still begin at the left.
 *
 * Return: 0, or -1 after a message
 */
int tty_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved))
		return error("standard input: %s", strerror(errno));
	set_hooks();
	raw = saved;
	raw.c_iflag &= ~(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP |
			 IXON | IXOFF);
	raw.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	is_raw = true;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)) {
		is_raw = false;
		return error("standard input: %s", strerror(errno));
	}
	return 0;
}
