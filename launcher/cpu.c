// SPDX-License-Identifier: GPL-2.0-only
/* The run loop: enter the guest, and do what it returns for. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "machine.h"
#include "mmio.h"
#include "util.h"

#define KICK_SIGNAL	SIGUSR1

static void on_kick(int sig)
{
	(void)sig;
}

/**
 * cpu_prepare_kick() - let cpu_kick() interrupt system calls
 */
void cpu_prepare_kick(void)
{
	struct sigaction action = { .sa_handler = on_kick };

	sigaction(KICK_SIGNAL, &action, NULL);
}

/**
 * cpu_kick() - make the vCPU's thread look at why the guest stops
 * @ctx: the struct machine
 *
 * The flag catches a thread on its way into the guest, the signal one inside.
 */
void cpu_kick(void *ctx)
{
	struct machine *m = ctx;

	m->vm.ops->kick(&m->vcpu);
	pthread_kill(m->thread, KICK_SIGNAL);
}

static void handle_io(struct machine *m)
{
	struct lull_run *run = m->vcpu.run;

	if (run->io.direction == LULL_IO_IN) {
		run->io.data = board_in(&m->board, run->io.port, run->io.size);
		return;
	}
	board_out(&m->board, run->io.port, run->io.size, run->io.data);
	console_flush(&m->console);
}

static int get_state(struct machine *m, struct lull_regs *regs,
		     struct lull_sregs *sregs)
{
	if (m->vm.ops->get_regs(&m->vcpu, regs) ||
	    m->vm.ops->get_sregs(&m->vcpu, sregs))
		return error("registers: %s", strerror(errno));
	return 0;
}

static void format_bytes(const u8 *bytes, int len, char *text)
{
	int i;

	for (i = 0; i < len; i++)
		text += sprintf(text, "%s%02x", i ? " " : "", bytes[i]);
}

static void refuse_mmio(struct machine *m, const struct lull_regs *regs,
			const struct lull_sregs *sregs)
{
	const struct lull_run *run = m->vcpu.run;
	char bytes[3 * LULL_INSN_MAX + 1] = "";
	char text[INSN_TEXT_MAX] = "not an instruction";

	format_bytes(run->mmio.insn, run->mmio.insn_len, bytes);
	insn_text(dump_mode(sregs), run->mmio.insn, run->mmio.insn_len,
		  regs->rip, text);
	error("guest %s %#llx, where there is nothing, by a strange instruction: %s [%s]",
	      run->mmio.write ? "writes to" : "reads from", run->mmio.gpa,
	      text, bytes);
	stop_request(&m->stop, STOP_DEAD, 0);
}

static void handle_mmio(struct machine *m)
{
	struct lull_run *run = m->vcpu.run;
	struct lull_sregs sregs;
	struct lull_regs regs;
	struct insn insn;

	if (run->mmio.insn_len > LULL_INSN_MAX)
		run->mmio.insn_len = LULL_INSN_MAX;
	if (get_state(m, &regs, &sregs)) {
		stop_request(&m->stop, STOP_ERROR, 0);
		return;
	}
	if (insn_decode(dump_mode(&sregs), run->mmio.insn, run->mmio.insn_len,
			&insn) ||
	    mmio_execute(&insn, &regs)) {
		refuse_mmio(m, &regs, &sregs);
		return;
	}
	if (m->vm.ops->set_regs(&m->vcpu, &regs)) {
		error("registers: %s", strerror(errno));
		stop_request(&m->stop, STOP_ERROR, 0);
	}
}

static void handle_run_error(struct machine *m)
{
	if (errno == EINTR || errno == EAGAIN)
		return;
	error("%s: running the guest: %s", m->vm.ops->device,
	      strerror(errno));
	stop_request(&m->stop, STOP_ERROR, 0);
}

/**
 * cpu_run() - run the guest until something stops it
 * @m: the guest
 */
void cpu_run(struct machine *m)
{
	while (stop_cause(&m->stop) == STOP_NONE) {
		if (m->vm.ops->run(&m->vcpu) < 0) {
			handle_run_error(m);
			continue;
		}
		switch (m->vcpu.run->reason) {
		case LULL_RUN_IO:
			handle_io(m);
			break;
		case LULL_RUN_MMIO:
			handle_mmio(m);
			break;
		case LULL_RUN_SHUTDOWN:
			stop_request(&m->stop, STOP_SHUTDOWN, 0);
			break;
		case LULL_RUN_FAIL_ENTRY:
		case LULL_RUN_UNHANDLED:
		case LULL_RUN_MODE:
		case LULL_RUN_GUARD:
			stop_request(&m->stop, STOP_DEAD, 0);
			break;
		default:
			error("%s: unknown reason %u to stop",
			      m->vm.ops->device, m->vcpu.run->reason);
			stop_request(&m->stop, STOP_ERROR, 0);
		}
	}
}

/**
 * cpu_report() - say why the guest stopped, where its status does not
 * @m: the guest; its console has ended
 */
void cpu_report(struct machine *m)
{
	enum stop_cause cause = stop_cause(&m->stop);
	struct lull_sregs sregs;
	struct lull_regs regs;

	if (cause == STOP_RESET)
		warn("guest reset itself");
	if (cause == STOP_SHUTDOWN)
		error("guest stopped by a triple fault");
	if (cause == STOP_DEAD)
		m->vm.ops->explain(&m->vcpu);
	if (cause != STOP_SHUTDOWN && cause != STOP_DEAD)
		return;
	if (!get_state(m, &regs, &sregs))
		dump_guest(&m->mem, &regs, &sregs);
}
