/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of the arena of host.c; every call may sleep. */
#ifndef LULL_HOST_LINUX_GFP_H
#define LULL_HOST_LINUX_GFP_H

#include <errno.h>

#define GFP_KERNEL_ACCOUNT	1
#define __GFP_DMA32		2

typedef int gfp_t;

unsigned long get_zeroed_page(gfp_t gfp);
void free_page(unsigned long addr);

#endif /* LULL_HOST_LINUX_GFP_H */
