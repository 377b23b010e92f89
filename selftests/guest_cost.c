// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest can cost the host beside its own thread's time: interrupts,
 * lines of the log, a thread that does not come back.
 *
 * Guards against: a timer that fires for a guest that is not there; a message
 * for each of a guest's mistakes; a loop in the kernel, over a string or over
 * interrupts, that no signal ends; a halted guest that burns time.
 */
#include <kselftest_harness.h>
#include <fcntl.h>
#include <time.h>

#include "lib/util.h"
#include "lib/vm.h"

#define PIT_COMMAND	0x43
#define PIT_CHANNEL_0	0x40
#define DELAY_PORT	0x80
#define NO_MSR		0x12345
#define NR_MISTAKES	3000
#define NR_LINES	50	/* of the log, for all of them */
#define STAY_US		20000
#define DEVICE_IRQ	5

FIXTURE(cost) {
	struct test_vm vm;
	struct test_vcpu vcpu;
};

FIXTURE_SETUP(cost)
{
	vm_create(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
}

FIXTURE_TEARDOWN(cost)
{
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

/* All interrupts that the host took from its timers. */
static u64 timer_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	u64 sum = 0, nr;
	char line[512];
	char *at;
	int len;

	CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, "LOC:");
		if (!at)
			continue;
		for (at += 4; sscanf(at, "%llu%n", &nr, &len) == 1; at += len)
			sum += nr;
	}
	fclose(file);
	CHECK(sum);
	return sum;
}

static void fastest_pit(void)
{
	outb(PIT_COMMAND, 0x34);
	outb(PIT_CHANNEL_0, 1);
	outb(PIT_CHANNEL_0, 0);
}

static void guest_starts_pit(void *arg)
{
	guest_pic_init();
	if (arg)
		guest_pic_unmask(0);
	fastest_pit();
}

/*
 * Twenty times what an idle host has, and a fiftieth of what a timer makes
 * that goes on.
 */
#define FEW_INTERRUPTS	200

TEST_F(cost, pit_of_a_guest_that_does_not_run)
{
	u64 masked, before;

	for (masked = 0; masked < 2; masked++) {
		vcpu_restart(&self->vcpu, guest_starts_pit, (void *)(1 - masked));
		vcpu_run_done(&self->vcpu);
		sleep_us(10000);
		before = timer_interrupts();
		sleep_us(1000000);
		EXPECT_GT(FEW_INTERRUPTS, timer_interrupts() - before);
	}
}

static volatile u64 ticks;

static void count_tick(struct guest_trap *trap)
{
	ticks++;
	guest_pic_eoi(0);
}

static void guest_takes_ticks(void *arg)
{
	this_guest_cpu()->handler[PIC_BASE] = count_tick;
	guest_starts_pit((void *)1);
	sti();
	for (;;)
		cpu_relax();
}

/* ... and who takes them gets them. */
TEST_F(cost, pit_of_a_guest_that_runs)
{
	vcpu_restart(&self->vcpu, guest_takes_ticks, NULL);
	alarm_us(100000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	EXPECT_GT(ticks, 200);
	EXPECT_GT(1100, ticks);
}

static void read_no_msr(void *arg)
{
	rdmsr(NO_MSR);
}

static void guest_makes_mistakes(void *arg)
{
	int i;

	for (i = 0; i < NR_MISTAKES; i++)
		GUEST_ASSERT_EQ(guest_vector_of(read_no_msr, NULL), VEC_GP);
}

static unsigned int log_lines(int log)
{
	unsigned int nr = 0;
	char line[1024];

	while (read(log, line, sizeof(line)) > 0)
		nr++;
	return nr;
}

TEST_F(cost, mistakes_do_not_fill_the_log)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	vcpu_restart(&self->vcpu, guest_makes_mistakes, NULL);
	vcpu_run_done(&self->vcpu);
	EXPECT_GT(NR_LINES, log_lines(log));
	close(log);
}

/* Nobody else looks at this port: all of it happens in LULL_RUN. */
static void guest_endless_outs(void *arg)
{
	static char data[PAGE_SIZE];
	u64 rsi, rcx;

	sti();
	for (;;) {
		rsi = (u64)data;
		rcx = sizeof(data);
		asm volatile("rep outsb"
			     : "+S" (rsi), "+c" (rcx) : "d" (DELAY_PORT));
	}
}

static void guest_halts_for_good(void *arg)
{
	cli();
	asm volatile("hlt");
}

static void take_and_leave_high(struct guest_trap *trap)
{
	guest_pic_eoi(DEVICE_IRQ);
}

/* The line stays high: each EOI is followed by the next interrupt. */
static void guest_in_storm(void *arg)
{
	this_guest_cpu()->handler[PIC_BASE + DEVICE_IRQ] = take_and_leave_high;
	guest_pic_init();
	outb(0x4d0, 1 << DEVICE_IRQ);
	guest_pic_unmask(DEVICE_IRQ);
	sti();
	for (;;)
		cpu_relax();
}

TEST_F(cost, a_signal_ends_every_stay)
{
	static const guest_fn stays[] = {
		guest_endless_outs, guest_halts_for_good, guest_in_storm,
	};
	size_t i;
	u64 begin;

	vm_irq_line(&self->vm, DEVICE_IRQ, 1);
	for (i = 0; i < ARRAY_SIZE(stays); i++) {
		vcpu_restart(&self->vcpu, stays[i], NULL);
		begin = now_us();
		alarm_us(STAY_US);
		EXPECT_EQ(-EINTR, try_run(self->vcpu.fd)) {
			TH_LOG("stay %zu", i);
		}
		EXPECT_GT(2 * STAY_US, now_us() - begin) {
			TH_LOG("stay %zu", i);
		}
	}
}

static u64 thread_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/* Interrupts that it cannot take, and the fastest timer, do not wake it. */
static void guest_halts_with_pit(void *arg)
{
	guest_starts_pit((void *)1);
	asm volatile("hlt");
}

TEST_F(cost, halted_guest_sleeps)
{
	u64 begin;

	vcpu_restart(&self->vcpu, guest_halts_with_pit, NULL);
	begin = thread_us();
	alarm_us(500000);
	EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	EXPECT_GT(20000, thread_us() - begin);
}

TEST_HARNESS_MAIN
