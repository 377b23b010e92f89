// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts, halts, port I/O, MMIO: where a guest meets devices.
 *
 * Guards against: a HLT that misses its interrupt, burns the CPU, or cannot
 * be left; an interrupt taken in the shadow of STI, with IF clear, or twice;
 * string I/O that loses an element, wraps, or writes where the guest may not;
 * an MMIO exit with the wrong bytes.
 */
#include <kselftest_harness.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib/paging.h"
#include "lib/util.h"

#define IRQ		5
#define TEST_PORT	0xed

FIXTURE(io) {
	struct test_vm vm;
	struct test_vcpu vcpu;
};

FIXTURE_SETUP(io)
{
	vm_create(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
}

FIXTURE_TEARDOWN(io)
{
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

static volatile u32 nr_irqs, nr_ticks;

static void handle_irq(struct guest_trap *trap)
{
	nr_irqs++;
	guest_pic_eoi(IRQ);
}

static void handle_tick(struct guest_trap *trap)
{
	nr_ticks++;
	guest_pic_eoi(0);
}

static void guest_irq_setup(void)
{
	this_guest_cpu()->handler[PIC_BASE + IRQ] = handle_irq;
	this_guest_cpu()->handler[PIC_BASE] = handle_tick;
	guest_pic_init();
	guest_pic_unmask(IRQ);
}

#define HALTS	20

static void guest_halts(void *arg)
{
	int i;

	guest_irq_setup();
	for (i = 1; i <= HALTS; i++) {
		cli();
		GUEST_SYNC(i);
		sti_hlt();
		GUEST_ASSERT_EQ(nr_irqs, i);
	}
}

static void *pulse_later(void *data)
{
	struct test_vm *vm = data;

	sleep_us(2000);
	vm_irq_line(vm, IRQ, 1);
	sleep_us(1000);
	vm_irq_line(vm, IRQ, 0);
	return NULL;
}

static u64 thread_cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ULL +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

TEST_F(io, interrupt_line_ends_hlt)
{
	struct lull_vcpu_stats stats;
	u64 start = now_us(), busy;
	pthread_t thread;
	int i;

	vcpu_restart(&self->vcpu, guest_halts, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	busy = thread_cpu_us();
	for (i = 1; i <= HALTS; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, pulse_later,
					    &self->vm));
		if (i < HALTS)
			vcpu_run_sync(&self->vcpu, i + 1);
		else
			vcpu_run_done(&self->vcpu);
		pthread_join(thread, NULL);
	}
	busy = thread_cpu_us() - busy;
	vcpu_get_stats(&self->vcpu, &stats);
	EXPECT_EQ(HALTS, stats.exits[12]);
	EXPECT_EQ(HALTS, stats.counters[LULL_CNT_IDLE_ENTERS]);
	EXPECT_GT(stats.ticks[LULL_TICKS_IDLE], stats.total / 4);
	EXPECT_LT(busy, (now_us() - start) / 2);
}

/* Raised while interrupts are off: it must not be slept through. */
static void guest_pending(void *arg)
{
	u32 first, second;

	guest_irq_setup();
	GUEST_SYNC(1);
	cpuid(0, 0);
	GUEST_ASSERT_EQ(nr_irqs, 0);
	sti_hlt();
	GUEST_ASSERT_EQ(nr_irqs, 1);
	cli();
	GUEST_SYNC(2);
	GUEST_SYNC(3);
	/*
	 * One instruction more runs without interrupts behind STI.  (Bochs 2.7
	 * forgets it when that instruction exits for a fault.)
	 */
	asm volatile("sti\n\tmov %2, %0\n\tmov %2, %1\n\tcli"
		     : "=&r" (first), "=&r" (second) : "m" (nr_irqs)
		     : "memory");
	GUEST_ASSERT_EQ(first, 1);
	GUEST_ASSERT_EQ(second, 2);
}

TEST_F(io, pending_interrupt_waits_for_sti)
{
	vcpu_restart(&self->vcpu, guest_pending, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	vm_irq_line(&self->vm, IRQ, 1);
	vcpu_run_sync(&self->vcpu, 2);
	vm_irq_line(&self->vm, IRQ, 0);
	vcpu_run_sync(&self->vcpu, 3);
	vm_irq_line(&self->vm, IRQ, 1);
	vcpu_run_done(&self->vcpu);
}

/* A line that falls before the guest takes the interrupt withdraws it. */
static void guest_withdrawn(void *arg)
{
	int i;

	guest_irq_setup();
	GUEST_SYNC(1);
	sti();
	for (i = 0; i < 100; i++)
		cpuid(0, 0);
	cli();
	GUEST_ASSERT_EQ(nr_irqs, 0);
}

TEST_F(io, interrupt_withdrawn)
{
	vcpu_restart(&self->vcpu, guest_withdrawn, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	vm_irq_line(&self->vm, IRQ, 1);
	vm_irq_line(&self->vm, IRQ, 0);
	vcpu_run_done(&self->vcpu);
}

/* Interrupts reach a guest that never leaves by itself. */
static void guest_waits_for_irq(void *arg)
{
	guest_irq_setup();
	GUEST_SYNC(1);
	sti();
	while (!nr_irqs)
		cpu_relax();
	cli();
}

TEST_F(io, interrupt_of_a_busy_guest)
{
	pthread_t thread;

	vcpu_restart(&self->vcpu, guest_waits_for_irq, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, pulse_later, &self->vm));
	vcpu_run_done(&self->vcpu);
	pthread_join(thread, NULL);
	EXPECT_EQ(1, nr_irqs);
}

/* 1000 Hz, and a guest that sleeps in between. */
#define PIT_TICKS	50

static void guest_pit(void *arg)
{
	const u16 count = 1193182 / 1000;
	u64 tsc_khz = cpuid(0x40000002, 0).eax, start;

	guest_irq_setup();
	outb(0x43, 0x34);
	outb(0x40, count & 0xff);
	outb(0x40, count >> 8);
	guest_pic_unmask(0);
	start = rdtsc();
	while (nr_ticks < PIT_TICKS)
		sti_hlt();
	cli();
	/* not early, and not much later */
	GUEST_ASSERT_OP(rdtsc() - start, >=, (PIT_TICKS - 2) * tsc_khz);
	GUEST_ASSERT_OP(rdtsc() - start, <=, 3 * PIT_TICKS * tsc_khz);
}

TEST_F(io, pit_ticks)
{
	vcpu_restart(&self->vcpu, guest_pit, NULL);
	vcpu_run_done(&self->vcpu);
}

static void guest_hlt_cli(void *arg)
{
	guest_irq_setup();
	GUEST_SYNC(1);
	asm volatile("hlt");
	GUEST_ASSERT(false);
}

TEST_F(io, hlt_with_interrupts_off_ends_by_signal)
{
	int i;

	vcpu_restart(&self->vcpu, guest_hlt_cli, NULL);
	vcpu_run_sync(&self->vcpu, 1);
	/* It cannot take this one. */
	vm_irq_line(&self->vm, IRQ, 1);
	for (i = 0; i < 3; i++) {
		alarm_us(5000);
		EXPECT_EQ(-EINTR, try_run(self->vcpu.fd));
	}
}

static void guest_hlt_forever(void *arg)
{
	asm volatile("hlt");
}

TEST_F(io, hlt_with_interrupts_off_ends_by_sigkill)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		run_guest(guest_hlt_forever, NULL);
		_exit(1);
	}
	sleep_us(20000);
	EXPECT_EQ(0, kill(pid, SIGKILL));
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* A write's value is exactly the operand's; a read changes exactly it. */
static void guest_port_sizes(void *arg)
{
	u64 rax;

	outb(TEST_PORT, 0xa5);
	outw(TEST_PORT, 0xbeef);
	outl(TEST_PORT, 0xdeadbeef);
	asm volatile("movabs $0x1111111122222222, %%rax\n\tinb $0xed, %%al"
		     : "=a" (rax));
	GUEST_ASSERT_EQ(rax, 0x11111111222222dd);
	asm volatile("movabs $0x1111111122222222, %%rax\n\tinw $0xed, %%ax"
		     : "=a" (rax));
	GUEST_ASSERT_EQ(rax, 0x111111112222ccdd);
	asm volatile("movabs $0x1111111122222222, %%rax\n\tinl $0xed, %%eax"
		     : "=a" (rax));
	GUEST_ASSERT_EQ(rax, 0xaabbccdd);
	/* Served in the kernel: writes are lost, reads are ones. */
	outb(0x80, 1);
	GUEST_ASSERT_EQ(inb(0x80), 0xff);
}

static void expect_io(struct test_vcpu *vcpu, u8 direction, u8 size, u32 data)
{
	vcpu_run_reason(vcpu, LULL_RUN_IO);
	if (vcpu->run->io.port != TEST_PORT ||
	    vcpu->run->io.direction != direction ||
	    vcpu->run->io.size != size ||
	    (direction == LULL_IO_OUT && vcpu->run->io.data != data))
		test_fail("port 0x%x direction %u size %u data 0x%x, not size %u data 0x%x",
			  vcpu->run->io.port, vcpu->run->io.direction,
			  vcpu->run->io.size, vcpu->run->io.data, size, data);
	if (direction == LULL_IO_IN)
		vcpu->run->io.data = data;
}

TEST_F(io, port_sizes)
{
	struct lull_vcpu_stats stats;

	vcpu_restart(&self->vcpu, guest_port_sizes, NULL);
	expect_io(&self->vcpu, LULL_IO_OUT, 1, 0xa5);
	expect_io(&self->vcpu, LULL_IO_OUT, 2, 0xbeef);
	expect_io(&self->vcpu, LULL_IO_OUT, 4, 0xdeadbeef);
	expect_io(&self->vcpu, LULL_IO_IN, 1, 0xaabbccdd);
	expect_io(&self->vcpu, LULL_IO_IN, 2, 0xaabbccdd);
	expect_io(&self->vcpu, LULL_IO_IN, 4, 0xaabbccdd);
	vcpu_run_done(&self->vcpu);
	vcpu_get_stats(&self->vcpu, &stats);
	EXPECT_EQ(7, stats.counters[LULL_CNT_IO_USER]);
}

static u32 words[8];
static char text[] = "hello";

static void guest_string_io(void *arg)
{
	u64 rsi = (u64)text, rdi = (u64)words, rcx = 5;

	asm volatile("rep outsb" : "+S" (rsi), "+c" (rcx) : "d" (TEST_PORT));
	GUEST_ASSERT_EQ(rsi, (u64)text + 5);
	GUEST_ASSERT_EQ(rcx, 0);
	rcx = 3;
	asm volatile("rep insl" : "+D" (rdi), "+c" (rcx) : "d" (TEST_PORT)
		     : "memory");
	GUEST_ASSERT_EQ(rdi, (u64)&words[3]);
	GUEST_ASSERT_EQ(words[0], 100);
	GUEST_ASSERT_EQ(words[2], 102);
	GUEST_ASSERT_EQ(words[3], 0);
	/* downwards, and none at all */
	rdi = (u64)&words[7];
	rcx = 2;
	asm volatile("std\n\trep insl\n\tcld" : "+D" (rdi), "+c" (rcx)
		     : "d" (TEST_PORT) : "memory");
	GUEST_ASSERT_EQ(rdi, (u64)&words[5]);
	GUEST_ASSERT_EQ(words[7], 200);
	GUEST_ASSERT_EQ(words[6], 201);
	asm volatile("rep insl" : "+D" (rdi), "+c" (rcx) : "d" (TEST_PORT));
	GUEST_ASSERT_EQ(rdi, (u64)&words[5]);
	/* without REP the count is not looked at */
	asm volatile("insl" : "+D" (rdi), "+c" (rcx) : "d" (TEST_PORT)
		     : "memory");
	GUEST_ASSERT_EQ(words[5], 300);
	GUEST_ASSERT_EQ(rcx, 0);
}

TEST_F(io, string_io)
{
	const char *c;
	u32 i;

	vcpu_restart(&self->vcpu, guest_string_io, NULL);
	for (c = "hello"; *c; c++)
		expect_io(&self->vcpu, LULL_IO_OUT, 1, *c);
	for (i = 100; i < 103; i++)
		expect_io(&self->vcpu, LULL_IO_IN, 4, i);
	for (i = 200; i < 202; i++)
		expect_io(&self->vcpu, LULL_IO_IN, 4, i);
	expect_io(&self->vcpu, LULL_IO_IN, 4, 300);
	vcpu_run_done(&self->vcpu);
}

#define PAGES_GVA	0x80000000ULL	/* a page that is there, one that is not */

static void ins_arg(void *arg)
{
	u64 rcx = 4;

	asm volatile("rep insl" : "+D" (arg), "+c" (rcx) : "d" (TEST_PORT)
		     : "memory");
}

static void outs_arg(void *arg)
{
	asm volatile("outsl" : "+S" (arg) : "d" (TEST_PORT));
}

static void guest_string_faults(void *arg)
{
	struct caught caught;

	/* Two words fit; the third faults, with RIP at the instruction. */
	GUEST_ASSERT(guest_catch(ins_arg, (void *)(PAGES_GVA + 4088), &caught));
	GUEST_ASSERT_EQ(caught.trap.vector, VEC_PF);
	GUEST_ASSERT_EQ(caught.trap.error, PF_W);
	GUEST_ASSERT_EQ(caught.cr2, PAGES_GVA + 4096);
	GUEST_ASSERT_EQ(caught.trap.gpr[13], 2);	/* RCX */
	GUEST_ASSERT_EQ(*(u32 *)(PAGES_GVA + 4092), 7);
	/* One word across the end faults at the second page. */
	GUEST_ASSERT(guest_catch(outs_arg, (void *)(PAGES_GVA + 4094),
				 &caught));
	GUEST_ASSERT_EQ(caught.trap.error, 0);
	GUEST_ASSERT_EQ(caught.cr2, PAGES_GVA + 4096);
}

TEST_F(io, string_io_faults)
{
	pt_map(&self->vm, self->vm.cr3, PAGES_GVA, vm_alloc(&self->vm, 1),
	       PTE_RW);
	vcpu_restart(&self->vcpu, guest_string_faults, NULL);
	expect_io(&self->vcpu, LULL_IO_IN, 4, 6);
	expect_io(&self->vcpu, LULL_IO_IN, 4, 7);
	/* What would fault is not read from the port: it would be lost. */
	vcpu_run_done(&self->vcpu);
}

/*
 * Memory that the launcher does not have for a while: the guest's way waits for
 * it, with the interrupt that was to be pushed there, the data of a device that
 * were to be stored, and those that were to be sent.
 */
static void *take_away(struct test_vm *vm, u64 gpa)
{
	void *page = vm_ptr(vm, gpa);

	if (mprotect(page, PAGE_SIZE, PROT_NONE))
		test_fail("mprotect: %m");
	return page;
}

static void give_back(void *page)
{
	if (mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE))
		test_fail("mprotect: %m");
}

