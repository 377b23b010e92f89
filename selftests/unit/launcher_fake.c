// SPDX-License-Identifier: GPL-2.0-only
/* A /dev/lull for tests: LULL_RUN follows a script instead of a guest. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hypercall/uapi/lull_para.h"
#include "launcher_fake.h"
#include "launcher_wrap.h"

#define RUN_SIZE	4096

struct fake fake;

static struct lull_run *run;
static int sys_fd, vm_fd, vcpu_fd;

/**
 * fake_reset() - a module that works, with a new script
 * @steps: the script
 */
void fake_reset(const struct fake_step *steps)
{
	memset(&fake, 0, sizeof(fake));
	fake.api = LULL_API_VERSION;
	fake.caps.para_features = LULL_PARA_F_ALL;
	fake.caps.run_size = RUN_SIZE;
	fake.caps.max_vcpus = LULL_MAX_VCPUS;
	fake.caps.max_slots = LULL_MAX_SLOTS;
	fake.steps = steps;
	fake.wrong = -1;
	sys_fd = -1;
	vm_fd = -1;
	vcpu_fd = -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (strcmp(path, "/dev/lull"))
		return __real_open(path, flags, mode);
	if (fake.open_errno) {
		errno = fake.open_errno;
		return -1;
	}
	sys_fd = memfd_create("lull", 0);
	return sys_fd;
}

static int new_vcpu(void)
{
	vcpu_fd = memfd_create("vcpu", 0);
	if (ftruncate(vcpu_fd, RUN_SIZE))
		return -1;
	run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu_fd, 0);
	return vcpu_fd;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* After an interrupted poll() the flag says whether to stop. */
static int block(void)
{
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST))
		poll(NULL, 0, 10);
	return fail(EINTR);
}

static void start_io(const struct fake_step *step, u8 direction)
{
	run->reason = LULL_RUN_IO;
	run->io.port = step->port;
	run->io.direction = direction;
	run->io.size = step->size ? step->size : 1;
	run->io.data = direction == LULL_IO_OUT ? step->data : 0xdeadbeef;
}

static int start_mmio(const struct fake_step *step)
{
	run->reason = LULL_RUN_MMIO;
	run->mmio.gpa = 0xfee00000;
	run->mmio.gva = 0xfee00000;
	run->mmio.insn_len = LULL_INSN_MAX;
	memcpy(run->mmio.insn, step->insn, LULL_INSN_MAX);
	return 0;
}

static int start_unhandled(void)
{
	run->reason = LULL_RUN_UNHANDLED;
	run->hw.exit_reason = 48;
	run->hw.qualification = 0x181;
	return 0;
}

/* Looks at the answer to the last step; returns whether to repeat it. */
static bool answered_wrongly(void)
{
	const struct fake_step *last;

	if (!fake.step)
		return false;
	last = &fake.steps[fake.step - 1];
	if (last->kind == FAKE_WAIT_IN)
		return run->io.data != last->data;
	if (last->kind == FAKE_IN && run->io.data != last->data &&
	    fake.wrong < 0)
		fake.wrong = fake.step - 1;
	return false;
}

static int do_run(void)
{
	const struct fake_step *step;

	if (__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST))
		return fail(EINTR);
	if (answered_wrongly())
		fake.step--;
	step = &fake.steps[fake.step++];
	switch (step->kind) {
	case FAKE_END:
		return fail(EIO);
	case FAKE_OUT:
		start_io(step, LULL_IO_OUT);
		return 0;
	case FAKE_IN:
	case FAKE_WAIT_IN:
		start_io(step, LULL_IO_IN);
		return 0;
	case FAKE_MMIO:
		return start_mmio(step);
	case FAKE_SHUTDOWN:
		run->reason = LULL_RUN_SHUTDOWN;
		return 0;
	case FAKE_UNHANDLED:
		return start_unhandled();
	case FAKE_EINTR:
		return fail(EINTR);
	case FAKE_BLOCK:
		return block();
	case FAKE_CRASH:
		raise(SIGSEGV);
	}
	return fail(EIO);
}

static int on_system(unsigned long request, void *arg)
{
	switch (request) {
	case LULL_GET_API_VERSION:
		return fake.api;
	case LULL_GET_CAPS:
		memcpy(arg, &fake.caps, sizeof(fake.caps));
		return 0;
	case LULL_CREATE_VM:
		memcpy(&fake.config, arg, sizeof(fake.config));
		vm_fd = memfd_create("vm", 0);
		return vm_fd;
	default:
		return fail(ENOTTY);
	}
}

static int on_vm(unsigned long request, void *arg)
{
	const struct lull_memory_region *region = arg;
	const struct lull_irq_line *irq = arg;

	switch (request) {
	case LULL_SET_MEMORY:
		if (fake.memory_errno)
			return fail(fake.memory_errno);
		fake.regions[region->slot] = *region;
		return 0;
	case LULL_CREATE_VCPU:
		return new_vcpu();
	case LULL_IRQ_LINE:
		if (irq->irq != 4)
			return fail(EINVAL);
		fake.rises += irq->level;
		return 0;
	default:
		return fail(ENOTTY);
	}
}

static int on_vcpu(unsigned long request, void *arg)
{
	struct lull_vcpu_stats *stats = arg;

	switch (request) {
	case LULL_RUN:
		return do_run();
	case LULL_GET_REGS:
		memcpy(arg, &fake.regs, sizeof(fake.regs));
		return 0;
	case LULL_SET_REGS:
		memcpy(&fake.regs, arg, sizeof(fake.regs));
		return 0;
	case LULL_GET_SREGS:
		memcpy(arg, &fake.sregs, sizeof(fake.sregs));
		return 0;
	case LULL_SET_SREGS:
		memcpy(&fake.sregs, arg, sizeof(fake.sregs));
		return 0;
	case LULL_GET_STATS:
		memset(stats, 0, sizeof(*stats));
		stats->total = ++fake.stats_calls;
		return 0;
	default:
		return fail(ENOTTY);
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd == vcpu_fd)
		return on_vcpu(request, arg);
	if (fd == vm_fd)
		return on_vm(request, arg);
	if (fd == sys_fd)
		return on_system(request, arg);
	return __real_ioctl(fd, request, arg);
}
