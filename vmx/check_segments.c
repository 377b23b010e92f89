// SPDX-License-Identifier: GPL-2.0-only
/*
 * SDM: "Checks on Guest Segment Registers".
 */
#include <linux/kernel.h>
#include <asm/processor-flags.h>

#include "vmx/check.h"

/* SDM: "Format of Access Rights" */
#define AR_TYPE(ar)	((ar) & 15)
#define AR_S		BIT(4)
#define AR_DPL(ar)	(((ar) >> 5) & 3)
#define AR_P		BIT(7)
#define AR_RESERVED	0xfffe0f00U
#define AR_L		BIT(13)
#define AR_DB		BIT(14)
#define AR_G		BIT(15)
#define AR_UNUSABLE	BIT(16)

#define TYPE_ACCESSED	1U
#define TYPE_READABLE	2U
#define TYPE_CODE	8U
#define AR_V8086	0xf3U

#define RPL(selector)	((selector) & 3)
#define TI		4U

/* CS, SS, DS, ES, FS and GS are the first six. */
#define NR_MEMORY_SEGS	6

static bool is_usable(const struct lull_segment *seg)
{
	return !(seg->ar & AR_UNUSABLE);
}

/* A limit in pages ends in ones; one above 1 MiB is in pages. */
static bool is_granular(const struct lull_segment *seg)
{
	if ((seg->limit & 0xfff) != 0xfff && (seg->ar & AR_G))
		return false;
	return !(seg->limit >> 20) || (seg->ar & AR_G);
}

/* What virtual-8086 mode makes of all six. */
static const char *check_v8086(const struct vmx_guest_state *g)
{
	int nr;

	for (nr = 0; nr < NR_MEMORY_SEGS; nr++) {
		const struct lull_segment *seg = &g->seg[nr];

		if (seg->base != (u64)seg->selector << 4)
			return "virtual-8086 segments: base";
		if (seg->limit != 0xffff)
			return "virtual-8086 segments: limit";
		if (seg->ar != AR_V8086)
			return "virtual-8086 segments: access rights";
	}
	return NULL;
}

static const char *check_selectors(const struct vmx_guest_state *g, bool v8086)
{
	if (g->seg[LULL_TR].selector & TI)
		return "TR selector: TI";
	if (is_usable(&g->seg[LULL_LDTR]) &&
	    (g->seg[LULL_LDTR].selector & TI))
		return "LDTR selector: TI";
	if (!v8086 && RPL(g->seg[LULL_SS].selector) !=
		      RPL(g->seg[LULL_CS].selector))
		return "SS selector: RPL is not that of CS";
	return NULL;
}

static const char *check_bases(const struct vmx_state *s)
{
	const struct lull_segment *seg = s->guest.seg;

	if (!vmx_is_canonical(s, seg[LULL_TR].base))
		return "TR base: canonical";
	if (!vmx_is_canonical(s, seg[LULL_FS].base) ||
	    !vmx_is_canonical(s, seg[LULL_GS].base))
		return "FS and GS base: canonical";
	if (is_usable(&seg[LULL_LDTR]) &&
	    !vmx_is_canonical(s, seg[LULL_LDTR].base))
		return "LDTR base: canonical";
	if (seg[LULL_CS].base >> 32)
		return "CS base: bits 63:32";
	if ((is_usable(&seg[LULL_SS]) && seg[LULL_SS].base >> 32) ||
	    (is_usable(&seg[LULL_DS]) && seg[LULL_DS].base >> 32) ||
	    (is_usable(&seg[LULL_ES]) && seg[LULL_ES].base >> 32))
		return "SS, DS and ES base: bits 63:32";
	return NULL;
}

static const char *check_cs(const struct vmx_state *s)
{
	const struct lull_segment *cs = &s->guest.seg[LULL_CS];
	unsigned int ss_dpl = AR_DPL(s->guest.seg[LULL_SS].ar);
	unsigned int type = AR_TYPE(cs->ar), dpl = AR_DPL(cs->ar);

	if (!(type & TYPE_CODE) || !(type & TYPE_ACCESSED))
		return "CS access rights: type";
	if (!(cs->ar & AR_S))
		return "CS access rights: S";
	/* 9 and 11 do not conform, 13 and 15 do. */
	if (type < 13 ? dpl != ss_dpl : dpl > ss_dpl)
		return "CS access rights: DPL against that of SS";
	if (!(cs->ar & AR_P))
		return "CS access rights: P";
	if (cs->ar & AR_RESERVED)
		return "CS access rights: reserved bits";
	if (vmx_is_ia32e(s) && (cs->ar & AR_L) && (cs->ar & AR_DB))
		return "CS access rights: L and D/B";
	if (!is_granular(cs))
		return "CS access rights: G";
	return NULL;
}

