// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU under a vCPU: it may cache every shadow entry as soon as it is
 * there and keep it until a flush; and it must not be able to do with that
 * what the architecture does not allow.
 */
#include "host.h"
#include "reach.h"
#include "world.h"

#define SPTE_BITS	(LULL_SPTE_LINK | LULL_PTE_NX | LULL_PTE_ADDR)

/**
 * cpu_read_arch() - entry_reader of the guest's tables
 * @cpu:	struct vcpu
 * @table:	the table
 * @level:	its level
 * @pos:	position of the entry
 * @val:	receives what it leads to
 *
 * Return: what it is.
 */
enum entry_kind cpu_read_arch(const void *cpu, u64 table, int level,
			      unsigned int pos, u64 *val)
{
	const struct vcpu *vcpu = cpu;

	return arch_read_entry(&vcpu->sh.mode, MAXPHYADDR, table, level, pos,
			       val);
}

/* The tripwire clears A, and D tells who writes hot tables. */
static u64 may_lack(int level)
{
	if (level == 4)
		return LULL_PTE_A;
	return level == 1 ? LULL_PTE_D : 0;
}

/* entry_reader of the shadow tables. */
static enum entry_kind read_hw(const void *cpu, u64 table, int level,
			       unsigned int pos, u64 *val)
{
	const struct vcpu *vcpu = cpu;
	bool unpaged = vcpu->sh.mode.unpaged;
	u64 spte;

	if (!host_page_live(table))
		host_fail("vCPU %d may walk a freed level %d table",
			  (int)(vcpu - world.vcpus), level);
	spte = ((u64 *)__va(table))[unpaged ? unpaged_index(level, pos) :
					      pos_index[pos]];
	if (!spte)
		return ENTRY_NONE;
	if (unpaged && level == 3) {
		if (table >> 32 || (spte & ~LULL_PTE_ADDR) != LULL_PTE_P)
			host_fail("PDPTE %#llx at %#llx",
				  (unsigned long long)spte,
				  (unsigned long long)table);
	} else if ((spte & ~(SPTE_BITS | (level == 1 ? LULL_SPTE_HOST_W : 0))) ||
		   ((spte | may_lack(level)) & LULL_SPTE_BASE) != LULL_SPTE_BASE)
		host_fail("SPTE %#llx has wrong bits", (unsigned long long)spte);
	*val = spte;
	if (level == 1)
		return ENTRY_LEAF;
	*val = spte & LULL_PTE_ADDR;
	return ENTRY_TABLE;
}

/**
 * cpu_update() - the vCPU runs: it caches whatever it can reach
 * @vcpu:	the vCPU
 */
void cpu_update(struct vcpu *vcpu)
{
	if (!cpu_runs(vcpu))
		return;
	if (wcache_has_root(&vcpu->hw))
		wcache_update(&vcpu->hw, read_hw, vcpu, NULL);
	else
		wcache_set_root(&vcpu->hw, vcpu->sh.mode.unpaged ? 3 : 4,
				vcpu->hw_root, read_hw, vcpu);
}

/**
 * cpu_set_root() - a flush, and the root the hardware shall use
 * @vcpu:	the vCPU
 */
void cpu_set_root(struct vcpu *vcpu)
{
	wcache_clear(&vcpu->hw);
	vcpu->hw_root = lull_shadow_root_hpa(&vcpu->sh);
	cpu_update(vcpu);
}

/**
 * cpu_flush_all() - env->flush(): those in the guest go on at once
 *
 * But not with a list of targets that is not in force any more.
 */
void cpu_flush_all(void)
{
	unsigned int i;

	for (i = 0; i < world.nr_vcpus; i++) {
		struct vcpu *vcpu = &world.vcpus[i];

		wcache_clear(&vcpu->hw);
		if (vcpu->sh.targets.stale)
			vcpu->kicked = true;
		cpu_update(vcpu);
	}
}

/**
 * cpu_prepare() - what the monitor does before it enters the guest
 * @vcpu:	the vCPU
 */
void cpu_prepare(struct vcpu *vcpu)
{
	bool reloaded = false;

	while (!cpu_runs(vcpu)) {
		cpu_exit(vcpu);
		/* One allocation at most fails. */
		if (!lull_shadow_root_valid(&vcpu->sh)) {
			if (lull_shadow_reload(&vcpu->sh) &&
			    lull_shadow_reload(&vcpu->sh))
				host_fail("reload failed");
			reloaded = true;
		}
		cpu_settle(vcpu);
		vcpu->in_host = false;
		if (reloaded)
			cpu_set_root(vcpu);
	}
	cpu_update(vcpu);
}

