// SPDX-License-Identifier: GPL-2.0-only
/* Guest instructions in a build without Zydis: nothing can be decoded. */
#include <stdio.h>

#include "decode.h"

/**
 * insn_decode() - decode an instruction that touches memory
 * @mode: how the guest runs it
 * @bytes: its bytes
 * @len: how many there are
 * @insn: not touched
 *
 * Return: -1
 */
int insn_decode(enum insn_mode mode, const u8 *bytes, size_t len,
		struct insn *insn)
{
	(void)mode;
	(void)bytes;
	(void)len;
	(void)insn;
	return -1;
}

/**
 * insn_text() - write an instruction as an assembler does
 * @mode: how the guest runs it
 * @bytes: its bytes
 * @len: how many there are
 * @rip: where it lies
 * @text: gets a remark
 *
 * Return: -1
 */
int insn_text(enum insn_mode mode, const u8 *bytes, size_t len, u64 rip,
	      char text[INSN_TEXT_MAX])
{
	(void)mode;
	(void)bytes;
	(void)len;
	(void)rip;
	snprintf(text, INSN_TEXT_MAX, "(this build has no disassembler)");
	return -1;
}
