/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the backend on /dev/kvm. */
#ifndef LAUNCHER_VM_KVM_H
#define LAUNCHER_VM_KVM_H

#include "base.h"

struct json_object;
struct kvm_stats_layout;
struct lull_regs;
struct lull_sregs;
union vm_stats;

/* kvm_cpu.c */
int kvm_prepare_cpu(int sys_fd, int vcpu_fd);
int kvm_get_regs(int fd, struct lull_regs *regs);
int kvm_set_regs(int fd, const struct lull_regs *regs);
int kvm_get_sregs(int fd, struct lull_sregs *sregs);
int kvm_set_sregs(int fd, const struct lull_sregs *sregs);

/* kvm_stats.c */
struct kvm_stats_layout *kvm_stats_open(int vm_fd, int vcpu_fd);
void kvm_stats_close(struct kvm_stats_layout *layout);
int kvm_stats_read(const struct kvm_stats_layout *layout, u64 *values);
struct json_object *kvm_stats_json(const struct kvm_stats_layout *layout,
				   const u64 *values);

#endif /* LAUNCHER_VM_KVM_H */