/**
 * cpu_arch_flush() - a flush that the guest asked for
 * @vcpu:	the vCPU, with CR3 and mode set
 */
void cpu_arch_flush(struct vcpu *vcpu)
{
	wcache_clear(&vcpu->arch);
	if (!vcpu->sh.mode.unpaged)
		wcache_set_root(&vcpu->arch, 4,
				(vcpu->cr3 & LULL_PTE_ADDR) | ARCH_RIGHTS,
				cpu_read_arch, vcpu);
}

/* Of an address that is given by number: numbers repeat without paging. */
static unsigned int nr_of(const struct vcpu *vcpu, unsigned int gva_nr)
{
	return vcpu->sh.mode.unpaged ? gva_nr % NR_UNPAGED : gva_nr;
}

/**
 * cpu_gva() - an address in the vCPU's mode
 * @vcpu:	the vCPU
 * @gva_nr:	its number
 *
 * Return: the address.
 */
u64 cpu_gva(const struct vcpu *vcpu, unsigned int gva_nr)
{
	return vcpu->sh.mode.unpaged ? unpaged_gva_of(nr_of(vcpu, gva_nr)) :
				       gva_of(gva_nr);
}

/* What hardware lets an SPTE do: CR0.WP and EFER.NXE are always set there. */
static unsigned int hw_allowed(const struct vcpu *vcpu, u64 spte)
{
	struct lull_paging_mode mode = vcpu->sh.mode;

	mode.wp = true;
	mode.nxe = true;
	/* The monitor sees to that. */
	if (mode.unpaged)
		mode.smep = mode.smap = false;
	return arch_allowed((spte >> 1 & 3) |
			    (spte & LULL_PTE_NX ? 0 : ARCH_X), true, &mode);
}

static u64 spte_frame(u64 spte)
{
	return (spte & LULL_PTE_ADDR) >> 12;
}

static int page_of_spte(u64 spte)
{
	return page_of_hfn(spte_frame(spte), 0);
}

/* Of those that allow the access, the oldest, if possible one with D. */
static const u64 *find_spte(const struct vcpu *vcpu, unsigned int gva_nr,
			    enum access access)
{
	const struct valset *set = &vcpu->hw.leaf[nr_of(vcpu, gva_nr)];
	const u64 *found = NULL;
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		const u64 *spte = &set->val[i];

		if (!(hw_allowed(vcpu, *spte) & (1U << access)))
			continue;
		if (*spte & LULL_PTE_D)
			return spte;
		found = found ?: spte;
	}
	return found;
}

/* The SPTE of an address as it is in memory now, NULL if there is none. */
static u64 *walk_now(const struct vcpu *vcpu, u64 gva)
{
	int level = vcpu->sh.mode.unpaged ? 3 : 4;
	u64 table = vcpu->hw_root;
	u64 *spte;

	for (;; level--) {
		spte = (u64 *)__va(table) + pt_index(gva, level);
		if (!*spte || level == 1)
			return *spte ? spte : NULL;
		table = *spte & LULL_PTE_ADDR;
	}
}

/*
 * What a store through @held uses.  With D it is not seen; without, the CPU
 * walks again to set it.  0: it faults.
 */
static u64 dirty(struct vcpu *vcpu, u64 held, u64 gva)
{
	unsigned int i;
	u64 *spte;

	if (held & LULL_PTE_D)
		return held;
	spte = walk_now(vcpu, gva);
	if (!spte || (*spte ^ held) & ~LULL_PTE_D)
		return 0;
	*spte |= LULL_PTE_D;
	for (i = 0; i < world.nr_vcpus; i++)
		cpu_update(&world.vcpus[i]);
	reach(REACH_DIRTIED);
	return *spte;
}

/**
 * cpu_try_store() - a store that does not fault, if there is such
 * @vcpu:	the vCPU
 * @gva_nr:	address
 * @access:	the access
 * @pos:	position in the page
 * @val:	the value
 *
 * Return: whether it was done.
 */
bool cpu_try_store(struct vcpu *vcpu, unsigned int gva_nr, enum access access,
		   unsigned int pos, u64 val)
{
	const u64 *held = find_spte(vcpu, gva_nr, access);
	u64 spte;
	int page;

	if (!held || !cpu_runs(vcpu))
		return false;
	spte = dirty(vcpu, *held, cpu_gva(vcpu, gva_nr));
	if (!spte)
		return false;
	page = page_of_spte(spte);
	if (page < 0)
		host_fail("vCPU %d writes to foreign memory",
			  (int)(vcpu - world.vcpus));
	world_store(page, pos, val);
	return true;
}

