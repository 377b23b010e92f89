// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Multiboot 1 image in guest memory: its pieces where they belong, then, on
 * pages behind the last, the modules and the information structure with all
 * that it points to.  The guest starts in 32-bit protected mode, paging off.
 */
#include <assert.h>
#include <string.h>

#include "boot.h"
#include "gmem.h"
#include "multiboot.h"
#include "util.h"
#include "../monitor/uapi/lull.h"

#define LOADED_MAGIC	0x2badb002ULL	/* in EAX */
#define LOADER_NAME	"Lull"

#define INFO_MEMORY	BIT(0)
#define INFO_CMDLINE	BIT(2)
#define INFO_MODULES	BIT(3)
#define INFO_MMAP	BIT(6)
#define INFO_LOADER	BIT(9)

#define MMAP_USABLE	1
#define MMAP_RESERVED	2
#define HIGH_START	MIB

#define INFO_CS		0x08
#define INFO_DS		0x10
#define INFO_TR		0x18
#define AR_CODE_32	0xc09b	/* granular, 32-bit, present, code, accessed */
#define AR_DATA		0xc093	/* granular, 32-bit, present, writable */
#define AR_TSS_BUSY	0x008b
#define AR_UNUSABLE	0x10000
#define TSS_LIMIT	0x67
#define CR0_START	0x31ULL	/* NE ET PE */
#define RFLAGS_FIXED	0x2ULL

/**
 * struct info - the information structure as far as Lull fills it
 * @flags:	which of the others mean something
 * @mem_lower:	KiB from 0 on
 * @mem_upper:	KiB from 1 MiB on
 * @boot_device: not used
 * @cmdline:	gpa of a string
 * @mods_count:	modules
 * @mods_addr:	gpa of as many struct module_entry
 * @syms:	not used
 * @mmap_length: bytes of the memory map
 * @mmap_addr:	gpa of it
 * @drives_length: not used
 * @drives_addr: not used
 * @config_table: not used
 * @boot_loader_name: gpa of a string
 * @rest:	not used
 */
struct info {
	u32 flags;
	u32 mem_lower;
	u32 mem_upper;
	u32 boot_device;
	u32 cmdline;
	u32 mods_count;
	u32 mods_addr;
	u32 syms[4];
	u32 mmap_length;
	u32 mmap_addr;
	u32 drives_length;
	u32 drives_addr;
	u32 config_table;
	u32 boot_loader_name;
	u32 rest[12];
};

static_assert(offsetof(struct info, boot_loader_name) == 64,
	      "the information structure");

struct module_entry {
	u32 start;
	u32 end;
	u32 string;
	u32 reserved;
};

/* Its first field does not count itself; 64-bit fields lie unaligned. */
struct mmap_entry {
	u32 size;
	u32 base[2];
	u32 length[2];
	u32 type;
};

/* Where the next thing goes. */
struct space {
	const struct gmem *mem;
	const char *kernel;
	u64 next;
};

static u64 page_up(u64 gpa)
{
	return (gpa + GUEST_PAGE - 1) & ~(GUEST_PAGE - 1);
}

/* Room for @size bytes of @what: its gpa, or 0 after a message. */
static u32 take(struct space *space, u64 size, const char *what, void **to)
{
	u64 gpa = space->next;

	*to = gpa < GMEM_LOW_MAX ? gmem_ptr(space->mem, gpa, size) : NULL;
	if (!*to) {
		error("--mem: no room for %s (%llu bytes) behind %s at %#llx",
		      what, size, space->kernel, gpa);
		return 0;
	}
	space->next = (gpa + size + 3) & ~3ULL;
	return gpa;
}

static u32 put(struct space *space, const void *from, u64 size,
	       const char *what)
{
	void *to;
	u32 gpa = take(space, size, what, &to);

	if (gpa)
		memcpy(to, from, size);
	return gpa;
}

static int place_image(const struct multiboot_input *in, struct space *space)
{
	const struct multiboot_image *image = in->image;
	unsigned int i;
	u8 *to;

	space->next = HIGH_START;
	for (i = 0; i < image->nr_segments; i++) {
		const struct multiboot_segment *s = &image->segments[i];

		to = gmem_ptr(space->mem, s->gpa, s->mem_size);
		if (!to)
			return error("--mem: %s has %llu bytes for %#llx, beyond guest memory",
				     in->name, s->mem_size, s->gpa);
		memcpy(to, in->file + s->offset, s->file_size);
		memset(to + s->file_size, 0, s->mem_size - s->file_size);
		if (space->next < s->gpa + s->mem_size)
			space->next = s->gpa + s->mem_size;
	}
	return 0;
}

static int place_modules(const struct multiboot_input *in, struct space *space,
			 struct info *info)
{
	struct module_entry entries[MULTIBOOT_MODULES] = { };
	unsigned int i;

