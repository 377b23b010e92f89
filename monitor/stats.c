// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics in debugfs: lull/<pid>-<vm>/vm and lull/<pid>-<vm>/vcpu<n>/stats,
 * a name and a value on each line.  lull/<pid>-<vm>/audit, read by the
 * launcher itself, checks every invariant of the shadow tables;
 * audit_structure, read by anybody, those that hold whoever writes the guest's
 * tables.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "monitor/vcpu.h"

static struct dentry *lull_debugfs;

static const char * const bucket_names[LULL_NR_TICKS] = {
	[LULL_TICKS_GUEST] = "guest",
	[LULL_TICKS_IDLE] = "idle",
	[LULL_TICKS_PT_SWITCH] = "pt_switch",
	[LULL_TICKS_FAULT] = "fault",
	[LULL_TICKS_SYNC] = "sync",
	[LULL_TICKS_PRIV] = "priv",
	[LULL_TICKS_IRQ] = "irq",
	[LULL_TICKS_PIO] = "pio",
	[LULL_TICKS_USER] = "user",
	[LULL_TICKS_ENTRY] = "entry",
};

static const char * const counter_names[LULL_NR_COUNTERS] = {
	[LULL_CNT_CR3_LOADS] = "cr3_loads",
	[LULL_CNT_CR3_SAME] = "cr3_same",
	[LULL_CNT_CR3_CACHED] = "cr3_cached",
	[LULL_CNT_SYNC_PAGES] = "sync_pages",
	[LULL_CNT_FAULTS] = "faults",
	[LULL_CNT_GUEST_FAULTS] = "guest_faults",
	[LULL_CNT_UNSYNC] = "unsync",
	[LULL_CNT_ZAPS] = "zaps",
	[LULL_CNT_SHADOW_PAGES] = "shadow_pages",
	[LULL_CNT_INJECTIONS] = "injections",
	[LULL_CNT_HYPERCALLS] = "hypercalls",
	[LULL_CNT_IDLE_ENTERS] = "idle_enters",
	[LULL_CNT_IDLE_ANNOUNCED] = "idle_announced",
	[LULL_CNT_IO_USER] = "io_user",
	[LULL_CNT_TLB_FLUSHES] = "tlb_flushes",
	[LULL_CNT_WAKEUPS] = "wakeups",
	[LULL_CNT_TIMER_FIRES] = "timer_fires",
	[LULL_CNT_CR3_UNSEEN] = "cr3_unseen",
	[LULL_CNT_GUARD_VIOLATIONS] = "guard_violations",
	[LULL_CNT_TRIPWIRE] = "tripwire",
	[LULL_CNT_IDLE_GUARDED] = "idle_guarded",
	[LULL_CNT_DEBT_PAGES] = "debt_pages",
	[LULL_CNT_CR3_LISTED] = "cr3_listed",
	[LULL_CNT_CR3_DELISTED] = "cr3_delisted",
};

static void show_line(struct seq_file *m, const char *prefix, const char *name,
		      u64 value)
{
	seq_printf(m, "%s%s %llu\n", prefix, name, value);
}

static void show_exits(struct seq_file *m, const struct lull_vcpu_stats *stats)
{
	int i;

	for (i = 0; i < LULL_NR_EXIT_REASONS; i++) {
		if (!stats->exits[i])
			continue;
		seq_printf(m, "exit_%d %llu\n", i, stats->exits[i]);
		seq_printf(m, "exit_ticks_%d %llu\n", i, stats->exit_ticks[i]);
	}
}

static int vcpu_stats_show(struct seq_file *m, void *unused)
{
	struct lull_vcpu_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	int i;

	if (!stats)
		return -ENOMEM;
	lull_vcpu_snapshot(m->private, stats);
	show_exits(m, stats);
	for (i = 0; i < LULL_NR_TICKS; i++)
		show_line(m, "ticks_", bucket_names[i], stats->ticks[i]);
	for (i = 0; i < LULL_NR_COUNTERS; i++)
		show_line(m, "", counter_names[i], stats->counters[i]);
	show_line(m, "", "preempted", stats->preempted);
	show_line(m, "", "total", stats->total);
	kfree(stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vcpu_stats);

static int vm_show(struct seq_file *m, void *unused)
{
	struct lull_vm *vm = m->private;
	u64 bytes = 0;
	int i;

	for (i = 0; i < LULL_MAX_SLOTS; i++)
		bytes += READ_ONCE(vm->slots[i].npages) << PAGE_SHIFT;
	show_line(m, "", "shadow_pages", READ_ONCE(vm->mmu.nr_pages));
	show_line(m, "", "shadow_pages_max", vm->mmu.max_pages);
	show_line(m, "", "shadow_pages_shrunk",
		  READ_ONCE(vm->mmu.stats.shrunk));
	show_line(m, "", "memory", bytes);
	lull_soft_tlb_show(m, vm);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vm);

/*
 * The audit compares shadow tables with guest memory, which only threads of
 * the launcher can read.
 */
static int audit_show(struct seq_file *m, void *unused)
{
	struct lull_vm *vm = m->private;
	int bad;

	if (vm->mm != current->mm)
		return -EIO;
	spin_lock(&vm->mmu.lock);
	bad = lull_mmu_audit(&vm->mmu);
	spin_unlock(&vm->mmu.lock);
	show_line(m, "", "violations", bad);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(audit);

static int audit_structure_show(struct seq_file *m, void *unused)
{
	struct lull_vm *vm = m->private;
	int bad;

	spin_lock(&vm->mmu.lock);
	bad = lull_mmu_audit_structure(&vm->mmu);
	spin_unlock(&vm->mmu.lock);
	show_line(m, "", "violations", bad);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(audit_structure);

/**
 * lull_debugfs_add_vm() - show a VM
 * @vm:	the VM
 */
void lull_debugfs_add_vm(struct lull_vm *vm)
{
	char name[32];

	snprintf(name, sizeof(name), "%d-%u", vm->pid, vm->id);
	vm->debugfs = debugfs_create_dir(name, lull_debugfs);
	debugfs_create_file("vm", 0444, vm->debugfs, vm, &vm_fops);
	debugfs_create_file("audit", 0400, vm->debugfs, vm, &audit_fops);
	debugfs_create_file("audit_structure", 0400, vm->debugfs, vm,
			    &audit_structure_fops);
}

/**
 * lull_debugfs_add_vcpu() - show a vCPU
 * @vcpu:	the vCPU
 */
void lull_debugfs_add_vcpu(struct lull_vcpu *vcpu)
{
	char name[16];

	snprintf(name, sizeof(name), "vcpu%d", vcpu->id);
	vcpu->debugfs = debugfs_create_dir(name, vcpu->vm->debugfs);
	debugfs_create_file("stats", 0444, vcpu->debugfs, vcpu,
			    &vcpu_stats_fops);
}

/**
 * lull_debugfs_remove_vcpu() - stop showing a vCPU
 * @vcpu:	the vCPU
 *
 * Nobody reads its statistics any more on return.
 */
void lull_debugfs_remove_vcpu(struct lull_vcpu *vcpu)
{
	debugfs_remove_recursive(vcpu->debugfs);
}

/**
 * lull_debugfs_init() - make the directory
 *
 * debugfs is optional: nothing fails without it.
 */
void lull_debugfs_init(void)
{
	lull_debugfs = debugfs_create_dir("lull", NULL);
}

/**
 * lull_debugfs_exit() - remove the directory
 */
void lull_debugfs_exit(void)
{
	debugfs_remove_recursive(lull_debugfs);
}
