/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_ASM_FPU_API_H
#define LULL_UNIT_ASM_FPU_API_H

#include <linux/types.h>

int cpu_has_xfeatures(u64 mask, const char **missing);

#endif /* LULL_UNIT_ASM_FPU_API_H */
