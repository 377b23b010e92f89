/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug builds: a software TLB that never forgets by chance, so that a flush
 * that is missing shows on every CPU, and in an emulator that flushes too
 * often.  soft_tlb.c says how.  In other builds nothing of it is left.
 */
#ifndef LULL_SOFT_TLB_H
#define LULL_SOFT_TLB_H

#include "monitor/types.h"
#include "shadow/shadow.h"

struct lull_vcpu;
struct lull_vm;
struct seq_file;

#ifdef LULL_DEBUG

#define LULL_SOFT_CODE		16	/* pages that were executed, or stacks */
#define LULL_SOFT_DATA		48	/* pages that faulted, or INVLPG's */
#define LULL_SOFT_ENTRIES	(LULL_SOFT_CODE + LULL_SOFT_DATA)

/**
 * struct lull_soft_entry - a translation that a CPU may hold
 * @gva:	of the page
 * @walk:	what was read to make it
 * @flushes:	the CPU's flush count for the VPID then
 * @vm:		the VM's number
 * @since:	number of the vCPU's entry that made it; 0: none here
 */
struct lull_soft_entry {
	gva_t gva;
	struct lull_hw_walk walk;
	u32 flushes;
	u32 vm;
	u64 since;
};

/**
 * struct lull_soft_table - what a CPU may hold for a VPID
 * @entry:	translations, each in the place of its address in
 *		lull_soft_tlb.watch
 */
struct lull_soft_table {
	struct lull_soft_entry entry[LULL_SOFT_ENTRIES];
};

/**
 * struct lull_soft_watch - an address whose translation is followed
 * @gva:	its page
 * @used:	there is one
 */
struct lull_soft_watch {
	gva_t gva;
	bool used;
};

/**
 * struct lull_soft_tlb - one vCPU's part
 * @watch:	[v] addresses followed: code first, then data
 * @next_code:	[v] place of the next code page
 * @next_data:	[v] place of the next data page
 * @entries:	[v] VM entries so far
 * @table:	[m] of the CPU where it last entered
 * @floor:	[m] flush count of that entry: what is older is gone
 * @inside:	[a] in the guest, or as good as
 * @seen:	[v] the last exit was looked at
 * @cpu:	[v] CPU of the last entry, or of the one to come
 * @own:	table of a vCPU without VPID
 * @target:	[m] what it may hold once it has loaded a CR3 target in this stay
 *
 * [v] vcpu->mutex, [m] written with @inside false and read under the mmu
 * lock, [a] atomic.
 */
struct lull_soft_tlb {
	struct lull_soft_watch watch[LULL_SOFT_ENTRIES];
	unsigned int next_code;
	unsigned int next_data;
	u64 entries;
	struct lull_soft_table *table;
	u32 floor;
	bool inside;
	bool seen;
	int cpu;
	struct lull_soft_table own;
	struct lull_soft_table target[LULL_NR_TARGETS];
};

/**
 * struct lull_soft_vm - one VM's part
 * @learned:	[a] translations that hardware may have taken
 * @checked:	[a] comparisons with the shadow tables
 * @stale:	[a] those that failed
 *
 * [a] atomic.
 */
struct lull_soft_vm {
	atomic64_t learned;
	atomic64_t checked;
	atomic64_t stale;
};

int lull_soft_tlb_prepare(struct lull_vcpu *vcpu);
bool lull_soft_tlb_reenter(struct lull_vcpu *vcpu);
void lull_soft_tlb_enter(struct lull_vcpu *vcpu);
void lull_soft_tlb_leave(struct lull_vcpu *vcpu);
void lull_soft_tlb_landed(struct lull_vcpu *vcpu);
bool lull_soft_tlb_left(struct lull_vcpu *vcpu);
int lull_soft_tlb_exit(struct lull_vcpu *vcpu);
void lull_soft_tlb_settled(struct lull_vm *vm);
void lull_soft_tlb_audit(struct lull_vm *vm);
void lull_soft_tlb_show(struct seq_file *m, struct lull_vm *vm);
void lull_soft_tlb_module_exit(void);

#else

static inline int lull_soft_tlb_prepare(struct lull_vcpu *vcpu)
{
	return 0;
}

static inline void lull_soft_tlb_enter(struct lull_vcpu *vcpu)
{
}

static inline void lull_soft_tlb_leave(struct lull_vcpu *vcpu)
{
}

static inline void lull_soft_tlb_landed(struct lull_vcpu *vcpu)
{
}

static inline bool lull_soft_tlb_reenter(struct lull_vcpu *vcpu)
{
	return true;
}

static inline bool lull_soft_tlb_left(struct lull_vcpu *vcpu)
{
	return true;
}

static inline int lull_soft_tlb_exit(struct lull_vcpu *vcpu)
{
	return 0;
}

static inline void lull_soft_tlb_settled(struct lull_vm *vm)
{
}

static inline void lull_soft_tlb_audit(struct lull_vm *vm)
{
}

static inline void lull_soft_tlb_show(struct seq_file *m, struct lull_vm *vm)
{
}

static inline void lull_soft_tlb_module_exit(void)
{
}

#endif /* LULL_DEBUG */

#endif /* LULL_SOFT_TLB_H */
