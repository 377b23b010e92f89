/* SPDX-License-Identifier: GPL-2.0-only */
/* GDT, TSS and IDT of a guest CPU: bytes in memory, no processor needed. */
#ifndef SELFTESTS_TABLES_H
#define SELFTESTS_TABLES_H

#include "lib/guest.h"

#define AR_TSS_BUSY	0x008b
#define GDT_TSS_BUSY	(0x2ULL << 40)

/**
 * fill_guest_cpu() - GDT and TSS
 * @cpu:	to fill
 * @gva:	where the guest has it
 * @rsp0:	top of the stack for traps from user mode
 */
void fill_guest_cpu(struct guest_cpu *cpu, u64 gva, u64 rsp0);
/* Gates for all vectors, to the stubs of guest_entry.S. */
void fill_idt(u64 *idt);

#endif /* SELFTESTS_TABLES_H */
