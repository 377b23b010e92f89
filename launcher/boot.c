// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux's 64-bit boot protocol (Documentation/x86/boot.rst): fill guest memory
 * and say with which registers the vCPU starts.  No firmware and no real mode:
 * the guest starts in long mode, paging on, at the kernel's 64-bit entry.
 */
#include <asm/bootparam.h>
#include <string.h>

#include "boot.h"
#include "bzimage.h"
#include "gmem.h"
#include "util.h"
#include "../monitor/uapi/lull.h"

#define ENTRY_64	0x200
#define LOADER_UNDEFINED 0xff
#define E820_USABLE	1
#define E820_HOLE	2
#define LOW_RESERVED_END 0x100000ULL
#define VIDEO_MODE_NORMAL 0xffff

#define BOOT_CS		0x10
#define BOOT_DS		0x18
#define BOOT_TR		0x20

/* Access rights as the VMCS and struct lull_segment have them. */
#define AR_CODE_64	0xa09b	/* granular, long, present, code, accessed */
#define AR_DATA		0xc093	/* granular, 32-bit, present, writable */
#define AR_TSS_BUSY	0x008b
#define AR_UNUSABLE	0x10000
#define TSS_LIMIT	0x67

#define CR0_BOOT	0x80050033ULL	/* PG AM WP NE ET MP PE */
#define CR4_PAE		0x20ULL
#define EFER_LONG	0x500ULL	/* LMA LME */
#define RFLAGS_FIXED	0x2ULL

#define PDE_LARGE_RW	0x83ULL
#define TABLE_RW	0x03ULL

static int place_kernel(const struct gmem *mem, const struct boot_input *in)
{
	const struct bzimage *image = in->image;
	void *dest;

	if (!gmem_ptr(mem, image->load, image->run_size))
		return error("--mem: %s needs %llu MiB to start, has %llu",
			     in->kernel_name,
			     (image->load + image->run_size + MIB - 1) / MIB,
			     mem->slots[0].size / MIB);
	dest = gmem_ptr(mem, image->load, image->payload_size);
	memcpy(dest, in->kernel + image->payload, image->payload_size);
	return 0;
}

/* As high as it may be, so that the kernel has room to unpack itself. */
static int place_initrd(const struct gmem *mem, const struct boot_input *in,
			u64 *gpa)
{
	u64 floor = in->image->load + in->image->run_size;
	u64 end = mem->slots[0].size;

	*gpa = 0;
	if (!in->initrd_size)
		return 0;
	if (end > in->image->header.initrd_addr_max + 1ULL)
		end = in->image->header.initrd_addr_max + 1ULL;
	if (end < floor || in->initrd_size > end - floor)
		return error("%s: initrd of %zu KiB too large, room for %llu KiB beside the kernel",
			     in->initrd_name, in->initrd_size / 1024,
			     end < floor ? 0 : (end - floor) / KIB);
	*gpa = (end - in->initrd_size) & ~(GUEST_PAGE - 1);
	if (*gpa < floor)
		return error("%s: initrd of %zu KiB too large, no page left beside the kernel",
			     in->initrd_name, in->initrd_size / 1024);
	memcpy(gmem_ptr(mem, *gpa, in->initrd_size), in->initrd,
	       in->initrd_size);
	return 0;
}

static int place_cmdline(const struct gmem *mem, const struct boot_input *in)
{
	size_t max = in->image->header.cmdline_size;
	size_t len = strlen(in->cmdline);

	if (max >= BOOT_CMDLINE_MAX)
		max = BOOT_CMDLINE_MAX - 1;
	if (len > max)
		return error("--append: %zu characters, %s takes at most %zu",
			     len, in->kernel_name, max);
	memcpy(gmem_ptr(mem, BOOT_CMDLINE, len + 1), in->cmdline, len + 1);
	return 0;
}

static void add_e820(struct boot_params *params, u64 start, u64 end,
		     unsigned int type)
{
	struct boot_e820_entry *entry;

	entry = &params->e820_table[params->e820_entries++];
	entry->addr = start;
	entry->size = end - start;
	entry->type = type;
}

/* The reserved piece is where a PC has its video memory and its BIOS. */
static void fill_e820(const struct gmem *mem, struct boot_params *params)
{
	add_e820(params, 0, BOOT_LOW_END, E820_USABLE);
	add_e820(params, BOOT_LOW_END, LOW_RESERVED_END, E820_HOLE);
	add_e820(params, LOW_RESERVED_END, mem->slots[0].size, E820_USABLE);
	if (mem->nr > 1)
		add_e820(params, mem->slots[1].gpa,
			 mem->slots[1].gpa + mem->slots[1].size, E820_USABLE);
}

