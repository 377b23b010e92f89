// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of descriptors: SET_SREGS' table of what cannot be, order of
 * closing, other processes, other threads, signals, dead VMs.
 *
 * Guards against: a VM freed while a vCPU, a mapping or a thread still uses
 * it; a guest run in another address space than its memory's; a thread that
 * cannot be got out of LULL_RUN; a dead VM that still runs, or that cannot be
 * looked at.
 */
#include <kselftest_harness.h>
#include <sched.h>
#include <sys/mman.h>

#include "lib/paging.h"
#include "lib/util.h"

static void guest_nothing(void *arg)
{
}

static volatile u64 loops;

/*
 * With interrupts on (the PIC has none): Bochs 2.7 lets no host interrupt end
 * a stay in a guest that has them off, unless there is a preemption timer.
 */
static void guest_forever(void *arg)
{
	sti();
	for (;;)
		loops++;
}

static void guest_forever_cli(void *arg)
{
	for (;;)
		loops++;
}

FIXTURE(life) {
	struct test_vm vm;
	struct test_vcpu vcpu;
};

FIXTURE_SETUP(life)
{
	vm_create(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, guest_nothing, NULL);
}

FIXTURE_TEARDOWN(life)
{
}

#define NOT_CANONICAL	(1ULL << 47)

struct sregs_case {
	const char *what;
	size_t offset;		/* of a 64-bit word in struct lull_sregs */
	u64 clear;
	u64 set;
};

#define FIELD(f)	offsetof(struct lull_sregs, f)
#define SEG(nr, f)	offsetof(struct lull_sregs, seg[nr].f)

static const struct sregs_case sregs_einval[] = {
	{ "CR0 without PE", FIELD(cr0), CR0_PE, 0 },
	{ "CR0 without PG", FIELD(cr0), CR0_PG, 0 },
	{ "CR0 without NE", FIELD(cr0), CR0_NE, 0 },
	{ "CR0 bit 6", FIELD(cr0), 0, BIT_ULL(6) },
	{ "CR0 bit 32", FIELD(cr0), 0, BIT_ULL(32) },
	{ "CR4 without PAE", FIELD(cr4), CR4_PAE, 0 },
	{ "CR4.VMXE", FIELD(cr4), 0, CR4_VMXE },
	{ "CR4.PCIDE", FIELD(cr4), 0, CR4_PCIDE },
	{ "CR4 bit 63", FIELD(cr4), 0, BIT_ULL(63) },
	{ "EFER without LME", FIELD(efer), EFER_LME, 0 },
	{ "EFER without LMA", FIELD(efer), EFER_LMA, 0 },
	{ "EFER.SVME", FIELD(efer), 0, BIT_ULL(12) },
	{ "CR3 too wide", FIELD(cr3), 0, BIT_ULL(51) },
	{ "CR3 bit 63", FIELD(cr3), 0, BIT_ULL(63) },
	{ "FS base", SEG(LULL_FS, base), ~0ULL, NOT_CANONICAL },
	{ "GS base", SEG(LULL_GS, base), ~0ULL, NOT_CANONICAL },
	{ "TR base", SEG(LULL_TR, base), ~0ULL, NOT_CANONICAL },
	{ "LDTR base", SEG(LULL_LDTR, base), ~0ULL, NOT_CANONICAL },
	{ "GDTR base", FIELD(gdtr.base), ~0ULL, NOT_CANONICAL },
	{ "IDTR base", FIELD(idtr.base), ~0ULL, NOT_CANONICAL },
	{ "pad of ES", SEG(LULL_ES, selector), 0, BIT_ULL(16) },
	{ "pad of TR", SEG(LULL_TR, selector), 0, BIT_ULL(63) },
	{ "pad of GDTR", FIELD(gdtr.limit), 0, BIT_ULL(16) },
	{ "pad of IDTR", FIELD(idtr.limit), 0, BIT_ULL(63) },
};

TEST_F(life, set_sregs_einval)
{
	struct lull_sregs before, sregs, after;
	const struct sregs_case *c;
	size_t i;
	u64 *word;

	vcpu_get_sregs(&self->vcpu, &before);
	for (i = 0; i < ARRAY_SIZE(sregs_einval); i++) {
		c = &sregs_einval[i];
		sregs = before;
		sregs.cr2 = 0x1234;
		word = (u64 *)((char *)&sregs + c->offset);
		*word = (*word & ~c->clear) | c->set;
		EXPECT_EQ(-EINVAL, try_ioctl(self->vcpu.fd, LULL_SET_SREGS,
					     &sregs)) {
			TH_LOG("%s", c->what);
		}
		vcpu_get_sregs(&self->vcpu, &after);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(after))) {
			TH_LOG("%s: refused, but something changed", c->what);
		}
		vcpu_set_sregs(&self->vcpu, &before);
	}
	vcpu_run_done(&self->vcpu);
}

