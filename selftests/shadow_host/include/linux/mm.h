/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of the arena of host.c, and what shadow/ gets by <linux/mm.h>. */
#ifndef LULL_HOST_LINUX_MM_H
#define LULL_HOST_LINUX_MM_H

#include <errno.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <linux/list.h>

#define PAGE_SHIFT		12
#define PAGE_SIZE		4096UL
#define PAGE_MASK		(~(PAGE_SIZE - 1))

struct page {
	unsigned long private;
	bool live;
};

struct page *virt_to_page(const void *addr);
unsigned long host_pa(const void *addr);
void *host_va(unsigned long pa);
void host_warn(const char *what, const char *file, int line);

#define page_private(page)		((page)->private)
#define set_page_private(page, val)	((page)->private = (val))
#define __pa(addr)			host_pa(addr)
#define __va(pa)			host_va(pa)

/* A warning is a failed test. */
#define WARN_ON_ONCE(cond) ({ \
	bool host_cond = (cond); \
	if (host_cond) \
		host_warn(#cond, __FILE__, __LINE__); \
	host_cond; \
})

#endif /* LULL_HOST_LINUX_MM_H */
