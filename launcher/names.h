/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of what the module counts: the same in every table and JSON file. */
#ifndef LAUNCHER_NAMES_H
#define LAUNCHER_NAMES_H

#include "base.h"

/* Room for any name from exit_name(). */
#define EXIT_NAME_MAX	32

extern const char *const ticks_names[];
extern const char *const counter_names[];

const char *exit_name(unsigned int reason, char buf[EXIT_NAME_MAX]);

#endif /* LAUNCHER_NAMES_H */
