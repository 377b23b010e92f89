// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory and the env that shadow/ reaches it through.
 *
 * Memory is four regions of 512 frames; of each only the frames at the
 * positions exist, so that a large page maps what small ones map, too.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "reach.h"
#include "world.h"

#define FIRST_HFN	0x80000UL

struct world world;
struct tally tally;

/**
 * gfn_of_page() - frame of a page
 * @page:	its number
 *
 * Return: the gfn.
 */
gfn_t gfn_of_page(unsigned int page)
{
	return page / NR_POS * 512 + pos_index[page % NR_POS];
}

/**
 * page_of_gfn() - the page at a frame
 * @gfn:	the frame
 *
 * Return: its number, -1 where there is no memory.
 */
int page_of_gfn(gfn_t gfn)
{
	int pos = pos_of_index(gfn & 511);
	u64 region = gfn / 512;

	if (region >= NR_REGIONS || !world.present[region] || pos < 0)
		return -1;
	return region * NR_POS + pos;
}

/**
 * page_of_hfn() - a page that a host frame is behind
 * @hfn:	the host frame
 * @from:	first number that is asked for
 *
 * Return: its number, -1 if there is none (any more).
 */
int page_of_hfn(u64 hfn, unsigned int from)
{
	unsigned int page;

	for (page = from; page < NR_PAGES; page++) {
		if (world.pages[page].hfn == hfn &&
		    world.present[page / NR_POS])
			return page;
	}
	return -1;
}

static u64 *mem_at(gpa_t gpa, struct gpage **page)
{
	int nr = page_of_gfn(gpa >> 12);

	if (nr < 0)
		return NULL;
	*page = &world.pages[nr];
	return &world.pages[nr].mem[(gpa & 0xfff) / 8];
}

/**
 * arch_mem_read() - guest memory as a walk sees it
 * @gpa:	address of an entry
 *
 * Return: its value; ones where there is no memory.
 */
u64 arch_mem_read(u64 gpa)
{
	struct gpage *page;
	u64 *mem = mem_at(gpa, &page);

	return mem ? *mem : ~0ULL;
}

/**
 * arch_mem_readonly() - does memory ignore writes?
 * @gpa:	address
 *
 * Return: whether it does.
 */
bool arch_mem_readonly(u64 gpa)
{
	u64 region = gpa >> 21;

	return region < NR_REGIONS && world.readonly[region];
}

/**
 * world_update_arch() - guest memory changed
 * @changed:	the entry; NULL for more than one
 */
void world_update_arch(const struct changed *changed)
{
	unsigned int i;

	for (i = 0; i < world.nr_vcpus; i++)
		wcache_update(&world.vcpus[i].arch, cpu_read_arch,
			      &world.vcpus[i], changed);
}

/**
 * world_store() - memory changes
 * @page:	where
 * @pos:	position of the entry
 * @val:	new value
 */
void world_store(unsigned int page, unsigned int pos, u64 val)
{
	struct changed changed = { gfn_of_page(page), pos };
	u64 *entry = &world.pages[page].mem[pos_index[pos]], changes;

	changes = val ^ *entry;
	if ((val & *entry & LULL_PTE_P) && !(changes & LULL_PTE_ADDR) &&
	    (changes & (LULL_PTE_W | LULL_PTE_U | LULL_PTE_NX)))
		reach(REACH_RIGHTS);
	*entry = val;
	world_update_arch(&changed);
}

static void may_sleep(const char *what)
{
	if (host_atomic())
		host_fail("%s under the mmu lock", what);
}

static void atomic_only(const char *what)
{
	if (!host_atomic())
		host_fail("%s without the mmu lock", what);
}

static void zap_all(void)
{
	if (!host_atomic())
		lull_mmu_zap_all(&world.mmu);
}

static void shrink(unsigned int nr)
{
	if (!host_atomic())
		lull_mmu_shrink(&world.mmu, nr);
}

static void move(unsigned int page)
{
	if (host_atomic() || world.pages[page].going)
		return;
	world_move_begin(page);
	world_move_end(page);
}

/* Once its range has begun, the host takes a page at any time. */
static void out(unsigned int page, unsigned int how)
{
	if (!host_atomic() || world.pages[page].going)
		world_out(page, how);
}

/* The vCPU that races is in the guest, with all that its caches may hold. */
static void race_store(const struct race *race)
{
	struct vcpu *vcpu = &world.vcpus[race->vcpu % world.nr_vcpus];

	if (vcpu->in_host)
		return;
	cpu_update(vcpu);
	if (!cpu_try_store(vcpu, race->where % NR_GVAS, SUP_WRITE,
			   race->pos % NR_POS, race->val))
		cpu_try_store(vcpu, race->where % NR_GVAS, USER_WRITE,
			      race->pos % NR_POS, race->val);
}

