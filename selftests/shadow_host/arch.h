/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The architecture, as its manual has it, without a look at shadow/: what an
 * access does by the tables in memory, and what a TLB may hold.
 */
#ifndef LULL_HOST_ARCH_H
#define LULL_HOST_ARCH_H

#include "monitor/types.h"
#include "shadow/shadow.h"
#include "wcache.h"

/* The accesses that differ in what they need. */
enum access {
	USER_READ,
	USER_WRITE,
	USER_FETCH,
	SUP_READ,
	SUP_WRITE,
	SUP_FETCH,
	AC_READ,	/* supervisor with RFLAGS.AC set */
	AC_WRITE,
	NR_ACCESSES,
};

extern const char *const access_names[NR_ACCESSES];

/* Bits of a translation besides its gfn << 12. */
#define ARCH_W		1U
#define ARCH_U		2U
#define ARCH_X		4U
#define ARCH_D		8U
#define ARCH_LARGE	16U
#define ARCH_RIGHTS	7U

/* Level of the leaf without paging: no entry is used. */
#define ARCH_NO_ENTRIES	5

/* Guest memory as seen by a walk. */
u64 arch_mem_read(u64 gpa);
bool arch_mem_readonly(u64 gpa);

/**
 * struct arch_result - what one access does
 * @fault:	it faults, with @error_code
 * @error_code:	LULL_PF_*
 * @gpa:	where it goes otherwise
 * @level:	of the leaf
 * @entry:	by level: where the entries used are
 * @after:	by level: what they are when the access is done
 */
struct arch_result {
	bool fault;
	u32 error_code;
	u64 gpa;
	int level;
	u64 entry[5];
	u64 after[5];
};

bool access_is_write(enum access access);
u32 access_error_code(enum access access);
unsigned int arch_allowed(unsigned int rights, bool dirty,
			  const struct lull_paging_mode *mode);
void arch_access(u64 cr3, const struct lull_paging_mode *mode, u64 maxphyaddr,
		 u64 gva, enum access access, struct arch_result *result);
enum entry_kind arch_read_entry(const struct lull_paging_mode *mode,
				u64 maxphyaddr, u64 table, int level,
				unsigned int pos, u64 *val);

#endif /* LULL_HOST_ARCH_H */
