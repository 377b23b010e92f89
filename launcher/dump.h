/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest looked like when it stopped for a reason of its own. */
#ifndef LAUNCHER_DUMP_H
#define LAUNCHER_DUMP_H

#include "decode.h"
#include "gmem.h"

struct lull_regs;
struct lull_sregs;

enum insn_mode dump_mode(const struct lull_sregs *sregs);
struct gmem_paging dump_paging(const struct lull_sregs *sregs);
void dump_guest(const struct gmem *mem, const struct lull_regs *regs,
		const struct lull_sregs *sregs);

#endif /* LAUNCHER_DUMP_H */
