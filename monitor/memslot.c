// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest-physical memory: slots that map gfns to the launcher's addresses.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "monitor/cpuid.h"
#include "monitor/vm.h"

/**
 * lull_memslot_find() - the slot of a frame
 * @vm:		the VM
 * @gfn:	the frame
 *
 * Context: slots_sem or the mmu lock held.
 * Return: the slot or NULL.
 */
struct lull_memslot *lull_memslot_find(struct lull_vm *vm, gfn_t gfn)
{
	struct lull_memslot *slot;

	for (slot = vm->slots; slot < vm->slots + LULL_MAX_SLOTS; slot++) {
		if (gfn - slot->base_gfn < slot->npages)
			return slot;
	}
	return NULL;
}

/**
 * lull_gpa_to_hva() - where a guest-physical address is in the launcher
 * @vm:		the VM
 * @gpa:	the address
 * @write:	for writing
 *
 * Context: slots_sem or the mmu lock held.
 * Return: the address, or 0 where there is no memory (or it is read-only).
 */
unsigned long lull_gpa_to_hva(struct lull_vm *vm, gpa_t gpa, bool write)
{
	struct lull_memslot *slot = lull_memslot_find(vm, gpa >> PAGE_SHIFT);

	if (!slot || (write && slot->readonly))
		return 0;
	return slot->hva + (gpa - (slot->base_gfn << PAGE_SHIFT));
}

static int check_region(const struct lull_memory_region *mem)
{
	u64 limit = 1ULL << lull_cpuid_maxphyaddr();

	if (mem->slot >= LULL_MAX_SLOTS || mem->flags & ~LULL_MEM_READONLY)
		return -EINVAL;
	if ((mem->gpa | mem->size | mem->hva) & ~PAGE_MASK)
		return -EINVAL;
	if (mem->gpa + mem->size < mem->gpa || mem->gpa + mem->size > limit)
		return -EINVAL;
	if (mem->hva + mem->size < mem->hva ||
	    !access_ok((void __user *)mem->hva, mem->size))
		return -EINVAL;
	return 0;
}

static bool overlaps(struct lull_vm *vm, gfn_t base, u64 npages)
{
	struct lull_memslot *slot;

	for (slot = vm->slots; slot < vm->slots + LULL_MAX_SLOTS; slot++) {
		if (base < slot->base_gfn + slot->npages &&
		    slot->base_gfn < base + npages)
			return true;
	}
	return false;
}

/* A fault that is handled at once does not take @vm->slots_sem. */
static void publish(struct lull_vm *vm, struct lull_memslot *slot,
		    const struct lull_memslot *new)
{
	lull_mmu_slots_begin(&vm->mmu);
	spin_lock(&vm->mmu.lock);
	*slot = *new;
	lull_mmu_invalidate_end(&vm->mmu);
	spin_unlock(&vm->mmu.lock);
}

static int add_slot(struct lull_vm *vm, struct lull_memslot *slot,
		    const struct lull_memory_region *mem)
{
	struct lull_memslot new = {
		.base_gfn = mem->gpa >> PAGE_SHIFT,
		.npages = mem->size >> PAGE_SHIFT,
		.hva = mem->hva,
		.readonly = mem->flags & LULL_MEM_READONLY,
	};

	if (slot->npages || overlaps(vm, new.base_gfn, new.npages))
		return -EEXIST;
	/* The caller chose the size: too large is its error, not a warning. */
	new.rmap = __vcalloc(new.npages, sizeof(*new.rmap),
			     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!new.rmap)
		return -ENOMEM;
	publish(vm, slot, &new);
	return 0;
}

static int remove_slot(struct lull_vm *vm, struct lull_memslot *slot)
{
	static const struct lull_memslot none;
	struct lull_rmap *rmap = slot->rmap;

	if (!slot->npages)
		return -ENOENT;
	publish(vm, slot, &none);
	vfree(rmap);
	return 0;
}

/**
 * lull_memslot_set() - LULL_SET_MEMORY
 * @vm:		the VM
 * @mem:	the region
 *
 * Return: 0 or -errno as in API.rst.
 */
