/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine: memory, interrupt chips, vCPUs.
 *
 * Lock order, outermost first:
 *	vcpu->mutex > vm->lock > vm->slots_sem > mm's mmap_lock >
 *	vm->mmu.lock > vm->chip.lock
 * MMU notifiers run below mmap_lock and take only vm->mmu.lock.  Reclaim runs
 * wherever memory is allocated and takes only shrink.c's lock and vm->mmu.lock.
 */
#ifndef LULL_VM_H
#define LULL_VM_H

#include <linux/kref.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

#include "monitor/irqchip.h"
#include "monitor/soft_tlb.h"
#include "monitor/uapi/lull.h"
#include "shadow/shadow.h"

struct file;
struct lull_vcpu;

/**
 * struct lull_memslot - one range of guest memory
 * @base_gfn:	first frame
 * @npages:	frames, 0 if the slot is free
 * @hva:	address in the launcher
 * @readonly:	guest writes leave as LULL_RUN_MMIO
 * @rmap:	one per frame
 */
struct lull_memslot {
	gfn_t base_gfn;
	u64 npages;
	unsigned long hva;
	bool readonly;
	struct lull_rmap *rmap;
};

/**
 * struct lull_vm - a virtual machine
 * @ref:	[a] one for the VM fd and for each vCPU fd
 * @id:		[I] number since the module was loaded
 * @pid:	[I] of the launcher
 * @mm:		[I] address space the memory is in
 * @para_features: [I] LULL_PARA_F_* offered
 * @guard_kill:	[I] an access that the idle guard finds ends the VM
 * @dead:	[a] a failed entry or an unhandled exit ended it
 * @lock:	serializes making vCPUs
 * @slots_sem:	held for reading while guest memory is looked up outside the
 *		mmu lock
 * @slots:	[s] and [m] to write, either to read
 * @notifier:	[I] tells when host pages go
 * @mmu:	shadow pages
 * @chip:	PIC pair and PIT
 * @vcpus:	[m] to write; NULL where there is none
 * @debugfs:	[I] directory
 * @shrink_link: shrink.c's, under its lock
 * @soft:	debug builds: the software TLB
 *
 * [I] immutable, [a] atomic, [s] slots_sem, [m] mmu.lock.
 */
struct lull_vm {
	struct kref ref;
	u32 id;
	pid_t pid;
	struct mm_struct *mm;
	u32 para_features;
	bool guard_kill;
	bool dead;
	struct mutex lock;	/* making vCPUs */
	struct rw_semaphore slots_sem;
	struct lull_memslot slots[LULL_MAX_SLOTS];
	struct mmu_notifier notifier;
	struct lull_mmu mmu;
	struct lull_irqchip chip;
	struct lull_vcpu *vcpus[LULL_MAX_VCPUS];
	struct dentry *debugfs;
	struct list_head shrink_link;
#ifdef LULL_DEBUG
	struct lull_soft_vm soft;
#endif
};

/* vm.c */
u64 lull_vm_para_features(void);
int lull_vm_create_fd(const struct lull_vm_config __user *uconfig);
void lull_vm_put(struct lull_vm *vm);
int lull_vm_check(const struct lull_vm *vm);
void lull_vm_kill(struct lull_vm *vm);

/* memslot.c */
int lull_memslot_set(struct lull_vm *vm, const struct lull_memory_region *mem);
void lull_memslot_free_all(struct lull_vm *vm);
struct lull_memslot *lull_memslot_find(struct lull_vm *vm, gfn_t gfn);
unsigned long lull_gpa_to_hva(struct lull_vm *vm, gpa_t gpa, bool write);
int lull_read_gpa(struct lull_vm *vm, gpa_t gpa, void *to, size_t len);
int lull_read_gpa_words(struct lull_vm *vm, gpa_t gpa, u64 *to,
			unsigned int nr);
int lull_write_gpa(struct lull_vm *vm, gpa_t gpa, const void *from, size_t len);

/* glue.c */
extern const struct lull_shadow_env lull_shadow_env;
extern const struct mmu_notifier_ops lull_notifier_ops;

/* shrink.c */
int lull_shrink_init(void);
void lull_shrink_exit(void);
void lull_shrink_add_vm(struct lull_vm *vm);
void lull_shrink_remove_vm(struct lull_vm *vm);

/* stats.c */
void lull_debugfs_init(void);
void lull_debugfs_exit(void);
void lull_debugfs_add_vm(struct lull_vm *vm);
void lull_debugfs_add_vcpu(struct lull_vcpu *vcpu);
void lull_debugfs_remove_vcpu(struct lull_vcpu *vcpu);

#endif /* LULL_VM_H */
