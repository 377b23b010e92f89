/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What C and assembly agree upon: selectors, and the page that holds a guest
 * CPU's GDT and what belongs to it.
 */
#ifndef SELFTESTS_LAYOUT_H
#define SELFTESTS_LAYOUT_H

/*
 * The order of the user segments is the one that SYSRET demands: 32-bit code
 * that nobody uses, data, 64-bit code.
 */
#define GUEST_KCODE		0x08
#define GUEST_KDATA		0x10
#define GUEST_SYSRET_BASE	0x1b
#define GUEST_UDATA		0x23
#define GUEST_UCODE		0x2b
#define GUEST_TSS		0x30
#define GUEST_KCODE32		0x40
#define GUEST_LDT		0x50	/* for tests that want one */

/* Offsets in struct guest_cpu. */
#define CPU_CATCH_RSP		0xf0
#define CPU_CATCH_TRAP		0xf8

/* Software interrupt by which user code returns; its gate has DPL 3. */
#define USER_RETURN_VECTOR	0x80

#define STUB_SIZE		16

#endif /* SELFTESTS_LAYOUT_H */
