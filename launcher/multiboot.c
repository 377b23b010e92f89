// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header of a Multiboot 1 image and the pieces to load: by its own address
 * fields, or by the program headers of a 32-bit ELF file.  Pure: bytes in,
 * struct multiboot_image or a reason out.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "multiboot.h"

#define MAGIC		0x1badb002U
#define SEARCH		8192	/* the header lies in the first so many bytes */
#define NR_WORDS	3	/* magic, flags, checksum */

/* Flags: what the image wants, and what its header has. */
#define WANTS_ALIGNED	BIT(0)
#define WANTS_MEMORY	BIT(1)
#define WANTS_ALL	0xffffU	/* a loader must know all of these bits */
#define HAS_ADDRESSES	BIT(16)

#define REFUSE(...)	(snprintf(reason, MULTIBOOT_REASON_MAX, __VA_ARGS__), -1)

/**
 * struct header - what follows the magic number
 * @offset:	of the magic number in the file
 * @flags:	see above
 * @header_addr: gpa of the magic number
 * @load_addr:	gpa of the first byte to load
 * @load_end_addr: behind the last; 0 for the whole file
 * @bss_end_addr: behind the zeros; 0 for none
 * @entry_addr:	where it starts
 */
struct header {
	size_t offset;
	u32 flags;
	u32 header_addr;
	u32 load_addr;
	u32 load_end_addr;
	u32 bss_end_addr;
	u32 entry_addr;
};

static u32 word(const u8 *file, size_t offset)
{
	u32 value;

	memcpy(&value, file + offset, sizeof(value));
	return value;
}

static bool sum_is_zero(const u8 *file, size_t offset)
{
	return !(u32)(word(file, offset) + word(file, offset + 4) +
		      word(file, offset + 8));
}

/*
 * Offset of the header, else of a magic number without the right checksum,
 * else -1.
 */
static long find_header(const u8 *file, size_t size)
{
	size_t end = size < SEARCH ? size : SEARCH;
	long found = -1;
	size_t offset;

	for (offset = 0; offset + NR_WORDS * 4 <= end; offset += 4) {
		if (word(file, offset) != MAGIC)
			continue;
		if (sum_is_zero(file, offset))
			return offset;
		if (found < 0)
			found = offset;
	}
	return found;
}

/**
 * multiboot_probe() - has a file the magic number where a header would be?
 * @file: the file's bytes
 * @size: how many
 *
 * Return: whether it is meant as a Multiboot image
 */
bool multiboot_probe(const u8 *file, size_t size)
{
	return find_header(file, size) >= 0;
}

static int read_header(const u8 *file, size_t size, struct header *header,
		       char *reason)
{
	long offset = find_header(file, size);
	u32 unknown;

	if (offset < 0)
		return REFUSE("not a Multiboot image");
	if (!sum_is_zero(file, offset))
		return REFUSE("the checksum of its Multiboot header at %#lx is wrong",
			      offset);
	*header = (struct header) {
		.offset = offset, .flags = word(file, offset + 4),
	};
	unknown = header->flags & WANTS_ALL & ~(WANTS_ALIGNED | WANTS_MEMORY);
	if (unknown)
		return REFUSE("its Multiboot header wants features %#x that Lull does not have",
			      unknown);
	if (!(header->flags & HAS_ADDRESSES))
		return 0;
	if (size < offset + 8 * sizeof(u32))
		return REFUSE("truncated in its Multiboot header");
	header->header_addr = word(file, offset + 12);
	header->load_addr = word(file, offset + 16);
	header->load_end_addr = word(file, offset + 20);
	header->bss_end_addr = word(file, offset + 24);
	header->entry_addr = word(file, offset + 28);
	return 0;
}

static bool overlap(const struct multiboot_segment *a,
		    const struct multiboot_segment *b)
{
	return a->gpa < b->gpa + b->mem_size && b->gpa < a->gpa + a->mem_size;
}

static int add_segment(struct multiboot_image *image, size_t size,
		       const struct multiboot_segment *new, char *reason)
{
	unsigned int i;

	if (new->offset > size || new->file_size > size - new->offset)
		return REFUSE("truncated: %zu bytes, the piece for %#llx ends at %llu",
			      size, new->gpa, new->offset + new->file_size);
	if (new->file_size > new->mem_size)
		return REFUSE("the piece for %#llx has %llu bytes and room for %llu",
			      new->gpa, new->file_size, new->mem_size);
	if (new->gpa + new->mem_size > 4 * GIB)
		return REFUSE("the piece for %#llx, of %llu bytes, ends beyond 4 GiB",
			      new->gpa, new->mem_size);
	for (i = 0; i < image->nr_segments; i++) {
		if (overlap(new, &image->segments[i]))
			return REFUSE("the pieces for %#llx and %#llx overlap",
				      image->segments[i].gpa, new->gpa);
	}
	if (image->nr_segments == MULTIBOOT_SEGMENTS)
		return REFUSE("more than %d pieces to load", MULTIBOOT_SEGMENTS);
	image->segments[image->nr_segments++] = *new;
	return 0;
}