	for (i = 0; i < in->nr_modules; i++) {
		const struct multiboot_module *m = &in->modules[i];
		u32 gpa;

		space->next = page_up(space->next);
		gpa = put(space, m->data, m->size, m->name);
		if (!gpa)
			return -1;
		entries[i].start = gpa;
		entries[i].end = gpa + m->size;
	}
	space->next = page_up(space->next);
	for (i = 0; i < in->nr_modules; i++) {
		const char *string = in->modules[i].string;

		entries[i].string = put(space, string, strlen(string) + 1,
					"a module's string");
		if (!entries[i].string)
			return -1;
	}
	info->flags |= INFO_MODULES;
	info->mods_count = in->nr_modules;
	info->mods_addr = put(space, entries,
			      in->nr_modules * sizeof(entries[0]),
			      "the list of modules");
	return info->mods_addr ? 0 : -1;
}

static struct mmap_entry mmap_entry(u64 start, u64 end, u32 type)
{
	u64 length = end - start;

	return (struct mmap_entry) {
		.size = sizeof(struct mmap_entry) - sizeof(u32),
		.base = { start, start >> 32 },
		.length = { length, length >> 32 },
		.type = type,
	};
}

static int place_mmap(struct space *space, struct info *info)
{
	const struct gmem *mem = space->mem;
	u64 low_end = mem->slots[0].size;
	struct mmap_entry map[4] = {
		mmap_entry(0, BOOT_LOW_END, MMAP_USABLE),
		mmap_entry(BOOT_LOW_END, HIGH_START, MMAP_RESERVED),
		mmap_entry(HIGH_START, low_end, MMAP_USABLE),
	};
	unsigned int nr = 3;

	if (mem->nr > 1)
		map[nr++] = mmap_entry(mem->slots[1].gpa, mem->slots[1].gpa +
				       mem->slots[1].size, MMAP_USABLE);
	info->flags |= INFO_MMAP | INFO_MEMORY;
	info->mem_lower = BOOT_LOW_END / KIB;
	info->mem_upper = (low_end - HIGH_START) / KIB;
	info->mmap_length = nr * sizeof(map[0]);
	info->mmap_addr = put(space, map, info->mmap_length, "the memory map");
	return info->mmap_addr ? 0 : -1;
}

/* The file's name and a blank come first, as with other loaders. */
static int place_cmdline(const struct multiboot_input *in, struct space *space,
			 struct info *info)
{
	size_t name = strlen(in->name), append = strlen(in->append);
	void *ptr;
	char *to;

	info->cmdline = take(space, name + append + 2, "the command line", &ptr);
	if (!info->cmdline)
		return -1;
	to = ptr;
	memcpy(to, in->name, name);
	to[name] = append ? ' ' : 0;
	memcpy(to + name + 1, in->append, append + 1);
	info->flags |= INFO_CMDLINE;
	return 0;
}

/**
 * multiboot_load() - put an image and what it is told into memory
 * @mem: the guest's memory, all zeros
 * @in: what is to be booted
 * @info: gets the gpa of the information structure
 *
 * Return: 0, or -1 after a message
 */
int multiboot_load(const struct gmem *mem, const struct multiboot_input *in,
		   u32 *info)
{
	struct space space = { .mem = mem, .kernel = in->name };
	struct info fields = { };

	if (place_image(in, &space) || place_modules(in, &space, &fields) ||
	    place_mmap(&space, &fields) || place_cmdline(in, &space, &fields))
		return -1;
	fields.boot_loader_name = put(&space, LOADER_NAME, sizeof(LOADER_NAME),
				      "the loader's name");
	fields.flags |= INFO_LOADER;
	*info = put(&space, &fields, sizeof(fields),
		    "the Multiboot information");
	return fields.boot_loader_name && *info ? 0 : -1;
}

/**
 * multiboot_regs() - general registers at the image's entry
 * @image: the image
 * @info: gpa of the information structure
 * @regs: gets them
 */
void multiboot_regs(const struct multiboot_image *image, u32 info,
		    struct lull_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->rip = image->entry;
	regs->rflags = RFLAGS_FIXED;
	regs->gpr[LULL_RAX] = LOADED_MAGIC;
	regs->gpr[LULL_RBX] = info;
}

static struct lull_segment segment(u16 selector, u32 limit, u32 ar)
{
	return (struct lull_segment) {
		.selector = selector, .limit = limit, .ar = ar,
	};
}

/**
 * multiboot_sregs() - system registers at the image's entry
 * @sregs: gets them
 *
 * There is no GDT behind the selectors: the image has to bring its own.
 */
void multiboot_sregs(struct lull_sregs *sregs)
{
	unsigned int i;

	memset(sregs, 0, sizeof(*sregs));
	for (i = LULL_ES; i <= LULL_GS; i++)
		sregs->seg[i] = segment(INFO_DS, 0xffffffff, AR_DATA);
	sregs->seg[LULL_CS] = segment(INFO_CS, 0xffffffff, AR_CODE_32);
	sregs->seg[LULL_LDTR] = segment(0, 0, AR_UNUSABLE);
	sregs->seg[LULL_TR] = segment(INFO_TR, TSS_LIMIT, AR_TSS_BUSY);
	sregs->cr0 = CR0_START;
}
