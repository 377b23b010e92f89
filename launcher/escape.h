/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys that are for the launcher and not for the guest. */
#ifndef LAUNCHER_ESCAPE_H
#define LAUNCHER_ESCAPE_H

#include "base.h"

#define ESCAPE_KEY	0x01	/* Ctrl-A */

enum escape_action {
	ESCAPE_PASS,	/* the byte is for the guest */
	ESCAPE_DROP,	/* it is for nobody */
	ESCAPE_QUIT,
	ESCAPE_HELP,
};

/**
 * struct escape - what was typed so far
 * @armed:	the last byte was the escape key
 */
struct escape {
	bool armed;
};

enum escape_action escape_feed(struct escape *esc, u8 byte);

#endif /* LAUNCHER_ESCAPE_H */
