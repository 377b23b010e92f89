/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of events, without hardware: what an exception looks like to a
 * VM entry, and what two of them make.  Also compiles in user space.
 */
#ifndef LULL_VMX_EVENT_H
#define LULL_VMX_EVENT_H

#include <linux/bits.h>

#include "vmx/vmx.h"

/* Vectors that push an error code: #DF #TS #NP #SS #GP #PF #AC. */
#define VMX_ERROR_CODE_VECTORS	(BIT(8) | BIT(10) | BIT(11) | BIT(12) | \
				 BIT(13) | BIT(14) | BIT(17))
/* Contributory exceptions: #DE #TS #NP #SS #GP. */
#define VMX_CONTRIBUTORY	(BIT(0) | BIT(10) | BIT(11) | BIT(12) | BIT(13))

enum vmx_combination {
	VMX_SERIAL,
	VMX_DOUBLE_FAULT,
	VMX_TRIPLE_FAULT,
};

static inline bool vmx_is_contributory(u8 vector)
{
	return vector < 32 && (VMX_CONTRIBUTORY >> vector) & 1;
}

/* Software interrupts and exceptions are injected with a length. */
static inline bool vmx_event_has_length(u32 info)
{
	u32 type = info & VMX_INTR_TYPE;

	return type == VMX_INTR_TYPE_SOFT_INTR ||
	       type == VMX_INTR_TYPE_PRIV_SOFT ||
	       type == VMX_INTR_TYPE_SOFT_EXC;
}

/* Interruption information of an exception that the monitor raises. */
static inline u32 vmx_exception_info(u8 vector)
{
	u32 info = VMX_INTR_VALID | vector;

	if (vector == LULL_VEC_NMI)
		return info | VMX_INTR_TYPE_NMI;
	if (vector == LULL_VEC_BP || vector == LULL_VEC_OF)
		return info | VMX_INTR_TYPE_SOFT_EXC;
	if (vector < 32 && (VMX_ERROR_CODE_VECTORS >> vector) & 1)
		info |= VMX_INTR_HAS_ERROR;
	return info | VMX_INTR_TYPE_HARD_EXC;
}

/*
 * What @vector makes when delivering @event raised it (SDM: "Conditions for
 * Generating a Double Fault").  Only exceptions combine.
 */
static inline enum vmx_combination vmx_combine(u32 event, u8 vector)
{
	u8 first = event & VMX_INTR_VECTOR;
	bool bad = vmx_is_contributory(vector);

	if (!(event & VMX_INTR_VALID) ||
	    (event & VMX_INTR_TYPE) != VMX_INTR_TYPE_HARD_EXC)
		return VMX_SERIAL;
	if (first == LULL_VEC_DF)
		return bad || vector == LULL_VEC_PF ? VMX_TRIPLE_FAULT :
						      VMX_SERIAL;
	if (first == LULL_VEC_PF)
		return bad || vector == LULL_VEC_PF ? VMX_DOUBLE_FAULT :
						      VMX_SERIAL;
	return bad && vmx_is_contributory(first) ? VMX_DOUBLE_FAULT :
						   VMX_SERIAL;
}

#endif /* LULL_VMX_EVENT_H */
