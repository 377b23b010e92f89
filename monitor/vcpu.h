/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU: a thread of the launcher inside LULL_RUN.
 */
#ifndef LULL_VCPU_H
#define LULL_VCPU_H

#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/swait.h>
#include <asm/debugreg.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>

#include "hypercall/hypercall.h"
#include "monitor/cpuid.h"
#include "monitor/ptimer.h"
#include "monitor/vm.h"
#include "vmx/vmx.h"

/* CR0 bits that exist; others read as 0, or fault above bit 31. */
#define LULL_CR0_VALID	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | \
			 X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | \
			 X86_CR0_NW | X86_CR0_CD | X86_CR0_PG)

/* Access rights of a segment (SDM: "Format of Access Rights"). */
#define LULL_AR_TYPE		0xfU
#define LULL_AR_TSS16_BUSY	3U
#define LULL_AR_LONG		BIT(13)

/* DR7: general detect, constant bits. */
#define DR7_GD		BIT_ULL(13)
#define DR7_FIXED_1	BIT_ULL(10)
#define DR7_RESERVED	(BIT_ULL(12) | BIT_ULL(14) | BIT_ULL(15))
/* DR6: general detect, task switch. */
#define DR6_BD		BIT_ULL(13)
#define DR6_BT		BIT_ULL(15)

/* Bits of lull_vcpu.requests: to do before the guest is entered. */
enum {
	LULL_REQ_FLUSH,		/* drop hardware translations */
	LULL_REQ_PREPARE,	/* @shutdown, or the timer has fired */
};

#define LULL_CPUID_SLOTS	16

/**
 * struct lull_cpuid_slot - what CPUID returned once
 * @leaf:	the guest's EAX; its low bits number the slot
 * @subleaf:	the guest's ECX
 * @out:	the result
 * @valid:	there is one
 */
struct lull_cpuid_slot {
	u32 leaf;
	u32 subleaf;
	struct lull_cpuid out;
	bool valid;
} __aligned(32);

/**
 * struct lull_vcpu - a virtual CPU
 * @vm:		[I] its VM
 * @id:		[I] its number
 * @run:	[I] the page shared with the launcher
 * @mutex:	held through every vCPU ioctl
 * @vmx:	[v] hardware state
 * @shadow:	[v] shadow root
 * @para:	[v] paravirtual state
 * @timer:	[v] the paravirtual timer
 * @gpr:	[v] general registers by enum lull_gpr; RSP is in the VMCS
 * @cpuid:	[v] results that hold until CR4.OSXSAVE or XCR0 changes
 * @cr3_reserved: [I] bits the guest's CR3 does not have
 * @cr4_reserved: [I] likewise
 * @xcr0:	[v] guest's XCR0
 * @cr8:	[v] guest's CR8
 * @dr6:	[v] guest's DR6
 * @host_xcr0:	[I] host's XCR0
 * @tsc_offset:	[v] guest's TSC minus the host's
 * @tsc_adjust:	[v] guest's IA32_TSC_ADJUST
 * @fpu:	[v] guest's FPU state, in the CPU during LULL_RUN
 * @exit:	[v] last VM exit
 * @entered:	[v] TSC at the last entry, while exits are traced
 * @exited:	[v] TSC at the last exit, if that was not handled at once
 * @stolen:	[v] @stats.preempted then
 * @wire_seq:	[v] the announcement that the tripwire was set for
 * @wire_cr3:	[v] what that borrowed
 * @wire_set:	[v] it was set
 * @idled_cr3:	[v] what the last announcement at a halt borrowed
 * @owes:	[v] halted, and its root had better be brought in sync
 * @halted:	[v] in HLT or IDLE_HALT
 * @halt_if:	[v] ... with interrupts on
 * @shutdown:	[v] an injection made a triple fault
 * @io_pending:	[v] LULL_RUN_IO was returned: finish it on the next LULL_RUN
 * @in_guest:	[a] the CPU is in the guest, or about to enter with @requests
 *		still to be checked
 * @cpu:	[a] where it runs, while @in_guest
 * @requests:	[a] bits LULL_REQ_*
 * @wait:	where the thread sleeps in HLT
 * @irq_line:	[I] INTR of the PIC; of a line that is always low for others
 *		than the first
 * @notifier:	[v] tells when the thread is scheduled out and in
 * @bucket:	[v] enum lull_ticks that time goes to
 * @last:	[v] TSC when it was last charged
 * @stay_end:	[v] TSC when the guest's stay has to end, if it is limited
 * @created:	[I] TSC when the vCPU was made
 * @debugfs:	[I] directory
 * @stats:	[v] what LULL_GET_STATS returns; read racily by debugfs
 * @soft:	debug builds: the software TLB
 *
 * [I] immutable, [v] mutex, [a] atomic.
 */
