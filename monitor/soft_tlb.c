// SPDX-License-Identifier: GPL-2.0-only
/*
 * A software TLB, in debug builds: what hardware may still hold must be what
 * the shadow tables say.
 *
 * A table for each CPU and VPID holds translations that this CPU may have
 * cached while it was in the guest, with every entry on the way (SDM:
 * "Caching Translation Information").  What is learned was reachable when the
 * guest was entered: the addresses it last executed, faulted at and gave to
 * INVLPG.  It is forgotten by INVVPID on that CPU, or by a VM entry without
 * VPID, and by nothing else.
 *
 * A guest with CR3 targets may load another root unseen, and again.  Each load
 * flushes, so that the CPU holds what it found under one of them, or what it
 * held before if there was none: a table for each says what.  The next exit
 * tells which root is loaded, and its table is what the CPU still holds.
 *
 * Compared are, under the mmu lock,
 *  - before an entry that flushes nothing: all that is held;
 *  - after an exit, unless a flush was asked for meanwhile: the same;
 *  - when env->flush() is done, before a write-protected table is read and
 *    before a shadow page is freed: what each vCPU in the guest holds.
 *
 * The first is left out rather than waited for: a vCPU that waits for the lock
 * is not in the guest, and what somebody does under the lock without a flush
 * would go unseen.
 *
 * The tables outlive their vCPU, as translations do: the next one with its
 * VPID must flush first.
 */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "monitor/vcpu.h"

/* By CPU and VPID. */
static DEFINE_XARRAY(tables);

static unsigned long table_index(int cpu, u16 vpid)
{
	return (unsigned long)cpu << 16 | vpid;
}

/* Without a VPID nothing outlives an exit: the vCPU's own table will do. */
static struct lull_soft_table *find_table(struct lull_vcpu *vcpu, int cpu)
{
	if (!vcpu->vmx.vpid)
		return &vcpu->soft.own;
	return xa_load(&tables, table_index(cpu, vcpu->vmx.vpid));
}

static int make_table(struct lull_vcpu *vcpu, int cpu)
{
	struct lull_soft_table *table;
	int r;

	if (find_table(vcpu, cpu))
		return 0;
	table = kvzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	r = xa_insert(&tables, table_index(cpu, vcpu->vmx.vpid), table,
		      GFP_KERNEL);
	if (r)
		kvfree(table);
	return r;
}

static void report(struct lull_vcpu *vcpu, const struct lull_soft_entry *entry,
		   const struct lull_hw_walk *now, int level, const char *when)
{
	struct lull_vm *vm = vcpu->vm;

	atomic64_inc(&vm->soft.stale);
	if (READ_ONCE(vm->dead))
		return;
	WRITE_ONCE(vm->dead, true);
	if (entry->vm != vm->id) {
		WARN(1, "lull: VM %u vCPU %d: %s, CPU %d may hold the translation of gva %#llx that VM %u left under VPID %u\n",
		     vm->id, vcpu->id, when, vcpu->soft.cpu, entry->gva, entry->vm,
		     vcpu->vmx.vpid);
		return;
	}
	WARN(1, "lull: VM %u vCPU %d: %s, CPU %d may hold a stale translation of gva %#llx: SPTE %#llx of level %d since entry %llu of %llu under root %#llx, now %#llx under root %#llx\n",
	     vm->id, vcpu->id, when, vcpu->soft.cpu, entry->gva,
	     entry->walk.spte[level], level, entry->since, vcpu->soft.entries,
	     entry->walk.root, now->spte[level], now->root);
}

/* Was it learned, and since flush number @floor? */
static bool is_held(const struct lull_soft_entry *entry, u32 floor)
{
	return entry->since && (s32)(entry->flushes - floor) >= 0;
}

/* Compare what @table has since flush number @floor with what is under @root. */
static void check_root(struct lull_vcpu *vcpu, hpa_t root,
		       const struct lull_soft_table *table, u32 floor,
		       const char *when)
{
	const struct lull_soft_entry *entry = table->entry;
	struct lull_hw_walk now;
	int level;

	for (; entry < table->entry + LULL_SOFT_ENTRIES; entry++) {
		if (!is_held(entry, floor))
			continue;
		lull_shadow_hw_walk(&vcpu->shadow, root, entry->gva, &now);
		level = lull_hw_walk_stale(&entry->walk, &now);
		atomic64_inc(&vcpu->vm->soft.checked);
		if (level || entry->vm != vcpu->vm->id)
			report(vcpu, entry, &now, level, when);
	}
}

