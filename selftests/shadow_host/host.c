// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages come from an arena, so that physical addresses can be told from
 * garbage; a freed page is poisoned and used again as late as possible.  The
 * first pages of the arena, and only they, are below 4 GiB.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define ARENA_PAGES	2048
#define ARENA_PA	0x1000000000UL
#define LOW_PAGES	64
#define LOW_PA		0x7f000000UL

struct kmem_cache {
	const char *name;
	size_t size;
	size_t align;
	unsigned int live;
};

static unsigned char arena[ARENA_PAGES][PAGE_SIZE] __aligned(PAGE_SIZE);
static struct page pages[ARENA_PAGES];
static unsigned int next_page = LOW_PAGES, next_low, live_pages, live_objects;
static unsigned int locks_held;
static unsigned int failing_allocation, resched_asked, tried;

void (*host_catch)(const char *why);
void (*host_others)(void);

/**
 * host_fail() - the test failed
 * @fmt:	what is wrong
 */
void host_fail(const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (host_catch)
		host_catch(why);
	fprintf(stderr, "%s\n", why);
	abort();
}

/**
 * host_warn() - a WARN_ON_ONCE() of shadow/ fired
 * @what:	its condition
 * @file:	where
 * @line:	where
 */
void host_warn(const char *what, const char *file, int line)
{
	host_fail("WARN_ON_ONCE(%s) at %s:%d", what, file, line);
}

/**
 * host_lock() - spin_lock()
 * @lock:	the lock
 * @where:	calling function
 */
void host_lock(spinlock_t *lock, const char *where)
{
	if (lock->held)
		host_fail("%s: the lock is held already", where);
	lock->held = true;
	locks_held++;
}

/**
 * host_trylock() - spin_trylock()
 * @lock:	the lock
 * @where:	calling function
 *
 * Return: false every fifth time: somebody else has it.
 */
bool host_trylock(spinlock_t *lock, const char *where)
{
	if (!(++tried % 5))
		return false;
	host_lock(lock, where);
	return true;
}

/**
 * host_unlock() - spin_unlock()
 * @lock:	the lock
 * @where:	calling function
 */
void host_unlock(spinlock_t *lock, const char *where)
{
	host_assert_held(lock, where);
	lock->held = false;
	locks_held--;
}

/**
 * host_assert_held() - lockdep_assert_held()
 * @lock:	the lock
 * @where:	calling function
 */
void host_assert_held(const spinlock_t *lock, const char *where)
{
	if (!lock->held)
		host_fail("%s: the lock is not held", where);
}

/**
 * host_need_resched() - need_resched()
 *
 * Return: true every third time.
 */
bool host_need_resched(void)
{
	return ++resched_asked % 3 == 0;
}

/**
 * host_reset() - every run begins in the same state
 */
void host_reset(void)
{
	resched_asked = 0;
	tried = 0;
	locks_held = 0;
	failing_allocation = 0;
	next_page = LOW_PAGES;
	next_low = 0;
}

/**
 * host_break_lock() - cond_resched_lock() when somebody waits
 * @lock:	the lock
 * @where:	calling function
 */
void host_break_lock(spinlock_t *lock, const char *where)
{
	host_unlock(lock, where);
	if (host_others)
		host_others();
	host_lock(lock, where);
}

/**
 * host_atomic() - is sleeping forbidden?
 *
 * Return: whether a spinlock is held.
 */
bool host_atomic(void)
{
	return locks_held;
}

/**
 * host_fail_allocation() - let one allocation fail
 * @nth:	which from now on, 1 the next; 0 none
 */
void host_fail_allocation(unsigned int nth)
{
	failing_allocation = nth;
}

static bool allocation_fails(void)
{
	if (host_atomic())
		host_fail("an allocation that may sleep under a spinlock");
	/* It may reclaim, and sleep. */
	if (host_others)
		host_others();
	return failing_allocation && !--failing_allocation;
}

/**
 * host_live_pages() - how many pages are allocated
 *
 * Return: their number.
 */
unsigned int host_live_pages(void)
{
	return live_pages;
}

/**
 * host_live_objects() - how many slab objects are allocated
 *
 * Return: their number.
 */
unsigned int host_live_objects(void)
{
	return live_objects;
}

static unsigned int page_nr(const void *addr)
{
	unsigned long offset = (unsigned long)addr - (unsigned long)arena;

	if (offset >= sizeof(arena))
		host_fail("%p is no page of the arena", addr);
	return offset / PAGE_SIZE;
}

/**
 * virt_to_page() - the struct page of an arena address
 * @addr:	the address
 *
 * Return: the struct page; a freed page is a failure.
 */
struct page *virt_to_page(const void *addr)
{
	struct page *page = &pages[page_nr(addr)];

	if (!page->live)
		host_fail("%p is in a freed page", addr);
	return page;
}

