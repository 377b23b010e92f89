/* SPDX-License-Identifier: GPL-2.0-only */
/* One guest: VM, vCPU, memory, devices, console. */
#ifndef LAUNCHER_MACHINE_H
#define LAUNCHER_MACHINE_H

#include <pthread.h>

#include "board.h"
#include "console.h"
#include "gmem.h"
#include "stats.h"
#include "stop.h"
#include "vm.h"

/**
 * struct machine - one guest
 * @mem:	its memory
 * @vm:		its VM
 * @vcpu:	its vCPU
 * @board:	its devices
 * @console:	its serial port's other end
 * @stop:	why it stops
 * @log:	statistics at its marks
 * @thread:	runs @vcpu
 */
struct machine {
	struct gmem mem;
	struct vm vm;
	struct vcpu vcpu;
	struct board board;
	struct console console;
	struct stop stop;
	struct stats_log log;
	pthread_t thread;
};

/**
 * struct machine_config - what a guest is to be
 * @ops:	backend
 * @mem_size:	bytes of memory
 * @para_features: LULL_PARA_F_* that it is offered
 * @guard_kill: an access that the idle guard finds ends it
 * @shadow_pages: cap, or 0
 * @mergeable:	the host may merge pages of its memory
 */
struct machine_config {
	const struct vm_ops *ops;
	u64 mem_size;
	u64 para_features;
	bool guard_kill;
	unsigned int shadow_pages;
	bool mergeable;
};

int machine_create(struct machine *m, const struct machine_config *config);
int machine_start(struct machine *m);
int machine_write_stats(struct machine *m, const char *path);
void machine_destroy(struct machine *m);

/* cpu.c */
void cpu_prepare_kick(void);
void cpu_kick(void *ctx);
void cpu_run(struct machine *m);
void cpu_report(struct machine *m);

#endif /* LAUNCHER_MACHINE_H */
