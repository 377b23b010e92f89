// SPDX-License-Identifier: GPL-2.0-only
/* What a guest looked like when it stopped for a reason of its own. */
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "../monitor/uapi/lull.h"

#define AR_LONG		BIT(13)
#define AR_DEFAULT_BIG	BIT(14)
#define AR_UNUSABLE	BIT(16)
#define EFER_LMA	BIT_ULL(10)
#define CODE_INSNS	6
#define STACK_WORDS	8

/**
 * dump_mode() - how the guest runs its code
 * @sregs: its system registers
 *
 * Return: the mode
 */
enum insn_mode dump_mode(const struct lull_sregs *sregs)
{
	u32 ar = sregs->seg[LULL_CS].ar;

	if (sregs->efer & EFER_LMA && ar & AR_LONG)
		return INSN_64;
	return ar & AR_DEFAULT_BIG ? INSN_32 : INSN_16;
}

/**
 * dump_paging() - how the guest translates
 * @sregs: its system registers
 *
 * Return: what gmem_walk() needs
 */
struct gmem_paging dump_paging(const struct lull_sregs *sregs)
{
	return (struct gmem_paging) {
		.cr0 = sregs->cr0, .cr3 = sregs->cr3,
		.cr4 = sregs->cr4, .efer = sregs->efer,
	};
}

static void dump_regs(const struct lull_regs *regs)
{
	static const char *const names[LULL_NR_GPRS] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	unsigned int i;

	fprintf(stderr, "rip %016llx  rflags %08llx\n", regs->rip,
		regs->rflags);
	for (i = 0; i < LULL_NR_GPRS; i++)
		fprintf(stderr, "%-3s %016llx%s", names[i], regs->gpr[i],
			i % 4 == 3 ? "\n" : "  ");
}

static void dump_sregs(const struct lull_sregs *sregs)
{
	static const char *const names[LULL_NR_SEGS] = {
		"es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr",
	};
	const struct lull_segment *seg;
	unsigned int i;

	for (i = 0; i < LULL_NR_SEGS; i++) {
		seg = &sregs->seg[i];
		fprintf(stderr, "%-4s %04x  base %016llx  limit %08x  ar %05x%s\n",
			names[i], seg->selector, seg->base, seg->limit,
			seg->ar, seg->ar & AR_UNUSABLE ? " unusable" : "");
	}
	fprintf(stderr, "gdtr base %016llx  limit %04x\n", sregs->gdtr.base,
		sregs->gdtr.limit);
	fprintf(stderr, "idtr base %016llx  limit %04x\n", sregs->idtr.base,
		sregs->idtr.limit);
	fprintf(stderr, "cr0 %08llx  cr2 %016llx  cr3 %016llx  cr4 %08llx  efer %04llx\n",
		sregs->cr0, sregs->cr2, sregs->cr3, sregs->cr4, sregs->efer);
}

static void print_bytes(const u8 *bytes, int len)
{
	int i;

	for (i = 0; i < LULL_INSN_MAX; i++) {
		if (i < len)
			fprintf(stderr, " %02x", bytes[i]);
		else
			fprintf(stderr, "   ");
	}
}

/* What cannot be decoded is shown as bytes, and nothing after it. */
static void dump_code(const struct gmem *mem, const struct lull_regs *regs,
		      const struct lull_sregs *sregs)
{
	struct gmem_paging paging = dump_paging(sregs);
	u64 rip = regs->rip, base = 0;
	char text[INSN_TEXT_MAX];
	u8 bytes[LULL_INSN_MAX];
	int i, got, len;

	if (dump_mode(sregs) != INSN_64)
		base = sregs->seg[LULL_CS].base;
	for (i = 0; i < CODE_INSNS; i++, rip += len) {
		got = gmem_read_gva(mem, &paging, base + rip, bytes,
				    sizeof(bytes));
		fprintf(stderr, "%016llx:", rip);
		if (!got) {
			fprintf(stderr, " not mapped\n");
			return;
		}
		strcpy(text, "(bad)");
		len = insn_text(dump_mode(sregs), bytes, got, rip, text);
		print_bytes(bytes, len > 0 ? len : got);
		fprintf(stderr, "  %s\n", text);
		if (len <= 0)
			return;
	}
}

static void dump_stack(const struct gmem *mem, const struct lull_regs *regs,
		       const struct lull_sregs *sregs)
{
	struct gmem_paging paging = dump_paging(sregs);
	u64 words[STACK_WORDS];
	size_t i, got;

	got = gmem_read_gva(mem, &paging, regs->gpr[LULL_RSP], words,
			    sizeof(words)) / sizeof(words[0]);
	fprintf(stderr, "stack:");
	for (i = 0; i < got; i++)
		fprintf(stderr, " %016llx%s", words[i],
			i % 4 == 3 && i + 1 < got ? "\n      " : "");
	fprintf(stderr, "%s\n", got ? "" : " not mapped");
}

/**
 * dump_guest() - write a guest's state to standard error
 * @mem: its memory
 * @regs: its general registers
 * @sregs: its system registers
 */
void dump_guest(const struct gmem *mem, const struct lull_regs *regs,
		const struct lull_sregs *sregs)
{
	dump_regs(regs);
	dump_sregs(sregs);
	dump_code(mem, regs, sregs);
	if (dump_mode(sregs) == INSN_64)
		dump_stack(mem, regs, sregs);
}
