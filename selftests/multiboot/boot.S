/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A Multiboot 1 image: its header, its start, the traps of both modes, and the
 * way to 64-bit code and back.
 */
#include "layout.h"

#define MULTIBOOT_MAGIC	0x1badb002
#define MULTIBOOT_FLAGS	3		/* aligned modules, memory */

	.section .multiboot, "a"
	.balign	4
	.long	MULTIBOOT_MAGIC
	.long	MULTIBOOT_FLAGS
	.long	-(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.text
	.code32
	.globl	start
start:
	mov	$stack_top, %esp
	push	$0
	popf
	lgdt	gdt_register
	ljmp	$CODE32, $1f
1:	mov	$DATA, %ecx
	mov	%ecx, %ds
	mov	%ecx, %es
	mov	%ecx, %fs
	mov	%ecx, %gs
	mov	%ecx, %ss
	push	%ebx
	push	%eax
	call	image_main
	movzbl	%al, %eax
	mov	$EXIT_PORT, %edx
	out	%al, %dx
1:	cli
	hlt
	jmp	1b

/* u32 long_call(u32 fn, u32 arg): run 64-bit code, EAX is its result. */
	.globl	long_call
long_call:
	push	%ebp
	push	%ebx
	push	%esi
	push	%edi
	mov	20(%esp), %ebx
	mov	24(%esp), %edi
	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$root_table, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	lidt	idt64_register
	mov	%cr0, %eax
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	ljmp	$CODE64, $1f
	.code64
1:	mov	%esp, %esp
	call	*%rbx
	mov	%eax, %esi
	ljmpl	*back_to_32(%rip)
	.code32
back32:
	mov	%cr0, %eax
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	lidt	idt32_register
	mov	%cr4, %eax
	and	$~CR4_PAE, %eax
	mov	%eax, %cr4
	mov	%esi, %eax
	pop	%edi
	pop	%esi
	pop	%ebx
	pop	%ebp
	ret

/* A trap counts itself, and INT and UD2 are two bytes long. */
	.globl	trap32_int, trap32_ud
trap32_int:
	incl	traps32
	iretl
trap32_ud:
	incl	traps32
	addl	$2, (%esp)
	iretl

/* 64-bit code.  Each gets its argument in EDI. */
	.code64
	.globl	trap64_int, trap64_pf
trap64_int:
	incl	traps64(%rip)
	iretq
/* The access is "mov (%rax), %eax", two bytes. */
trap64_pf:
	push	%rax
	mov	8(%rsp), %eax
	mov	%eax, fault_code(%rip)
	mov	%cr2, %rax
	mov	%rax, fault_address(%rip)
	pop	%rax
	add	$8, %rsp
	addq	$2, (%rsp)
	iretq

	.globl	fn64_int, fn64_fault, fn64_store, fn64_cpuid, fn64_big
fn64_int:
	int	$INT_VECTOR
	mov	traps64(%rip), %eax
	ret
/* Where there is no translation. */
fn64_fault:
	movabs	$FAULT_GVA, %rax
	mov	(%rax), %eax
	mov	fault_code(%rip), %eax
	ret
/* By an address that is not the page's own. */
fn64_store:
	movabs	$WINDOW_GVA, %rax
	mov	%edi, (%rax)
	mov	4(%rax), %eax
	ret
fn64_cpuid:
	push	%rbx
	mov	%edi, %eax
	xor	%ecx, %ecx
	cpuid
	pop	%rbx
	ret
/* Is this really 64-bit code? */
fn64_big:
	movabs	$0x123456789abcdef0, %rax
	shr	$32, %rax
	ret

	.data
	.balign	8
	.globl	fault_address, fault_code, traps32, traps64
fault_address:
	.quad	0
fault_code:
	.long	0
traps32:
	.long	0
traps64:
	.long	0
back_to_32:
	.long	back32
	.word	CODE32

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* CODE32 */
	.quad	0x00cf93000000ffff	/* DATA */
	.quad	0x00af9b000000ffff	/* CODE64 */
gdt_end:
gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt
	.globl	idt32_register, idt64_register
idt32_register:
	.word	8 * NR_VECTORS - 1
	.long	idt32
idt64_register:
	.word	16 * NR_VECTORS - 1
	.long	idt64

	.bss
	.balign	4096
	.globl	root_table, tables, idt32, idt64, window
root_table:
	.skip	4096
tables:
	.skip	5 * 4096
window:
	.skip	4096
idt32:
	.skip	8 * NR_VECTORS
idt64:
	.skip	16 * NR_VECTORS
	.balign	16
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
