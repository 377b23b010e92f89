/* SPDX-License-Identifier: GPL-2.0-only */
/* The files that a guest is made of, of whichever kind its kernel is. */
#ifndef LAUNCHER_PAYLOAD_H
#define LAUNCHER_PAYLOAD_H

#include "bzimage.h"
#include "multiboot.h"
#include "opt.h"
#include "util.h"

struct gmem;
struct lull_regs;
struct lull_sregs;

/**
 * struct payload - the files to boot
 * @kernel_name: file name
 * @kernel:	the kernel's bytes
 * @is_multiboot: which of the next two it is
 * @bzimage:	the kernel's parts
 * @multiboot:	likewise
 * @initrd_name: file name, or NULL
 * @initrd:	the initrd's bytes, or none
 * @modules:	the modules; their strings are ours
 * @nr_modules:	how many
 */
struct payload {
	const char *kernel_name;
	struct blob kernel;
	bool is_multiboot;
	struct bzimage bzimage;
	struct multiboot_image multiboot;
	const char *initrd_name;
	struct blob initrd;
	struct payload_module {
		char *name;
		char *string;
		struct blob blob;
	} modules[MULTIBOOT_MODULES];
	unsigned int nr_modules;
};

int payload_read(struct payload *p, const char *kernel, const char *initrd,
		 const struct opt_list *modules, u64 mem_size);
void payload_free(struct payload *p);
int payload_load(const struct payload *p, const struct gmem *mem,
		 const char *append, struct lull_regs *regs,
		 struct lull_sregs *sregs);

#endif /* LAUNCHER_PAYLOAD_H */
