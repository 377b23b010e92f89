// SPDX-License-Identifier: GPL-2.0-only
/* Random code that knows what hurts, and states to run it in. */
#include <string.h>

#include "fuzz/guest.h"
#include "lib/layout.h"
#include "lib/util.h"
#include "lib/x86.h"

void make_bytes(struct fuzz_random *r, u8 *code, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		code[i] = fuzz_random(r);
}

/* What follows the opcode. */
enum {
	MODRM = 1,	/* any operand */
	MEMORY = 2,	/* a ModRM byte whose operand is in memory */
	REGISTER = 4,	/* ... in a register */
	IMM8 = 8,
	IMM32 = 16,
	PREFIX = 32,	/* perhaps REX, REP, LOCK, an operand size */
};

struct insn {
	u8 len;
	u8 opcode[5];
	u8 follows;
	int reg;	/* field of the ModRM byte, or -1 for any */
};

#define OP1(a, f, reg)		{ 1, { a }, f, reg }
#define OP2(a, b, f, reg)	{ 2, { a, b }, f, reg }
#define OP3(a, b, c, f, reg)	{ 3, { a, b, c }, f, reg }
#define OP4(a, b, c, d, f, reg)	{ 4, { a, b, c, d }, f, reg }

static const struct insn insns[] = {
	/* control and debug registers, descriptor tables, flags */
	OP2(0x0f, 0x20, REGISTER | PREFIX, -1),
	OP2(0x0f, 0x22, REGISTER | PREFIX, -1),
	OP2(0x0f, 0x22, REGISTER, 3), OP2(0x0f, 0x22, REGISTER, 0),
	OP2(0x0f, 0x22, REGISTER, 4),
	OP2(0x0f, 0x21, REGISTER, -1), OP2(0x0f, 0x23, REGISTER, -1),
	OP2(0x0f, 0x06, 0, 0), OP2(0x0f, 0x01, MEMORY, -1),
	OP2(0x0f, 0x01, MEMORY, 7), OP2(0x0f, 0x01, REGISTER, -1),
	OP2(0x0f, 0x01, MEMORY | PREFIX, 2),
	OP2(0x0f, 0x01, MEMORY | PREFIX, 3), OP2(0x0f, 0x01, MODRM, 6),
	OP2(0x0f, 0x00, MODRM, -1), OP2(0x0f, 0x00, MODRM, 3),
	OP1(0x8e, MODRM, -1), OP1(0x8e, REGISTER, 2), OP1(0x8c, MODRM, -1),
	OP1(0x9c, PREFIX, 0), OP1(0x9d, PREFIX, 0), OP1(0xfb, 0, 0),
	OP1(0xfa, 0, 0), OP1(0xfc, 0, 0), OP1(0xfd, 0, 0),
	OP3(0x0f, 0x01, 0xca, 0, 0), OP3(0x0f, 0x01, 0xcb, 0, 0),
	OP3(0x0f, 0x01, 0xf8, 0, 0),
	/* MSRs, XCR0, CPUID, counters */
	OP2(0x0f, 0x30, 0, 0), OP2(0x0f, 0x32, 0, 0), OP2(0x0f, 0xa2, 0, 0),
	OP2(0x0f, 0x31, 0, 0), OP2(0x0f, 0x33, 0, 0),
	OP3(0x0f, 0x01, 0xd0, 0, 0), OP3(0x0f, 0x01, 0xd1, 0, 0),
	OP3(0x0f, 0x01, 0xf9, 0, 0), OP3(0xf3, 0x0f, 0xae, REGISTER, -1),
	/* ports */
	OP1(0xe4, IMM8, 0), OP1(0xe5, IMM8, 0), OP1(0xe6, IMM8, 0),
	OP1(0xe7, IMM8 | PREFIX, 0), OP1(0xec, 0, 0), OP1(0xed, 0, 0),
	OP1(0xee, 0, 0), OP1(0xef, PREFIX, 0), OP1(0x6c, PREFIX, 0),
	OP1(0x6d, PREFIX, 0), OP1(0x6e, PREFIX, 0), OP1(0x6f, PREFIX, 0),
	OP2(0xf3, 0x6c, 0, 0), OP2(0xf3, 0x6e, 0, 0), OP2(0xf3, 0x6f, 0, 0),
	/* transfers */
	OP1(0xcf, PREFIX, 0), OP2(0x48, 0xcf, 0, 0), OP2(0x0f, 0x05, 0, 0),
	OP2(0x0f, 0x07, PREFIX, 0), OP2(0x0f, 0x34, 0, 0),
	OP2(0x0f, 0x35, PREFIX, 0), OP1(0xcd, IMM8, 0), OP1(0xcc, 0, 0),
	OP1(0xf1, 0, 0), OP2(0x0f, 0x0b, 0, 0), OP1(0xff, MEMORY | PREFIX, 5),
	OP1(0xff, MEMORY | PREFIX, 3), OP1(0xff, REGISTER, 4),
	OP1(0xcb, PREFIX, 0), OP1(0xc3, 0, 0), OP1(0xeb, IMM8, 0),
	OP1(0xe2, IMM8, 0), OP1(0x75, IMM8, 0), OP1(0xe8, IMM32, 0),
	/* VMX and what else is not there */
	OP3(0x0f, 0x01, 0xc1, 0, 0), OP3(0x0f, 0x01, 0xc1, 0, 0),
	OP3(0x0f, 0x01, 0xc2, 0, 0), OP3(0x0f, 0x01, 0xc3, 0, 0),
	OP3(0x0f, 0x01, 0xc4, 0, 0), OP3(0x0f, 0x01, 0xd4, 0, 0),
	OP3(0x0f, 0x01, 0xd9, 0, 0), OP2(0x0f, 0x78, MODRM, -1),
	OP2(0x0f, 0x79, MODRM, -1), OP2(0x0f, 0xc7, MODRM | PREFIX, -1),
	OP3(0xf3, 0x0f, 0xc7, MEMORY, 6), OP3(0x66, 0x0f, 0xc7, MEMORY, 6),
	OP4(0x66, 0x0f, 0x38, 0x80, MEMORY, -1),
	OP4(0x66, 0x0f, 0x38, 0x81, MEMORY, -1),
	OP4(0x66, 0x0f, 0x38, 0x82, MEMORY, -1),
	OP2(0x0f, 0x37, 0, 0), OP2(0x0f, 0xaa, 0, 0),
	OP3(0x0f, 0x01, 0xc8, 0, 0), OP3(0x0f, 0x01, 0xc9, 0, 0),
	OP1(0xf4, 0, 0), OP2(0x0f, 0x08, 0, 0), OP2(0x0f, 0x09, 0, 0),
	OP2(0xf3, 0x90, 0, 0),
	/* memory, in all sizes and amounts */
	OP1(0x88, MODRM | PREFIX, -1), OP1(0x89, MODRM | PREFIX, -1),
	OP1(0x8b, MODRM | PREFIX, -1), OP1(0x01, MODRM | PREFIX, -1),
	OP1(0x87, MEMORY | PREFIX, -1), OP2(0x0f, 0xb1, MEMORY | PREFIX, -1),
	OP2(0x0f, 0xc1, MEMORY | PREFIX, -1), OP1(0x50, 0, 0),
	OP1(0x58, 0, 0), OP2(0xf3, 0xaa, 0, 0), OP3(0xf3, 0x48, 0xa5, 0, 0),
	OP3(0xf3, 0x48, 0xab, 0, 0), OP1(0xa4, PREFIX, 0),
	OP2(0x0f, 0xae, MODRM | PREFIX, -1), OP1(0xc8, IMM32, 0),
	/* FPU, SSE, AVX */
	OP1(0xd9, MODRM, -1), OP1(0xdd, MODRM, -1), OP1(0xdb, MODRM, -1),
	OP2(0x0f, 0x28, MODRM | PREFIX, -1),
	OP2(0x0f, 0x29, MODRM | PREFIX, -1),
	OP3(0xc5, 0xfc, 0x28, MODRM, -1), OP1(0x9b, 0, 0),
};

