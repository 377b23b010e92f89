// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, sizes and options on the command line. */
#include <string.h>

#include "cmocka_all.h"
#include "launcher/opt.h"
#include "launcher_capture.h"

struct number_case {
	const char *text;
	int ret;
	u64 value;
};

static const struct number_case uints[] = {
	{ "0", 0, 0 }, { "42", 0, 42 }, { "0x10", 0, 16 }, { "0Xf", 0, 15 },
	{ "010", 0, 10 }, { "08", 0, 8 }, { "0x", -1, 0 }, { "0xg", -1, 0 },
	{ "18446744073709551615", 0, ~0ULL },
	{ "18446744073709551616", -1, 0 },
	{ "", -1, 0 }, { " 1", -1, 0 }, { "1 ", -1, 0 }, { "-1", -1, 0 },
	{ "+1", -1, 0 }, { "1x", -1, 0 }, { "x", -1, 0 }, { "1.5", -1, 0 },
};

static const struct number_case sizes[] = {
	{ "4096", 0, 4096 }, { "1k", 0, KIB }, { "64K", 0, 64 * KIB },
	{ "256M", 0, 256 * MIB }, { "2g", 0, 2 * GIB }, { "0", 0, 0 },
	{ "17179869183G", 0, 17179869183 * GIB },
	{ "17179869184G", -1, 0 },
	{ "M", -1, 0 }, { "1MB", -1, 0 }, { "1T", -1, 0 }, { "-1M", -1, 0 },
	{ "1.5G", -1, 0 }, { "", -1, 0 }, { "0512M", 0, 512 * MIB },
	{ "0x1M", 0, MIB },
};

static const struct number_case seconds[] = {
	{ "1", 0, 1000 }, { "0.5", 0, 500 }, { "2.25", 0, 2250 },
	{ "0.001", 0, 1 }, { "0.0001", -1, 0 }, { "1.", -1, 0 },
	{ ".5", -1, 0 }, { "1.5.2", -1, 0 }, { "1s", -1, 0 }, { "", -1, 0 },
	{ "-1", -1, 0 }, { "99999999999", -1, 0 },
};

static void check_numbers(const struct number_case *cases, unsigned int nr,
			  int (*parse)(const char *text, u64 *value))
{
	unsigned int i;
	u64 value;
	int ret;

	for (i = 0; i < nr; i++) {
		value = 0;
		ret = parse(cases[i].text, &value);
		if (ret != cases[i].ret || (!ret && value != cases[i].value))
			fail_msg("\"%s\": %d, %llu", cases[i].text, ret, value);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	check_numbers(uints, ARRAY_SIZE(uints), parse_uint);
	check_numbers(sizes, ARRAY_SIZE(sizes), parse_size);
	check_numbers(seconds, ARRAY_SIZE(seconds), parse_seconds);
}

static struct {
	bool flag;
	const char *string;
	unsigned int number;
	u64 size;
	unsigned int ms;
	int choice;
} dest;

static const char *const colours[] = { "red", "green", NULL };

static const struct opt opts[] = {
	{ "flag", OPT_FLAG, &dest.flag, NULL, "a flag" },
	{ "string", OPT_STRING, &dest.string, "S", "a string" },
	{ "number", OPT_UINT, &dest.number, "N", "a number",
	  .min = 2, .max = 9 },
	{ "size", OPT_SIZE, &dest.size, "SIZE", "a size", .max = GIB },
	{ "time", OPT_SECONDS, &dest.ms, "S", "a time",
	  .min = 100, .max = 5000 },
	{ "colour", OPT_CHOICE, &dest.choice, "C", "a colour",
	  .choices = colours },
	{ }
};

/* Arguments are one string, split at blanks; returns what opt_parse() does. */
static int parse(const char *line, int operands)
{
	const struct opt_spec spec = {
		.usage = "test", .about = "Test.\n", .opts = opts,
		.operands = operands,
	};
	static char text[128];
	char *argv[16] = { "test" };
	int argc = 1;
	char *token, *rest = text;

	memset(&dest, 0, sizeof(dest));
	strcpy(text, line);
	while ((token = strsep(&rest, " ")))
		if (*token)
			argv[argc++] = token;
	return opt_parse(&spec, argc, argv);
}

static void test_values(void **state)
{
	(void)state;
	assert_int_equal(parse("--flag --string x --number=3 --size 2M", 0), 7);
	assert_true(dest.flag);
	assert_string_equal(dest.string, "x");
	assert_int_equal(dest.number, 3);
	assert_int_equal(dest.size, 2 * MIB);
	assert_int_equal(parse("--time 0.1 --colour green", 0), 5);
	assert_int_equal(dest.ms, 100);
	assert_int_equal(dest.choice, 1);
}

static void test_operands(void **state)
{
	(void)state;
	assert_int_equal(parse("file --flag", 1), 2);
	assert_true(dest.flag);
	assert_int_equal(parse("", 1), 1);
	assert_int_equal(parse("a b", 1), -1);
	assert_int_equal(parse("a", 0), -1);
	assert_int_equal(parse("-- --flag", 1), 2);
	assert_false(dest.flag);
}

static void test_errors(void **state)
{
	static const char *const lines[] = {
		"--bogus", "--bogus=3", "-x", "--flag=1", "--string",
		"--number 1", "--number 10", "--number x", "--number -3",
		"--size 2G", "--size 1X", "--time 0.05", "--time 6",
		"--colour blue", "--colour", "--num", "--s x",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (parse(lines[i], 0) != -1)
			fail_msg("%s", lines[i]);
	}
}

static void test_help(void **state)
{
	char text[1024];
	struct capture c;
	int first, second;

	(void)state;
	capture_begin(&c, STDOUT_FILENO);
	first = parse("--help", 0);
	second = parse("-h --bogus", 0);
	capture_end(&c, text, sizeof(text));
	assert_int_equal(first, OPT_HELP_SHOWN);
	assert_int_equal(second, OPT_HELP_SHOWN);
	assert_non_null(strstr(text, "Usage: lull test"));
	assert_non_null(strstr(text, "--colour C "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests_name("launcher_opt", tests, NULL, NULL);
}
