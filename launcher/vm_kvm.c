// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/kvm: the same guest on KVM, to compare with.  It gets what makes a
 * guest of KVM fast: interrupt controllers, PIT and local APIC in the kernel,
 * and all of KVM's paravirtual features.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "names.h"
#include "util.h"
#include "vm.h"
#include "vm_kvm.h"

/*
 * Pages that KVM needs of the guest's address space where the processor
 * cannot run a guest in real mode: beyond any memory, below 4 GiB.
 */
#define IDENTITY_MAP	0xfffbc000ULL
#define TASK_STATE	0xfffbd000ULL

static const struct capability {
	int number;
	const char *name;
} capabilities[] = {
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP" },
	{ KVM_CAP_PIT2, "KVM_CAP_PIT2" },
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR" },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
	{ KVM_CAP_BINARY_STATS_FD, "KVM_CAP_BINARY_STATS_FD" },
};

static int open_error(void)
{
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		return error("%s: %s (kvm_intel is not loaded, and cannot be while lull.ko is)",
			     KVM_DEVICE, strerror(errno));
	if (errno == EACCES || errno == EPERM)
		return error("%s: %s (run as root, or join its group)",
			     KVM_DEVICE, strerror(errno));
	return error("%s: %s", KVM_DEVICE, strerror(errno));
}

static int check_kvm(int fd)
{
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);
	unsigned int i;

	if (version < 0)
		return error("%s: not KVM's device (%s)", KVM_DEVICE,
			     strerror(errno));
	if (version != KVM_API_VERSION)
		return error("%s: API version %d, this program needs %d",
			     KVM_DEVICE, version, KVM_API_VERSION);
	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (ioctl(fd, KVM_CHECK_EXTENSION, capabilities[i].number) <= 0)
			return error("%s: this KVM lacks %s", KVM_DEVICE,
				     capabilities[i].name);
	}
	return 0;
}

static int create_error(void)
{
	if (errno == EBUSY)
		return error("%s: cannot create a VM: %s (does another hypervisor have VMX?)",
			     KVM_DEVICE, strerror(errno));
	return error("%s: cannot create a VM: %s", KVM_DEVICE,
		     strerror(errno));
}

/* Before the first vCPU; returns what failed, or NULL. */
static const char *add_hardware(int fd, const struct lull_vm_config *config)
{
	const struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	const __u64 identity_map = IDENTITY_MAP;

	if (ioctl(fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map))
		return "identity map";
	if (ioctl(fd, KVM_SET_TSS_ADDR, TASK_STATE))
		return "task state segment";
	if (ioctl(fd, KVM_CREATE_IRQCHIP, 0))
		return "interrupt controllers";
	if (ioctl(fd, KVM_CREATE_PIT2, &pit))
		return "interval timer";
	if (config->shadow_pages &&
	    ioctl(fd, KVM_SET_NR_MMU_PAGES, (long)config->shadow_pages))
		return "--shadow-pages";
	return NULL;
}

