/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way from a Multiboot loader (32-bit protected mode, paging off) to
 * bare_main() in 64-bit mode, with the first 1 GiB mapped to itself.
 */
#include "lib/layout.h"

#define MULTIBOOT_MAGIC		0x1badb002
#define MULTIBOOT_FLAGS		0x3	/* page aligned, memory information */

#define CR0_PE_MP_ET_NE_WP_PG	0x80010033
#define CR4_PAE			0x20
#define MSR_EFER		0xc0000080
#define EFER_LME		0x100
#define PTE_P_W			0x3
#define PTE_P_W_U		0x7
#define PTE_P_W_PS		0x83

	.section .multiboot, "a"
	.balign	4
	.long	MULTIBOOT_MAGIC
	.long	MULTIBOOT_FLAGS
	.long	-(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.text
	.code32
	.globl	bare_start
bare_start:
	cli
	cld
	mov	$bare_stack_top, %esp
	mov	%eax, %ebp		/* the loader's magic, and what it says */
	mov	%ebx, %esi

	/* 512 large pages; entries above them are open to all */
	mov	$bare_pd, %edi
	mov	$PTE_P_W_PS, %eax
	mov	$512, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	movl	$(bare_pd + PTE_P_W_U), bare_pdpt
	movl	$(bare_pdpt + PTE_P_W_U), bare_pml4

	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$bare_pml4, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	mov	$CR0_PE_MP_ET_NE_WP_PG, %eax
	mov	%eax, %cr0
	lgdt	boot_gdtr
	ljmp	$GUEST_KCODE, $start64

	.code64
start64:
	mov	$GUEST_KDATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	%eax, %ss
	mov	%ebp, %edi
	mov	%esi, %esi
	call	bare_main
1:	hlt
	jmp	1b

	.section .rodata
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* GUEST_KCODE */
	.quad	0x00cf93000000ffff	/* GUEST_KDATA */
boot_gdtr:
	.word	. - boot_gdt - 1
	.long	boot_gdt

	.bss
	.balign	4096
bare_pml4:
	.skip	4096
bare_pdpt:
	.skip	4096
	.globl	bare_pd
bare_pd:
	.skip	4096
	.skip	16384
bare_stack_top:

	.section .note.GNU-stack, "", @progbits
