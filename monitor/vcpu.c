// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPU file descriptors.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "monitor/cpuid.h"
#include "monitor/vcpu.h"

static struct lull_vcpu *para_vcpu(struct lull_para *para)
{
	return container_of(para, struct lull_vcpu, para);
}

static int para_read(struct lull_para *para, gpa_t gpa, u64 *to,
		     unsigned int nr)
{
	return lull_read_gpa_words(para_vcpu(para)->vm, gpa, to, nr);
}

static int para_write(struct lull_para *para, gpa_t gpa, const void *from,
		      size_t len)
{
	return lull_write_gpa(para_vcpu(para)->vm, gpa, from, len);
}

static const struct lull_para_env para_env = {
	.read_words = para_read,
	.write_gpa = para_write,
};

static const bool always_low;

static void timer_kick(struct lull_ptimer *t)
{
	struct lull_vcpu *vcpu = container_of(t, struct lull_vcpu, timer);

	set_bit(LULL_REQ_PREPARE, &vcpu->requests);
	lull_vcpu_kick(vcpu);
}

static void vcpu_free(struct lull_vcpu *vcpu)
{
	lull_ptimer_destroy(&vcpu->timer);
	lull_shadow_destroy(&vcpu->shadow);
	if (vcpu->vmx.vmcs)
		lull_vmx_vcpu_free(&vcpu->vmx);
	if (vcpu->fpu.fpstate)
		fpu_free_guest_fpstate(&vcpu->fpu);
	free_page((unsigned long)vcpu->run);
	kfree(vcpu);
}

static struct lull_vcpu *vcpu_alloc(struct lull_vm *vm, int id)
{
	struct lull_vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);
	int r = -ENOMEM;

	if (!vcpu)
		return ERR_PTR(r);
	vcpu->vm = vm;
	vcpu->id = id;
	mutex_init(&vcpu->mutex);
	init_swait_queue_head(&vcpu->wait);
	vcpu->irq_line = id ? &always_low : &vm->chip.intr;
	lull_ptimer_init(&vcpu->timer, lull_vmx_config()->timer, timer_kick);
	vcpu->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vcpu->run || !fpu_alloc_guest_fpstate(&vcpu->fpu))
		goto err_free;
	r = lull_vmx_vcpu_init(&vcpu->vmx);
	if (r)
		goto err_free;
	lull_shadow_init(&vcpu->shadow, &vm->mmu, lull_cpuid_maxphyaddr());
	vcpu->cr3_reserved = ~0ULL << lull_cpuid_maxphyaddr();
	vcpu->cr4_reserved = ~lull_cpuid_cr4_mask();
	lull_para_init(&vcpu->para, &para_env, vm->para_features);
	lull_vcpu_reset(vcpu);
	vcpu->bucket = LULL_TICKS_USER;
	vcpu->created = rdtsc();
	vcpu->last = vcpu->created;
	return vcpu;

err_free:
	vcpu_free(vcpu);
	return ERR_PTR(r);
}

/* The VM's table of vCPUs is read under the mmu lock, and by chip_kick(). */
static void publish(struct lull_vm *vm, int id, struct lull_vcpu *vcpu)
{
	unsigned long flags;

	spin_lock(&vm->mmu.lock);
	raw_spin_lock_irqsave(&vm->chip.lock, flags);
	WRITE_ONCE(vm->vcpus[id], vcpu);
	raw_spin_unlock_irqrestore(&vm->chip.lock, flags);
	spin_unlock(&vm->mmu.lock);
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct lull_vcpu *vcpu = file->private_data;
	struct lull_vm *vm = vcpu->vm;

	lull_soft_tlb_audit(vm);
	lull_debugfs_remove_vcpu(vcpu);
	publish(vm, vcpu->id, NULL);
	vcpu_free(vcpu);
	lull_vm_put(vm);
	return 0;
}

static int get_regs(struct lull_vcpu *vcpu, void __user *arg)
{
	struct lull_regs regs;

	lull_vcpu_get_regs(vcpu, &regs);
	return copy_to_user(arg, &regs, sizeof(regs)) ? -EFAULT : 0;
}

static int set_regs(struct lull_vcpu *vcpu, void __user *arg)
{
	struct lull_regs regs;

	if (copy_from_user(&regs, arg, sizeof(regs)))
		return -EFAULT;
	return lull_vcpu_set_regs(vcpu, &regs);
}

static int get_sregs(struct lull_vcpu *vcpu, void __user *arg)
{
	struct lull_sregs sregs;

	lull_vcpu_get_sregs(vcpu, &sregs);
	return copy_to_user(arg, &sregs, sizeof(sregs)) ? -EFAULT : 0;
}

static int set_sregs(struct lull_vcpu *vcpu, void __user *arg)
{
	struct lull_sregs sregs;

	if (copy_from_user(&sregs, arg, sizeof(sregs)))
		return -EFAULT;
	return lull_vcpu_set_sregs(vcpu, &sregs);
}

/**
 * lull_vcpu_snapshot() - a copy of the statistics, complete up to now
 * @vcpu:	the vCPU
 * @stats:	receives them
 *
 * Context: vcpu->mutex held for exact figures; debugfs reads without, and may
 * see one update in part.
 */
