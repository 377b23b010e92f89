// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folding the calls of a trace.  Pure: it knows neither files nor libtracecmd.
 *
 * The time between two events of a thread is a piece, and belongs to the
 * function that was running.  Why the guest was left is known only when the
 * exit has been handled, so pieces wait for the next lull_exit.  It also says
 * how long the guest ran before, which no function does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"
#include "names.h"
#include "util.h"

/* The kernel gives up at 50 (FTRACE_RETFUNC_DEPTH). */
#define MAX_DEPTH	64

static const char guest[] = "[guest]";
static const char idle[] = "[idle]";
static const char preempted[] = "[preempted]";
static const char tracer[] = "[tracer]";

/* The module's preempt notifiers: monitor/run.c. */
static const char sched_out[] = "sched_out";
static const char sched_in[] = "sched_in";

/**
 * struct flame_piece - time of a thread between two events
 * @node:	the stack then; NULL if a tracepoint was at work
 * @from:	begin
 * @to:		end
 * @gap:	between which events
 * @away:	other threads had the CPU
 */
struct flame_piece {
	struct flame_node *node;
	u64 from;
	u64 to;
	enum flame_gap gap;
	bool away;
};

/**
 * struct flame_thread - a thread that events were recorded in
 * @pid:	its number
 * @cpu:	of an idle thread, whose number all have: its CPU
 * @at:		its stack
 * @last:	time of its last event
 * @last_event:	which that was
 * @last_cpu:	where that was
 * @in_tracepoint: that was in a function that the compiler made for it
 * @lost:	events may be missing since then
 * @away:	it is scheduled out
 * @is_vcpu:	it has had a VM exit
 * @ignored:	it is a vCPU of another VM than is asked for
 * @root:	what its time goes to: the last exit's reason
 * @loop:	the stack in which it ran the guest
 * @pieces:	those that no VM exit has followed yet, in order
 * @nr_pieces:	how many
 * @room:	for how many
 */
struct flame_thread {
	u32 pid;
	unsigned int cpu;
	struct flame_node *at;
	u64 last;
	enum flame_event last_event;
	unsigned int last_cpu;
	bool in_tracepoint;
	bool lost;
	bool away;
	bool is_vcpu;
	bool ignored;
	char root[EXIT_NAME_MAX];
	struct flame_node *loop;
	struct flame_piece *pieces;
	unsigned int nr_pieces;
	unsigned int room;
};

/**
 * flame_init() - begin
 * @f: the stacks
 * @only_vm: the VM to look at, or -1 for all
 */
void flame_init(struct flame *f, s64 only_vm)
{
	memset(f, 0, sizeof(*f));
	memset(f->least, 0xff, sizeof(f->least));
	f->only_vm = only_vm;
}

static struct flame_thread *find_thread(struct flame *f, u32 pid,
					unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < f->nr_threads; i++) {
		if (f->threads[i].pid == pid &&
		    (pid || f->threads[i].cpu == cpu))
			return &f->threads[i];
	}
	return NULL;
}

static struct flame_thread *add_thread(struct flame *f,
				       const struct flame_record *rec)
{
	struct flame_thread *t;

	t = realloc(f->threads, (f->nr_threads + 1) * sizeof(*t));
	if (!t)
		return NULL;
	f->threads = t;
	t += f->nr_threads++;
	*t = (struct flame_thread) {
		.pid = rec->pid, .cpu = rec->cpu, .at = &f->calls,
		.last = rec->time, .root = "[other]",
	};
	return t;
}

static bool is_around(const struct flame_node *node,
		      const struct flame_node *inner)
{
	while (inner && inner->depth > node->depth)
		inner = inner->parent;
	return inner == node;
}

/* The stack below @root, without the functions that run the guest. */
static struct flame_node *fold(struct flame *f, const struct flame_thread *t,
			       const char *root, const struct flame_node *node)
{
	struct flame_node *up;

	if (!node->parent->parent || is_around(node->parent, t->loop))
		up = flame_child(&f->folded, root);
	else
		up = fold(f, t, root, node->parent);
	return up ? flame_child(up, node->name) : NULL;
}

static struct flame_node *payer(struct flame *f, const struct flame_thread *t,
				const struct flame_piece *p, const char *root)
{
	if (root == guest || root == idle)
		return flame_child(&f->folded, root);
	if (p->away)
		return flame_child(&f->folded, preempted);
	if (!p->node)
		return flame_child(&f->folded, tracer);
	return fold(f, t, root, p->node);
}

static int charge(struct flame *f, struct flame_thread *t,
		  struct flame_piece *p, u64 to, const char *root)
{
	struct flame_node *node;

