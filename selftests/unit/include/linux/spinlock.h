/* SPDX-License-Identifier: GPL-2.0-only */
/* One thread: a lock remembers that it is held, and a second taking fails. */
#ifndef LULL_UNIT_LINUX_SPINLOCK_H
#define LULL_UNIT_LINUX_SPINLOCK_H

#include <assert.h>
#include <stdbool.h>

typedef struct {
	bool held;
} raw_spinlock_t;

static inline void raw_spin_lock_init(raw_spinlock_t *lock)
{
	lock->held = false;
}

static inline void unit_lock(raw_spinlock_t *lock)
{
	assert(!lock->held);
	lock->held = true;
}

static inline void unit_unlock(raw_spinlock_t *lock)
{
	assert(lock->held);
	lock->held = false;
}

#define raw_spin_lock_irqsave(lock, flags) \
	((flags) = 0, unit_lock(lock))
#define raw_spin_unlock_irqrestore(lock, flags) \
	((void)(flags), unit_unlock(lock))

#endif /* LULL_UNIT_LINUX_SPINLOCK_H */
