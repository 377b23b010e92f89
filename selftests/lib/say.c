// SPDX-License-Identifier: GPL-2.0-only
/* Runs in guests and on the bare machine: nothing of libc. */
#include <stdarg.h>

#include "lib/say.h"
#include "lib/types.h"

static void say_number(say_fn put, u64 number, unsigned int base)
{
	char digits[24];
	char *at = digits + sizeof(digits);

	*--at = 0;
	do {
		*--at = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	put(at);
}

/* What is behind a %: its value is printed, and its last letter returned. */
static const char *say_value(say_fn put, const char *at, va_list *args)
{
	if (*at == 's') {
		put(va_arg(*args, const char *));
	} else if (*at == 'u') {
		say_number(put, va_arg(*args, unsigned int), 10);
	} else if (*at == '%') {
		put("%");
	} else {	/* ll and u or x */
		at += 2;
		say_number(put, va_arg(*args, u64), *at == 'x' ? 16 : 10);
	}
	return at;
}

void say(say_fn put, const char *format, ...)
{
	char text[2] = "";
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (*format == '%') {
			format = say_value(put, format + 1, &args);
			continue;
		}
		text[0] = *format;
		put(text);
	}
	va_end(args);
}
