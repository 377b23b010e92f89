/* SPDX-License-Identifier: GPL-2.0-only */
/* Every VM of the machine, as the module shows them in debugfs. */
#ifndef LAUNCHER_VMSTAT_H
#define LAUNCHER_VMSTAT_H

#include "base.h"
#include "../monitor/uapi/lull.h"

#define VMSTAT_DIR	"/sys/kernel/debug/lull"
#define VMSTAT_ID_MAX	32

/**
 * struct vmstat_vcpu - one vCPU
 * @id:		its number
 * @stats:	what it did since it was made
 */
struct vmstat_vcpu {
	unsigned int id;
	struct lull_vcpu_stats stats;
};

/**
 * struct vmstat_vm - one VM
 * @id:		name of its directory
 * @memory:	bytes
 * @shadow_pages: shadow pages it has
 * @shadow_pages_max: most it may have
 * @vcpus:	its vCPUs, ascending
 * @nr_vcpus:	how many
 */
struct vmstat_vm {
	char id[VMSTAT_ID_MAX];
	u64 memory;
	u64 shadow_pages;
	u64 shadow_pages_max;
	struct vmstat_vcpu *vcpus;
	unsigned int nr_vcpus;
};

/**
 * struct vmstat - all VMs
 * @vms:	the VMs, by name
 * @nr:		how many
 */
struct vmstat {
	struct vmstat_vm *vms;
	unsigned int nr;
};

int vmstat_parse_vcpu(char *text, struct lull_vcpu_stats *stats);
int vmstat_parse_vm(char *text, struct vmstat_vm *vm);
int vmstat_read(const char *dir, struct vmstat *stat);
const struct lull_vcpu_stats *vmstat_find(const struct vmstat *stat,
					  const char *vm, unsigned int vcpu);
void vmstat_free(struct vmstat *stat);

#endif /* LAUNCHER_VMSTAT_H */
