// SPDX-License-Identifier: GPL-2.0-only
/*
 * The choice of VMX controls, with the MSRs of real and of poorer CPUs, and
 * the rules of injected events.
 */
#include <errno.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <string.h>

#include "cmocka_all.h"
#include <asm/vmx.h>
#include "vmx/cap.h"
#include "vmx/event.h"

/* As Bochs' corei7_haswell_4770 and core2_penryn_t9600 have them */
static const struct vmx_msrs haswell = {
	.signature = 0x306c3,
	.basic = 0x00d810000000002b,
	.pin = 0x0000007f00000016,
	.cpu = 0xf7f9fffe04006172,
	.cpu2 = 0x00047fff00000000,
	.exit = 0x007fffff00036dfb,
	.entry = 0x0000ffff000011fb,
	.misc = 0x00000000000401c0,
	.ept_vpid = 0x00000f0106334141,
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0x1727ff,
};

static const struct vmx_msrs penryn = {
	.basic = 0x00d810000000002b,
	.pin = 0x0000003f00000016,
	.cpu = 0xf7f9fffe04006172,
	.cpu2 = 0x0000004100000000,
	.exit = 0x0003ffff00036dfb,
	.entry = 0x00003fff000011fb,
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0x467ff,
};

/* Take bits from what may be 1 */
static u64 without(u64 cap, u32 bits)
{
	return cap & ~((u64)bits << 32);
}

static void choose(const struct vmx_msrs *msrs, struct vmx_config *config)
{
	const char *missing = "";

	assert_int_equal(lull_vmx_choose_config(msrs, config, &missing), 0);
	assert_null(missing);
}

static void refuses(const struct vmx_msrs *msrs, const char *name)
{
	struct vmx_config config;
	const char *missing = NULL;

	assert_int_equal(lull_vmx_choose_config(msrs, &config, &missing),
			 -EOPNOTSUPP);
	assert_string_equal(missing, name);
}

static void bad_timer(void **state)
{
	struct vmx_msrs msrs = haswell;
	struct vmx_config c;

	choose(&msrs, &c);
	assert_true(c.timer);
	msrs.signature = 0x106a5;
	choose(&msrs, &c);
	assert_false(c.timer);
	assert_false(c.pin & PIN_BASED_VMX_PREEMPTION_TIMER);
}

static void everything(void **state)
{
	struct vmx_config c;

	choose(&haswell, &c);
	assert_int_equal(c.revision, 0x2b);
	assert_true(c.vpid);
	assert_true(c.tpr_shadow);
	assert_true(c.efer_controls);
	assert_int_equal(c.cpu2, SECONDARY_EXEC_ENABLE_VPID |
				 SECONDARY_EXEC_WBINVD_EXITING);
	/* Present, and never wanted */
	assert_false(c.cpu2 & (SECONDARY_EXEC_ENABLE_EPT |
			       SECONDARY_EXEC_UNRESTRICTED_GUEST |
			       SECONDARY_EXEC_ENABLE_RDTSCP |
			       SECONDARY_EXEC_ENABLE_INVPCID));
	assert_false(c.exit & VM_EXIT_ACK_INTR_ON_EXIT);
	/* Settable, and off until somebody waits for it */
	assert_false(c.cpu & CPU_BASED_INTR_WINDOW_EXITING);
	assert_true(c.cpu & CPU_BASED_CR3_LOAD_EXITING);
	assert_false(c.cpu & CPU_BASED_CR8_LOAD_EXITING);
	assert_true(c.cr3_targets);
	assert_int_equal(c.cr0_fixed0, haswell.cr0_fixed0);
	assert_int_equal(c.cr4_fixed1, haswell.cr4_fixed1);
}

static void before_ept(void **state)
{
	struct vmx_config c;

	choose(&penryn, &c);
	assert_false(c.vpid);
	assert_true(c.tpr_shadow);
	assert_false(c.efer_controls);
	assert_int_equal(c.cpu2, SECONDARY_EXEC_WBINVD_EXITING);
	assert_false(c.cr3_targets);
	assert_false(c.exit & VM_EXIT_LOAD_IA32_EFER);
	assert_false(c.entry & VM_ENTRY_LOAD_IA32_EFER);
}

