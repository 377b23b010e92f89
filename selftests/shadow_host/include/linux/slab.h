/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects from the C library, counted. */
#ifndef LULL_HOST_LINUX_SLAB_H
#define LULL_HOST_LINUX_SLAB_H

#include <linux/gfp.h>
#include <stddef.h>

#define SLAB_ACCOUNT		1

struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, int flags,
				     void (*ctor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_zalloc(struct kmem_cache *cache, int gfp);
void kmem_cache_free(struct kmem_cache *cache, void *obj);

#endif /* LULL_HOST_LINUX_SLAB_H */
