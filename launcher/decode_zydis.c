// SPDX-License-Identifier: GPL-2.0-only
/* Guest instructions, decoded by Zydis. */
#include <Zydis/Zydis.h>
#include <string.h>

#include "decode.h"

static int decode(enum insn_mode mode, const u8 *bytes, size_t len,
		  ZydisDecodedInstruction *out, ZydisDecodedOperand *operands)
{
	static const struct {
		ZydisMachineMode machine;
		ZydisStackWidth stack;
	} modes[] = {
		[INSN_16] = { ZYDIS_MACHINE_MODE_LEGACY_16,
			      ZYDIS_STACK_WIDTH_16 },
		[INSN_32] = { ZYDIS_MACHINE_MODE_LEGACY_32,
			      ZYDIS_STACK_WIDTH_32 },
		[INSN_64] = { ZYDIS_MACHINE_MODE_LONG_64,
			      ZYDIS_STACK_WIDTH_64 },
	};
	ZydisDecoder decoder;

	if (ZYAN_FAILED(ZydisDecoderInit(&decoder, modes[mode].machine,
					 modes[mode].stack)))
		return -1;
	if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes, len, out,
					       operands)))
		return -1;
	return 0;
}

static enum insn_op mov_op(const ZydisDecodedOperand *operands)
{
	if (operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
		return INSN_STORE;
	return INSN_LOAD;
}

static enum insn_op pick_op(ZydisMnemonic mnemonic,
			    const ZydisDecodedOperand *operands)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVNTI:
	case ZYDIS_MNEMONIC_MOVZX:
		return mov_op(operands);
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
		return INSN_LOAD_SIGNED;
	case ZYDIS_MNEMONIC_XCHG:
		return INSN_XCHG;
	case ZYDIS_MNEMONIC_STOSB:
	case ZYDIS_MNEMONIC_STOSW:
	case ZYDIS_MNEMONIC_STOSD:
	case ZYDIS_MNEMONIC_STOSQ:
		return INSN_STOS;
	case ZYDIS_MNEMONIC_LODSB:
	case ZYDIS_MNEMONIC_LODSW:
	case ZYDIS_MNEMONIC_LODSD:
	case ZYDIS_MNEMONIC_LODSQ:
		return INSN_LODS;
	case ZYDIS_MNEMONIC_AND:
		return INSN_AND;
	case ZYDIS_MNEMONIC_OR:
		return INSN_OR;
	case ZYDIS_MNEMONIC_XOR:
		return INSN_XOR;
	case ZYDIS_MNEMONIC_ADD:
		return INSN_ADD;
	case ZYDIS_MNEMONIC_SUB:
		return INSN_SUB;
	case ZYDIS_MNEMONIC_TEST:
		return INSN_TEST;
	case ZYDIS_MNEMONIC_CMP:
		return INSN_CMP;
	default:
		return INSN_OTHER;
	}
}

/* Zydis numbers the registers of each class in the encodings' order. */
static int set_register(struct insn *insn, ZydisRegister reg)
{
	ZyanI8 id = ZydisRegisterGetId(reg);

	insn->reg_high = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
		/* AL CL DL BL AH CH DH BH SPL BPL SIL DIL R8B ... */
		if (reg >= ZYDIS_REGISTER_SPL)
			id = reg - ZYDIS_REGISTER_SPL + 4;
		else if (insn->reg_high)
			id = reg - ZYDIS_REGISTER_AH;
		else
			id = reg - ZYDIS_REGISTER_AL;
		break;
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		break;
	default:
		return -1;
	}
	insn->reg = id;
	return 0;
}

static int take_operand(struct insn *insn, const ZydisDecodedOperand *operand)
{
	insn->reg = -1;
	insn->reg_size = operand->size / 8;
	switch (operand->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		return set_register(insn, operand->reg.value);
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		insn->imm = operand->imm.value.u;
		return 0;
	default:
		return -1;
	}
}

/* STOS and LODS hide their operands; the accumulator is the register. */
static void take_string(struct insn *insn, const ZydisDecodedInstruction *zydis)
{
	insn->reg = 0;
	insn->mem_size = zydis->operand_width / 8;
	insn->reg_size = insn->mem_size;
	insn->mem_first = insn->op == INSN_STOS;
	insn->repeated = zydis->attributes & (ZYDIS_ATTRIB_HAS_REP |
					      ZYDIS_ATTRIB_HAS_REPE |
					      ZYDIS_ATTRIB_HAS_REPNE);
}

static int take_operands(struct insn *insn, const ZydisDecodedOperand *operands)
{
	insn->mem_first = operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
	insn->mem_size = operands[insn->mem_first ? 0 : 1].size / 8;
	if (!insn->mem_first &&
	    operands[1].type != ZYDIS_OPERAND_TYPE_MEMORY)
		return -1;
	return take_operand(insn, &operands[insn->mem_first ? 1 : 0]);
}

/**
 * insn_decode() - decode an instruction that touches memory
 * @mode: how the guest runs it
 * @bytes: its bytes
 * @len: how many there are, perhaps more than it has
 * @insn: gets the result; INSN_OTHER for what mmio.c does not carry out
 *
 * Return: 0, or -1 if it is not an instruction
 */
int insn_decode(enum insn_mode mode, const u8 *bytes, size_t len,
		struct insn *insn)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zydis;

	memset(insn, 0, sizeof(*insn));
	if (decode(mode, bytes, len, &zydis, operands))
		return -1;
	insn->op = pick_op(zydis.mnemonic, operands);
	insn->length = zydis.length;
	insn->addr_size = zydis.address_width / 8;
	if (insn->op == INSN_STOS || insn->op == INSN_LODS)
		take_string(insn, &zydis);
	else if (insn->op != INSN_OTHER && take_operands(insn, operands))
		insn->op = INSN_OTHER;
	return 0;
}

/**
 * insn_text() - write an instruction as an assembler does
 * @mode: how the guest runs it
 * @bytes: its bytes
 * @len: how many there are, perhaps more than it has
 * @rip: where it lies
 * @text: gets the text
 *
 * Return: the instruction's length, or -1 if it is none
 */
int insn_text(enum insn_mode mode, const u8 *bytes, size_t len, u64 rip,
	      char text[INSN_TEXT_MAX])
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zydis;
	ZydisFormatter formatter;

	if (decode(mode, bytes, len, &zydis, operands))
		return -1;
	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
	if (ZYAN_FAILED(ZydisFormatterFormatInstruction(&formatter, &zydis,
							operands,
							zydis.operand_count_visible,
							text, INSN_TEXT_MAX,
							rip, NULL)))
		return -1;
	return zydis.length;
}
