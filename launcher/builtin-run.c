// SPDX-License-Identifier: GPL-2.0-only
/* lull run: boot a Linux kernel or a Multiboot image as a guest. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "builtin.h"
#include "machine.h"
#include "mptable.h"
#include "opt.h"
#include "payload.h"
#include "util.h"
#include "../hypercall/uapi/lull_para.h"

#define MEM_DEFAULT	(256 * MIB)
#define MEM_MIN		(1 * MIB)
#define MEM_MAX		(1024 * GIB)
#define NO_CPU		(~0U)

/* The arms of scripts/REPORT.rst: which features the guest is offered. */
static const char *const arm_names[] = {
	"eager", "lazy", "announce", "stock", NULL,
};

enum arm { ARM_EAGER, ARM_LAZY, ARM_ANNOUNCE, ARM_STOCK, ARM_DEFAULT };

static const u64 arm_features[] = {
	[ARM_EAGER] = LULL_PARA_F_IDLE_EAGER,
	[ARM_LAZY] = 0,
	[ARM_ANNOUNCE] = LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_IDLE_ANNOUNCE |
			 LULL_PARA_F_IDLE_HALT,
	[ARM_STOCK] = 0,
};

/* The guest's timer; the comparison of arms is made with either. */
static const char *const timer_names[] = { "lull", "pit", NULL };

enum timer { TIMER_LULL, TIMER_PIT, TIMER_DEFAULT };

static const char *const guard_names[] = { "off", "audit", "kill", NULL };

enum guard { GUARD_OFF, GUARD_AUDIT, GUARD_KILL };

static const char *const backend_names[] = { "lull", "kvm", NULL };

enum backend { BACKEND_LULL, BACKEND_KVM };

static const struct vm_ops *const backends[] = {
	[BACKEND_LULL] = &vm_lull_ops,
	[BACKEND_KVM] = &vm_kvm_ops,
};

/**
 * struct run_options - the command line
 * @kernel:	file
 * @initrd:	file, or NULL
 * @modules:	FILE[,ARGS]
 * @append:	kernel command line
 * @stats:	file, or NULL
 * @mem:	bytes
 * @arm:	enum arm
 * @timer:	enum timer
 * @cr3_targets: let the guest load page tables without an exit
 * @guard:	enum guard
 * @backend:	enum backend
 * @cpu:	host CPU for the vCPU's thread, or NO_CPU
 * @shadow_pages: cap, or 0
 * @mergeable:	the host may merge pages of the guest's memory
 */
struct run_options {
	const char *kernel;
	const char *initrd;
	struct opt_list modules;
	const char *append;
	const char *stats;
	u64 mem;
	int arm;
	int timer;
	bool cr3_targets;
	int guard;
	int backend;
	unsigned int cpu;
	unsigned int shadow_pages;
	bool mergeable;
};

static const char run_notes[] =
	"SIZE is a number of bytes; K, M and G multiply it.\n"
	"ARM says how the guest's idle task treats page tables:\n"
	"  eager     it switches to the kernel's own\n"
	"  lazy      it keeps those of the process before it\n"
	"  announce  it keeps them, says so in the shared page, and halts by\n"
	"            hypercall\n"
	"  stock     the guest is offered nothing\n"
	"The guest's timer is one of Lull's own, whose deadlines are stores; with\n"
	"--timer pit, or --idle stock, it is the PIT.\n"
	"With --cr3-targets the guest is shown addresses of host memory: on a CPU with\n"
	"L1TF only if lull.ko was loaded with cr3_targets_despite_l1tf=1.\n"
	"--idle-guard withdraws the user half of the page tables while the guest's\n"
	"idle task borrows them, if the guest asks for it: an access there is counted\n"
	"and let through (audit), or ends the guest (kill).\n"
	"KVM offers none of this: there, put lull_idle=eager or lull_idle=lazy on\n"
	"--append.\n"
	"\n"
	"With a terminal, Ctrl-A x quits and Ctrl-A h shows the keys.\n"
	"\n"
	"Exit status: the byte that the guest wrote to port 0xf4, as it is (QEMU's\n"
	"isa-debug-exit would make it 2 * byte + 1); 0 after Ctrl-A x;\n"
	"1 on an error; 2 if the guest reset itself; 3 after a triple fault;\n"
	"4 if the guest did what Lull or KVM cannot handle; 128+N after signal N.\n";

