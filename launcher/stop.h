/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a guest stops, and the exit status that follows from it. */
#ifndef LAUNCHER_STOP_H
#define LAUNCHER_STOP_H

#include <stdatomic.h>

#include "base.h"

enum stop_cause {
	STOP_NONE,	/* it runs */
	STOP_EXIT,	/* it wrote to the exit port; detail: the status */
	STOP_QUIT,	/* the user typed the quit key */
	STOP_RESET,	/* it asked for a reset */
	STOP_SIGNAL,	/* the launcher got a signal; detail: which */
	STOP_SHUTDOWN,	/* triple fault */
	STOP_DEAD,	/* the module gave up on it */
	STOP_ERROR,	/* the launcher did, after a message */
};

/* Exit statuses of lull run beside the guest's own. */
#define STATUS_ERROR		1
#define STATUS_RESET		2
#define STATUS_SHUTDOWN		3
#define STATUS_DEAD		4
#define STATUS_SIGNAL		128	/* plus the signal */

/**
 * struct stop - set once, by whichever thread comes first
 * @word:	cause, and detail in the second byte
 */
struct stop {
	atomic_uint word;
};

bool stop_request(struct stop *stop, enum stop_cause cause, u8 detail);
enum stop_cause stop_cause(struct stop *stop);
int stop_status(struct stop *stop);

#endif /* LAUNCHER_STOP_H */
