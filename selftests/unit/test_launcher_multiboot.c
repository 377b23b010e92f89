// SPDX-License-Identifier: GPL-2.0-only
/* Which Multiboot images lull run takes, and what it makes of them. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "launcher/gmem.h"
#include "launcher/multiboot.h"
#include "monitor/uapi/lull.h"

#define MAGIC		0x1badb002U
#define ADDRESSES	0x10000U
#define HEADER		0x100		/* where it lies in the files here */
#define LOAD		0x100000U
#define FILE_SIZE	0x400

static u8 file[FILE_SIZE];
static struct multiboot_image image;
static char reason[MULTIBOOT_REASON_MAX];

static void set(size_t offset, u32 value)
{
	memcpy(file + offset, &value, sizeof(value));
}

static void set_flags(u32 flags)
{
	set(HEADER, MAGIC);
	set(HEADER + 4, flags);
	set(HEADER + 8, -(MAGIC + flags));
}

/* Without a format: all of the file at 1 MiB. */
static void make_flat(void)
{
	memset(file, 0x90, sizeof(file));
	set_flags(ADDRESSES | 3);
	set(HEADER + 12, LOAD + HEADER);
	set(HEADER + 16, LOAD);
	set(HEADER + 20, 0);
	set(HEADER + 24, LOAD + 0x1000);
	set(HEADER + 28, LOAD + 0x200);
}

static Elf32_Ehdr *elf(void)
{
	return (Elf32_Ehdr *)file;
}

static Elf32_Phdr *segment(int i)
{
	return (Elf32_Phdr *)(file + sizeof(Elf32_Ehdr)) + i;
}

/* Code linked at 3 GiB that goes to 1 MiB, and zeros behind it. */
static void make_elf(void)
{
	memset(file, 0, sizeof(file));
	*elf() = (Elf32_Ehdr) {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB },
		.e_type = ET_EXEC, .e_machine = EM_386,
		.e_entry = 0xc0000010, .e_phoff = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 3,
	};
	*segment(0) = (Elf32_Phdr) {
		.p_type = PT_LOAD, .p_offset = 0x200, .p_vaddr = 0xc0000000,
		.p_paddr = LOAD, .p_filesz = 0x100, .p_memsz = 0x100,
	};
	*segment(1) = (Elf32_Phdr) {
		.p_type = PT_LOAD, .p_offset = 0x300, .p_paddr = LOAD + 0x100,
		.p_filesz = 0x100, .p_memsz = 0x3000,
	};
	*segment(2) = (Elf32_Phdr) { .p_type = PT_NOTE, .p_offset = ~0U };
	set_flags(0);
	memset(file + 0x200, 0xaa, 0x200);
}

/* The file is in memory of its own size, so that the sanitizer sees reads. */
static int parse(size_t size)
{
	u8 *copy = malloc(size ? size : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, file, size);
	ret = multiboot_parse(copy, size, &image, reason);
	free(copy);
	return ret;
}

static void test_flat(void **state)
{
	(void)state;
	make_flat();
	assert_true(multiboot_probe(file, sizeof(file)));
	assert_int_equal(parse(sizeof(file)), 0);
	assert_int_equal(image.nr_segments, 1);
	assert_int_equal(image.entry, LOAD + 0x200);
	assert_int_equal(image.segments[0].file_size, FILE_SIZE);
	assert_int_equal(image.segments[0].mem_size, 0x1000);
	/* Only from the header on, and only a part. */
	set(HEADER + 16, LOAD + HEADER);
	set(HEADER + 20, LOAD + 0x300);
	set(HEADER + 24, 0);
	assert_int_equal(parse(sizeof(file)), 0);
	assert_int_equal(image.segments[0].offset, HEADER);
	assert_int_equal(image.segments[0].mem_size, 0x200);
}

static void test_elf(void **state)
{
	(void)state;
	make_elf();
	assert_int_equal(parse(sizeof(file)), 0);
	assert_int_equal(image.nr_segments, 2);
	assert_int_equal(image.entry, LOAD + 0x10);
	assert_int_equal(image.segments[1].mem_size, 0x3000);
}

struct refusal {
	const char *name;
	void (*make)(void);
	size_t offset;		/* of the 32-bit word that is spoiled */
	u32 value;
	size_t size;		/* 0: the whole file */
	const char *reason;	/* part of it */
};

#define EHDR(f)		offsetof(Elf32_Ehdr, f)
#define PHDR(i, f)	(sizeof(Elf32_Ehdr) + (i) * sizeof(Elf32_Phdr) + \
			 offsetof(Elf32_Phdr, f))