/* Neither ioctl alone can know that RIP and CS do not fit. */
TEST_F(life, rip_that_does_not_fit_cs_fails_the_entry)
{
	struct lull_sregs sregs;
	struct lull_regs regs;

	vcpu_get_sregs(&self->vcpu, &sregs);
	sregs.seg[LULL_CS].ar = 0xc09b;
	vcpu_set_sregs(&self->vcpu, &sregs);
	vcpu_get_regs(&self->vcpu, &regs);
	regs.rip = 1ULL << 32;
	vcpu_set_regs(&self->vcpu, &regs);
	vcpu_run_reason(&self->vcpu, LULL_RUN_FAIL_ENTRY);
	EXPECT_TRUE(self->vcpu.run->hw.exit_reason == (33 | 1U << 31));
	EXPECT_EQ(-EIO, try_run(self->vcpu.fd));
	EXPECT_EQ(0, try_ioctl(self->vcpu.fd, LULL_GET_REGS, &regs));
}

TEST_F(life, dead_vm_can_be_looked_at_only)
{
	struct lull_vcpu_stats stats;
	struct lull_sregs sregs;
	struct lull_regs regs;
	struct test_vcpu other;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &other, 0, guest_nothing, NULL);
	vcpu_restart_real_mode(&self->vcpu);
	vcpu_run_reason(&self->vcpu, LULL_RUN_MODE);
	EXPECT_EQ(LULL_MODE_REAL, self->vcpu.run->mode.wanted);
	EXPECT_EQ(-EIO, try_run(self->vcpu.fd));
	EXPECT_EQ(0, try_ioctl(self->vcpu.fd, LULL_GET_REGS, &regs));
	EXPECT_EQ(0, try_ioctl(self->vcpu.fd, LULL_GET_SREGS, &sregs));
	EXPECT_EQ(0, try_ioctl(self->vcpu.fd, LULL_GET_STATS, &stats));
	EXPECT_EQ(-EIO, try_ioctl(self->vcpu.fd, LULL_SET_REGS, &regs));
	EXPECT_EQ(-EIO, try_ioctl(self->vcpu.fd, LULL_SET_SREGS, &sregs));
	EXPECT_EQ(-EIO, try_create_vcpu(self->vm.fd, 1));
	EXPECT_EQ(-EIO, try_irq_line(self->vm.fd, 3, 1));
	EXPECT_EQ(-EIO, try_set_memory(self->vm.fd, 9, 0, 0, 0, NULL));
	EXPECT_EQ(-EIO, try_ioctl(self->vm.fd, 0x7f, NULL));
	/* Another VM of the same process lives. */
	vcpu_run_done(&other);
}

TEST_F(life, vcpu_outlives_its_vm_descriptor)
{
	close(self->vm.fd);
	close(self->vm.sys);
	vcpu_run_done(&self->vcpu);
	vcpu_destroy(&self->vcpu);
}

TEST_F(life, vm_outlives_its_vcpus)
{
	int fd;

	vcpu_run_done(&self->vcpu);
	vcpu_destroy(&self->vcpu);
	fd = try_create_vcpu(self->vm.fd, 0);
	EXPECT_GE(fd, 0);
	EXPECT_EQ(0, try_set_memory(self->vm.fd, SLOT_RAM, 0, 0, 0, NULL));
	close(self->vm.fd);
	close(fd);
}

TEST_F(life, mapping_keeps_the_vcpu)
{
	close(self->vcpu.fd);
	EXPECT_EQ(-EEXIST, try_create_vcpu(self->vm.fd, 0));
	self->vcpu.run->immediate_exit = 1;
	munmap(self->vcpu.run, PAGE_SIZE);
	EXPECT_GE(try_create_vcpu(self->vm.fd, 0), 0);
}

