// SPDX-License-Identifier: GPL-2.0-only
/* What lies in guest memory when a kernel starts, and how a guest translates. */
#include "cmocka_all.h"
#include "launcher/boot.h"
#include "launcher/bzimage.h"
#include "launcher/gmem.h"
#include "launcher_image.h"
#include "monitor/uapi/lull.h"

static u8 file[IMAGE_SIZE];
static struct bzimage image;
static struct boot_input input;
static struct gmem mem;

static int setup(void **state)
{
	char reason[BZIMAGE_REASON_MAX];

	(void)state;
	image_make(file);
	if (bzimage_parse(file, sizeof(file), &image, reason))
		return -1;
	input = (struct boot_input) {
		.kernel_name = "k", .kernel = file, .image = &image,
		.cmdline = "console=ttyS0",
	};
	return gmem_alloc(&mem, 32 * MIB);
}

static int teardown(void **state)
{
	(void)state;
	gmem_free(&mem);
	return 0;
}

static struct gmem_paging boot_paging(void)
{
	struct lull_sregs sregs;

	boot_sregs(&sregs);
	return (struct gmem_paging) {
		.cr0 = sregs.cr0, .cr3 = sregs.cr3,
		.cr4 = sregs.cr4, .efer = sregs.efer,
	};
}

static const struct boot_params *params(void)
{
	return gmem_ptr(&mem, BOOT_PARAMS, sizeof(struct boot_params));
}

static void test_kernel(void **state)
{
	struct lull_regs regs;

	(void)state;
	assert_int_equal(boot_load(&mem, &input), 0);
	assert_memory_equal(gmem_ptr(&mem, IMAGE_LOAD, IMAGE_CODE),
			    file + IMAGE_PAYLOAD, IMAGE_CODE);
	assert_string_equal(gmem_ptr(&mem, BOOT_CMDLINE, 16), "console=ttyS0");
	assert_int_equal(params()->hdr.cmd_line_ptr, BOOT_CMDLINE);
	assert_int_equal(params()->hdr.type_of_loader, 0xff);
	assert_int_equal(params()->sentinel, 0);
	assert_int_equal(params()->hdr.ramdisk_size, 0);
	boot_regs(&image, &regs);
	assert_int_equal(regs.rip, IMAGE_LOAD + 0x200);
	assert_int_equal(regs.gpr[LULL_RSI], BOOT_PARAMS);
	assert_int_equal(regs.rflags, 2);
}

/* The hidden parts of the segments say what the table in memory says. */
static void test_segments(void **state)
{
	const struct lull_segment *cs, *ds;
	struct lull_sregs sregs;
	const u64 *gdt;

	(void)state;
	assert_int_equal(boot_load(&mem, &input), 0);
	boot_sregs(&sregs);
	gdt = gmem_ptr(&mem, sregs.gdtr.base, sregs.gdtr.limit + 1);
	cs = &sregs.seg[LULL_CS];
	ds = &sregs.seg[LULL_DS];
	assert_int_equal(cs->selector, 0x10);
	assert_int_equal(ds->selector, 0x18);
	assert_int_equal(gdt[cs->selector / 8] >> 40 & 0xf0ff, cs->ar);
	assert_int_equal(gdt[ds->selector / 8] >> 40 & 0xf0ff, ds->ar);
	assert_int_equal(gdt[sregs.seg[LULL_TR].selector / 8] >> 40 & 0xff,
			 sregs.seg[LULL_TR].ar);
	assert_int_equal(sregs.seg[LULL_LDTR].ar, 0x10000);
}

static void test_identity(void **state)
{
	static const u64 gvas[] = {
		0, 0x7000, IMAGE_LOAD, GIB - 1, 3 * GIB + 5, 4 * GIB - 1,
	};
	struct gmem_paging paging = boot_paging();
	unsigned int i;
	u64 gpa;

	(void)state;
	assert_int_equal(boot_load(&mem, &input), 0);
	for (i = 0; i < ARRAY_SIZE(gvas); i++) {
		assert_int_equal(gmem_walk(&mem, &paging, gvas[i], &gpa), 0);
		assert_int_equal(gpa, gvas[i]);
	}
	assert_int_equal(gmem_walk(&mem, &paging, 4 * GIB, &gpa), -1);
}

static void test_e820(void **state)
{
	const struct boot_e820_entry *map;

	(void)state;
	assert_int_equal(boot_load(&mem, &input), 0);
	map = params()->e820_table;
	assert_int_equal(params()->e820_entries, 3);
	assert_int_equal(map[0].addr, 0);
	assert_int_equal(map[0].size, BOOT_LOW_END);
	assert_int_equal(map[1].type, 2);
	assert_int_equal(map[2].addr, MIB);
	assert_int_equal(map[2].addr + map[2].size, 32 * MIB);
	assert_int_equal(map[2].type, 1);
}

static void test_e820_high(void **state)
{
	const struct boot_e820_entry *map;

	(void)state;
	gmem_free(&mem);
	assert_int_equal(gmem_alloc(&mem, 5 * GIB), 0);
	assert_int_equal(mem.nr, 2);
	assert_int_equal(boot_load(&mem, &input), 0);
	map = params()->e820_table;
	assert_int_equal(params()->e820_entries, 4);
	assert_int_equal(map[2].addr + map[2].size, 3 * GIB);
	assert_int_equal(map[3].addr, 4 * GIB);
	assert_int_equal(map[3].size, 2 * GIB);
	assert_non_null(gmem_ptr(&mem, 6 * GIB - 1, 1));
	assert_null(gmem_ptr(&mem, 6 * GIB, 1));
	assert_null(gmem_ptr(&mem, 3 * GIB, 1));
	assert_null(gmem_ptr(&mem, 3 * GIB - 1, 2));
}