static void fill_params(const struct gmem *mem, const struct boot_input *in,
			u64 initrd_gpa)
{
	struct boot_params *params;

	params = gmem_ptr(mem, BOOT_PARAMS, sizeof(*params));
	memset(params, 0, sizeof(*params));
	params->hdr = in->image->header;
	params->hdr.type_of_loader = LOADER_UNDEFINED;
	params->hdr.vid_mode = VIDEO_MODE_NORMAL;
	params->hdr.cmd_line_ptr = BOOT_CMDLINE;
	params->hdr.ramdisk_image = initrd_gpa;
	params->hdr.ramdisk_size = in->initrd_size;
	fill_e820(mem, params);
}

/* The first 4 GiB where they are: one root, one table below, four of 2 MiB. */
static void fill_tables(const struct gmem *mem)
{
	u64 *root = gmem_ptr(mem, BOOT_TABLES, 6 * GUEST_PAGE);
	u64 *upper = root + 512;
	u64 *large = upper + 512;
	unsigned int i;

	root[0] = (BOOT_TABLES + GUEST_PAGE) | TABLE_RW;
	for (i = 0; i < 4; i++)
		upper[i] = (BOOT_TABLES + (2 + i) * GUEST_PAGE) | TABLE_RW;
	for (i = 0; i < 4 * 512; i++)
		large[i] = (i * 2 * MIB) | PDE_LARGE_RW;
}

/* Flat descriptors.  VM entry wants a task segment; nothing ever uses it. */
static void fill_gdt(const struct gmem *mem)
{
	u64 *gdt = gmem_ptr(mem, BOOT_GDT, 6 * sizeof(u64));

	memset(gdt, 0, 6 * sizeof(u64));
	gdt[BOOT_CS / 8] = 0x00af9b000000ffffULL;
	gdt[BOOT_DS / 8] = 0x00cf93000000ffffULL;
	gdt[BOOT_TR / 8] = 0x00008b0000000000ULL | TSS_LIMIT;
}

/**
 * boot_load() - put kernel, initrd and everything around them into memory
 * @mem: the guest's memory, all zeros
 * @in: what is to be booted
 *
 * Return: 0, or -1 after a message
 */
int boot_load(const struct gmem *mem, const struct boot_input *in)
{
	u64 initrd_gpa;

	if (place_kernel(mem, in) || place_initrd(mem, in, &initrd_gpa) ||
	    place_cmdline(mem, in))
		return -1;
	fill_params(mem, in, initrd_gpa);
	fill_tables(mem);
	fill_gdt(mem);
	return 0;
}

/**
 * boot_regs() - general registers at the kernel's 64-bit entry
 * @image: the kernel
 * @regs: gets them
 */
void boot_regs(const struct bzimage *image, struct lull_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->rip = image->load + ENTRY_64;
	regs->rflags = RFLAGS_FIXED;
	regs->gpr[LULL_RSI] = BOOT_PARAMS;
}

static struct lull_segment segment(u16 selector, u32 limit, u32 ar)
{
	return (struct lull_segment) {
		.selector = selector, .limit = limit, .ar = ar,
	};
}

/**
 * boot_sregs() - system registers at the kernel's 64-bit entry
 * @sregs: gets them
 */
void boot_sregs(struct lull_sregs *sregs)
{
	unsigned int i;

	memset(sregs, 0, sizeof(*sregs));
	for (i = LULL_ES; i <= LULL_GS; i++)
		sregs->seg[i] = segment(BOOT_DS, 0xffffffff, AR_DATA);
	sregs->seg[LULL_CS] = segment(BOOT_CS, 0xffffffff, AR_CODE_64);
	sregs->seg[LULL_LDTR] = segment(0, 0, AR_UNUSABLE);
	sregs->seg[LULL_TR] = segment(BOOT_TR, TSS_LIMIT, AR_TSS_BUSY);
	sregs->gdtr.base = BOOT_GDT;
	sregs->gdtr.limit = 6 * sizeof(u64) - 1;
	sregs->cr0 = CR0_BOOT;
	sregs->cr3 = BOOT_TABLES;
	sregs->cr4 = CR4_PAE;
	sregs->efer = EFER_LONG;
}
