// SPDX-License-Identifier: GPL-2.0-only
/* What lull check says of machines that have, or have not, what Lull needs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "launcher/builtin.h"
#include "launcher/vmxcap.h"
#include "launcher_capture.h"
#include "launcher_wrap.h"

/* Every bit may be 0 and may be 1. */
#define ANY		0xffffffff00000000ULL
#define WITHOUT(n)	(ANY & ~(BIT_ULL(32 + (n))))

static const struct vmxcap full = {
	.feature_control = 5,
	.basic = 0x00da040000000004ULL,
	.pin = ANY, .cpu = ANY, .exit = ANY, .entry = ANY,
};

static void test_lock(void **state)
{
	struct vmxcap cap = full;

	(void)state;
	assert_int_equal(vmxcap_lock(&cap), VMXCAP_ON);
	cap.feature_control = 1;
	assert_int_equal(vmxcap_lock(&cap), VMXCAP_OFF);
	cap.feature_control = 3;	/* only inside SMX */
	assert_int_equal(vmxcap_lock(&cap), VMXCAP_OFF);
	cap.feature_control = 4;
	assert_int_equal(vmxcap_lock(&cap), VMXCAP_UNLOCKED);
}

static void test_controls(void **state)
{
	static const struct {
		size_t word;
		u64 value;
		const char *missing;
	} cases[] = {
		{ offsetof(struct vmxcap, pin), WITHOUT(0),
		  "external-interrupt exiting" },
		{ offsetof(struct vmxcap, pin), WITHOUT(3), "NMI exiting" },
		{ offsetof(struct vmxcap, cpu), WITHOUT(7), "HLT exiting" },
		{ offsetof(struct vmxcap, cpu), WITHOUT(15),
		  "CR3-load exiting" },
		{ offsetof(struct vmxcap, cpu), WITHOUT(28),
		  "use MSR bitmaps" },
		{ offsetof(struct vmxcap, cpu), ANY | BIT_ULL(2),
		  "interrupt-window exiting" },
		{ offsetof(struct vmxcap, cpu), ANY | BIT_ULL(15), NULL },
		{ offsetof(struct vmxcap, cpu), WITHOUT(21), NULL },
		{ offsetof(struct vmxcap, cpu),
		  WITHOUT(21) & WITHOUT(20),
		  "use TPR shadow, or CR8-load and CR8-store exiting" },
		{ offsetof(struct vmxcap, exit), WITHOUT(9),
		  "host address-space size" },
		{ offsetof(struct vmxcap, entry), WITHOUT(9),
		  "IA-32e mode guest" },
		{ offsetof(struct vmxcap, basic), 0x0000040000000004ULL,
		  "write-back VMCS regions of at most 4 KiB" },
		{ offsetof(struct vmxcap, basic), 0x00d8100100000004ULL,
		  "write-back VMCS regions of at most 4 KiB" },
	};
	struct vmxcap cap;
	const char *missing;
	unsigned int i;

	(void)state;
	assert_null(vmxcap_missing(&full));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		cap = full;
		memcpy((u8 *)&cap + cases[i].word, &cases[i].value,
		       sizeof(u64));
		missing = vmxcap_missing(&cap);
		if (!missing != !cases[i].missing ||
		    (missing && strcmp(missing, cases[i].missing)))
			fail_msg("%u: says %s", i, missing);
	}
}

static char root[64];

/*
 * MSRs are numbered one by one, but 8 bytes wide, which no plain file can be:
 * reads at their numbers are answered here.
 */
static const struct vmxcap *msrs;

ssize_t __wrap_pread(int fd, void *buf, size_t size, off_t at)
{
	u64 value;

	if (!msrs)
		return __real_pread(fd, buf, size, at);
	switch (at) {
	case MSR_FEATURE_CONTROL:
		value = msrs->feature_control;
		break;
	case MSR_VMX_BASIC:
		value = msrs->basic;
		break;
	case MSR_VMX_PIN:
		value = msrs->pin;
		break;
	case MSR_VMX_CPU:
		value = msrs->cpu;
		break;
	case MSR_VMX_EXIT:
		value = msrs->exit;
		break;
	case MSR_VMX_ENTRY:
		value = msrs->entry;
		break;
	default:
		return __real_pread(fd, buf, size, at);
	}
	assert_int_equal(size, sizeof(value));
	memcpy(buf, &value, size);
	return size;
}