/* What a store to the entry would do to whoever is walking it. */
static void race_entry(const struct race *race)
{
	struct vcpu *vcpu = &world.vcpus[race->vcpu % world.nr_vcpus];
	struct arch_result walk;
	u64 gpa;
	int page, pos;

	if (vcpu->in_host || !world.acting || world.acting->sh.mode.unpaged)
		return;
	arch_access(world.acting->cr3, &world.acting->sh.mode, MAXPHYADDR,
		    gva_of(world.address), SUP_READ, &walk);
	gpa = walk.entry[1 + race->pos % 4];
	page = page_of_gfn(gpa >> 12);
	pos = pos_of_index((gpa & 0xfff) / 8);
	cpu_update(vcpu);
	if (page >= 0 && pos >= 0)
		cpu_store_to(vcpu, page, pos, race->val);
}

/* All that another vCPU may do between two locked parts of an operation. */
static void race_act(const struct race *race)
{
	struct vcpu *vcpu = &world.vcpus[race->vcpu % world.nr_vcpus];
	struct vcpu *acting = world.acting;
	unsigned int address = world.address;

	if (vcpu->in_host)
		return;
	cpu_access(vcpu, race->where % NR_GVAS, AC_WRITE, race->pos % NR_POS,
		   race->val);
	cpu_load_cr3(vcpu, vcpu->cr3, false);
	world.acting = acting;
	world.address = address;
}

/* Every call of the env is a point where others may act. */
static void point(void)
{
	struct race race = world.race;

	/* Two only make sense under the lock or without it. */
	if (race.kind == RACE_NONE ||
	    (race.kind == RACE_ENTRY && !host_atomic()) ||
	    (race.kind > RACE_ENTRY && race.kind != RACE_OUT &&
	     host_atomic()) ||
	    --world.race.countdown)
		return;
	world.race.kind = RACE_NONE;
	tally.raced++;
	switch (race.kind) {
	case RACE_STORE:
		race_store(&race);
		break;
	case RACE_SWITCH:
		cpu_switch_unseen(&world.vcpus[race.vcpu % world.nr_vcpus],
				  race.pos % LULL_NR_TARGETS);
		break;
	case RACE_ENTRY:
		race_entry(&race);
		break;
	case RACE_ACT:
		race_act(&race);
		break;
	case RACE_MOVE:
		move(race.where % NR_PAGES);
		break;
	case RACE_OUT:
		out(race.where % NR_PAGES, race.pos);
		break;
	case RACE_SHRINK:
		shrink(1 + race.pos);
		break;
	default:
		zap_all();
	}
	world.raced = true;
}

/* A write to what is shared gets its own copy, in the fault that it takes. */
static void bring_in(struct gpage *page, bool write)
{
	page->away = false;
	if (!write || !page->shared)
		return;
	if (page->going) {
		page->hfn = world.next_hfn++;
		page->shared = false;
	} else {
		move(page - world.pages);
	}
	world.raced = true;
}

static int env_read_gpte(struct lull_mmu *mmu, gpa_t gpa, u64 *gpte,
			 bool atomic)
{
	struct gpage *page;
	u64 *mem = mem_at(gpa, &page);

	if (atomic)
		atomic_only("read_gpte(atomic)");
	else
		may_sleep("read_gpte");
	point();
	*gpte = arch_mem_read(gpa);
	if (world.read_error)
		return atomic ? -EAGAIN : world.read_error;
	if (mem && atomic && page->away && !world.auditing)
		return -EAGAIN;
	if (mem && !atomic)
		bring_in(page, false);
	return 0;
}

static int env_read_gptes(struct lull_mmu *mmu, gfn_t gfn,
			  const unsigned long *wanted, u64 *gptes)
{
	int page = page_of_gfn(gfn);
	unsigned int i;

	atomic_only("read_gptes");
	point();
	/* What is not asked for must not be used. */
	for (i = 0; i < LULL_PT_ENTRIES; i++)
		gptes[i] = 0xbad0bad0bad0bad0ULL;
	if (page >= 0 && world.pages[page].away && !world.auditing)
		return -EAGAIN;
	for (i = 0; i < LULL_PT_ENTRIES; i++) {
		if (test_bit(i, wanted))
			gptes[i] = arch_mem_read((gfn << 12) + i * 8);
	}
	return 0;
}