static int vm_create(struct vm *vm, const struct lull_vm_config *config)
{
	const char *failed;

	vm->sys_fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	if (vm->sys_fd < 0)
		return open_error();
	if (check_kvm(vm->sys_fd))
		goto err_close;
	vm->run_size = ioctl(vm->sys_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->fd = ioctl(vm->sys_fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0) {
		create_error();
		goto err_close;
	}
	failed = add_hardware(vm->fd, config);
	if (!failed)
		return 0;
	error("%s: %s: %s", KVM_DEVICE, failed, strerror(errno));
	close(vm->fd);
err_close:
	close(vm->sys_fd);
	return -1;
}

static void vm_destroy(struct vm *vm)
{
	close(vm->fd);
	close(vm->sys_fd);
}

static int add_slot(struct vm *vm, unsigned int nr,
		    const struct gmem_slot *slot)
{
	const struct kvm_userspace_memory_region region = {
		.slot = nr, .guest_phys_addr = slot->gpa,
		.memory_size = slot->size,
		.userspace_addr = (uintptr_t)slot->hva,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static int set_irq(struct vm *vm, const struct lull_irq_line *line)
{
	const struct kvm_irq_level level = {
		.irq = line->irq, .level = line->level,
	};

	return ioctl(vm->fd, KVM_IRQ_LINE, &level);
}

static void destroy_vcpu(struct vcpu *vcpu)
{
	kvm_stats_close(vcpu->kvm_stats);
	munmap(vcpu->shared, vcpu->shared_size);
	close(vcpu->fd);
}

static int create_vcpu(struct vm *vm, struct vcpu *vcpu, unsigned int id)
{
	vcpu->start_tsc = __rdtsc();
	if (vm_map_vcpu(vm, vcpu, KVM_CREATE_VCPU, id))
		return -1;
	vcpu->run = &vcpu->kvm_exit;
	vcpu->kvm_stats = NULL;
	if (!kvm_prepare_cpu(vm->sys_fd, vcpu->fd))
		return 0;
	destroy_vcpu(vcpu);
	return -1;
}

static void kick(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->kvm_run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

static u8 *io_element(const struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm_run;

	return (u8 *)run + run->io.data_offset + vcpu->io_done * run->io.size;
}

/* KVM returns once for all elements of a string instruction. */
static void tell_io(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm_run;
	struct lull_run *out = vcpu->run;

	out->reason = LULL_RUN_IO;
	out->io.port = run->io.port;
	out->io.size = run->io.size;
	out->io.direction = run->io.direction == KVM_EXIT_IO_IN ? LULL_IO_IN :
								  LULL_IO_OUT;
	out->io.data = 0;
	if (run->io.direction == KVM_EXIT_IO_OUT)
		memcpy(&out->io.data, io_element(vcpu), run->io.size);
}

/* Takes the answer to the last element; is there a further one? */
static bool tell_next_io(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm_run;

	if (vcpu->run->reason != LULL_RUN_IO)
		return false;
	if (run->io.direction == KVM_EXIT_IO_IN)
		memcpy(io_element(vcpu), &vcpu->run->io.data, run->io.size);
	vcpu->run->reason = LULL_RUN_NONE;
	if (++vcpu->io_done == run->io.count)
		return false;
	tell_io(vcpu);
	return true;
}

/* Where there is no memory, reads give all ones and writes are ignored. */
static void answer_mmio(struct kvm_run *run)
{
	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

static int run_vcpu(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm_run;

	if (tell_next_io(vcpu))
		return 0;
	do {
		if (ioctl(vcpu->fd, KVM_RUN, 0))
			return -1;
		if (run->exit_reason == KVM_EXIT_MMIO)
			answer_mmio(run);
	} while (run->exit_reason == KVM_EXIT_MMIO);
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		vcpu->io_done = 0;
		tell_io(vcpu);
		break;
	case KVM_EXIT_SHUTDOWN:
		vcpu->run->reason = LULL_RUN_SHUTDOWN;
		break;
	case KVM_EXIT_FAIL_ENTRY:
		vcpu->run->reason = LULL_RUN_FAIL_ENTRY;
		break;
	default:
		vcpu->run->reason = LULL_RUN_UNHANDLED;
	}
	return 0;
}

static void explain_internal(const struct kvm_run *run)
{
	unsigned int i, nr = run->internal.ndata;

	if (nr > ARRAY_SIZE(run->internal.data))
		nr = ARRAY_SIZE(run->internal.data);
	error("KVM gave up on the guest: internal error %u",
	      run->internal.suberror);
	for (i = 0; i < nr; i++)
		fprintf(stderr, "%s%016llx", i ? "  " : "",
			run->internal.data[i]);
	fprintf(stderr, "\n");
}

static void explain(const struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm_run;
	char buf[EXIT_NAME_MAX];
	u64 reason;

	switch (run->exit_reason) {
	case KVM_EXIT_FAIL_ENTRY:
		reason = run->fail_entry.hardware_entry_failure_reason;
		error("the guest cannot be entered: exit reason %s (%#llx)",
		      exit_name(reason & 0xffff, buf), reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		explain_internal(run);
		break;
	default:
		error("KVM stopped the guest for reason %u, which this program does not handle",
		      run->exit_reason);
	}
}

static int get_regs(struct vcpu *vcpu, struct lull_regs *regs)
{
	return kvm_get_regs(vcpu->fd, regs);
}

static int set_regs(struct vcpu *vcpu, const struct lull_regs *regs)
{
	return kvm_set_regs(vcpu->fd, regs);
}

static int get_sregs(struct vcpu *vcpu, struct lull_sregs *sregs)
{
	return kvm_get_sregs(vcpu->fd, sregs);
}

static int set_sregs(struct vcpu *vcpu, const struct lull_sregs *sregs)
{
	return kvm_set_sregs(vcpu->fd, sregs);
}

static int get_stats(struct vm *vm, struct vcpu *vcpu, union vm_stats *stats)
{
	if (!vcpu->kvm_stats)
		vcpu->kvm_stats = kvm_stats_open(vm->fd, vcpu->fd);
	if (!vcpu->kvm_stats)
		return -1;
	stats->kvm[0] = __rdtsc() - vcpu->start_tsc;
	return kvm_stats_read(vcpu->kvm_stats, stats->kvm + 1);
}

static struct json_object *stats_json(const struct vcpu *vcpu,
				      const union vm_stats *stats)
{
	return kvm_stats_json(vcpu->kvm_stats, stats->kvm);
}

const struct vm_ops vm_kvm_ops = {
	.device = KVM_DEVICE,
	.create = vm_create,
	.destroy = vm_destroy,
	.add_slot = add_slot,
	.set_irq = set_irq,
	.create_vcpu = create_vcpu,
	.destroy_vcpu = destroy_vcpu,
	.kick = kick,
	.run = run_vcpu,
	.explain = explain,
	.get_regs = get_regs,
	.set_regs = set_regs,
	.get_sregs = get_sregs,
	.set_sregs = set_sregs,
	.get_stats = get_stats,
	.stats_json = stats_json,
};