/* A file without a format: the header itself says what goes where. */
static int load_by_addresses(const struct header *h, size_t size,
			     struct multiboot_image *image, char *reason)
{
	struct multiboot_segment segment = { .gpa = h->load_addr };
	u32 before = h->header_addr - h->load_addr;

	if (h->load_addr > h->header_addr || before > h->offset)
		return REFUSE("its header at %#zx cannot go to %#x when %#x is loaded first",
			      h->offset, h->header_addr, h->load_addr);
	segment.offset = h->offset - before;
	if (h->load_end_addr && h->load_end_addr < h->load_addr)
		return REFUSE("its Multiboot header loads from %#x to %#x",
			      h->load_addr, h->load_end_addr);
	segment.file_size = h->load_end_addr ? h->load_end_addr - h->load_addr :
					       size - segment.offset;
	segment.mem_size = segment.file_size;
	if (h->bss_end_addr) {
		if (h->bss_end_addr < h->load_addr + segment.file_size)
			return REFUSE("its zeros end at %#x, before what is loaded",
				      h->bss_end_addr);
		segment.mem_size = h->bss_end_addr - h->load_addr;
	}
	image->entry = h->entry_addr;
	return add_segment(image, size, &segment, reason);
}

static int check_elf(const Elf32_Ehdr *elf, size_t size, char *reason)
{
	if (memcmp(elf->e_ident, ELFMAG, SELFMAG))
		return REFUSE("neither an ELF file nor a Multiboot header with addresses");
	if (elf->e_ident[EI_CLASS] != ELFCLASS32 ||
	    elf->e_ident[EI_DATA] != ELFDATA2LSB || elf->e_machine != EM_386)
		return REFUSE("not a 32-bit x86 ELF file (objcopy -O elf32-i386 makes one)");
	if (elf->e_type != ET_EXEC)
		return REFUSE("its ELF type %u is not that of an executable",
			      elf->e_type);
	if (elf->e_phentsize != sizeof(Elf32_Phdr))
		return REFUSE("its ELF program headers have %u bytes, not %zu",
			      elf->e_phentsize, sizeof(Elf32_Phdr));
	if (elf->e_phoff > size ||
	    elf->e_phnum * sizeof(Elf32_Phdr) > size - elf->e_phoff)
		return REFUSE("truncated: %zu bytes, its ELF program headers are at %u",
			      size, elf->e_phoff);
	return 0;
}

static int load_elf(const u8 *file, size_t size, struct multiboot_image *image,
		    char *reason)
{
	Elf32_Ehdr elf = { };
	Elf32_Phdr ph;
	int i;

	if (size >= sizeof(elf))
		memcpy(&elf, file, sizeof(elf));
	if (check_elf(&elf, size, reason))
		return -1;
	image->entry = elf.e_entry;
	for (i = 0; i < elf.e_phnum; i++) {
		struct multiboot_segment segment;

		memcpy(&ph, file + elf.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		segment = (struct multiboot_segment) {
			.offset = ph.p_offset, .file_size = ph.p_filesz,
			.gpa = ph.p_paddr, .mem_size = ph.p_memsz,
		};
		if (add_segment(image, size, &segment, reason))
			return -1;
		/* The entry is a linear address, and paging is off. */
		if (elf.e_entry - ph.p_vaddr < ph.p_memsz)
			image->entry = elf.e_entry - ph.p_vaddr + ph.p_paddr;
	}
	return 0;
}

static int check_entry(const struct multiboot_image *image, char *reason)
{
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++) {
		const struct multiboot_segment *s = &image->segments[i];

		if (image->entry >= s->gpa &&
		    image->entry - s->gpa < s->mem_size)
			return 0;
	}
	return REFUSE("its entry %#x is not in what is loaded", image->entry);
}

/**
 * multiboot_parse() - check a Multiboot image and find its parts
 * @file: the file's bytes
 * @size: how many
 * @image: gets the parts
 * @reason: gets one sentence if the file will not do
 *
 * Return: 0 or -1
 */
int multiboot_parse(const u8 *file, size_t size, struct multiboot_image *image,
		    char reason[MULTIBOOT_REASON_MAX])
{
	struct header header;
	int ret;

	memset(image, 0, sizeof(*image));
	if (read_header(file, size, &header, reason))
		return -1;
	if (header.flags & HAS_ADDRESSES)
		ret = load_by_addresses(&header, size, image, reason);
	else
		ret = load_elf(file, size, image, reason);
	return ret ? ret : check_entry(image, reason);
}