/**
 * host_pa() - physical address of an arena address
 * @addr:	the address
 *
 * Return: the physical address.
 */
unsigned long host_pa(const void *addr)
{
	unsigned long base = page_nr(addr) < LOW_PAGES ? LOW_PA : ARENA_PA;

	return (unsigned long)addr - (unsigned long)arena[0] + base;
}

static unsigned long offset_of(unsigned long pa)
{
	return pa - (pa < ARENA_PA ? LOW_PA : ARENA_PA);
}

static bool is_ours(unsigned long pa)
{
	unsigned long page = offset_of(pa) / PAGE_SIZE;

	return pa < ARENA_PA ? page < LOW_PAGES :
			       page >= LOW_PAGES && page < ARENA_PAGES;
}

/**
 * host_va() - the opposite of host_pa()
 * @pa:		a physical address
 *
 * Return: the address.
 */
void *host_va(unsigned long pa)
{
	if (!is_ours(pa))
		host_fail("physical address %#lx is not ours", pa);
	return (unsigned char *)arena + offset_of(pa);
}

/**
 * host_page_live() - is there a table in use at @pa?
 * @pa:		a physical address; tables kept for later are not in use
 *
 * Return: whether there is.
 */
bool host_page_live(u64 pa)
{
	const struct page *page;

	if (!is_ours(pa))
		return false;
	page = &pages[offset_of(pa) / PAGE_SIZE];
	return page->live && page->private;
}

/* The next free page in turn, of those from @first to before @end. */
static unsigned int take(unsigned int *next, unsigned int first,
			 unsigned int end)
{
	unsigned int nr, tries;

	for (tries = first; tries < end; tries++) {
		nr = *next;
		*next = nr + 1 < end ? nr + 1 : first;
		if (!pages[nr].live)
			return nr;
	}
	host_fail("all %u pages are in use", end - first);
	return 0;
}

/**
 * get_zeroed_page() - take a page of the arena
 * @gfp:	GFP_KERNEL_ACCOUNT; with __GFP_DMA32 it is below 4 GiB
 *
 * Return: its address, or 0.
 */
unsigned long get_zeroed_page(gfp_t gfp)
{
	unsigned int i;

	if (allocation_fails())
		return 0;
	i = gfp & __GFP_DMA32 ? take(&next_low, 0, LOW_PAGES) :
				take(&next_page, LOW_PAGES, ARENA_PAGES);
	pages[i] = (struct page){ .live = true };
	live_pages++;
	ASAN_UNPOISON_MEMORY_REGION(arena[i], PAGE_SIZE);
	memset(arena[i], 0, PAGE_SIZE);
	return (unsigned long)arena[i];
}

/**
 * free_page() - give a page of the arena back
 * @addr:	its address
 */
void free_page(unsigned long addr)
{
	struct page *page = virt_to_page((void *)addr);

	if (addr & ~PAGE_MASK)
		host_fail("%s(%#lx): not aligned", __func__, addr);
	page->live = false;
	live_pages--;
	ASAN_POISON_MEMORY_REGION((void *)addr, PAGE_SIZE);
}

/**
 * kmem_cache_create() - make a cache
 * @name:	its name
 * @size:	of an object
 * @align:	of an object; 0 for a pointer's
 * @flags:	ignored
 * @ctor:	NULL
 *
 * Return: the cache or NULL.
 */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, int flags,
				     void (*ctor)(void *))
{
	struct kmem_cache *cache;

	if (ctor)
		host_fail("%s: no constructors here", name);
	if (allocation_fails())
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		host_fail("out of memory");
	cache->name = name;
	cache->align = align ? align : sizeof(void *);
	cache->size = (size + cache->align - 1) / cache->align * cache->align;
	return cache;
}

/**
 * kmem_cache_destroy() - destroy a cache
 * @cache:	the cache; objects left in it are a failure
 */
void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (cache->live)
		host_fail("%s: %u objects leaked", cache->name, cache->live);
	free(cache);
}

/**
 * kmem_cache_zalloc() - allocate an object
 * @cache:	where from
 * @gfp:	GFP_KERNEL_ACCOUNT
 *
 * Return: the object, zeroed, or NULL.
 */
void *kmem_cache_zalloc(struct kmem_cache *cache, int gfp)
{
	void *obj;

	if (allocation_fails())
		return NULL;
	obj = aligned_alloc(cache->align, cache->size);
	if (!obj)
		host_fail("out of memory");
	memset(obj, 0, cache->size);
	cache->live++;
	live_objects++;
	return obj;
}

/**
 * kmem_cache_free() - free an object
 * @cache:	where it is from
 * @obj:	the object
 */
void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	if (!cache->live--)
		host_fail("%s: more freed than allocated", cache->name);
	live_objects--;
	free(obj);
}
