// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unpaged, 64-bit, unpaged, 64-bit, unpaged: state and memory are looked at in
 * each.  The exit status says whether all was right; with the word "status=N" on
 * the command line it is N.  With "paging32" it turns on paging of another kind,
 * which ends it on Lull.
 *
 * 32-bit code without a library, for any Multiboot loader: the same image runs
 * on Lull, QEMU and Bochs.
 */
#include "layout.h"

#define STATUS_GOOD	42
#define STATUS_BAD	13

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count,
	    mods_addr, syms[4], mmap_length, mmap_addr;
};

struct module {
	u32 start, end, string, reserved;
};

extern volatile u64 fault_address;
extern volatile u32 fault_code, traps32, traps64;
extern u64 root_table[512], tables[5][512];
extern volatile u32 window[1024];
extern u32 idt32[2 * NR_VECTORS], idt64[4 * NR_VECTORS];
extern const char idt32_register[];
extern const char trap32_int[], trap32_ud[], trap64_int[], trap64_pf[];
extern const char fn64_int[], fn64_fault[], fn64_store[], fn64_cpuid[],
		  fn64_big[];

u32 long_call(const char *fn, u32 arg);
u32 image_main(u32 magic, const struct info *info);

static u32 failures;

static void out8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static void print(const char *text)
{
	for (; *text; text++)
		out8(UART_PORT, *text);
}

static void print_hex(u32 value)
{
	int shift;

	for (shift = 28; shift >= 0; shift -= 4)
		out8(UART_PORT, "0123456789abcdef"[value >> shift & 15]);
}

static void expect(const char *what, u32 got, u32 want)
{
	if (got == want)
		return;
	failures++;
	print("FAIL ");
	print(what);
	print(": ");
	print_hex(got);
	print(" instead of ");
	print_hex(want);
	print("\n");
}

static u32 read_cr0(void)
{
	u32 value;

	asm volatile("mov %%cr0, %0" : "=r" (value));
	return value;
}

static u32 read_efer(void)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (MSR_EFER));
	return low;
}

static u32 cpuid_eax(u32 leaf)
{
	u32 a = leaf, b, c = 0, d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	return a;
}

static void gate32(u32 vector, const char *to)
{
	idt32[2 * vector] = CODE32 << 16 | ((u32)to & 0xffff);
	idt32[2 * vector + 1] = ((u32)to & 0xffff0000) | 0x8e00;
}

static void gate64(u32 vector, const char *to)
{
	idt64[4 * vector] = CODE64 << 16 | ((u32)to & 0xffff);
	idt64[4 * vector + 1] = ((u32)to & 0xffff0000) | 0x8e00;
}

/* The first GiB as it is, in large pages; the window by four levels. */
static void make_tables(void)
{
	u32 i;

	root_table[0] = (u32)tables[0] | 3;
	tables[0][0] = (u32)tables[1] | 3;
	for (i = 0; i < 512; i++)
		tables[1][i] = (u64)i << 21 | 0x83;
	root_table[1] = (u32)tables[2] | 3;
	tables[2][0] = (u32)tables[3] | 3;
	tables[3][0] = (u32)tables[4] | 3;
	tables[4][0] = (u32)window | 3;
}

static void unpaged(u32 round)
{
	u32 traps = traps32;

	expect("paging is off", read_cr0() & (CR0_PG | 1), 1);
	expect("LMA without paging", read_efer() & EFER_LMA, 0);
	asm volatile("int %0" : : "i" (INT_VECTOR) : "memory");
	asm volatile("ud2" : : : "memory");
	expect("traps of 32-bit code", traps32 - traps, 2);
	window[1] = 0x1000 + round;
	expect("memory", window[1], 0x1000 + round);
}

static void paged(u32 round)
{
	u32 traps = traps64, leaf = cpuid_eax(0);

	expect("64-bit registers", long_call(fn64_big, 0), 0x12345678);
	expect("what was written without paging",
	       long_call(fn64_store, 0x2000 + round), 0x1000 + round);
	expect("what was written with paging", window[0], 0x2000 + round);
	expect("interrupt in 64-bit code", long_call(fn64_int, 0), traps + 1);
	fault_code = 0xff;
	fault_address = 0;
	expect("page fault's code", long_call(fn64_fault, 0), 0);
	expect("CR2, low", fault_address, (u32)FAULT_GVA);
	expect("CR2, high", fault_address >> 32, FAULT_GVA >> 32);
	expect("CPUID", long_call(fn64_cpuid, 0), leaf);
	expect("A and D of the window", tables[4][0] & 0x60, 0x60);
	/* A and D are cleared while paging is off: they come back. */
	tables[4][0] = (u32)window | 3;
}

static void show_info(const struct info *info)
{
	const struct module *module = (const void *)info->mods_addr;
	u32 i;

	print("command line: ");
	print((const char *)info->cmdline);
	print("\n");
	for (i = 0; i < info->mods_count; i++, module++) {
		print("module: ");
		print((const char *)module->string);
		print(" begins with ");
		out8(UART_PORT, *(const char *)module->start);
		print("\n");
	}
}

/* What follows @key, or NULL. */
static const char *find(const char *text, const char *key)
{
	u32 i;

	for (; *text; text++) {
		for (i = 0; key[i] && text[i] == key[i]; i++)
			;
		if (!key[i])
			return text + i;
	}
	return 0;
}

static u32 chosen_status(const char *cmdline)
{
	const char *text = find(cmdline, "status=");
	u32 status = 0;

	if (!text)
		return STATUS_GOOD;
	for (; *text >= '0' && *text <= '9'; text++)
		status = 10 * status + *text - '0';
	return status;
}

/**
 * image_main() - the image's work
 * @magic: what the loader left in EAX
 * @info: its information structure
 *
 * Return: exit status
 */
u32 image_main(u32 magic, const struct info *info)
{
	const char *cmdline = (const char *)info->cmdline;
	u32 round;

	if (find(cmdline, "paging32"))
		asm volatile("mov %0, %%cr0" : : "r" (read_cr0() | CR0_PG));
	expect("the loader's magic number", magic, 0x2badb002);
	show_info(info);
	gate32(VECTOR_UD, trap32_ud);
	gate32(INT_VECTOR, trap32_int);
	gate64(VECTOR_PF, trap64_pf);
	gate64(INT_VECTOR, trap64_int);
	make_tables();
	asm volatile("lidt %0" : : "m" (*idt32_register));
	for (round = 0; round < 2; round++) {
		unpaged(round);
		paged(round);
	}
	unpaged(round);
	print(failures ? "modes: FAILED\n" : "modes: all as expected\n");
	return failures ? STATUS_BAD : chosen_status(cmdline);
}
