// SPDX-License-Identifier: GPL-2.0-only
/* What runs in every guest: traps, assertions, the interrupt controllers. */
#include "lib/guest.h"

#define PIC1_CMD	0x20
#define PIC1_DATA	0x21
#define PIC2_CMD	0xa0
#define PIC2_DATA	0xa1

extern const char guest_catch_landing[];
extern const char guest_user_return[];
void guest_trap(struct guest_trap *trap);

/* End the innermost guest_catch(). */
static void end_catch(struct guest_cpu *cpu, struct guest_trap *trap)
{
	struct caught *to = cpu->catch_to;
	int i;

	for (i = 0; i < 15; i++)
		to->trap.gpr[i] = trap->gpr[i];
	to->trap.vector = trap->vector;
	to->trap.error = trap->error;
	to->trap.rip = trap->rip;
	to->trap.cs = trap->cs;
	to->trap.rflags = trap->rflags;
	to->trap.rsp = trap->rsp;
	to->trap.ss = trap->ss;
	to->cr2 = trap->vector == VEC_PF ? read_cr2() : 0;
	trap->rip = (u64)guest_catch_landing;
	trap->rsp = cpu->catch_rsp;
	trap->cs = GUEST_KCODE;
	trap->ss = GUEST_KDATA;
	trap->rflags = FLAGS_FIXED;
}

void guest_trap(struct guest_trap *trap)
{
	struct guest_cpu *cpu = this_guest_cpu();
	bool is_irq = trap->vector >= 32 && trap->vector != USER_RETURN_VECTOR;

	if (cpu->handler[trap->vector])
		cpu->handler[trap->vector](trap);
	else if (is_irq)
		cpu->irqs[trap->vector]++;
	else if (cpu->catch_rsp)
		end_catch(cpu, trap);
	else
		guest_unexpected(trap);
}

struct user_call {
	guest_fn fn;
	void *arg;
};

static void enter_user(void *arg)
{
	struct user_call *call = arg;
	u64 *stack = (u64 *)this_guest_cpu()->user_stack;

	/* As after a call: the return address, 8 bytes off alignment. */
	stack -= 3;
	*stack = (u64)guest_user_return;
	guest_enter_user((u64)call->fn, (u64)call->arg, (u64)stack);
}

void guest_user(guest_fn fn, void *arg, struct caught *caught)
{
	struct user_call call = { fn, arg };

	guest_catch(enter_user, &call, caught);
}

int guest_vector_of(guest_fn fn, void *arg)
{
	struct caught caught;

	return guest_catch(fn, arg, &caught) ? (int)caught.trap.vector : -1;
}

static void touch_read(void *arg)
{
	asm volatile("movb (%0), %%al" : : "r" (arg) : "rax", "memory");
}

static void touch_write(void *arg)
{
	asm volatile("lock orb $0, (%0)" : : "r" (arg) : "memory");
}

int guest_touch(u64 gva, bool write, u64 *error)
{
	struct caught caught;

	if (!guest_catch(write ? touch_write : touch_read, (void *)gva,
			 &caught))
		return -1;
	*error = caught.trap.error;
	return caught.trap.vector;
}

void guest_pic_init(void)
{
	outb(PIC1_CMD, 0x11);
	outb(PIC1_DATA, PIC_BASE);
	outb(PIC1_DATA, 4);
	outb(PIC1_DATA, 1);
	outb(PIC2_CMD, 0x11);
	outb(PIC2_DATA, PIC_BASE + 8);
	outb(PIC2_DATA, 2);
	outb(PIC2_DATA, 1);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}

void guest_pic_unmask(unsigned int irq)
{
	u16 port = irq < 8 ? PIC1_DATA : PIC2_DATA;

	outb(port, inb(port) & ~(1 << (irq & 7)));
	if (irq >= 8)
		guest_pic_unmask(2);
}

void guest_pic_eoi(unsigned int irq)
{
	if (irq >= 8)
		outb(PIC2_CMD, 0x20);
	outb(PIC1_CMD, 0x20);
}
