/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_CPU_H
#define LULL_UNIT_LINUX_CPU_H

#include <stdbool.h>

bool cpu_mitigations_off(void);

#endif /* LULL_UNIT_LINUX_CPU_H */
