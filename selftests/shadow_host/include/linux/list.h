/* SPDX-License-Identifier: GPL-2.0-only */
/* Rings, and chains off a hash bucket.  What is deleted points nowhere. */
#ifndef LULL_HOST_LINUX_LIST_H
#define LULL_HOST_LINUX_LIST_H

#include <linux/kernel.h>
#include <linux/types.h>

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **link;
};

struct hlist_head {
	struct hlist_node *first;
};

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }
#define INIT_HLIST_HEAD(head)	((head)->first = NULL)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	head->next = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add(entry, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

#define host_entry(ptr, pos, member) \
	container_of(ptr, __typeof__(*(pos)), member)

#define list_first_entry(head, type, member) \
	container_of((head)->next, type, member)

#define list_for_each_entry(pos, head, member) \
	for ((pos) = host_entry((head)->next, pos, member); \
	     &(pos)->member != (head); \
	     (pos) = host_entry((pos)->member.next, pos, member))

#define list_for_each_entry_safe(pos, n, head, member) \
	for ((pos) = host_entry((head)->next, pos, member), \
	     (n) = host_entry((pos)->member.next, pos, member); \
	     &(pos)->member != (head); \
	     (pos) = (n), (n) = host_entry((n)->member.next, pos, member))

#define list_for_each_entry_safe_reverse(pos, n, head, member) \
	for ((pos) = host_entry((head)->prev, pos, member), \
	     (n) = host_entry((pos)->member.prev, pos, member); \
	     &(pos)->member != (head); \
	     (pos) = (n), (n) = host_entry((n)->member.prev, pos, member))

static inline void hlist_add_head(struct hlist_node *node,
				  struct hlist_head *head)
{
	node->next = head->first;
	node->link = &head->first;
	if (node->next)
		node->next->link = &node->next;
	head->first = node;
}

static inline void hlist_del(struct hlist_node *node)
{
	*node->link = node->next;
	if (node->next)
		node->next->link = node->link;
	node->next = NULL;
	node->link = NULL;
}

#define host_hentry(ptr, pos, member) ({ \
	struct hlist_node *host_node = (ptr); \
	host_node ? host_entry(host_node, pos, member) : NULL; \
})

#define hlist_for_each_entry(pos, head, member) \
	for ((pos) = host_hentry((head)->first, pos, member); (pos); \
	     (pos) = host_hentry((pos)->member.next, pos, member))

#define hlist_for_each_entry_safe(pos, n, head, member) \
	for ((pos) = host_hentry((head)->first, pos, member); \
	     (pos) && ((n) = (pos)->member.next, true); \
	     (pos) = host_hentry(n, pos, member))

#endif /* LULL_HOST_LINUX_LIST_H */
