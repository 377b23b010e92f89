/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small guest for fuzzers, whose memory the launcher may tear to pieces.
 *
 * Its memory lies at an address of its own in the launcher and has, from
 * guest-physical 0 on:
 *
 *   0x1000	page tables: 0 to 2 MiB identity-mapped, the same again at 2 MiB
 *		by a large page, no memory at 4 MiB, all of them again from
 *		the last entry of the root on
 *   0x5000	IDT
 *   0x6000	GDT and TSS
 *   0x7000	stack
 *   0x8000	code: arena_code of arena_code.S
 *   0x10000	memory that the code plays with
 */
#ifndef SELFTESTS_ARENA_H
#define SELFTESTS_ARENA_H

#define ARENA_HVA	0x10000000
#define ARENA_SIZE	0x200000
#define ARENA_ROOT	0x1000
#define ARENA_PT	0x4000
#define ARENA_IDT	0x5000
#define ARENA_GDT	0x6000
#define ARENA_TSS	0x6100
#define ARENA_STACK	0x7000
#define ARENA_CODE	0x8000
#define ARENA_PLAY	0x10000

/* Ports by which it talks. */
#define ARENA_PORT	0x3f8
#define ARENA_TRAP_PORT	0xf0

#ifndef __ASSEMBLER__
#include "monitor/uapi/lull.h"

/* To be called once. */
void arena_init(void);
/* Map the memory, as it is in the beginning, in place of what is there. */
void arena_map(void);
/* The state in which the code begins. */
void arena_sregs(struct lull_sregs *sregs);
void arena_regs(struct lull_regs *regs);
#endif

#endif /* SELFTESTS_ARENA_H */
