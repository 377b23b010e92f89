// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU of KVM: what CPUID says, and registers in Lull's terms. */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "util.h"
#include "vm.h"
#include "vm_kvm.h"

#define CPUID_ENTRIES_MAX	256

#define LEAF1_EBX_CPU		0xffff0000U	/* APIC id, number of CPUs */
#define LEAF1_EBX_ONE_CPU	BIT(16)
#define LEAF1_ECX_TSC_DEADLINE	BIT(24)
#define LEAF1_ECX_HYPERVISOR	BIT(31)
#define LEAF4_EAX_SHARING	0xffffc000U

#define MSR_MISC_ENABLE		0x1a0
#define MISC_ENABLE_FAST_STRING	1

static struct kvm_cpuid2 *supported_cpuid(int sys_fd)
{
	struct kvm_cpuid2 *cpuid;

	cpuid = calloc(1, sizeof(*cpuid) +
		       CPUID_ENTRIES_MAX * sizeof(cpuid->entries[0]));
	if (!cpuid) {
		error("%s", strerror(ENOMEM));
		return NULL;
	}
	cpuid->nent = CPUID_ENTRIES_MAX;
	if (!ioctl(sys_fd, KVM_GET_SUPPORTED_CPUID, cpuid))
		return cpuid;
	error("%s: supported CPUID: %s", KVM_DEVICE, strerror(errno));
	free(cpuid);
	return NULL;
}

/*
 * What KVM offers, its paravirtual leaves among it, on one CPU that stands
 * alone, as Lull has it.
 */
static void adjust(struct kvm_cpuid_entry2 *entry, bool tsc_deadline)
{
	switch (entry->function) {
	case 1:
		entry->ebx = (entry->ebx & ~LEAF1_EBX_CPU) | LEAF1_EBX_ONE_CPU;
		entry->ecx |= LEAF1_ECX_HYPERVISOR;
		if (tsc_deadline)
			entry->ecx |= LEAF1_ECX_TSC_DEADLINE;
		break;
	case 4:
		entry->eax &= ~LEAF4_EAX_SHARING;
		break;
	case 0xb:
		entry->edx = 0;
		break;
	}
}

static int set_cpuid(int sys_fd, int fd)
{
	bool tsc_deadline = ioctl(sys_fd, KVM_CHECK_EXTENSION,
				  KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	struct kvm_cpuid2 *cpuid = supported_cpuid(sys_fd);
	int ret = 0;
	u32 i;

	if (!cpuid)
		return -1;
	for (i = 0; i < cpuid->nent; i++)
		adjust(&cpuid->entries[i], tsc_deadline);
	if (ioctl(fd, KVM_SET_CPUID2, cpuid))
		ret = error("%s: CPUID: %s", KVM_DEVICE, strerror(errno));
	free(cpuid);
	return ret;
}

/* Fast strings, as Lull's guests have them: KVM starts with them off. */
static int set_msrs(int fd)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = {
		.head.nmsrs = 1,
		.entry.index = MSR_MISC_ENABLE,
		.entry.data = MISC_ENABLE_FAST_STRING,
	};

	if (ioctl(fd, KVM_SET_MSRS, &msrs) != 1)
		return error("%s: MSR %#x: %s", KVM_DEVICE, MSR_MISC_ENABLE,
			     strerror(errno));
	return 0;
}

/**
 * kvm_prepare_cpu() - give a new vCPU its CPUID and MSRs
 * @sys_fd: /dev/kvm
 * @vcpu_fd: the vCPU
 *
 * Return: 0, or -1 after a message
 */
int kvm_prepare_cpu(int sys_fd, int vcpu_fd)
{
	return set_cpuid(sys_fd, vcpu_fd) || set_msrs(vcpu_fd) ? -1 : 0;
}

/**
 * kvm_get_regs() - read general registers
 * @fd: the vCPU
 * @regs: gets them
 *
 * Return: 0, or -1 and errno
 */
int kvm_get_regs(int fd, struct lull_regs *regs)
{
	struct kvm_regs k;

	if (ioctl(fd, KVM_GET_REGS, &k))
		return -1;
	*regs = (struct lull_regs) {
		.gpr = { k.rax, k.rcx, k.rdx, k.rbx, k.rsp, k.rbp, k.rsi,
			 k.rdi, k.r8, k.r9, k.r10, k.r11, k.r12, k.r13, k.r14,
			 k.r15 },
		.rip = k.rip, .rflags = k.rflags,
	};
	return 0;
}

