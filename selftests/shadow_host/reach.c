// SPDX-License-Identifier: GPL-2.0-only
/*
 * A random run that is not checked for what it met may have met nothing.
 */
#include <string.h>

#include "reach.h"
#include "world.h"

struct reached reached;

static const char *const names[NR_REACH] = {
	[REACH_VCPUS] = "several vCPUs",
	[REACH_WRITE_1] = "level 1 table written",
	[REACH_WRITE_2] = "level 2 table written",
	[REACH_WRITE_3] = "level 3 table written",
	[REACH_WRITE_4] = "level 4 table written",
	[REACH_RIGHTS] = "rights of an entry changed",
	[REACH_ALIAS] = "frame at several addresses",
	[REACH_RECURSIVE] = "table that links itself",
	[REACH_LEVELS] = "table at several levels",
	[REACH_REUSED] = "table became a data page",
	[REACH_LARGE] = "large page",
	[REACH_FAULT_QUICK] = "fault without sleep",
	[REACH_CR3_READY] = "CR3 load, root in sync",
	[REACH_CR3_SYNCED] = "CR3 load, root brought in sync at once",
	[REACH_CR3_CACHED] = "CR3 load, root cached",
	[REACH_CR3_NEW] = "CR3 load, root new",
	[REACH_INVLPG] = "INVLPG",
	[REACH_MODE] = "control bits changed",
	[REACH_UNPAGED] = "paging turned off",
	[REACH_SLOT] = "memslot changed",
	[REACH_NOTIFIER] = "notifier range",
	[REACH_TABLE_GOES] = "notifier range over a table",
	[REACH_SYNC_INSIDE] = "flush event inside a range",
	[REACH_AWAY] = "table the host has to look up",
	[REACH_CAP] = "reclaim for the cap",
	[REACH_SHRINK] = "reclaim for the host",
	[REACH_UNSEEN] = "target loaded without an exit",
	[REACH_LATE] = "target loaded when it was none any more",
	[REACH_DELIST_WRITE] = "target lost by a write",
	[REACH_DELIST_NOTIFIER] = "target lost by a notifier range",
	[REACH_DELIST_ZAP] = "target lost as everything is zapped",
	[REACH_DELIST_RECLAIM] = "target lost by reclaim",
	[REACH_DELIST_MODE] = "target lost as control bits change",
	[REACH_GUARD] = "guarded user half accessed",
	[REACH_DEBT] = "a sync that ended before its end",
	[REACH_DIRTIED] = "D of an SPTE set by a store",
	[REACH_HOT] = "hot table",
	[REACH_CALM] = "hot table that a flush event found unchanged",
	[REACH_GUARD_UNSEEN] = "guard begun without an exit",
};

/**
 * reach() - it was met
 * @what:	what
 */
void reach(enum reach what)
{
	reached.count[what]++;
}

static unsigned int links_itself(const struct lull_sp *sp)
{
	unsigned int idx;

	if (sp->role.level == 1)
		return 0;
	for_each_set_bit(idx, sp->present, LULL_PT_ENTRIES) {
		const struct lull_sp *child = link_child(sp->spt[idx]);

		if (!child->role.direct && child->gfn == sp->gfn)
			return 1;
	}
	return 0;
}

static unsigned int count_one(u64 *spte)
{
	return 1;
}

static unsigned int is_writable(u64 *spte)
{
	return !!(*spte & LULL_PTE_W);
}

/* A bit for each level at which a page has been or is a table. */
static void look_at_page(struct gpage *page, unsigned int levels)
{
	if (levels & (levels - 1))
		reach(REACH_LEVELS);
	if (levels && page->going)
		reach(REACH_TABLE_GOES);
	if (levels && page->away)
		reach(REACH_AWAY);
	if (lull_rmap_for_each(&page->rmap, count_one) > 1)
		reach(REACH_ALIAS);
	if (!levels && page->was_table &&
	    lull_rmap_for_each(&page->rmap, is_writable))
		reach(REACH_REUSED);
	page->was_table |= levels;
}

/**
 * reach_look() - what is there now, after a step?
 */
void reach_look(void)
{
	unsigned int levels[NR_PAGES] = { 0 }, i;
	struct lull_sp *sp;
	int page;

	list_for_each_entry(sp, &world.mmu.pages, link) {
		page = page_of_gfn(sp->gfn);
		if (sp->role.direct && !sp->role.unpaged)
			reach(REACH_LARGE);
		if (!sp->role.direct && page >= 0)
			levels[page] |= 1U << sp->role.level;
		if (sp->unsync)
			reach(REACH_WRITE_1 + sp->role.level - 1);
		if (sp->hot)
			reach(sp->calm ? REACH_CALM : REACH_HOT);
		if (links_itself(sp))
			reach(REACH_RECURSIVE);
	}
	for (i = 0; i < NR_PAGES; i++)
		look_at_page(&world.pages[i], levels[i]);
	if (world.nr_vcpus > 1)
		reach(REACH_VCPUS);
}

/**
 * reach_print() - a line for each
 * @to:		where to
 * @counts:	of all runs
 */
void reach_print(FILE *to, const struct reached *counts)
{
	unsigned int i;

	for (i = 0; i < NR_REACH; i++)
		fprintf(to, "# met %9lu times: %s\n", counts->count[i],
			names[i]);
}

/**
 * reach_missing() - what was not met
 * @counts:	of all runs
 *
 * Return: the first such, or NULL.
 */
const char *reach_missing(const struct reached *counts)
{
	unsigned int i;

	for (i = 0; i < NR_REACH; i++) {
		if (!counts->count[i])
			return names[i];
	}
	return NULL;
}
