// SPDX-License-Identifier: GPL-2.0-only
/* Names of what the module counts. */
#include <stdio.h>

#include "names.h"
#include "../monitor/uapi/lull.h"

/* SDM, appendix "VMX Basic Exit Reasons". */
static const char *const exit_names[LULL_NR_EXIT_REASONS] = {
	[0] = "exception_nmi",
	[1] = "external_interrupt",
	[2] = "triple_fault",
	[3] = "init",
	[4] = "sipi",
	[5] = "io_smi",
	[6] = "other_smi",
	[7] = "interrupt_window",
	[8] = "nmi_window",
	[9] = "task_switch",
	[10] = "cpuid",
	[11] = "getsec",
	[12] = "hlt",
	[13] = "invd",
	[14] = "invlpg",
	[15] = "rdpmc",
	[16] = "rdtsc",
	[17] = "rsm",
	[18] = "vmcall",
	[19] = "vmclear",
	[20] = "vmlaunch",
	[21] = "vmptrld",
	[22] = "vmptrst",
	[23] = "vmread",
	[24] = "vmresume",
	[25] = "vmwrite",
	[26] = "vmxoff",
	[27] = "vmxon",
	[28] = "cr_access",
	[29] = "dr_access",
	[30] = "io",
	[31] = "rdmsr",
	[32] = "wrmsr",
	[33] = "entry_fail_guest_state",
	[34] = "entry_fail_msr_load",
	[36] = "mwait",
	[37] = "monitor_trap_flag",
	[39] = "monitor",
	[40] = "pause",
	[41] = "entry_fail_machine_check",
	[43] = "tpr_below_threshold",
	[44] = "apic_access",
	[45] = "virtualized_eoi",
	[46] = "gdtr_idtr",
	[47] = "ldtr_tr",
	[48] = "ept_violation",
	[49] = "ept_misconfig",
	[50] = "invept",
	[51] = "rdtscp",
	[52] = "preemption_timer",
	[53] = "invvpid",
	[54] = "wbinvd",
	[55] = "xsetbv",
	[56] = "apic_write",
	[57] = "rdrand",
	[58] = "invpcid",
	[59] = "vmfunc",
	[60] = "encls",
	[61] = "rdseed",
	[62] = "pml_full",
	[63] = "xsaves",
	[64] = "xrstors",
	[65] = "pconfig",
	[66] = "spp",
	[67] = "umwait",
	[68] = "tpause",
	[69] = "loadiwkey",
	[79] = "other",
};

/* By enum lull_ticks. */
const char *const ticks_names[LULL_NR_TICKS] = {
	[LULL_TICKS_GUEST] = "guest",
	[LULL_TICKS_IDLE] = "idle",
	[LULL_TICKS_PT_SWITCH] = "pt_switch",
	[LULL_TICKS_FAULT] = "fault",
	[LULL_TICKS_SYNC] = "sync",
	[LULL_TICKS_PRIV] = "priv",
	[LULL_TICKS_IRQ] = "irq",
	[LULL_TICKS_PIO] = "pio",
	[LULL_TICKS_USER] = "user",
	[LULL_TICKS_ENTRY] = "entry",
};

/* By enum lull_counter. */
const char *const counter_names[LULL_NR_COUNTERS] = {
	[LULL_CNT_CR3_LOADS] = "cr3_loads",
	[LULL_CNT_CR3_SAME] = "cr3_same",
	[LULL_CNT_CR3_CACHED] = "cr3_cached",
	[LULL_CNT_SYNC_PAGES] = "sync_pages",
	[LULL_CNT_FAULTS] = "faults",
	[LULL_CNT_GUEST_FAULTS] = "guest_faults",
	[LULL_CNT_UNSYNC] = "unsync",
	[LULL_CNT_ZAPS] = "zaps",
	[LULL_CNT_SHADOW_PAGES] = "shadow_pages",
	[LULL_CNT_INJECTIONS] = "injections",
	[LULL_CNT_HYPERCALLS] = "hypercalls",
	[LULL_CNT_IDLE_ENTERS] = "idle_enters",
	[LULL_CNT_IDLE_ANNOUNCED] = "idle_announced",
	[LULL_CNT_IO_USER] = "io_user",
	[LULL_CNT_TLB_FLUSHES] = "tlb_flushes",
	[LULL_CNT_WAKEUPS] = "wakeups",
	[LULL_CNT_TIMER_FIRES] = "timer_fires",
	[LULL_CNT_CR3_UNSEEN] = "cr3_unseen",
	[LULL_CNT_GUARD_VIOLATIONS] = "guard_violations",
	[LULL_CNT_TRIPWIRE] = "tripwire",
	[LULL_CNT_IDLE_GUARDED] = "idle_guarded",
	[LULL_CNT_DEBT_PAGES] = "debt_pages",
	[LULL_CNT_CR3_LISTED] = "cr3_listed",
	[LULL_CNT_CR3_DELISTED] = "cr3_delisted",
};

/**
 * exit_name() - name of a basic exit reason
 * @reason: its number
 * @buf: used when the number has no name
 *
 * Return: the name, which may lie in @buf
 */
const char *exit_name(unsigned int reason, char buf[EXIT_NAME_MAX])
{
	if (reason < LULL_NR_EXIT_REASONS && exit_names[reason])
		return exit_names[reason];
	snprintf(buf, EXIT_NAME_MAX, "reason_%u", reason);
	return buf;
}
