// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random system registers: what LULL_SET_SREGS accepts the processor enters
 * the guest with, and what it says of a guest that ran it accepts again.
 *
 *   sregs_fuzz [ROUNDS [SEED]]
 *
 * Guards against: registers that one part refuses and the other does not.  In
 * a debug build the SDM's checks in software are a third opinion, which also
 * says which check failed (selftests/run.sh --debug).
 */
#include <kselftest.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "lib/vm.h"

#define ROUNDS		10000
#define MOST_CHANGES	3

static u64 seed = 1;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u64 pick(const u64 *from, size_t nr)
{
	return from[rnd() % nr];
}

static u64 any_base(void)
{
	static const u64 bases[] = {
		0, 1, 0xffffffff, 1ULL << 32, (1ULL << 47) - 1, 1ULL << 47,
		0xffff800000000000, ~0ULL,
	};

	return pick(bases, ARRAY_SIZE(bases));
}

static u32 any_limit(void)
{
	static const u64 limits[] = {
		0, 0x66, 0x67, 0xfff, 0xffff, 0xfffff, 0x100000, 0xfffff000,
		0xffffffff,
	};

	return pick(limits, ARRAY_SIZE(limits));
}

static u32 any_ar(u32 ar)
{
	static const u64 ars[] = {
		0x83, 0x8b, 0x89, 0x82, 0x93, 0x97, 0x9b, 0x9f, 0xf3, 0xfb,
		0xff, 0xc093, 0xc0f3, 0xc09b, 0xa09b, 0xa0fb, 0xa09f, 0xa0ff,
		0xe09b, 0x10000, 0x100f3,
	};

	return rnd() & 1 ? pick(ars, ARRAY_SIZE(ars)) : ar ^ 1U << rnd() % 18;
}

static void change_segment(struct lull_segment *seg)
{
	switch (rnd() % 4) {
	case 0:
		seg->ar = any_ar(seg->ar);
		break;
	case 1:
		seg->selector ^= 1U << rnd() % 5;
		break;
	case 2:
		seg->base = any_base();
		break;
	default:
		seg->limit = any_limit();
		if (rnd() & 1)
			seg->ar ^= 0x8000;
	}
}

/* Code and stack of user mode, or of compatibility mode. */
static void change_mode(struct lull_sregs *sregs)
{
	struct lull_segment *cs = &sregs->seg[LULL_CS];
	struct lull_segment *ss = &sregs->seg[LULL_SS];

	if (rnd() & 1) {
		cs->ar = 0xc09b;
		return;
	}
	cs->selector |= 3;
	ss->selector |= 3;
	cs->ar = rnd() & 1 ? 0xa0fb : 0xc0fb;
	ss->ar = rnd() & 1 ? 0xc0f3 : 0x10060;
}

static void change(struct lull_sregs *sregs)
{
	switch (rnd() % 8) {
	case 0:
		sregs->cr0 ^= 1ULL << rnd() % 33;
		break;
	case 1:
		sregs->cr4 ^= 1ULL << rnd() % 25;
		break;
	case 2:
		sregs->efer ^= 1ULL << rnd() % 16;
		break;
	case 3:
		sregs->gdtr.base = any_base();
		sregs->idtr.base = any_base();
		break;
	case 4:
		change_mode(sregs);
		break;
	default:
		change_segment(&sregs->seg[rnd() % LULL_NR_SEGS]);
	}
}

struct counts {
	unsigned int accepted;
	unsigned int refused;
	unsigned int ends[8];		/* by enum lull_run_reason */
	unsigned int not_entered;
	unsigned int not_again;
};

static struct test_vm vm;
static struct test_vcpu vcpu;
static struct lull_sregs base;
static struct lull_regs regs;

/* OUT to port 0xe0 is what the guest does, wherever CS makes it begin. */
static void start(void)
{
	static const u8 out[] = { 0xe6, 0xe0 };
	u64 code, i;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, NULL, NULL);
	code = vm_alloc(&vm, PAGE_SIZE);
	for (i = 0; i < PAGE_SIZE; i += sizeof(out))
		memcpy((u8 *)vm_ptr(&vm, code) + i, out, sizeof(out));
	vcpu_get_sregs(&vcpu, &base);
	vcpu_get_regs(&vcpu, &regs);
	/* Faults find no gate: triple fault. */
	base.idtr.limit = 0;
	regs.rip = code;
	regs.rflags = 2;
}

static void stop(void)
{
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

static void report(const char *what, unsigned int round,
		   const struct lull_sregs *sregs)
{
	int nr;

	ksft_print_msg("round %u: %s: cr0 %llx cr4 %llx efer %llx\n", round,
		       what, sregs->cr0, sregs->cr4, sregs->efer);
	for (nr = 0; nr < LULL_NR_SEGS; nr++)
		ksft_print_msg("  segment %d: %x %llx %x %x\n", nr,
			       sregs->seg[nr].selector, sregs->seg[nr].base,
			       sregs->seg[nr].limit, sregs->seg[nr].ar);
}

static void one_round(unsigned int round, struct counts *counts)
{
	struct lull_sregs sregs = base, after;
	unsigned int i, changes = 1 + rnd() % MOST_CHANGES;
	u32 reason;

	for (i = 0; i < changes; i++)
		change(&sregs);
	if (try_ioctl(vcpu.fd, LULL_SET_SREGS, &sregs)) {
		counts->refused++;
		return;
	}
	counts->accepted++;
	vcpu_set_regs(&vcpu, &regs);
	CHECK(!run_through(vcpu.fd));
	reason = vcpu.run->reason;
	counts->ends[reason]++;
	if (reason == LULL_RUN_FAIL_ENTRY) {
		counts->not_entered++;
		report("accepted, and not entered", round, &sregs);
	} else {
		vcpu_get_sregs(&vcpu, &after);
		if (reason != LULL_RUN_UNHANDLED &&
		    try_ioctl(vcpu.fd, LULL_SET_SREGS, &after)) {
			counts->not_again++;
			report("ran, and not accepted again", round, &after);
		}
	}
	if (reason == LULL_RUN_FAIL_ENTRY || reason == LULL_RUN_UNHANDLED) {
		stop();
		start();
	}
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
	struct counts counts = { 0 };
	unsigned int i;

	ksft_print_header();
	ksft_set_plan(3);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	ksft_print_msg("%u rounds, seed %llu\n", rounds, seed);
	start();
	for (i = 0; i < rounds; i++)
		one_round(i, &counts);
	stop();
	ksft_print_msg("%u accepted, %u refused\n", counts.accepted,
		       counts.refused);
	ksft_print_msg("%u I/O, %u MMIO, %u triple faults, %u not handled\n",
		       counts.ends[LULL_RUN_IO], counts.ends[LULL_RUN_MMIO],
		       counts.ends[LULL_RUN_SHUTDOWN],
		       counts.ends[LULL_RUN_UNHANDLED]);
	ksft_test_result(counts.accepted > rounds / 20 &&
			 counts.refused > rounds / 20,
			 "some are accepted and some are refused\n");
	ksft_test_result(!counts.not_entered,
			 "what is accepted is entered\n");
	ksft_test_result(!counts.not_again, "what ran is accepted again\n");
	if (ksft_get_fail_cnt())
		ksft_exit_fail();
	ksft_exit_pass();
}
