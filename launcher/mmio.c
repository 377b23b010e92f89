// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses to guest-physical addresses where there is nothing: reads give all
 * ones, writes are ignored, as on a bus where no device answers.  Pure: an
 * instruction and registers in, registers out.
 */
#include "mmio.h"
#include "../monitor/uapi/lull.h"

#define FLAG_CF		BIT_ULL(0)
#define FLAG_PF		BIT_ULL(2)
#define FLAG_AF		BIT_ULL(4)
#define FLAG_ZF		BIT_ULL(6)
#define FLAG_SF		BIT_ULL(7)
#define FLAG_DF		BIT_ULL(10)
#define FLAG_OF		BIT_ULL(11)
#define FLAG_RF		BIT_ULL(16)
#define FLAGS_ARITH	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | \
			 FLAG_OF)

static u64 size_mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

static u64 read_operand(const struct insn *insn, const struct lull_regs *regs)
{
	u64 value;

	if (insn->reg < 0)
		return insn->imm;
	value = regs->gpr[insn->reg];
	return insn->reg_high ? value >> 8 : value;
}

/* 32-bit writes clear the upper half, narrower ones keep what is beside. */
static void write_register(const struct insn *insn, struct lull_regs *regs,
			   u64 value)
{
	u64 *reg = &regs->gpr[insn->reg];
	u64 mask = size_mask(insn->reg_size);

	if (insn->reg_high)
		*reg = (*reg & ~0xff00ULL) | (value & 0xff) << 8;
	else if (insn->reg_size >= 4)
		*reg = value & mask;
	else
		*reg = (*reg & ~mask) | (value & mask);
}

static bool has_even_parity(u64 value)
{
	return !__builtin_parity(value & 0xff);
}

static u64 result_flags(u64 result, unsigned int size)
{
	u64 flags = 0;

	result &= size_mask(size);
	if (!result)
		flags |= FLAG_ZF;
	if (result >> (8 * size - 1))
		flags |= FLAG_SF;
	if (has_even_parity(result))
		flags |= FLAG_PF;
	return flags;
}

static u64 add_flags(u64 a, u64 b, unsigned int size)
{
	u64 mask = size_mask(size);
	u64 sum = (a + b) & mask;
	u64 flags = result_flags(sum, size);

	if (sum < (a & mask))
		flags |= FLAG_CF;
	if ((a ^ b ^ sum) & 0x10)
		flags |= FLAG_AF;
	if (((a ^ sum) & (b ^ sum)) >> (8 * size - 1) & 1)
		flags |= FLAG_OF;
	return flags;
}

static u64 sub_flags(u64 a, u64 b, unsigned int size)
{
	u64 mask = size_mask(size);
	u64 difference = (a - b) & mask;
	u64 flags = result_flags(difference, size);

	if ((a & mask) < (b & mask))
		flags |= FLAG_CF;
	if ((a ^ b ^ difference) & 0x10)
		flags |= FLAG_AF;
	if (((a ^ b) & (a ^ difference)) >> (8 * size - 1) & 1)
		flags |= FLAG_OF;
	return flags;
}

struct outcome {
	u64 value;
	u64 flags;
};

static struct outcome compute(enum insn_op op, u64 a, u64 b, unsigned int size)
{
	struct outcome out;

	switch (op) {
	case INSN_ADD:
		return (struct outcome) { a + b, add_flags(a, b, size) };
	case INSN_SUB:
	case INSN_CMP:
		return (struct outcome) { a - b, sub_flags(a, b, size) };
	case INSN_OR:
		out.value = a | b;
		break;
	case INSN_XOR:
		out.value = a ^ b;
		break;
	default:
		out.value = a & b;
	}
	out.flags = result_flags(out.value, size);
	return out;
}

/* The memory operand is all ones; a result that belongs there is lost. */
static void arithmetic(const struct insn *insn, struct lull_regs *regs)
{
	u64 operand = read_operand(insn, regs);
	struct outcome out;

	if (insn->mem_first)
		out = compute(insn->op, ~0ULL, operand, insn->mem_size);
	else
		out = compute(insn->op, operand, ~0ULL, insn->mem_size);
	regs->rflags = (regs->rflags & ~FLAGS_ARITH) | out.flags;
	if (!insn->mem_first && insn->op != INSN_TEST && insn->op != INSN_CMP)
		write_register(insn, regs, out.value);
}

static void advance(u64 *reg, const struct insn *insn, u64 by)
{
	u64 mask = size_mask(insn->addr_size);

	if (insn->addr_size == 2)
		*reg = (*reg & ~mask) | ((*reg + by) & mask);
	else
		*reg = (*reg + by) & mask;
}

/*
 * One element.  A repeated instruction stays where it is until RCX is used up
 * and comes back here for each element that meets nothing.
 */
static bool string_element(const struct insn *insn, struct lull_regs *regs)
{
	u64 step = regs->rflags & FLAG_DF ? -(u64)insn->mem_size :
					    insn->mem_size;
	u64 *count = &regs->gpr[LULL_RCX];

	if (insn->repeated && !(*count & size_mask(insn->addr_size)))
		return true;
	if (insn->op == INSN_LODS)
		write_register(insn, regs, ~0ULL);
	advance(&regs->gpr[insn->op == INSN_STOS ? LULL_RDI : LULL_RSI], insn,
		step);
	if (!insn->repeated)
		return true;
	advance(count, insn, -1ULL);
	return !(*count & size_mask(insn->addr_size));
}

/**
 * mmio_execute() - carry an instruction out on memory that is not there
 * @insn: the instruction
 * @regs: registers before and after
 *
 * Return: 0, or -1 if this instruction is not known here
 */
int mmio_execute(const struct insn *insn, struct lull_regs *regs)
{
	bool finished = true;

	switch (insn->op) {
	case INSN_OTHER:
		return -1;
	case INSN_STORE:
		break;
	case INSN_LOAD:
		write_register(insn, regs, size_mask(insn->mem_size));
		break;
	case INSN_LOAD_SIGNED:
	case INSN_XCHG:
		write_register(insn, regs, ~0ULL);
		break;
	case INSN_STOS:
	case INSN_LODS:
		finished = string_element(insn, regs);
		break;
	default:
		arithmetic(insn, regs);
	}
	regs->rflags &= ~FLAG_RF;
	if (finished)
		regs->rip += insn->length;
	return 0;
}
