/* SPDX-License-Identifier: GPL-2.0-only */
/* One access to memory, of any kind. */
#ifndef SELFTESTS_ORACLE_ACCESS_H
#define SELFTESTS_ORACLE_ACCESS_H

#include "oracle/oracle.h"

/* Fill the oracle's pages: with data, descriptors, code. */
void access_init(bool gb_pages);
/* Base address of a slot, which is 1 to BATCH. */
u64 slot_gva(unsigned int slot);
/* The address that an access of this kind to a slot is to. */
u64 access_gva(const struct kind *kind, unsigned int slot);
/* Do it; all of *seen but the walk. */
void access_do(const struct kind *kind, unsigned int slot, struct seen *seen);
/* Is what was read, written or executed at @gpa? */
bool access_reached(const struct kind *kind, u64 gpa, u64 value);

#endif /* SELFTESTS_ORACLE_ACCESS_H */
