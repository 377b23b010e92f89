/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest code that C cannot express: exception stubs, guest_catch(), the way
 * to user mode and back.
 */
#include "lib/layout.h"

	.text

/* Vectors for which the processor pushes an error code. */
#define ERROR_CODES	0x60227d00

	.balign	STUB_SIZE
	.globl	guest_stubs
guest_stubs:
	.set	vector, 0
	.rept	256
	.balign	STUB_SIZE
	.if	vector >= 32
	push	$0
	.elseif	!((ERROR_CODES >> vector) & 1)
	push	$0
	.endif
	.if	vector < 128
	push	$vector
	.else
	.byte	0x68
	.long	vector
	.endif
	jmp	common_stub
	.set	vector, vector + 1
	.endr

/* Registers in the order of struct guest_trap. */
common_stub:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	and	$-16, %rsp
	call	guest_trap
	mov	%rbp, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

/* The GDT's base, where struct guest_cpu is, to RBX. */
	.macro	this_cpu
	sub	$16, %rsp
	sgdt	(%rsp)
	mov	2(%rsp), %rbx
	add	$16, %rsp
	.endm

/* bool guest_catch(guest_fn fn, void *arg, struct caught *caught) */
	.globl	guest_catch
guest_catch:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	this_cpu
	push	CPU_CATCH_RSP(%rbx)
	push	CPU_CATCH_TRAP(%rbx)
	sub	$8, %rsp		/* a call wants the stack aligned */
	mov	%rsp, CPU_CATCH_RSP(%rbx)
	mov	%rdx, CPU_CATCH_TRAP(%rbx)
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	xor	%eax, %eax
	jmp	catch_end

/* Where guest_trap() sends what was caught: RSP is as it was before the call. */
	.globl	guest_catch_landing
guest_catch_landing:
	mov	$1, %eax
catch_end:
	this_cpu
	add	$8, %rsp
	pop	CPU_CATCH_TRAP(%rbx)
	pop	CPU_CATCH_RSP(%rbx)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/* void guest_enter_user(u64 rip, u64 arg, u64 rsp) */
	.globl	guest_enter_user
guest_enter_user:
	push	$GUEST_UDATA
	push	%rdx
	push	$2			/* RFLAGS: interrupts off */
	push	$GUEST_UCODE
	push	%rdi
	mov	%rsi, %rdi
	iretq

/* User code returns to here. */
	.globl	guest_user_return
guest_user_return:
	int	$USER_RETURN_VECTOR
	ud2

	.section .note.GNU-stack, "", @progbits
