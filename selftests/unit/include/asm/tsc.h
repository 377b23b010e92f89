/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_ASM_TSC_H
#define LULL_UNIT_ASM_TSC_H

#include <stdbool.h>

extern unsigned int tsc_khz;

bool check_tsc_unstable(void);

#endif /* LULL_UNIT_ASM_TSC_H */