struct lull_vcpu {
	struct lull_vm *vm;
	int id;
	struct lull_run *run;
	struct mutex mutex;	/* every vCPU ioctl */
	struct vmx_vcpu vmx;
	struct lull_shadow shadow;
	struct lull_para para;
	struct lull_ptimer timer;
	u64 gpr[LULL_NR_GPRS];
	struct lull_cpuid_slot cpuid[LULL_CPUID_SLOTS];
	u64 cr3_reserved;
	u64 cr4_reserved;
	u64 xcr0;
	u64 cr8;
	u64 dr6;
	u64 host_xcr0;
	u64 tsc_offset;
	u64 tsc_adjust;
	struct fpu_guest fpu;
	struct vmx_exit exit;
	u64 entered;
	u64 exited;
	u64 stolen;
	u64 wire_seq;
	u64 wire_cr3;
	bool wire_set;
	u64 idled_cr3;
	bool owes;
	bool halted;
	bool halt_if;
	bool shutdown;
	bool io_pending;
	bool in_guest;
	int cpu;
	unsigned long requests;
	struct swait_queue_head wait;
	const bool *irq_line;
	struct preempt_notifier notifier;
	enum lull_ticks bucket;
	u64 last;
	u64 stay_end;
	u64 created;
	struct dentry *debugfs;
	struct lull_vcpu_stats stats;
#ifdef LULL_DEBUG
	struct lull_soft_tlb soft;
#endif
};

/* lull_account() where preemption is off. */
static inline void lull_account_here(struct lull_vcpu *vcpu,
				     enum lull_ticks bucket)
{
	u64 now = rdtsc();

	vcpu->stats.ticks[vcpu->bucket] += now - vcpu->last;
	vcpu->last = now;
	vcpu->bucket = bucket;
}

/* Charge the time since the last call, and name who pays from now on. */
static inline void lull_account(struct lull_vcpu *vcpu, enum lull_ticks bucket)
{
	/* Being scheduled out charges time too. */
	preempt_disable();
	lull_account_here(vcpu, bucket);
	preempt_enable();
}

static inline void lull_count(struct lull_vcpu *vcpu, enum lull_counter counter)
{
	vcpu->stats.counters[counter]++;
}

/* Where the last exit is counted. */
static inline u32 lull_exit_slot(const struct lull_vcpu *vcpu)
{
	return min_t(u32, vcpu->exit.reason & 0xffff, LULL_NR_EXIT_REASONS - 1);
}

/* CR4.OSXSAVE or XCR0 changed. */
static inline void lull_vcpu_forget_cpuid(struct lull_vcpu *vcpu)
{
	memset(vcpu->cpuid, 0, sizeof(vcpu->cpuid));
}

/* The guest's TSC. */
static inline u64 lull_vcpu_tsc(const struct lull_vcpu *vcpu)
{
	return rdtsc() + vcpu->tsc_offset;
}

/* Read the deadline in the guest's page; may sleep. */
static inline void lull_vcpu_look(struct lull_vcpu *vcpu)
{
	lull_ptimer_look(&vcpu->timer, &vcpu->para, lull_vcpu_tsc(vcpu));
}

/* vcpu.c */
int lull_vcpu_create_fd(struct lull_vm *vm, unsigned long id);
void lull_vcpu_snapshot(struct lull_vcpu *vcpu, struct lull_vcpu_stats *stats);

