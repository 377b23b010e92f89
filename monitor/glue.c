// SPDX-License-Identifier: GPL-2.0-only
/*
 * What shadow/ needs of its surroundings, on memslots and vCPUs; and the MMU
 * notifier that tells it when host pages go.
 */
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "monitor/vcpu.h"

static struct lull_vm *mmu_vm(struct lull_mmu *mmu)
{
	return container_of(mmu, struct lull_vm, mmu);
}

/* No memory answers reads with ones, as a bus without a device does. */
static int read_gpte(struct lull_mmu *mmu, gpa_t gpa, u64 *gpte, bool atomic)
{
	u64 __user *ptr = (u64 __user *)lull_gpa_to_hva(mmu_vm(mmu), gpa, false);
	int r;

	if (!ptr) {
		*gpte = ~0ULL;
		return 0;
	}
	if (!atomic)
		return get_user(*gpte, ptr);
	pagefault_disable();
	r = __get_user(*gpte, ptr);
	pagefault_enable();
	return r ? -EAGAIN : 0;
}

static int read_table(u64 __user *table, const unsigned long *wanted, u64 *gptes)
{
	unsigned int word;

	if (!user_read_access_begin(table, PAGE_SIZE))
		return -EAGAIN;
	for (word = 0; word < BITS_TO_LONGS(LULL_PT_ENTRIES); word++) {
		unsigned long bits = wanted[word];

		for (; bits; bits &= bits - 1) {
			unsigned int i = word * BITS_PER_LONG + __ffs(bits);

			unsafe_get_user(gptes[i], &table[i], fault);
		}
	}
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EAGAIN;
}

static int read_gptes(struct lull_mmu *mmu, gfn_t gfn,
		      const unsigned long *wanted, u64 *gptes)
{
	unsigned long hva = lull_gpa_to_hva(mmu_vm(mmu), gfn << PAGE_SHIFT,
					    false);
	int r;

	if (!hva) {
		memset(gptes, 0xff, PAGE_SIZE);
		return 0;
	}
	pagefault_disable();
	r = read_table((u64 __user *)hva, wanted, gptes);
	pagefault_enable();
	return r;
}

static int cmpxchg_gpte(struct lull_mmu *mmu, gpa_t gpa, u64 old, u64 new,
			bool atomic)
{
	u64 __user *ptr = (u64 __user *)lull_gpa_to_hva(mmu_vm(mmu), gpa, true);
	int r;

	if (!ptr)
		return 1;
	if (atomic)
		pagefault_disable();
	r = __try_cmpxchg_user(ptr, &old, new, fault);
	if (atomic)
		pagefault_enable();
	return r > 0 || (r && atomic) ? -EAGAIN : r;
}

/* A page the host may write now saves a fault later. */
static int find_page(unsigned long hva, bool readonly, bool write, bool atomic,
		     struct lull_page *out)
{
	unsigned int flags = write ? FOLL_WRITE : 0;
	struct page *page;

	out->writable = !readonly &&
			get_user_page_fast_only(hva, FOLL_WRITE, &page);
	if (!out->writable) {
		if (!(atomic ? get_user_page_fast_only(hva, flags, &page) :
			       get_user_pages_fast(hva, 1, flags, &page) == 1))
			return atomic ? -EAGAIN : -EFAULT;
		out->writable = write;
	}
	out->page = page;
	out->hfn = page_to_pfn(page);
	return 0;
}

static int get_page_of_gfn(struct lull_mmu *mmu, gfn_t gfn, bool write,
			   bool atomic, struct lull_page *out)
{
	struct lull_memslot *slot = lull_memslot_find(mmu_vm(mmu), gfn);

	if (!slot)
		return -ENOENT;
	if (write && slot->readonly)
		return -EROFS;
	return find_page(slot->hva + ((gfn - slot->base_gfn) << PAGE_SHIFT),
			 slot->readonly, write, atomic, out);
}

static void put_page_of_gfn(struct lull_mmu *mmu, struct lull_page *page)
{
	/* The guest's writes leave no trace in the host's own tables. */
	if (page->writable)
		SetPageDirty(page->page);
	put_page(page->page);
}

static struct lull_rmap *gfn_rmap(struct lull_mmu *mmu, gfn_t gfn)
{
	struct lull_memslot *slot = lull_memslot_find(mmu_vm(mmu), gfn);

	return slot ? &slot->rmap[gfn - slot->base_gfn] : NULL;
}

static bool next_gfn(struct lull_mmu *mmu, gfn_t *gfn)
{
	struct lull_vm *vm = mmu_vm(mmu);
	struct lull_memslot *slot;
	gfn_t next = ~0ULL;

	for (slot = vm->slots; slot < vm->slots + LULL_MAX_SLOTS; slot++) {
		if (*gfn < slot->base_gfn + slot->npages)
			next = min(next, max(*gfn, slot->base_gfn));
	}
	*gfn = next;
	return next != ~0ULL;
}