/**
 * cpu_store_to() - store to a page by any address that does not fault
 * @vcpu:	the vCPU
 * @page:	the page
 * @pos:	position in it
 * @val:	the value
 *
 * Return: whether there was such an address.
 */
bool cpu_store_to(struct vcpu *vcpu, unsigned int page, unsigned int pos,
		  u64 val)
{
	unsigned int nr, i;

	if (!cpu_runs(vcpu))
		return false;
	for (nr = 0; nr < NR_GVAS; nr++) {
		const struct valset *set = &vcpu->hw.leaf[nr];

		for (i = 0; i < set->nr; i++) {
			if (!(set->val[i] & LULL_PTE_W) ||
			    page_of_spte(set->val[i]) != (int)page ||
			    !dirty(vcpu, set->val[i], cpu_gva(vcpu, nr)))
				continue;
			world_store(page, pos, val);
			return true;
		}
	}
	return false;
}

static bool entries_repeat(const struct arch_result *result)
{
	int i, j;

	for (i = 4; i > result->level; i--) {
		for (j = i - 1; j >= result->level; j--) {
			if (result->entry[i] == result->entry[j])
				return true;
		}
	}
	return false;
}

static void check_injected(const struct arch_result *want,
			   const struct lull_fault *got)
{
	if (!want->fault)
		host_fail("#PF(%#x) where there is no fault",
			  got->exception.error_code);
	if (got->exception.vector != LULL_VEC_PF || !got->exception.has_error ||
	    got->exception.error_code != want->error_code ||
	    got->exception.cr2 != got->gva)
		host_fail("#PF(%#x) cr2 %#llx instead of #PF(%#x) cr2 %#llx",
			  got->exception.error_code,
			  (unsigned long long)got->exception.cr2,
			  want->error_code, (unsigned long long)got->gva);
}

/* May the user half not be accessed? */
static bool is_withdrawn(const struct vcpu *vcpu, unsigned int gva_nr)
{
	return vcpu->guarded && is_user_half(cpu_gva(vcpu, gva_nr));
}

static void check_translated(const struct arch_result *want,
			     const struct lull_fault *got)
{
	int level;

	if (want->fault)
		host_fail("no fault, #PF(%#x) wanted", want->error_code);
	if (got->gpa != want->gpa)
		host_fail("gpa %#llx instead of %#llx",
			  (unsigned long long)got->gpa,
			  (unsigned long long)want->gpa);
	for (level = 4; level >= want->level; level--) {
		u64 now = arch_mem_read(want->entry[level]);

		if (now != want->after[level])
			host_fail("level %d entry %#llx instead of %#llx",
				  level, (unsigned long long)now,
				  (unsigned long long)want->after[level]);
	}
}

static bool is_mmio(u64 gpa, enum access access)
{
	return page_of_gfn(gpa >> 12) < 0 ||
	       (access_is_write(access) && arch_mem_readonly(gpa));
}

/* The result of a fault, when nothing happened beside it. */
static void check_fault(struct vcpu *vcpu, const struct arch_result *want,
			const struct lull_fault *got, unsigned int gva_nr,
			enum access access)
{
	bool mmio;

	if ((got->result == LULL_FAULT_GUARD) != is_withdrawn(vcpu, gva_nr))
		host_fail("address %u: guarded or not?", gva_nr);
	if (got->result == LULL_FAULT_GUARD) {
		reach(REACH_GUARD);
		return;
	}
	if (got->result == LULL_FAULT_INJECT) {
		check_injected(want, got);
		return;
	}
	if (got->result == LULL_FAULT_RETRY) {
		if (!world.mmu.invalidations && !entries_repeat(want))
			host_fail("retry without a reason");
		return;
	}
	check_translated(want, got);
	mmio = got->result == LULL_FAULT_MMIO;
	if (mmio != is_mmio(want->gpa, access))
		host_fail("gpa %#llx: MMIO or not?",
			  (unsigned long long)want->gpa);
	cpu_prepare(vcpu);
	if (got->result == LULL_FAULT_FIXED &&
	    !find_spte(vcpu, gva_nr, access))
		host_fail("fixed, but %s still faults", access_names[access]);
}