static const struct refusal refusals[] = {
	{ "checksum", make_flat, HEADER + 8, 1, 0, "checksum" },
	{ "no magic", make_flat, HEADER, 1, 0, "not a Multiboot image" },
	{ "empty", make_flat, HEADER, MAGIC, 1, "not a Multiboot image" },
	{ "ends in the header", make_flat, HEADER, MAGIC, HEADER + 16,
	  "truncated" },
	{ "header below load", make_flat, HEADER + 16, LOAD + HEADER + 4, 0,
	  "cannot go" },
	{ "load before the file", make_flat, HEADER + 16, LOAD - 4, 0,
	  "cannot go" },
	{ "end before start", make_flat, HEADER + 20, LOAD - 1, 0,
	  "loads from" },
	{ "end beyond the file", make_flat, HEADER + 20, LOAD + FILE_SIZE + 1,
	  0, "truncated" },
	{ "zeros end too early", make_flat, HEADER + 24, LOAD + 1, 0, "zeros" },
	{ "entry elsewhere", make_flat, HEADER + 28, LOAD + 0x1000, 0,
	  "entry 0x101000" },
	{ "not ELF", make_elf, 0, 0, 0, "neither an ELF" },
	{ "ELF64", make_elf, EHDR(e_ident) + 4, ELFCLASS64 | ELFDATA2LSB << 8,
	  0, "32-bit x86 ELF" },
	{ "another machine", make_elf, EHDR(e_type), ET_EXEC | EM_ARM << 16, 0,
	  "32-bit x86 ELF" },
	{ "relocatable", make_elf, EHDR(e_type), ET_REL | EM_386 << 16, 0,
	  "type 1" },
	{ "size of headers", make_elf, EHDR(e_phentsize), 31 | 3 << 16, 0,
	  "31 bytes" },
	{ "headers beyond the file", make_elf, EHDR(e_phoff), 0xfffffff0, 0,
	  "truncated" },
	{ "many headers", make_elf, EHDR(e_phentsize), 32 | 0xffffU << 16, 0,
	  "truncated" },
	{ "no headers", make_elf, EHDR(e_phentsize), 32, 0, "entry" },
	{ "offset beyond the file", make_elf, PHDR(0, p_offset), 0xffffffff, 0,
	  "truncated" },
	{ "one byte short", make_elf, HEADER, MAGIC, FILE_SIZE - 1,
	  "truncated" },
	{ "more bytes than room", make_elf, PHDR(0, p_memsz), 0xff, 0,
	  "room for 255" },
	{ "overlap", make_elf, PHDR(1, p_paddr), LOAD + 0xff, 0, "overlap" },
	{ "around the other", make_elf, PHDR(1, p_paddr), LOAD - 0x10, 0,
	  "overlap" },
	{ "beyond 4 GiB", make_elf, PHDR(1, p_paddr), 0xfffff000, 0,
	  "beyond 4 GiB" },
	{ "entry of no segment", make_elf, EHDR(e_entry), 0x80000000, 0,
	  "entry 0x80000000" },
};

static void test_refusals(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		r->make();
		set(r->offset, r->value);
		if (!parse(r->size ? r->size : sizeof(file)))
			fail_msg("%s: not refused", r->name);
		if (!strstr(reason, r->reason))
			fail_msg("%s: %s", r->name, reason);
	}
}

static void test_wanted_features(void **state)
{
	(void)state;
	make_elf();
	set_flags(1 << 2);
	assert_int_equal(parse(sizeof(file)), -1);
	assert_non_null(strstr(reason, "features 0x4"));
	/* What is above bit 15 may be ignored. */
	set_flags(1U << 20);
	assert_int_equal(parse(sizeof(file)), 0);
}

static void test_too_many_segments(void **state)
{
	int i;

	(void)state;
	make_elf();
	elf()->e_phoff = HEADER + 16;
	elf()->e_phnum = MULTIBOOT_SEGMENTS + 1;
	for (i = 0; i < elf()->e_phnum; i++)
		((Elf32_Phdr *)(file + HEADER + 16))[i] = (Elf32_Phdr) {
			.p_type = PT_LOAD, .p_paddr = LOAD + i, .p_memsz = 1,
		};
	assert_int_equal(parse(sizeof(file)), -1);
	assert_non_null(strstr(reason, "more than 16"));
}

/* Each single byte of both kinds of header, with each of its bits turned. */
static void test_spoiled_bits(void **state)
{
	unsigned int kind, bit;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		for (bit = 0; bit < 8 * (HEADER + 32); bit++) {
			if (kind)
				make_elf();
			else
				make_flat();
			file[bit / 8] ^= 1 << bit % 8;
			parse(sizeof(file));
		}
	}
}

