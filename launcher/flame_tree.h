/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks of function names, as a tree with what was spent in each. */
#ifndef LAUNCHER_FLAME_TREE_H
#define LAUNCHER_FLAME_TREE_H

#include <stdio.h>

#include "base.h"

/* Between which two events of the tracer a piece of time lies. */
enum flame_gap {
	FLAME_CALL_CALL,
	FLAME_CALL_RETURN,
	FLAME_RETURN_CALL,
	FLAME_RETURN_RETURN,
	FLAME_NR_GAPS,
	FLAME_NO_GAP = FLAME_NR_GAPS
};

/**
 * struct flame_node - a stack: a function below those of its parents
 * @name:	the function; NULL for the root
 * @parent:	the stack without it; NULL for the root
 * @child:	first of the stacks with one function more
 * @next:	next child of @parent
 * @depth:	functions in the stack
 * @ticks:	spent in the function itself
 * @gaps:	in how many pieces, by enum flame_gap
 */
struct flame_node {
	char *name;
	struct flame_node *parent;
	struct flame_node *child;
	struct flame_node *next;
	unsigned int depth;
	u64 ticks;
	u64 gaps[FLAME_NR_GAPS];
};

struct flame_node *flame_child(struct flame_node *node, const char *name);
struct flame_node *flame_next(struct flame_node *node);
void flame_print_tree(struct flame_node *root, FILE *out);
void flame_free_tree(struct flame_node *root);

#endif /* LAUNCHER_FLAME_TREE_H */