static struct lull_fault make_fault(const struct vcpu *vcpu,
				    unsigned int gva_nr, enum access access)
{
	return (struct lull_fault){
		.gva = cpu_gva(vcpu, gva_nr) + 8,
		.error_code = access_error_code(access),
		.smap_exempt = access == AC_READ || access == AC_WRITE,
	};
}

static void count_result(enum lull_fault_result result)
{
	tally.fixed += result == LULL_FAULT_FIXED;
	tally.injected += result == LULL_FAULT_INJECT;
	tally.mmio += result == LULL_FAULT_MMIO;
	tally.retried += result == LULL_FAULT_RETRY;
}

/* #PF reaches the guest: what the CPU has for its address is gone. */
static void deliver(struct vcpu *vcpu, const struct lull_fault *fault,
		    unsigned int gva_nr)
{
	if (fault->result == LULL_FAULT_INJECT)
		wcache_forget(&vcpu->arch, gva_nr, cpu_read_arch, vcpu);
}

/* What the guest has from now on. */
static void set_cr3(struct vcpu *vcpu, u64 cr3)
{
	vcpu->cr3 = cr3 & ~LULL_GUARDED;
	vcpu->guarded = cr3 & LULL_GUARDED && !vcpu->sh.mode.unpaged;
}

/* A MOV to CR3 is done, in the exit. */
static void cpu_load(struct vcpu *vcpu, u64 cr3)
{
	set_cr3(vcpu, cr3);
	cpu_set_root(vcpu);
}

/* What the monitor does about an access that it lets through. */
static void end_guard(struct vcpu *vcpu)
{
	cpu_exit(vcpu);
	while (lull_shadow_guard(&vcpu->sh, false, false))
		;
	cpu_arch_flush(vcpu);
	cpu_load(vcpu, vcpu->cr3);
	cpu_enter(vcpu);
}

/* One page-fault exit.  Returns whether to try again. */
static bool fault(struct vcpu *vcpu, unsigned int gva_nr, enum access access)
{
	struct lull_fault fault = make_fault(vcpu, gva_nr, access);
	struct arch_result want;
	int r;

	arch_access(vcpu->cr3, &vcpu->sh.mode, MAXPHYADDR, fault.gva, access,
		    &want);
	cpu_exit(vcpu);
	if (world.mmu.nr_pages + LULL_ROOT_LEVEL > world.mmu.max_pages)
		reach(REACH_CAP);
	r = 0;
	if (lull_shadow_try_fault(&vcpu->sh, &fault))
		reach(REACH_FAULT_QUICK);
	else
		r = lull_shadow_fault(&vcpu->sh, &fault);
	cpu_enter(vcpu);
	host_fail_allocation(0);
	if (r == -ENOMEM)
		return true;
	if (r)
		host_fail("lull_shadow_fault(): %d", r);
	count_result(fault.result);
	if (!world.raced) {
		check_fault(vcpu, &want, &fault, gva_nr, access);
		deliver(vcpu, &fault, gva_nr);
	}
	if (fault.result == LULL_FAULT_GUARD) {
		end_guard(vcpu);
		return true;
	}
	return fault.result == LULL_FAULT_FIXED ||
	       fault.result == LULL_FAULT_RETRY;
}

/* The CPU has gone through the root's entry. */
static void set_accessed(const struct vcpu *vcpu, unsigned int gva_nr)
{
	u64 *root = __va(vcpu->hw_root);

	if (!vcpu->sh.mode.unpaged)
		root[pt_index(cpu_gva(vcpu, gva_nr), 4)] |= LULL_PTE_A;
}

/**
 * cpu_access() - the guest reads, writes or fetches
 * @vcpu:	the vCPU
 * @gva_nr:	address
 * @access:	the access
 * @pos:	for writes: position in the page
 * @val:	for writes: the value
 *
 * Return: whether it got through to memory.
 */
bool cpu_access(struct vcpu *vcpu, unsigned int gva_nr, enum access access,
		unsigned int pos, u64 val)
{
	unsigned int tries;

	for (tries = 0; tries < 8; tries++) {
		world.acting = vcpu;
		world.address = gva_nr;
		cpu_prepare(vcpu);
		if (access_is_write(access) ?
		    cpu_try_store(vcpu, gva_nr, access, pos, val) :
		    !!find_spte(vcpu, gva_nr, access)) {
			tally.passed++;
			set_accessed(vcpu, gva_nr);
			return true;
		}
		world.raced = false;
		if (!fault(vcpu, gva_nr, access) ||
		    (tries && world.mmu.invalidations))
			return false;
	}
	host_fail("no progress");
}

