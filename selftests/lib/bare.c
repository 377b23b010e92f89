// SPDX-License-Identifier: GPL-2.0-only
#include "lib/bare.h"
#include "lib/guest.h"
#include "lib/say.h"
#include "lib/tables.h"

#define LOADER_MAGIC	0x2badb002
#define INFO_MEMORY	0x1
#define INFO_CMDLINE	0x4

#define UART		0x3f8
#define UART_LCR	(UART + 3)
#define UART_LSR	(UART + 5)
#define LCR_8N1		0x03
#define LCR_DLAB	0x80
#define LSR_EMPTY	0x20
#define LSR_IDLE	0x40

#define EXIT_PORT	0xf4	/* Lull, and QEMU's isa-debug-exit */
#define BOCHS_PORT	0x8900	/* ends Bochs on the word "Shutdown" */
#define STACK_SIZE	16384

/* The beginning of the Multiboot information. */
struct multiboot_info {
	u32 flags;
	u32 mem_lower;
	u32 mem_upper;		/* KiB from 1 MiB on */
	u32 boot_device;
	u32 cmdline;
};

void bare_main(u32 magic, const struct multiboot_info *info);

static struct guest_cpu cpu __attribute__((aligned(4096)));
static u64 idt[512] __attribute__((aligned(4096)));
static u8 trap_stack[STACK_SIZE] __attribute__((aligned(16)));

static void init_uart(void)
{
	outb(UART_LCR, LCR_DLAB);
	outb(UART, 1);		/* 115200 baud */
	outb(UART + 1, 0);
	outb(UART_LCR, LCR_8N1);
}

static void put_char(char c)
{
	while (!(inb(UART_LSR) & LSR_EMPTY))
		cpu_relax();
	outb(UART, c);
}

void bare_put(const char *text)
{
	while (*text)
		put_char(*text++);
}

void bare_exit(u8 status)
{
	const char *word = "Shutdown";

	say(bare_put, "exit status %u\n", status);
	while (!(inb(UART_LSR) & LSR_IDLE))
		cpu_relax();
	outb(EXIT_PORT, status);
	while (*word)
		outb(BOCHS_PORT, *word++);
	for (;;)
		asm volatile("cli\n\thlt");
}

void guest_unexpected(const struct guest_trap *trap)
{
	say(bare_put, "unexpected trap %llu, error 0x%llx, RIP 0x%llx, CR2 0x%llx\n",
	    trap->vector, trap->error, trap->rip, read_cr2());
	bare_exit(1);
}

void guest_assert_failed(const char *file, int line, const char *what,
			 u64 left, u64 right)
{
	say(bare_put, "%s:%u: %s (0x%llx, 0x%llx)\n", file, line, what, left,
	    right);
	bare_exit(1);
}

void bare_map_user(u64 page)
{
	static u64 table[512] __attribute__((aligned(4096)));
	u64 *large = &bare_pd[page / (2 * MIB)];
	u64 i, first = *large & PTE_ADDR;

	GUEST_ASSERT(*large & PTE_PS);
	for (i = 0; i < 512; i++)
		table[i] = (first + i * PAGE_SIZE) | PTE_P | PTE_W;
	table[(page - first) / PAGE_SIZE] |= PTE_U;
	*large = (u64)table | PTE_P | PTE_W | PTE_U;
	invlpg(page);
}

static void load_tables(void)
{
	const struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) gdtr = { sizeof(cpu.gdt) - 1, (u64)&cpu },
				  idtr = { sizeof(idt) - 1, (u64)idt };

	fill_guest_cpu(&cpu, (u64)&cpu, (u64)trap_stack + STACK_SIZE);
	fill_idt(idt);
	/* LTR demands one that is not busy */
	cpu.gdt[GUEST_TSS >> 3] &= ~GDT_TSS_BUSY;
	asm volatile("lgdt %0\n\tlidt %1\n\tltr %w2"
		     : : "m" (gdtr), "m" (idtr), "r" (GUEST_TSS) : "memory");
}

/* The loader's command line begins with the image's name. */
static void copy_words(struct bare_machine *machine, const char *line)
{
	unsigned int i;

	while (*line && *line != ' ')
		line++;
	for (i = 0; line[i]; i++) {
		GUEST_ASSERT(i + 1 < sizeof(machine->words));
		machine->words[i] = line[i];
	}
}

void bare_main(u32 magic, const struct multiboot_info *info)
{
	static struct bare_machine machine;

	init_uart();
	load_tables();
	GUEST_ASSERT_EQ(magic, LOADER_MAGIC);
	GUEST_ASSERT(info->flags & INFO_MEMORY);
	machine.ram = MIB + info->mem_upper * 1024ULL;
	if (info->flags & INFO_CMDLINE)
		copy_words(&machine, (const char *)(u64)info->cmdline);
	bare_exit(bare_program(&machine));
}
