/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercall/: what a guest that knows Lull may ask for.  Knows the guest ABI
 * and nothing of VMX; reaches guest memory through struct lull_para_env.
 */
#ifndef LULL_HYPERCALL_H
#define LULL_HYPERCALL_H

#include "monitor/types.h"
#include "hypercall/uapi/lull_para.h"

struct lull_para;

/**
 * struct lull_para_env - what this folder needs of the monitor
 * @read_words:	read words of one page of guest memory, each once; 0 or
 *		-EFAULT
 * @write_gpa:	copy to guest memory, 0 or -errno
 *
 * Both run in the vCPU's thread, may sleep.
 */
struct lull_para_env {
	int (*read_words)(struct lull_para *para, gpa_t gpa, u64 *to,
			  unsigned int nr);
	int (*write_gpa)(struct lull_para *para, gpa_t gpa, const void *from,
			 size_t len);
};

/**
 * struct lull_para - paravirtual state of one vCPU
 * @env:	guest memory
 * @features:	LULL_PARA_F_* offered to this guest
 * @shared_gpa:	address of the shared page, LULL_INVALID_GPA without one
 * @timer_vector: of the timer's interrupt, 0 without a timer; not 0 only with
 *		a page
 * @cr3_table:	address of the table of CR3 targets, LULL_INVALID_GPA without one
 */
struct lull_para {
	const struct lull_para_env *env;
	u32 features;
	gpa_t shared_gpa;
	gpa_t cr3_table;
	u8 timer_vector;
};

/**
 * struct lull_announcement - a validated copy of what the guest announced
 * @idle:	the guest says it is idle
 * @borrowed_cr3: the CR3 it says it borrows
 * @seq:	its number
 * @deadline:	TSC value for its timer, LULL_DEADLINE_NEVER without one;
 *		counts whether or not it is idle
 */
struct lull_announcement {
	bool idle;
	u64 borrowed_cr3;
	u64 seq;
	u64 deadline;
};

/**
 * struct lull_wake - the end of a halt
 * @residency:	TSC ticks that it lasted
 * @reason:	LULL_WAKE_*
 */
struct lull_wake {
	u64 residency;
	u32 reason;
};

/* What the monitor does after a hypercall, beside returning @ret in RAX. */
enum lull_hc_action {
	LULL_HC_DONE,
	LULL_HC_HALT,		/* set IF, then block as HLT does */
	LULL_HC_TIMER,		/* look at the deadline; there may be no timer */
	LULL_HC_BEGIN_GUARD,	/* withdraw the user half of the address space */
	LULL_HC_END_GUARD,	/* give it back */
	LULL_HC_CR3_TABLE,	/* there is a table of CR3 targets, or none */
};

void lull_para_init(struct lull_para *para, const struct lull_para_env *env,
		    u32 features);
enum lull_hc_action lull_hypercall(struct lull_para *para, int cpl, u64 nr,
				   u64 a0, u64 a1, s64 *ret);
const char *lull_hypercall_name(u64 nr);
void lull_para_read_page(struct lull_para *para, u64 cr3,
			 struct lull_announcement *ann);
u64 lull_para_read_deadline(struct lull_para *para);
bool lull_para_publish(struct lull_para *para, bool taken, u64 armed,
		       const struct lull_wake *wake);
int lull_para_write_cr3_table(struct lull_para *para,
			      const struct lull_cr3_table *table);

#endif /* LULL_HYPERCALL_H */