/**
 * cpu_translate() - the monitor's own translation
 * @vcpu:	the vCPU
 * @gva_nr:	address
 * @access:	on whose behalf
 */
void cpu_translate(struct vcpu *vcpu, unsigned int gva_nr, enum access access)
{
	struct lull_fault fault = make_fault(vcpu, gva_nr, access);
	struct arch_result want;

	arch_access(vcpu->cr3, &vcpu->sh.mode, MAXPHYADDR, fault.gva, access,
		    &want);
	cpu_exit(vcpu);
	if (lull_shadow_translate(&vcpu->sh, &fault))
		host_fail("translate failed");
	cpu_enter(vcpu);
	if (world.raced)
		return;
	if (fault.result == LULL_FAULT_INJECT)
		check_injected(&want, &fault);
	else
		check_translated(&want, &fault);
	deliver(vcpu, &fault, gva_nr);
}

/* A MOV to CR3 that finds its root in sync needs nothing more. */
static bool load_ready_root(struct vcpu *vcpu, u64 cr3)
{
	unsigned int synced;
	bool done;

	cpu_exit(vcpu);
	done = lull_shadow_try_cr3(&vcpu->sh, cr3, &synced);
	if (done) {
		reach(synced ? REACH_CR3_SYNCED : REACH_CR3_READY);
		cpu_load(vcpu, cr3);
	}
	cpu_enter(vcpu);
	return done;
}

/* One MOV to CR3; not done when memory lacks, then it is executed again. */
static int try_load_cr3(struct vcpu *vcpu, u64 cr3, bool zap)
{
	u64 old = vcpu->sh.cr3;
	bool cached;
	int r;

	cpu_prepare(vcpu);
	cpu_exit(vcpu);
	r = lull_shadow_load_cr3(&vcpu->sh, cr3, &cached);
	if (r && vcpu->sh.cr3 != old)
		host_fail("CR3 changed by a load that failed");
	if (!r) {
		reach(cached ? REACH_CR3_CACHED : REACH_CR3_NEW);
		if (zap)
			lull_mmu_zap_all(&world.mmu);
		if (world.mmu.invalidations)
			reach(REACH_SYNC_INSIDE);
		lull_shadow_sync(&vcpu->sh);
		cpu_load(vcpu, cr3);
	}
	cpu_enter(vcpu);
	return r;
}

/**
 * cpu_load_cr3() - the guest loads CR3
 * @vcpu:	the vCPU
 * @cr3:	the value, and LULL_GUARDED
 * @zap:	everything is zapped in the middle
 *
 * The reference flushes first: other vCPUs' stores may come before or after.
 */
void cpu_load_cr3(struct vcpu *vcpu, u64 cr3, bool zap)
{
	u64 old;

	cpu_prepare(vcpu);
	old = vcpu->cr3;
	vcpu->cr3 = cr3 & ~LULL_GUARDED;
	cpu_arch_flush(vcpu);
	vcpu->cr3 = old;
	if (zap || !load_ready_root(vcpu, cr3)) {
		while (try_load_cr3(vcpu, cr3, zap))
			;
	}
	if (vcpu->sh.targets.on) {
		cpu_prepare(vcpu);
		cpu_read_targets(vcpu);
	}
}

static void set_tripwire(struct vcpu *vcpu)
{
	gva_t gva;

	if (lull_tripwire_set(&vcpu->sh) && lull_tripwire_look(&vcpu->sh, &gva))
		host_fail("the tripwire shows an access to %#llx that nobody made",
			  (unsigned long long)gva);
}

/**
 * cpu_guard() - the guest has its user half withdrawn, or given back
 * @vcpu:	the vCPU
 * @on:		which
 */
void cpu_guard(struct vcpu *vcpu, bool on)
{
	u64 cr3 = vcpu->cr3 | (on ? LULL_GUARDED : 0);
	bool was = vcpu->guarded;

	cpu_prepare(vcpu);
	cpu_arch_flush(vcpu);
	cpu_exit(vcpu);
	while (lull_shadow_guard(&vcpu->sh, on, true)) {
		if (vcpu->sh.guarded != was)
			host_fail("guarded by a call that failed");
	}
	set_tripwire(vcpu);
	cpu_load(vcpu, cr3);
	cpu_enter(vcpu);
	if (vcpu->sh.targets.on) {
		cpu_prepare(vcpu);
		cpu_read_targets(vcpu);
	}
}

