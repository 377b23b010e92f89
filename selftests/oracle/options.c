// SPDX-License-Identifier: GPL-2.0-only
/* Runs in guests and on the bare machine: nothing of libc. */
#include "oracle/oracle.h"

#define DEFAULT_CASES	16000

const char oracle_usage[] =
	"words: all|cases=N|part=I/N|case=A[-B] [how=0..11] [leave-out=smap-wp] [targets] [guard]";

/* *text begins with the word: then it is behind it. */
static bool skip_word(const char **text, const char *word)
{
	const char *at = *text;

	while (*word) {
		if (*at++ != *word++)
			return false;
	}
	*text = at;
	return true;
}

static bool skip_number(const char **text, u64 *number)
{
	const char *at = *text;

	*number = 0;
	while (*at >= '0' && *at <= '9')
		*number = *number * 10 + (*at++ - '0');
	if (at == *text)
		return false;
	*text = at;
	return true;
}

static u64 common_divisor(u64 a, u64 b)
{
	while (b) {
		u64 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Prime to the number of cases: no value of a digit is always passed over. */
static u64 stride_for(u64 wanted)
{
	u64 step = nr_cases() / wanted;

	if (step < 2)
		return 1;
	while (common_divisor(nr_cases(), step) > 1)
		step++;
	return step;
}

/* Parts are as long as each other, up to a batch. */
static bool take_part(struct oracle *o, u64 part, u64 parts)
{
	u64 batches = (nr_cases() + BATCH - 1) / BATCH;

	if (!part || part > parts)
		return false;
	o->stride = 1;
	o->first = batches * (part - 1) / parts * BATCH;
	o->end = batches * part / parts * BATCH;
	if (o->end > nr_cases())
		o->end = nr_cases();
	return true;
}

static bool take_word(struct oracle *o, const char **at)
{
	u64 a, b;

	if (skip_word(at, "all")) {
		o->stride = 1;
		return true;
	}
	if (skip_word(at, "leave-out=smap-wp")) {
		o->smap_wp_open = true;
		return true;
	}
	if (skip_word(at, "targets")) {
		o->targets = true;
		return true;
	}
	if (skip_word(at, "guard")) {
		o->guard = true;
		return true;
	}
	if (skip_word(at, "cases=")) {
		if (!skip_number(at, &a) || !a)
			return false;
		o->stride = stride_for(a);
		return true;
	}
	if (skip_word(at, "part="))
		return skip_number(at, &a) && skip_word(at, "/") &&
		       skip_number(at, &b) && take_part(o, a, b);
	if (skip_word(at, "how=")) {
		if (!skip_number(at, &a) || a > 11)
			return false;
		o->how = a;
		return true;
	}
	if (!skip_word(at, "case=") || !skip_number(at, &a))
		return false;
	b = a;
	if (skip_word(at, "-") && !skip_number(at, &b))
		return false;
	o->stride = 1;
	o->first = a;
	o->end = b + 1;
	return a <= b && b < nr_cases();
}

bool oracle_options(struct oracle *o)
{
	const char *at = o->words;

	o->first = 0;
	o->end = nr_cases();
	o->how = -1;
	o->stride = stride_for(DEFAULT_CASES);
	while (*at == ' ')
		at++;
	while (*at) {
		if (!take_word(o, &at) || (*at && *at != ' ')) {
			o->error = oracle_usage;
			return false;
		}
		while (*at == ' ')
			at++;
	}
	return true;
}
