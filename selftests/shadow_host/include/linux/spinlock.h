/* SPDX-License-Identifier: GPL-2.0-only */
/* One thread: a lock knows that it is held; taking it twice is a failure. */
#ifndef LULL_HOST_LINUX_SPINLOCK_H
#define LULL_HOST_LINUX_SPINLOCK_H

#include <linux/compiler.h>
#include <stdbool.h>

typedef struct {
	bool held;
} spinlock_t;

void host_lock(spinlock_t *lock, const char *where);
bool host_trylock(spinlock_t *lock, const char *where);
void host_unlock(spinlock_t *lock, const char *where);
void host_assert_held(const spinlock_t *lock, const char *where);
bool host_need_resched(void);
void host_break_lock(spinlock_t *lock, const char *where);

#define spin_lock_init(lock)		((lock)->held = false)
#define spin_lock(lock)			host_lock(lock, __func__)
#define spin_trylock(lock)		host_trylock(lock, __func__)
#define spin_unlock(lock)		host_unlock(lock, __func__)
#define lockdep_assert_held(lock)	host_assert_held(lock, __func__)
#define need_resched()			host_need_resched()
#define spin_needbreak(lock)		false
#define cond_resched_lock(lock)		host_break_lock(lock, __func__)
#define smp_rmb()			__atomic_thread_fence(__ATOMIC_ACQUIRE)

#endif /* LULL_HOST_LINUX_SPINLOCK_H */
