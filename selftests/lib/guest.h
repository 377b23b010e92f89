/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For code that runs in a guest.  It is C in the same file as its test: the
 * guest has the program's own image as memory, at the same addresses, so
 * functions and variables are shared between guest and test (lib/vm.h).
 *
 * Guest code calls nothing of libc, and uses general registers only.
 *
 * It talks to its test by one port: an OUT to UCALL_PORT with the address of
 * a struct ucall in RDI.
 */
#ifndef SELFTESTS_GUEST_H
#define SELFTESTS_GUEST_H

#include "hypercall/uapi/lull_para.h"
#include "lib/layout.h"
#include "lib/types.h"
#include "lib/x86.h"

#define UCALL_PORT	0x0600

enum ucall_kind {
	UCALL_NONE,
	UCALL_SYNC,	/* args[0]: number of the stage */
	UCALL_DONE,
	UCALL_ASSERT,	/* file, line, expression, left, right */
	UCALL_TRAP,	/* vector, error code, RIP, CR2 */
};

struct guest_trap;

struct ucall {
	u64 kind;
	u64 args[5];
};

static inline void guest_ucall(const struct ucall *uc)
{
	asm volatile("outl %%eax, %%dx"
		     : : "a" (0), "d" (UCALL_PORT), "D" (uc) : "memory");
}

/* The test takes over; the guest goes on when the test runs it again. */
static inline void GUEST_SYNC(u64 stage)
{
	struct ucall uc = { .kind = UCALL_SYNC, .args = { stage } };

	guest_ucall(&uc);
}

void __attribute__((noreturn)) guest_done(void);
void guest_assert_failed(const char *file, int line, const char *what,
			 u64 left, u64 right);
/* Nothing handles it and nothing catches it. */
void guest_unexpected(const struct guest_trap *trap);

#define GUEST_DONE()	guest_done()

#define GUEST_ASSERT_OP(left, op, right)				\
do {									\
	u64 _left = (u64)(left), _right = (u64)(right);			\
									\
	if (!(_left op _right))						\
		guest_assert_failed(__FILE__, __LINE__,			\
				    #left " " #op " " #right, _left,	\
				    _right);				\
} while (0)

#define GUEST_ASSERT(cond)		GUEST_ASSERT_OP(!!(cond), ==, true)
#define GUEST_ASSERT_EQ(left, right)	GUEST_ASSERT_OP(left, ==, right)

/**
 * struct guest_trap - an exception or interrupt, as the stubs push it
 * @gpr:	general registers, R15 first
 * @vector:	which
 * @error:	error code, or 0
 * @rip:	where; may be changed by a handler
 * @cs:		code segment
 * @rflags:	flags
 * @rsp:	stack
 * @ss:		stack segment
 */
struct guest_trap {
	u64 gpr[15];
	u64 vector;
	u64 error;
	u64 rip;
	u64 cs;
	u64 rflags;
	u64 rsp;
	u64 ss;
};

#define TRAP_RAX	14	/* index into gpr */

typedef void (*guest_fn)(void *arg);
typedef void (*guest_handler)(struct guest_trap *trap);

/**
 * struct caught - what guest_catch() caught
 * @trap:	registers
 * @cr2:	for a page fault
 */
struct caught {
	struct guest_trap trap;
	u64 cr2;
};

/**
 * struct guest_cpu - a guest CPU's GDT, and behind it what belongs to it
 * @gdt:	see lib/layout.h
 * @tss:	64-bit TSS
 * @catch_rsp:	stack of the innermost guest_catch(), or 0
 * @catch_to:	where it wants the trap
 * @user_stack:	top of the stack for CPL 3
 * @irqs:	how often each vector came that has no handler
 * @handler:	by vector; before guest_catch()
 */
struct guest_cpu {
	u64 gdt[16];
	u32 tss[28];
	u64 catch_rsp;
	struct caught *catch_to;
	u64 user_stack;
	u32 irqs[256];
	guest_handler handler[256];
};

static inline struct guest_cpu *this_guest_cpu(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) gdtr;

	asm volatile("sgdt %0" : "=m" (gdtr));
	return (struct guest_cpu *)gdtr.base;
}

/*
 * Call fn(arg).  If it raises an exception, or user code below it does, that
 * ends it: the result is true, and *caught says which.
 */
bool guest_catch(guest_fn fn, void *arg, struct caught *caught);
/* The same in user mode, where fn's return is a trap too: see user_returned. */
void guest_user(guest_fn fn, void *arg, struct caught *caught);
/* To user mode: into RIP, RDI and RSP.  Only a trap leads back. */
void guest_enter_user(u64 rip, u64 arg, u64 rsp);

static inline bool user_returned(const struct caught *caught)
{
	return caught->trap.vector == USER_RETURN_VECTOR;
}

/* What fn(arg) raises: its vector, or -1 if nothing. */
int guest_vector_of(guest_fn fn, void *arg);
/* Likewise for an access to memory: *error is the page fault's code. */
int guest_touch(u64 gva, bool write, u64 *error);

/* What loads @cr3 without an exit, or 0 if @table does not have it. */
static inline u64
guest_cr3_value(const volatile struct lull_cr3_table *table, u64 cr3)
{
	int i;

	for (i = 0; i < LULL_NR_CR3_TARGETS; i++) {
		if (table->target[i].cr3 == cr3)
			return table->target[i].value;
	}
	return 0;
}

/* Start both PICs with vectors from PIC_BASE on, all inputs masked. */
void guest_pic_init(void);
void guest_pic_unmask(unsigned int irq);
void guest_pic_eoi(unsigned int irq);

#define PIC_BASE	0x30

#endif /* SELFTESTS_GUEST_H */
