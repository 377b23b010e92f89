// SPDX-License-Identifier: GPL-2.0-only
/*
 * SDM, "4-Level Paging and 5-Level Paging", "Access Rights", "Page-Fault
 * Exceptions", "Accessed and Dirty Flags", "Caching Translation Information".
 */
#include "arch.h"

#define ENTRY_P		BIT_ULL(0)
#define ENTRY_A		BIT_ULL(5)
#define ENTRY_D		BIT_ULL(6)
#define ENTRY_PS	BIT_ULL(7)
#define ENTRY_XD	BIT_ULL(63)
#define ADDRESS_FIELD	0x000ffffffffff000ULL

const char *const access_names[NR_ACCESSES] = {
	"user-read", "user-write", "user-fetch", "sup-read", "sup-write",
	"sup-fetch", "ac-read", "ac-write",
};

/**
 * access_is_write() - does it write?
 * @access:	the access
 *
 * Return: whether it does.
 */
bool access_is_write(enum access access)
{
	return access == USER_WRITE || access == SUP_WRITE ||
	       access == AC_WRITE;
}

/**
 * access_error_code() - the bits of the error code that say what was tried
 * @access:	the access
 *
 * Return: LULL_PF_*.
 */
u32 access_error_code(enum access access)
{
	return (access_is_write(access) ? 1U << 1 : 0) |
	       (access <= USER_FETCH ? 1U << 2 : 0) |
	       (access == USER_FETCH || access == SUP_FETCH ? 1U << 4 : 0);
}

/* "Determination of Access Rights", case by case. */
static bool allows(unsigned int rights, const struct lull_paging_mode *mode,
		   enum access access)
{
	bool user_address = rights & ARCH_U;
	bool executable = (rights & ARCH_X) || !mode->nxe;

	switch (access) {
	case USER_READ:
		return user_address;
	case USER_WRITE:
		return user_address && (rights & ARCH_W);
	case USER_FETCH:
		return user_address && executable;
	case SUP_READ:
		return !user_address || !mode->smap;
	case AC_READ:
		return true;
	case SUP_WRITE:
		if (user_address && mode->smap)
			return false;
		return !mode->wp || (rights & ARCH_W);
	case AC_WRITE:
		return !mode->wp || (rights & ARCH_W);
	case SUP_FETCH:
		return executable && !(user_address && mode->smep);
	default:
		return false;
	}
}

/**
 * arch_allowed() - what a translation in a TLB allows
 * @rights:	ARCH_W, ARCH_U and ARCH_X
 * @dirty:	D was set when it was cached: writes need no walk
 * @mode:	control bits
 *
 * Return: a bit for each access.
 */
unsigned int arch_allowed(unsigned int rights, bool dirty,
			  const struct lull_paging_mode *mode)
{
	unsigned int allowed = 0;
	enum access access;

	for (access = 0; access < NR_ACCESSES; access++) {
		if (access_is_write(access) && !dirty)
			continue;
		if (allows(rights, mode, access))
			allowed |= 1U << access;
	}
	return allowed;
}

static u64 reserved_bits(u64 entry, int level, u64 maxphyaddr,
			 const struct lull_paging_mode *mode)
{
	u64 reserved = ADDRESS_FIELD & ~((1ULL << maxphyaddr) - 1);

	if (!mode->nxe)
		reserved |= ENTRY_XD;
	if (level >= 3)
		reserved |= ENTRY_PS;
	if (level == 2 && (entry & ENTRY_PS))
		reserved |= 0x1fe000;
	return reserved & entry;
}

static unsigned int rights_of(u64 entry)
{
	return (entry >> 1 & 3) | (entry & ENTRY_XD ? 0 : ARCH_X);
}

static u32 fault_code(u32 why, enum access access,
		      const struct lull_paging_mode *mode)
{
	u32 code = access_error_code(access);

	if (!mode->nxe && !mode->smep)
		code &= ~LULL_PF_FETCH;
	return code | why;
}