static void guest_unmasks(void *arg)
{
	guest_irq_setup();
}

static void guest_nothing(void *arg)
{
	GUEST_ASSERT_EQ(nr_irqs, (u64)arg);
}

/* An interrupt is on its way, with a stack that is not there. */
static void irq_without_stack(struct test_vm *vm, struct test_vcpu *vcpu)
{
	u64 stack = vm_alloc(vm, PAGE_SIZE);
	struct lull_regs regs;
	void *page;

	vcpu_restart(vcpu, guest_unmasks, NULL);
	vcpu_run_done(vcpu);
	*(u64 *)vm_ptr(vm, stack + PAGE_SIZE - 8) = (u64)guest_done;
	vcpu_restart(vcpu, guest_nothing, (void *)1);
	vcpu_get_regs(vcpu, &regs);
	regs.gpr[LULL_RSP] = stack + PAGE_SIZE - 8;
	regs.rflags |= FLAGS_IF;
	vcpu_set_regs(vcpu, &regs);
	page = take_away(vm, stack);
	vm_irq_line(vm, IRQ, 1);
	if (run_through(vcpu->fd) != -EFAULT || run_through(vcpu->fd) != -EFAULT)
		test_fail("the guest has a stack");
	give_back(page);
}

TEST_F(io, interrupt_waits_for_memory)
{
	irq_without_stack(&self->vm, &self->vcpu);
	vcpu_run_done(&self->vcpu);
}

