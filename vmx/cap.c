// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which VMX controls Lull uses: one table, and the rules that tie controls
 * to each other.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/vmx.h>

#include "vmx/cap.h"

enum control_word {
	WORD_PIN,
	WORD_CPU,
	WORD_CPU2,
	WORD_EXIT,
	WORD_ENTRY,
	NR_WORDS
};

enum control_use {
	REQUIRED,	/* always 1 */
	OPTIONAL,	/* 1 where the CPU has it */
	TOGGLED,	/* must be settable; 0 until the guest needs it */
};

struct control {
	enum control_word word;
	enum control_use use;
	u32 bit;
	const char *name;	/* as the SDM calls it */
};

static const struct control controls[] = {
	{ WORD_PIN, REQUIRED, PIN_BASED_EXT_INTR_MASK,
	  "external-interrupt exiting" },
	{ WORD_PIN, REQUIRED, PIN_BASED_NMI_EXITING, "NMI exiting" },
	{ WORD_PIN, OPTIONAL, PIN_BASED_VIRTUAL_NMIS, "virtual NMIs" },
	{ WORD_PIN, OPTIONAL, PIN_BASED_VMX_PREEMPTION_TIMER,
	  "activate VMX-preemption timer" },

	{ WORD_CPU, REQUIRED, CPU_BASED_HLT_EXITING, "HLT exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_INVLPG_EXITING, "INVLPG exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_MWAIT_EXITING, "MWAIT exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_MONITOR_EXITING, "MONITOR exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_RDPMC_EXITING, "RDPMC exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_CR3_LOAD_EXITING,
	  "CR3-load exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_CR3_STORE_EXITING,
	  "CR3-store exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_MOV_DR_EXITING, "MOV-DR exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_UNCOND_IO_EXITING,
	  "unconditional I/O exiting" },
	{ WORD_CPU, REQUIRED, CPU_BASED_USE_MSR_BITMAPS, "use MSR bitmaps" },
	{ WORD_CPU, REQUIRED, CPU_BASED_USE_TSC_OFFSETTING,
	  "use TSC offsetting" },
	{ WORD_CPU, TOGGLED, CPU_BASED_INTR_WINDOW_EXITING,
	  "interrupt-window exiting" },
	{ WORD_CPU, OPTIONAL, CPU_BASED_TPR_SHADOW, "use TPR shadow" },
	{ WORD_CPU, OPTIONAL, CPU_BASED_ACTIVATE_SECONDARY_CONTROLS,
	  "activate secondary controls" },

	{ WORD_CPU2, OPTIONAL, SECONDARY_EXEC_ENABLE_VPID, "enable VPID" },
	{ WORD_CPU2, OPTIONAL, SECONDARY_EXEC_WBINVD_EXITING,
	  "WBINVD exiting" },

	{ WORD_EXIT, REQUIRED, VM_EXIT_SAVE_DEBUG_CONTROLS,
	  "save debug controls" },
	{ WORD_EXIT, REQUIRED, VM_EXIT_HOST_ADDR_SPACE_SIZE,
	  "host address-space size" },
	{ WORD_EXIT, OPTIONAL, VM_EXIT_LOAD_IA32_EFER, "load IA32_EFER" },

	{ WORD_ENTRY, REQUIRED, VM_ENTRY_LOAD_DEBUG_CONTROLS,
	  "load debug controls" },
	{ WORD_ENTRY, TOGGLED, VM_ENTRY_IA32E_MODE, "IA-32e mode guest" },
	{ WORD_ENTRY, OPTIONAL, VM_ENTRY_LOAD_IA32_EFER, "load IA32_EFER" },
};

/* Parts of IA32_VMX_EPT_VPID_CAP. */
#define CAP_INVVPID		BIT_ULL(32)
#define CAP_INVVPID_CONTEXT	BIT_ULL(41)

static bool may_be_1(u64 cap, u32 bits)
{
	return ((cap >> 32) & bits) == bits;
}

static bool may_be_0(u64 cap, u32 bits)
{
	return !(cap & bits);
}

/* The name of the first control that is missing, or NULL. */
static const char *choose_controls(const u64 cap[NR_WORDS],
				   u32 value[NR_WORDS])
{
	const struct control *c;
	size_t i;

	for (i = 0; i < NR_WORDS; i++)
		value[i] = (u32)cap[i];
	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		c = &controls[i];
		if (may_be_1(cap[c->word], c->bit)) {
			if (c->use != TOGGLED)
				value[c->word] |= c->bit;
			else if (!may_be_0(cap[c->word], c->bit))
				return c->name;
		} else if (c->use != OPTIONAL) {
			return c->name;
		}
	}
	return NULL;
}

