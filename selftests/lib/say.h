/* SPDX-License-Identifier: GPL-2.0-only */
/* Formatted text where there is no libc. */
#ifndef SELFTESTS_SAY_H
#define SELFTESTS_SAY_H

/* Takes text, a piece at a time. */
typedef void (*say_fn)(const char *text);

/* printf() with %s, %u, %llu, %llx and %% only. */
void __attribute__((format(printf, 2, 3)))
say(say_fn put, const char *format, ...);

#endif /* SELFTESTS_SAY_H */