/**
 * kvm_set_regs() - write general registers
 * @fd: the vCPU
 * @regs: what to write
 *
 * Return: 0, or -1 and errno
 */
int kvm_set_regs(int fd, const struct lull_regs *regs)
{
	const __u64 *gpr = regs->gpr;
	const struct kvm_regs k = {
		.rax = gpr[LULL_RAX], .rcx = gpr[LULL_RCX],
		.rdx = gpr[LULL_RDX], .rbx = gpr[LULL_RBX],
		.rsp = gpr[LULL_RSP], .rbp = gpr[LULL_RBP],
		.rsi = gpr[LULL_RSI], .rdi = gpr[LULL_RDI],
		.r8 = gpr[LULL_R8], .r9 = gpr[LULL_R9],
		.r10 = gpr[LULL_R10], .r11 = gpr[LULL_R11],
		.r12 = gpr[LULL_R12], .r13 = gpr[LULL_R13],
		.r14 = gpr[LULL_R14], .r15 = gpr[LULL_R15],
		.rip = regs->rip, .rflags = regs->rflags,
	};

	return ioctl(fd, KVM_SET_REGS, &k);
}

/* Access rights as the SDM has them, and as KVM takes them apart. */
static struct lull_segment from_kvm(const struct kvm_segment *k)
{
	return (struct lull_segment) {
		.base = k->base, .limit = k->limit, .selector = k->selector,
		.ar = k->type | k->s << 4 | k->dpl << 5 | k->present << 7 |
		      k->avl << 12 | k->l << 13 | k->db << 14 | k->g << 15 |
		      k->unusable << 16,
	};
}

static struct kvm_segment to_kvm(const struct lull_segment *seg)
{
	u32 ar = seg->ar;

	return (struct kvm_segment) {
		.base = seg->base, .limit = seg->limit,
		.selector = seg->selector, .type = ar & 15, .s = ar >> 4 & 1,
		.dpl = ar >> 5 & 3, .present = ar >> 7 & 1,
		.avl = ar >> 12 & 1, .l = ar >> 13 & 1, .db = ar >> 14 & 1,
		.g = ar >> 15 & 1, .unusable = ar >> 16 & 1,
	};
}

/* By enum lull_seg */
static struct kvm_segment *segment(struct kvm_sregs *k, unsigned int i)
{
	struct kvm_segment *const segments[LULL_NR_SEGS] = {
		&k->es, &k->cs, &k->ss, &k->ds, &k->fs, &k->gs, &k->ldt,
		&k->tr,
	};

	return segments[i];
}

/**
 * kvm_get_sregs() - read system registers
 * @fd: the vCPU
 * @sregs: gets them
 *
 * Return: 0, or -1 and errno
 */
int kvm_get_sregs(int fd, struct lull_sregs *sregs)
{
	struct kvm_sregs k;
	unsigned int i;

	if (ioctl(fd, KVM_GET_SREGS, &k))
		return -1;
	memset(sregs, 0, sizeof(*sregs));
	for (i = 0; i < LULL_NR_SEGS; i++)
		sregs->seg[i] = from_kvm(segment(&k, i));
	sregs->gdtr.base = k.gdt.base;
	sregs->gdtr.limit = k.gdt.limit;
	sregs->idtr.base = k.idt.base;
	sregs->idtr.limit = k.idt.limit;
	sregs->cr0 = k.cr0;
	sregs->cr2 = k.cr2;
	sregs->cr3 = k.cr3;
	sregs->cr4 = k.cr4;
	sregs->efer = k.efer;
	return 0;
}

/**
 * kvm_set_sregs() - write system registers
 * @fd: the vCPU
 * @sregs: what to write
 *
 * What Lull's registers do not have, such as the APIC's base, stays.
 *
 * Return: 0, or -1 and errno
 */
int kvm_set_sregs(int fd, const struct lull_sregs *sregs)
{
	struct kvm_sregs k;
	unsigned int i;

	if (ioctl(fd, KVM_GET_SREGS, &k))
		return -1;
	for (i = 0; i < LULL_NR_SEGS; i++)
		*segment(&k, i) = to_kvm(&sregs->seg[i]);
	k.gdt.base = sregs->gdtr.base;
	k.gdt.limit = sregs->gdtr.limit;
	k.idt.base = sregs->idtr.base;
	k.idt.limit = sregs->idtr.limit;
	k.cr0 = sregs->cr0;
	k.cr2 = sregs->cr2;
	k.cr3 = sregs->cr3;
	k.cr4 = sregs->cr4;
	k.efer = sregs->efer;
	return ioctl(fd, KVM_SET_SREGS, &k);
}
