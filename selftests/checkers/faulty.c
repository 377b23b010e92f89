// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that does one thing wrong, so that checkers.sh sees whether the
 * checkers' kernel tells, and whether scripts/vm listens:
 *
 *	insmod faulty.ko kind=NAME
 */
#define pr_fmt(fmt) "faulty: " fmt

#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char *kind = "none";
module_param(kind, charp, 0);
MODULE_PARM_DESC(kind, "what to do wrong");

/* Values the compiler must not see through */
static volatile int nine = 9;
static volatile int shift = 40;

static void use_after_free(void)
{
	char *object = kmalloc(64, GFP_KERNEL);

	if (!object)
		return;
	kfree(object);
	WRITE_ONCE(object[nine], 1);
}

static void out_of_bounds(void)
{
	char *object = kmalloc(8, GFP_KERNEL);

	if (!object)
		return;
	WRITE_ONCE(object[nine], 1);
	kfree(object);
}

static void vmalloc_out_of_bounds(void)
{
	char *area = vmalloc(PAGE_SIZE);

	if (!area)
		return;
	WRITE_ONCE(area[PAGE_SIZE + nine], 1);
	vfree(area);
}

static void free_twice(void)
{
	void *object = kmalloc(64, GFP_KERNEL);

	kfree(object);
	kfree(object);
}

/* After the page is given back, by its address in the direct map */
static void freed_page(void)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);

	if (!page)
		return;
	free_page((unsigned long)page);
	WRITE_ONCE(page[nine], 1);
}

static noinline void array_bound(void)
{
	int table[8];

	memset(table, 0, sizeof(table));
	table[nine] = 1;
	barrier_data(table);
}

static void bad_shift(void)
{
	int one = 1;

	pr_info("shifted %d\n", one << shift);
}

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);

static void lock_order(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);
	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static DEFINE_MUTEX(forgotten);

static void lock_held(void)
{
	mutex_lock(&forgotten);
}

static void sleep_in_atomic(void)
{
	spin_lock(&lock_a);
	msleep(1);
	spin_unlock(&lock_a);
}

static void allocate_in_atomic(void)
{
	preempt_disable();
	kfree(kmalloc(64, GFP_KERNEL));
	preempt_enable();
}

static void cpu_preemptible(void)
{
	pr_info("on CPU %u\n", smp_processor_id());
}

static void __rcu *guarded;

static void rcu_without_lock(void)
{
	pr_info("%d\n", !rcu_dereference(guarded));
}

static void list_corruption(void)
{
	static LIST_HEAD(head);
	static struct list_head entry;

	list_add(&entry, &head);
	list_add(&entry, &head);
}

static void refcount(void)
{
	static refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static void nothing(struct timer_list *timer)
{
}

static void free_live_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, nothing, 0);
	mod_timer(timer, jiffies + HZ);
	kfree(timer);
}

static noinline void leak(void)
{
	void *object = kmalloc(100, GFP_KERNEL);

	/* Nothing keeps its address */
	OPTIMIZER_HIDE_VAR(object);
}

static void null_pointer(void)
{
	WRITE_ONCE(*(int *)(long)(nine - 9), 1);
}

static void warning(void)
{
	WARN(1, "on purpose\n");
}

static const struct {
	const char *name;
	void (*act)(void);
} kinds[] = {
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "vmalloc_out_of_bounds", vmalloc_out_of_bounds },
	{ "free_twice", free_twice },
	{ "freed_page", freed_page },
	{ "array_bound", array_bound },
	{ "bad_shift", bad_shift },
	{ "lock_order", lock_order },
	{ "lock_held", lock_held },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "allocate_in_atomic", allocate_in_atomic },
	{ "cpu_preemptible", cpu_preemptible },
	{ "rcu_without_lock", rcu_without_lock },
	{ "list_corruption", list_corruption },
	{ "refcount", refcount },
	{ "free_live_timer", free_live_timer },
	{ "leak", leak },
	{ "null_pointer", null_pointer },
	{ "warning", warning },
};

static int __init faulty_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, kind))
			continue;
		kinds[i].act();
		return 0;
	}
	return strcmp(kind, "none") ? -EINVAL : 0;
}

static void __exit faulty_exit(void)
{
}

module_init(faulty_init);
module_exit(faulty_exit);
MODULE_DESCRIPTION("Does one thing wrong, to test the checkers");
MODULE_LICENSE("GPL");
