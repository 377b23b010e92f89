/* SPDX-License-Identifier: GPL-2.0-only */
/* Multiboot 1: is this file an image, what of it goes where, and the start. */
#ifndef LAUNCHER_MULTIBOOT_H
#define LAUNCHER_MULTIBOOT_H

#include "base.h"

struct gmem;
struct lull_regs;
struct lull_sregs;

#define MULTIBOOT_REASON_MAX	160
#define MULTIBOOT_SEGMENTS	16
#define MULTIBOOT_MODULES	16

/**
 * struct multiboot_segment - a piece of the file, and zeros behind it
 * @offset:	in the file
 * @file_size:	bytes that the file has
 * @gpa:	where it goes
 * @mem_size:	bytes with the zeros
 */
struct multiboot_segment {
	size_t offset;
	u64 file_size;
	u64 gpa;
	u64 mem_size;
};

/**
 * struct multiboot_image - what the header says
 * @segments:	its pieces; none overlaps another, all are below 4 GiB
 * @nr_segments: how many, at least 1
 * @entry:	where it starts; in one of them
 */
struct multiboot_image {
	struct multiboot_segment segments[MULTIBOOT_SEGMENTS];
	unsigned int nr_segments;
	u32 entry;
};

/**
 * struct multiboot_module - a file for the image
 * @name:	file name, for messages
 * @string:	what the image is told: name and arguments
 * @data:	its bytes
 * @size:	how many
 */
struct multiboot_module {
	const char *name;
	const char *string;
	const u8 *data;
	size_t size;
};

/**
 * struct multiboot_input - what is to be booted
 * @name:	file name, for messages and the command line
 * @file:	its bytes
 * @image:	its parts
 * @append:	command line behind the name; may be empty
 * @modules:	the modules
 * @nr_modules:	how many
 */
struct multiboot_input {
	const char *name;
	const u8 *file;
	const struct multiboot_image *image;
	const char *append;
	const struct multiboot_module *modules;
	unsigned int nr_modules;
};

/* multiboot.c */
bool multiboot_probe(const u8 *file, size_t size);
int multiboot_parse(const u8 *file, size_t size, struct multiboot_image *image,
		    char reason[MULTIBOOT_REASON_MAX]);

/* multiboot_load.c */
int multiboot_load(const struct gmem *mem, const struct multiboot_input *in,
		   u32 *info);
void multiboot_regs(const struct multiboot_image *image, u32 info,
		    struct lull_regs *regs);
void multiboot_sregs(struct lull_sregs *sregs);

#endif /* LAUNCHER_MULTIBOOT_H */
