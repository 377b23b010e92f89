// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug builds: how often each CPU has dropped what it holds for each VPID.
 *
 * A translation that the CPU may hold is tagged with the count at the time it
 * may have been made; it is gone when the count has grown (SDM: "Operations
 * that Invalidate Cached Mappings").  Nothing but the operations themselves
 * counts: a flush that is only asked for does not.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/vmalloc.h>

#include "vmx/internal.h"

#define NR_VPIDS	(U16_MAX + 1)

/* By CPU and VPID; each is written by its CPU, with preemption off. */
static u32 *flushes;

static u32 *count_of(int cpu, u16 vpid)
{
	return &flushes[cpu * NR_VPIDS + vpid];
}

/**
 * lull_vmx_count_init() - make the counts
 *
 * Return: 0 or -ENOMEM.
 */
int lull_vmx_count_init(void)
{
	flushes = vzalloc(array3_size(nr_cpu_ids, NR_VPIDS, sizeof(*flushes)));
	return flushes ? 0 : -ENOMEM;
}

/**
 * lull_vmx_count_exit() - undo lull_vmx_count_init()
 */
void lull_vmx_count_exit(void)
{
	vfree(flushes);
	flushes = NULL;
}

/**
 * lull_vmx_count_invvpid() - single-context INVVPID was executed here
 * @vpid:	its operand
 *
 * Context: preemption off.
 */
void lull_vmx_count_invvpid(u16 vpid)
{
	u32 *count = count_of(smp_processor_id(), vpid);

	WRITE_ONCE(*count, *count + 1);
}

/**
 * lull_vmx_count_entry() - the guest is about to be entered
 * @vmx:	loaded; INVVPID was executed if it had to be
 *
 * Without "enable VPID" each VM entry, as each VM exit, drops everything that
 * is tagged with VPID 0.
 */
void lull_vmx_count_entry(const struct vmx_vcpu *vmx)
{
	if (!vmx->vpid)
		lull_vmx_count_invvpid(0);
}

/**
 * lull_vmx_flushes() - how often a CPU dropped this vCPU's translations
 * @vmx:	any
 * @cpu:	the CPU
 *
 * Return: the count, modulo 2^32.
 */
u32 lull_vmx_flushes(const struct vmx_vcpu *vmx, int cpu)
{
	return READ_ONCE(*count_of(cpu, vmx->vpid));
}

/**
 * lull_vmx_flush_due() - will the next entry count a flush before it?
 * @vmx:	any
 *
 * Return: true if so.
 */
bool lull_vmx_flush_due(const struct vmx_vcpu *vmx)
{
	return !vmx->vpid || vmx->tlb_stale;
}