static void test_initrd(void **state)
{
	static const u8 initrd[5000] = { 1, 2, 3 };

	(void)state;
	input.initrd_name = "i";
	input.initrd = initrd;
	input.initrd_size = sizeof(initrd);
	assert_int_equal(boot_load(&mem, &input), 0);
	assert_int_equal(params()->hdr.ramdisk_image, 32 * MIB - 8192);
	assert_int_equal(params()->hdr.ramdisk_size, 5000);
	assert_memory_equal(gmem_ptr(&mem, 32 * MIB - 8192, 5000), initrd,
			    5000);
	image.header.initrd_addr_max = 20 * MIB - 1;
	assert_int_equal(boot_load(&mem, &input), 0);
	assert_int_equal(params()->hdr.ramdisk_image, 20 * MIB - 8192);
}

/* The page below the end must not be the kernel's. */
static void test_initrd_too_large(void **state)
{
	size_t room = 32 * MIB - IMAGE_LOAD - IMAGE_RUN_SIZE;
	u8 *initrd = calloc(1, room + 1);

	(void)state;
	assert_non_null(initrd);
	input.initrd_name = "i";
	input.initrd = initrd;
	input.initrd_size = room;
	assert_int_equal(boot_load(&mem, &input), 0);
	input.initrd_size = room + 1;
	assert_int_equal(boot_load(&mem, &input), -1);
	image.header.initrd_addr_max = IMAGE_LOAD;
	input.initrd_size = 1;
	assert_int_equal(boot_load(&mem, &input), -1);
	free(initrd);
}

static void test_too_little_memory(void **state)
{
	(void)state;
	gmem_free(&mem);
	assert_int_equal(gmem_alloc(&mem, IMAGE_LOAD + IMAGE_RUN_SIZE), 0);
	assert_int_equal(boot_load(&mem, &input), 0);
	gmem_free(&mem);
	assert_int_equal(gmem_alloc(&mem, IMAGE_LOAD + IMAGE_RUN_SIZE -
				    GUEST_PAGE), 0);
	assert_int_equal(boot_load(&mem, &input), -1);
	gmem_free(&mem);
	assert_int_equal(gmem_alloc(&mem, MIB), 0);
	assert_int_equal(boot_load(&mem, &input), -1);
}

static void test_cmdline_length(void **state)
{
	char text[2049];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[2047] = '\0';
	input.cmdline = text;
	assert_int_equal(boot_load(&mem, &input), 0);
	text[2047] = 'x';
	text[2048] = '\0';
	assert_int_equal(boot_load(&mem, &input), -1);
}

/* One mapping of each kind that a walk can end at, and the holes. */
static void test_walk_pae_and_legacy(void **state)
{
	struct gmem_paging pae = {
		.cr0 = BIT_ULL(31), .cr4 = BIT_ULL(5), .cr3 = 0x1020,
	};
	struct gmem_paging legacy = { .cr0 = BIT_ULL(31), .cr3 = 0x4000 };
	struct gmem_paging off = { };
	u64 *table, gpa;
	u32 *small;

	(void)state;
	table = gmem_ptr(&mem, 0x1000, 0x3000);
	table[0x20 / 8 + 3] = 0x2001;
	table[512 + 5] = 0x3001;
	table[1024 + 7] = 0x123001;
	assert_int_equal(gmem_walk(&mem, &pae, 0xc0a07abcULL, &gpa), 0);
	assert_int_equal(gpa, 0x123abc);
	assert_int_equal(gmem_walk(&mem, &pae, 0x00a07abcULL, &gpa), -1);
	small = gmem_ptr(&mem, 0x4000, 0x2000);
	small[1] = 0x5001;
	small[1024 + 2] = 0x456001;
	small[3] = 0x00c00081;
	assert_int_equal(gmem_walk(&mem, &legacy, 0x00402def, &gpa), 0);
	assert_int_equal(gpa, 0x456def);
	assert_int_equal(gmem_walk(&mem, &legacy, 0x00d23456, &gpa), 0);
	assert_int_equal(gpa, 0xd23456);
	assert_int_equal(gmem_walk(&mem, &off, 0xdeadbeef, &gpa), 0);
	assert_int_equal(gpa, 0xdeadbeef);
}

static void test_walk_leaves_memory(void **state)
{
	struct gmem_paging paging = boot_paging();
	u64 *root, gpa;
	u8 buf[16];

	(void)state;
	assert_int_equal(boot_load(&mem, &input), 0);
	root = gmem_ptr(&mem, BOOT_TABLES, 8);
	root[1] = 64 * MIB | 3;
	assert_int_equal(gmem_walk(&mem, &paging, BIT_ULL(39), &gpa), -1);
	paging.cr3 = ~0ULL;
	assert_int_equal(gmem_walk(&mem, &paging, 0, &gpa), -1);
	paging = boot_paging();
	assert_int_equal(gmem_read_gva(&mem, &paging, 32 * MIB - 10, buf, 16),
			 10);
	assert_int_equal(gmem_read_gva(&mem, &paging, GUEST_PAGE - 3, buf, 16),
			 16);
}

#define BOOT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOT_TEST(test_kernel),
		BOOT_TEST(test_segments),
		BOOT_TEST(test_identity),
		BOOT_TEST(test_e820),
		BOOT_TEST(test_e820_high),
		BOOT_TEST(test_initrd),
		BOOT_TEST(test_initrd_too_large),
		BOOT_TEST(test_too_little_memory),
		BOOT_TEST(test_cmdline_length),
		BOOT_TEST(test_walk_pae_and_legacy),
		BOOT_TEST(test_walk_leaves_memory),
	};

	return cmocka_run_group_tests_name("launcher_boot", tests, NULL, NULL);
}
