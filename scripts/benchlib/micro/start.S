/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entries of the micro-benchmarks: the kernel's 64-bit entry lies 0x200
 * behind the start of the image, and the timer's interrupt handler.
 */
	.section .head, "ax"
	.globl	_start
_start:
	.skip	0x200
	cld
	lea	stack_end(%rip), %rsp
	xor	%ebp, %ebp
	call	micro_main
1:	hlt
	jmp	1b

	.text
	.globl	timer_entry
timer_entry:
	push	%rax
	incl	timer_fired(%rip)
	mov	$0x20, %al		/* end of interrupt */
	out	%al, $0x20
	pop	%rax
	iretq

	.bss
	.balign	16
	.skip	8192
stack_end:

	.section .note.GNU-stack, "", @progbits
