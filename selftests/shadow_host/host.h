/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel that shadow/ finds in user space: locks, slabs, pages, and the
 * end of a run.
 */
#ifndef LULL_HOST_H
#define LULL_HOST_H

#include <linux/types.h>

/* Ends the run: a child of the runner, or the unit test that set host_catch. */
[[gnu::noreturn, gnu::format(printf, 1, 2)]] void host_fail(const char *fmt, ...);
extern void (*host_catch)(const char *why);

/* Called where others may run: memory is allocated, a lock is dropped. */
extern void (*host_others)(void);

void host_reset(void);
bool host_atomic(void);
bool host_page_live(u64 pa);
void host_fail_allocation(unsigned int nth);
unsigned int host_live_pages(void);
unsigned int host_live_objects(void);

#endif /* LULL_HOST_H */
