// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile guests: random bytes, random instructions, random hypercalls and
 * shared pages, random page tables with a walker that changes them.
 *
 *   fuzz_guest [--seed N] [--runs N] [--seconds N] [--threads N]
 *		[--tick US] [--round N] [--verbose]
 *
 * A round is one VM and some dozens of runs.  A run begins in a state that VM
 * entry accepts and ends with its budget of exits or of time, or with the
 * guest.  With --threads 2 as many vCPUs run on the same memory and tables.
 *
 * Guards against: anything that the host kernel reports; a run that a signal
 * does not end; a guest that leads Lull to a state the processor refuses, or
 * to an exit without reason; shadow pages beyond the cap; shadow tables that
 * the audit finds wrong; what is left behind.
 */
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kselftest.h>

#include "fuzz/guest.h"
#include "lib/util.h"
#include "lib/vm.h"

#define RUNS_OF_ROUND	48
#define MAX_THREADS	2
#define BUDGET_TICKS	2	/* of a run */
#define BUDGET_EXITS	24	/* to here, of a run */
#define STUCK_SECONDS	30
#define MAX_PAGES	264

/* How a run ended. */
enum end {
	END_EXITS, END_TIME, END_SHUTDOWN, END_UNHANDLED, END_REFUSED, END_EFAULT,
	END_DEAD, END_MODE, END_GUARD,
	NR_ENDS
};

static const char *const end_names[NR_ENDS] = {
	"exits", "time", "shutdown", "unhandled", "refused", "efault",
	"dead", "mode", "guard",
};

static const char *const mode_names[NR_MODES] = {
	"bytes", "insns", "para", "tables",
};

static const char *const reason_names[] = {
	"none", "io", "mmio", "shutdown", "fail_entry", "unhandled",
	"mode", "guard",
};

/* Counts of all rounds. */
static u64 runs, ends[NR_ENDS], modes[NR_MODES], reasons[8];
static u64 exits[LULL_NR_EXIT_REASONS], unhandled[LULL_NR_EXIT_REASONS];
static u64 audits, most_pages, unseen;

/* The round. */
static struct {
	u64 number;
	enum mode mode;
	int vm;
} round_now;

static struct thread {
	struct fuzz_random r;
	unsigned int id;
	int vcpu;
	struct lull_run *run;
	pthread_t handle;
} threads[MAX_THREADS];

static unsigned int nr_threads;
static u64 tick, para_features;

static void __attribute__((format(printf, 1, 2), noreturn))
broken(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	test_fail("round %llu (%s): %s", round_now.number,
		  mode_names[round_now.mode], line);
}

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool is_memory(u64 gpa)
{
	return gpa < GUEST_HOLE ||
	       (gpa >= GUEST_UNMAPPED && gpa < GUEST_UNMAPPED + PAGE_SIZE);
}

static void check_io(const struct lull_run *run)
{
	u8 size = run->io.size;

	if (run->io.direction > LULL_IO_IN ||
	    (size != 1 && size != 2 && size != 4))
		broken("LULL_RUN_IO: port 0x%x direction %u size %u",
		       run->io.port, run->io.direction, size);
	if (run->io.direction == LULL_IO_OUT && size < 4 &&
	    run->io.data >> 8 * size)
		broken("LULL_RUN_IO: 0x%x is more than %u bytes",
		       run->io.data, size);
}

static void check_mmio(const struct lull_run *run)
{
	u64 gpa = run->mmio.gpa;

	if (run->mmio.insn_len > LULL_INSN_MAX || run->mmio.write > 1)
		broken("LULL_RUN_MMIO: insn_len %u write %u",
		       run->mmio.insn_len, run->mmio.write);
	if (is_memory(gpa) && (gpa < GUEST_READONLY || !run->mmio.write))
		broken("LULL_RUN_MMIO: there is memory at 0x%llx", gpa);
}

/* What Lull does not handle is known: all else is a hole in it. */
static void check_unhandled(const struct lull_run *run)
{
	u32 reason = run->hw.exit_reason;

	count(&unhandled[reason < LULL_NR_EXIT_REASONS ? reason :
			 LULL_NR_EXIT_REASONS - 1]);
	/* MMIO in the delivery of an event, task switch, paging off. */
	if (reason != 0 && reason != 9 && reason != 28)
		broken("LULL_RUN_UNHANDLED: exit reason %u (%s), qualification 0x%llx",
		       reason, fuzz_exit_name(reason), run->hw.qualification);
}

/*
 * Bochs 2.7 has DPL 0 in the null SS that an inner stack begins with, whatever
 * the new CPL, and refuses that itself when the guest is entered again.
 */
static bool is_emulators(const struct lull_segment *ss)
{
	return (ss->ar & 0x10000) && (ss->selector & 3) != (ss->ar >> 5 & 3);
}

