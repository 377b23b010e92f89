/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One VM around shadow/: guest memory with slots, vCPUs with the caches that
 * their hardware may have and those that the architecture allows.
 */
#ifndef LULL_HOST_WORLD_H
#define LULL_HOST_WORLD_H

#include "arch.h"
#include "shadow/internal.h"
#include "wcache.h"

#define NR_REGIONS	4
#define NR_PAGES	(NR_REGIONS * NR_POS)
#define MAX_VCPUS	3
#define MAXPHYADDR	36

/* What happens beside an operation, at one of its calls of the env. */
enum race_kind {
	RACE_NONE,
	RACE_STORE,	/* another vCPU stores through its TLB */
	RACE_SWITCH,	/* another vCPU loads a target without an exit */
	RACE_ENTRY,	/* the same, to an entry the operation walks */
	RACE_ACT,	/* another vCPU stores, faults if it must, and flushes */
	RACE_MOVE,	/* the host moves a page */
	RACE_OUT,	/* the host takes a page, and may change what it holds */
	RACE_ZAP,	/* another thread zaps everything */
	RACE_SHRINK,	/* the host is short of memory */
	NR_RACES,
};

/**
 * struct race - something that happens beside an operation
 * @kind:	what
 * @countdown:	at which call of the env: 1 is the first
 * @vcpu:	whose store
 * @where:	its address, by number; for RACE_MOVE and RACE_OUT the page
 * @pos:	position in the page stored to; for RACE_ENTRY the level; for
 *		RACE_OUT what it holds then; for RACE_SWITCH the slot
 * @val:	value stored
 */
struct race {
	enum race_kind kind;
	unsigned int countdown;
	unsigned int vcpu;
	unsigned int where;
	unsigned int pos;
	u64 val;
};

/* What the accesses of all runs came to, and what shadow/ did for them. */
struct tally {
	unsigned long passed;
	unsigned long fixed;
	unsigned long injected;
	unsigned long mmio;
	unsigned long retried;
	unsigned long raced;
	struct lull_mmu_stats mmu;
};

extern struct tally tally;

/**
 * struct gpage - one guest page
 * @hfn:	host frame behind it
 * @shared:	the host lets nobody write it
 * @going:	a notifier range covers it
 * @away:	the host has nothing there: it must be looked up again
 * @was_table:	levels at which it has had a shadow page
 * @refs:	get_page() without put_page()
 * @rmap:	for shadow/
 * @mem:	contents
 */
struct gpage {
	u64 hfn;
	bool shared;
	bool going;
	bool away;
	unsigned int was_table;
	unsigned int refs;
	struct lull_rmap rmap;
	u64 mem[LULL_PT_ENTRIES];
};

/**
 * struct vcpu - a vCPU and its CPU
 * @sh:		what is tested
 * @cr3:	what the guest has loaded
 * @guarded:	the user half is withdrawn
 * @hw_root:	the root in the CPU
 * @told:	the CPU's list of targets, and the guest's table
 * @read:	what the guest has read there
 * @in_host:	out of guest mode: caches nothing new
 * @kicked:	likewise, until its targets are settled
 * @hw:		what the hardware may hold of the shadow tables
 * @arch:	what a CPU may hold of the guest's
 */
struct vcpu {
	struct lull_shadow sh;
	u64 cr3;
	bool guarded;
	u64 hw_root;
	struct lull_target_entry told[LULL_NR_TARGETS];
	struct lull_target_entry read[LULL_NR_TARGETS];
	bool in_host;
	bool kicked;
	struct wcache hw;
	struct wcache arch;
};

/**
 * struct world - everything
 * @mmu:	what is tested
 * @pages:	guest memory, by region and position
 * @present:	by region: there is a slot
 * @readonly:	by region: the slot is read-only
 * @targets:	guests may have targets
 * @nr_vcpus:	how many
 * @vcpus:	the vCPUs
 * @next_hfn:	host frame not used yet
 * @page_error:	what get_page() returns, 0 for the page
 * @read_error:	what read_gpte() returns where it may sleep, 0 for the entry;
 *		where it may not it has to
 * @looks:	atomic get_page() so far
 * @race:	armed
 * @raced:	it happened during this operation
 * @auditing:	reads tell what memory holds even where the host would have to
 *		look it up
 * @acting:	the vCPU whose operation it is
 * @address:	the address it is about, by number
 */
struct world {
	struct lull_mmu mmu;
	struct gpage pages[NR_PAGES];
	bool present[NR_REGIONS];
	bool readonly[NR_REGIONS];
	bool targets;
	unsigned int nr_vcpus;
	struct vcpu vcpus[MAX_VCPUS];
	u64 next_hfn;
	int page_error;
	int read_error;
	unsigned int looks;
	struct race race;
	bool raced;
	bool auditing;
	struct vcpu *acting;
	unsigned int address;
};

extern struct world world;

/* world.c */
void world_create(unsigned int nr_vcpus, unsigned int max_pages, bool targets);
void world_destroy(void);
gfn_t gfn_of_page(unsigned int page);
int page_of_gfn(gfn_t gfn);
int page_of_hfn(u64 hfn, unsigned int from);
void world_store(unsigned int page, unsigned int pos, u64 val);
void world_move_begin(unsigned int page);
void world_out(unsigned int page, unsigned int how);
void world_move_end(unsigned int page);
void world_set_slot(unsigned int region, bool present);
void world_update_arch(const struct changed *changed);

/* cpu.c */
u64 cpu_gva(const struct vcpu *vcpu, unsigned int gva_nr);
void cpu_flush_all(void);
void cpu_update(struct vcpu *vcpu);
void cpu_set_root(struct vcpu *vcpu);
void cpu_prepare(struct vcpu *vcpu);
void cpu_arch_flush(struct vcpu *vcpu);
bool cpu_try_store(struct vcpu *vcpu, unsigned int gva_nr, enum access access,
		   unsigned int pos, u64 val);
bool cpu_store_to(struct vcpu *vcpu, unsigned int page, unsigned int pos,
		  u64 val);
bool cpu_access(struct vcpu *vcpu, unsigned int gva_nr, enum access access,
		unsigned int pos, u64 val);
void cpu_translate(struct vcpu *vcpu, unsigned int gva_nr, enum access access);
void cpu_load_cr3(struct vcpu *vcpu, u64 cr3, bool zap);
void cpu_check_all(void);
enum entry_kind cpu_read_arch(const void *vcpu, u64 table, int level,
			      unsigned int pos, u64 *val);

/* switch.c */
bool cpu_runs(const struct vcpu *vcpu);
void cpu_exit(struct vcpu *vcpu);
void cpu_enter(struct vcpu *vcpu);
void cpu_settle(struct vcpu *vcpu);
void cpu_read_targets(struct vcpu *vcpu);
bool cpu_switch_unseen(struct vcpu *vcpu, unsigned int slot);
void cpu_switch(struct vcpu *vcpu, unsigned int slot);
void cpu_guard(struct vcpu *vcpu, bool on);
void cpu_pay_debt(struct vcpu *vcpu, unsigned int most);
void cpu_set_targets(struct vcpu *vcpu, bool on);
void cpu_check_targets(void);

#endif /* LULL_HOST_WORLD_H */
