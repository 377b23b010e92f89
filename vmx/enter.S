/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way into the guest and back: general registers, and what must happen
 * between the last host instruction and the first guest one.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/unwind_hints.h>

/* Offsets in gpr[]: enum lull_gpr times 8; run.c asserts them. */
#define GPR_RAX		(0 * 8)
#define GPR_RCX		(1 * 8)
#define GPR_RDX		(2 * 8)
#define GPR_RBX		(3 * 8)
/* RSP is in the VMCS. */
#define GPR_RBP		(5 * 8)
#define GPR_RSI		(6 * 8)
#define GPR_RDI		(7 * 8)
#define GPR_R8		(8 * 8)
#define GPR_R9		(9 * 8)
#define GPR_R10		(10 * 8)
#define GPR_R11		(11 * 8)
#define GPR_R12		(12 * 8)
#define GPR_R13		(13 * 8)
#define GPR_R14		(14 * 8)
#define GPR_R15		(15 * 8)

/* VMCS encoding; run.c asserts it. */
#define FIELD_HOST_RSP	0x6c14

.section .noinstr.text, "ax"

/**
 * lull_vmx_enter - run the guest until its next exit
 * @gpr:	guest's general registers, loaded and stored (%rdi)
 * @host_rsp:	what HOST_RSP holds; brought up to date (%rsi)
 * @resume:	VMRESUME instead of VMLAUNCH (%edx)
 *
 * HOST_RIP is lull_vmx_exit_point.  Interrupts are off.
 *
 * Return: 0 after an exit, 1 if there was no entry.
 */
SYM_FUNC_START(lull_vmx_enter)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	/* For the way back, when no register is ours. */
	push	%rdi

	cmp	%rsp, (%rsi)
	je	.Lhost_rsp_done
	mov	$FIELD_HOST_RSP, %eax
.Lwrite_host_rsp:
	vmwrite	%rsp, %rax
	jbe	.Lno_entry
	mov	%rsp, (%rsi)
.Lhost_rsp_done:

	/* CF chooses the instruction; nothing below changes it. */
	bt	$0, %edx

	mov	GPR_RCX(%rdi), %rcx
	mov	GPR_RDX(%rdi), %rdx
	mov	GPR_RBX(%rdi), %rbx
	mov	GPR_RBP(%rdi), %rbp
	mov	GPR_RSI(%rdi), %rsi
	mov	GPR_R8(%rdi), %r8
	mov	GPR_R9(%rdi), %r9
	mov	GPR_R10(%rdi), %r10
	mov	GPR_R11(%rdi), %r11
	mov	GPR_R12(%rdi), %r12
	mov	GPR_R13(%rdi), %r13
	mov	GPR_R14(%rdi), %r14
	mov	GPR_R15(%rdi), %r15
	mov	GPR_RAX(%rdi), %rax
	mov	GPR_RDI(%rdi), %rdi

	/* After the last load of host data; changes ZF only. */
	CLEAR_CPU_BUFFERS

	jnc	.Llaunch

	/* The exit continues behind these, with this stack. */
	UNWIND_HINT_SAVE
.Lresume:
	vmresume
	jmp	.Lno_entry
.Llaunch:
	vmlaunch
	jmp	.Lno_entry

	/* VMX is off: a reboot is under way. */
	_ASM_EXTABLE(.Lwrite_host_rsp, .Lno_entry)
	_ASM_EXTABLE(.Lresume, .Lno_entry)
	_ASM_EXTABLE(.Llaunch, .Lno_entry)

SYM_INNER_LABEL(lull_vmx_exit_point, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR

	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rax, GPR_RAX(%rdi)
	mov	%rcx, GPR_RCX(%rdi)
	mov	%rdx, GPR_RDX(%rdi)
	mov	%rbx, GPR_RBX(%rdi)
	mov	%rbp, GPR_RBP(%rdi)
	mov	%rsi, GPR_RSI(%rdi)
	mov	%r8, GPR_R8(%rdi)
	mov	%r9, GPR_R9(%rdi)
	mov	%r10, GPR_R10(%rdi)
	mov	%r11, GPR_R11(%rdi)
	mov	%r12, GPR_R12(%rdi)
	mov	%r13, GPR_R13(%rdi)
	mov	%r14, GPR_R14(%rdi)
	mov	%r15, GPR_R15(%rdi)
	pop	GPR_RDI(%rdi)
	xor	%ebx, %ebx

.Lhost_again:
	/* Drop the saved @gpr; its register is cleared with the others. */
	pop	%rax

	/*
	 * No value of the guest's, or after a failed entry of anybody's, is
	 * left for the host to speculate on.  RBX is the return value.
	 */
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebp, %ebp
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d

	/*
	 * The order matters: return stack first, then indirect branches, then
	 * branch history, and no unbalanced RET before the end of it.  The
	 * guest has no way to SPEC_CTRL, so that the MSR still has the host's
	 * value; legacy IBRS must be written anew on every way up.
	 */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE
	ALTERNATIVE "jmp .Librs_done", "", X86_FEATURE_KERNEL_IBRS
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	mov	PER_CPU_VAR(x86_spec_ctrl_current), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
.Librs_done:
	CLEAR_BRANCH_HISTORY_VMEXIT

	mov	%ebx, %eax
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

.Lno_entry:
	mov	$1, %ebx
	jmp	.Lhost_again
SYM_FUNC_END(lull_vmx_enter)
