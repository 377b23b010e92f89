/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The code of the guest of arena.h.  R15 is its random state: each turn of the
 * loop touches a page, and at times does one of the things that exit.
 */
#include "lib/arena.h"

	.text

/* Skip to 1f unless the bits of RDX below are all 0: one turn in so many. */
	.macro	unless_one_in bits, shift
	mov	%rdx, %rax
	shr	$\shift, %rax
	test	$((1 << \bits) - 1), %eax
	jnz	1f
	.endm

	.globl	arena_code
arena_code:
	mov	$ARENA_STACK + 0xff8, %esp
	mov	$0x20, %al
	out	%al, $0x20
	sti
turn:
	movabs	$6364136223846793005, %rax
	imul	%rax, %r15
	add	$1442695, %r15
	mov	%r15, %rdx
	shr	$20, %rdx

	/* One of 16 pages to read and write, in one of its two mappings. */
	mov	%edx, %ebx
	and	$0x20f000, %ebx
	or	$ARENA_PLAY, %ebx
	mov	(%rbx), %rcx
	mov	%rdx, (%rbx)

	unless_one_in 2, 24
	/* Change its page table entry: W, U, A or D; or P for a moment. */
	mov	%ebx, %esi
	and	$0x1ff000, %esi
	shr	$9, %esi
	mov	%edx, %ecx
	and	$3, %ecx
	btc	%rcx, ARENA_PT(%rsi)
	btsq	$0, ARENA_PT(%rsi)
	invlpg	(%rbx)
1:
	unless_one_in 3, 26
	mov	%cr3, %rax
	mov	%rax, %cr3
1:
	unless_one_in 3, 29
	mov	$ARENA_PORT, %edx
	out	%al, %dx
	mov	%r15, %rdx
	shr	$20, %rdx
1:
	unless_one_in 4, 32
	mov	%rdx, %r8
	mov	$ARENA_PORT, %edx
	in	%dx, %eax
	mov	%r8, %rdx
1:
	unless_one_in 4, 33
	mov	%rdx, %r8
	cpuid
	mov	%r8, %rdx
1:
	unless_one_in 4, 34
	/* Hypercalls 0 to 3, with a page now and then. */
	mov	%edx, %eax
	and	$3, %eax
	mov	%ebx, %edi
	inc	%edi
	xor	%esi, %esi
	vmcall
1:
	unless_one_in 5, 35
	/* The PIT, anywhere between 256 and 65536 clocks, and its input. */
	mov	$0x34, %al
	out	%al, $0x43
	mov	%dl, %al
	out	%al, $0x40
	mov	%dh, %al
	or	$1, %al
	out	%al, $0x40
	mov	%dl, %al
	and	$0xfe, %al
	out	%al, $0x21
1:
	unless_one_in 6, 36
	hlt
1:
	unless_one_in 7, 30
	/* No memory there: to the launcher. */
	mov	0x400000, %rax
1:
	unless_one_in 6, 31
	ud2
1:
	jmp	turn

/* Any exception or interrupt: tell the launcher, begin anew. */
	.globl	arena_trap
arena_trap:
	out	%al, $ARENA_TRAP_PORT
	jmp	arena_code
	.globl	arena_code_end
arena_code_end:

	.section .note.GNU-stack, "", @progbits
