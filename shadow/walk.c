// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk of the guest's own tables, as the CPU would do it (SDM: "4-Level
 * Paging and 5-Level Paging", "Access Rights", "Accessed and Dirty Flags").
 */
#include "shadow/internal.h"

static bool gpte_reserved(const struct lull_shadow *sh, u64 gpte, int level)
{
	u64 rsvd = sh->rsvd_pa;

	if (!sh->mode.nxe)
		rsvd |= LULL_PTE_NX;
	if (level > 2)
		rsvd |= LULL_PTE_PS;
	else if (level == 2 && (gpte & LULL_PTE_PS))
		rsvd |= LULL_LARGE_RSVD;
	return gpte & rsvd;
}

static bool is_leaf(u64 gpte, int level)
{
	return level == 1 || (level == 2 && (gpte & LULL_PTE_PS));
}

/* Do @access rights refuse what @fault asks for? */
static bool rights_refuse(const struct lull_shadow *sh,
			  const struct lull_fault *fault, unsigned int access)
{
	bool user_page = access & LULL_ACC_U;
	bool write = fault->error_code & LULL_PF_WRITE;
	bool fetch = fault->error_code & LULL_PF_FETCH;

	if (fetch && sh->mode.nxe && !(access & LULL_ACC_X))
		return true;
	if (fault->error_code & LULL_PF_USER)
		return !user_page || (write && !(access & LULL_ACC_W));
	if (fetch)
		return user_page && sh->mode.smep;
	if (user_page && sh->mode.smap && !fault->smap_exempt)
		return true;
	return write && sh->mode.wp && !(access & LULL_ACC_W);
}

static void set_exception(const struct lull_shadow *sh,
			  struct lull_fault *fault, u32 why)
{
	u32 code = why | (fault->error_code & (LULL_PF_WRITE | LULL_PF_USER));

	/* The fetch bit exists only where fetches can be refused. */
	if (sh->mode.nxe || sh->mode.smep)
		code |= fault->error_code & LULL_PF_FETCH;
	fault->result = LULL_FAULT_INJECT;
	fault->exception = (struct lull_exception){
		.vector = LULL_VEC_PF,
		.has_error = true,
		.error_code = code,
		.cr2 = fault->gva,
	};
}

/* Set A on every entry used and D on the leaf of a write: 0 or -EAGAIN. */
static int set_accessed_dirty(struct lull_shadow *sh, struct lull_walk *walk,
			      bool write)
{
	int level, r;

	for (level = walk->top; level >= walk->level; level--) {
		u64 old = walk->gpte[level];
		u64 new = old | LULL_PTE_A;

		if (write && level == walk->level)
			new |= LULL_PTE_D;
		if (new == old)
			continue;
		r = sh->mmu->env->cmpxchg_gpte(sh->mmu, walk->gpa[level], old,
					       new, walk->sp);
		if (r < 0)
			return r;
		walk->gpte[level] = new;
		if (!r)
			walk->seen[level] = new;
	}
	return 0;
}

/*
 * Go down by the links of shadow pages that were made from entries that are
 * still the same: their A is set.  The pieces of a large page depend on D, too:
 * not into them.
 */
static struct lull_sp *descend(struct lull_mmu *mmu, struct lull_sp *sp,
			       gva_t gva)
{
	struct lull_sp *child;
	unsigned int idx;

	while (sp->role.level > 1) {
		idx = pt_index(gva, sp->role.level);
		if (!sp->spt[idx])
			break;
		child = link_child(sp->spt[idx]);
		if (child->role.direct)
			break;
		if (sp->unsync && !lull_entry_is_now(mmu, sp, idx))
			break;
		sp = child;
	}
	return sp;
}

/* Where the reading begins: at the top, or where shadow pages lead to. */
static u64 first_table(struct lull_shadow *sh, const struct lull_fault *fault,
		       struct lull_walk *walk, unsigned int *access)
{
	*access = LULL_ACC_ALL;
	walk->top = LULL_ROOT_LEVEL;
	if (!walk->sp)
		return sh->cr3 & LULL_PTE_ADDR;
	walk->sp = descend(sh->mmu, walk->sp, fault->gva);
	*access = walk->sp->role.access;
	walk->top = walk->sp->role.level;
	return walk->sp->gfn << 12;
}

/* Read entries down to the leaf: 0, 1 with an exception set, or -errno. */
static int read_entries(struct lull_shadow *sh, struct lull_fault *fault,
			struct lull_walk *walk)
{
	unsigned int access;
	u64 table = first_table(sh, fault, walk, &access);
	int level = walk->top;
	u64 gpte;
	int r;

	for (;; level--) {
		walk->gpa[level] = table + 8 * pt_index(fault->gva, level);
		r = sh->mmu->env->read_gpte(sh->mmu, walk->gpa[level], &gpte,
					    walk->sp);
		if (r)
			return r;
		if (!(gpte & LULL_PTE_P)) {
			set_exception(sh, fault, 0);
			return 1;
		}
		if (gpte_reserved(sh, gpte, level)) {
			set_exception(sh, fault, LULL_PF_PRESENT | LULL_PF_RSVD);
			return 1;
		}
		access &= gpte_access(gpte);
		walk->gpte[level] = gpte;
		walk->seen[level] = gpte;
		walk->access[level] = access;
		if (is_leaf(gpte, level))
			break;
		table = gpte & LULL_PTE_ADDR;
	}
	walk->level = level;
	return 0;
}

/* Without paging linear addresses wrap at 4 GiB, and nothing is refused. */
static void walk_unpaged(struct lull_fault *fault, struct lull_walk *walk)
{
	int level = LULL_NO_ENTRIES;

	fault->gva = (u32)fault->gva;
	fault->gpa = fault->gva;
	fault->level = 0;
	walk->level = level;
	walk->gpte[level] = LULL_SPTE_LINK;
	walk->seen[level] = LULL_SPTE_LINK;
	walk->access[level] = LULL_ACC_ALL;
	walk->gfn = fault->gpa >> 12;
}

/**
 * lull_walk_gva() - translate one address through the guest's tables
 * @sh:		the vCPU
 * @fault:	the access; receives @gpa and @level, or the exception
 * @walk:	what was read on the way
 *
 * A and D are set in guest memory when the access is allowed.  Without paging
 * there is nothing to walk.
 *
 * Context: the vCPU's thread; without mmu->lock it may sleep.
 * Return: 0, 1 with fault->exception set, -EAGAIN when an entry changed
 * meanwhile or the walk has to sleep, or another -errno from the env.
 */
int lull_walk_gva(struct lull_shadow *sh, struct lull_fault *fault,
		  struct lull_walk *walk)
{
	gfn_t gfn;
	int r;

	if (sh->mode.unpaged) {
		walk_unpaged(fault, walk);
		return 0;
	}
	r = read_entries(sh, fault, walk);
	if (r)
		return r;
	if (rights_refuse(sh, fault, walk->access[walk->level])) {
		set_exception(sh, fault, LULL_PF_PRESENT);
		return 1;
	}
	r = set_accessed_dirty(sh, walk, fault->error_code & LULL_PF_WRITE);
	if (r)
		return r;
	gfn = pte_frame(walk->gpte[walk->level]);
	if (walk->level == 2)
		gfn = (gfn & ~511ULL) | pt_index(fault->gva, 1);
	walk->gfn = gfn;
	fault->level = walk->level;
	fault->gpa = (gfn << 12) | (fault->gva & ~PAGE_MASK);
	return 0;
}