/* Hypercalls, halts, and what leads to them. */
static const struct insn para_insns[] = {
	OP3(0x0f, 0x01, 0xc1, 0, 0), OP3(0x0f, 0x01, 0xc1, 0, 0),
	OP3(0x0f, 0x01, 0xc1, 0, 0), OP1(0xf4, 0, 0), OP1(0xfb, 0, 0),
	OP1(0xfa, 0, 0), OP2(0x0f, 0x22, REGISTER, 3),
	OP1(0x89, MEMORY | PREFIX, -1), OP1(0xe6, IMM8, 0),
	/* numbers and arguments that are right: RAX, RDI, RSI */
	OP3(0x6a, 0x02, 0x58, 0, 0), OP3(0x6a, 0x03, 0x58, 0, 0),
	OP3(0x6a, 0x04, 0x58, 0, 0), OP3(0x6a, 0x05, 0x58, 0, 0),
	OP3(0x6a, 0x06, 0x58, 0, 0), OP3(0x6a, 0x01, 0x5f, 0, 0),
	OP3(0x6a, 0x40, 0x5f, 0, 0), OP3(0x6a, 0x41, 0x5f, 0, 0),
	OP2(0x31, 0xff, 0, 0), OP2(0x31, 0xf6, 0, 0),
};

static u8 random_prefix(struct fuzz_random *r)
{
	static const u8 prefixes[] = {
		0x40, 0x41, 0x44, 0x48, 0x48, 0x48, 0x49, 0x4c, 0x66, 0x67,
		0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x64, 0x65,
	};

	return fuzz_pick(r, prefixes);
}

