// SPDX-License-Identifier: GPL-2.0-only
/* Which files lull run takes for a kernel. */
#include "cmocka_all.h"
#include "launcher/bzimage.h"
#include "launcher_image.h"

struct refusal {
	const char *name;
	void (*spoil)(struct setup_header *hdr);
	size_t size;		/* 0: the whole file */
	const char *reason;	/* part of it */
};

static void no_magic(struct setup_header *hdr)
{
	hdr->header = 0x12345678;
}

static void no_boot_flag(struct setup_header *hdr)
{
	hdr->boot_flag = 0;
}

static void old(struct setup_header *hdr)
{
	hdr->version = 0x020b;
}

static void low(struct setup_header *hdr)
{
	hdr->loadflags = 0;
}

static void only_32(struct setup_header *hdr)
{
	hdr->xloadflags = 0;
}

static void empty_kernel(struct setup_header *hdr)
{
	hdr->syssize = 0;
}

static void huge_kernel(struct setup_header *hdr)
{
	hdr->syssize = 0xffffffff;
}

static void many_sects(struct setup_header *hdr)
{
	hdr->setup_sects = 255;
}

static void small_init(struct setup_header *hdr)
{
	hdr->init_size = IMAGE_CODE - 1;
}

static void low_address(struct setup_header *hdr)
{
	hdr->pref_address = 0x90000;
}

static void high_address(struct setup_header *hdr)
{
	hdr->pref_address = 4 * GIB - GUEST_PAGE;
}

static void wild_address(struct setup_header *hdr)
{
	hdr->pref_address = ~0ULL << 12;
}

static void crooked_address(struct setup_header *hdr)
{
	hdr->pref_address = IMAGE_LOAD + 16;
}

static void leave(struct setup_header *hdr)
{
	(void)hdr;
}

static const struct refusal refusals[] = {
	{ "no magic", no_magic, 0, "not a Linux kernel" },
	{ "no boot flag", no_boot_flag, 0, "not a Linux kernel" },
	{ "old protocol", old, 0, "2.11 is older than 2.12" },
	{ "zImage", low, 0, "zImage" },
	{ "32-bit", only_32, 0, "not a 64-bit kernel" },
	{ "empty kernel", empty_kernel, 0, "kernel is empty" },
	{ "size beyond the file", huge_kernel, 0, "truncated" },
	{ "setup beyond the file", many_sects, 0, "truncated" },
	{ "init_size too small", small_init, 0, "init_size 2047" },
	{ "below 1 MiB", low_address, 0, "address 0x90000" },
	{ "over 4 GiB", high_address, 0, "cannot be loaded" },
	{ "sum wraps", wild_address, 0, "cannot be loaded" },
	{ "not on a page", crooked_address, 0, "cannot be loaded" },
	{ "one byte short", leave, IMAGE_SIZE - 1, "truncated" },
	{ "setup only", leave, IMAGE_PAYLOAD, "truncated" },
	{ "half a header", leave, 0x210, "only 528 bytes" },
	{ "one byte", leave, 1, "only 1 bytes" },
};

/* The file is in memory of its own size, so that the sanitizer sees reads. */
static int parse(const u8 *file, size_t size, struct bzimage *image,
		 char *reason)
{
	u8 *copy = malloc(size);
	int ret;

	assert_non_null(copy);
	memcpy(copy, file, size);
	ret = bzimage_parse(copy, size, image, reason);
	free(copy);
	return ret;
}

static void test_good(void **state)
{
	char reason[BZIMAGE_REASON_MAX] = "";
	struct bzimage image;
	u8 file[IMAGE_SIZE];

	(void)state;
	image_make(file);
	assert_int_equal(parse(file, sizeof(file), &image, reason), 0);
	assert_int_equal(image.payload, IMAGE_PAYLOAD);
	assert_int_equal(image.payload_size, IMAGE_CODE);
	assert_int_equal(image.load, IMAGE_LOAD);
	assert_int_equal(image.run_size, IMAGE_RUN_SIZE);
	assert_int_equal(image.header.cmdline_size, 2047);
}

static void test_default_sects(void **state)
{
	char reason[BZIMAGE_REASON_MAX] = "";
	struct setup_header hdr;
	struct bzimage image;
	u8 file[IMAGE_SIZE];

	(void)state;
	image_make(file);
	image_get(file, &hdr);
	hdr.setup_sects = 0;
	image_set(file, &hdr);
	assert_int_equal(parse(file, sizeof(file), &image, reason), 0);
	assert_int_equal(image.payload, 5 * 512);
}

/* What lies behind the header belongs to the kernel's code, not to it. */
static void test_short_header(void **state)
{
	char reason[BZIMAGE_REASON_MAX] = "";
	struct setup_header hdr;
	struct bzimage image;
	u8 file[IMAGE_SIZE];

	(void)state;
	image_make(file);
	image_get(file, &hdr);
	hdr.handover_offset = 0x1234;
	hdr.jump = 0xeb | (0x264 - 0x202) << 8;
	image_set(file, &hdr);
	assert_int_equal(parse(file, sizeof(file), &image, reason), 0);
	assert_int_equal(image.header.init_size, IMAGE_RUN_SIZE);
	assert_int_equal(image.header.handover_offset, 0);
}

static void test_refusals(void **state)
{
	char reason[BZIMAGE_REASON_MAX];
	struct setup_header hdr;
	struct bzimage image;
	u8 file[IMAGE_SIZE];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];

		image_make(file);
		image_get(file, &hdr);
		r->spoil(&hdr);
		image_set(file, &hdr);
		reason[0] = '\0';
		if (!parse(file, r->size ? r->size : sizeof(file), &image,
			   reason) || !strstr(reason, r->reason))
			fail_msg("%s: \"%s\"", r->name, reason);
	}
}

static void test_empty(void **state)
{
	char reason[BZIMAGE_REASON_MAX] = "";
	struct bzimage image;

	(void)state;
	assert_int_equal(bzimage_parse(NULL, 0, &image, reason), -1);
	assert_string_equal(reason, "empty file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_default_sects),
		cmocka_unit_test(test_short_header),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests_name("launcher_bzimage", tests, NULL,
					   NULL);
}