/* Whether there is such a page, and whether it is @hfn. */
static bool host_page(unsigned long hva, unsigned int gup_flags, hfn_t hfn,
		      bool *same)
{
	struct page *page;

	if (!get_user_page_fast_only(hva, gup_flags, &page))
		return false;
	*same = page_to_pfn(page) == hfn;
	put_page(page);
	return true;
}

/*
 * Only threads of the launcher can tell.  What the host may only read shows in
 * that the page is there, and not for writing.  A look for it can fail by
 * chance, when the CPU sets A or D: once more then.
 */
static bool is_behind(struct lull_mmu *mmu, gfn_t gfn, hfn_t hfn, bool write)
{
	unsigned long hva = lull_gpa_to_hva(mmu_vm(mmu), gfn << PAGE_SHIFT,
					    write);
	unsigned int flags = write ? FOLL_WRITE : 0;
	bool same;

	if (!hva)
		return false;
	if (current->mm != mmu_vm(mmu)->mm)
		return true;
	if (host_page(hva, flags, hfn, &same))
		return same;
	if (!write || !host_page(hva, 0, hfn, &same))
		return true;
	return host_page(hva, flags, hfn, &same) && same;
}

static void ack(void *unused)
{
}

/*
 * A vCPU sets in_guest, then checks requests; this sets requests, then checks
 * in_guest: one of the two sees the other.  Who is here is not in the guest.
 */
static void flush(struct lull_mmu *mmu)
{
	struct lull_vm *vm = mmu_vm(mmu);
	int here = smp_processor_id();
	struct lull_vcpu *vcpu;
	unsigned int i;
	int cpu;

	for (i = 0; i < LULL_MAX_VCPUS; i++) {
		vcpu = vm->vcpus[i];
		if (!vcpu)
			continue;
		set_bit(LULL_REQ_FLUSH, &vcpu->requests);
		/* Pairs with the barrier in enter(). */
		smp_mb__after_atomic();
		if (!READ_ONCE(vcpu->in_guest))
			continue;
		cpu = READ_ONCE(vcpu->cpu);
		if (cpu != here)
			smp_call_function_single(cpu, ack, NULL, true);
	}
	lull_soft_tlb_settled(vm);
}

#ifdef LULL_DEBUG
static void settled(struct lull_mmu *mmu)
{
	lull_soft_tlb_settled(mmu_vm(mmu));
}
#endif

const struct lull_shadow_env lull_shadow_env = {
	.read_gpte = read_gpte,
	.read_gptes = read_gptes,
	.cmpxchg_gpte = cmpxchg_gpte,
	.get_page = get_page_of_gfn,
	.put_page = put_page_of_gfn,
	.gfn_rmap = gfn_rmap,
	.next_gfn = next_gfn,
	.is_behind = is_behind,
	.flush = flush,
#ifdef LULL_DEBUG
	.settled = settled,
#endif
};

static struct lull_vm *notifier_vm(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct lull_vm, notifier);
}

/*
 * Long ranges let others have the lock in between.  Should the slot change
 * then, nothing is mapped by the new one before the range ends.
 */
static void invalidate_gfns(struct lull_vm *vm, gfn_t gfn, u64 nr,
			    bool may_sleep)
{
	while (nr) {
		u64 n = min_t(u64, nr, LULL_PT_ENTRIES);

		lull_mmu_invalidate(&vm->mmu, gfn, n);
		gfn += n;
		nr -= n;
		if (may_sleep)
			cond_resched_lock(&vm->mmu.lock);
	}
}

static void invalidate_slot(struct lull_vm *vm, const struct lull_memslot *slot,
			    const struct mmu_notifier_range *range)
{
	unsigned long start = max(range->start & PAGE_MASK, slot->hva);
	unsigned long end = PAGE_ALIGN(min(range->end, slot->hva +
					   (slot->npages << PAGE_SHIFT)));

	if (start < end)
		invalidate_gfns(vm, slot->base_gfn +
				((start - slot->hva) >> PAGE_SHIFT),
				(end - start) >> PAGE_SHIFT,
				mmu_notifier_range_blockable(range));
}

static int invalidate_start(struct mmu_notifier *notifier,
			    const struct mmu_notifier_range *range)
{
	struct lull_vm *vm = notifier_vm(notifier);
	unsigned int i;

	spin_lock(&vm->mmu.lock);
	lull_mmu_invalidate_begin(&vm->mmu);
	for (i = 0; i < LULL_MAX_SLOTS; i++)
		invalidate_slot(vm, &vm->slots[i], range);
	spin_unlock(&vm->mmu.lock);
	return 0;
}

static void invalidate_end(struct mmu_notifier *notifier,
			   const struct mmu_notifier_range *range)
{
	struct lull_vm *vm = notifier_vm(notifier);

	spin_lock(&vm->mmu.lock);
	lull_mmu_invalidate_end(&vm->mmu);
	spin_unlock(&vm->mmu.lock);
}

/* The launcher's address space goes: nothing may stay mapped. */
static void release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	lull_mmu_zap_all(&notifier_vm(notifier)->mmu);
}

const struct mmu_notifier_ops lull_notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
	.release = release,
};