/* No state that a run begins with is one to refuse: Lull made it so. */
static void fail_entry(struct thread *t, const struct lull_run *run)
{
	struct lull_sregs s = { 0 };
	struct lull_regs regs = { 0 };
	int i;

	try_ioctl(t->vcpu, LULL_GET_REGS, &regs);
	try_ioctl(t->vcpu, LULL_GET_SREGS, &s);
	if (is_emulators(&s.seg[LULL_SS]))
		return;
	for (i = 0; i < LULL_NR_SEGS; i++)
		printf("# segment %d: selector 0x%x base 0x%llx limit 0x%x ar 0x%x\n",
		       i, s.seg[i].selector, s.seg[i].base, s.seg[i].limit,
		       s.seg[i].ar);
	printf("# RIP 0x%llx RFLAGS 0x%llx CR0 0x%llx CR4 0x%llx EFER 0x%llx\n",
	       regs.rip, regs.rflags, s.cr0, s.cr4, s.efer);
	broken("LULL_RUN_FAIL_ENTRY: exit reason 0x%x, error %u, qualification 0x%llx",
	       run->hw.exit_reason, run->hw.insn_error,
	       run->hw.qualification);
}

static void get_regs(struct thread *t, struct lull_regs *regs)
{
	int r = try_ioctl(t->vcpu, LULL_GET_REGS, regs);

	if (r)
		broken("LULL_GET_REGS: %s", strerror(-r));
	if (!(regs->rflags & FLAGS_FIXED))
		broken("RFLAGS is 0x%llx", regs->rflags);
}

/* The guest goes on somewhere else in its code, with its stack again. */
static void go_on_elsewhere(struct thread *t)
{
	struct lull_regs regs = { 0 };
	int r;

	get_regs(t, &regs);
	regs.rip = GUEST_CODE + fuzz_below(&t->r, PAGE_SIZE);
	regs.gpr[LULL_RSP] = ARENA_STACK + PAGE_SIZE - 8;
	regs.rflags = (regs.rflags & ~(u64)FLAGS_TF) | FLAGS_IF;
	r = try_ioctl(t->vcpu, LULL_SET_REGS, &regs);
	if (r && r != -EIO)
		broken("LULL_SET_REGS of what GET_REGS said: %s", strerror(-r));
}

/* After LULL_RUN returned 0.  Returns false if that ends the run. */
static bool after_run(struct thread *t, enum end *end)
{
	struct lull_run run = *(volatile struct lull_run *)t->run;

	if (run.reason < ARRAY_SIZE(reason_names))
		count(&reasons[run.reason]);
	switch (run.reason) {
	case LULL_RUN_IO:
		check_io(&run);
		t->run->io.data = fuzz_value(&t->r);
		if (run.io.port == ARENA_TRAP_PORT)
			go_on_elsewhere(t);
		/* The walker has done its turns. */
		return run.io.port != ARENA_PORT ||
		       round_now.mode != MODE_TABLES;
	case LULL_RUN_MMIO:
		check_mmio(&run);
		go_on_elsewhere(t);
		return round_now.mode != MODE_TABLES;
	case LULL_RUN_SHUTDOWN:
		*end = END_SHUTDOWN;
		return false;
	case LULL_RUN_UNHANDLED:
		check_unhandled(&run);
		*end = END_UNHANDLED;
		return false;
	case LULL_RUN_FAIL_ENTRY:
		fail_entry(t, &run);
		*end = END_REFUSED;
		return false;
	case LULL_RUN_MODE:
		if (run.mode.wanted > LULL_MODE_PAE)
			broken("LULL_RUN_MODE: mode %u", run.mode.wanted);
		*end = END_MODE;
		return false;
	case LULL_RUN_GUARD:
		if (run.guard.gva >> 47 & 1)
			broken("LULL_RUN_GUARD: 0x%llx", run.guard.gva);
		*end = END_GUARD;
		return false;
	default:
		broken("reason %u", run.reason);
	}
}

/* Within the budget. */
static enum end run_guest_code(struct thread *t)
{
	unsigned int ticks = 0, returns = 0;
	enum end end = END_EXITS;
	int r;

	while (returns < BUDGET_EXITS) {
		r = try_run(t->vcpu);
		if (r == -EINTR) {
			if (++ticks == BUDGET_TICKS)
				return END_TIME;
			continue;
		}
		if (r == -EIO)
			return END_DEAD;
		if (r == -EFAULT)
			return END_EFAULT;
		if (r)
			broken("LULL_RUN: %s", strerror(-r));
		if (!after_run(t, &end))
			break;
		returns++;
	}
	return end;
}

