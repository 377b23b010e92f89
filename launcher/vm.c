// SPDX-License-Identifier: GPL-2.0-only
/* /dev/lull: its file descriptors and the calls on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"
#include "vm.h"

static int open_error(const char *path)
{
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		return error("%s: %s (is lull.ko loaded?)", path,
			     strerror(errno));
	if (errno == EACCES || errno == EPERM)
		return error("%s: %s (run as root, or change its mode)", path,
			     strerror(errno));
	return error("%s: %s", path, strerror(errno));
}

/**
 * device_open() - open /dev/lull and see that it speaks this API
 * @path: its name
 * @caps: gets what the host offers
 *
 * Return: the file descriptor, or -1 after a message
 */
int device_open(const char *path, struct lull_caps *caps)
{
	int fd, version;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return open_error(path);
	version = ioctl(fd, LULL_GET_API_VERSION, 0);
	if (version < 0)
		error("%s: not Lull's device (%s)", path, strerror(errno));
	else if (version != LULL_API_VERSION)
		error("%s: lull.ko has API version %d, this program needs %d",
		      path, version, LULL_API_VERSION);
	else if (ioctl(fd, LULL_GET_CAPS, caps))
		error("%s: capabilities: %s", path, strerror(errno));
	else
		return fd;
	close(fd);
	return -1;
}

/**
 * vm_create() - make a VM
 * @vm: the VM
 * @config: what it is to be
 *
 * Return: 0, or -1 after a message
 */
int vm_create(struct vm *vm, const struct lull_vm_config *config)
{
	vm->sys_fd = device_open(LULL_DEVICE, &vm->caps);
	if (vm->sys_fd < 0)
		return -1;
	if (config->para_features & ~vm->caps.para_features) {
		error("--idle: lull.ko does not offer features %#llx",
		      config->para_features & ~vm->caps.para_features);
		goto err_close;
	}
	vm->fd = ioctl(vm->sys_fd, LULL_CREATE_VM, config);
	if (vm->fd >= 0)
		return 0;
	error("%s: cannot create a VM: %s", LULL_DEVICE, strerror(errno));
err_close:
	close(vm->sys_fd);
	return -1;
}

/**
 * vm_add_memory() - give a VM its memory
 * @vm: the VM
 * @mem: the memory; stays mapped as long as the VM lives
 *
 * Return: 0, or -1 after a message
 */
int vm_add_memory(struct vm *vm, const struct gmem *mem)
{
	struct lull_memory_region region = { };
	int i;

	for (i = 0; i < mem->nr; i++) {
		region.slot = i;
		region.gpa = mem->slots[i].gpa;
		region.size = mem->slots[i].size;
		region.hva = (uintptr_t)mem->slots[i].hva;
		if (ioctl(vm->fd, LULL_SET_MEMORY, &region))
			return error("--mem: %llu MiB at %#llx refused: %s",
				     region.size / MIB, region.gpa,
				     strerror(errno));
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
	struct lull_irq_line line = { .irq = irq, .level = level };

	if (ioctl(vm->fd, LULL_IRQ_LINE, &line))
		return error("interrupt %u: %s", irq, strerror(errno));
	return 0;
}

/**
 * vm_destroy() - drop a VM
 * @vm: the VM; its vCPUs are gone
 */
void vm_destroy(struct vm *vm)
{
	close(vm->fd);
	close(vm->sys_fd);
}

/**
 * vcpu_create() - make a vCPU
 * @vm: its VM
 * @vcpu: the vCPU
 * @id: its number
 *
 * Return: 0, or -1 after a message
 */
int vcpu_create(struct vm *vm, struct vcpu *vcpu, unsigned int id)
{
	vcpu->run_size = vm->caps.run_size;
	if (vcpu->run_size < sizeof(*vcpu->run))
		return error("%s: run area of %zu bytes is too small",
			     LULL_DEVICE, vcpu->run_size);
	vcpu->fd = ioctl(vm->fd, LULL_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		return error("%s: cannot create vCPU %u: %s", LULL_DEVICE, id,
			     strerror(errno));
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run != MAP_FAILED)
		return 0;
	error("%s: cannot map vCPU %u: %s", LULL_DEVICE, id, strerror(errno));
	close(vcpu->fd);
	return -1;
}

/**
 * vcpu_destroy() - drop a vCPU
 * @vcpu: the vCPU
 */
void vcpu_destroy(struct vcpu *vcpu)
{
	munmap(vcpu->run, vcpu->run_size);
	close(vcpu->fd);
}