/**
 * cpu_pay_debt() - the monitor brings tables in sync that no flush asked for
 * @vcpu:	the vCPU
 * @most:	how many
 */
void cpu_pay_debt(struct vcpu *vcpu, unsigned int most)
{
	unsigned int nr;

	cpu_prepare(vcpu);
	cpu_exit(vcpu);
	nr = lull_shadow_sync_some(&vcpu->sh, most);
	if (nr > most)
		host_fail("%u tables of at most %u", nr, most);
	if (nr && lull_shadow_needs_sync(&vcpu->sh))
		reach(REACH_DEBT);
	cpu_enter(vcpu);
}

/*
 * What the architecture allows to be done with @page at an address.
 *
 * One thing hardware cannot be told: with CR0.WP clear and SMAP set, a
 * read-only user page that the supervisor wrote with AC set is mapped as a
 * supervisor page, which SMAP does not guard.
 */
static unsigned int arch_allowed_to(const struct vcpu *vcpu,
				    unsigned int gva_nr, unsigned int page)
{
	const struct valset *set = &vcpu->arch.leaf[gva_nr];
	const struct lull_paging_mode *mode = &vcpu->sh.mode;
	unsigned int i, allowed = 0;

	if (mode->unpaged)
		return cpu_gva(vcpu, gva_nr) >> 12 == gfn_of_page(page) ?
		       (1U << NR_ACCESSES) - 1 : 0;
	for (i = 0; i < set->nr; i++) {
		u64 val = set->val[i];

		if (val >> 12 != gfn_of_page(page))
			continue;
		allowed |= arch_allowed(val & ARCH_RIGHTS, val & ARCH_D, mode);
		if (!mode->wp && mode->smap && (val & ARCH_U) &&
		    !(val & ARCH_W) && (val & ARCH_D))
			allowed |= 1U << SUP_READ | 1U << SUP_WRITE;
	}
	return allowed;
}

static unsigned int is_writable(u64 *spte)
{
	return !!(*spte & LULL_PTE_W);
}

/*
 * Write protection and notifiers flush only if they find an SPTE to change:
 * what no SPTE shows any more must have been flushed before.
 */
static bool is_seen(unsigned int page, u64 spte)
{
	struct lull_rmap *rmap = &world.pages[page].rmap;

	return spte & LULL_PTE_W ? lull_rmap_for_each(rmap, is_writable) :
				   rmap->val;
}

/* Can @spte have been made for @page, as the host has it now? */
static bool may_map(unsigned int page, u64 spte)
{
	if (world.pages[page].going || !is_seen(page, spte))
		return false;
	return !(spte & LULL_PTE_W) || !(world.pages[page].shared ||
					 world.readonly[page / NR_POS]);
}

static void check_spte(const struct vcpu *vcpu, unsigned int gva_nr, u64 spte)
{
	unsigned int more = hw_allowed(vcpu, spte);
	int page, nr = vcpu - world.vcpus;
	bool found = false;

	/* More than one page, if the host has merged them. */
	for (page = page_of_spte(spte); page >= 0;
	     page = page_of_hfn(spte_frame(spte), page + 1)) {
		if (!may_map(page, spte))
			continue;
		found = true;
		more &= ~arch_allowed_to(vcpu, gva_nr, page);
	}
	if (!found)
		host_fail("vCPU %d address %u: SPTE %#llx is of the past", nr,
			  gva_nr, (unsigned long long)spte);
	if (more)
		host_fail("vCPU %d address %u: %s by SPTE %#llx", nr, gva_nr,
			  access_names[__builtin_ctz(more)],
			  (unsigned long long)spte);
}

/**
 * cpu_check_all() - may every vCPU do only what it may?
 */
void cpu_check_all(void)
{
	unsigned int i, nr, j;

	for (i = 0; i < world.nr_vcpus; i++) {
		struct vcpu *vcpu = &world.vcpus[i];

		if (!cpu_runs(vcpu))
			continue;
		cpu_update(vcpu);
		for (nr = 0; nr < NR_GVAS; nr++) {
			if (vcpu->hw.leaf[nr].nr && is_withdrawn(vcpu, nr))
				host_fail("vCPU %u address %u: there, but guarded",
					  i, nr);
			for (j = 0; j < vcpu->hw.leaf[nr].nr; j++)
				check_spte(vcpu, nr, vcpu->hw.leaf[nr].val[j]);
		}
	}
}
