// SPDX-License-Identifier: GPL-2.0-only
/*
 * CR3 targets: roots that the guest loads without an exit.  shadow/targets.c
 * chooses them; here the CPU and the guest are told, and it is found out after
 * an exit which one the guest has loaded.
 */
#include <linux/moduleparam.h>
#include <asm/cpufeature.h>

#include "monitor/vcpu.h"

static_assert(LULL_NR_CR3_TARGETS == LULL_NR_TARGETS);
static_assert(LULL_CR3_NONE == LULL_NO_CR3);
static_assert(LULL_CR3_GUARD == LULL_GUARDED);

/*
 * A guest is told where roots are in the host's memory.  With L1TF it can read
 * what is there from the L1 cache.
 */
static bool despite_l1tf;
module_param_named(cr3_targets_despite_l1tf, despite_l1tf, bool, 0644);
MODULE_PARM_DESC(cr3_targets_despite_l1tf,
		 "let guests have CR3 targets, and with them addresses of host memory, on a CPU with L1TF");

/**
 * lull_targets_offered() - may VMs offer CR3 targets to their guests?
 *
 * Return: whether the CPU has them, and nobody is in danger by them.
 */
bool lull_targets_offered(void)
{
	return lull_vmx_config()->cr3_targets &&
	       (!boot_cpu_has_bug(X86_BUG_L1TF) || READ_ONCE(despite_l1tf));
}

/* The values that hardware compares MOV to CR3 with. */
static void tell_cpu(struct lull_vcpu *vcpu, const struct lull_cr3_table *table)
{
	u64 value[LULL_NR_CR3_TARGETS];
	unsigned int i, nr = 0;

	for (i = 0; i < LULL_NR_CR3_TARGETS; i++) {
		if (table->target[i].cr3 != LULL_CR3_NONE)
			value[nr++] = table->target[i].value;
	}
	lull_vmx_set_cr3_targets(&vcpu->vmx, value, nr);
}

/**
 * lull_vcpu_settle_targets() - tell CPU and guest of a list that changed
 * @vcpu:	the vCPU, loaded and not in the guest
 *
 * A guest whose table has no memory any more gets no targets either, but what
 * it has read, or still reads there, stays good.
 *
 * Context: may sleep.
 */
void lull_vcpu_settle_targets(struct lull_vcpu *vcpu)
{
	struct lull_target_entry entry[LULL_NR_TARGETS];
	struct lull_cr3_table table;
	unsigned int i;

	lull_targets_settle(&vcpu->shadow, entry);
	for (i = 0; i < LULL_NR_TARGETS; i++) {
		table.target[i].cr3 = entry[i].cr3;
		table.target[i].value = entry[i].root | LULL_CR3_TARGET;
	}
	tell_cpu(vcpu, &table);
	if (vcpu->shadow.targets.on &&
	    lull_para_write_cr3_table(&vcpu->para, &table))
		lull_targets_lose(&vcpu->shadow);
}

static bool root_unchanged(struct lull_vcpu *vcpu, hpa_t *root)
{
	*root = lull_vmx_get_root(&vcpu->vmx);
	return *root == lull_shadow_root_hpa(&vcpu->shadow);
}

static void note_landing(struct lull_vcpu *vcpu)
{
	lull_count(vcpu, LULL_CNT_CR3_UNSEEN);
	lull_soft_tlb_landed(vcpu);
}

/**
 * lull_vcpu_try_land() - which root did the guest load?
 * @vcpu:	the vCPU, after an exit, with targets in force; interrupts off
 *
 * Return: true if that is known now; false if lull_vcpu_land() has to look.
 */
bool lull_vcpu_try_land(struct lull_vcpu *vcpu)
{
	hpa_t root;

	if (likely(root_unchanged(vcpu, &root)))
		return true;
	if (!lull_targets_try_land(&vcpu->shadow, root))
		return false;
	note_landing(vcpu);
	return true;
}

/**
 * lull_vcpu_land() - the same, unless it has been found out
 * @vcpu:	the vCPU, after an exit and before anything was done about it
 *
 * Return: 0, or -EIO with the VM dead: CR3 holds what no guest can load.
 */
int lull_vcpu_land(struct lull_vcpu *vcpu)
{
	hpa_t root;

	/* Where VMX is off already, at a reboot, nothing can be read. */
	if (!vcpu->vmx.cr3_targets ||
	    (vcpu->exit.reason & VMX_EXIT_REASON_ENTRY_FAILED) ||
	    root_unchanged(vcpu, &root))
		return 0;
	if (WARN_ON_ONCE(!lull_targets_land(&vcpu->shadow, root))) {
		lull_vm_kill(vcpu->vm);
		return -EIO;
	}
	note_landing(vcpu);
	return 0;
}
