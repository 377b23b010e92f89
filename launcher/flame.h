/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folded stacks from the function-graph tracer's calls and returns and the
 * module's lull_exit and lull_idle_leave.  flame_read.c feeds it.
 */
#ifndef LAUNCHER_FLAME_H
#define LAUNCHER_FLAME_H

#include "flame_tree.h"

enum flame_event {
	FLAME_CALL,		/* funcgraph_entry */
	FLAME_RETURN,		/* funcgraph_exit */
	FLAME_EXIT,		/* lull_exit */
	FLAME_IDLE		/* lull_idle_leave */
};

/**
 * struct flame_record - an event
 * @event:	which
 * @pid:	thread that it was recorded in
 * @cpu:	host CPU
 * @time:	when
 * @function:	of FLAME_CALL: its name
 * @depth:	of FLAME_CALL, FLAME_RETURN: calls around this one
 * @vm:		of FLAME_EXIT: the VM
 * @reason:	of FLAME_EXIT: basic exit reason
 * @guest_ticks: of FLAME_EXIT: in the guest before
 * @ticks:	of FLAME_EXIT: since the exit; of FLAME_IDLE: asleep
 */
struct flame_record {
	enum flame_event event;
	u32 pid;
	unsigned int cpu;
	u64 time;
	const char *function;
	u32 depth;
	u32 vm;
	u32 reason;
	u64 guest_ticks;
	u64 ticks;
};

struct flame_thread;
struct report;

/**
 * struct flame - the stacks of a trace
 * @only_vm:	the VM to look at, or -1
 * @calls:	root of all stacks as they were
 * @folded:	root of them by exit reason, with what was spent
 * @threads:	one for each thread that has an event
 * @nr_threads:	how many
 * @least:	shortest gap of each kind
 * @ticks:	all time that was recorded, and is of @only_vm
 * @nr_calls:	how many FLAME_CALL there were
 * @nr_exits:	how many FLAME_EXIT
 */
struct flame {
	s64 only_vm;
	struct flame_node calls;
	struct flame_node folded;
	struct flame_thread *threads;
	unsigned int nr_threads;
	u64 least[FLAME_NR_GAPS];
	u64 ticks;
	u64 nr_calls;
	u64 nr_exits;
};

/* flame.c */
void flame_init(struct flame *f, s64 only_vm);
int flame_take(struct flame *f, const struct flame_record *rec);
void flame_lost(struct flame *f, unsigned int cpu);
int flame_finish(struct flame *f);
void flame_free(struct flame *f);

/* flame_read.c */
int flame_read(struct flame *f, struct report *r, const char *path);

#endif /* LAUNCHER_FLAME_H */