/* Register or [register], at times with a displacement; never absolute. */
static u8 random_modrm(struct fuzz_random *r, const struct insn *insn)
{
	u8 mod = fuzz_one_in(r, 8) ? fuzz_below(r, 3) << 6 : 0;
	int reg = insn->reg < 0 ? (int)fuzz_below(r, 8) : insn->reg;

	if (insn->follows & REGISTER ||
	    (insn->follows & MODRM && fuzz_one_in(r, 2)))
		mod = 0xc0;
	return mod | reg << 3 | fuzz_below(r, 8);
}

/* Its length, at most 15. */
static size_t make_insn(struct fuzz_random *r, const struct insn *insn, u8 *to)
{
	size_t n = 0, i;

	if (insn->follows & PREFIX && fuzz_one_in(r, 2))
		to[n++] = random_prefix(r);
	for (i = 0; i < insn->len; i++)
		to[n++] = insn->opcode[i];
	if (insn->follows & (MODRM | MEMORY | REGISTER))
		to[n++] = random_modrm(r, insn);
	if (insn->follows & IMM8)
		to[n++] = fuzz_random(r);
	for (i = 0; insn->follows & IMM32 && i < 4; i++)
		to[n++] = fuzz_random(r);
	return n;
}

/* An address that something lies at, or nothing. */
static u64 random_address(struct fuzz_random *r)
{
	static const u64 regions[] = {
		ARENA_ROOT, 0x2000, 0x3000, ARENA_PT, ARENA_IDT, ARENA_GDT,
		ARENA_STACK, GUEST_CODE, GUEST_TABLES, GUEST_TABLES + 0x8000,
		GUEST_SHARED, LARGE_ALIAS, LARGE_ALIAS + ARENA_PT, HIGH_MEMORY,
		HIGH_MEMORY + GUEST_HOLE - GUEST_READONLY,
		HIGH_MEMORY + GUEST_UNMAPPED - GUEST_READONLY,
		0xffffff8000000000, 0xffffffffffffe000, 0x800000000000,
		0xffff800000000000, 0x7ffffffff000, 0,
	};

	if (fuzz_one_in(r, 12))
		return fuzz_value(r);
	return fuzz_pick(r, regions) +
	       (fuzz_one_in(r, 4) ? 0xff8 + fuzz_below(r, 16) :
				    fuzz_below(r, 512) * 8);
}

/* Values that some instruction makes much of. */
static u64 random_operand(struct fuzz_random *r)
{
	static const u64 values[] = {
		ARENA_ROOT, ARENA_ROOT | 0x18, GUEST_TABLES, GUEST_HOLE,
		GUEST_READONLY, GUEST_SHARED | 1, GUEST_CR3_TABLE | 1,
		GUEST_HOLE | 1, GUEST_READONLY | 1, GUEST_UNMAPPED | 1, 1, 2, 3, 4, 0,
		CR0_PE | CR0_PG | CR0_NE, CR0_PE | CR0_PG | CR0_NE | CR0_WP,
		CR0_PE | CR0_NE, CR4_PAE, CR4_PAE | CR4_OSFXSR | CR4_OSXSAVE,
		CR4_PAE | CR4_SMEP | CR4_PGE, CR4_PAE | CR4_PCIDE, 7,
		MSR_TSC, MSR_SYSENTER_CS, 0x175, 0x176, MSR_MISC_ENABLE,
		MSR_EFER, MSR_STAR, MSR_LSTAR, 0xc0000083, MSR_SFMASK,
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, 0x3a, 0x480,
		0x1b, 0x808, 0x277, 0x8b, 0xc0000103, 0x1d9, 0x10a, 0x3b,
		EFER_LME | EFER_LMA | EFER_NX | EFER_SCE, EFER_LME,
		0x20, 0x21, 0x40, 0x43, 0x61, 0x70, 0x3f8, 0xcf8, 0xffff,
		0x40000000, 0x40000001, 0x80000008, 0xd, GUEST_KCODE,
		GUEST_KDATA, GUEST_UCODE, GUEST_TSS, 0x2b, 0x33,
	};

	switch (fuzz_below(r, 4)) {
	case 0:
		return fuzz_value(r);
	case 1:
		return random_address(r);
	default:
		return fuzz_pick(r, values);
	}
}

