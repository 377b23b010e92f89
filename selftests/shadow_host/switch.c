// SPDX-License-Identifier: GPL-2.0-only
/*
 * CR3 targets: the guest loads a root that it was told of, and nobody sees it
 * before the next exit.
 *
 * A guest reads its table of targets when it has loaded CR3, and uses what it
 * read until the next load, as hypercall/ABI.rst lets it.
 */
#include <string.h>

#include "host.h"
#include "reach.h"
#include "world.h"

static struct lull_sp *loaded_root(const struct vcpu *vcpu)
{
	struct lull_sp *root;

	if (!host_page_live(vcpu->hw_root))
		host_fail("vCPU %d has a freed root loaded",
			  (int)(vcpu - world.vcpus));
	root = table_sp(__va(vcpu->hw_root));
	if (!root)
		host_fail("vCPU %d has a root loaded that is none any more",
			  (int)(vcpu - world.vcpus));
	return root;
}

/**
 * cpu_runs() - is the vCPU in the guest, with a root that is not zapped?
 * @vcpu:	the vCPU
 *
 * Return: whether it may cache and store.
 */
bool cpu_runs(const struct vcpu *vcpu)
{
	if (vcpu->in_host || vcpu->kicked || !vcpu->sh.root)
		return false;
	return !loaded_root(vcpu)->invalid;
}

/**
 * cpu_exit() - the vCPU leaves the guest
 * @vcpu:	the vCPU
 */
void cpu_exit(struct vcpu *vcpu)
{
	vcpu->in_host = true;
	if (!vcpu->sh.root)
		return;
	if (vcpu->hw_root != lull_shadow_root_hpa(&vcpu->sh) &&
	    !lull_targets_try_land(&vcpu->sh, vcpu->hw_root) &&
	    !lull_targets_land(&vcpu->sh, vcpu->hw_root))
		host_fail("vCPU %d has a root loaded that was no target",
			  (int)(vcpu - world.vcpus));
	if (vcpu->sh.guarded != vcpu->guarded)
		host_fail("vCPU %d: guarded or not?",
			  (int)(vcpu - world.vcpus));
	if (vcpu->sh.cr3 != vcpu->cr3)
		host_fail("vCPU %d has CR3 %#llx, thought to be %#llx",
			  (int)(vcpu - world.vcpus),
			  (unsigned long long)vcpu->cr3,
			  (unsigned long long)vcpu->sh.cr3);
}

/**
 * cpu_enter() - the vCPU enters the guest, unless cpu_prepare() has to come
 * first
 * @vcpu:	the vCPU
 */
void cpu_enter(struct vcpu *vcpu)
{
	vcpu->in_host = false;
	if (vcpu->sh.targets.stale)
		vcpu->kicked = true;
	cpu_update(vcpu);
}

/**
 * cpu_settle() - the CPU and the guest are told of the targets
 * @vcpu:	the vCPU, not in the guest
 */
void cpu_settle(struct vcpu *vcpu)
{
	do {
		lull_targets_settle(&vcpu->sh, vcpu->told);
	} while (vcpu->sh.targets.stale);
	vcpu->kicked = false;
}

/**
 * cpu_read_targets() - the guest reads its table
 * @vcpu:	the vCPU, which has just loaded CR3
 */
void cpu_read_targets(struct vcpu *vcpu)
{
	memcpy(vcpu->read, vcpu->told, sizeof(vcpu->read));
}

/* Does the CPU's list have what the guest loads? */
static bool in_force(const struct vcpu *vcpu,
		     const struct lull_target_entry *entry)
{
	unsigned int i;

	for (i = 0; i < LULL_NR_TARGETS; i++) {
		if (vcpu->told[i].cr3 != LULL_NO_CR3 &&
		    vcpu->told[i].root == entry->root)
			return true;
	}
	return false;
}

