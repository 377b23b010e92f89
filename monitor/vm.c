// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM file descriptors.
 */
#define pr_fmt(fmt) "lull: " fmt

#include <linux/anon_inodes.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hypercall/uapi/lull_para.h"
#include "monitor/vcpu.h"

/* 8 KiB each: 64 MiB of host memory at the most. */
#define DEFAULT_SHADOW_PAGES	8192

/**
 * lull_vm_check() - may the caller use this VM?
 * @vm:	the VM
 *
 * Return: 0, or -EIO when the VM is dead or belongs to another address space.
 */
int lull_vm_check(const struct lull_vm *vm)
{
	return vm->mm != current->mm || READ_ONCE(vm->dead) ? -EIO : 0;
}

/**
 * lull_vm_kill() - a guest cannot go on
 * @vm:	the VM
 *
 * Every vCPU leaves LULL_RUN, also those asleep in HLT.
 */
void lull_vm_kill(struct lull_vm *vm)
{
	unsigned int i;

	WRITE_ONCE(vm->dead, true);
	spin_lock(&vm->mmu.lock);
	for (i = 0; i < LULL_MAX_VCPUS; i++) {
		if (vm->vcpus[i])
			lull_vcpu_kick(vm->vcpus[i]);
	}
	spin_unlock(&vm->mmu.lock);
}

static void chip_kick(struct lull_irqchip *chip)
{
	struct lull_vm *vm = container_of(chip, struct lull_vm, chip);
	struct lull_vcpu *vcpu = READ_ONCE(vm->vcpus[0]);

	if (vcpu)
		lull_vcpu_kick(vcpu);
}

static void vm_free(struct lull_vm *vm)
{
	debugfs_remove_recursive(vm->debugfs);
	lull_shrink_remove_vm(vm);
	lull_irqchip_destroy(&vm->chip);
	if (vm->notifier.mm)
		mmu_notifier_unregister(&vm->notifier, vm->mm);
	lull_mmu_destroy(&vm->mmu);
	lull_memslot_free_all(vm);
	mmdrop(vm->mm);
	preempt_notifier_dec();
	kvfree(vm);
}

static void vm_release(struct kref *ref)
{
	vm_free(container_of(ref, struct lull_vm, ref));
}

/**
 * lull_vm_put() - drop a reference
 * @vm:	the VM
 *
 * Context: may sleep.
 */
void lull_vm_put(struct lull_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

static struct lull_vm *vm_alloc(const struct lull_vm_config *config)
{
	static atomic_t next_id = ATOMIC_INIT(0);
	struct lull_vm *vm = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	int r;

	if (!vm)
		return ERR_PTR(-ENOMEM);
	kref_init(&vm->ref);
	preempt_notifier_inc();
	vm->id = atomic_inc_return(&next_id);
	vm->pid = task_tgid_nr(current);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	vm->para_features = config->para_features;
	vm->guard_kill = config->flags & LULL_VM_F_GUARD_KILL;
	mutex_init(&vm->lock);
	init_rwsem(&vm->slots_sem);
	INIT_LIST_HEAD(&vm->shrink_link);
	lull_irqchip_init(&vm->chip, chip_kick);
	r = lull_mmu_init(&vm->mmu, &lull_shadow_env, vm->id,
			  config->shadow_pages ?: DEFAULT_SHADOW_PAGES);
	if (r)
		goto err_free;
	vm->notifier.ops = &lull_notifier_ops;
	r = mmu_notifier_register(&vm->notifier, vm->mm);
	if (r) {
		vm->notifier.mm = NULL;
		goto err_free;
	}
	lull_shrink_add_vm(vm);
	lull_debugfs_add_vm(vm);
	return vm;

err_free:
	vm_free(vm);
	return ERR_PTR(r);
}

static int set_memory(struct lull_vm *vm, void __user *arg)
{
	struct lull_memory_region mem;

	if (copy_from_user(&mem, arg, sizeof(mem)))
		return -EFAULT;
	return lull_memslot_set(vm, &mem);
}

static int irq_line(struct lull_vm *vm, void __user *arg)
{
	struct lull_irq_line line;

	if (copy_from_user(&line, arg, sizeof(line)))
		return -EFAULT;
	/* 0 is the PIT's, 2 the slave's. */
	if (line.irq > 15 || line.irq == 0 || line.irq == 2 || line.level > 1)
		return -EINVAL;
	lull_irqchip_set_line(&vm->chip, line.irq, line.level);
	return 0;
}

static long vm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct lull_vm *vm = file->private_data;
	void __user *uarg = (void __user *)arg;
	int r = lull_vm_check(vm);

	if (r)
		return r;
	switch (cmd) {
	case LULL_SET_MEMORY:
		return set_memory(vm, uarg);
	case LULL_CREATE_VCPU:
		return lull_vcpu_create_fd(vm, arg);
	case LULL_IRQ_LINE:
		return irq_line(vm, uarg);
	default:
		return -ENOTTY;
	}
}

static int vm_fop_release(struct inode *inode, struct file *file)
{
	lull_vm_put(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vm_ioctl,
	.release = vm_fop_release,
	.llseek = noop_llseek,
};

/**
 * lull_vm_para_features() - what VMs may offer to their guests
 *
 * Return: LULL_PARA_F_*; no timer where the TSC's frequency is not known.
 */
u64 lull_vm_para_features(void)
{
	return LULL_PARA_F_ALL & (tsc_khz ? ~0U : ~LULL_PARA_F_TIMER) &
	       (lull_targets_offered() ? ~0U : ~LULL_PARA_F_CR3_TARGETS);
}

/**
 * lull_vm_create_fd() - LULL_CREATE_VM
 * @uconfig:	the caller's configuration
 *
 * Return: a file descriptor, or -errno.
 */
int lull_vm_create_fd(const struct lull_vm_config __user *uconfig)
{
	struct lull_vm_config config;
	struct lull_vm *vm;
	int fd;

	if (copy_from_user(&config, uconfig, sizeof(config)))
		return -EFAULT;
	if (config.para_features & ~lull_vm_para_features() ||
	    config.flags & ~LULL_VM_F_ALL || config.pad[0] || config.pad[1])
		return -EINVAL;
	if (config.shadow_pages &&
	    (config.shadow_pages < LULL_MIN_SHADOW_PAGES ||
	     config.shadow_pages > LULL_MAX_SHADOW_PAGES))
		return -EINVAL;
	vm = vm_alloc(&config);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	fd = anon_inode_getfd("lull-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		lull_vm_put(vm);
	return fd;
}
