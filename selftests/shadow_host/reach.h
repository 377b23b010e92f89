/* SPDX-License-Identifier: GPL-2.0-only */
/* What random runs must have met, counted: see reach.c. */
#ifndef LULL_HOST_REACH_H
#define LULL_HOST_REACH_H

#include <stdio.h>

enum reach {
	REACH_VCPUS,
	REACH_WRITE_1,
	REACH_WRITE_2,
	REACH_WRITE_3,
	REACH_WRITE_4,
	REACH_RIGHTS,
	REACH_ALIAS,
	REACH_RECURSIVE,
	REACH_LEVELS,
	REACH_REUSED,
	REACH_LARGE,
	REACH_FAULT_QUICK,
	REACH_CR3_READY,
	REACH_CR3_SYNCED,
	REACH_CR3_CACHED,
	REACH_CR3_NEW,
	REACH_INVLPG,
	REACH_MODE,
	REACH_UNPAGED,
	REACH_SLOT,
	REACH_NOTIFIER,
	REACH_TABLE_GOES,
	REACH_SYNC_INSIDE,
	REACH_AWAY,
	REACH_CAP,
	REACH_SHRINK,
	REACH_UNSEEN,
	REACH_LATE,
	REACH_DELIST_WRITE,
	REACH_DELIST_NOTIFIER,
	REACH_DELIST_ZAP,
	REACH_DELIST_RECLAIM,
	REACH_DELIST_MODE,
	REACH_GUARD,
	REACH_GUARD_UNSEEN,
	REACH_DEBT,
	REACH_DIRTIED,
	REACH_HOT,
	REACH_CALM,
	NR_REACH,
};

/**
 * struct reached - how often each was met
 * @count:	by enum reach
 */
struct reached {
	unsigned long count[NR_REACH];
};

extern struct reached reached;

void reach(enum reach what);
void reach_look(void);
void reach_print(FILE *to, const struct reached *counts);
const char *reach_missing(const struct reached *counts);

#endif /* LULL_HOST_REACH_H */
