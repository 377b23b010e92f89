// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every access to memory against an oracle: rights and states of the entries
 * at all four levels, control bits, kinds of access, and whether the entries
 * changed with a flush, without one, or from not present.  oracle/cases.h
 * says what the product consists of; oracle/main.c runs it without Lull.
 *
 * Guards against: a page fault that is missing, invented, or has a wrong error
 * code or CR2; an access that reaches the wrong frame; A and D bits lost,
 * invented, or set in the wrong entry; rights that outlive a flush.
 *
 * The default is a sample; the arguments are the oracle's (oracle/options.c).
 */
#include <kselftest.h>
#include <string.h>
#include <unistd.h>

#include "lib/paging.h"
#include "lib/util.h"
#include "oracle/oracle.h"

#define STUCK_SECONDS	4

static char words[256] = "leave-out=smap-wp ";

static void mode_done(struct oracle *o, unsigned int mode)
{
	GUEST_SYNC(mode);
}

static struct oracle oracle = {
	.words = words,
	.ram = RAM_SIZE,
	.mode_done = mode_done,
};

static void guest_oracle(void *arg)
{
	oracle_run(&oracle);
}

/* An access that faults without end is a mismatch too. */
static void watch(int sig)
{
	static u64 last = ~0ULL;
	u64 number = load64((u64)&oracle.current);

	if (number == last)
		test_fail("case=%llu does not end", number);
	last = number;
	alarm(STUCK_SECONDS);
}

static void put(const char *text)
{
	fputs(text, stdout);
}

static void join_words(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		CHECK(strlen(words) + strlen(argv[i]) + 2 < sizeof(words));
		strcat(strcat(words, argv[i]), " ");
	}
}

int main(int argc, char **argv)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	bool sound = true;
	u64 begin;

	join_words(argc, argv);
	ksft_print_header();
	ksft_set_plan(3);
	vm_create_with(&vm, allow_para_features(), 0);
	vcpu_create(&vm, &vcpu, 0, guest_oracle, NULL);
	/* the kernel's half of the image is a kernel's: SMEP and SMAP */
	pt_map_image(&vm, vm.cr3, PTE_RW);
	pt_map(&vm, vm.cr3, ORACLE_USER, ORACLE_USER, PTE_USER);
	CHECK(vm.ram_next < ORACLE_LARGE);
	signal(SIGALRM, watch);
	alarm(STUCK_SECONDS);
	begin = now_us();
	while (vcpu_run_ucall(&vcpu) == UCALL_SYNC)
		sound &= !audit_vms();
	alarm(0);
	sound &= !audit_vms();
	if (oracle.error)
		ksft_exit_fail_msg("%s\n", oracle.error);
	oracle_print(&oracle, put);
	ksft_print_msg("%llu ms\n", (now_us() - begin) / 1000);
	ksft_test_result(!oracle_mismatches(&oracle), "no mismatch\n");
	ksft_test_result(sound, "the audit finds no violation\n");
	ksft_test_result(!oracle.listed == !oracle.targets,
			 "CR3 targets are used where they are to be\n");
	vcpu_check_stats(&vcpu);
	if (ksft_get_fail_cnt())
		ksft_exit_fail();
	ksft_exit_pass();
}