static int env_cmpxchg_gpte(struct lull_mmu *mmu, gpa_t gpa, u64 old, u64 new,
			    bool atomic)
{
	struct gpage *page;
	u64 *mem = mem_at(gpa, &page);
	struct changed changed = { gpa >> 12, 0 };
	int pos = pos_of_index((gpa & 0xfff) / 8);

	if (atomic)
		atomic_only("cmpxchg_gpte(atomic)");
	else
		may_sleep("cmpxchg_gpte");
	point();
	if (!mem || arch_mem_readonly(gpa))
		return 1;
	if (atomic && (page->away || page->shared))
		return -EAGAIN;
	bring_in(page, true);
	if (*mem != old)
		return -EAGAIN;
	*mem = new;
	if (pos >= 0) {
		changed.pos = pos;
		world_update_arch(&changed);
	}
	return 0;
}

/* A look without sleeping fails by chance, too. */
static bool has_to_sleep(const struct gpage *page, bool write)
{
	return page->away || (write && page->shared) || !(++world.looks % 4);
}

static int env_get_page(struct lull_mmu *mmu, gfn_t gfn, bool write,
			bool atomic, struct lull_page *out)
{
	int nr = page_of_gfn(gfn);
	struct gpage *page;

	if (atomic)
		atomic_only("get_page(atomic)");
	else
		may_sleep("get_page");
	if (nr < 0)
		return -ENOENT;
	if (world.page_error)
		return world.page_error;
	page = &world.pages[nr];
	if (write && world.readonly[nr / NR_POS])
		return -EROFS;
	if (atomic && has_to_sleep(page, write))
		return -EAGAIN;
	bring_in(page, write);
	out->writable = !world.readonly[nr / NR_POS] &&
			(write || !page->shared);
	out->hfn = page->hfn;
	out->page = page;
	page->refs++;
	point();
	return 0;
}

static void env_put_page(struct lull_mmu *mmu, struct lull_page *page)
{
	struct gpage *gpage = page->page;

	if (!gpage->refs--)
		host_fail("put_page() of a page that was not taken");
}

static struct lull_rmap *env_gfn_rmap(struct lull_mmu *mmu, gfn_t gfn)
{
	int page = page_of_gfn(gfn);

	atomic_only("gfn_rmap");
	return page < 0 ? NULL : &world.pages[page].rmap;
}

static bool env_next_gfn(struct lull_mmu *mmu, gfn_t *gfn)
{
	unsigned int page;

	atomic_only("next_gfn");
	for (page = *gfn / 512 * NR_POS; page < NR_PAGES; page++) {
		if (gfn_of_page(page) < *gfn || !world.present[page / NR_POS])
			continue;
		*gfn = gfn_of_page(page);
		return true;
	}
	return false;
}

static bool env_is_behind(struct lull_mmu *mmu, gfn_t gfn, hfn_t hfn,
			  bool write)
{
	int nr = page_of_gfn(gfn);
	struct gpage *page = &world.pages[nr];

	atomic_only("is_behind");
	if (nr < 0 || page->hfn != hfn || page->going)
		return false;
	return !write || !(page->shared || world.readonly[nr / NR_POS]);
}

static void env_flush(struct lull_mmu *mmu)
{
	atomic_only("flush");
	point();
	cpu_flush_all();
}

static const struct lull_shadow_env env = {
	.read_gpte = env_read_gpte,
	.read_gptes = env_read_gptes,
	.cmpxchg_gpte = env_cmpxchg_gpte,
	.get_page = env_get_page,
	.put_page = env_put_page,
	.gfn_rmap = env_gfn_rmap,
	.next_gfn = env_next_gfn,
	.is_behind = env_is_behind,
	.flush = env_flush,
};

/**
 * world_move_begin() - the host begins to take a page away
 * @page:	the page
 */
void world_move_begin(unsigned int page)
{
	if (world.pages[page].going)
		return;
	spin_lock(&world.mmu.lock);
	lull_mmu_invalidate_begin(&world.mmu);
	if (world.present[page / NR_POS])
		lull_mmu_invalidate(&world.mmu, gfn_of_page(page), 1);
	world.pages[page].going = true;
	reach(REACH_NOTIFIER);
	spin_unlock(&world.mmu.lock);
}

static void change_contents(struct gpage *page, unsigned int how)
{
	if (how % NR_POS == 1)
		memset(page->mem, 0, sizeof(page->mem));
	else if (how % NR_POS > 1)
		memmove(page->mem, world.pages[how % NR_POS].mem,
		       sizeof(page->mem));
	if (how % NR_POS)
		world_update_arch(NULL);
}

