/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest instructions: as text for dumps, and in the few shapes that mmio.c
 * carries out.  decode_zydis.c provides this; a static lull has
 * decode_none.c, because Debian has no static Zydis.
 */
#ifndef LAUNCHER_DECODE_H
#define LAUNCHER_DECODE_H

#include "base.h"

#define INSN_TEXT_MAX	96

enum insn_op {
	INSN_OTHER,	/* not one of these */
	INSN_LOAD,	/* register = memory, zero-extended */
	INSN_LOAD_SIGNED, /* register = memory, sign-extended */
	INSN_STORE,	/* memory = anything */
	INSN_XCHG,	/* register = memory, memory = register */
	INSN_STOS,
	INSN_LODS,
	INSN_AND,	/* these set flags; to memory, or to a register */
	INSN_OR,
	INSN_XOR,
	INSN_ADD,
	INSN_SUB,
	INSN_TEST,	/* these only set flags */
	INSN_CMP,
};

/**
 * struct insn - a decoded instruction with one memory operand
 * @op:		what it does
 * @length:	bytes
 * @mem_size:	bytes of its memory operand
 * @reg_size:	bytes of its register operand
 * @reg:	the register, as enum lull_gpr; -1 if the operand is @imm
 * @reg_high:	the register is AH, CH, DH or BH
 * @imm:	immediate operand, sign-extended
 * @mem_first:	the memory operand is the destination
 * @repeated:	has a REP prefix
 * @addr_size:	bytes of an address, for what RCX, RDI and RSI count
 */
struct insn {
	enum insn_op op;
	u8 length;
	u8 mem_size;
	u8 reg_size;
	int reg;
	bool reg_high;
	u64 imm;
	bool mem_first;
	bool repeated;
	u8 addr_size;
};

/* Bits of code that the guest runs. */
enum insn_mode {
	INSN_16,
	INSN_32,
	INSN_64,
};

int insn_decode(enum insn_mode mode, const u8 *bytes, size_t len,
		struct insn *insn);
int insn_text(enum insn_mode mode, const u8 *bytes, size_t len, u64 rip,
	      char text[INSN_TEXT_MAX]);

#endif /* LAUNCHER_DECODE_H */
