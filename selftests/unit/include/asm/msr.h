/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_ASM_MSR_H
#define LULL_UNIT_ASM_MSR_H

#include <asm/msr-index.h>
#include <linux/types.h>

u64 unit_rdmsr(u32 msr);

#define rdmsrl(msr, value)	((value) = unit_rdmsr(msr))

#endif /* LULL_UNIT_ASM_MSR_H */
