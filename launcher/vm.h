/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/lull: its file descriptors and the calls on them. */
#ifndef LAUNCHER_VM_H
#define LAUNCHER_VM_H

#include "gmem.h"
#include "base.h"
#include "../monitor/uapi/lull.h"

#define LULL_DEVICE	"/dev/lull"

/**
 * struct vm - one VM
 * @sys_fd:	/dev/lull
 * @fd:		the VM
 * @caps:	what the host offers
 */
struct vm {
	int sys_fd;
	int fd;
	struct lull_caps caps;
};

/**
 * struct vcpu - one vCPU
 * @fd:		the vCPU
 * @run:	shared with LULL_RUN
 * @run_size:	its bytes
 */
struct vcpu {
	int fd;
	struct lull_run *run;
	size_t run_size;
};

int device_open(const char *path, struct lull_caps *caps);
int vm_create(struct vm *vm, const struct lull_vm_config *config);
int vm_add_memory(struct vm *vm, const struct gmem *mem);
int vm_set_irq(struct vm *vm, unsigned int irq, bool level);
void vm_destroy(struct vm *vm);
int vcpu_create(struct vm *vm, struct vcpu *vcpu, unsigned int id);
void vcpu_destroy(struct vcpu *vcpu);

#endif /* LAUNCHER_VM_H */
