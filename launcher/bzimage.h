/* SPDX-License-Identifier: GPL-2.0-only */
/* Is this file a Linux kernel that has the 64-bit entry point? */
#ifndef LAUNCHER_BZIMAGE_H
#define LAUNCHER_BZIMAGE_H

#include <asm/bootparam.h>

#include "base.h"

#define BZIMAGE_REASON_MAX	160

/**
 * struct bzimage - what the boot protocol says about a kernel file
 * @header:	its setup header, zeros beyond the length it has
 * @payload:	offset of the protected-mode kernel in the file
 * @payload_size: its bytes
 * @load:	gpa it wants to be at
 * @run_size:	bytes from @load that it uses before it knows the memory map
 */
struct bzimage {
	struct setup_header header;
	size_t payload;
	size_t payload_size;
	u64 load;
	u64 run_size;
};

int bzimage_parse(const u8 *file, size_t size, struct bzimage *image,
		  char reason[BZIMAGE_REASON_MAX]);

#endif /* LAUNCHER_BZIMAGE_H */
