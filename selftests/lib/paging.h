/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's page tables.  They lie in its RAM, which the test and the guest
 * both reach; so both can change them: an entry is named by its
 * guest-physical address, which the guest can use as a pointer.
 */
#ifndef SELFTESTS_PAGING_H
#define SELFTESTS_PAGING_H

#include "lib/vm.h"

#define PT_LEVELS	4
#define PT_ENTRIES	512
#define LARGE_SIZE	(2 * MIB)
#define PTE_RW		(PTE_P | PTE_W)
#define PTE_USER	(PTE_P | PTE_W | PTE_U)

static inline unsigned int pt_index(u64 gva, int level)
{
	return (gva >> (12 + 9 * (level - 1))) & (PT_ENTRIES - 1);
}

/* An empty root table; its guest-physical address. */
u64 pt_new_root(struct test_vm *vm);
/*
 * Address of the entry for gva at this level, 1 to 4.  Tables above it are
 * made where they are missing, with all rights.
 */
u64 pt_entry(struct test_vm *vm, u64 root, u64 gva, int level);
void pt_map(struct test_vm *vm, u64 root, u64 gva, u64 gpa, u64 flags);
void pt_map_range(struct test_vm *vm, u64 root, u64 gva, u64 gpa, u64 size,
		  u64 flags);
void pt_map_large(struct test_vm *vm, u64 root, u64 gva, u64 gpa, u64 flags);
/* The program's image, at its own address. */
void pt_map_image(struct test_vm *vm, u64 root, u64 flags);
/* What every guest has: RAM for the kernel, the image for all. */
void pt_map_basics(struct test_vm *vm, u64 root);
/* The test's view of an entry. */
volatile u64 *pt_ptr(struct test_vm *vm, u64 entry);

#endif /* SELFTESTS_PAGING_H */
