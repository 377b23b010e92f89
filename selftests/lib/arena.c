// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/layout.h"
#include "lib/paging.h"
#include "lib/util.h"

#define ARENA_PDPT	0x2000
#define ARENA_PD	0x3000
#define GDT_CODE64	0x00af9b000000ffffULL
#define GDT_DATA	0x00cf93000000ffffULL
#define GDT_DPL3	0x0000600000000000ULL
#define AR_CODE64	0xa09b
#define AR_DATA		0xc093
#define AR_TSS_BUSY	0x008b
#define AR_UNUSABLE	0x10000
#define GATE_INTERRUPT	0x8e00ULL
#define IDT_ENTRIES	256

extern const char arena_code[], arena_trap[], arena_code_end[];

static u64 *words_at(u64 gpa)
{
	return (u64 *)(ARENA_HVA + gpa);
}

static void fill_tables(void)
{
	u64 i;

	words_at(ARENA_ROOT)[0] = ARENA_PDPT | PTE_USER;
	words_at(ARENA_ROOT)[PT_ENTRIES - 1] = ARENA_ROOT | PTE_USER;
	words_at(ARENA_PDPT)[0] = ARENA_PD | PTE_USER;
	words_at(ARENA_PD)[0] = ARENA_PT | PTE_USER;
	words_at(ARENA_PD)[1] = PTE_USER | PTE_PS;
	words_at(ARENA_PD)[2] = LARGE_SIZE | PTE_USER | PTE_PS;
	for (i = 0; i < PT_ENTRIES; i++)
		words_at(ARENA_PT)[i] = i * PAGE_SIZE | PTE_USER;
}

static void fill_descriptors(void)
{
	u64 trap = ARENA_CODE + (arena_trap - arena_code);
	u64 *gdt = words_at(ARENA_GDT);
	u32 *tss = (u32 *)words_at(ARENA_TSS);
	int i;

	for (i = 0; i < IDT_ENTRIES; i++)
		words_at(ARENA_IDT)[2 * i] = trap | GUEST_KCODE << 16 |
					     GATE_INTERRUPT << 32;
	gdt[GUEST_KCODE >> 3] = GDT_CODE64;
	gdt[GUEST_KDATA >> 3] = GDT_DATA;
	gdt[GUEST_UDATA >> 3] = GDT_DATA | GDT_DPL3;
	gdt[GUEST_UCODE >> 3] = GDT_CODE64 | GDT_DPL3;
	gdt[GUEST_TSS >> 3] = 0x67 | ARENA_TSS << 16 | (u64)AR_TSS_BUSY << 40;
	tss[1] = ARENA_STACK + PAGE_SIZE;
	tss[25] = 0x67 << 16;
}

static int arena_fd;

static void map(int flags)
{
	void *mem = mmap((void *)ARENA_HVA, ARENA_SIZE, PROT_READ | PROT_WRITE,
			 flags | MAP_FIXED, arena_fd, 0);

	if (mem != (void *)ARENA_HVA)
		test_fail("no memory at 0x%x", ARENA_HVA);
}

void arena_init(void)
{
	arena_fd = memfd_create("arena", MFD_CLOEXEC);
	if (arena_fd < 0 || ftruncate(arena_fd, ARENA_SIZE))
		test_fail("no memory for the guest");
	map(MAP_SHARED);
	fill_tables();
	fill_descriptors();
	memcpy(words_at(ARENA_CODE), arena_code, arena_code_end - arena_code);
}

void arena_map(void)
{
	map(MAP_PRIVATE);
}

void arena_sregs(struct lull_sregs *sregs)
{
	const struct lull_segment data = {
		.limit = ~0U, .ar = AR_DATA, .selector = GUEST_KDATA,
	};
	int i;

	*sregs = (struct lull_sregs) {
		.gdtr = { .base = ARENA_GDT, .limit = 127 },
		.idtr = { .base = ARENA_IDT, .limit = 4095 },
		.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG,
		.cr3 = ARENA_ROOT,
		.cr4 = CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT,
		.efer = EFER_LME | EFER_LMA | EFER_NX | EFER_SCE,
	};
	for (i = LULL_ES; i <= LULL_GS; i++)
		sregs->seg[i] = data;
	sregs->seg[LULL_CS].ar = AR_CODE64;
	sregs->seg[LULL_CS].selector = GUEST_KCODE;
	sregs->seg[LULL_LDTR] = (struct lull_segment) { .ar = AR_UNUSABLE };
	sregs->seg[LULL_TR] = (struct lull_segment) {
		.base = ARENA_TSS, .limit = 0x67, .ar = AR_TSS_BUSY,
		.selector = GUEST_TSS,
	};
}

void arena_regs(struct lull_regs *regs)
{
	*regs = (struct lull_regs) {
		.rip = ARENA_CODE,
		.rflags = FLAGS_FIXED | FLAGS_IF,
	};
	regs->gpr[LULL_RSP] = ARENA_STACK + PAGE_SIZE - 8;
}
