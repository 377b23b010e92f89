/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests that are not random: cmocka, and a world to begin with. */
#ifndef LULL_HOST_UNIT_H
#define LULL_HOST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host.h"
#include "world.h"

/* Pages of the tables of address 0 and up, and what they map. */
enum { L4, L3, L2, L1, DATA = NR_POS };

#define ENTRY_RWU	(LULL_PTE_P | LULL_PTE_W | LULL_PTE_U)
#define ENTRY_USED	(ENTRY_RWU | LULL_PTE_A | LULL_PTE_D)

u64 unit_gpa(unsigned int page);
void unit_set(unsigned int page, unsigned int index, u64 entry);
void unit_monitor_write(unsigned int page);
void unit_set_mode(const struct lull_paging_mode *mode);
struct lull_paging_mode unit_mode(unsigned int bits);
void unit_start_mode(unsigned int bits);
void unit_flush(void);
unsigned int unit_audit(void);
void unit_corrupt(void *at, const void *to, size_t size);
int unit_setup(void **state);
int unit_teardown(void **state);

#endif /* LULL_HOST_UNIT_H */
