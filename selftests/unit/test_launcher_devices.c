// SPDX-License-Identifier: GPL-2.0-only
/* Clock, port map, small ports, balloon, escape keys, exit statuses. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "launcher/balloon.h"
#include "launcher/escape.h"
#include "launcher/gmem.h"
#include "launcher/platform.h"
#include "launcher/ports.h"
#include "launcher/rtc.h"
#include "launcher/stop.h"

/* 2024-02-29 23:59:58 UTC, a Thursday */
#define LEAP_DAY	1709251198

static struct rtc rtc;
static time_t clock_now;

static time_t now(void)
{
	return clock_now;
}

static int setup_rtc(void **state)
{
	(void)state;
	clock_now = LEAP_DAY;
	rtc_init(&rtc, now);
	return 0;
}

static u8 cmos(u8 reg)
{
	rtc_out(&rtc, 0x70, reg);
	return rtc_in(&rtc, 0x71);
}

static void set_cmos(u8 reg, u8 value)
{
	rtc_out(&rtc, 0x70, reg);
	rtc_out(&rtc, 0x71, value);
}

static void assert_time(const char *bcd)
{
	char text[32];

	snprintf(text, sizeof(text), "%02x%02x-%02x-%02x %02x:%02x:%02x",
		 cmos(0x32), cmos(9), cmos(8), cmos(7), cmos(4), cmos(2),
		 cmos(0));
	assert_string_equal(text, bcd);
}

static void test_rtc_reads(void **state)
{
	(void)state;
	assert_time("2024-02-29 23:59:58");
	assert_int_equal(cmos(6), 5);
	assert_int_equal(cmos(0x0a) & 0x80, 0);
	assert_int_equal(cmos(0x0d), 0x80);
	clock_now += 2;
	assert_time("2024-03-01 00:00:00");
	assert_int_equal(rtc_in(&rtc, 0x70), 0xff);
}

static void test_rtc_formats(void **state)
{
	(void)state;
	set_cmos(0x0b, 0x06);
	assert_int_equal(cmos(4), 23);
	assert_int_equal(cmos(2), 59);
	set_cmos(0x0b, 0x00);
	assert_int_equal(cmos(4), 0x80 | 0x11);
	clock_now += 2;
	assert_int_equal(cmos(4), 0x12);
	set_cmos(4, 0x80 | 0x12);
	set_cmos(0x0b, 0x02);
	assert_int_equal(cmos(4), 0x12);
}

/* From 31 January to 15 February: the day is too large on the way. */
static void test_rtc_set(void **state)
{
	(void)state;
	clock_now = 1706659200 + 86400;
	assert_time("2024-02-01 00:00:00");
	clock_now -= 86400;
	assert_time("2024-01-31 00:00:00");
	set_cmos(0x0b, 0x82);
	set_cmos(8, 0x02);
	clock_now += 10;
	set_cmos(7, 0x15);
	set_cmos(9, 0x25);
	set_cmos(4, 0x01);
	set_cmos(0x0b, 0x02);
	assert_time("2025-02-15 01:00:00");
	clock_now += 61;
	assert_time("2025-02-15 01:01:01");
	set_cmos(0x32, 0x21);
	assert_time("2125-02-15 01:01:01");
}

static void test_rtc_memory(void **state)
{
	(void)state;
	set_cmos(0x0f, 0x5a);
	assert_int_equal(cmos(0x0f), 0x5a);
	assert_int_equal(cmos(0x8f), 0x5a);
	set_cmos(0x0b, 0x72);
	assert_int_equal(cmos(0x0b), 0x02);
	set_cmos(0x0d, 0);
	assert_int_equal(cmos(0x0d), 0x80);
	assert_int_equal(cmos(0x0c), 0);
}

static u8 seen[16];

static u8 echo_in(void *dev, u16 port)
{
	(void)dev;
	return port;
}

static void echo_out(void *dev, u16 port, u8 value)
{
	(void)dev;
	seen[port & 15] = value;
}