	if (t->ignored) {
		f->ticks -= to - p->from;
		return 0;
	}
	node = payer(f, t, p, root);
	if (!node)
		return error("%s", strerror(ENOMEM));
	node->ticks += to - p->from;
	if (root == guest) {
		if (p->node && (!t->loop || p->node->depth < t->loop->depth))
			t->loop = p->node;
	} else if (root != idle && p->gap != FLAME_NO_GAP) {
		node->gaps[p->gap]++;
		p->gap = FLAME_NO_GAP;
	}
	return 0;
}

/* Pieces, and the first part of one, that end by @upto are @root's. */
static int settle(struct flame *f, struct flame_thread *t, u64 upto,
		  const char *root)
{
	unsigned int done = 0;
	struct flame_piece *p;

	for (; done < t->nr_pieces; done++) {
		p = &t->pieces[done];
		if (p->to > upto)
			break;
		if (charge(f, t, p, p->to, root))
			return -1;
	}
	t->nr_pieces -= done;
	if (!t->nr_pieces)
		return 0;
	p = t->pieces;
	memmove(p, p + done, t->nr_pieces * sizeof(*p));
	if (p->from >= upto)
		return 0;
	if (charge(f, t, p, upto, root))
		return -1;
	p->from = upto;
	return 0;
}

static int add_piece(struct flame *f, struct flame_thread *t,
		     struct flame_piece piece)
{
	struct flame_piece *p;

	if (t->nr_pieces == t->room) {
		p = realloc(t->pieces, (t->room * 2 + 16) * sizeof(*p));
		if (!p)
			return error("%s", strerror(ENOMEM));
		t->pieces = p;
		t->room = t->room * 2 + 16;
	}
	t->pieces[t->nr_pieces++] = piece;
	f->ticks += piece.to - piece.from;
	return 0;
}

static enum flame_gap gap_between(enum flame_event from, enum flame_event to)
{
	if (from > FLAME_RETURN || to > FLAME_RETURN)
		return FLAME_NO_GAP;
	return from == FLAME_CALL ? FLAME_CALL_CALL + (to == FLAME_RETURN) :
				    FLAME_RETURN_CALL + (to == FLAME_RETURN);
}

/* Is this from a call to a tracepoint in it, or from there to its return? */
static bool is_tracepoint(const struct flame_thread *t, enum flame_event to)
{
	if (to > FLAME_RETURN)
		return t->last_event == FLAME_CALL;
	return t->in_tracepoint && to == FLAME_RETURN;
}

/* The time up to an event. */
static int advance(struct flame *f, struct flame_thread *t, u64 time,
		   enum flame_event event)
{
	struct flame_piece p = { t->at, t->last, time, FLAME_NO_GAP, t->away };
	bool tracepoint = !t->lost && is_tracepoint(t, event);

	if (!t->is_vcpu && t->at == &f->calls)
		return 0;
	if (tracepoint && !t->away)
		p.node = NULL;
	if (tracepoint || t->away)
		return add_piece(f, t, p);
	if (t->lost)
		p.node = flame_child(&f->calls, "[lost]");
	else if (t->at == &f->calls)
		p.node = flame_child(&f->calls, "[outside]");
	if (!t->lost)
		p.gap = gap_between(t->last_event, event);
	if (!p.node)
		return error("%s", strerror(ENOMEM));
	if (p.gap != FLAME_NO_GAP && p.to - p.from < f->least[p.gap])
		f->least[p.gap] = p.to - p.from;
	return add_piece(f, t, p);
}

/* Calls that nobody saw begin are there by their number. */
static int go_to_depth(struct flame_thread *t, u64 depth)
{
	if (depth > MAX_DEPTH)
		return error("a call inside %llu others: damaged", depth);
	while (t->at->depth > depth)
		t->at = t->at->parent;
	while (t->at && t->at->depth < depth)
		t->at = flame_child(t->at, "[unknown]");
	return t->at ? 0 : error("%s", strerror(ENOMEM));
}

static int take_call(struct flame *f, struct flame_thread *t,
		     const struct flame_record *rec)
{
	f->nr_calls++;
	if (go_to_depth(t, rec->depth))
		return -1;
	if (!strcmp(rec->function, sched_out))
		t->away = true;
	else if (!strcmp(rec->function, sched_in))
		t->away = false;
	t->at = flame_child(t->at, rec->function);
	return t->at ? 0 : error("%s", strerror(ENOMEM));
}

static int take_return(struct flame *f, struct flame_thread *t,
		       const struct flame_record *rec)
{
	if (go_to_depth(t, rec->depth))
		return -1;
	if (t->is_vcpu || rec->depth)
		return 0;
	return settle(f, t, ~0ULL, t->root);
}

static u64 floor_sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* When had the thread still so many ticks to run until a certain time? */
static u64 ticks_before(const struct flame_thread *t, u64 time, u64 ticks)
{
	const struct flame_piece *p;
	unsigned int i;
	u64 to;

	for (i = t->nr_pieces; i-- > 0;) {
		p = &t->pieces[i];
		to = p->to < time ? p->to : time;
		if (p->away || to <= p->from)
			continue;
		if (ticks <= to - p->from)
			return to - ticks;
		ticks -= to - p->from;
	}
	return 0;
}