int lull_memslot_set(struct lull_vm *vm, const struct lull_memory_region *mem)
{
	struct lull_memslot *slot;
	int r = check_region(mem);

	if (r)
		return r;
	slot = &vm->slots[mem->slot];
	down_write(&vm->slots_sem);
	r = mem->size ? add_slot(vm, slot, mem) : remove_slot(vm, slot);
	up_write(&vm->slots_sem);
	return r;
}

/**
 * lull_memslot_free_all() - the VM goes
 * @vm:	the VM, with no shadow pages left
 */
void lull_memslot_free_all(struct lull_vm *vm)
{
	unsigned int i;

	for (i = 0; i < LULL_MAX_SLOTS; i++)
		vfree(vm->slots[i].rmap);
}

static size_t left_in_page(gpa_t gpa, size_t len)
{
	return min_t(size_t, len, PAGE_SIZE - offset_in_page(gpa));
}

/**
 * lull_read_gpa() - copy guest memory in
 * @vm:		the VM
 * @gpa:	from
 * @to:		to
 * @len:	bytes
 *
 * Context: a thread of the launcher; may sleep.
 * Return: 0, -ENOENT where there is no memory, or -EFAULT where the launcher
 * has nothing mapped behind it.
 */
int lull_read_gpa(struct lull_vm *vm, gpa_t gpa, void *to, size_t len)
{
	int r = 0;

	down_read(&vm->slots_sem);
	while (len && !r) {
		unsigned long hva = lull_gpa_to_hva(vm, gpa, false);
		size_t n = left_in_page(gpa, len);

		if (!hva)
			r = -ENOENT;
		else if (copy_from_user(to, (void __user *)hva, n))
			r = -EFAULT;
		gpa += n;
		to += n;
		len -= n;
	}
	up_read(&vm->slots_sem);
	return r;
}

static int read_words(const u64 __user *from, u64 *to, unsigned int nr)
{
	unsigned int i;

	if (!user_read_access_begin(from, nr * sizeof(*from)))
		return -EFAULT;
	for (i = 0; i < nr; i++)
		unsafe_get_user(to[i], &from[i], fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * lull_read_gpa_words() - a few words of guest memory, quickly
 * @vm:		the VM
 * @gpa:	from; all words lie in one page
 * @to:		to
 * @nr:		how many
 *
 * Context: a thread of the launcher; may sleep.
 * Return: 0, or -EFAULT where there is no memory.
 */
int lull_read_gpa_words(struct lull_vm *vm, gpa_t gpa, u64 *to,
			unsigned int nr)
{
	unsigned long hva;
	int r = -EFAULT;

	down_read(&vm->slots_sem);
	hva = lull_gpa_to_hva(vm, gpa, false);
	if (hva)
		r = read_words((const u64 __user *)hva, to, nr);
	up_read(&vm->slots_sem);
	return r;
}

static int write_page(struct lull_vm *vm, gfn_t gfn, unsigned long hva,
		      const void *from, size_t len)
{
	unsigned long left;

	lull_mmu_write_begin(&vm->mmu, gfn);
	left = copy_to_user((void __user *)hva, from, len);
	lull_mmu_write_end(&vm->mmu);
	return left ? -EFAULT : 0;
}

/**
 * lull_write_gpa() - copy to guest memory
 * @vm:		the VM
 * @gpa:	to
 * @from:	from
 * @len:	bytes
 *
 * Context: a thread of the launcher; may sleep.
 * Return: 0, -ENOENT where there is no writable memory, or -EFAULT where the
 * launcher has nothing mapped behind it.
 */
int lull_write_gpa(struct lull_vm *vm, gpa_t gpa, const void *from, size_t len)
{
	int r = 0;

	down_read(&vm->slots_sem);
	while (len && !r) {
		unsigned long hva = lull_gpa_to_hva(vm, gpa, true);
		size_t n = left_in_page(gpa, len);

		r = hva ? write_page(vm, gpa >> PAGE_SHIFT, hva, from, n) :
			  -ENOENT;
		gpa += n;
		from += n;
		len -= n;
	}
	up_read(&vm->slots_sem);
	return r;
}