/* Every bit that must be 1 is 1, and none that must be 0 */
static void within_bounds(void **state)
{
	const struct vmx_msrs *all[] = { &haswell, &penryn };
	struct vmx_config c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const u64 cap[] = { all[i]->pin, all[i]->cpu, all[i]->cpu2,
				    all[i]->exit, all[i]->entry };
		size_t k;

		choose(all[i], &c);
		const u32 got[] = { c.pin, c.cpu, c.cpu2, c.exit, c.entry };

		for (k = 0; k < ARRAY_SIZE(cap); k++) {
			assert_int_equal((u32)cap[k] & ~got[k], 0);
			assert_int_equal(got[k] & ~(cap[k] >> 32), 0);
		}
	}
}

static void names_what_is_missing(void **state)
{
	struct vmx_msrs m = haswell;

	m.pin = without(m.pin, PIN_BASED_NMI_EXITING);
	refuses(&m, "NMI exiting");
	m = haswell;
	m.cpu = without(m.cpu, CPU_BASED_USE_MSR_BITMAPS);
	refuses(&m, "use MSR bitmaps");
	m = haswell;
	m.cpu = without(m.cpu, CPU_BASED_INTR_WINDOW_EXITING);
	refuses(&m, "interrupt-window exiting");
	m = haswell;
	m.exit = without(m.exit, VM_EXIT_HOST_ADDR_SPACE_SIZE);
	refuses(&m, "host address-space size");
	m = haswell;
	m.entry = without(m.entry, VM_ENTRY_IA32E_MODE);
	refuses(&m, "IA-32e mode guest");
}

/* A window that is always open would exit for ever */
static void stuck_window(void **state)
{
	struct vmx_msrs m = haswell;

	m.cpu |= CPU_BASED_INTR_WINDOW_EXITING;
	refuses(&m, "interrupt-window exiting");
}

static void vmcs_regions(void **state)
{
	struct vmx_msrs m = haswell;

	m.basic = 0x009810000000002b & ~(0xfULL << 50);
	refuses(&m, "write-back VMCS regions of at most 4 KiB");
	m.basic = haswell.basic + (1ULL << 32);
	refuses(&m, "write-back VMCS regions of at most 4 KiB");
}

static void cr8_without_tpr_shadow(void **state)
{
	const u32 exiting = CPU_BASED_CR8_LOAD_EXITING |
			    CPU_BASED_CR8_STORE_EXITING;
	struct vmx_msrs m = haswell;
	struct vmx_config c;

	m.cpu = without(m.cpu, CPU_BASED_TPR_SHADOW);
	choose(&m, &c);
	assert_false(c.tpr_shadow);
	assert_int_equal(c.cpu & exiting, exiting);
	m.cpu = without(m.cpu, CPU_BASED_CR8_STORE_EXITING);
	refuses(&m, "use TPR shadow, or CR8-load and CR8-store exiting");
}

static void vpid_needs_its_flush(void **state)
{
	struct vmx_msrs m = haswell;
	struct vmx_config c;

	m.ept_vpid &= ~BIT_ULL(40);
	choose(&m, &c);
	assert_true(c.vpid);
	m.ept_vpid &= ~BIT_ULL(41);
	choose(&m, &c);
	assert_false(c.vpid);
	assert_false(c.cpu2 & SECONDARY_EXEC_ENABLE_VPID);
}

static void no_secondary_controls(void **state)
{
	struct vmx_msrs m = penryn;
	struct vmx_config c;

	m.cpu = without(m.cpu, CPU_BASED_ACTIVATE_SECONDARY_CONTROLS);
	m.cpu2 = 0;
	choose(&m, &c);
	assert_int_equal(c.cpu2, 0);
	/* There, but with nothing in them for us: not activated either */
	m = penryn;
	m.cpu2 = without(m.cpu2, SECONDARY_EXEC_WBINVD_EXITING);
	choose(&m, &c);
	assert_int_equal(c.cpu2, 0);
	assert_false(c.cpu & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS);
}

