/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux's 64-bit boot protocol: what lies where, and the first registers. */
#ifndef LAUNCHER_BOOT_H
#define LAUNCHER_BOOT_H

#include "base.h"

struct bzimage;
struct gmem;
struct lull_regs;
struct lull_sregs;

/* Guest-physical addresses of what the launcher puts below 1 MiB. */
#define BOOT_GDT	0x6000
#define BOOT_PARAMS	0x7000
#define BOOT_TABLES	0x8000
#define BOOT_CMDLINE	0x20000
#define BOOT_CMDLINE_MAX 0x10000
#define BOOT_LOW_END	0x9fc00

/**
 * struct boot_input - what is to be booted
 * @kernel_name: file name, for messages
 * @kernel:	bytes of the kernel file
 * @image:	its parts
 * @initrd_name: file name, or NULL
 * @initrd:	bytes of the initrd
 * @initrd_size: how many
 * @cmdline:	kernel command line
 */
struct boot_input {
	const char *kernel_name;
	const u8 *kernel;
	const struct bzimage *image;
	const char *initrd_name;
	const u8 *initrd;
	size_t initrd_size;
	const char *cmdline;
};

int boot_load(const struct gmem *mem, const struct boot_input *in);
void boot_regs(const struct bzimage *image, struct lull_regs *regs);
void boot_sregs(struct lull_sregs *sregs);

#endif /* LAUNCHER_BOOT_H */