static void set_state(struct thread *t, bool all)
{
	struct lull_sregs sregs;
	struct lull_regs regs = { 0 };
	int r = 0;

	if (round_now.mode == MODE_TABLES)
		make_walker(&t->r, t->id, &sregs, &regs);
	else
		make_state(&t->r, &sregs, &regs);
	if (all)
		r = try_ioctl(t->vcpu, LULL_SET_SREGS, &sregs);
	if (!r)
		r = try_ioctl(t->vcpu, LULL_SET_REGS, &regs);
	if (r && r != -EIO)
		broken("a good state is refused: %s", strerror(-r));
}

/* New code or tables, in memory as it is now or as it was at first. */
static void renew_memory(struct fuzz_random *r)
{
	u8 *code = (u8 *)ARENA_HVA + GUEST_CODE;

	arena_map();
	switch (round_now.mode) {
	case MODE_BYTES:
		make_bytes(r, code, PAGE_SIZE);
		break;
	case MODE_TABLES:
		make_tables(r);
		return;
	default:
		make_insns(r, code, PAGE_SIZE, round_now.mode == MODE_PARA);
	}
	if (fuzz_one_in(r, 3))
		make_descriptors(r);
}

/* Meanwhile somebody writes to the shared page, and drives interrupts. */
static void disturb(struct thread *t)
{
	volatile u64 *page = (u64 *)(ARENA_HVA + GUEST_SHARED);

	if (round_now.mode == MODE_PARA) {
		page[0] = fuzz_one_in(&t->r, 2) ? 1ULL << 32 : fuzz_value(&t->r);
		page[1] = fuzz_one_in(&t->r, 2) ? ARENA_ROOT :
			  fuzz_value(&t->r);
		page[3] = fuzz_one_in(&t->r, 2) ? rdtsc() :
			  fuzz_value(&t->r);
	}
	if (fuzz_one_in(&t->r, 4))
		try_irq_line(round_now.vm, 1 + 2 * fuzz_below(&t->r, 8),
			     fuzz_below(&t->r, 2));
}

/* What the VM has now, and whether its cap holds. */
static void check_pages(void)
{
	u64 now = 0, max = 0;
	FILE *file;
	glob_t found;

	if (glob("/sys/kernel/debug/lull/*/vm", 0, NULL, &found))
		return;
	file = fopen(found.gl_pathv[0], "r");
	globfree(&found);
	if (!file ||
	    fscanf(file, "shadow_pages %llu shadow_pages_max %llu", &now,
		   &max) != 2)
		broken("the VM's file in debugfs is not understood");
	fclose(file);
	if (now > most_pages)
		most_pages = now;
	if (now > max)
		broken("%llu shadow pages, the cap is %llu", now, max);
}

/* While the other vCPU runs. */
static void check_vm(void)
{
	unsigned int bad = audit_structure();

	audits++;
	if (bad)
		broken("audit: %u violations", bad);
	check_pages();
}

static void *thread_main(void *data)
{
	struct thread *t = data;
	unsigned int left = RUNS_OF_ROUND / nr_threads;
	enum end end = END_SHUTDOWN;

	tick_us(tick);
	while (left-- && end != END_DEAD) {
		if (!t->id && left % 8 == 0) {
			check_vm();
			renew_memory(&t->r);
		}
		disturb(t);
		set_state(t, end == END_SHUTDOWN || end == END_EFAULT ||
			  left % 8 == 0);
		end = run_guest_code(t);
		count(&ends[end]);
		count(&runs);
		count(&modes[round_now.mode]);
		if (end == END_UNHANDLED || end == END_REFUSED ||
		    end == END_MODE || end == END_GUARD)
			break;
	}
	return NULL;
}

static void set_memory(u32 slot, u32 flags, u64 gpa, u64 size, u64 hva)
{
	int r = try_set_memory(round_now.vm, slot, flags, gpa, size,
			       (void *)hva);

	if (r)
		broken("LULL_SET_MEMORY: %s", strerror(-r));
}

static void make_vm(int sys, struct fuzz_random *r)
{
	/* Each shadow page is worth something: reclaim has work. */
	const struct lull_vm_config config = {
		.para_features = para_features,
		.shadow_pages = LULL_MIN_SHADOW_PAGES +
				fuzz_below(r, MAX_PAGES - LULL_MIN_SHADOW_PAGES),
		.flags = fuzz_one_in(r, 2) ? LULL_VM_F_GUARD_KILL : 0,
	};
	unsigned int i;

	round_now.vm = try_ioctl(sys, LULL_CREATE_VM, &config);
	if (round_now.vm < 0)
		broken("LULL_CREATE_VM: %s", strerror(-round_now.vm));
	set_memory(0, 0, 0, ARENA_SIZE, ARENA_HVA);
	set_memory(1, LULL_MEM_READONLY, GUEST_READONLY,
		   GUEST_HOLE - GUEST_READONLY, ARENA_HVA + GUEST_DATA);
	set_memory(2, 0, GUEST_UNMAPPED, PAGE_SIZE, ARENA_HVA - MIB);
	for (i = 0; i < nr_threads; i++) {
		threads[i].vcpu = try_create_vcpu(round_now.vm, i);
		if (threads[i].vcpu < 0)
			broken("LULL_CREATE_VCPU: %s",
			       strerror(-threads[i].vcpu));
		threads[i].run = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
				      MAP_SHARED, threads[i].vcpu, 0);
		if (threads[i].run == MAP_FAILED)
			broken("the vCPU's page cannot be mapped");
	}
}

