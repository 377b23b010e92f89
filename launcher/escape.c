// SPDX-License-Identifier: GPL-2.0-only
/* The keys that are for the launcher and not for the guest. */
#include "escape.h"

/**
 * escape_feed() - look at one typed byte
 * @esc: what was typed before
 * @byte: the byte
 *
 * Return: what to do; a second escape key passes the first one on
 */
enum escape_action escape_feed(struct escape *esc, u8 byte)
{
	if (!esc->armed) {
		esc->armed = byte == ESCAPE_KEY;
		return esc->armed ? ESCAPE_DROP : ESCAPE_PASS;
	}
	esc->armed = false;
	switch (byte) {
	case ESCAPE_KEY:
		return ESCAPE_PASS;
	case 'x':
		return ESCAPE_QUIT;
	case 'h':
		return ESCAPE_HELP;
	default:
		return ESCAPE_DROP;
	}
}