/* MOV to or from CR8 must not reach the host's task priority. */
static const char *choose_cr8(u64 cap, struct vmx_config *config)
{
	const u32 exiting = CPU_BASED_CR8_LOAD_EXITING |
			    CPU_BASED_CR8_STORE_EXITING;

	config->tpr_shadow = config->cpu & CPU_BASED_TPR_SHADOW;
	if (config->tpr_shadow)
		return NULL;
	if (!may_be_1(cap, exiting))
		return "use TPR shadow, or CR8-load and CR8-store exiting";
	config->cpu |= exiting;
	return NULL;
}

/* A VPID that cannot be flushed by itself is of no use. */
static void choose_vpid(const struct vmx_msrs *msrs,
			struct vmx_config *config)
{
	const u64 need = CAP_INVVPID | CAP_INVVPID_CONTEXT;

	if (!(config->cpu & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS))
		config->cpu2 = 0;
	config->vpid = (config->cpu2 & SECONDARY_EXEC_ENABLE_VPID) &&
		       (msrs->ept_vpid & need) == need;
	if (!config->vpid)
		config->cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	if (!config->cpu2 &&
	    may_be_0(msrs->cpu, CPU_BASED_ACTIVATE_SECONDARY_CONTROLS))
		config->cpu &= ~CPU_BASED_ACTIVATE_SECONDARY_CONTROLS;
}

/* One of the two alone would leave EFER wrong on one side. */
static void choose_efer(struct vmx_config *config)
{
	config->efer_controls = (config->exit & VM_EXIT_LOAD_IA32_EFER) &&
				(config->entry & VM_ENTRY_LOAD_IA32_EFER);
	if (config->efer_controls)
		return;
	config->exit &= ~VM_EXIT_LOAD_IA32_EFER;
	config->entry &= ~VM_ENTRY_LOAD_IA32_EFER;
}

/* CPUs whose VMX-preemption timer is late, by Intel's specification updates. */
static const u32 bad_timers[] = {
	0x106a0, 0x106a1, 0x106a4, 0x106a5, 0x106e5, 0x20652, 0x20655, 0x206e6,
	0x306a8,
};

static void choose_timer(const struct vmx_msrs *msrs,
			 struct vmx_config *config)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_timers); i++) {
		if (msrs->signature == bad_timers[i])
			config->pin &= ~PIN_BASED_VMX_PREEMPTION_TIMER;
	}
	config->timer = config->pin & PIN_BASED_VMX_PREEMPTION_TIMER;
	config->timer_shift = msrs->misc & VMX_MISC_PREEMPTION_TIMER_RATE_MASK;
}

/**
 * lull_vmx_choose_config() - fit the control table to a CPU
 * @msrs:	what the CPU offers
 * @config:	out: the controls in use; undefined on error
 * @missing:	out: name of what the CPU lacks, on error
 *
 * Return: 0, or -EOPNOTSUPP.
 */
int lull_vmx_choose_config(const struct vmx_msrs *msrs,
			   struct vmx_config *config, const char **missing)
{
	const u64 cap[NR_WORDS] = {
		[WORD_PIN] = msrs->pin,
		[WORD_CPU] = msrs->cpu,
		[WORD_CPU2] = msrs->cpu2,
		[WORD_EXIT] = msrs->exit,
		[WORD_ENTRY] = msrs->entry,
	};
	u32 value[NR_WORDS];

	/* Two CPUs' configurations are compared with memcmp(). */
	memset(config, 0, sizeof(*config));
	if (VMX_BASIC_MEMORY_TYPE(msrs->basic) != VMX_BASIC_TYPE_WB ||
	    VMX_BASIC_SIZE(msrs->basic) > 4096)
		*missing = "write-back VMCS regions of at most 4 KiB";
	else
		*missing = choose_controls(cap, value);
	if (*missing)
		return -EOPNOTSUPP;

	config->revision = (u32)msrs->basic & 0x7fffffff;
	config->pin = value[WORD_PIN];
	config->cpu = value[WORD_CPU];
	config->cpu2 = value[WORD_CPU2];
	config->exit = value[WORD_EXIT];
	config->entry = value[WORD_ENTRY];
	config->cr0_fixed0 = msrs->cr0_fixed0;
	config->cr0_fixed1 = msrs->cr0_fixed1;
	config->cr4_fixed0 = msrs->cr4_fixed0;
	config->cr4_fixed1 = msrs->cr4_fixed1;
	*missing = choose_cr8(msrs->cpu, config);
	if (*missing)
		return -EOPNOTSUPP;
	choose_vpid(msrs, config);
	choose_efer(config);
	config->cr3_targets = VMX_MISC_CR3_TARGETS(msrs->misc) >=
			      VMX_NR_CR3_TARGETS;
	choose_timer(msrs, config);
	return 0;
}