static void check(struct lull_vcpu *vcpu, const struct lull_soft_table *table,
		  u32 floor, const char *when)
{
	check_root(vcpu, lull_shadow_root_hpa(&vcpu->shadow), table, floor,
		   when);
}

/* In the guest any target may have been loaded by now. */
static void check_targets(struct lull_vcpu *vcpu, const char *when)
{
	const struct lull_target *target = vcpu->shadow.targets.slot;
	unsigned int i;

	if (!vcpu->vmx.cr3_targets)
		return;
	for (i = 0; i < LULL_NR_TARGETS; i++)
		if (target[i].root)
			check_root(vcpu, target[i].hpa, &vcpu->soft.target[i],
				   vcpu->soft.floor, when);
}

static bool flush_due(const struct lull_vcpu *vcpu)
{
	return test_bit(LULL_REQ_FLUSH, &vcpu->requests) ||
	       lull_vmx_flush_due(&vcpu->vmx);
}

/* Who had the lock before must have flushed what took rights away. */
static void check_lock(struct lull_vcpu *vcpu)
{
	struct lull_vm *vm = vcpu->vm;

	if (!vm->mmu.flush || READ_ONCE(vm->dead))
		return;
	atomic64_inc(&vm->soft.stale);
	WRITE_ONCE(vm->dead, true);
	WARN(1, "lull: VM %u vCPU %d: SPTEs lost rights, and the mmu lock was dropped without a flush: CPUs may hold stale translations\n",
	     vm->id, vcpu->id);
}

/* Under the lock, on the CPU of the entry to come. */
static void check_entry(struct lull_vcpu *vcpu)
{
	int cpu = smp_processor_id();
	struct lull_soft_table *table = find_table(vcpu, cpu);

	if (!lull_shadow_root_valid(&vcpu->shadow))
		return;
	vcpu->soft.cpu = cpu;
	if (table && !flush_due(vcpu))
		check(vcpu, table, lull_vmx_flushes(&vcpu->vmx, cpu),
		      "before an entry without a flush");
	check_lock(vcpu);
}

/* What else killed a VM says so itself. */
static int end_if_found(struct lull_vm *vm)
{
	if (!atomic64_read(&vm->soft.stale))
		return 0;
	lull_vm_kill(vm);
	return -EIO;
}

/**
 * lull_soft_tlb_prepare() - make what lull_soft_tlb_reenter() needs
 * @vcpu:	the vCPU
 *
 * Context: may sleep.
 * Return: 0; -EIO if a stale translation was found; -ENOMEM.
 */
int lull_soft_tlb_prepare(struct lull_vcpu *vcpu)
{
	int r = make_table(vcpu, raw_smp_processor_id());

	return r ? r : end_if_found(vcpu->vm);
}

/**
 * lull_soft_tlb_reenter() - may the guest be entered with what this CPU holds?
 * @vcpu:	the vCPU; interrupts off, so that it cannot wait for the lock,
 *		whose holder may be waiting for it
 *
 * Return: whether to; if not, the VM is dead.
 */
bool lull_soft_tlb_reenter(struct lull_vcpu *vcpu)
{
	struct lull_vm *vm = vcpu->vm;

	if (spin_trylock(&vm->mmu.lock)) {
		check_entry(vcpu);
		spin_unlock(&vm->mmu.lock);
	}
	return !READ_ONCE(vm->dead);
}

/*
 * The CPU may now hold the translation of the address at place @i.  The walk
 * needs no lock, as the CPU's needs none: who frees a table waits for this CPU
 * first.
 */
static void learn(struct lull_vcpu *vcpu, struct lull_soft_table *table,
		  hpa_t root, unsigned int i, u32 flushes)
{
	struct lull_soft_tlb *soft = &vcpu->soft;
	struct lull_soft_entry *entry = &table->entry[i];
	struct lull_soft_entry new = {
		.gva = soft->watch[i].gva,
		.flushes = flushes,
		.vm = vcpu->vm->id,
		.since = soft->entries,
	};

	lull_shadow_hw_walk(&vcpu->shadow, root, new.gva, &new.walk);
	/* Both may be held: keep the one that can do more. */
	if (is_held(entry, flushes) && entry->gva == new.gva &&
	    lull_hw_walk_stale(&entry->walk, &new.walk))
		return;
	*entry = new;
	atomic64_inc(&vcpu->vm->soft.learned);
}