static int wait_status(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(life, other_process_gets_eio)
{
	struct lull_regs regs;
	pid_t pid = fork();
	int bad = 0;

	if (!pid) {
		bad += try_run(self->vcpu.fd) != -EIO;
		bad += try_ioctl(self->vcpu.fd, LULL_GET_REGS, &regs) != -EIO;
		bad += try_create_vcpu(self->vm.fd, 1) != -EIO;
		bad += try_irq_line(self->vm.fd, 3, 1) != -EIO;
		bad += try_set_memory(self->vm.fd, 9, 0, 0, 0, NULL) != -EIO;
		_exit(bad);
	}
	EXPECT_EQ(0, wait_status(pid));
	vcpu_run_done(&self->vcpu);
}

/* The process that made the VM goes; a child holds its descriptors. */
TEST_F(life, descriptors_outlive_the_address_space)
{
	int pipe_fd[2];
	char byte;
	pid_t pid;
	int r;

	ASSERT_EQ(0, pipe(pipe_fd));
	pid = fork();
	if (!pid) {
		struct test_vcpu vcpu;
		struct test_vm vm;

		vm_create(&vm);
		vcpu_create(&vm, &vcpu, 0, guest_nothing, NULL);
		vcpu_run_done(&vcpu);
		vcpu_restart(&vcpu, guest_nothing, NULL);
		if (fork())
			_exit(0);
		sleep_us(20000);
		r = try_run(vcpu.fd);
		byte = r == -EIO && try_irq_line(vm.fd, 3, 1) == -EIO;
		r = write(pipe_fd[1], &byte, 1);
		_exit(r != 1);
	}
	EXPECT_EQ(0, wait_status(pid));
	ASSERT_EQ(1, read(pipe_fd[0], &byte, 1));
	EXPECT_EQ(1, byte);
}

static void *run_interrupted(void *data)
{
	struct test_vcpu *vcpu = data;
	int r;

	do {
		r = try_run(vcpu->fd);
	} while (r == -EINTR && !vcpu->run->immediate_exit);
	return (void *)(long)r;
}

static void stop_thread(struct test_vcpu *vcpu)
{
	void *result;

	vcpu->run->immediate_exit = 1;
	pthread_kill(vcpu->thread, SIGUSR1);
	pthread_join(vcpu->thread, &result);
	CHECK((long)result == -EINTR);
	vcpu->run->immediate_exit = 0;
}

/*
 * A timer of ours that was due sooner than an entry takes would end the
 * guest's stay before its first instruction, each time anew: no timer, then.
 */
static void wait_until_it_runs(void)
{
	u64 start = loops, since = now_us();

	while (loops == start) {
		if (now_us() - since > 5000000)
			test_fail("the guest does not run");
		sched_yield();
	}
}

TEST_F(life, second_thread_gets_ebusy)
{
	struct test_vcpu *vcpu = &self->vcpu;
	struct lull_vcpu_stats stats;
	struct lull_regs regs;

	handle_sigusr1();
	vcpu_restart(vcpu, guest_forever, NULL);
	ASSERT_EQ(0, pthread_create(&vcpu->thread, NULL, run_interrupted,
				    vcpu));
	wait_until_it_runs();
	EXPECT_EQ(-EBUSY, try_run(vcpu->fd));
	EXPECT_EQ(-EBUSY, try_ioctl(vcpu->fd, LULL_GET_REGS, &regs));
	EXPECT_EQ(-EBUSY, try_ioctl(vcpu->fd, LULL_GET_STATS, &stats));
	/* The VM's own ioctls go on. */
	EXPECT_EQ(0, try_irq_line(self->vm.fd, 3, 1));
	EXPECT_EQ(0, try_irq_line(self->vm.fd, 3, 0));
	stop_thread(vcpu);
	EXPECT_EQ(0, try_ioctl(vcpu->fd, LULL_GET_REGS, &regs));
}

TEST_F(life, vm_descriptor_closed_during_run)
{
	struct test_vcpu *vcpu = &self->vcpu;

	handle_sigusr1();
	vcpu_restart(vcpu, guest_forever, NULL);
	ASSERT_EQ(0, pthread_create(&vcpu->thread, NULL, run_interrupted,
				    vcpu));
	wait_until_it_runs();
	close(self->vm.fd);
	wait_until_it_runs();
	stop_thread(vcpu);
}

TEST_F(life, immediate_exit)
{
	struct lull_regs before, after;

	vcpu_get_regs(&self->vcpu, &before);
	self->vcpu.run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	vcpu_get_regs(&self->vcpu, &after);
	EXPECT_EQ(before.rip, after.rip);
	self->vcpu.run->immediate_exit = 0;
	vcpu_run_done(&self->vcpu);
}

/* EINTR, and not only because the host had other work for the thread. */
static void run_until_alarm(struct test_vcpu *vcpu)
{
	u64 start = now_us();
	int r;

	alarm_us(20000);
	do {
		r = try_run(vcpu->fd);
	} while (r == -EINTR && now_us() - start < 20000);
	CHECK(r == -EINTR);
	CHECK(now_us() - start < 2000000);
}

TEST_F(life, signal_ends_an_endless_loop)
{
	vcpu_restart(&self->vcpu, guest_forever, NULL);
	run_until_alarm(&self->vcpu);
	EXPECT_NE(0, loops);
}

TEST_F(life, signal_ends_an_endless_loop_without_interrupts)
{
	if (!has_preemption_timer())
		SKIP(return, "Bochs without a preemption timer cannot");
	vcpu_restart(&self->vcpu, guest_forever_cli, NULL);
	run_until_alarm(&self->vcpu);
	EXPECT_NE(0, loops);
}

/* It must not wait for the guest, whatever the guest does. */
TEST_F(life, sigkill_ends_an_endless_loop)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		run_guest(guest_forever, NULL);
		_exit(1);
	}
	sleep_us(100000);
	EXPECT_EQ(0, kill(pid, SIGKILL));
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_HARNESS_MAIN
