/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A /dev/lull for tests: LULL_RUN follows a script instead of a guest.  Link
 * with -Wl,--wrap=open,--wrap=ioctl.
 */
#ifndef LULL_UNIT_LAUNCHER_FAKE_H
#define LULL_UNIT_LAUNCHER_FAKE_H

#include "launcher/base.h"
#include "monitor/uapi/lull.h"

enum fake_kind {
	FAKE_END,	/* LULL_RUN fails with EIO */
	FAKE_OUT,
	FAKE_IN,	/* @data is what the launcher must answer */
	FAKE_WAIT_IN,	/* repeated until the launcher answers @data */
	FAKE_MMIO,
	FAKE_SHUTDOWN,
	FAKE_UNHANDLED,
	FAKE_EINTR,
	FAKE_BLOCK,	/* LULL_RUN blocks until it is interrupted */
	FAKE_CRASH,	/* the launcher gets a SIGSEGV */
};

/**
 * struct fake_step - one return of LULL_RUN
 * @kind:	what it returns for
 * @port:	I/O port
 * @size:	of the access
 * @data:	written or to be read
 * @insn:	bytes of the instruction, for FAKE_MMIO
 */
struct fake_step {
	enum fake_kind kind;
	u16 port;
	u8 size;
	u32 data;
	u8 insn[LULL_INSN_MAX];
};

/**
 * struct fake - the module's side
 * @api:	version to report
 * @caps:	capabilities to report
 * @open_errno:	if set, what opening the device fails with
 * @memory_errno: if set, what LULL_SET_MEMORY fails with
 * @steps:	the script
 * @step:	where it is
 * @config:	from LULL_CREATE_VM
 * @regions:	from LULL_SET_MEMORY, by slot
 * @regs:	the vCPU's
 * @sregs:	the vCPU's
 * @rises:	times that IRQ 4 rose
 * @stats_calls: LULL_GET_STATS calls; each returns its number as the total
 * @wrong:	first step whose answer was not the expected one, or -1
 */
struct fake {
	int api;
	struct lull_caps caps;
	int open_errno;
	int memory_errno;
	const struct fake_step *steps;
	int step;
	struct lull_vm_config config;
	struct lull_memory_region regions[LULL_MAX_SLOTS];
	struct lull_regs regs;
	struct lull_sregs sregs;
	unsigned int rises;
	unsigned int stats_calls;
	int wrong;
};

extern struct fake fake;

void fake_reset(const struct fake_step *steps);

#endif /* LULL_UNIT_LAUNCHER_FAKE_H */
