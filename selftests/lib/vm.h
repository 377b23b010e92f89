/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual machines for tests.
 *
 * Two levels of calls: those that begin with try_ return what the kernel
 * returned, -errno on error; the others end the test with a message that
 * names the call when it fails.
 *
 * A guest starts in 64-bit mode at a C function.  Its memory is
 *
 *   0            RAM, identity-mapped for the kernel, page 0 left out
 *   0x40000000   the test program's own image, identity-mapped for all
 *
 * so that every address of the program means the same in the guest.  More is
 * up to the test (lib/paging.h).
 */
#ifndef SELFTESTS_VM_H
#define SELFTESTS_VM_H

#include <pthread.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/guest.h"
#include "monitor/uapi/lull.h"

#define RAM_SIZE	(16 * MIB)
#define IMAGE_GPA	0x40000000ULL	/* where selftests/Makefile links it */
/* What every host offers to guests. */
#define PARA_FEATURES	(LULL_PARA_F_ALL & ~LULL_PARA_F_CR3_TARGETS)

#define SLOT_RAM	0
#define SLOT_IMAGE	1
#define SLOT_FREE	2		/* the first that tests can use */

/**
 * struct test_vm - a virtual machine
 * @sys:	fd of /dev/lull
 * @fd:		fd of the VM
 * @ram:	memory at guest-physical 0
 * @ram_size:	bytes
 * @ram_next:	first free byte, see vm_alloc()
 * @cr3:	root of the first page tables
 */
struct test_vm {
	int sys;
	int fd;
	u8 *ram;
	u64 ram_size;
	u64 ram_next;
	u64 cr3;
};

/**
 * struct test_vcpu - a virtual processor
 * @vm:		its VM
 * @fd:		its fd
 * @id:		its number
 * @run:	the page shared with LULL_RUN
 * @cpu:	the guest's own data
 * @uc:		what the guest said last
 * @thread:	see vcpu_start()
 */
struct test_vcpu {
	struct test_vm *vm;
	int fd;
	int id;
	struct lull_run *run;
	struct guest_cpu *cpu;
	struct ucall uc;
	pthread_t thread;
};

/* ioctl() that returns -errno. */
int try_ioctl(int fd, unsigned long cmd, const void *arg);
void must_ioctl(int fd, unsigned long cmd, void *arg, const char *name);
#define must(fd, cmd, arg)	must_ioctl(fd, cmd, arg, #cmd)

int open_lull(void);
/* "1": VMs may offer CR3 targets on a CPU with L1TF, too; "0": they may not. */
void set_targets_parameter(const char *value);
/*
 * What VMs may offer to their guests; with CR3 targets from now on, if the CPU
 * has them.
 */
u64 allow_para_features(void);
int try_create_vm(int sys, u64 para_features, u32 shadow_pages);
int try_set_memory(int vm_fd, u32 slot, u32 flags, u64 gpa, u64 size,
		 const void *hva);
int try_create_vcpu(int vm_fd, unsigned long id);
int try_irq_line(int vm_fd, u32 irq, u32 level);
int try_run(int vcpu_fd);
/* try_run(), again after EINTR: the host may have had other work. */
int run_through(int vcpu_fd);

void vm_create(struct test_vm *vm);
void vm_create_config(struct test_vm *vm, const struct lull_vm_config *config);
void vm_create_with(struct test_vm *vm, u64 para_features, u32 shadow_pages);
void vm_destroy(struct test_vm *vm);
void vm_set_memory(struct test_vm *vm, u32 slot, u32 flags, u64 gpa, u64 size,
		   const void *hva);
void vm_irq_line(struct test_vm *vm, u32 irq, u32 level);
/* Zeroed, page aligned guest memory; its guest-physical address. */
u64 vm_alloc(struct test_vm *vm, u64 size);
/* Where guest-physical RAM is in this process. */
void *vm_ptr(struct test_vm *vm, u64 gpa);

void vcpu_create(struct test_vm *vm, struct test_vcpu *vcpu, int id,
		 guest_fn fn, void *arg);
void vcpu_destroy(struct test_vcpu *vcpu);
void vcpu_get_regs(struct test_vcpu *vcpu, struct lull_regs *regs);
void vcpu_set_regs(struct test_vcpu *vcpu, const struct lull_regs *regs);
void vcpu_get_sregs(struct test_vcpu *vcpu, struct lull_sregs *sregs);
void vcpu_set_sregs(struct test_vcpu *vcpu, const struct lull_sregs *sregs);
void vcpu_get_stats(struct test_vcpu *vcpu, struct lull_vcpu_stats *stats);
/* Let the vCPU begin again at fn(arg). */
void vcpu_restart(struct test_vcpu *vcpu, guest_fn fn, void *arg);
/* The same at code that wants real mode, which ends the VM. */
void vcpu_restart_real_mode(struct test_vcpu *vcpu);
/* The same at 32-bit code with paging off: fn, and arg in EDI. */
void vcpu_restart_unpaged(struct test_vcpu *vcpu, guest_fn fn, void *arg);

/* Until it returns 0, EINTR aside; the reason. */
u32 vcpu_run(struct test_vcpu *vcpu);
/* Until the guest says something; fails the test if it is an assertion. */
enum ucall_kind vcpu_run_ucall(struct test_vcpu *vcpu);
void vcpu_run_sync(struct test_vcpu *vcpu, u64 stage);
void vcpu_run_done(struct test_vcpu *vcpu);
/* Until it says nothing more but leaves for this reason. */
void vcpu_run_reason(struct test_vcpu *vcpu, u32 reason);

/* vcpu_run_done() in a thread of its own, on a host CPU or -1 for any. */
void vcpu_start(struct test_vcpu *vcpu, int cpu);
void vcpu_join(struct test_vcpu *vcpu);

/* Every tick is in one bucket, and counters agree with each other. */
void vcpu_check_stats(struct test_vcpu *vcpu);
/*
 * Violated invariants of the shadow tables of this process's VMs.  Without
 * debugfs, or without a VM, the test fails.
 */
unsigned int audit_vms(void);
/*
 * The same where others than the guest write to its page tables; there need
 * not be a VM.
 */
unsigned int audit_structure(void);

/* One guest, one vCPU, from fn(arg) to GUEST_DONE. */
void run_guest(guest_fn fn, void *arg);

#endif /* SELFTESTS_VM_H */