/* sregs.c */
void lull_vcpu_reset(struct lull_vcpu *vcpu);
void lull_vcpu_get_regs(struct lull_vcpu *vcpu, struct lull_regs *regs);
int lull_vcpu_set_regs(struct lull_vcpu *vcpu, const struct lull_regs *regs);
void lull_vcpu_get_sregs(struct lull_vcpu *vcpu, struct lull_sregs *sregs);
int lull_vcpu_set_sregs(struct lull_vcpu *vcpu, const struct lull_sregs *sregs);

/* run.c */
int lull_vcpu_run(struct lull_vcpu *vcpu);
void lull_vcpu_load(struct lull_vcpu *vcpu);
void lull_vcpu_put(struct lull_vcpu *vcpu);
void lull_vcpu_kick(struct lull_vcpu *vcpu);
void lull_vcpu_inject(struct lull_vcpu *vcpu, const struct lull_exception *ex);

/* targets.c */
bool lull_targets_offered(void);
void lull_vcpu_settle_targets(struct lull_vcpu *vcpu);
bool lull_vcpu_try_land(struct lull_vcpu *vcpu);
int lull_vcpu_land(struct lull_vcpu *vcpu);

/* guard.c */
int lull_guard_hypercall(struct lull_vcpu *vcpu, bool on);
int lull_guard_violation(struct lull_vcpu *vcpu, const struct lull_fault *fault);
void lull_guard_halt(struct lull_vcpu *vcpu,
		     const struct lull_announcement *ann);

/* After an exit: is it known what the guest has loaded in CR3? */
static inline bool lull_vcpu_landed(struct lull_vcpu *vcpu)
{
	return likely(!vcpu->vmx.cr3_targets) || lull_vcpu_try_land(vcpu);
}

/* exit.c */
enum lull_ticks lull_exit_bucket(const struct lull_vcpu *vcpu);
int lull_exit_handle(struct lull_vcpu *vcpu);
int lull_exit_quick(struct lull_vcpu *vcpu);

/* emul_*.c, access.c: enum lull_next, or -errno */
int lull_emul_cr(struct lull_vcpu *vcpu);
int lull_emul_cr_quick(struct lull_vcpu *vcpu);
int lull_emul_dr(struct lull_vcpu *vcpu);
int lull_emul_xsetbv(struct lull_vcpu *vcpu);
bool lull_vcpu_in_64bit_code(struct lull_vcpu *vcpu);
void lull_vcpu_update_mode(struct lull_vcpu *vcpu);
int lull_vcpu_reload(struct lull_vcpu *vcpu);
int lull_emul_rdmsr(struct lull_vcpu *vcpu);
int lull_emul_wrmsr(struct lull_vcpu *vcpu);
int lull_emul_rdmsr_quick(struct lull_vcpu *vcpu);
int lull_emul_wrmsr_quick(struct lull_vcpu *vcpu);
int lull_emul_pio(struct lull_vcpu *vcpu);
int lull_emul_pio_quick(struct lull_vcpu *vcpu);
int lull_emul_pio_finish(struct lull_vcpu *vcpu);
int lull_gva_probe(struct lull_vcpu *vcpu, gva_t gva, size_t len, u32 access,
		   struct lull_exception *ex);
int lull_gva_read(struct lull_vcpu *vcpu, gva_t gva, void *to, size_t len,
		  u32 access, struct lull_exception *ex);
int lull_gva_write(struct lull_vcpu *vcpu, gva_t gva, const void *from,
		   size_t len, struct lull_exception *ex);

/* The exiting instruction is done. */
static inline int lull_next_insn(struct lull_vcpu *vcpu)
{
	lull_vmx_skip_insn(&vcpu->vmx, &vcpu->exit);
	return LULL_NEXT_GUEST;
}

/* A fault instead of it. */
void lull_inject_fault(struct lull_vcpu *vcpu, const struct lull_exception *ex);
int lull_inject_gp(struct lull_vcpu *vcpu);
int lull_inject_ud(struct lull_vcpu *vcpu);

#endif /* LULL_VCPU_H */
