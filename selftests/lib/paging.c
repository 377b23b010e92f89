// SPDX-License-Identifier: GPL-2.0-only
#include "lib/paging.h"
#include "lib/util.h"

extern const char __executable_start[], _end[];

u64 pt_new_root(struct test_vm *vm)
{
	return vm_alloc(vm, PAGE_SIZE);
}

volatile u64 *pt_ptr(struct test_vm *vm, u64 entry)
{
	return vm_ptr(vm, entry);
}

u64 pt_entry(struct test_vm *vm, u64 root, u64 gva, int level)
{
	u64 table = root & PTE_ADDR;
	int at;

	for (at = PT_LEVELS; at > level; at--) {
		volatile u64 *entry = pt_ptr(vm, table + 8 *
					     pt_index(gva, at));

		if (!(*entry & PTE_P))
			*entry = vm_alloc(vm, PAGE_SIZE) | PTE_USER;
		table = *entry & PTE_ADDR;
	}
	return table + 8 * pt_index(gva, level);
}

void pt_map(struct test_vm *vm, u64 root, u64 gva, u64 gpa, u64 flags)
{
	*pt_ptr(vm, pt_entry(vm, root, gva, 1)) = gpa | flags;
}

void pt_map_range(struct test_vm *vm, u64 root, u64 gva, u64 gpa, u64 size,
		  u64 flags)
{
	u64 offset;

	for (offset = 0; offset < size; offset += PAGE_SIZE)
		pt_map(vm, root, gva + offset, gpa + offset, flags);
}

void pt_map_large(struct test_vm *vm, u64 root, u64 gva, u64 gpa, u64 flags)
{
	*pt_ptr(vm, pt_entry(vm, root, gva, 2)) = gpa | flags | PTE_PS;
}

void pt_map_image(struct test_vm *vm, u64 root, u64 flags)
{
	u64 start = (u64)__executable_start & PAGE_MASK;
	u64 end = ((u64)_end + PAGE_SIZE - 1) & PAGE_MASK;

	pt_map_range(vm, root, start, start, end - start, flags);
}

void pt_map_basics(struct test_vm *vm, u64 root)
{
	pt_map_range(vm, root, PAGE_SIZE, PAGE_SIZE, vm->ram_size - PAGE_SIZE,
		     PTE_RW);
	pt_map_image(vm, root, PTE_USER);
}