static void check_vcpu(struct thread *t)
{
	struct lull_vcpu_stats stats = { 0 };
	u64 sum;
	int i, r = try_ioctl(t->vcpu, LULL_GET_STATS, &stats);

	if (r)
		broken("LULL_GET_STATS: %s", strerror(-r));
	sum = stats.preempted;
	for (i = 0; i < LULL_NR_TICKS; i++)
		sum += stats.ticks[i];
	if (sum != stats.total)
		broken("ticks: %llu in buckets, %llu in total", sum,
		       stats.total);
	for (i = 0; i < LULL_NR_EXIT_REASONS; i++)
		exits[i] += stats.exits[i];
	unseen += stats.counters[LULL_CNT_CR3_UNSEEN];
}

static void end_vm(void)
{
	unsigned int i;

	check_vm();
	for (i = 0; i < nr_threads; i++) {
		check_vcpu(&threads[i]);
		munmap(threads[i].run, PAGE_SIZE);
		close(threads[i].vcpu);
	}
	close(round_now.vm);
	if (fuzz_vms_left() > 1)
		broken("a VM is left");
}

static void one_round(int sys, const struct fuzz_options *options, u64 round)
{
	struct fuzz_random r;
	unsigned int i;

	fuzz_seed(&r, options->seed, round, MAX_THREADS);
	round_now.number = round;
	round_now.mode = fuzz_below(&r, NR_MODES);
	alarm(STUCK_SECONDS);
	arena_map();
	make_vm(sys, &r);
	for (i = 0; i < nr_threads; i++) {
		fuzz_seed(&threads[i].r, options->seed, round, i);
		threads[i].id = i;
		if (pthread_create(&threads[i].handle, NULL, thread_main,
				   &threads[i]))
			broken("no thread");
	}
	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i].handle, NULL);
	end_vm();
	alarm(0);
}

static void stuck(int sig)
{
	(void)sig;
	broken("does not end");
}

static void print_counts(u64 us)
{
	u64 per_second = us ? runs * 1000000 / us : 0;

	ksft_print_msg("%llu runs, %llu ms, %llu runs a second\n", runs,
		       us / 1000, per_second);
	ksft_print_msg("%llu audits, at most %llu shadow pages\n", audits,
		       most_pages);
	ksft_print_msg("%llu exits found another CR3 target loaded\n", unseen);
	fuzz_print_counts("runs", mode_names, modes, NR_MODES);
	fuzz_print_counts("ends", end_names, ends, NR_ENDS);
	fuzz_print_counts("reasons of RUN", reason_names, reasons,
			  ARRAY_SIZE(reasons));
	fuzz_print_exits(exits);
	printf("# not handled:\n");
	fuzz_print_exits(unhandled);
}

int main(int argc, char **argv)
{
	struct fuzz_options options = {
		.count = 2000, .threads = 1, .tick = 400,
	};
	struct fuzz_host host = { 0 };
	struct fuzz_left left;
	u64 round = ~0ULL, begin;
	int sys;

	ksft_print_header();
	ksft_set_plan(FUZZ_HOST_RESULTS + 1);
	fuzz_parse(argc, argv, &options);
	if (options.threads > MAX_THREADS)
		ksft_exit_fail_msg("--threads %llu: at most %d\n",
				   options.threads, MAX_THREADS);
	nr_threads = options.threads;
	tick = options.tick;
	signal(SIGALRM, stuck);
	arena_init();
	sys = open_lull();
	para_features = allow_para_features();
	begin = now_us();
	while (fuzz_next_round(&options, runs, &round)) {
		one_round(sys, &options, round);
		if (!host.free_kb)
			fuzz_host_before(&host);
	}
	print_counts(now_us() - begin);
	close(sys);
	/* Else this was no test. */
	ksft_test_result(exits[0] > runs, "guests run\n");
	fuzz_host_after(&host, &left);
	fuzz_host_results(&left);
	if (ksft_get_fail_cnt())
		ksft_exit_fail();
	ksft_exit_pass();
}