static void test_port_map(void **state)
{
	const struct port_range range = { 0x10, 4, echo_in, echo_out, NULL };
	const struct port_range overlaps = { 0x13, 1, NULL, NULL, NULL };
	const struct port_range silent = { 0x14, 1, NULL, NULL, NULL };
	struct port_map map = { };

	(void)state;
	assert_int_equal(port_map_add(&map, &range), 0);
	assert_int_equal(port_map_add(&map, &overlaps), -1);
	assert_int_equal(port_map_add(&map, &silent), 0);
	assert_int_equal(port_map_in(&map, 0x10, 1), 0x10);
	assert_int_equal(port_map_in(&map, 0x10, 4), 0x13121110);
	assert_int_equal(port_map_in(&map, 0x12, 4), 0xffff1312);
	assert_int_equal(port_map_in(&map, 0xcf8, 4), 0xffffffff);
	assert_int_equal(port_map_in(&map, 0xffff, 4), 0xffffffff);
	port_map_out(&map, 0x12, 2, 0xbbaa);
	assert_int_equal(seen[2], 0xaa);
	assert_int_equal(seen[3], 0xbb);
	port_map_out(&map, 0x14, 4, 0);
	port_map_out(&map, 0x80, 1, 0);
}

static unsigned int resets, exits, marks;
static u8 last;

static void on_exit_port(void *ctx, u8 status)
{
	(void)ctx;
	exits++;
	last = status;
}

static void on_reset(void *ctx)
{
	(void)ctx;
	resets++;
}

static void on_mark(void *ctx, u8 id)
{
	(void)ctx;
	marks++;
	last = id;
}

static void test_platform(void **state)
{
	struct platform_host host = { on_exit_port, on_reset, on_mark, NULL };
	struct port_map map = { };

	(void)state;
	assert_int_equal(platform_add_ports(&host, &map), 0);
	port_map_out(&map, 0xf4, 1, 7);
	assert_int_equal(exits, 1);
	assert_int_equal(last, 7);
	port_map_out(&map, 0xf5, 1, 9);
	assert_int_equal(marks, 1);
	assert_int_equal(last, 9);
	port_map_out(&map, 0xcf9, 1, 0x02);
	assert_int_equal(resets, 0);
	port_map_out(&map, 0xcf9, 1, 0x06);
	assert_int_equal(resets, 1);
	port_map_out(&map, 0x64, 1, 0x20);
	assert_int_equal(resets, 1);
	port_map_out(&map, 0x64, 1, 0xfe);
	assert_int_equal(resets, 2);
	assert_int_equal(port_map_in(&map, 0x64, 1), 0);
	assert_int_equal(port_map_in(&map, 0xcf8, 4), 0xffffffff);
	assert_int_equal(port_map_in(&map, 0xcfc, 4), 0xffffffff);
}

static struct gmem mem;
static struct balloon balloon;
static struct port_map balloon_ports;

/* Four pages of memory, all ones */
static int setup_balloon(void **state)
{
	const struct port_range range = {
		BALLOON_PORT, BALLOON_PORTS, balloon_in, balloon_out, &balloon,
	};

	(void)state;
	assert_int_equal(gmem_alloc(&mem, 4 * GUEST_PAGE), 0);
	memset(mem.slots[0].hva, 0xff, 4 * GUEST_PAGE);
	balloon_init(&balloon, &mem);
	balloon_ports.nr = 0;
	return port_map_add(&balloon_ports, &range);
}

static int free_balloon(void **state)
{
	(void)state;
	gmem_free(&mem);
	return 0;
}

static void give_back(u32 gfn)
{
	port_map_out(&balloon_ports, BALLOON_PORT, 4, gfn);
}

static u32 given_back(void)
{
	return port_map_in(&balloon_ports, BALLOON_PORT, 4);
}

static void test_balloon(void **state)
{
	const u8 *hva = mem.slots[0].hva;

	(void)state;
	assert_int_equal(given_back(), 0);
	give_back(1);
	give_back(3);
	assert_int_equal(given_back(), 2);
	assert_int_equal(hva[GUEST_PAGE - 1], 0xff);
	assert_int_equal(hva[GUEST_PAGE], 0);
	assert_int_equal(hva[2 * GUEST_PAGE - 1], 0);
	assert_int_equal(hva[2 * GUEST_PAGE], 0xff);
	assert_int_equal(hva[3 * GUEST_PAGE], 0);
	assert_int_equal(balloon.refused, 0);
}