/*
 * What the guest has read of a slot, or of the next that had something.  It may
 * have read the CR3 before an exit, and where the root is after it.
 */
static struct lull_target_entry entry_of(const struct vcpu *vcpu,
					 unsigned int slot)
{
	unsigned int i;

	for (i = 1; i < LULL_NR_TARGETS; i++) {
		if (vcpu->read[slot].cr3 != LULL_NO_CR3)
			break;
		slot = (slot + 1) % LULL_NR_TARGETS;
	}
	if (vcpu->read[slot].cr3 != LULL_NO_CR3 &&
	    vcpu->read[slot].root != vcpu->told[slot].root)
		host_fail("vCPU %d: slot %u changed before it was used",
			  (int)(vcpu - world.vcpus), slot);
	return vcpu->read[slot];
}

/**
 * cpu_switch_unseen() - load a target without an exit
 * @vcpu:	the vCPU
 * @slot:	which the guest has read
 *
 * Return: whether that was possible.
 */
bool cpu_switch_unseen(struct vcpu *vcpu, unsigned int slot)
{
	const struct lull_target_entry entry = entry_of(vcpu, slot);

	if (!cpu_runs(vcpu) || vcpu->sh.mode.unpaged ||
	    entry.cr3 == LULL_NO_CR3 || !in_force(vcpu, &entry))
		return false;
	reach(REACH_UNSEEN);
	vcpu->cr3 = entry.cr3 & ~LULL_GUARDED;
	vcpu->guarded = entry.cr3 & LULL_GUARDED;
	if (vcpu->guarded)
		reach(REACH_GUARD_UNSEEN);
	vcpu->hw_root = entry.root;
	cpu_arch_flush(vcpu);
	wcache_clear(&vcpu->hw);
	cpu_update(vcpu);
	cpu_read_targets(vcpu);
	return true;
}

/**
 * cpu_switch() - load what the guest has read in its table
 * @vcpu:	the vCPU
 * @slot:	which
 */
void cpu_switch(struct vcpu *vcpu, unsigned int slot)
{
	const struct lull_target_entry entry = entry_of(vcpu, slot);
	u64 cr3;

	cpu_prepare(vcpu);
	if (entry.cr3 == LULL_NO_CR3 || cpu_switch_unseen(vcpu, slot))
		return;
	/* It left the list since it was read: this exits. */
	reach(REACH_LATE);
	if (!lull_targets_resolve(&vcpu->sh, entry.root, &cr3) ||
	    cr3 != entry.cr3)
		host_fail("vCPU %d: nobody knows what %#llx stood for",
			  (int)(vcpu - world.vcpus),
			  (unsigned long long)entry.root);
	cpu_load_cr3(vcpu, cr3, false);
}

/**
 * cpu_set_targets() - the guest asks for targets, or does without
 * @vcpu:	the vCPU
 * @on:		which
 */
void cpu_set_targets(struct vcpu *vcpu, bool on)
{
	if (!world.targets)
		return;
	cpu_prepare(vcpu);
	cpu_exit(vcpu);
	lull_targets_enable(&vcpu->sh, on);
	cpu_settle(vcpu);
	cpu_read_targets(vcpu);
	cpu_enter(vcpu);
}

static void check_told(const struct vcpu *vcpu)
{
	int nr = vcpu - world.vcpus;

	if (vcpu->sh.targets.stale)
		host_fail("vCPU %d goes on with a list that is withdrawn", nr);
	if (loaded_root(vcpu) != vcpu->sh.root &&
	    !loaded_root(vcpu)->root_count)
		host_fail("vCPU %d has a root loaded that does not count", nr);
}

/**
 * cpu_check_targets() - does no vCPU in the guest have an old list?
 */
void cpu_check_targets(void)
{
	unsigned int i;

	for (i = 0; i < world.nr_vcpus; i++) {
		if (cpu_runs(&world.vcpus[i]))
			check_told(&world.vcpus[i]);
	}
}