static int make_root(void **state)
{
	char command[256];

	(void)state;
	strcpy(root, "/tmp/lull-unit.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p proc dev/cpu/0 sys/kernel/debug sys/kernel/tracing",
		 root);
	return system(command);
}

static int drop_root(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static int check(char *text, size_t size)
{
	char *argv[4] = { "check", "--root", root, NULL };
	struct capture out;
	int ret;

	capture_begin(&out, STDOUT_FILENO);
	ret = builtin_check(3, argv);
	capture_end(&out, text, size);
	return ret;
}

static void put_text(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_line(const char *text, const char *item, const char *verdict)
{
	const char *line = strstr(text, item);

	if (!line || strncmp(line + 25, verdict, strlen(verdict)))
		fail_msg("%s is not %s in:\n%s", item, verdict, text);
}

static void test_no_vmx(void **state)
{
	char text[4096];

	(void)state;
	put_text("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vmxx svm\n");
	put_text("proc/modules", "");
	assert_int_equal(check(text, sizeof(text)), 1);
	assert_line(text, "VMX ", "MISSING");
	assert_line(text, "VMX not in use", "ok");
	assert_line(text, "lull.ko", "MISSING");
	assert_line(text, "/dev/lull", "MISSING");
	assert_line(text, "/sys/kernel/debug", "missing (optional)");
	assert_null(strstr(text, "firmware"));
}

static void test_in_use(void **state)
{
	char text[4096];

	(void)state;
	put_text("proc/cpuinfo", "flags\t\t: fpu vmx sse\n");
	put_text("proc/modules", "kvm_intel 1 0 - Live 0x0\n"
		 "lull 1 0 - Live 0x0\n");
	put_text("dev/lull", "");
	assert_int_equal(check(text, sizeof(text)), 1);
	assert_line(text, "VMX ", "ok");
	assert_line(text, "VMX not in use", "MISSING: kvm");
	assert_line(text, "lull.ko", "ok");
	assert_line(text, "/dev/lull", "MISSING");
	assert_line(text, "firmware", "unknown");
}

/* The module refuses with kvm alone, too. */
static void test_kvm_alone(void **state)
{
	char text[4096];

	(void)state;
	put_text("proc/cpuinfo", "flags\t\t: fpu vmx sse\n");
	put_text("proc/modules", "irqbypass 1 0 - Live 0x0\n"
		 "kvm 1 0 - Live 0x0\n");
	assert_int_equal(check(text, sizeof(text)), 1);
	assert_line(text, "VMX not in use", "MISSING: kvm");
	put_text("proc/modules", "irqbypass 1 1 kvm, Live 0x0\n");
	assert_int_equal(check(text, sizeof(text)), 1);
	assert_line(text, "VMX not in use", "ok");
}

static void check_with(const struct vmxcap *cap, char *text, size_t size)
{
	put_text("proc/cpuinfo", "flags\t\t: fpu vmx sse\n");
	put_text("proc/modules", "");
	put_text("dev/cpu/0/msr", "");
	msrs = cap;
	assert_int_equal(check(text, size), 1);
	msrs = NULL;
}

static void test_msrs(void **state)
{
	struct vmxcap cap = full;
	char text[4096];

	(void)state;
	check_with(&cap, text, sizeof(text));
	assert_line(text, "firmware", "ok");
	assert_line(text, "VMX controls", "ok");
	cap.feature_control = 1;
	cap.cpu = WITHOUT(7);
	check_with(&cap, text, sizeof(text));
	assert_line(text, "firmware", "MISSING: VMX is disabled by firmware");
	assert_line(text, "VMX controls", "MISSING: HLT exiting");
	cap.feature_control = 0;
	check_with(&cap, text, sizeof(text));
	assert_line(text, "firmware", "MISSING: IA32_FEATURE_CONTROL is not");
	check_with(NULL, text, sizeof(text));
	assert_line(text, "VMX controls", "MISSING: the CPU has no VMX");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_controls),
		cmocka_unit_test_setup_teardown(test_no_vmx, make_root,
						drop_root),
		cmocka_unit_test_setup_teardown(test_in_use, make_root,
						drop_root),
		cmocka_unit_test_setup_teardown(test_kvm_alone, make_root,
						drop_root),
		cmocka_unit_test_setup_teardown(test_msrs, make_root,
						drop_root),
	};

	return cmocka_run_group_tests_name("launcher_check", tests, NULL,
					   NULL);
}
