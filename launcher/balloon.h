/* SPDX-License-Identifier: GPL-2.0-only */
/* The balloon: the guest gives frames of its memory back to the host. */
#ifndef LAUNCHER_BALLOON_H
#define LAUNCHER_BALLOON_H

#include "base.h"
#include "gmem.h"

#define BALLOON_PORT	0xf8
#define BALLOON_PORTS	4

/**
 * struct balloon - the device
 * @mem:	the guest's memory
 * @gfn:	frame number, as far as it has been written
 * @returned:	frames given back; the same one counts each time
 * @refused:	frame numbers that were ignored
 */
struct balloon {
	const struct gmem *mem;
	u32 gfn;
	u32 returned;
	u32 refused;
};

void balloon_init(struct balloon *balloon, const struct gmem *mem);
u8 balloon_in(void *dev, u16 port);
void balloon_out(void *dev, u16 port, u8 value);

#endif /* LAUNCHER_BALLOON_H */
