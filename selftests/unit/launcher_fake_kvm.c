// SPDX-License-Identifier: GPL-2.0-only
/* A /dev/kvm for tests: KVM_RUN follows a script instead of a guest. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launcher/mptable.h"
#include "launcher_fake_kvm.h"
#include "launcher_wrap.h"

#define RUN_SIZE	8192
#define IO_OFFSET	4096
#define NAME_SIZE	16

struct fake_kvm fake_kvm;

static struct kvm_run *run;
static int sys_fd, vm_fd, vcpu_fd;

/**
 * fake_kvm_reset() - a KVM that works, with a new script
 * @steps: the script
 */
void fake_kvm_reset(const struct kvm_step *steps)
{
	memset(&fake_kvm, 0, sizeof(fake_kvm));
	fake_kvm.api = KVM_API_VERSION;
	fake_kvm.missing = -1;
	fake_kvm.steps = steps;
	fake_kvm.wrong = -1;
	fake_kvm.sregs.apic_base = FAKE_APIC_BASE;
	sys_fd = -1;
	vm_fd = -1;
	vcpu_fd = -1;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (strcmp(path, "/dev/kvm"))
		return __real_open(path, flags, mode);
	if (fake_kvm.open_errno)
		return fail(fake_kvm.open_errno);
	sys_fd = memfd_create("kvm", 0);
	return sys_fd;
}

static int new_vcpu(void)
{
	vcpu_fd = memfd_create("vcpu", 0);
	if (ftruncate(vcpu_fd, RUN_SIZE))
		return -1;
	run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu_fd, 0);
	return vcpu_fd;
}

/* A scalar and a histogram of two values; the values are 100 and above. */
static int new_stats(const char *name)
{
	const struct kvm_stats_header header = {
		.name_size = NAME_SIZE, .num_desc = 2,
		.desc_offset = 64, .data_offset = 512,
	};
	struct kvm_stats_desc desc = { .size = 2 };
	const u64 values[3] = { 100, 101, 102 };
	size_t each = sizeof(desc) + NAME_SIZE;
	int fd = memfd_create("stats", 0);
	char text[NAME_SIZE] = "histogram";
	ssize_t done;

	done = pwrite(fd, &header, sizeof(header), 0);
	done += pwrite(fd, &desc, sizeof(desc), 64);
	done += pwrite(fd, text, NAME_SIZE, 64 + sizeof(desc));
	desc.size = 1;
	desc.offset = 2 * sizeof(u64);
	strncpy(text, name, NAME_SIZE);
	done += pwrite(fd, &desc, sizeof(desc), 64 + each);
	done += pwrite(fd, text, NAME_SIZE, 64 + each + sizeof(desc));
	done += pwrite(fd, values, sizeof(values), 512);
	return done < 0 ? -1 : fd;
}

static bool adds_up(const u8 *bytes, unsigned int size)
{
	u8 sum = 0;

	while (size--)
		sum += *bytes++;
	return !sum;
}

static void look_for_mptable(void)
{
	const u8 *ptr = (u8 *)(uintptr_t)fake_kvm.region.userspace_addr +
			MPTABLE_ADDRESS;
	u16 length;

	if (memcmp(ptr, "_MP_", 4) || !adds_up(ptr, 16) ||
	    memcmp(ptr + 16, "PCMP", 4))
		return;
	memcpy(&length, ptr + 20, sizeof(length));
	if (adds_up(ptr + 16, length))
		fake_kvm.mptable = 16 + length;
}

static void check_answer(void)
{
	const struct kvm_step *last = &fake_kvm.steps[fake_kvm.step - 1];
	bool right = true;
	u64 data;

	if (last->exit == KVM_EXIT_IO && last->in) {
		right = !memcmp((u8 *)run + IO_OFFSET, last->text,
				strlen(last->text));
	} else if (last->exit == KVM_EXIT_MMIO) {
		memcpy(&data, run->mmio.data, sizeof(data));
		right = data == (last->in ? ~0ULL : 0);
	}
	if (!right && fake_kvm.wrong < 0)
		fake_kvm.wrong = fake_kvm.step - 1;
}

static void start_io(const struct kvm_step *step)
{
	u8 size = step->size ? step->size : 1;
	u8 *data = (u8 *)run + IO_OFFSET;

	run->io.direction = step->in ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
	run->io.port = step->port;
	run->io.size = size;
	run->io.count = strlen(step->text) / size;
	run->io.data_offset = IO_OFFSET;
	if (step->in)
		memset(data, 0xaa, strlen(step->text));
	else
		memcpy(data, step->text, strlen(step->text));
}

