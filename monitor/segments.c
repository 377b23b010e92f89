// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segment registers that a processor can be in (SDM: "Checks on Guest Segment
 * Registers"): what LULL_SET_SREGS takes.
 */
#include <linux/bits.h>

#include "monitor/segments.h"

/* SDM: "Format of Access Rights" */
#define TYPE(seg)	((seg)->ar & 0xf)
#define DPL(seg)	(((seg)->ar >> 5) & 3)
#define RPL(seg)	((seg)->selector & 3)
#define S_P		(BIT(4) | BIT(7))
#define S_P_RESERVED	(S_P | GENMASK(11, 8) | GENMASK(31, 17))
#define LONG		BIT(13)
#define DEFAULT_32	BIT(14)
#define IN_PAGES	BIT(15)
#define UNUSABLE	BIT(16)

#define LDT		2
#define TSS16_BUSY	3
#define TSS_BUSY	11
#define SELECTOR_TI	4

static bool is_usable(const struct lull_segment *seg)
{
	return !(seg->ar & UNUSABLE);
}

/* S, P and the reserved bits are as they must be, and G fits the limit. */
static bool is_regular(const struct lull_segment *seg, u32 s_p)
{
	if ((seg->ar & S_P_RESERVED) != s_p)
		return false;
	if (seg->ar & IN_PAGES)
		return (seg->limit & 0xfff) == 0xfff;
	return seg->limit < BIT(20);
}

static bool is_code(const struct lull_segment *cs,
		    const struct lull_segment *ss, bool ia32e)
{
	const u32 both = LONG | DEFAULT_32;

	if (!is_regular(cs, S_P) || cs->base >> 32 ||
	    (ia32e && (cs->ar & both) == both))
		return false;
	switch (TYPE(cs)) {
	case 9:
	case 11:
		return DPL(cs) == DPL(ss);
	case 13:
	case 15:
		return DPL(cs) <= DPL(ss);
	default:
		return false;
	}
}

/* The DPL counts also where SS is not usable: it is the CPL. */
static bool is_stack(const struct lull_segment *ss,
		     const struct lull_segment *cs)
{
	if (DPL(ss) != RPL(ss) || RPL(ss) != RPL(cs))
		return false;
	return !is_usable(ss) ||
	       (is_regular(ss, S_P) && !(ss->base >> 32) &&
		(TYPE(ss) == 3 || TYPE(ss) == 7));
}

static bool is_data(const struct lull_segment *seg, bool wide_base)
{
	unsigned int type = TYPE(seg);

	if (!is_usable(seg))
		return true;
	/* Accessed; code only if readable; only conforming code has no DPL. */
	return is_regular(seg, S_P) && (wide_base || !(seg->base >> 32)) &&
	       (type & 1) && (type < 8 || (type & 2)) &&
	       (type >= 12 || DPL(seg) >= RPL(seg));
}

static bool is_system(const struct lull_segment *seg, unsigned int type)
{
	return is_usable(seg) && is_regular(seg, BIT(7)) &&
	       TYPE(seg) == type && !(seg->selector & SELECTOR_TI);
}

static bool is_v8086(const struct lull_segment *seg)
{
	return seg->base == (u64)seg->selector << 4 && seg->limit == 0xffff &&
	       seg->ar == 0xf3;
}

static bool all_v8086(const struct lull_segment *seg)
{
	int nr;

	for (nr = LULL_ES; nr <= LULL_GS; nr++) {
		if (!is_v8086(&seg[nr]))
			return false;
	}
	return true;
}

static bool all_protected(const struct lull_segment *seg, bool ia32e)
{
	return is_code(&seg[LULL_CS], &seg[LULL_SS], ia32e) &&
	       is_stack(&seg[LULL_SS], &seg[LULL_CS]) &&
	       is_data(&seg[LULL_ES], false) && is_data(&seg[LULL_DS], false) &&
	       is_data(&seg[LULL_FS], true) && is_data(&seg[LULL_GS], true);
}

/**
 * lull_segments_valid() - can a processor have these segment registers?
 * @seg:	by enum lull_seg; bases are canonical
 * @ia32e:	EFER.LMA
 * @v8086:	RFLAGS.VM
 *
 * Return: whether a VM entry accepts them.
 */
bool lull_segments_valid(const struct lull_segment *seg, bool ia32e, bool v8086)
{
	if (v8086 ? ia32e || !all_v8086(seg) : !all_protected(seg, ia32e))
		return false;
	if (is_usable(&seg[LULL_LDTR]) && !is_system(&seg[LULL_LDTR], LDT))
		return false;
	return is_system(&seg[LULL_TR], TSS_BUSY) ||
	       (!ia32e && is_system(&seg[LULL_TR], TSS16_BUSY));
}