/*
 * @counted is when the module read the TSC for the last time, a little more:
 * the tracer's work before an event that is a call.  By that the times of
 * exit and entry come late, too, and meet the calls around them.
 */
static int take_exit(struct flame *f, struct flame_thread *t,
		     const struct flame_record *rec, u64 counted)
{
	u64 exited = ticks_before(t, counted, rec->ticks);
	struct flame_node *loop = t->loop;
	char buf[EXIT_NAME_MAX];

	f->nr_exits++;
	t->is_vcpu = true;
	t->ignored = f->only_vm >= 0 && rec->vm != f->only_vm;
	if (settle(f, t, floor_sub(exited, rec->guest_ticks), t->root))
		return -1;
	t->loop = NULL;
	if (settle(f, t, exited, guest))
		return -1;
	if (!t->loop)
		t->loop = loop;
	snprintf(t->root, sizeof(t->root), "%s", exit_name(rec->reason, buf));
	return 0;
}

static int take_idle(struct flame *f, struct flame_thread *t,
		     const struct flame_record *rec, u64 counted)
{
	if (settle(f, t, floor_sub(counted, rec->ticks), t->root))
		return -1;
	return settle(f, t, counted, idle);
}

static int take(struct flame *f, struct flame_thread *t,
		const struct flame_record *rec, u64 counted)
{
	switch (rec->event) {
	case FLAME_CALL:
		return take_call(f, t, rec);
	case FLAME_RETURN:
		return take_return(f, t, rec);
	case FLAME_EXIT:
		return take_exit(f, t, rec, counted);
	case FLAME_IDLE:
		return take_idle(f, t, rec, counted);
	}
	return 0;
}

/**
 * flame_lost() - events are missing before the next one
 * @f: the stacks
 * @cpu: the host CPU that did not record them
 */
void flame_lost(struct flame *f, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < f->nr_threads; i++) {
		if (f->threads[i].last_cpu == cpu)
			f->threads[i].lost = true;
	}
}

/**
 * flame_take() - add an event
 * @f: the stacks
 * @rec: the event; its time is not before that of any other of its thread
 *
 * Return: 0, or -1 after a message
 */
int flame_take(struct flame *f, const struct flame_record *rec)
{
	struct flame_thread *t = find_thread(f, rec->pid, rec->cpu);
	u64 time = rec->time, counted;

	if (!t)
		t = add_thread(f, rec);
	if (!t)
		return error("%s", strerror(ENOMEM));
	/* Another CPU's TSC may be behind. */
	if (time < t->last)
		time = t->last;
	if (advance(f, t, time, rec->event))
		return -1;
	counted = t->last_event == FLAME_CALL ? t->last : time;
	t->in_tracepoint = rec->event > FLAME_RETURN &&
			   t->last_event == FLAME_CALL;
	t->last = time;
	t->last_event = rec->event;
	t->last_cpu = rec->cpu;
	t->lost = false;
	return take(f, t, rec, counted);
}

/* The shortest gap of a kind has hardly more in it than the tracer's work. */
static int set_tracer_apart(struct flame *f)
{
	struct flame_node *of_tracer = flame_child(&f->folded, tracer);
	struct flame_node *node;
	u64 ticks;
	int i;

	if (!of_tracer)
		return error("%s", strerror(ENOMEM));
	for (node = &f->folded; node; node = flame_next(node)) {
		for (ticks = 0, i = 0; i < FLAME_NR_GAPS; i++) {
			if (node->gaps[i])
				ticks += node->gaps[i] * f->least[i];
		}
		if (ticks > node->ticks)
			ticks = node->ticks;
		node->ticks -= ticks;
		of_tracer->ticks += ticks;
	}
	return 0;
}

/**
 * flame_finish() - after the last event
 * @f: the stacks
 *
 * Return: 0, or -1 after a message
 */
int flame_finish(struct flame *f)
{
	struct flame_node *node;
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < f->nr_threads; i++) {
		if (settle(f, &f->threads[i], ~0ULL, f->threads[i].root))
			return -1;
	}
	if (set_tracer_apart(f))
		return -1;
	for (node = &f->folded; node; node = flame_next(node))
		sum += node->ticks;
	if (sum != f->ticks)
		return error("%llu ticks were recorded, but the stacks add up to %llu",
			     f->ticks, sum);
	return 0;
}

/**
 * flame_free() - forget everything
 * @f: the stacks
 */
void flame_free(struct flame *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_threads; i++)
		free(f->threads[i].pieces);
	free(f->threads);
	flame_free_tree(&f->calls);
	flame_free_tree(&f->folded);
}