static int check_options(const struct run_options *o)
{
	if (!o->kernel)
		return error("--kernel: missing (see --help)");
	if (o->mem % GUEST_PAGE)
		return error("--mem: %llu is not a multiple of %llu", o->mem,
			     GUEST_PAGE);
	if (o->backend == BACKEND_KVM && o->arm != ARM_DEFAULT)
		return error("--idle %s: only with --backend lull (see --help)",
			     arm_names[o->arm]);
	if (o->backend == BACKEND_KVM && o->timer != TIMER_DEFAULT)
		return error("--timer: only with --backend lull");
	if (o->backend == BACKEND_KVM && o->cr3_targets)
		return error("--cr3-targets: only with --backend lull");
	if (o->backend == BACKEND_KVM && o->guard != GUARD_OFF)
		return error("--idle-guard: only with --backend lull");
	if (o->guard != GUARD_OFF && o->arm != ARM_ANNOUNCE &&
	    o->arm != ARM_DEFAULT)
		return error("--idle-guard: only with --idle announce, not %s",
			     arm_names[o->arm]);
	if (o->arm == ARM_STOCK && o->timer == TIMER_LULL)
		return error("--timer lull: not with --idle stock");
	if (o->arm == ARM_STOCK && o->cr3_targets)
		return error("--cr3-targets: not with --idle stock");
	return o->stats ? file_check_writable(o->stats) : 0;
}

static int parse_options(struct run_options *o, int argc, char **argv)
{
	const struct opt opts[] = {
		{ "kernel", OPT_FILE, &o->kernel, "FILE",
		  "bzImage or Multiboot image to boot (required)" },
		{ "initrd", OPT_FILE, &o->initrd, "FILE",
		  "initial RAM disk" },
		{ "module", OPT_LIST, &o->modules, "FILE[,ARGS]",
		  "module of a Multiboot image; may be repeated" },
		{ "append", OPT_STRING, &o->append, "TEXT",
		  "kernel command line" },
		{ "mem", OPT_SIZE, &o->mem, "SIZE",
		  "guest memory (default 256M)",
		  .min = MEM_MIN, .max = MEM_MAX },
		{ "mergeable", OPT_FLAG, &o->mergeable, NULL,
		  "let the host merge equal pages of its memory (KSM)" },
		{ "idle", OPT_CHOICE, &o->arm, "ARM",
		  "eager, lazy, announce (default) or stock",
		  .choices = arm_names },
		{ "timer", OPT_CHOICE, &o->timer, "NAME",
		  "lull (default) or pit", .choices = timer_names },
		{ "cr3-targets", OPT_FLAG, &o->cr3_targets, NULL,
		  "let the guest switch page tables without exits" },
		{ "idle-guard", OPT_CHOICE, &o->guard, "POLICY",
		  "off (default), audit or kill", .choices = guard_names },
		{ "backend", OPT_CHOICE, &o->backend, "NAME",
		  "lull (default) or kvm, to compare",
		  .choices = backend_names },
		{ "stats", OPT_FILE, &o->stats, "FILE",
		  "write statistics as JSON at the end" },
		{ "cpu", OPT_UINT, &o->cpu, "N",
		  "run the guest only on host CPU N", .max = CPU_SETSIZE - 1 },
		{ "shadow-pages", OPT_UINT, &o->shadow_pages, "N",
		  "cap on shadow page tables",
		  .min = LULL_MIN_SHADOW_PAGES,
		  .max = LULL_MAX_SHADOW_PAGES },
		{ }
	};
	const struct opt_spec spec = {
		.usage = "run --kernel FILE [options]",
		.about = "Boot a guest with its serial port on standard input and output: a Linux\n"
			 "kernel (bzImage), or a Multiboot 1 image (32-bit ELF, or with address\n"
			 "fields), which starts in 32-bit protected mode with paging off.\n",
		.opts = opts,
		.notes = run_notes,
	};
	int ret = opt_parse(&spec, argc, argv);

	return ret < 0 ? ret : check_options(o);
}

