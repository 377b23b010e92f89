/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface between Lull and a guest that knows it runs on Lull.
 *
 * hypercall/ABI.rst is the specification; this header gives it names.  A
 * guest includes its own copy, made by scripts/sync-headers.sh.
 */
#ifndef _UAPI_LULL_PARA_H
#define _UAPI_LULL_PARA_H

#include <linux/types.h>

/* CPUID leaves.  The signature leaf returns the highest leaf in EAX. */
#define LULL_CPUID_SIGNATURE	0x40000000
#define LULL_CPUID_FEATURES	0x40000001
#define LULL_CPUID_TIMING	0x40000002

/* EBX, ECX and EDX of LULL_CPUID_SIGNATURE all hold the letters "Lull". */
#define LULL_SIGNATURE_WORD	0x6c6c754c

/* EBX of LULL_CPUID_FEATURES. */
#define LULL_PARA_VERSION	1

/* EAX of LULL_CPUID_FEATURES: what the VMM offers to this guest. */
#define LULL_PARA_F_SHARED_PAGE		(1U << 0)
#define LULL_PARA_F_IDLE_ANNOUNCE	(1U << 1)
#define LULL_PARA_F_IDLE_HALT		(1U << 2)
/* Not a service but a request: run the idle task on init_mm, as 2.2 did. */
#define LULL_PARA_F_IDLE_EAGER		(1U << 3)
/* A timer whose deadlines are stores, and whose interrupt needs no EOI. */
#define LULL_PARA_F_TIMER		(1U << 4)
/* The user half of a borrowed address space is withdrawn on request. */
#define LULL_PARA_F_IDLE_GUARD		(1U << 5)
/* Roots that the guest loads without an exit, in a table of its own. */
#define LULL_PARA_F_CR3_TARGETS		(1U << 6)
#define LULL_PARA_F_ALL			0x7fU

/* EAX of LULL_CPUID_TIMING is the frequency of the guest's TSC in kHz. */

/*
 * Hypercalls: VMCALL at CPL 0 with the number in RAX and the arguments in
 * RDI and RSI.  RAX returns one of LULL_HC_*, sign-extended to 64 bits; all
 * other registers keep their values.
 */
#define LULL_HC_SET_SHARED_PAGE	1	/* RDI: gpa | LULL_SHARED_ENABLE, or 0 */
#define LULL_HC_IDLE_HALT	2	/* RDI: flags (0), RSI: reserved (0) */
#define LULL_HC_SET_TIMER	3	/* RDI: vector, or 0; RSI: reserved (0) */
#define LULL_HC_ARM_TIMER	4	/* RDI, RSI: reserved (0) */
#define LULL_HC_SET_CR3_TABLE	5	/* RDI: gpa | LULL_CR3_TABLE_ENABLE, or 0 */
#define LULL_HC_IDLE_GUARD	6	/* RDI: 1 or 0; RSI: reserved (0) */

#define LULL_SHARED_ENABLE	1ULL
#define LULL_CR3_TABLE_ENABLE	1ULL

#define LULL_HC_OK		0
#define LULL_HC_EPERM		(-1)	/* not at CPL 0 */
#define LULL_HC_EFAULT		(-14)	/* gpa is not guest memory */
#define LULL_HC_EINVAL		(-22)	/* an argument has no meaning */
#define LULL_HC_ENOSYS		(-38)	/* unknown number, or not offered */

/* struct lull_shared_page.state, written by the guest */
#define LULL_STATE_RUNNING	0
#define LULL_STATE_IDLE		1

/* struct lull_shared_page.deadline and .armed: nothing is due */
#define LULL_DEADLINE_NEVER	(~0ULL)

/* The first vector that LULL_HC_SET_TIMER takes; the last is 255. */
#define LULL_TIMER_MIN_VECTOR	32

/* struct lull_shared_page.wake_reason, written by the VMM */
#define LULL_WAKE_NONE		0	/* has not slept since SET_TIMER */
#define LULL_WAKE_TIMER		1	/* the timer's interrupt */
#define LULL_WAKE_INTERRUPT	2	/* another interrupt */

/**
 * struct lull_shared_page - one vCPU's page, shared by guest and VMM
 * @abi:	written by the VMM at registration: LULL_PARA_VERSION
 * @state:	written by the guest: LULL_STATE_IDLE from the switch to the
 *		idle task to the switch away from it.  Any other value than
 *		LULL_STATE_IDLE means running.
 * @borrowed_cr3: written by the guest before @state: the CR3 of the address
 *		space the idle task borrows.  Has a meaning only while @state
 *		is LULL_STATE_IDLE.
 * @idle_seq:	written by the guest: counts announcements
 * @deadline:	written by the guest: TSC value at which it wants the timer's
 *		interrupt.  The VMM writes LULL_DEADLINE_NEVER when it takes it.
 * @armed:	written by the VMM: TSC value at which it looks at @deadline at
 *		the latest.  To store an earlier deadline takes a call.
 * @residency:	written by the VMM: TSC ticks that the last halt lasted
 * @wake_reason: written by the VMM: LULL_WAKE_*, what ended it
 * @pad:	zero; ignored by the VMM
 * @reserved:	zero; ignored by the VMM
 *
 * The structure lies at the start of a 4 KiB page.  The VMM reads each field
 * once and trusts none: a wrong value can make it do less for the guest,
 * never more.
 */
struct lull_shared_page {
	__u32 abi;
	__u32 state;
	__u64 borrowed_cr3;
	__u64 idle_seq;
	__u64 deadline;
	__u64 armed;
	__u64 residency;
	__u32 wake_reason;
	__u32 pad;
	__u64 reserved;
};

#define LULL_NR_CR3_TARGETS	4

/* struct lull_cr3_table.target.cr3 of an entry that is not in use */
#define LULL_CR3_NONE		(~0ULL)

/*
 * Set in every value of the table.  A guest with a table loads no CR3 that has
 * it, but what it read there.
 */
#define LULL_CR3_TARGET		0x800ULL

/*
 * With struct lull_cr3_table.target.cr3: a load of the value does what a load
 * of that CR3 and LULL_HC_IDLE_GUARD with 1 do.
 */
#define LULL_CR3_GUARD		(1ULL << 62)

/**
 * struct lull_cr3_table - one vCPU's CR3 targets, written by the VMM
 * @target:	MOV to CR3 of @target.value does what MOV to CR3 of @target.cr3
 *		does, without an exit
 *
 * The structure is aligned to 64 bytes.  The VMM never reads it.  What the
 * guest has read is good until the vCPU's next MOV to CR3; until then @value
 * stays, too, when @cr3 becomes LULL_CR3_NONE.
 */
struct lull_cr3_table {
	struct {
		__u64 cr3;
		__u64 value;
	} target[LULL_NR_CR3_TARGETS];
};

#endif /* _UAPI_LULL_PARA_H */