static struct gmem mem;

static int setup_memory(void **state)
{
	(void)state;
	return gmem_alloc(&mem, 4 * MIB);
}

static int teardown_memory(void **state)
{
	(void)state;
	gmem_free(&mem);
	return 0;
}

static u32 word(u32 gpa)
{
	return *(u32 *)gmem_ptr(&mem, gpa, 4);
}

static const char *string(u32 gpa)
{
	return gmem_ptr(&mem, gpa, 1);
}

static void test_load(void **state)
{
	const struct multiboot_module modules[] = {
		{ "m", "m one", (const u8 *)"first", 5 },
		{ "n", "n", (const u8 *)"second", 6 },
	};
	const struct multiboot_input in = {
		.name = "k", .file = file, .image = &image, .append = "a b",
		.modules = modules, .nr_modules = 2,
	};
	u32 info, mods, map;

	(void)state;
	make_elf();
	assert_int_equal(parse(sizeof(file)), 0);
	memset(gmem_ptr(&mem, LOAD, 0x4000), 0xee, 0x4000);
	assert_int_equal(multiboot_load(&mem, &in, &info), 0);
	assert_int_equal(word(LOAD + 0x1fc), 0xaaaaaaaa);
	assert_int_equal(word(LOAD + 0x200), 0);
	assert_int_equal(word(info), 0x24d);
	assert_int_equal(word(info + 4), 639);
	assert_int_equal(word(info + 8), 3 * 1024);
	assert_string_equal(string(word(info + 16)), "k a b");
	assert_string_equal(string(word(info + 64)), "Lull");
	assert_int_equal(word(info + 20), 2);
	mods = word(info + 24);
	assert_int_equal(word(mods) % 4096, 0);
	assert_true(word(mods) >= LOAD + 0x3100);
	assert_int_equal(word(mods + 4) - word(mods), 5);
	assert_memory_equal(string(word(mods)), "first", 5);
	assert_string_equal(string(word(mods + 8)), "m one");
	assert_memory_equal(string(word(mods + 16)), "second", 6);
	assert_int_equal(word(info + 44), 3 * 24);
	map = word(info + 48);
	assert_int_equal(word(map), 20);
	assert_int_equal(word(map + 12), 0x9fc00);
	assert_int_equal(word(map + 24 + 20), 2);
	assert_int_equal(word(map + 48 + 12), 3 * MIB);
}

static void test_no_room(void **state)
{
	struct multiboot_module module = { "m", "m", file, FILE_SIZE };
	const struct multiboot_input in = {
		.name = "k", .file = file, .image = &image, .append = "",
		.modules = &module, .nr_modules = 1,
	};
	u32 info;

	(void)state;
	make_elf();
	segment(1)->p_paddr = 4 * MIB - 0x2fff;
	assert_int_equal(parse(sizeof(file)), 0);
	assert_int_equal(multiboot_load(&mem, &in, &info), -1);
	segment(1)->p_paddr = 4 * MIB - 0x3000;
	assert_int_equal(parse(sizeof(file)), 0);
	assert_int_equal(multiboot_load(&mem, &in, &info), -1);
	segment(1)->p_paddr = 2 * MIB;
	assert_int_equal(parse(sizeof(file)), 0);
	assert_int_equal(multiboot_load(&mem, &in, &info), 0);
}

static void test_entry_state(void **state)
{
	struct lull_sregs sregs;
	struct lull_regs regs;

	(void)state;
	make_elf();
	assert_int_equal(parse(sizeof(file)), 0);
	multiboot_regs(&image, 0x1234, &regs);
	multiboot_sregs(&sregs);
	assert_int_equal(regs.gpr[LULL_RAX], 0x2badb002);
	assert_int_equal(regs.gpr[LULL_RBX], 0x1234);
	assert_int_equal(regs.rip, LOAD + 0x10);
	assert_int_equal(regs.rflags, 2);
	assert_int_equal(sregs.cr0 & 0x80000001, 1);
	assert_int_equal(sregs.efer, 0);
	assert_int_equal(sregs.seg[LULL_CS].ar & 0x6000, 0x4000);
	assert_int_equal(sregs.seg[LULL_SS].limit, 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_wanted_features),
		cmocka_unit_test(test_too_many_segments),
		cmocka_unit_test(test_spoiled_bits),
		cmocka_unit_test_setup_teardown(test_load, setup_memory,
						teardown_memory),
		cmocka_unit_test_setup_teardown(test_no_room, setup_memory,
						teardown_memory),
		cmocka_unit_test(test_entry_state),
	};

	return cmocka_run_group_tests_name("launcher_multiboot", tests, NULL,
					   NULL);
}