/* Memory and registers of the guest. */
static int load(struct machine *m, const struct payload *p,
		const struct run_options *o)
{
	struct lull_sregs sregs;
	struct lull_regs regs;

	if (payload_load(p, &m->mem, o->append ? o->append : "", &regs, &sregs))
		return -1;
	if (o->backend == BACKEND_KVM)
		mptable_write(&m->mem);
	if (m->vm.ops->set_sregs(&m->vcpu, &sregs) ||
	    m->vm.ops->set_regs(&m->vcpu, &regs))
		return error("registers: %s", strerror(errno));
	return 0;
}

static int pin(unsigned int cpu)
{
	cpu_set_t set;

	if (cpu == NO_CPU)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return error("--cpu: cannot run on CPU %u: %s", cpu,
			     strerror(errno));
	return 0;
}

/* The guest is loaded; returns lull's exit status. */
static int run(struct machine *m, const struct run_options *o)
{
	int status;

	if (machine_start(m))
		return STATUS_ERROR;
	if (pin(o->cpu))
		stop_request(&m->stop, STOP_ERROR, 0);
	cpu_run(m);
	console_end(&m->console);
	cpu_report(m);
	status = stop_status(&m->stop);
	if (o->stats && machine_write_stats(m, o->stats))
		return STATUS_ERROR;
	return status;
}

static u64 para_features(const struct run_options *o)
{
	u64 features;

	if (o->backend == BACKEND_KVM || o->arm == ARM_STOCK)
		return 0;
	features = arm_features[o->arm == ARM_DEFAULT ? ARM_ANNOUNCE : o->arm];
	if (o->timer != TIMER_PIT)
		features |= LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_TIMER;
	if (o->cr3_targets)
		features |= LULL_PARA_F_CR3_TARGETS;
	if (o->guard != GUARD_OFF)
		features |= LULL_PARA_F_IDLE_GUARD;
	return features;
}

/* Returns the exit status; drops the payload once it is in the guest. */
static int boot(struct payload *p, const struct run_options *o)
{
	const struct machine_config config = {
		.ops = backends[o->backend],
		.mem_size = o->mem,
		.para_features = para_features(o),
		.guard_kill = o->guard == GUARD_KILL,
		.shadow_pages = o->shadow_pages,
		.mergeable = o->mergeable,
	};
	int status = STATUS_ERROR;
	struct machine m;

	if (machine_create(&m, &config))
		return STATUS_ERROR;
	if (!load(&m, p, o)) {
		payload_free(p);
		status = run(&m, o);
	}
	machine_destroy(&m);
	return status;
}

/**
 * builtin_run() - lull run
 * @argc: number of arguments
 * @argv: "run" and its arguments
 *
 * Return: exit status
 */
int builtin_run(int argc, char **argv)
{
	struct run_options o = {
		.mem = MEM_DEFAULT, .arm = ARM_DEFAULT, .cpu = NO_CPU,
		.timer = TIMER_DEFAULT,
	};
	struct payload p;
	int status;

	switch (parse_options(&o, argc, argv)) {
	case 0:
		break;
	case OPT_HELP_SHOWN:
		return 0;
	default:
		return STATUS_ERROR;
	}
	if (payload_read(&p, o.kernel, o.initrd, &o.modules, o.mem))
		return STATUS_ERROR;
	status = boot(&p, &o);
	payload_free(&p);
	return status;
}
