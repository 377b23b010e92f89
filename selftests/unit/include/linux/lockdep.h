/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_LOCKDEP_H
#define LULL_UNIT_LINUX_LOCKDEP_H

#include <assert.h>

#define lockdep_assert_held(lock)	assert((lock)->held)

#endif /* LULL_UNIT_LINUX_LOCKDEP_H */