static void half_of_the_efer_controls(void **state)
{
	struct vmx_msrs m = haswell;
	struct vmx_config c;

	m.entry = without(m.entry, VM_ENTRY_LOAD_IA32_EFER);
	choose(&m, &c);
	assert_false(c.efer_controls);
	assert_false(c.exit & VM_EXIT_LOAD_IA32_EFER);
}

#define EXC(vector)	(VMX_INTR_VALID | VMX_INTR_TYPE_HARD_EXC | (vector))

static void combinations(void **state)
{
	static const struct {
		u32 event;
		u8 vector;
		enum vmx_combination want;
	} cases[] = {
		{ 0, 14, VMX_SERIAL },
		{ 0, 13, VMX_SERIAL },
		/* benign first, or no exception at all */
		{ EXC(6), 13, VMX_SERIAL },
		{ EXC(1), 14, VMX_SERIAL },
		{ VMX_INTR_VALID | VMX_INTR_TYPE_EXT | 14, 14, VMX_SERIAL },
		{ VMX_INTR_VALID | VMX_INTR_TYPE_SOFT_INTR | 13, 13,
		  VMX_SERIAL },
		{ VMX_INTR_VALID | VMX_INTR_TYPE_NMI | 2, 14, VMX_SERIAL },
		/* contributory first */
		{ EXC(13), 13, VMX_DOUBLE_FAULT },
		{ EXC(0), 12, VMX_DOUBLE_FAULT },
		{ EXC(10), 11, VMX_DOUBLE_FAULT },
		{ EXC(13), 14, VMX_SERIAL },
		{ EXC(13), 6, VMX_SERIAL },
		/* page fault first */
		{ EXC(14), 14, VMX_DOUBLE_FAULT },
		{ EXC(14), 13, VMX_DOUBLE_FAULT },
		{ EXC(14), 1, VMX_SERIAL },
		/* double fault first */
		{ EXC(8), 14, VMX_TRIPLE_FAULT },
		{ EXC(8), 13, VMX_TRIPLE_FAULT },
		{ EXC(8), 1, VMX_SERIAL },
		/* a stale event that is not valid */
		{ EXC(8) & ~VMX_INTR_VALID, 14, VMX_SERIAL },
		/* not vectors of exceptions */
		{ EXC(13), 45, VMX_SERIAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(vmx_combine(cases[i].event, cases[i].vector),
				 cases[i].want);
}

static void event_formats(void **state)
{
	assert_int_equal(vmx_exception_info(14), 0x80000b0e);
	assert_int_equal(vmx_exception_info(17), 0x80000b11);
	assert_int_equal(vmx_exception_info(6), 0x80000306);
	assert_int_equal(vmx_exception_info(1), 0x80000301);
	assert_int_equal(vmx_exception_info(3), 0x80000603);
	assert_int_equal(vmx_exception_info(2), 0x80000202);
	assert_true(vmx_event_has_length(0x80000480));
	assert_true(vmx_event_has_length(0x80000501));
	assert_true(vmx_event_has_length(0x80000603));
	assert_false(vmx_event_has_length(0x80000b0e));
	assert_false(vmx_event_has_length(0x80000020));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(bad_timer),
		cmocka_unit_test(before_ept),
		cmocka_unit_test(within_bounds),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(stuck_window),
		cmocka_unit_test(vmcs_regions),
		cmocka_unit_test(cr8_without_tpr_shadow),
		cmocka_unit_test(vpid_needs_its_flush),
		cmocka_unit_test(no_secondary_controls),
		cmocka_unit_test(half_of_the_efer_controls),
		cmocka_unit_test(combinations),
		cmocka_unit_test(event_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
