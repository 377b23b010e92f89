// SPDX-License-Identifier: GPL-2.0-only
/* The rows: one kind of exit each. */
#include "micro.h"

#define COLD_ROOTS	(16 * (BATCHES + 1))
#define CACHED_ROOTS	16
#define ROOT_ENTRIES	512

#define CR0_WP		BIT_ULL(16)
#define CR4_PGE		BIT_ULL(7)
#define MSR_MISC_ENABLE	0x1a0

#define PIC1		0x20
#define PIC2		0xa0
#define PIC_MASK	1
#define PIT_CHANNEL0	0x40
#define PIT_CONTROL	0x43
#define PIT_ONE_SHOT	0x30	/* channel 0, both bytes, mode 0 */
#define TIMER_VECTOR	0x20
#define CODE_SEGMENT	0x10
#define GATE_INTERRUPT	0x8e

/* In units of 838 ns: soon, and long enough to halt before it. */
#define SOON		4
#define LATER		200

struct gate {
	u16 low;
	u16 segment;
	u8 stack;
	u8 type;
	u16 middle;
	u32 high;
	u32 pad;
};

static struct gate idt[256];
static u64 cold_roots[COLD_ROOTS][ROOT_ENTRIES] __aligned(PAGE);
static u64 roots[CACHED_ROOTS][ROOT_ENTRIES] __aligned(PAGE);
static u8 pages[64][PAGE] __aligned(PAGE);
static u64 first_root;
u32 timer_fired;

static void load_cr3(u64 root)
{
	__asm__ volatile("mov %0, %%cr3" : : "r" (root) : "memory");
}

static u64 address(const void *ptr)
{
	return (unsigned long)ptr;
}

static void run_nothing(unsigned int nr)
{
	(void)nr;
}

static void run_cpuid(unsigned int nr)
{
	u32 a = 0, b, c, d;

	(void)nr;
	__asm__ volatile("cpuid" : "+a" (a), "=b" (b), "=c" (c), "=d" (d));
}

/* A number that neither Lull nor KVM has; both return an error. */
static void run_vmcall(unsigned int nr)
{
	u64 a = 0x7fff;

	(void)nr;
	__asm__ volatile("vmcall" : "+a" (a) : "b" (0), "c" (0), "d" (0),
			 "S" (0) : "memory");
}

static void run_rdmsr(unsigned int nr)
{
	u32 low, high;

	(void)nr;
	__asm__ volatile("rdmsr" : "=a" (low), "=d" (high)
			 : "c" (MSR_MISC_ENABLE));
}

/* Nothing changes: the value is the one that is there. */
static void run_wrmsr(unsigned int nr)
{
	(void)nr;
	__asm__ volatile("wrmsr" : : "c" (MSR_MISC_ENABLE), "a" (1), "d" (0));
}

static void run_cr3_same(unsigned int nr)
{
	(void)nr;
	load_cr3(first_root);
}

static void run_cr3_2(unsigned int nr)
{
	load_cr3(address(roots[nr % 2]));
}

static void run_cr3_16(unsigned int nr)
{
	load_cr3(address(roots[nr % CACHED_ROOTS]));
}

static void run_cr3_cold(unsigned int nr)
{
	load_cr3(address(cold_roots[nr]));
}

static void run_cr0_wp(unsigned int nr)
{
	u64 cr0;

	(void)nr;
	__asm__ volatile("mov %%cr0, %0" : "=r" (cr0));
	__asm__ volatile("mov %0, %%cr0" : : "r" (cr0 ^ CR0_WP));
}

static void run_cr4_pge(unsigned int nr)
{
	u64 cr4;

	(void)nr;
	__asm__ volatile("mov %%cr4, %0" : "=r" (cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r" (cr4 ^ CR4_PGE));
}

static void run_invlpg(unsigned int nr)
{
	u8 *page = pages[nr % 64];

	__asm__ volatile("invlpg (%0)" : : "r" (page) : "memory");
	__atomic_store_n(page, 1, __ATOMIC_RELAXED);
}

static void arm_timer(unsigned int count)
{
	outb(PIT_ONE_SHOT, PIT_CONTROL);
	outb(count, PIT_CHANNEL0);
	outb(count >> 8, PIT_CHANNEL0);
}

/* The guest runs when the interrupt comes. */
static void run_irq(unsigned int nr)
{
	u32 before = timer_fired;

	(void)nr;
	arm_timer(SOON);
	__asm__ volatile("sti");
	while (__atomic_load_n(&timer_fired, __ATOMIC_RELAXED) == before)
		continue;
	__asm__ volatile("cli");
}

/* It is halted; the wait is in the figure. */
static void run_hlt(unsigned int nr)
{
	u32 before = timer_fired;

	(void)nr;
	arm_timer(LATER);
	while (__atomic_load_n(&timer_fired, __ATOMIC_RELAXED) == before)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static void prepare_interrupts(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed idtr = { sizeof(idt) - 1, address(idt) };
	struct gate *gate = &idt[TIMER_VECTOR];
	u64 entry = (unsigned long)timer_entry;

	gate->low = entry;
	gate->middle = entry >> 16;
	gate->high = entry >> 32;
	gate->segment = CODE_SEGMENT;
	gate->type = GATE_INTERRUPT;
	__asm__ volatile("lidt %0" : : "m" (idtr));
	outb(0x11, PIC1);		/* edges, cascade, four words */
	outb(TIMER_VECTOR, PIC1 + PIC_MASK);
	outb(0x04, PIC1 + PIC_MASK);
	outb(0x01, PIC1 + PIC_MASK);
	outb(0xff, PIC2 + PIC_MASK);
	outb(0xfe, PIC1 + PIC_MASK);
}

/* All roots lead to the same tables. */
static void copy_root(u64 *root)
{
	const u64 *from = (const u64 *)(unsigned long)first_root;
	unsigned int i;

	for (i = 0; i < ROOT_ENTRIES; i++)
		root[i] = from[i];
}

void prepare_rows(void)
{
	unsigned int i;

	__asm__ volatile("mov %%cr3, %0" : "=r" (first_root));
	for (i = 0; i < CACHED_ROOTS; i++)
		copy_root(roots[i]);
	for (i = 0; i < COLD_ROOTS; i++)
		copy_root(cold_roots[i]);
	prepare_interrupts();
}

const struct micro_row micro_rows[] = {
	{ "empty", 1, run_nothing },
	{ "exit_cpuid", 64, run_cpuid },
	{ "exit_vmcall", 64, run_vmcall },
	{ "exit_rdmsr", 64, run_rdmsr },
	{ "exit_wrmsr", 64, run_wrmsr },
	{ "exit_cr0_wp", 64, run_cr0_wp },
	{ "exit_cr4_pge", 64, run_cr4_pge },
	{ "exit_cr3_same", 64, run_cr3_same },
	{ "exit_cr3_2", 64, run_cr3_2 },
	{ "exit_cr3_16", 64, run_cr3_16 },
	{ "exit_cr3_cold", 16, run_cr3_cold },
	{ "exit_invlpg", 64, run_invlpg },
	{ "exit_irq", 16, run_irq },
	{ "exit_hlt", 16, run_hlt },
};

const unsigned int nr_micro_rows = ARRAY_SIZE(micro_rows);
