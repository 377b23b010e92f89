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
 * @write_gpa:	copy to guest memory, 0 or -EFAULT
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
 */
struct lull_para {
	const struct lull_para_env *env;
	u32 features;
	gpa_t shared_gpa;
};

/**
 * struct lull_announcement - a validated copy of what the guest announced
 * @idle:	the guest says it is idle
 * @borrowed_cr3: the CR3 it says it borrows
 * @seq:	its number
 */
struct lull_announcement {
	bool idle;
	u64 borrowed_cr3;
	u64 seq;
};

/* What the monitor does after a hypercall, beside returning @ret in RAX. */
enum lull_hc_action {
	LULL_HC_DONE,
	LULL_HC_HALT,		/* set IF, then block as HLT does */
};

void lull_para_init(struct lull_para *para, const struct lull_para_env *env,
		    u32 features);
enum lull_hc_action lull_hypercall(struct lull_para *para, int cpl, u64 nr,
				   u64 a0, u64 a1, s64 *ret);
const char *lull_hypercall_name(u64 nr);
void lull_para_read_announcement(struct lull_para *para, u64 cr3,
				 struct lull_announcement *ann);

#endif /* LULL_HYPERCALL_H */
