// SPDX-License-Identifier: GPL-2.0-only
/* Runs in guests too: nothing of libc. */
#include "lib/access_model.h"
#include "lib/x86.h"

/* What one entry means for the walk. */
enum step { STEP_TABLE, STEP_PAGE, STEP_ABSENT, STEP_RESERVED };

static u64 page_offset_bits(int level)
{
	return BIT_ULL(12 + 9 * (level - 1)) - 1;
}

static enum step step_at(const struct access_mode *mode, u64 entry, int level)
{
	bool may_map = level <= 2 || (level == 3 && mode->gb_pages);

	if (!(entry & PTE_P))
		return STEP_ABSENT;
	if (entry & mode->beyond)
		return STEP_RESERVED;
	if (!mode->nxe && (entry & PTE_NX))
		return STEP_RESERVED;
	if (level == 1)
		return STEP_PAGE;	/* bit 7 is PAT */
	if (!(entry & PTE_PS))
		return STEP_TABLE;
	if (!may_map)
		return STEP_RESERVED;
	/* below the frame all but bit 12, which is PAT, is reserved */
	if (entry & PTE_ADDR & page_offset_bits(level) & ~BIT_ULL(12))
		return STEP_RESERVED;
	return STEP_PAGE;
}

int walk_end(const struct access_mode *mode, const struct walk *walk)
{
	int level = WALK_LEVELS;

	while (step_at(mode, walk->entry[level], level) == STEP_TABLE)
		level--;
	return level;
}

static u64 error_code(const struct access_mode *mode,
		      const struct access_kind *kind, u64 why)
{
	if (kind->write)
		why |= PF_W;
	if (kind->user)
		why |= PF_U;
	if (kind->fetch && (mode->nxe || mode->smep))
		why |= PF_I;
	return why;
}

static bool user_may(const struct access_kind *kind, u64 all, bool nx)
{
	if (!(all & PTE_U))
		return false;
	if (kind->fetch)
		return !nx;
	return !kind->write || (all & PTE_W);
}

static bool supervisor_may(const struct access_mode *mode,
			   const struct access_kind *kind, u64 all, bool nx)
{
	bool user_page = all & PTE_U;

	if (kind->fetch)
		return !nx && !(user_page && mode->smep);
	if (user_page && mode->smap && (kind->implicit || !kind->ac))
		return false;
	return !kind->write || !mode->wp || (all & PTE_W);
}

static void fail(struct access_outcome *out, const struct walk *walk, u64 error)
{
	int level;

	out->fault = true;
	out->error = error;
	for (level = WALK_LEVELS; level > out->end; level--)
		out->may.entry[level] = PTE_A & ~walk->entry[level];
}

static void succeed(struct access_outcome *out, const struct walk *walk,
		    const struct access_kind *kind, u64 gva)
{
	u64 offset = page_offset_bits(out->end);
	int level;

	out->gpa = (walk->entry[out->end] & PTE_ADDR & ~offset) |
		   (gva & offset);
	for (level = WALK_LEVELS; level >= out->end; level--)
		out->set.entry[level] = PTE_A & ~walk->entry[level];
	if (kind->write)
		out->set.entry[out->end] |= PTE_D & ~walk->entry[out->end];
}

static void clear(struct access_outcome *out)
{
	int level;

	out->fault = false;
	out->error = 0;
	out->gpa = 0;
	for (level = 0; level <= WALK_LEVELS; level++) {
		out->set.entry[level] = 0;
		out->may.entry[level] = 0;
	}
}

void access_predict(const struct access_mode *mode,
		    const struct access_kind *kind, const struct walk *walk,
		    u64 gva, struct access_outcome *out)
{
	u64 all = PTE_W | PTE_U, nx = 0;
	enum step step;
	bool allowed;
	int level;

	clear(out);
	out->end = walk_end(mode, walk);
	for (level = WALK_LEVELS; level >= out->end; level--) {
		all &= walk->entry[level];
		nx |= walk->entry[level] & PTE_NX;
	}
	out->access = all;
	step = step_at(mode, walk->entry[out->end], out->end);
	allowed = kind->user ? user_may(kind, all, nx) :
			       supervisor_may(mode, kind, all, nx);
	if (step == STEP_ABSENT)
		fail(out, walk, error_code(mode, kind, 0));
	else if (step == STEP_RESERVED)
		fail(out, walk, error_code(mode, kind, PF_P | PF_RSVD));
	else if (!allowed)
		fail(out, walk, error_code(mode, kind, PF_P));
	else
		succeed(out, walk, kind, gva);
}
