/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel file for tests: as small as the boot protocol lets it be. */
#ifndef LULL_UNIT_LAUNCHER_IMAGE_H
#define LULL_UNIT_LAUNCHER_IMAGE_H

#include <asm/bootparam.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/base.h"

#define IMAGE_SECTS	4
#define IMAGE_PAYLOAD	((IMAGE_SECTS + 1) * 512)
#define IMAGE_CODE	2048
#define IMAGE_SIZE	(IMAGE_PAYLOAD + IMAGE_CODE)
#define IMAGE_RUN_SIZE	(2 * MIB)
#define IMAGE_LOAD	(16 * MIB)

/* The setup header lies unaligned in the file. */
static inline void image_get(const u8 *file, struct setup_header *hdr)
{
	memcpy(hdr, file + 0x1f1, sizeof(*hdr));
}

static inline void image_set(u8 *file, const struct setup_header *hdr)
{
	memcpy(file + 0x1f1, hdr, sizeof(*hdr));
}

static inline void image_make(u8 file[IMAGE_SIZE])
{
	struct setup_header hdr = {
		.setup_sects = IMAGE_SECTS,
		.boot_flag = 0xaa55,
		.header = 0x53726448,
		.version = 0x020f,
		.loadflags = LOADED_HIGH,
		.xloadflags = XLF_KERNEL_64,
		.syssize = IMAGE_CODE / 16,
		.initrd_addr_max = 0x7fffffff,
		.kernel_alignment = 2 * MIB,
		.relocatable_kernel = 1,
		.cmdline_size = 2047,
		.pref_address = IMAGE_LOAD,
		.init_size = IMAGE_RUN_SIZE,
	};

	memset(file, 0, IMAGE_PAYLOAD);
	memset(file + IMAGE_PAYLOAD, 0x90, IMAGE_CODE);
	hdr.jump = 0xeb | (0x1f1 + sizeof(hdr) - 0x202) << 8;
	image_set(file, &hdr);
}

#endif /* LULL_UNIT_LAUNCHER_IMAGE_H */
