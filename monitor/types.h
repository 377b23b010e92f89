/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types every folder of the module may use: address kinds, guest
 * exceptions, the results of handling an exit.
 */
#ifndef LULL_TYPES_H
#define LULL_TYPES_H

#include <linux/bits.h>
#include <linux/types.h>

/*
 * gva_t, gpa_t and hpa_t are byte addresses in guest-virtual,
 * guest-physical and host-physical space; gfn_t and hfn_t count 4 KiB
 * frames.  A host-virtual address is a plain unsigned long named hva.
 */
typedef u64 gva_t;
typedef u64 gpa_t;
typedef u64 hpa_t;
typedef u64 gfn_t;
typedef u64 hfn_t;

#define LULL_INVALID_GPA	(~(gpa_t)0)

/* Exception vectors (SDM: "Exceptions and Interrupts"). */
enum {
	LULL_VEC_DB = 1,
	LULL_VEC_NMI = 2,
	LULL_VEC_BP = 3,
	LULL_VEC_OF = 4,
	LULL_VEC_UD = 6,
	LULL_VEC_DF = 8,
	LULL_VEC_GP = 13,
	LULL_VEC_PF = 14,
	LULL_VEC_AC = 17,
	LULL_VEC_MC = 18,
};

/* Page-fault error code bits. */
#define LULL_PF_PRESENT		BIT(0)
#define LULL_PF_WRITE		BIT(1)
#define LULL_PF_USER		BIT(2)
#define LULL_PF_RSVD		BIT(3)
#define LULL_PF_FETCH		BIT(4)

/**
 * struct lull_exception - a fault to give to the guest
 * @cr2:	page-fault linear address; only for vector 14
 * @error_code:	valid if @has_error
 * @vector:	0 to 31
 * @has_error:	the vector pushes an error code
 */
struct lull_exception {
	u64 cr2;
	u32 error_code;
	u8 vector;
	bool has_error;
};

/* What the run loop does after an exit was handled. */
enum lull_next {
	LULL_NEXT_GUEST,	/* enter the guest again */
	LULL_NEXT_USER,		/* return from LULL_RUN; the run page says why */
	LULL_NEXT_SLOW,		/* handle the exit with interrupts on */
};

#endif /* LULL_TYPES_H */
