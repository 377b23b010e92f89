/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ioctl interface of /dev/lull.  monitor/uapi/API.rst specifies it, with
 * each error and its cause.
 *
 * Three kinds of file descriptor: the system (/dev/lull), a VM, a vCPU.  All
 * pads and undefined flag bits must be 0.
 */
#ifndef _UAPI_LULL_H
#define _UAPI_LULL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define LULL_API_VERSION	1

#define LULL_MAX_VCPUS		8
#define LULL_MAX_SLOTS		32

/* struct lull_caps.features */
#define LULL_CAP_VPID		(1ULL << 0)	/* host tags its TLB */
#define LULL_CAP_TPR_SHADOW	(1ULL << 1)
#define LULL_CAP_NX		(1ULL << 2)	/* guests may use NX */
#define LULL_CAP_XSAVE		(1ULL << 3)	/* guests may use XSAVE */

/**
 * struct lull_caps - what this host offers
 * @features:	LULL_CAP_*
 * @para_features: LULL_PARA_F_* that a VM may offer to its guest
 * @tsc_khz:	frequency of every guest's TSC
 * @run_size:	bytes to mmap() from a vCPU fd for struct lull_run
 * @max_vcpus:	vCPUs a VM may have
 * @max_slots:	memory slots a VM may have
 */
struct lull_caps {
	__u64 features;
	__u64 para_features;
	__u32 tsc_khz;
	__u32 run_size;
	__u32 max_vcpus;
	__u32 max_slots;
};

/**
 * struct lull_vm_config - argument of LULL_CREATE_VM
 * @para_features: LULL_PARA_F_* to offer to the guest
 * @shadow_pages: most shadow pages the VM may have; 0 takes the default,
 *		other values lie between LULL_MIN_SHADOW_PAGES and
 *		LULL_MAX_SHADOW_PAGES
 * @flags:	LULL_VM_F_*
 * @pad:	must be 0
 */
struct lull_vm_config {
	__u64 para_features;
	__u32 shadow_pages;
	__u32 flags;
	__u64 pad[2];
};

/* struct lull_vm_config.flags: an access that the idle guard finds ends the VM */
#define LULL_VM_F_GUARD_KILL	1U
#define LULL_VM_F_ALL		1U

#define LULL_MIN_SHADOW_PAGES	64
#define LULL_MAX_SHADOW_PAGES	(1U << 18)

/* struct lull_memory_region.flags */
#define LULL_MEM_READONLY	(1U << 0)

/**
 * struct lull_memory_region - argument of LULL_SET_MEMORY
 * @slot:	below LULL_MAX_SLOTS
 * @flags:	LULL_MEM_*
 * @gpa:	guest-physical address, page aligned
 * @size:	bytes, page aligned; 0 removes the slot
 * @hva:	address in the caller's address space, page aligned
 */
struct lull_memory_region {
	__u32 slot;
	__u32 flags;
	__u64 gpa;
	__u64 size;
	__u64 hva;
};

/**
 * struct lull_irq_line - argument of LULL_IRQ_LINE
 * @irq:	input of the PIC pair, 0 to 15 (not 2)
 * @level:	0 or 1
 */
struct lull_irq_line {
	__u32 irq;
	__u32 level;
};

/* Index into struct lull_regs.gpr: the order of the SDM's encodings. */
enum lull_gpr {
	LULL_RAX, LULL_RCX, LULL_RDX, LULL_RBX,
	LULL_RSP, LULL_RBP, LULL_RSI, LULL_RDI,
	LULL_R8, LULL_R9, LULL_R10, LULL_R11,
	LULL_R12, LULL_R13, LULL_R14, LULL_R15,
	LULL_NR_GPRS
};

/**
 * struct lull_regs - general registers
 * @gpr:	by enum lull_gpr
 * @rip:	instruction pointer
 * @rflags:	flags; bit 1 is always set
 */
struct lull_regs {
	__u64 gpr[LULL_NR_GPRS];
	__u64 rip;
	__u64 rflags;
};

/**
 * struct lull_segment - one segment register with its hidden part
 * @base:	base address
 * @limit:	limit in bytes
 * @ar:		access rights as in the SDM's "Format of Access Rights";
 *		bit 16 set means unusable
 * @selector:	selector
 * @pad:	must be 0
 */
struct lull_segment {
	__u64 base;
	__u32 limit;
	__u32 ar;
	__u16 selector;
	__u16 pad[3];
};

/* Index into struct lull_sregs.seg: the order of the SDM's encodings. */
enum lull_seg {
	LULL_ES, LULL_CS, LULL_SS, LULL_DS, LULL_FS, LULL_GS,
	LULL_LDTR, LULL_TR,
	LULL_NR_SEGS
};