/* The launcher starts the vCPU anew, with interrupts off: it has none. */
TEST_F(io, interrupt_is_forgotten_with_the_registers)
{
	irq_without_stack(&self->vm, &self->vcpu);
	vcpu_restart(&self->vcpu, guest_nothing, NULL);
	vcpu_run_done(&self->vcpu);
}

static void guest_ins(void *arg)
{
	asm volatile("insb" : "+D" (arg) : "d" (TEST_PORT) : "memory");
}

static void guest_outs(void *arg)
{
	asm volatile("outsb" : "+S" (arg) : "d" (TEST_PORT) : "memory");
}

TEST_F(io, string_io_waits_for_memory)
{
	u64 gpa = vm_alloc(&self->vm, PAGE_SIZE);
	u8 *byte = vm_ptr(&self->vm, gpa);
	struct lull_run *run = self->vcpu.run;

	vcpu_restart(&self->vcpu, guest_ins, (void *)gpa);
	vcpu_run_reason(&self->vcpu, LULL_RUN_IO);
	EXPECT_EQ(LULL_IO_IN, run->io.direction);
	run->io.data = 0x5a;
	take_away(&self->vm, gpa);
	EXPECT_EQ(-EFAULT, run_through(self->vcpu.fd));
	EXPECT_EQ(-EFAULT, run_through(self->vcpu.fd));
	give_back(byte);
	vcpu_run_done(&self->vcpu);
	EXPECT_EQ(0x5a, *byte);

	vcpu_restart(&self->vcpu, guest_outs, (void *)gpa);
	take_away(&self->vm, gpa);
	EXPECT_EQ(-EFAULT, run_through(self->vcpu.fd));
	give_back(byte);
	vcpu_run_reason(&self->vcpu, LULL_RUN_IO);
	EXPECT_EQ(LULL_IO_OUT, run->io.direction);
	EXPECT_EQ(0x5a, run->io.data);
	vcpu_run_done(&self->vcpu);
}

TEST_HARNESS_MAIN
