/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug builds: the checks that a CPU makes on a VM entry, made before it, so
 * that a failure has a name.  An emulator leaves some of them out.
 *
 * The checks are pure functions of struct vmx_state, in the order and under
 * the titles of the SDM's chapter "VM Entries"; they also compile in user
 * space.  Each returns the name of the first that fails, or NULL.
 */
#ifndef LULL_VMX_CHECK_H
#define LULL_VMX_CHECK_H

#include "vmx/cap.h"

/**
 * struct vmx_msr_area - an MSR list
 * @addr:	host-physical address
 * @count:	entries
 */
struct vmx_msr_area {
	u64 addr;
	u32 count;
};

/**
 * struct vmx_host_state - host-state area
 * @cr0:	CR0
 * @cr3:	CR3
 * @cr4:	CR4
 * @efer:	IA32_EFER
 * @pat:	IA32_PAT
 * @sysenter_esp: IA32_SYSENTER_ESP
 * @sysenter_eip: IA32_SYSENTER_EIP
 * @rip:	RIP
 * @selector:	ES, CS, SS, DS, FS, GS, TR
 * @base:	FS, GS, TR, GDTR, IDTR
 */
struct vmx_host_state {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 pat;
	u64 sysenter_esp;
	u64 sysenter_eip;
	u64 rip;
	u16 selector[7];
	u64 base[5];
};

enum { VMX_HOST_ES, VMX_HOST_CS, VMX_HOST_SS, VMX_HOST_TR = 6 };

/**
 * struct vmx_guest_state - guest-state area
 * @cr0:	CR0
 * @cr3:	CR3
 * @cr4:	CR4
 * @dr7:	DR7
 * @debugctl:	IA32_DEBUGCTL
 * @efer:	IA32_EFER
 * @pat:	IA32_PAT
 * @sysenter_esp: IA32_SYSENTER_ESP
 * @sysenter_eip: IA32_SYSENTER_EIP
 * @rip:	RIP
 * @rflags:	RFLAGS
 * @pending_dbg: pending debug exceptions
 * @link:	VMCS link pointer
 * @activity:	activity state
 * @blocking:	interruptibility state
 * @seg:	by enum lull_seg
 * @gdtr:	GDTR
 * @idtr:	IDTR
 * @gdtr_limit:	as the VMCS has it, with 32 bits
 * @idtr_limit:	likewise
 * @pdpte:	page-directory-pointer-table entries that CR3 names
 */
struct vmx_guest_state {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 dr7;
	u64 debugctl;
	u64 efer;
	u64 pat;
	u64 sysenter_esp;
	u64 sysenter_eip;
	u64 rip;
	u64 rflags;
	u64 pending_dbg;
	u64 link;
	u32 activity;
	u32 blocking;
	struct lull_segment seg[LULL_NR_SEGS];
	u64 gdtr;
	u64 idtr;
	u32 gdtr_limit;
	u32 idtr_limit;
	u64 pdpte[4];
};

/**
 * struct vmx_state - all that the checks look at
 * @msrs:	what the CPU offers
 * @misc:	IA32_VMX_MISC
 * @phys_bits:	physical-address width
 * @virt_bits:	linear-address width
 * @lma:	the CPU is in IA-32e mode
 * @pin:	pin-based controls
 * @cpu:	primary processor-based controls
 * @cpu2:	secondary ones, 0 where they are not activated
 * @exit:	VM-exit controls
 * @entry:	VM-entry controls
 * @cr3_targets: CR3-target count
 * @io_bitmap:	addresses of I/O bitmaps A and B
 * @msr_bitmap:	address of the MSR bitmap
 * @vapic:	virtual-APIC address
 * @tpr_threshold: TPR threshold
 * @vtpr:	VTPR, byte 0x80 of the virtual-APIC page
 * @vpid:	VPID
 * @exit_store:	VM-exit MSR-store area
 * @exit_load:	VM-exit MSR-load area
 * @entry_load:	VM-entry MSR-load area
 * @event:	VM-entry interruption information
 * @event_error: VM-entry exception error code
 * @event_len:	VM-entry instruction length
 * @host:	host-state area
 * @guest:	guest-state area
 */
struct vmx_state {
	struct vmx_msrs msrs;
	u64 misc;
	u8 phys_bits;
	u8 virt_bits;
	bool lma;
	u32 pin;
	u32 cpu;
	u32 cpu2;
	u32 exit;
	u32 entry;
	u32 cr3_targets;
	u64 io_bitmap[2];
	u64 msr_bitmap;
	u64 vapic;
	u32 tpr_threshold;
	u8 vtpr;
	u16 vpid;
	struct vmx_msr_area exit_store;
	struct vmx_msr_area exit_load;
	struct vmx_msr_area entry_load;
	u32 event;
	u32 event_error;
	u32 event_len;
	struct vmx_host_state host;
	struct vmx_guest_state guest;
};

/* Do all bits above the width repeat its highest? */
static inline bool vmx_is_canonical(const struct vmx_state *s, u64 addr)
{
	unsigned int unused = 64 - s->virt_bits;

	return (u64)((s64)(addr << unused) >> unused) == addr;
}

static inline bool vmx_fits_width(const struct vmx_state *s, u64 addr)
{
	return !(addr >> s->phys_bits);
}

/* Bits that must be 1 are, and those that may not be are not. */
static inline bool vmx_is_fixed(u64 value, u64 fixed0, u64 fixed1)
{
	return (value & fixed0) == fixed0 && !(value & ~fixed1);
}

/* Each of the eight bytes is a memory type: 0, 1, 4, 5, 6 or 7. */
static inline bool vmx_is_pat(u64 pat)
{
	u64 bit1 = pat & 0x0202020202020202ULL;

	/* 2 and 3: bit 1 without bit 2. */
	return !(pat & ~0x0707070707070707ULL) && !(bit1 & ~(pat >> 1));
}

static inline bool vmx_is_ia32e(const struct vmx_state *s)
{
	return s->entry & BIT(9);
}

/* check_controls.c */
const char *lull_vmx_check_controls(const struct vmx_state *s);
const char *lull_vmx_check_host(const struct vmx_state *s);

/* check_guest.c */
const char *lull_vmx_check_guest(const struct vmx_state *s);

/* check_segments.c */
const char *lull_vmx_check_segments(const struct vmx_state *s);

#endif /* LULL_VMX_CHECK_H */
