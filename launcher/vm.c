// SPDX-License-Identifier: GPL-2.0-only
/* What both backends do alike. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"
#include "vm.h"

/**
 * vm_add_memory() - give a VM its memory
 * @vm: the VM
 * @mem: the memory; stays mapped as long as the VM lives
 *
 * Return: 0, or -1 after a message
 */
int vm_add_memory(struct vm *vm, const struct gmem *mem)
{
	int i;

	for (i = 0; i < mem->nr; i++) {
		if (vm->ops->add_slot(vm, i, &mem->slots[i]))
			return error("--mem: %llu MiB at %#llx refused: %s",
				     mem->slots[i].size / MIB,
				     mem->slots[i].gpa, strerror(errno));
	}
	return 0;
}

/**
 * vm_set_irq() - drive an input of the guest's PIC pair
 * @vm: the VM
 * @irq: 0 to 15
 * @level: of the line
 *
 * Return: 0, or -1 after a message
 */
int vm_set_irq(struct vm *vm, unsigned int irq, bool level)
{
	const struct lull_irq_line line = { .irq = irq, .level = level };

	if (vm->ops->set_irq(vm, &line))
		return error("interrupt %u: %s", irq, strerror(errno));
	return 0;
}

/**
 * vm_map_vcpu() - make a vCPU and map what it shares with its run call
 * @vm: its VM
 * @vcpu: the vCPU; @fd, @shared and @shared_size are set
 * @request: the ioctl that makes one
 * @id: its number
 *
 * Return: 0, or -1 after a message
 */
int vm_map_vcpu(struct vm *vm, struct vcpu *vcpu, int request, unsigned int id)
{
	const char *device = vm->ops->device;

	vcpu->fd = ioctl(vm->fd, request, id);
	if (vcpu->fd < 0)
		return error("%s: cannot create vCPU %u: %s", device, id,
			     strerror(errno));
	vcpu->shared_size = vm->run_size;
	vcpu->shared = mmap(NULL, vcpu->shared_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, vcpu->fd, 0);
	if (vcpu->shared != MAP_FAILED)
		return 0;
	error("%s: cannot map vCPU %u: %s", device, id, strerror(errno));
	close(vcpu->fd);
	return -1;
}
