/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM and its vCPU, on /dev/lull or on /dev/kvm.  Registers, and what a vCPU
 * returned for, are in the terms of monitor/uapi/lull.h on both.
 */
#ifndef LAUNCHER_VM_H
#define LAUNCHER_VM_H

#include "gmem.h"
#include "base.h"
#include "../monitor/uapi/lull.h"

#define LULL_DEVICE	"/dev/lull"
#define KVM_DEVICE	"/dev/kvm"

struct json_object;
struct kvm_run;
struct kvm_stats_layout;
struct vm_ops;

/* Least room for the statistics of a VM on KVM and of its vCPU, in values. */
#define KVM_STATS_MAX	512

/**
 * union vm_stats - the statistics of a vCPU and its VM at one moment
 * @lull:	on /dev/lull
 * @kvm:	on /dev/kvm: TSC ticks since the vCPU was made, and then the
 *		values that struct kvm_stats_layout names
 */
union vm_stats {
	struct lull_vcpu_stats lull;
	u64 kvm[1 + KVM_STATS_MAX];
};

/**
 * struct vm - one VM
 * @ops:	its backend
 * @sys_fd:	/dev/lull or /dev/kvm
 * @fd:		the VM
 * @run_size:	bytes to map of a vCPU
 */
struct vm {
	const struct vm_ops *ops;
	int sys_fd;
	int fd;
	size_t run_size;
};

/**
 * struct vcpu - one vCPU
 * @fd:		the vCPU
 * @run:	what it returned for
 * @shared:	mapped from @fd: on /dev/lull the same as @run
 * @shared_size: its bytes
 * @kvm_exit:	what @run points to on /dev/kvm
 * @io_done:	elements of a string instruction that @run has told of
 * @kvm_stats:	KVM's statistics, or NULL before they are asked for
 * @start_tsc:	when it was made
 */
struct vcpu {
	int fd;
	struct lull_run *run;
	union {
		void *shared;
		struct kvm_run *kvm_run;
	};
	size_t shared_size;
	struct lull_run kvm_exit;
	u32 io_done;
	struct kvm_stats_layout *kvm_stats;
	u64 start_tsc;
};

/**
 * struct vm_ops - a backend
 * @device:	its device
 * @create:	open the device and make a VM
 * @destroy:	drop a VM whose vCPUs are gone
 * @add_slot:	give the VM a piece of memory under a number; 0, or -1 and
 *		errno
 * @set_irq:	drive an input of the PIC pair (and, on KVM, of the IOAPIC);
 *		0, or -1 and errno
 * @create_vcpu: make a vCPU
 * @destroy_vcpu: drop a vCPU
 * @kick:	make @run, now or the next time, fail with EINTR; may be called
 *		by any thread
 * @run:	enter the guest; 0 once vcpu->run says why it stopped, or -1 and
 *		errno.  LULL_RUN_MMIO comes on /dev/lull only.
 * @explain:	tell on standard error of LULL_RUN_FAIL_ENTRY or
 *		LULL_RUN_UNHANDLED
 * @get_regs:	general registers; 0, or -1 and errno
 * @set_regs:	likewise
 * @get_sregs:	system registers; likewise
 * @set_sregs:	likewise
 * @get_stats:	statistics
 * @stats_json:	statistics as a JSON object
 *
 * Unless it says otherwise, each returns 0, or -1 after a message.
 */
struct vm_ops {
	const char *device;
	int (*create)(struct vm *vm, const struct lull_vm_config *config);
	void (*destroy)(struct vm *vm);
	int (*add_slot)(struct vm *vm, unsigned int nr,
			const struct gmem_slot *slot);
	int (*set_irq)(struct vm *vm, const struct lull_irq_line *line);
	int (*create_vcpu)(struct vm *vm, struct vcpu *vcpu, unsigned int id);
	void (*destroy_vcpu)(struct vcpu *vcpu);
	void (*kick)(struct vcpu *vcpu);
	int (*run)(struct vcpu *vcpu);
	void (*explain)(const struct vcpu *vcpu);
	int (*get_regs)(struct vcpu *vcpu, struct lull_regs *regs);
	int (*set_regs)(struct vcpu *vcpu, const struct lull_regs *regs);
	int (*get_sregs)(struct vcpu *vcpu, struct lull_sregs *sregs);
	int (*set_sregs)(struct vcpu *vcpu, const struct lull_sregs *sregs);
	int (*get_stats)(struct vm *vm, struct vcpu *vcpu,
			 union vm_stats *stats);
	struct json_object *(*stats_json)(const struct vcpu *vcpu,
					  const union vm_stats *stats);
};

extern const struct vm_ops vm_lull_ops;
extern const struct vm_ops vm_kvm_ops;

int device_open(const char *path, struct lull_caps *caps);
int vm_add_memory(struct vm *vm, const struct gmem *mem);
int vm_set_irq(struct vm *vm, unsigned int irq, bool level);
int vm_map_vcpu(struct vm *vm, struct vcpu *vcpu, int request,
		unsigned int id);

#endif /* LAUNCHER_VM_H */