void lull_vcpu_snapshot(struct lull_vcpu *vcpu, struct lull_vcpu_stats *stats)
{
	const struct lull_mmu_stats *mmu = &vcpu->vm->mmu.stats;
	u64 *counters = stats->counters;
	u64 last = READ_ONCE(vcpu->last), now = rdtsc();

	*stats = vcpu->stats;
	/* What has not been charged yet, such as a sleep that still lasts. */
	if (now > last)
		stats->ticks[vcpu->bucket] += now - last;
	stats->total = max(now, last) - vcpu->created;
	/* Of the VM, not of the vCPU: shadow pages are shared. */
	counters[LULL_CNT_SYNC_PAGES] = READ_ONCE(mmu->syncs);
	counters[LULL_CNT_UNSYNC] = READ_ONCE(mmu->unsyncs);
	counters[LULL_CNT_ZAPS] = READ_ONCE(mmu->zaps);
	counters[LULL_CNT_SHADOW_PAGES] = READ_ONCE(mmu->shadow_pages);
	counters[LULL_CNT_TIMER_FIRES] = READ_ONCE(vcpu->timer.fires);
	if (!vcpu->id)
		counters[LULL_CNT_TIMER_FIRES] +=
			READ_ONCE(vcpu->vm->chip.timer_fires);
	counters[LULL_CNT_CR3_LISTED] = READ_ONCE(mmu->listed);
	counters[LULL_CNT_CR3_DELISTED] = READ_ONCE(mmu->delisted);
}

static int get_stats(struct lull_vcpu *vcpu, void __user *arg)
{
	struct lull_vcpu_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	int r;

	if (!stats)
		return -ENOMEM;
	lull_account(vcpu, vcpu->bucket);
	lull_vcpu_snapshot(vcpu, stats);
	r = copy_to_user(arg, stats, sizeof(*stats)) ? -EFAULT : 0;
	kfree(stats);
	return r;
}

static long vcpu_dispatch(struct lull_vcpu *vcpu, unsigned int cmd,
			  unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case LULL_RUN:
		return arg ? -EINVAL : lull_vcpu_run(vcpu);
	case LULL_GET_REGS:
		return get_regs(vcpu, uarg);
	case LULL_SET_REGS:
		return set_regs(vcpu, uarg);
	case LULL_GET_SREGS:
		return get_sregs(vcpu, uarg);
	case LULL_SET_SREGS:
		return set_sregs(vcpu, uarg);
	case LULL_GET_STATS:
		return get_stats(vcpu, uarg);
	default:
		return -ENOTTY;
	}
}

/* A dead VM may still be looked at. */
static bool only_looks(unsigned int cmd)
{
	return cmd == LULL_GET_REGS || cmd == LULL_GET_SREGS ||
	       cmd == LULL_GET_STATS;
}

static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct lull_vcpu *vcpu = file->private_data;
	struct lull_vm *vm = vcpu->vm;
	long r;

	if (vm->mm != current->mm || (READ_ONCE(vm->dead) && !only_looks(cmd)))
		return -EIO;
	if (!mutex_trylock(&vcpu->mutex))
		return -EBUSY;
	r = vcpu_dispatch(vcpu, cmd, arg);
	mutex_unlock(&vcpu->mutex);
	return r;
}

static vm_fault_t run_fault(struct vm_fault *vmf)
{
	struct lull_vcpu *vcpu = vmf->vma->vm_file->private_data;

	if (vmf->pgoff)
		return VM_FAULT_SIGBUS;
	vmf->page = virt_to_page(vcpu->run);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct run_vm_ops = {
	.fault = run_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct lull_vcpu *vcpu = file->private_data;

	if (vcpu->vm->mm != current->mm)
		return -EIO;
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_flags |= VM_DONTEXPAND;
	vma->vm_ops = &run_vm_ops;
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.release = vcpu_release,
	.llseek = noop_llseek,
};

static int create_fd(struct lull_vm *vm, int id)
{
	struct lull_vcpu *vcpu;
	int fd;

	if (vm->vcpus[id])
		return -EEXIST;
	vcpu = vcpu_alloc(vm, id);
	if (IS_ERR(vcpu))
		return PTR_ERR(vcpu);
	kref_get(&vm->ref);
	publish(vm, id, vcpu);
	lull_debugfs_add_vcpu(vcpu);
	fd = anon_inode_getfd("lull-vcpu", &vcpu_fops, vcpu,
			      O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		lull_debugfs_remove_vcpu(vcpu);
		publish(vm, id, NULL);
		vcpu_free(vcpu);
		lull_vm_put(vm);
	}
	return fd;
}

/**
 * lull_vcpu_create_fd() - LULL_CREATE_VCPU
 * @vm:	the VM
 * @id:	the vCPU's number
 *
 * Return: a file descriptor, or -errno.
 */
int lull_vcpu_create_fd(struct lull_vm *vm, unsigned long id)
{
	int fd;

	if (id >= LULL_MAX_VCPUS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	fd = create_fd(vm, id);
	mutex_unlock(&vm->lock);
	return fd;
}
