// SPDX-License-Identifier: GPL-2.0-only
/* Stacks of function names. */
#include <stdlib.h>
#include <string.h>

#include "flame_tree.h"

static struct flame_node *make_child(struct flame_node *node, const char *name)
{
	struct flame_node *child = calloc(1, sizeof(*child));

	if (!child)
		return NULL;
	child->name = strdup(name);
	if (!child->name) {
		free(child);
		return NULL;
	}
	child->parent = node;
	child->depth = node->depth + 1;
	child->next = node->child;
	node->child = child;
	return child;
}

/**
 * flame_child() - a stack with one function more
 * @node: the stack
 * @name: the function
 *
 * Return: the longer stack, made if it was not there; NULL without memory
 */
struct flame_node *flame_child(struct flame_node *node, const char *name)
{
	struct flame_node *child;

	for (child = node->child; child; child = child->next) {
		if (!strcmp(child->name, name))
			return child;
	}
	return make_child(node, name);
}

/**
 * flame_next() - walk a tree
 * @node: where the walk is
 *
 * Return: the next node, parents before their children; NULL at the end
 */
struct flame_node *flame_next(struct flame_node *node)
{
	if (node->child)
		return node->child;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

static void print_stack(const struct flame_node *node, FILE *out)
{
	if (node->depth > 1) {
		print_stack(node->parent, out);
		fputc(';', out);
	}
	fputs(node->name, out);
}

/**
 * flame_print_tree() - write all stacks, as flamegraph.pl takes them
 * @root: of the stacks, outermost function first
 * @out: where to
 */
void flame_print_tree(struct flame_node *root, FILE *out)
{
	struct flame_node *node;

	for (node = root; node; node = flame_next(node)) {
		if (!node->ticks)
			continue;
		print_stack(node, out);
		fprintf(out, " %llu\n", node->ticks);
	}
}

/**
 * flame_free_tree() - free all below a root
 * @root: the root, which is empty then
 */
void flame_free_tree(struct flame_node *root)
{
	struct flame_node *node = root, *parent;

	while (node != root || root->child) {
		while (node->child)
			node = node->child;
		parent = node->parent;
		parent->child = node->next;
		free(node->name);
		free(node);
		node = parent;
	}
}
