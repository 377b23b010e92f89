/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses to guest-physical addresses where there is nothing. */
#ifndef LAUNCHER_MMIO_H
#define LAUNCHER_MMIO_H

#include "decode.h"
#include "base.h"

struct lull_regs;

int mmio_execute(const struct insn *insn, struct lull_regs *regs);

#endif /* LAUNCHER_MMIO_H */
