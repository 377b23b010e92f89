// SPDX-License-Identifier: GPL-2.0-only
/* One guest: VM, vCPU, memory, devices, console, and how they are wired. */
#include <string.h>

#include "machine.h"
#include "util.h"

static void on_put(void *ctx, u8 byte)
{
	struct machine *m = ctx;

	console_put(&m->console, byte);
}

static void on_set_irq(void *ctx, bool level)
{
	struct machine *m = ctx;

	if (vm_set_irq(&m->vm, BOARD_UART_IRQ, level))
		stop_request(&m->stop, STOP_ERROR, 0);
}

static void on_room(void *ctx)
{
	struct machine *m = ctx;

	console_room(&m->console);
}

static void on_exit_port(void *ctx, u8 status)
{
	struct machine *m = ctx;

	stop_request(&m->stop, STOP_EXIT, status);
}

static void on_reset(void *ctx)
{
	struct machine *m = ctx;

	stop_request(&m->stop, STOP_RESET, 0);
}

static void on_mark(void *ctx, u8 id)
{
	struct machine *m = ctx;
	union vm_stats stats;

	if (m->vm.ops->get_stats(&m->vm, &m->vcpu, &stats) ||
	    stats_log_mark(&m->log, id, &stats))
		stop_request(&m->stop, STOP_ERROR, 0);
}

static int init_board(struct machine *m)
{
	const struct uart_host uart = { on_put, on_set_irq, on_room, m };
	const struct platform_host platform = {
		on_exit_port, on_reset, on_mark, m,
	};

	return board_init(&m->board, &uart, &platform, &m->mem);
}

/**
 * machine_create() - make a guest with empty memory
 * @m: the guest
 * @config: what it is to be
 *
 * Return: 0, or -1 after a message
 */
int machine_create(struct machine *m, const struct machine_config *config)
{
	const struct lull_vm_config vm_config = {
		.para_features = config->para_features,
		.shadow_pages = config->shadow_pages,
		.flags = config->guard_kill ? LULL_VM_F_GUARD_KILL : 0,
	};

	memset(m, 0, sizeof(*m));
	if (stats_log_init(&m->log))
		return -1;
	if (init_board(m))
		goto err_free_log;
	if (gmem_alloc(&m->mem, config->mem_size))
		goto err_free_log;
	if (config->mergeable && gmem_allow_merging(&m->mem))
		goto err_free_mem;
	m->vm.ops = config->ops;
	if (config->ops->create(&m->vm, &vm_config))
		goto err_free_mem;
	if (vm_add_memory(&m->vm, &m->mem) ||
	    config->ops->create_vcpu(&m->vm, &m->vcpu, 0))
		goto err_destroy_vm;
	return 0;

err_destroy_vm:
	config->ops->destroy(&m->vm);
err_free_mem:
	gmem_free(&m->mem);
err_free_log:
	board_destroy(&m->board);
	stats_log_free(&m->log);
	return -1;
}

/**
 * machine_start() - connect the console; the caller runs the vCPU next
 * @m: the guest
 *
 * Return: 0, or -1 after a message
 */
int machine_start(struct machine *m)
{
	const struct console_host host = {
		.board = &m->board, .stop = &m->stop,
		.kick = cpu_kick, .ctx = m,
	};

	m->thread = pthread_self();
	cpu_prepare_kick();
	return console_start(&m->console, &host);
}

static struct json_object *render_stats(const void *ctx,
					const union vm_stats *stats)
{
	const struct machine *m = ctx;

	return m->vm.ops->stats_json(&m->vcpu, stats);
}

/**
 * machine_write_stats() - write the statistics at the marks and now
 * @m: the guest
 * @path: the file's name
 *
 * Return: 0, or -1 after a message
 */
int machine_write_stats(struct machine *m, const char *path)
{
	const struct stats_renderer renderer = { render_stats, m };
	union vm_stats end;
	bool have_end;

	have_end = !m->vm.ops->get_stats(&m->vm, &m->vcpu, &end);
	return stats_log_write(&m->log, path, have_end ? &end : NULL,
			       &renderer, m->board.balloon.returned);
}

/**
 * machine_destroy() - drop a guest
 * @m: the guest; its console has ended
 */
void machine_destroy(struct machine *m)
{
	m->vm.ops->destroy_vcpu(&m->vcpu);
	m->vm.ops->destroy(&m->vm);
	gmem_free(&m->mem);
	board_destroy(&m->board);
	stats_log_free(&m->log);
}
