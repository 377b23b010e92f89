// SPDX-License-Identifier: GPL-2.0-only
#include "lib/tables.h"

#define GDT_CODE64	0x00af9b000000ffffULL
#define GDT_CODE32	0x00cf9b000000ffffULL
#define GDT_DATA	0x00cf93000000ffffULL
#define GDT_DPL3	0x0000600000000000ULL
#define GATE_INTERRUPT	0x8e00
#define GATE_DPL3	0x6000

extern const char guest_stubs[];

static void fill_gdt(struct guest_cpu *cpu, u64 tss)
{
	cpu->gdt[GUEST_KCODE >> 3] = GDT_CODE64;
	cpu->gdt[GUEST_KDATA >> 3] = GDT_DATA;
	cpu->gdt[GUEST_UDATA >> 3] = GDT_DATA | GDT_DPL3;
	cpu->gdt[GUEST_UCODE >> 3] = GDT_CODE64 | GDT_DPL3;
	cpu->gdt[GUEST_TSS >> 3] = 0x67 | (tss & 0xffffff) << 16 |
				   (u64)AR_TSS_BUSY << 40 |
				   (tss >> 24 & 0xff) << 56;
	cpu->gdt[(GUEST_TSS >> 3) + 1] = tss >> 32;
	cpu->gdt[GUEST_KCODE32 >> 3] = GDT_CODE32;
}

void fill_guest_cpu(struct guest_cpu *cpu, u64 gva, u64 rsp0)
{
	_Static_assert(offsetof(struct guest_cpu, catch_rsp) == CPU_CATCH_RSP,
		       "layout.h");
	_Static_assert(offsetof(struct guest_cpu, catch_to) == CPU_CATCH_TRAP,
		       "layout.h");
	fill_gdt(cpu, gva + offsetof(struct guest_cpu, tss));
	cpu->tss[1] = rsp0;
	cpu->tss[2] = rsp0 >> 32;
	cpu->tss[25] = 0x67 << 16;	/* no I/O bitmap */
}

static void set_gate(u64 *gate, int vector)
{
	u64 stub = (u64)guest_stubs + STUB_SIZE * vector;
	u64 type = GATE_INTERRUPT;

	if (vector == VEC_BP || vector == USER_RETURN_VECTOR)
		type |= GATE_DPL3;
	gate[0] = (stub & 0xffff) | GUEST_KCODE << 16 | type << 32 |
		  (stub >> 16 & 0xffff) << 48;
	gate[1] = stub >> 32;
}

void fill_idt(u64 *idt)
{
	int vector;

	for (vector = 0; vector < 256; vector++)
		set_gate(&idt[2 * vector], vector);
}
