/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A /dev/kvm for tests: KVM_RUN follows a script instead of a guest.  Link
 * with -Wl,--wrap=open,--wrap=ioctl.
 */
#ifndef LULL_UNIT_LAUNCHER_FAKE_KVM_H
#define LULL_UNIT_LAUNCHER_FAKE_KVM_H

#include <linux/kvm.h>

#include "launcher/base.h"

/**
 * struct kvm_step - one return of KVM_RUN
 * @exit:	KVM_EXIT_*; 0 (KVM_EXIT_UNKNOWN) makes it fail with EIO
 * @port:	for KVM_EXIT_IO
 * @in:		the guest reads
 * @size:	bytes of one element; 0 is 1
 * @text:	all elements: written, or what the launcher must answer
 */
struct kvm_step {
	u32 exit;
	u16 port;
	bool in;
	u8 size;
	const char *text;
};

/**
 * struct fake_kvm - KVM's side
 * @api:	version to report
 * @missing:	KVM_CAP_* to deny, or -1
 * @open_errno:	if set, what opening the device fails with
 * @create_errno: if set, what KVM_CREATE_VM fails with
 * @steps:	the script
 * @step:	where it is
 * @region:	memory slot 0
 * @regs:	the vCPU's
 * @sregs:	likewise
 * @leaf1:	of the CPUID that was set
 * @misc_enable: MSR
 * @hardware:	ioctls that added hardware before the vCPU
 * @mmu_pages:	from KVM_SET_NR_MMU_PAGES
 * @rises:	times that IRQ 4 rose
 * @mptable:	when the guest started: bytes of its table that add up to 0,
 *		or 0 without one
 * @wrong:	first step whose answer was not the expected one, or -1
 */
struct fake_kvm {
	int api;
	int missing;
	int open_errno;
	int create_errno;
	const struct kvm_step *steps;
	int step;
	struct kvm_userspace_memory_region region;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_cpuid_entry2 leaf1;
	u64 misc_enable;
	unsigned int hardware;
	unsigned long mmu_pages;
	unsigned int rises;
	unsigned int mptable;
	int wrong;
};

#define FAKE_HW_TSS		BIT(0)
#define FAKE_HW_IDENTITY	BIT(1)
#define FAKE_HW_IRQCHIP		BIT(2)
#define FAKE_HW_PIT		BIT(3)
#define FAKE_HW_ALL		15
#define FAKE_APIC_BASE		0xfee00900

extern struct fake_kvm fake_kvm;

void fake_kvm_reset(const struct kvm_step *steps);

#endif /* LULL_UNIT_LAUNCHER_FAKE_KVM_H */