static void learn_root(struct lull_vcpu *vcpu, struct lull_soft_table *table,
		       hpa_t root, u32 flushes)
{
	unsigned int i;

	for (i = 0; i < LULL_SOFT_ENTRIES; i++) {
		if (vcpu->soft.watch[i].used)
			learn(vcpu, table, root, i, flushes);
	}
}

/* What each target has for the CPU, which begins with nothing of it. */
static void learn_targets(struct lull_vcpu *vcpu, u32 flushes)
{
	const struct lull_target *target = vcpu->shadow.targets.slot;
	struct lull_soft_table *table = vcpu->soft.target;
	unsigned int i;

	if (!vcpu->vmx.cr3_targets)
		return;
	memset(table, 0, sizeof(vcpu->soft.target));
	for (i = 0; i < LULL_NR_TARGETS; i++)
		if (target[i].root)
			learn_root(vcpu, &table[i], target[i].hpa, flushes);
}

/**
 * lull_soft_tlb_enter() - the next thing is lull_vmx_run()
 * @vcpu:	the vCPU; interrupts off, requests looked at
 */
void lull_soft_tlb_enter(struct lull_vcpu *vcpu)
{
	struct lull_soft_tlb *soft = &vcpu->soft;
	int cpu = smp_processor_id();

	soft->entries++;
	soft->seen = false;
	soft->cpu = cpu;
	soft->floor = lull_vmx_flushes(&vcpu->vmx, cpu) +
		      lull_vmx_flush_due(&vcpu->vmx);
	soft->table = find_table(vcpu, cpu);
	if (!soft->table)
		return;
	learn_root(vcpu, soft->table, lull_shadow_root_hpa(&vcpu->shadow),
		   soft->floor);
	learn_targets(vcpu, soft->floor);
	/* Whoever sees it set sees the table as it is now. */
	smp_store_release(&soft->inside, true);
}

/**
 * lull_soft_tlb_leave() - lull_vmx_run() has returned
 * @vcpu:	the vCPU; interrupts still off
 */
void lull_soft_tlb_leave(struct lull_vcpu *vcpu)
{
	WRITE_ONCE(vcpu->soft.inside, false);
}

/**
 * lull_soft_tlb_landed() - the guest has loaded a CR3 target
 * @vcpu:	the vCPU, which has its root now; before anything else is done
 */
void lull_soft_tlb_landed(struct lull_vcpu *vcpu)
{
	hpa_t root = lull_shadow_root_hpa(&vcpu->shadow);
	struct lull_soft_tlb *soft = &vcpu->soft;
	unsigned int i;

	if (!soft->table)
		return;
	for (i = 0; i < LULL_NR_TARGETS; i++)
		if (vcpu->shadow.targets.slot[i].root &&
		    vcpu->shadow.targets.slot[i].hpa == root)
			*soft->table = soft->target[i];
}

/* Follow @gva in one of the places from @first on. */
static void watch(struct lull_soft_tlb *soft, gva_t gva, unsigned int first,
		  unsigned int nr, unsigned int *next)
{
	struct lull_soft_watch *place = &soft->watch[first];
	unsigned int i;

	gva &= PAGE_MASK;
	for (i = 0; i < nr; i++) {
		if (place[i].used && place[i].gva == gva)
			return;
	}
	place[*next] = (struct lull_soft_watch){ .gva = gva, .used = true };
	*next = (*next + 1) % nr;
}

static void watch_code(struct lull_soft_tlb *soft, gva_t gva)
{
	watch(soft, gva, 0, LULL_SOFT_CODE, &soft->next_code);
}

static void watch_exit(struct lull_vcpu *vcpu)
{
	struct lull_soft_tlb *soft = &vcpu->soft;
	struct lull_segment cs;
	u64 rip = lull_vmx_get_rip(&vcpu->vmx);

	/* Bases count only where the code is not 64-bit. */
	lull_vmx_get_seg(&vcpu->vmx, LULL_CS, &cs);
	if (!(cs.ar & BIT(13)))
		rip = (u32)(rip + cs.base);
	watch_code(soft, rip);
	watch_code(soft, lull_vmx_get_rsp(&vcpu->vmx));
	if ((u16)vcpu->exit.reason == VMX_EXIT_INVLPG ||
	    ((u16)vcpu->exit.reason == VMX_EXIT_EXCEPTION_NMI &&
	     (vcpu->exit.intr_info & VMX_INTR_VECTOR) == LULL_VEC_PF))
		watch(soft, vcpu->exit.qualification, LULL_SOFT_CODE,
		      LULL_SOFT_DATA, &soft->next_data);
}

