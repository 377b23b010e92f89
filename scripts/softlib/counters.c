// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's TCG: counts what the guest does between its marks.
 *
 *   -plugin counters.so,to=FILE
 *
 * A mark is an OUT to port 0xf5.  At each a line goes to FILE: the numbers of
 * enum counter, and QEMU's own counts of TLB flushes: full, partial, elided.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "qemu_plugin.h"

#define OPTION		"to="
#define MAX_PREFIXES	3

/**
 * enum counter - what is counted
 * @ALL:	instructions
 * @CR3:	MOV to CR3
 * @FLUSH:	MOV to CR4, INVLPG, INVPCID
 * @HALT:	HLT
 * @NR_COUNTERS: how many there are
 */
enum counter { ALL, CR3, FLUSH, HALT, NR_COUNTERS };

EXPORT int qemu_plugin_version = 1;

static unsigned long counters[NR_COUNTERS];
static const unsigned char mark[] = { 0xe6, 0xf5 };	/* out %al, $0xf5 */
static FILE *to;

/* The instruction's opcode, behind its prefixes: 66, f2, f3 and REX */
static const unsigned char *opcode(const unsigned char *code, size_t *size)
{
	int i;

	for (i = 0; i < MAX_PREFIXES && *size > 1; i++) {
		if (*code != 0x66 && *code != 0xf2 && *code != 0xf3 &&
		    (*code & 0xf0) != 0x40)
			break;
		code++;
		(*size)--;
	}
	return code;
}

/* Which counter it has beside the one of all; ALL if none */
static enum counter counter_of(const struct qemu_plugin_insn *insn)
{
	size_t size = qemu_plugin_insn_size(insn);
	const unsigned char *code = opcode(qemu_plugin_insn_data(insn), &size);
	unsigned int reg;

	if (size == 1 && code[0] == 0xf4)
		return HALT;
	if (size < 3 || code[0] != 0x0f)
		return ALL;
	reg = (code[2] >> 3) & 7;
	if (code[1] == 0x22)
		return reg == 3 ? CR3 : reg == 4 ? FLUSH : ALL;
	if (code[1] == 0x01 && reg == 7 && code[2] < 0xc0)
		return FLUSH;
	if (size > 3 && code[1] == 0x38 && code[2] == 0x82)
		return FLUSH;
	return ALL;
}

static void marked(unsigned int cpu, void *data)
{
	size_t full, partial, elided;

	(void)cpu;
	(void)data;
	tlb_flush_counts(&full, &partial, &elided);
	fprintf(to, "%lu %lu %lu %lu %zu %zu %zu\n", counters[ALL],
		counters[CR3], counters[FLUSH], counters[HALT], full, partial,
		elided);
	fflush(to);
}

static void count(struct qemu_plugin_insn *insn)
{
	enum counter which = counter_of(insn);

	qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
						   &counters[ALL], 1);
	if (which != ALL)
		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
							   &counters[which], 1);
}

static void translated(unsigned long id, struct qemu_plugin_tb *tb)
{
	size_t nr = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;
	size_t i;

	(void)id;
	for (i = 0; i < nr; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		count(insn);
		if (qemu_plugin_insn_size(insn) == sizeof(mark) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked,
							       CB_NO_REGS, NULL);
	}
}

/**
 * qemu_plugin_install() - called by QEMU when it starts
 * @id:		ours
 * @info:	what QEMU is
 * @argc:	how many options there are
 * @argv:	the options, one: to=FILE
 *
 * Return: 0, or -1 when there is no file to write to.
 */
int qemu_plugin_install(unsigned long id, const struct qemu_info_t *info, int argc,
			char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], OPTION, strlen(OPTION)))
		return -1;
	to = fopen(argv[0] + strlen(OPTION), "w");
	if (!to)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
