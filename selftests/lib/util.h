/* SPDX-License-Identifier: GPL-2.0-only */
/* Small things for the host's half of a test. */
#ifndef SELFTESTS_UTIL_H
#define SELFTESTS_UTIL_H

#include <signal.h>

#include "lib/types.h"

/* Ends the test, from any thread, with a line on stdout. */
void __attribute__((noreturn, format(printf, 1, 2)))
test_fail(const char *format, ...);

#define CHECK(cond)							\
do {									\
	if (!(cond))							\
		test_fail("%s:%d: %s", __FILE__, __LINE__, #cond);	\
} while (0)

/* Anonymous memory, or the end of the test. */
void *alloc_pages(u64 size);
void sleep_us(u64 us);
u64 now_us(void);
/* The calling thread runs on this host CPU from now on; false if none. */
bool pin_to_cpu(int cpu);
int count_cpus(void);
/*
 * Bochs 2.7 lets no host interrupt end a stay in a guest that has interrupts
 * off: an endless loop there ends only by the preemption timer.
 */
bool has_preemption_timer(void);
/* SIGUSR1 interrupts LULL_RUN and does nothing else. */
void handle_sigusr1(void);
/*
 * Send SIGUSR1 when so much time has gone by, 0 for never; to the thread that
 * was the first to call this.
 */
void alarm_us(u64 us);
/* Send SIGUSR1 to the calling thread again and again, this often. */
void tick_us(u64 us);

#endif /* SELFTESTS_UTIL_H */