/**
 * world_out() - the host takes a page, in a range of its own if need be
 * @page:	the page
 * @how:	0 swapped out, 1 discarded, else another is put in its place
 */
void world_out(unsigned int page, unsigned int how)
{
	struct gpage *gpage = &world.pages[page];
	bool own_range = !gpage->going;

	if (own_range)
		world_move_begin(page);
	gpage->away = true;
	gpage->shared = false;
	gpage->hfn = world.next_hfn++;
	change_contents(gpage, how);
	if (own_range)
		world_move_end(page);
}

/**
 * world_move_end() - the page is at another place of the host's memory
 * @page:	the page
 */
void world_move_end(unsigned int page)
{
	if (!world.pages[page].going)
		return;
	world.pages[page].hfn = world.next_hfn++;
	world.pages[page].going = false;
	world.pages[page].shared = false;
	spin_lock(&world.mmu.lock);
	lull_mmu_invalidate_end(&world.mmu);
	spin_unlock(&world.mmu.lock);
}

/**
 * world_set_slot() - the launcher adds or removes a slot
 * @region:	its region
 * @present:	add
 */
void world_set_slot(unsigned int region, bool present)
{
	unsigned int page;

	if (world.present[region] == present)
		return;
	reach(REACH_SLOT);
	lull_mmu_slots_begin(&world.mmu);
	spin_lock(&world.mmu.lock);
	world.present[region] = present;
	lull_mmu_invalidate_end(&world.mmu);
	spin_unlock(&world.mmu.lock);
	for (page = region * NR_POS; page < (region + 1) * NR_POS; page++) {
		if (world.pages[page].rmap.val)
			host_fail("page %u is still mapped when its slot goes",
				  page);
	}
	world_update_arch(NULL);
}

/**
 * world_create() - make a VM
 * @nr_vcpus:	how many vCPUs
 * @max_pages:	most shadow pages
 * @targets:	vCPUs may have targets, and have them
 */
void world_create(unsigned int nr_vcpus, unsigned int max_pages, bool targets)
{
	unsigned int i;

	memset(&world, 0, sizeof(world));
	host_reset();
	host_others = point;
	world.next_hfn = FIRST_HFN;
	for (i = 0; i < NR_PAGES; i++)
		world.pages[i].hfn = world.next_hfn++;
	world.present[0] = true;
	world.present[1] = true;
	world.present[2] = true;
	world.readonly[2] = true;
	if (lull_shadow_module_init() ||
	    lull_mmu_init(&world.mmu, &env, 0, max_pages))
		host_fail("cannot make the MMU");
	world.targets = targets;
	world.nr_vcpus = nr_vcpus;
	for (i = 0; i < nr_vcpus; i++) {
		lull_shadow_init(&world.vcpus[i].sh, &world.mmu, MAXPHYADDR);
		cpu_arch_flush(&world.vcpus[i]);
		cpu_settle(&world.vcpus[i]);
		cpu_read_targets(&world.vcpus[i]);
		cpu_prepare(&world.vcpus[i]);
		if (targets)
			cpu_set_targets(&world.vcpus[i], true);
	}
}

static void tally_mmu(const struct lull_mmu_stats *stats)
{
	tally.mmu.shadow_pages += stats->shadow_pages;
	tally.mmu.zaps += stats->zaps;
	tally.mmu.unsyncs += stats->unsyncs;
	tally.mmu.syncs += stats->syncs;
	tally.mmu.shrunk += stats->shrunk;
	tally.mmu.listed += stats->listed;
	tally.mmu.delisted += stats->delisted;
}

/**
 * world_destroy() - destroy the VM; what is left is a failure
 */
void world_destroy(void)
{
	unsigned int i;

	for (i = 0; i < world.nr_vcpus; i++) {
		lull_shadow_destroy(&world.vcpus[i].sh);
		wcache_free(&world.vcpus[i].hw);
		wcache_free(&world.vcpus[i].arch);
	}
	world.nr_vcpus = 0;
	tally_mmu(&world.mmu.stats);
	lull_mmu_destroy(&world.mmu);
	lull_shadow_module_exit();
	if (host_live_pages() || host_live_objects())
		host_fail("%u pages and %u objects leaked", host_live_pages(),
			  host_live_objects());
	for (i = 0; i < NR_PAGES; i++) {
		if (world.pages[i].rmap.val || world.pages[i].refs)
			host_fail("page %u is still in use", i);
	}
}