/* Walk; the entries go to @result.  Returns the cause of a fault, or -1. */
static int walk(u64 cr3, const struct lull_paging_mode *mode, u64 maxphyaddr,
		u64 gva, struct arch_result *result, unsigned int *rights)
{
	u64 table = cr3 & ADDRESS_FIELD, entry;
	int level;

	*rights = ARCH_RIGHTS;
	for (level = 4; ; level--) {
		result->entry[level] = table +
			(gva >> (12 + 9 * (level - 1)) & 511) * 8;
		entry = arch_mem_read(result->entry[level]);
		result->after[level] = entry;
		if (!(entry & ENTRY_P))
			return 0;
		if (reserved_bits(entry, level, maxphyaddr, mode))
			return LULL_PF_PRESENT | LULL_PF_RSVD;
		*rights &= rights_of(entry);
		table = entry & ADDRESS_FIELD;
		if (level == 1 || (level == 2 && (entry & ENTRY_PS)))
			break;
	}
	result->level = level;
	result->gpa = level == 1 ? table | (gva & 0xfff) :
				   (table & ~0x1fffffULL) | (gva & 0x1fffff);
	return -1;
}

/**
 * arch_access() - what an access does that finds its TLB empty
 * @cr3:	CR3
 * @mode:	control bits
 * @maxphyaddr:	width of physical addresses
 * @gva:	address
 * @access:	the access
 * @result:	receives it
 */
void arch_access(u64 cr3, const struct lull_paging_mode *mode, u64 maxphyaddr,
		 u64 gva, enum access access, struct arch_result *result)
{
	unsigned int rights;
	int why, level;

	*result = (struct arch_result){ 0 };
	if (mode->unpaged) {
		result->gpa = gva;
		result->level = ARCH_NO_ENTRIES;
		return;
	}
	why = walk(cr3, mode, maxphyaddr, gva, result, &rights);
	if (why < 0 && !allows(rights, mode, access))
		why = LULL_PF_PRESENT;
	if (why >= 0) {
		result->fault = true;
		result->error_code = fault_code(why, access, mode);
		return;
	}
	for (level = 4; level >= result->level; level--) {
		if (!arch_mem_readonly(result->entry[level]))
			result->after[level] |= ENTRY_A;
	}
	level = result->level;
	if (access_is_write(access) && !arch_mem_readonly(result->entry[level]))
		result->after[level] |= ENTRY_D;
	/* An entry used at two levels is dirty at both. */
	for (level = 4; level > result->level; level--) {
		if (result->entry[level] == result->entry[result->level])
			result->after[level] = result->after[result->level];
	}
}

/**
 * arch_read_entry() - what a CPU may cache of an entry
 * @mode:	control bits
 * @maxphyaddr:	width of physical addresses
 * @table:	frame << 12, with the rights down to here
 * @level:	the table's
 * @pos:	position of the entry
 * @val:	receives the table below or the translation
 *
 * Nothing is cached of an entry that is not accessed.  Where memory ignores
 * writes, A and D count as set.
 *
 * Return: what it is.
 */
enum entry_kind arch_read_entry(const struct lull_paging_mode *mode,
				u64 maxphyaddr, u64 table, int level,
				unsigned int pos, u64 *val)
{
	u64 gpa = (table & ADDRESS_FIELD) + pos_index[pos] * 8;
	u64 entry = arch_mem_read(gpa);
	unsigned int rights = table & rights_of(entry);
	bool readonly = arch_mem_readonly(gpa);
	unsigned int dirty;

	if (!(entry & ENTRY_P) || (!(entry & ENTRY_A) && !readonly) ||
	    reserved_bits(entry, level, maxphyaddr, mode))
		return ENTRY_NONE;
	dirty = entry & ENTRY_D || readonly ? ARCH_D : 0;
	*val = (entry & ADDRESS_FIELD) | rights;
	if (level == 1) {
		*val |= dirty;
		return ENTRY_LEAF;
	}
	if (level > 2 || !(entry & ENTRY_PS))
		return ENTRY_TABLE;
	*val = (entry & ADDRESS_FIELD & ~0x1fffffULL) | rights | dirty |
	       ARCH_LARGE;
	return ENTRY_LARGE;
}
