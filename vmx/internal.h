/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of vmx/ share among themselves.
 */
#ifndef LULL_VMX_INTERNAL_H
#define LULL_VMX_INTERNAL_H

#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/percpu.h>

#include "vmx/vmcs.h"
#include "vmx/vmx.h"

/* The two one-entry lists in struct vmx_vcpu.efer_list. */
enum {
	EFER_LIST_GUEST,
	EFER_LIST_HOST,
};

/* hw.c */
DECLARE_STATIC_KEY_FALSE(lull_vmx_host_pmu);
bool lull_vmx_going_down(void);
bool lull_vmx_acquire(struct vmx_vcpu *vmx);
void lull_vmx_release(struct vmx_vcpu *vmx);
struct vmx_msrs;
void lull_vmx_read_msrs(struct vmx_msrs *msrs);

/* VM-exit interruption information: IRET ended NMI blocking, then faulted. */
#define VMX_INTR_NMI_UNBLOCKED	BIT(12)

/*
 * Reasons that are instructions the guest executed.  They do not come in the
 * middle of an event's delivery, as all others may.
 */
#define VMX_INSN_EXITS \
	(GENMASK_ULL(VMX_EXIT_WRMSR, VMX_EXIT_CPUID) | \
	 BIT_ULL(VMX_EXIT_MWAIT) | BIT_ULL(VMX_EXIT_MONITOR) | \
	 BIT_ULL(VMX_EXIT_INVEPT) | BIT_ULL(VMX_EXIT_INVVPID) | \
	 BIT_ULL(VMX_EXIT_WBINVD) | BIT_ULL(VMX_EXIT_XSETBV))

static __always_inline bool vmx_is_insn_exit(u32 reason)
{
	return reason < 64 && (VMX_INSN_EXITS & BIT_ULL(reason));
}

#define VMX_BLOCKING_BY_STI_MOV_SS \
	(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

static inline void vmx_end_blocking(void)
{
	u32 state = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	if (unlikely(state & VMX_BLOCKING_BY_STI_MOV_SS))
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
			     state & ~VMX_BLOCKING_BY_STI_MOV_SS);
}

/* msr.c */
void lull_vmx_read_host_msrs(struct vmx_vcpu *vmx);
void lull_vmx_load_msrs(struct vmx_vcpu *vmx);
void lull_vmx_unload_msrs(struct vmx_vcpu *vmx);

/* event.c */
void lull_vmx_requeue(struct vmx_vcpu *vmx, const struct vmx_exit *exit,
		      u32 info);

/*
 * soft_tlb.c and check.c: debug builds count flushes, and check what the CPU
 * checks on a VM entry.
 */
#ifdef LULL_DEBUG
int lull_vmx_count_init(void);
void lull_vmx_count_exit(void);
void lull_vmx_count_invvpid(u16 vpid);
void lull_vmx_count_entry(const struct vmx_vcpu *vmx);
bool lull_vmx_check_entry(struct vmx_vcpu *vmx, struct vmx_exit *exit);
#else
static inline int lull_vmx_count_init(void)
{
	return 0;
}

static inline void lull_vmx_count_exit(void)
{
}

static inline void lull_vmx_count_invvpid(u16 vpid)
{
}

static inline void lull_vmx_count_entry(const struct vmx_vcpu *vmx)
{
}

static inline bool lull_vmx_check_entry(struct vmx_vcpu *vmx,
					struct vmx_exit *exit)
{
	return true;
}
#endif

/* enter.S */
unsigned int lull_vmx_enter(u64 *gpr, unsigned long *host_rsp, bool resume);
extern const char lull_vmx_exit_point[];

#endif /* LULL_VMX_INTERNAL_H */