static int do_run(void)
{
	const struct kvm_step *step;

	if (run->immediate_exit)
		return fail(EINTR);
	if (fake_kvm.step)
		check_answer();
	else
		look_for_mptable();
	step = &fake_kvm.steps[fake_kvm.step++];
	run->exit_reason = step->exit;
	switch (step->exit) {
	case KVM_EXIT_UNKNOWN:
		return fail(EIO);
	case KVM_EXIT_IO:
		start_io(step);
		break;
	case KVM_EXIT_MMIO:
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
		run->mmio.is_write = !step->in;
		break;
	case KVM_EXIT_FAIL_ENTRY:
		run->fail_entry.hardware_entry_failure_reason = 0x80000021;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
		run->internal.ndata = 1;
		run->internal.data[0] = 0xabc;
		break;
	}
	return 0;
}

static int get_cpuid(struct kvm_cpuid2 *cpuid)
{
	cpuid->nent = 2;
	cpuid->entries[0] = (struct kvm_cpuid_entry2) {
		.function = 1, .ebx = 0x07100800, .ecx = 1,
	};
	cpuid->entries[1] = (struct kvm_cpuid_entry2) {
		.function = 4, .eax = 0xffffc121,
	};
	return 0;
}

static int set_cpuid(const struct kvm_cpuid2 *cpuid)
{
	if (cpuid->nent != 2 || cpuid->entries[1].eax != 0x121)
		return fail(EINVAL);
	fake_kvm.leaf1 = cpuid->entries[0];
	return 0;
}

static int on_system(unsigned long request, void *arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return fake_kvm.api;
	case KVM_CHECK_EXTENSION:
		return (intptr_t)arg != fake_kvm.missing;
	case KVM_GET_VCPU_MMAP_SIZE:
		return RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID:
		return get_cpuid(arg);
	case KVM_CREATE_VM:
		if (fake_kvm.create_errno)
			return fail(fake_kvm.create_errno);
		vm_fd = memfd_create("vm", 0);
		return vm_fd;
	default:
		return fail(ENOTTY);
	}
}

static int on_vm(unsigned long request, void *arg)
{
	const struct kvm_irq_level *irq = arg;

	switch (request) {
	case KVM_SET_TSS_ADDR:
		fake_kvm.hardware |= FAKE_HW_TSS;
		return 0;
	case KVM_SET_IDENTITY_MAP_ADDR:
		fake_kvm.hardware |= FAKE_HW_IDENTITY;
		return 0;
	case KVM_CREATE_IRQCHIP:
		fake_kvm.hardware |= FAKE_HW_IRQCHIP;
		return 0;
	case KVM_CREATE_PIT2:
		fake_kvm.hardware |= FAKE_HW_PIT;
		return 0;
	case KVM_SET_NR_MMU_PAGES:
		fake_kvm.mmu_pages = (unsigned long)arg;
		return 0;
	case KVM_SET_USER_MEMORY_REGION:
		memcpy(&fake_kvm.region, arg, sizeof(fake_kvm.region));
		return 0;
	case KVM_CREATE_VCPU:
		return fake_kvm.hardware == FAKE_HW_ALL ? new_vcpu() :
							  fail(EINVAL);
	case KVM_IRQ_LINE:
		fake_kvm.rises += irq->irq == 4 && irq->level;
		return 0;
	case KVM_GET_STATS_FD:
		return new_stats("remapped");
	default:
		return fail(ENOTTY);
	}
}

static int set_msrs(const struct kvm_msrs *msrs)
{
	if (msrs->nmsrs != 1 || msrs->entries[0].index != 0x1a0)
		return 0;
	fake_kvm.misc_enable = msrs->entries[0].data;
	return 1;
}

static int on_vcpu(unsigned long request, void *arg)
{
	switch (request) {
	case KVM_RUN:
		return do_run();
	case KVM_GET_REGS:
		memcpy(arg, &fake_kvm.regs, sizeof(fake_kvm.regs));
		return 0;
	case KVM_SET_REGS:
		memcpy(&fake_kvm.regs, arg, sizeof(fake_kvm.regs));
		return 0;
	case KVM_GET_SREGS:
		memcpy(arg, &fake_kvm.sregs, sizeof(fake_kvm.sregs));
		return 0;
	case KVM_SET_SREGS:
		memcpy(&fake_kvm.sregs, arg, sizeof(fake_kvm.sregs));
		return 0;
	case KVM_SET_CPUID2:
		return set_cpuid(arg);
	case KVM_SET_MSRS:
		return set_msrs(arg);
	case KVM_GET_STATS_FD:
		return new_stats("exits");
	default:
		return fail(ENOTTY);
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd == vcpu_fd)
		return on_vcpu(request, arg);
	if (fd == vm_fd)
		return on_vm(request, arg);
	if (fd == sys_fd)
		return on_system(request, arg);
	return __real_ioctl(fd, request, arg);
}