/* Under the lock, after an exit and before anything was done about it. */
static void check_exit(struct lull_vcpu *vcpu)
{
	struct lull_soft_tlb *soft = &vcpu->soft;

	if (soft->table && !test_bit(LULL_REQ_FLUSH, &vcpu->requests))
		check(vcpu, soft->table, soft->floor,
		      "after an exit without a request to flush");
	check_lock(vcpu);
	watch_exit(vcpu);
	soft->seen = true;
}

/**
 * lull_soft_tlb_left() - did the guest run with translations that were stale?
 * @vcpu:	the vCPU, after an exit; interrupts off, see
 *		lull_soft_tlb_reenter()
 *
 * Return: true if not; false also where lull_soft_tlb_exit() has to look.
 */
bool lull_soft_tlb_left(struct lull_vcpu *vcpu)
{
	struct lull_vm *vm = vcpu->vm;

	if (!spin_trylock(&vm->mmu.lock))
		return false;
	check_exit(vcpu);
	spin_unlock(&vm->mmu.lock);
	return !READ_ONCE(vm->dead);
}

/**
 * lull_soft_tlb_exit() - the same, unless it has been looked at
 * @vcpu:	the vCPU, after an exit and before anything was done about it
 *
 * Return: 0, or -EIO with the VM dead.
 */
int lull_soft_tlb_exit(struct lull_vcpu *vcpu)
{
	struct lull_vm *vm = vcpu->vm;

	if (!vcpu->soft.seen) {
		spin_lock(&vm->mmu.lock);
		check_exit(vcpu);
		spin_unlock(&vm->mmu.lock);
	}
	return end_if_found(vm);
}

/**
 * lull_soft_tlb_settled() - do vCPUs in the guest hold what the tables give?
 * @vm:		the VM, mmu lock held
 *
 * A vCPU that is not inside is looked at before it enters.  One that leaves
 * meanwhile does nothing to its tables before it has the lock.
 */
void lull_soft_tlb_settled(struct lull_vm *vm)
{
	static const char in_guest[] =
		"in the guest, where a flush is relied on";
	struct lull_vcpu *vcpu;
	unsigned int i;

	lockdep_assert_held(&vm->mmu.lock);
	for (i = 0; i < LULL_MAX_VCPUS; i++) {
		vcpu = vm->vcpus[i];
		/* Pairs with lull_soft_tlb_enter(). */
		if (!vcpu || !smp_load_acquire(&vcpu->soft.inside))
			continue;
		check(vcpu, vcpu->soft.table, vcpu->soft.floor, in_guest);
		check_targets(vcpu, in_guest);
	}
}

/**
 * lull_soft_tlb_audit() - check the shadow tables, whoever wrote the guest's
 * @vm:		the VM
 */
void lull_soft_tlb_audit(struct lull_vm *vm)
{
	int bad;

	spin_lock(&vm->mmu.lock);
	bad = lull_mmu_audit_structure(&vm->mmu);
	spin_unlock(&vm->mmu.lock);
	WARN(bad, "lull: VM %u: the audit of its shadow tables found %d violations\n",
	     vm->id, bad);
}

/**
 * lull_soft_tlb_show() - counts for debugfs
 * @m:		where to
 * @vm:		the VM
 */
void lull_soft_tlb_show(struct seq_file *m, struct lull_vm *vm)
{
	seq_printf(m, "soft_tlb_learned %lld\nsoft_tlb_checked %lld\nsoft_tlb_stale %lld\n",
		   atomic64_read(&vm->soft.learned),
		   atomic64_read(&vm->soft.checked),
		   atomic64_read(&vm->soft.stale));
}

/**
 * lull_soft_tlb_module_exit() - free all tables
 */
void lull_soft_tlb_module_exit(void)
{
	struct lull_soft_table *table;
	unsigned long index;

	xa_for_each(&tables, index, table)
		kvfree(table);
	xa_destroy(&tables);
}