/**
 * struct lull_dtable - GDTR or IDTR
 * @base:	linear address
 * @limit:	limit in bytes
 * @pad:	must be 0
 */
struct lull_dtable {
	__u64 base;
	__u16 limit;
	__u16 pad[3];
};

/**
 * struct lull_sregs - system registers
 * @seg:	by enum lull_seg
 * @gdtr:	global descriptor table
 * @idtr:	interrupt descriptor table
 * @cr0:	as the guest sees it; PE and NE must be set
 * @cr2:	page-fault linear address
 * @cr3:	guest-physical address of the root table
 * @cr4:	as the guest sees it; with PG, PAE must be set
 * @efer:	with PG, LME and LMA must be set; LMA is clear without
 */
struct lull_sregs {
	struct lull_segment seg[LULL_NR_SEGS];
	struct lull_dtable gdtr;
	struct lull_dtable idtr;
	__u64 cr0;
	__u64 cr2;
	__u64 cr3;
	__u64 cr4;
	__u64 efer;
};

/* struct lull_run.reason: why LULL_RUN returned 0 */
enum lull_run_reason {
	LULL_RUN_NONE,		/* never returned */
	LULL_RUN_IO,		/* port I/O for the launcher: @io */
	LULL_RUN_MMIO,		/* access to no memory: @mmio */
	LULL_RUN_SHUTDOWN,	/* triple fault */
	LULL_RUN_FAIL_ENTRY,	/* VM entry failed: @hw */
	LULL_RUN_UNHANDLED,	/* an exit Lull does not handle: @hw */
	LULL_RUN_MODE,		/* a mode Lull does not run: @mode */
	LULL_RUN_GUARD,		/* access to the guarded user half: @guard */
};

/* struct lull_run.mode.wanted */
enum lull_mode {
	LULL_MODE_REAL,		/* CR0.PE clear */
	LULL_MODE_32BIT,	/* paging without CR4.PAE */
	LULL_MODE_PAE,		/* paging with CR4.PAE, without EFER.LME */
};

#define LULL_IO_OUT		0
#define LULL_IO_IN		1
#define LULL_INSN_MAX		15

/**
 * struct lull_run - page shared by the launcher and LULL_RUN
 * @immediate_exit: in: when not 0, LULL_RUN returns -EINTR before it enters
 *		the guest.  May be set from a signal handler.
 * @reason:	out: enum lull_run_reason
 * @io:		LULL_RUN_IO.  After LULL_IO_IN the launcher puts the result in
 *		@io.data before it calls LULL_RUN again.  A string
 *		instruction comes one element at a time.
 * @mmio:	LULL_RUN_MMIO.  The launcher decodes @mmio.insn, changes
 *		registers and RIP itself through LULL_SET_REGS.
 * @hw:		LULL_RUN_FAIL_ENTRY, LULL_RUN_UNHANDLED.  The VM is dead.
 * @mode:	LULL_RUN_MODE.  MOV to CR0 has not executed.  The VM is dead.
 * @guard:	LULL_RUN_GUARD.  The access was not made.  The VM is dead.
 */
struct lull_run {
	__u32 immediate_exit;
	__u32 reason;
	union {
		struct {
			__u16 port;
			__u8 direction;
			__u8 size;
			__u32 data;
		} io;
		struct {
			__u64 gpa;
			__u64 gva;
			__u8 write;
			__u8 insn_len;	/* valid bytes in @insn */
			__u8 insn[LULL_INSN_MAX];
			__u8 pad[7];
		} mmio;
		struct {
			__u32 exit_reason;
			__u32 insn_error;	/* VM-instruction error, or 0 */
			__u64 qualification;
			__u64 intr_info;
		} hw;
		struct {
			__u32 wanted;	/* enum lull_mode */
			__u32 pad;
		} mode;
		struct {
			__u64 rip;
			__u64 gva;
			__u32 error_code;	/* of the page fault */
			__u32 pad;
		} guard;
		__u8 pad[248];
	};
};

/*
 * Every TSC tick of a vCPU thread, from LULL_CREATE_VCPU on, is in exactly
 * one of these, or in @preempted.
 */
enum lull_ticks {
	LULL_TICKS_GUEST,	/* in VMX non-root mode */
	LULL_TICKS_IDLE,	/* blocked in HLT or IDLE_HALT */
	LULL_TICKS_PT_SWITCH,	/* guest CR3 writes, without the sync */
	LULL_TICKS_FAULT,	/* page faults, INVLPG, other exceptions */
	LULL_TICKS_SYNC,	/* resync of unsync tables on CR3 writes, in halts */
	LULL_TICKS_PRIV,	/* other privileged instructions, CPUID, MSRs */
	LULL_TICKS_IRQ,		/* PIC and PIT ports, host interrupts */
	LULL_TICKS_PIO,		/* other port I/O, kernel part */
	LULL_TICKS_USER,	/* outside LULL_RUN */
	LULL_TICKS_ENTRY,	/* into and out of the guest, injection; not
				 * around exits that are handled at once:
				 * there the exit's bucket pays for all
				 */
	LULL_NR_TICKS
};

