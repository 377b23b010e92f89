/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal: raw while a guest has it, as it was before in every case. */
#ifndef LAUNCHER_TTY_H
#define LAUNCHER_TTY_H

#include "base.h"

bool tty_is_ours(void);
int tty_raw(void);
void tty_restore(void);

#endif /* LAUNCHER_TTY_H */