/* The highest byte is what gives back; the others are kept until then. */
static void test_balloon_bytes(void **state)
{
	const u8 *hva = mem.slots[0].hva;

	(void)state;
	port_map_out(&balloon_ports, BALLOON_PORT, 2, 2);
	port_map_out(&balloon_ports, BALLOON_PORT + 2, 1, 0);
	assert_int_equal(given_back(), 0);
	assert_int_equal(hva[2 * GUEST_PAGE], 0xff);
	port_map_out(&balloon_ports, BALLOON_PORT + 3, 1, 0);
	assert_int_equal(given_back(), 1);
	assert_int_equal(hva[2 * GUEST_PAGE], 0);
	balloon.returned = 0x01020304;
	assert_int_equal(given_back(), 0x01020304);
}

/* Runs a function with standard error in @said. */
static void capture_errors(void (*fn)(void), char *said, size_t size)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t len;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	fn();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	len = fread(said, 1, size - 1, file);
	said[len] = 0;
	fclose(file);
}

static void give_back_what_is_not_there(void)
{
	give_back(4);
	give_back(0x00100001);
	give_back(0xffffffff);
	give_back(0);
}

/* Frames that are not memory are counted, and the first one is named. */
static void test_balloon_refuses(void **state)
{
	char said[512];

	(void)state;
	capture_errors(give_back_what_is_not_there, said, sizeof(said));
	assert_non_null(strstr(said, "balloon: frame 0x4 is not memory"));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_int_equal(balloon.refused, 3);
	assert_int_equal(given_back(), 1);
	assert_int_equal(mem.slots[0].hva[GUEST_PAGE], 0xff);
}

static void allow_merging(void)
{
	assert_int_equal(gmem_allow_merging(&mem),
			 access("/sys/kernel/mm/ksm", F_OK));
}

static void test_mergeable(void **state)
{
	char said[512];

	(void)state;
	capture_errors(allow_merging, said, sizeof(said));
	assert_int_equal(!!strstr(said, "--mergeable: the host does not merge"),
			 !!access("/sys/kernel/mm/ksm", F_OK));
}

static void test_escape(void **state)
{
	static const struct {
		u8 byte;
		enum escape_action action;
	} typed[] = {
		{ 'x', ESCAPE_PASS }, { 3, ESCAPE_PASS }, { 1, ESCAPE_DROP },
		{ 1, ESCAPE_PASS }, { 'x', ESCAPE_PASS }, { 1, ESCAPE_DROP },
		{ 'q', ESCAPE_DROP }, { 'x', ESCAPE_PASS }, { 1, ESCAPE_DROP },
		{ 'h', ESCAPE_HELP }, { 'h', ESCAPE_PASS }, { 1, ESCAPE_DROP },
		{ 'x', ESCAPE_QUIT },
	};
	struct escape esc = { };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(typed); i++) {
		if (escape_feed(&esc, typed[i].byte) != typed[i].action)
			fail_msg("key %u", i);
	}
}

static void test_stop(void **state)
{
	static const struct {
		enum stop_cause cause;
		u8 detail;
		int status;
	} cases[] = {
		{ STOP_EXIT, 0, 0 }, { STOP_EXIT, 255, 255 },
		{ STOP_QUIT, 0, 0 }, { STOP_RESET, 0, 2 },
		{ STOP_SIGNAL, 15, 143 }, { STOP_SHUTDOWN, 0, 3 },
		{ STOP_DEAD, 0, 4 }, { STOP_ERROR, 0, 1 },
	};
	struct stop stop;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&stop, 0, sizeof(stop));
		assert_int_equal(stop_cause(&stop), STOP_NONE);
		assert_true(stop_request(&stop, cases[i].cause,
					 cases[i].detail));
		assert_false(stop_request(&stop, STOP_ERROR, 0));
		assert_int_equal(stop_cause(&stop), cases[i].cause);
		assert_int_equal(stop_status(&stop), cases[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rtc_reads, setup_rtc),
		cmocka_unit_test_setup(test_rtc_formats, setup_rtc),
		cmocka_unit_test_setup(test_rtc_set, setup_rtc),
		cmocka_unit_test_setup(test_rtc_memory, setup_rtc),
		cmocka_unit_test(test_port_map),
		cmocka_unit_test(test_platform),
		cmocka_unit_test_setup_teardown(test_balloon, setup_balloon,
						free_balloon),
		cmocka_unit_test_setup_teardown(test_balloon_bytes,
						setup_balloon, free_balloon),
		cmocka_unit_test_setup_teardown(test_balloon_refuses,
						setup_balloon, free_balloon),
		cmocka_unit_test_setup_teardown(test_mergeable, setup_balloon,
						free_balloon),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests_name("launcher_devices", tests, NULL,
					   NULL);
}
