// SPDX-License-Identifier: GPL-2.0-only
/* /dev/lull: its file descriptors and the calls on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "names.h"
#include "stats.h"
#include "util.h"
#include "vm.h"
#include "../hypercall/uapi/lull_para.h"

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

static int check_caps(const struct lull_caps *caps,
		      const struct lull_vm_config *config)
{
	u64 missing = config->para_features & ~caps->para_features;

	if (missing == LULL_PARA_F_IDLE_GUARD)
		return error("--idle-guard: lull.ko does not offer it");
	if (missing == LULL_PARA_F_CR3_TARGETS)
		return error("--cr3-targets: lull.ko does not offer it (L1TF? see --help)");
	if (missing)
		return error("--idle: lull.ko does not offer features %#llx",
			     missing);
	if (caps->run_size < sizeof(struct lull_run))
		return error("%s: run area of %u bytes is too small",
			     LULL_DEVICE, caps->run_size);
	return 0;
}

static int lull_create(struct vm *vm, const struct lull_vm_config *config)
{
	struct lull_caps caps;

	vm->sys_fd = device_open(LULL_DEVICE, &caps);
	if (vm->sys_fd < 0)
		return -1;
	if (check_caps(&caps, config))
		goto err_close;
	vm->run_size = caps.run_size;
	do {
		vm->fd = ioctl(vm->sys_fd, LULL_CREATE_VM, config);
	} while (vm->fd < 0 && errno == EINTR);
	if (vm->fd >= 0)
		return 0;
	error("%s: cannot create a VM: %s", LULL_DEVICE, strerror(errno));
err_close:
	close(vm->sys_fd);
	return -1;
}

static void lull_destroy(struct vm *vm)
{
	close(vm->fd);
	close(vm->sys_fd);
}

static int lull_add_slot(struct vm *vm, unsigned int nr,
			 const struct gmem_slot *slot)
{
	const struct lull_memory_region region = {
		.slot = nr, .gpa = slot->gpa, .size = slot->size,
		.hva = (uintptr_t)slot->hva,
	};

	return ioctl(vm->fd, LULL_SET_MEMORY, &region);
}

static int lull_set_irq(struct vm *vm, const struct lull_irq_line *line)
{
	return ioctl(vm->fd, LULL_IRQ_LINE, line);
}

static int lull_create_vcpu(struct vm *vm, struct vcpu *vcpu, unsigned int id)
{
	if (vm_map_vcpu(vm, vcpu, LULL_CREATE_VCPU, id))
		return -1;
	vcpu->run = vcpu->shared;
	return 0;
}

static void lull_destroy_vcpu(struct vcpu *vcpu)
{
	munmap(vcpu->shared, vcpu->shared_size);
	close(vcpu->fd);
}

static void lull_kick(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

static int lull_run(struct vcpu *vcpu)
{
	return ioctl(vcpu->fd, LULL_RUN, 0);
}

static void explain_mode(u32 wanted)
{
	static const char *const names[] = {
		[LULL_MODE_REAL] = "real mode",
		[LULL_MODE_32BIT] = "32-bit paging",
		[LULL_MODE_PAE] = "32-bit paging with PAE",
	};

	error("the guest switches to %s, which Lull does not run",
	      wanted < ARRAY_SIZE(names) ? names[wanted] : "an unknown mode");
}

static void lull_explain(const struct vcpu *vcpu)
{
	const struct lull_run *run = vcpu->run;
	char buf[EXIT_NAME_MAX];

	if (run->reason == LULL_RUN_MODE) {
		explain_mode(run->mode.wanted);
		return;
	}
	if (run->reason == LULL_RUN_GUARD) {
		error("the idle guest accessed %#llx at %#llx (error code %#x)",
		      run->guard.gva, run->guard.rip, run->guard.error_code);
		return;
	}
	error("%s: exit reason %s (%#x)",
	      run->reason == LULL_RUN_FAIL_ENTRY ?
	      "the guest cannot be entered" :
	      "the guest did something that Lull does not handle",
	      exit_name(run->hw.exit_reason & 0xffff, buf),
	      run->hw.exit_reason);
	fprintf(stderr, "qualification %016llx  interruption %08llx  instruction error %u\n",
		run->hw.qualification, run->hw.intr_info, run->hw.insn_error);
}

static int lull_get_regs(struct vcpu *vcpu, struct lull_regs *regs)
{
	return ioctl(vcpu->fd, LULL_GET_REGS, regs);
}

static int lull_set_regs(struct vcpu *vcpu, const struct lull_regs *regs)
{
	return ioctl(vcpu->fd, LULL_SET_REGS, regs);
}

static int lull_get_sregs(struct vcpu *vcpu, struct lull_sregs *sregs)
{
	return ioctl(vcpu->fd, LULL_GET_SREGS, sregs);
}

static int lull_set_sregs(struct vcpu *vcpu, const struct lull_sregs *sregs)
{
	return ioctl(vcpu->fd, LULL_SET_SREGS, sregs);
}

static int lull_get_stats(struct vm *vm, struct vcpu *vcpu,
			  union vm_stats *stats)
{
	(void)vm;
	if (ioctl(vcpu->fd, LULL_GET_STATS, &stats->lull))
		return error("statistics: %s", strerror(errno));
	return 0;
}

static struct json_object *lull_stats_json(const struct vcpu *vcpu,
					   const union vm_stats *stats)
{
	(void)vcpu;
	return stats_json(&stats->lull);
}

const struct vm_ops vm_lull_ops = {
	.device = LULL_DEVICE,
	.create = lull_create,
	.destroy = lull_destroy,
	.add_slot = lull_add_slot,
	.set_irq = lull_set_irq,
	.create_vcpu = lull_create_vcpu,
	.destroy_vcpu = lull_destroy_vcpu,
	.kick = lull_kick,
	.run = lull_run,
	.explain = lull_explain,
	.get_regs = lull_get_regs,
	.set_regs = lull_set_regs,
	.get_sregs = lull_get_sregs,
	.set_sregs = lull_set_sregs,
	.get_stats = lull_get_stats,
	.stats_json = lull_stats_json,
};
