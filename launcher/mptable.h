/* SPDX-License-Identifier: GPL-2.0-only */
/* The table by which a guest finds its local APIC and its IOAPIC. */
#ifndef LAUNCHER_MPTABLE_H
#define LAUNCHER_MPTABLE_H

struct gmem;

/* In what the e820 map reserves below 1 MiB, where a guest looks for it. */
#define MPTABLE_ADDRESS	0x9fc00

void mptable_write(const struct gmem *mem);

#endif /* LAUNCHER_MPTABLE_H */
