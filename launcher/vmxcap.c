// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a CPU have what Lull needs?  vmx/cap.c decides that; this is the same
 * list, for a machine on which the module does not load.
 */
#include "vmxcap.h"

#define LOCKED			BIT_ULL(0)
#define VMX_OUTSIDE_SMX		BIT_ULL(2)
#define BASIC_SIZE(basic)	((basic) >> 32 & 0x1fff)
#define BASIC_TYPE(basic)	((basic) >> 50 & 0xf)
#define TYPE_WRITE_BACK		6

#define CPU_CR8_LOAD		BIT(19)
#define CPU_CR8_STORE		BIT(20)
#define CPU_TPR_SHADOW		BIT(21)

enum word { PIN, CPU, EXIT, ENTRY };

/**
 * struct control - one control that Lull sets
 * @word:	which MSR tells
 * @bit:	its bit
 * @may_be_0:	must also be clearable
 * @name:	as the SDM calls it
 */
struct control {
	enum word word;
	u32 bit;
	bool may_be_0;
	const char *name;
};

static const struct control controls[] = {
	{ PIN, BIT(0), false, "external-interrupt exiting" },
	{ PIN, BIT(3), false, "NMI exiting" },
	{ CPU, BIT(2), true, "interrupt-window exiting" },
	{ CPU, BIT(3), false, "use TSC offsetting" },
	{ CPU, BIT(7), false, "HLT exiting" },
	{ CPU, BIT(9), false, "INVLPG exiting" },
	{ CPU, BIT(10), false, "MWAIT exiting" },
	{ CPU, BIT(11), false, "RDPMC exiting" },
	{ CPU, BIT(15), false, "CR3-load exiting" },
	{ CPU, BIT(16), false, "CR3-store exiting" },
	{ CPU, BIT(23), false, "MOV-DR exiting" },
	{ CPU, BIT(24), false, "unconditional I/O exiting" },
	{ CPU, BIT(28), false, "use MSR bitmaps" },
	{ CPU, BIT(29), false, "MONITOR exiting" },
	{ EXIT, BIT(2), false, "save debug controls" },
	{ EXIT, BIT(9), false, "host address-space size" },
	{ ENTRY, BIT(2), false, "load debug controls" },
	{ ENTRY, BIT(9), false, "IA-32e mode guest" },
};

/**
 * vmxcap_lock() - what the firmware decided
 * @cap: the MSRs
 *
 * Return: whether VMX can be used
 */
enum vmxcap_lock vmxcap_lock(const struct vmxcap *cap)
{
	if (!(cap->feature_control & LOCKED))
		return VMXCAP_UNLOCKED;
	return cap->feature_control & VMX_OUTSIDE_SMX ? VMXCAP_ON : VMXCAP_OFF;
}

static bool may_be_1(u64 msr, u32 bits)
{
	return (msr >> 32 & bits) == bits;
}

static bool has(const struct control *c, u64 msr)
{
	return may_be_1(msr, c->bit) && !(c->may_be_0 && msr & c->bit);
}

/**
 * vmxcap_missing() - the first thing that the CPU lacks
 * @cap: the MSRs
 *
 * Return: its name, or NULL if it has everything
 */
const char *vmxcap_missing(const struct vmxcap *cap)
{
	const u64 words[] = {
		[PIN] = cap->pin, [CPU] = cap->cpu,
		[EXIT] = cap->exit, [ENTRY] = cap->entry,
	};
	unsigned int i;

	if (BASIC_TYPE(cap->basic) != TYPE_WRITE_BACK ||
	    BASIC_SIZE(cap->basic) > 4096)
		return "write-back VMCS regions of at most 4 KiB";
	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		if (!has(&controls[i], words[controls[i].word]))
			return controls[i].name;
	}
	if (!may_be_1(cap->cpu, CPU_TPR_SHADOW) &&
	    !may_be_1(cap->cpu, CPU_CR8_LOAD | CPU_CR8_STORE))
		return "use TPR shadow, or CR8-load and CR8-store exiting";
	return NULL;
}
