/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that reads, writes and executes at random addresses and changes page
 * tables as it goes.  The tables at its own addresses stay, as long as no
 * random write hits them.
 *
 *   R9	mask of the number of a root
 *   R10	one turn in R10 + 1 loads another root
 *   R11	one turn in R11 + 1 changes a table
 *   R12	its table of CR3 targets, plus 1 if it is to be registered
 *   R13	stack
 *   R14	turns left; then it leaves by ARENA_PORT
 *   R15	random state
 */
#include "fuzz/guest.h"

#define SET_CR3_TABLE	5		/* of hypercall/uapi/lull_para.h */
#define NR_CR3_TARGETS	4

#define CODE(label)	(GUEST_WALKER + (label) - walk_code)

	.text

	/* RAX = bits of the random number in RDX. */
	.macro	bits shift, mask
	mov	%rdx, %rax
	shr	$\shift, %rax
	and	$\mask, %eax
	.endm

	/* RBX += an index of 0 to 6, or 511, at its place in an address. */
	.macro	index shift, place
	bits	\shift, 7
	cmp	$7, %eax
	jne	1f
	mov	$511, %eax
1:	shl	$\place, %rax
	or	%rax, %rbx
	.endm

	.globl	walk_code
walk_code:
	test	$1, %r12b
	jz	walk_turn
	mov	%r12, %rdi
	xor	%esi, %esi
	mov	$SET_CR3_TABLE, %eax
	vmcall
	dec	%r12
walk_turn:
	dec	%r14
	jnz	1f
	mov	$ARENA_PORT, %edx
	out	%al, %dx
1:
	movabs	$6364136223846793005, %rax
	imul	%rax, %r15
	add	$1442695, %r15
	mov	%r15, %rdx
	shr	$16, %rdx

	/* Somewhere: canonical for index 511 of the root, too. */
	bits	0, 0xff8
	mov	%rax, %rbx
	index	12, 12
	index	15, 21
	index	18, 30
	index	21, 39
	shl	$16, %rbx
	sar	$16, %rbx

	bits	24, 7
	cmp	$5, %eax
	ja	walk_execute
	cmp	$3, %eax
	ja	walk_write
	mov	(%rbx), %rcx
	cmp	$0, %eax
	jne	walk_next
	mov	5(%rbx), %rcx
	jmp	walk_next
walk_write:
	mov	%rdx, %rcx
	and	$511, %ecx
	mov	GUEST_POOL(,%rcx,8), %rcx
	mov	%rcx, (%rbx)
	jmp	walk_next
walk_execute:
	test	$1, %eax
	jz	walk_next
	jmp	*%rbx

	/* After the access, or the fault that it made. */
walk_next:
	mov	%r15, %rdx
	shr	$16, %rdx
	mov	%rdx, %rax
	shr	$27, %rax
	and	%r11d, %eax
	jnz	1f
	/* An entry of a random table, never its first. */
	bits	28, 31
	cmp	$NR_TABLES, %eax
	jae	2f
	shl	$12, %eax
	lea	GUEST_TABLES(%rax), %rsi
	jmp	3f
2:	mov	$ARENA_ROOT, %esi
3:	bits	33, 7
	jnz	4f
	mov	$511, %eax
4:	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$511, %ecx
	mov	GUEST_POOL(,%rcx,8), %rcx
	mov	%rcx, (%rsi,%rax,8)
1:
	bits	36, 7
	jnz	1f
	invlpg	(%rbx)
1:
	bits	39, 7
	jnz	1f
	mov	%cr3, %rax
	mov	%rax, %cr3
1:
	mov	%rdx, %rax
	shr	$40, %rax
	and	%r10d, %eax
	jnz	1f
	/*
	 * Another root: a random table, or the first; by the value that the
	 * table of CR3 targets has for it, if there is one.
	 */
	mov	%rdx, %rax
	shr	$30, %rax
	and	%r9d, %eax
	shl	$12, %eax
	add	$GUEST_TABLES, %eax
	cmp	$GUEST_TABLES, %eax
	jne	2f
	mov	$ARENA_ROOT, %eax
2:	mov	%r12, %rsi
	mov	$NR_CR3_TARGETS, %ecx
3:	cmp	(%rsi), %rax
	je	4f
	add	$16, %rsi
	loop	3b
	jmp	5f
4:	mov	8(%rsi), %rax
5:	mov	%rax, %cr3
1:
	bits	42, 31
	jnz	1f
	mov	%cr0, %rax
	btc	$16, %rax
	mov	%rax, %cr0
1:
	bits	43, 63
	jnz	1f
	mov	%cr4, %rax
	btc	$20, %rax
	mov	%rax, %cr4
1:
	bits	38, 63
	jnz	1f
	mov	$0xc0000080, %ecx
	rdmsr
	btc	$11, %eax
	wrmsr
1:
	jmp	walk_turn

	.globl	walk_trap_error
walk_trap_error:
	add	$8, %rsp
	.globl	walk_trap
walk_trap:
	movq	$CODE(walk_next), (%rsp)
	movq	$8, 8(%rsp)
	movq	$2, 16(%rsp)
	mov	%r13, 24(%rsp)
	movq	$16, 32(%rsp)
	btsq	$9, 16(%rsp)
	iretq

	.globl	walk_code_end
walk_code_end:

	.section .note.GNU-stack, "", @progbits
