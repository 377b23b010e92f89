// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory is short: shadow pages can be made again.
 */
#include <linux/mm.h>
#include <linux/shrinker.h>

#include "monitor/vm.h"

/*
 * Every VM whose shadow pages can be taken, the one that gave last at the end.
 * Nothing is allocated under the lock, and it is outside vm->mmu.lock.
 */
static LIST_HEAD(vms);
static DEFINE_MUTEX(vms_lock);

static unsigned long count_pages(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	unsigned long nr = 0;
	struct lull_vm *vm;

	/* Somebody else is at it, or a VM comes or goes. */
	if (!mutex_trylock(&vms_lock))
		return 0;
	list_for_each_entry(vm, &vms, shrink_link)
		nr += READ_ONCE(vm->mmu.nr_pages);
	mutex_unlock(&vms_lock);
	return nr;
}

static unsigned long scan_pages(struct shrinker *shrinker,
				struct shrink_control *sc)
{
	unsigned long freed = 0;
	struct lull_vm *vm;

	if (!mutex_trylock(&vms_lock))
		return SHRINK_STOP;
	list_for_each_entry(vm, &vms, shrink_link) {
		freed = lull_mmu_shrink(&vm->mmu, sc->nr_to_scan);
		if (freed) {
			list_move_tail(&vm->shrink_link, &vms);
			break;
		}
	}
	mutex_unlock(&vms_lock);
	return freed ?: SHRINK_STOP;
}

static struct shrinker shrinker = {
	.count_objects = count_pages,
	.scan_objects = scan_pages,
	.seeks = DEFAULT_SEEKS,
};

/**
 * lull_shrink_add_vm() - let the host take shadow pages of a VM
 * @vm:	the VM, its MMU made
 */
void lull_shrink_add_vm(struct lull_vm *vm)
{
	mutex_lock(&vms_lock);
	list_add(&vm->shrink_link, &vms);
	mutex_unlock(&vms_lock);
}

/**
 * lull_shrink_remove_vm() - nobody takes shadow pages of the VM on return
 * @vm:	the VM, whether or not it was added
 */
void lull_shrink_remove_vm(struct lull_vm *vm)
{
	mutex_lock(&vms_lock);
	list_del_init(&vm->shrink_link);
	mutex_unlock(&vms_lock);
}

/**
 * lull_shrink_init() - register the shrinker
 *
 * Return: 0 or -ENOMEM.
 */
int __init lull_shrink_init(void)
{
	return register_shrinker(&shrinker, "lull");
}

/**
 * lull_shrink_exit() - unregister it; there are no VMs
 */
void lull_shrink_exit(void)
{
	unregister_shrinker(&shrinker);
}