enum lull_counter {
	LULL_CNT_CR3_LOADS,	/* MOV to CR3 exits */
	LULL_CNT_CR3_SAME,	/* ... that load the value CR3 has */
	LULL_CNT_CR3_CACHED,	/* ... whose root was in the cache */
	LULL_CNT_SYNC_PAGES,	/* unsync tables brought in sync */
	LULL_CNT_FAULTS,	/* page faults handled by the shadow MMU */
	LULL_CNT_GUEST_FAULTS,	/* page faults given to the guest */
	LULL_CNT_UNSYNC,	/* tables that became unsync */
	LULL_CNT_ZAPS,		/* shadow pages freed */
	LULL_CNT_SHADOW_PAGES,	/* shadow pages made */
	LULL_CNT_INJECTIONS,	/* events injected */
	LULL_CNT_HYPERCALLS,	/* VMCALL exits */
	LULL_CNT_IDLE_ENTERS,	/* times the vCPU blocked or would have */
	LULL_CNT_IDLE_ANNOUNCED,/* ... with a valid announcement */
	LULL_CNT_IO_USER,	/* LULL_RUN_IO returns */
	LULL_CNT_TLB_FLUSHES,	/* flushes of the hardware TLB asked for */
	LULL_CNT_WAKEUPS,	/* times the thread was woken while halted */
	LULL_CNT_TIMER_FIRES,	/* interrupts of the host's timers for the guest */
	LULL_CNT_CR3_UNSEEN,	/* exits that found another CR3 target loaded */
	LULL_CNT_CR3_LISTED,	/* roots that became CR3 targets */
	LULL_CNT_CR3_DELISTED,	/* ... and were taken off the list */
	LULL_CNT_GUARD_VIOLATIONS, /* accesses to the guarded user half */
	LULL_CNT_TRIPWIRE,	/* ... found by the accessed flags at a halt */
	LULL_CNT_IDLE_GUARDED,	/* halts with the user half withdrawn */
	LULL_CNT_DEBT_PAGES,	/* tables brought in sync in a halt */
	LULL_NR_COUNTERS
};

/* Basic exit reasons run from 0 to 69; larger ones are counted in 79. */
#define LULL_NR_EXIT_REASONS	80

/**
 * struct lull_vcpu_stats - what LULL_GET_STATS returns
 * @exits:	by basic exit reason (SDM appendix "VMX Basic Exit Reasons")
 * @exit_ticks:	TSC ticks spent handling them in the kernel
 * @ticks:	by enum lull_ticks
 * @counters:	by enum lull_counter
 * @preempted:	TSC ticks in LULL_RUN that the thread was not on a CPU,
 *		sleep in HLT aside
 * @total:	TSC ticks since the vCPU was made: the sum of @ticks and
 *		@preempted
 */
struct lull_vcpu_stats {
	__u64 exits[LULL_NR_EXIT_REASONS];
	__u64 exit_ticks[LULL_NR_EXIT_REASONS];
	__u64 ticks[LULL_NR_TICKS];
	__u64 counters[LULL_NR_COUNTERS];
	__u64 preempted;
	__u64 total;
};

#define LULL_IOC		0xba

/* on /dev/lull */
#define LULL_GET_API_VERSION	_IO(LULL_IOC, 0x00)
#define LULL_GET_CAPS		_IOR(LULL_IOC, 0x01, struct lull_caps)
#define LULL_CREATE_VM		_IOW(LULL_IOC, 0x02, struct lull_vm_config)
/* on a VM */
#define LULL_SET_MEMORY		_IOW(LULL_IOC, 0x10, struct lull_memory_region)
#define LULL_CREATE_VCPU	_IO(LULL_IOC, 0x11)	/* argument: its number */
#define LULL_IRQ_LINE		_IOW(LULL_IOC, 0x12, struct lull_irq_line)
/* on a vCPU */
#define LULL_RUN		_IO(LULL_IOC, 0x20)
#define LULL_GET_REGS		_IOR(LULL_IOC, 0x21, struct lull_regs)
#define LULL_SET_REGS		_IOW(LULL_IOC, 0x22, struct lull_regs)
#define LULL_GET_SREGS		_IOR(LULL_IOC, 0x23, struct lull_sregs)
#define LULL_SET_SREGS		_IOW(LULL_IOC, 0x24, struct lull_sregs)
#define LULL_GET_STATS		_IOR(LULL_IOC, 0x25, struct lull_vcpu_stats)

#endif /* _UAPI_LULL_H */
