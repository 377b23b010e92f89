/* SPDX-License-Identifier: GPL-2.0-only */
/* What C and assembly of the image agree upon. */
#ifndef SELFTESTS_MULTIBOOT_LAYOUT_H
#define SELFTESTS_MULTIBOOT_LAYOUT_H

#define CODE32		0x08
#define DATA		0x10
#define CODE64		0x18

#define NR_VECTORS	0x41
#define VECTOR_UD	6
#define VECTOR_PF	14
#define INT_VECTOR	0x40

#define UART_PORT	0x3f8
#define EXIT_PORT	0xf4

#define CR0_PG		0x80000000
#define CR4_PAE		0x20
#define MSR_EFER	0xc0000080
#define EFER_LME	0x100
#define EFER_LMA	0x400

/* One page at 512 GiB, and nothing beside it. */
#define WINDOW_GVA	0x8000000000
#define FAULT_GVA	0x8000001000

#endif /* SELFTESTS_MULTIBOOT_LAYOUT_H */