static const char *check_ss(const struct vmx_guest_state *g)
{
	const struct lull_segment *ss = &g->seg[LULL_SS];
	unsigned int type = AR_TYPE(ss->ar);

	if (is_usable(ss) && type != 3 && type != 7)
		return "SS access rights: type";
	/* Also where it is not usable: this is the CPL. */
	if (AR_DPL(ss->ar) != RPL(ss->selector))
		return "SS access rights: DPL is not the RPL";
	return NULL;
}

static bool is_data_type(unsigned int type)
{
	return (type & TYPE_ACCESSED) &&
	       (!(type & TYPE_CODE) || (type & TYPE_READABLE));
}

/* DS, ES, FS or GS. */
static const char *check_data(const struct lull_segment *seg)
{
	if (!is_usable(seg))
		return NULL;
	if (!is_data_type(AR_TYPE(seg->ar)))
		return "data segments: type";
	if (AR_TYPE(seg->ar) < 12 && AR_DPL(seg->ar) < RPL(seg->selector))
		return "data segments: DPL below RPL";
	return NULL;
}

/* What is the same for SS and the four of check_data(). */
static const char *check_common(const struct lull_segment *seg)
{
	if (!is_usable(seg))
		return NULL;
	if (!(seg->ar & AR_S))
		return "stack and data segments: S";
	if (!(seg->ar & AR_P))
		return "stack and data segments: P";
	if (seg->ar & AR_RESERVED)
		return "stack and data segments: reserved bits";
	if (!is_granular(seg))
		return "stack and data segments: G";
	return NULL;
}

static const char *check_memory_segs(const struct vmx_state *s)
{
	const char *bad = check_cs(s) ?: check_ss(&s->guest);
	int nr;

	for (nr = 0; nr < NR_MEMORY_SEGS && !bad; nr++) {
		if (nr == LULL_CS)
			continue;
		if (nr != LULL_SS)
			bad = check_data(&s->guest.seg[nr]);
		bad = bad ?: check_common(&s->guest.seg[nr]);
	}
	return bad;
}

static const char *check_tr(const struct vmx_state *s)
{
	const struct lull_segment *tr = &s->guest.seg[LULL_TR];
	unsigned int type = AR_TYPE(tr->ar);

	if (type != 11 && (vmx_is_ia32e(s) || type != 3))
		return "TR access rights: type";
	if ((tr->ar & AR_S) || !(tr->ar & AR_P))
		return "TR access rights: S and P";
	if (tr->ar & AR_UNUSABLE)
		return "TR access rights: unusable";
	if (tr->ar & AR_RESERVED)
		return "TR access rights: reserved bits";
	if (!is_granular(tr))
		return "TR access rights: G";
	return NULL;
}

static const char *check_ldtr(const struct vmx_guest_state *g)
{
	const struct lull_segment *ldtr = &g->seg[LULL_LDTR];

	if (!is_usable(ldtr))
		return NULL;
	if (AR_TYPE(ldtr->ar) != 2)
		return "LDTR access rights: type";
	if ((ldtr->ar & AR_S) || !(ldtr->ar & AR_P))
		return "LDTR access rights: S and P";
	if (ldtr->ar & AR_RESERVED)
		return "LDTR access rights: reserved bits";
	if (!is_granular(ldtr))
		return "LDTR access rights: G";
	return NULL;
}

/**
 * lull_vmx_check_segments() - "Checks on Guest Segment Registers"
 * @s:	the state; no unrestricted guest
 *
 * Return: the name of the first check that fails, or NULL.
 */
const char *lull_vmx_check_segments(const struct vmx_state *s)
{
	bool v8086 = s->guest.rflags & X86_EFLAGS_VM;

	return check_selectors(&s->guest, v8086) ?: check_bases(s) ?:
	       (v8086 ? check_v8086(&s->guest) : check_memory_segs(s)) ?:
	       check_tr(s) ?: check_ldtr(&s->guest);
}