/* MOV of an operand to one of the lower registers. */
static size_t make_load(struct fuzz_random *r, u8 *to)
{
	u64 value = random_operand(r);

	to[0] = 0x48;
	to[1] = 0xb8 | fuzz_below(r, 8);
	/* RSP is left alone most of the time: a trap needs it. */
	if (to[1] == 0xbc && !fuzz_one_in(r, 8))
		to[1] = 0xb9;
	memcpy(to + 2, &value, sizeof(value));
	return 10;
}

void make_insns(struct fuzz_random *r, u8 *code, size_t size, bool para)
{
	size_t at = 0;

	while (at + 16 <= size) {
		if (fuzz_one_in(r, 3))
			at += make_load(r, code + at);
		else if (para && !fuzz_one_in(r, 4))
			at += make_insn(r, &fuzz_pick(r, para_insns),
					code + at);
		else
			at += make_insn(r, &fuzz_pick(r, insns), code + at);
	}
	memset(code + at, 0xf4, size - at);
}

/* Segments of user code, or of code that is not 64-bit. */
static void make_segments(struct fuzz_random *r, struct lull_sregs *sregs)
{
	bool user = fuzz_one_in(r, 4), compat = fuzz_one_in(r, 6);
	u32 dpl = user ? 0x60 : 0;
	int i;

	sregs->seg[LULL_CS].ar = (compat ? 0xc09b : 0xa09b) | dpl;
	sregs->seg[LULL_CS].selector = user ? GUEST_UCODE : GUEST_KCODE;
	for (i = LULL_ES; i <= LULL_GS; i++) {
		if (i == LULL_CS)
			continue;
		sregs->seg[i].ar = 0xc093 | dpl;
		sregs->seg[i].selector = user ? GUEST_UDATA : GUEST_KDATA;
	}
	if (fuzz_one_in(r, 3)) {
		sregs->seg[LULL_FS].base = random_address(r);
		sregs->seg[LULL_FS].base &= 0x7fffffffffff;
	}
}

void make_state(struct fuzz_random *r, struct lull_sregs *sregs,
		struct lull_regs *regs)
{
	static const u64 cr0[] = { CR0_WP, CR0_TS, CR0_EM, CR0_AM, CR0_MP };
	static const u64 cr4[] = { CR4_TSD, CR4_PGE, CR4_OSFXSR, CR4_SMEP,
				   CR4_DE };
	static const u64 flags[] = { FLAGS_TF, FLAGS_DF, FLAGS_AC, 0x3000,
				     0x4000, 0x8d5 };
	int i;

	arena_sregs(sregs);
	arena_regs(regs);
	make_segments(r, sregs);
	for (i = 0; i < 2; i++) {
		sregs->cr0 ^= fuzz_pick(r, cr0);
		sregs->cr4 ^= fuzz_pick(r, cr4);
		if (fuzz_one_in(r, 6))
			regs->rflags ^= fuzz_pick(r, flags);
	}
	if (fuzz_one_in(r, 8))
		sregs->efer ^= EFER_NX;
	if (fuzz_one_in(r, 16))
		regs->rflags ^= FLAGS_IF;
	if (fuzz_one_in(r, 8))
		sregs->idtr.limit = fuzz_below(r, 4096);
	for (i = 0; i < LULL_NR_GPRS; i++) {
		if (i != LULL_RSP || fuzz_one_in(r, 16))
			regs->gpr[i] = random_operand(r);
	}
	regs->rip = GUEST_CODE + (fuzz_one_in(r, 2) ? 0 :
				  fuzz_below(r, PAGE_SIZE));
}

/* Some of the gates and segments become something else. */
void make_descriptors(struct fuzz_random *r)
{
	u64 *idt = (u64 *)(ARENA_HVA + ARENA_IDT);
	u64 *gdt = (u64 *)(ARENA_HVA + ARENA_GDT);
	unsigned int n = fuzz_below(r, 8);

	while (n--) {
		u64 *gate = idt + 2 * fuzz_below(r, 32);

		/* type, DPL and present; IST; offset; or anything */
		switch (fuzz_below(r, 4)) {
		case 0:
			*gate ^= fuzz_below(r, 256) << 40;
			break;
		case 1:
			*gate ^= fuzz_below(r, 8) << 32;
			break;
		case 2:
			gate[1] = fuzz_value(r);
			break;
		default:
			gdt[fuzz_below(r, 16)] ^=
				BIT_ULL(40 + fuzz_below(r, 16));
		}
	}
}
