// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header of a bzImage, as Documentation/x86/boot.rst describes it.  Pure:
 * bytes in, struct bzimage or a reason out.
 */
#include <stdio.h>
#include <string.h>

#include "bzimage.h"

#define SECTOR			512
#define HEADER_OFFSET		0x1f1
#define HEADER_MAGIC		0x53726448	/* "HdrS" */
#define BOOT_FLAG		0xaa55
#define JUMP_OFFSET		0x200
#define DEFAULT_SETUP_SECTS	4
#define VERSION_XLOADFLAGS	0x020c
#define LOWEST_LOAD		0x100000

/* Offsets from the start of the file. */
#define FIELD(name)	(HEADER_OFFSET + offsetof(struct setup_header, name))

#define REFUSE(...)	(snprintf(reason, BZIMAGE_REASON_MAX, __VA_ARGS__), -1)

/*
 * The header ends where the jump over it lands: the byte at 0x201 is the
 * jump's displacement from 0x202.
 */
static void copy_header(const u8 *file, size_t size, struct setup_header *hdr)
{
	size_t end = JUMP_OFFSET + 2 + file[JUMP_OFFSET + 1];

	if (end > size)
		end = size;
	if (end > HEADER_OFFSET + sizeof(*hdr))
		end = HEADER_OFFSET + sizeof(*hdr);
	memset(hdr, 0, sizeof(*hdr));
	memcpy(hdr, file + HEADER_OFFSET, end - HEADER_OFFSET);
}

static int check_kind(const struct setup_header *hdr, char *reason)
{
	if (hdr->boot_flag != BOOT_FLAG || hdr->header != HEADER_MAGIC)
		return REFUSE("not a Linux kernel (no boot header)");
	if (hdr->version < VERSION_XLOADFLAGS)
		return REFUSE("boot protocol %u.%02u is older than 2.12",
			      hdr->version >> 8, hdr->version & 0xff);
	if (!(hdr->loadflags & LOADED_HIGH))
		return REFUSE("a zImage, not a bzImage");
	if (!(hdr->xloadflags & XLF_KERNEL_64))
		return REFUSE("not a 64-bit kernel");
	return 0;
}

static int check_sizes(struct bzimage *image, size_t size, char *reason)
{
	const struct setup_header *hdr = &image->header;
	unsigned int sects = hdr->setup_sects;
	u64 want;

	if (!sects)
		sects = DEFAULT_SETUP_SECTS;
	image->payload = (sects + 1) * SECTOR;
	want = image->payload + hdr->syssize * 16ULL;
	if (size <= image->payload + JUMP_OFFSET || size < want)
		return REFUSE("truncated: %zu bytes, its header says %llu",
			      size, want);
	if (!hdr->syssize)
		return REFUSE("its header says that the kernel is empty");
	image->payload_size = hdr->syssize * 16ULL;
	return 0;
}

static int check_load(struct bzimage *image, char *reason)
{
	const struct setup_header *hdr = &image->header;

	image->load = hdr->pref_address;
	image->run_size = hdr->init_size;
	if (image->run_size < image->payload_size)
		return REFUSE("its header says init_size %u, less than itself",
			      hdr->init_size);
	if (image->load < LOWEST_LOAD || image->load % GUEST_PAGE ||
	    image->load > 4 * GIB - image->run_size)
		return REFUSE("cannot be loaded at its address %#llx",
			      image->load);
	return 0;
}

/**
 * bzimage_parse() - check a kernel file and find its parts
 * @file: the file's bytes
 * @size: how many
 * @image: gets the parts
 * @reason: gets one sentence if the file will not do
 *
 * Return: 0 or -1
 */
int bzimage_parse(const u8 *file, size_t size, struct bzimage *image,
		  char reason[BZIMAGE_REASON_MAX])
{
	memset(image, 0, sizeof(*image));
	if (!size)
		return REFUSE("empty file");
	if (size < FIELD(init_size) + sizeof(__u32))
		return REFUSE("not a Linux kernel (only %zu bytes)", size);
	copy_header(file, size, &image->header);
	if (check_kind(&image->header, reason) ||
	    check_sizes(image, size, reason))
		return -1;
	return check_load(image, reason);
}
