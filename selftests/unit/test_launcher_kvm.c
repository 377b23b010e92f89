// SPDX-License-Identifier: GPL-2.0-only
/* lull run --backend kvm, on a /dev/kvm that is a fake. */
#include <errno.h>
#include <json-c/json.h>

#include "launcher/boot.h"
#include "launcher_fake_kvm.h"
#include "launcher_run.h"

#define IO	KVM_EXIT_IO
#define END	{ KVM_EXIT_IO, 0xf4, .text = "*" }, { 0 }	/* status 42 */
#define ARGS	"--backend kvm --kernel K "

static void test_ports(void **state)
{
	static const struct kvm_step steps[] = {
		{ IO, 0x3f8, .text = "hi" },
		{ IO, 0x3fd, true, .text = "\x60\x60\x60" },
		{ IO, 0xcf8, true, 4, .text = "\xff\xff\xff\xff" },
		{ IO, 0x3f8, .text = "!" },
		END,
	};
	struct output o;

	(void)state;
	fake_kvm_reset(steps);
	assert_int_equal(run_with(ARGS "--mem 64M", "", &o), 42);
	assert_string_equal(o.out, "hi!");
	assert_string_equal(o.err, "");
	assert_int_equal(fake_kvm.wrong, -1);
	assert_int_equal(fake_kvm.step, 5);
}

static void test_mmio(void **state)
{
	static const struct kvm_step steps[] = {
		{ KVM_EXIT_MMIO, .in = true }, { KVM_EXIT_MMIO }, END,
	};
	struct output o;

	(void)state;
	fake_kvm_reset(steps);
	assert_int_equal(run_with(ARGS, "", &o), 42);
	assert_int_equal(fake_kvm.wrong, -1);
}

static void test_machine(void **state)
{
	static const struct kvm_step steps[] = { END };
	const struct kvm_segment *cs = &fake_kvm.sregs.cs;
	const struct kvm_segment *tr = &fake_kvm.sregs.tr;
	struct output o;

	(void)state;
	fake_kvm_reset(steps);
	assert_int_equal(run_with(ARGS "--mem 64M --shadow-pages 99", "", &o),
			 42);
	assert_int_equal(fake_kvm.region.memory_size, 64 * MIB);
	assert_int_equal(fake_kvm.hardware, FAKE_HW_ALL);
	assert_int_equal(fake_kvm.mmu_pages, 99);
	assert_int_equal(fake_kvm.regs.rip, IMAGE_LOAD + 0x200);
	assert_int_equal(fake_kvm.regs.rsi, BOOT_PARAMS);
	assert_int_equal(fake_kvm.sregs.cr3, BOOT_TABLES);
	assert_int_equal(fake_kvm.sregs.apic_base, FAKE_APIC_BASE);
	assert_int_equal(cs->type, 11);
	assert_true(cs->present && cs->s && cs->l && cs->g && !cs->db);
	assert_int_equal(tr->type, 11);
	assert_true(tr->present && !tr->s && !tr->unusable);
	assert_true(fake_kvm.sregs.ldt.unusable);
	assert_int_equal(fake_kvm.leaf1.ebx, 0x00010800);
	assert_int_equal(fake_kvm.leaf1.ecx, 0x81000001);
	assert_int_equal(fake_kvm.misc_enable, 1);
	assert_int_equal(fake_kvm.mptable, 16 + 44 + 20 + 19 * 8);
}

/* A receive interrupt that is enabled rises when input is there. */
static void test_interrupt(void **state)
{
	static const struct kvm_step steps[] = {
		{ IO, 0x3fc, .text = "\x08" },
		{ IO, 0x3f9, .text = "\x02" },
		END,
	};
	struct output o;

	(void)state;
	fake_kvm_reset(steps);
	assert_int_equal(run_with(ARGS, "", &o), 42);
	assert_int_equal(fake_kvm.rises, 1);
}

static u64 value(struct json_object *obj, const char *part, const char *name)
{
	struct json_object *inner, *number;

	if (!json_object_object_get_ex(obj, part, &inner) ||
	    !json_object_object_get_ex(inner, name, &number))
		fail_msg("no %s.%s", part, name);
	return json_object_get_uint64(number);
}

static void test_stats(void **state)
{
	static const struct kvm_step steps[] = {
		{ IO, 0xf5, .text = "\x07" }, END,
	};
	struct json_object *root, *marks, *mark, *histogram;
	struct output o;

	(void)state;
	fake_kvm_reset(steps);
	assert_int_equal(run_with(ARGS "--stats S", "", &o), 42);
	assert_string_equal(o.err, "");
	root = json_object_from_file(stats);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "marks", &marks));
	assert_int_equal(json_object_array_length(marks), 1);
	assert_true(json_object_object_get_ex(
		json_object_array_get_idx(marks, 0), "stats", &mark));
	assert_int_equal(value(mark, "vm", "remapped"), 102);
	assert_int_equal(value(mark, "vcpu", "exits"), 102);
	assert_true(json_object_object_get_ex(root, "end", &mark));
	assert_int_equal(value(mark, "vcpu", "exits"), 102);
	assert_true(json_object_object_get_ex(mark, "vcpu", &mark));
	assert_false(json_object_object_get_ex(mark, "histogram",
					       &histogram));
	json_object_put(root);
}

static void test_deaths(void **state)
{
	static const struct {
		u32 exit;
		int status;
		const char *text;
	} cases[] = {
		{ KVM_EXIT_SHUTDOWN, 3, "triple fault" },
		{ KVM_EXIT_FAIL_ENTRY, 4, "entry_fail_guest_state" },
		{ KVM_EXIT_INTERNAL_ERROR, 4, "internal error 1" },
		{ KVM_EXIT_INTERNAL_ERROR, 4, "0000000000000abc" },
		{ KVM_EXIT_DEBUG, 4, "reason 4" },
		{ KVM_EXIT_UNKNOWN, 1, "/dev/kvm: running the guest: Input" },
	};
	struct output o;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct kvm_step steps[] = { { cases[i].exit }, { 0 } };

		fake_kvm_reset(steps);
		assert_int_equal(run_with(ARGS, "", &o), cases[i].status);
		if (!strstr(o.err, cases[i].text))
			fail_msg("no \"%s\": %s", cases[i].text, o.err);
		if (cases[i].status > 1)
			assert_non_null(strstr(o.err, "rip 0000000001000200"));
	}
}

static void test_refusals(void **state)
{
	(void)state;
	fake_kvm_reset(NULL);
	assert_refused(ARGS "--idle lazy", "--idle lazy: only with");
	assert_refused("--kernel K --backend xen", "none of lull, kvm");
	fake_kvm.open_errno = ENOENT;
	assert_refused(ARGS, "kvm_intel is not loaded");
	fake_kvm.open_errno = EACCES;
	assert_refused(ARGS, "Permission denied");
	fake_kvm_reset(NULL);
	fake_kvm.api = 13;
	assert_refused(ARGS, "API version 13, this program needs 12");
	fake_kvm_reset(NULL);
	fake_kvm.missing = KVM_CAP_BINARY_STATS_FD;
	assert_refused(ARGS, "lacks KVM_CAP_BINARY_STATS_FD");
	fake_kvm_reset(NULL);
	fake_kvm.create_errno = EBUSY;
	assert_refused(ARGS, "does another hypervisor have VMX?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("launcher_kvm", tests, setup,
					   teardown);
}
