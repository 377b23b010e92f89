// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VM-entry checks of debug builds: states that are valid, and for each
 * check states that only this one refuses.
 */
#include <errno.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <string.h>

#include "cmocka_all.h"
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/vmx.h>
#include "monitor/segments.h"
#include "vmx/check.h"

/* As Bochs' corei7_haswell_4770 has them */
static const struct vmx_msrs haswell = {
	.basic = 0x00d810000000002b,
	.pin = 0x0000007f00000016,
	.cpu = 0xf7f9fffe04006172,
	.cpu2 = 0x00047fff00000000,
	.exit = 0x007fffff00036dfb,
	.entry = 0x0000ffff000011fb,
	.ept_vpid = 0x00000f0106334141,
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0x1727ff,
};

#define CODE64		0xa09b
#define CODE32		0xc09b
#define DATA		0xc093
#define TSS		0x008b
#define LDT		0x0082
#define UNUSABLE	0x10000
#define NOT_CANONICAL	0x0000800000000000ULL
#define TOO_WIDE	(1ULL << 40)

static struct vmx_state valid(void)
{
	const struct lull_segment data = { .limit = ~0U, .ar = DATA };
	struct vmx_state s = {
		.msrs = haswell,
		.misc = 0x700401e0,
		.phys_bits = 39,
		.virt_bits = 48,
		.lma = true,
		.msr_bitmap = 0x5000,
		.vapic = 0x6000,
		.vpid = 1,
		.host = {
			.cr0 = 0x80050033,
			.cr3 = 0x1000,
			.cr4 = 0x1726b0 | X86_CR4_PAE | X86_CR4_VMXE,
			.efer = EFER_LMA | EFER_LME | EFER_SCE | EFER_NX,
			.rip = 0xffffffffc0001000ULL,
			.selector = { 0, 0x10, 0x18, 0, 0, 0, 0x40 },
		},
		.guest = {
			.cr0 = 0x80050033,
			.cr3 = 0x2000,
			.cr4 = X86_CR4_PAE | X86_CR4_VMXE,
			.dr7 = 0x400,
			.efer = EFER_LMA | EFER_LME | EFER_NX,
			.rip = 0x100000,
			.rflags = X86_EFLAGS_FIXED | X86_EFLAGS_IF,
			.link = ~0ULL,
		},
	};
	struct vmx_config config;
	const char *missing;
	int nr;

	assert_int_equal(lull_vmx_choose_config(&haswell, &config, &missing),
			 0);
	s.pin = config.pin;
	s.cpu = config.cpu;
	s.cpu2 = config.cpu2;
	s.exit = config.exit;
	s.entry = config.entry | VM_ENTRY_IA32E_MODE;
	for (nr = LULL_ES; nr <= LULL_GS; nr++)
		s.guest.seg[nr] = data;
	s.guest.seg[LULL_CS].ar = CODE64;
	s.guest.seg[LULL_LDTR].ar = UNUSABLE;
	s.guest.seg[LULL_TR] = (struct lull_segment){
		.limit = 0x67, .ar = TSS,
	};
	return s;
}

/* 32-bit and paged by PAE: the shape of a guest that is not in IA-32e mode */
static struct vmx_state valid32(void)
{
	struct vmx_state s = valid();

	s.entry &= ~VM_ENTRY_IA32E_MODE;
	s.guest.efer = EFER_NX;
	s.guest.seg[LULL_CS].ar = CODE32;
	s.guest.seg[LULL_TR].ar = 0x83;
	s.guest.pdpte[0] = 0x3001;
	return s;
}

static struct vmx_state valid_v8086(void)
{
	struct vmx_state s = valid32();
	int nr;

	s.guest.rflags |= X86_EFLAGS_VM;
	for (nr = LULL_ES; nr <= LULL_GS; nr++)
		s.guest.seg[nr] = (struct lull_segment){
			.selector = 0x100 + nr,
			.base = (0x100 + nr) << 4,
			.limit = 0xffff,
			.ar = 0xf3,
		};
	return s;
}

struct change {
	size_t offset;
	size_t size;
	u64 value;
};

struct violation {
	const char *want;	/* NULL: allowed */
	struct change change[5];
};

#define TO(field, val)	{ offsetof(struct vmx_state, field),		\
			  sizeof(((struct vmx_state *)0)->field),	\
			  (u64)(val) }
#define SEG(nr, field, val)	TO(guest.seg[nr].field, val)

static const char *check(const struct vmx_state *s)
{
	return lull_vmx_check_controls(s) ?: lull_vmx_check_host(s) ?:
	       lull_vmx_check_guest(s);
}

static void run(struct vmx_state (*base)(void), const struct violation *v,
		size_t nr)
{
	size_t i, k;

	for (i = 0; i < nr; i++, v++) {
		struct vmx_state s = base();
		const char *name;

		assert_null(check(&s));
		for (k = 0; k < ARRAY_SIZE(v->change); k++)
			memcpy((char *)&s + v->change[k].offset,
			       &v->change[k].value, v->change[k].size);
		name = check(&s);
		if (!v->want && name)
			fail_msg("case %zu: refused by \"%s\"", i, name);
		if (v->want && (!name || strcmp(name, v->want)))
			fail_msg("case %zu: \"%s\" instead of \"%s\"", i,
				 name ? name : "nothing", v->want);
	}
}

/* The controls that valid() has, for changes of single bits */
#define PIN		0x3f
#define CPU		0xb5a0e1fe
#define ENTRY		0x93ff
#define EXIT		0x236fff

static void control_values(void **state)
{
	struct vmx_state s = valid();

	assert_int_equal(s.pin, PIN | 0x40);
	assert_int_equal(s.entry, ENTRY);
}

static void controls(void **state)
{
	struct vmx_state s = valid();
	const u64 pin = s.pin, cpu = s.cpu, exit = s.exit, entry = s.entry;
	const struct violation cases[] = {
		{ "pin-based controls: reserved bits", { TO(pin, pin & ~2) } },
		{ "pin-based controls: reserved bits",
		  { TO(pin, pin | 1 << 30) } },
		{ "primary processor-based controls: reserved bits",
		  { TO(cpu, cpu | 1) } },
		{ "secondary processor-based controls: reserved bits",
		  { TO(cpu2, 1U << 31) } },
		{ "secondary processor-based controls: not checked here",
		  { TO(cpu2, SECONDARY_EXEC_ENABLE_EPT) } },
		{ "CR3-target count", { TO(cr3_targets, 5) } },
		{ NULL, { TO(cr3_targets, 4) } },
		{ "I/O-bitmap addresses",
		  { TO(cpu, cpu | CPU_BASED_USE_IO_BITMAPS),
		    TO(io_bitmap[0], 0x800) } },
		{ "I/O-bitmap addresses",
		  { TO(cpu, cpu | CPU_BASED_USE_IO_BITMAPS),
		    TO(io_bitmap[1], TOO_WIDE) } },
		{ "MSR-bitmap address", { TO(msr_bitmap, 0x5001) } },
		{ "MSR-bitmap address", { TO(msr_bitmap, TOO_WIDE) } },
		{ "virtual NMIs without NMI exiting",
		  { TO(msrs.pin, 0x7f00000000ULL),
		    TO(pin, pin & ~PIN_BASED_NMI_EXITING) } },
		{ "NMI-window exiting without virtual NMIs",
		  { TO(pin, pin & ~PIN_BASED_VIRTUAL_NMIS),
		    TO(cpu, cpu | CPU_BASED_NMI_WINDOW_EXITING) } },
		{ "posted interrupts without virtual-interrupt delivery",
		  { TO(msrs.pin, 0xff00000016ULL),
		    TO(pin, pin | PIN_BASED_POSTED_INTR) } },
		{ "VPID is 0", { TO(vpid, 0) } },
		{ "virtual-APIC address", { TO(vapic, 0x6010) } },
		{ "TPR threshold: reserved bits", { TO(tpr_threshold, 16) } },
		{ "TPR threshold above VTPR",
		  { TO(tpr_threshold, 3), TO(vtpr, 0x2f) } },
		{ NULL, { TO(tpr_threshold, 2), TO(vtpr, 0x20) } },
		{ "VM-exit controls: reserved bits",
		  { TO(exit, exit | 1U << 31) } },
		{ "save VMX-preemption timer without the timer",
		  { TO(pin, pin & ~PIN_BASED_VMX_PREEMPTION_TIMER),
		    TO(exit, exit | VM_EXIT_SAVE_VMX_PREEMPTION_TIMER) } },
		{ "VM-exit MSR-store area",
		  { TO(exit_store.count, 1), TO(exit_store.addr, 8) } },
		{ "VM-exit MSR-load area",
		  { TO(exit_load.count, 2),
		    TO(exit_load.addr, (1ULL << 39) - 16) } },
		{ NULL, { TO(exit_load.count, 1),
			  TO(exit_load.addr, (1ULL << 39) - 16) } },
		{ "VM-entry controls: reserved bits",
		  { TO(entry, entry & ~1ULL) } },
		{ "entry to SMM, outside SMM",
		  { TO(entry, entry | VM_ENTRY_SMM) } },
		{ "VM-entry MSR-load area",
		  { TO(entry_load.count, 1), TO(entry_load.addr, TOO_WIDE) } },
	};

	run(valid, cases, ARRAY_SIZE(cases));
}

static void events(void **state)
{
	static const struct violation cases[] = {
		{ NULL, { TO(event, 0x80000b0e), TO(event_error, 6) } },
		{ NULL, { TO(event, 0x80000030) } },
		{ NULL, { TO(event, 0x00001fff) } },	/* not valid */
		{ "event injection: type and vector",
		  { TO(event, 0x80000120) } },
		{ "event injection: type and vector",
		  { TO(event, 0x80000203) } },
		{ "event injection: type and vector",
		  { TO(event, 0x80000320) } },
		{ "event injection: type and vector",
		  { TO(event, 0x80000700) } },
		{ "event injection: deliver-error-code bit",
		  { TO(event, 0x8000030e) } },
		{ "event injection: deliver-error-code bit",
		  { TO(event, 0x80000b06) } },
		{ "event injection: deliver-error-code bit",
		  { TO(event, 0x8000080d) } },
		{ "event injection: reserved bits",
		  { TO(event, 0x80001306) } },
		{ "event injection: error code",
		  { TO(event, 0x80000b0e), TO(event_error, 0x10000) } },
		{ "event injection: instruction length",
		  { TO(event, 0x80000480), TO(event_len, 16) } },
		{ "event injection: instruction length",
		  { TO(event, 0x80000603), TO(misc, 0x401e0) } },
		{ NULL, { TO(event, 0x80000603), TO(event_len, 1) } },
	};

	run(valid, cases, ARRAY_SIZE(cases));
}

static void host(void **state)
{
	const u64 exit = valid().exit | VM_EXIT_LOAD_IA32_PAT;
	const struct violation cases[] = {
		{ "host CR0: fixed bits", { TO(host.cr0, 0x80050013) } },
		{ "host CR0: fixed bits", { TO(host.cr0, 0x180050033) } },
		{ "host CR4: fixed bits", { TO(host.cr4, X86_CR4_PAE) } },
		{ "host CR3: address width", { TO(host.cr3, TOO_WIDE) } },
		{ "host SYSENTER_ESP and SYSENTER_EIP: canonical",
		  { TO(host.sysenter_esp, NOT_CANONICAL) } },
		{ "host SYSENTER_ESP and SYSENTER_EIP: canonical",
		  { TO(host.sysenter_eip, NOT_CANONICAL) } },
		{ "host IA32_PAT", { TO(exit, exit), TO(host.pat, 0x0300) } },
		{ "host IA32_PAT", { TO(exit, exit), TO(host.pat, 0x08) } },
		{ NULL, { TO(exit, exit), TO(host.pat, 0x0007040600070106) } },
		{ "host IA32_EFER: reserved bits", { TO(host.efer, 0x2501) } },
		{ "host IA32_EFER: LMA and LME against the mode",
		  { TO(host.efer, EFER_LME) } },
		{ "host selectors: RPL and TI", { TO(host.selector[0], 3) } },
		{ "host selectors: RPL and TI",
		  { TO(host.selector[6], 0x44) } },
		{ "host CS and TR: null", { TO(host.selector[1], 0) } },
		{ "host CS and TR: null", { TO(host.selector[6], 0) } },
		{ "host bases: canonical", { TO(host.base[0], NOT_CANONICAL) } },
		{ "host bases: canonical", { TO(host.base[4], NOT_CANONICAL) } },
		{ "address-space size: IA-32e mode from legacy mode",
		  { TO(lma, false) } },
		{ "address-space size: host not 64-bit",
		  { TO(msrs.exit, 0x7fffff00000000ULL),
		    TO(exit, 0x36dfb), } },
		{ "host SS: null",
		  { TO(msrs.exit, 0x7fffff00000000ULL),
		    TO(exit, 0x36dfb & ~0x200), TO(host.selector[2], 0) } },
		{ "host CR4: PAE in IA-32e mode",
		  { TO(host.cr4, X86_CR4_VMXE) } },
		{ "host RIP: canonical", { TO(host.rip, NOT_CANONICAL) } },
	};

	run(valid, cases, ARRAY_SIZE(cases));
}

static void guest_registers(void **state)
{
	const u64 entry = valid().entry | VM_ENTRY_LOAD_IA32_PAT;
	const struct violation cases[] = {
		{ "guest CR0: fixed bits", { TO(guest.cr0, 0x80050011) } },
		{ "guest CR0: PG without PE",
		  { TO(msrs.cr0_fixed0, 0x20), TO(guest.cr0, 0x80050030) } },
		{ "guest CR4: fixed bits", { TO(guest.cr4, X86_CR4_PAE) } },
		{ "guest CR4: fixed bits",
		  { TO(guest.cr4, X86_CR4_PAE | X86_CR4_VMXE |
		       X86_CR4_SMAP) } },
		{ "IA-32e mode guest: CR0.PG and CR4.PAE",
		  { TO(guest.cr4, X86_CR4_VMXE) } },
		{ "IA-32e mode guest: CR0.PG and CR4.PAE",
		  { TO(msrs.cr0_fixed0, 0x20), TO(guest.cr0, 0x33) } },
		{ "guest CR3: address width", { TO(guest.cr3, TOO_WIDE) } },
		{ "guest IA32_DEBUGCTL: reserved bits",
		  { TO(guest.debugctl, 1 << 20) } },
		{ "guest DR7: bits 63:32", { TO(guest.dr7, 1ULL << 32) } },
		{ "guest SYSENTER_ESP and SYSENTER_EIP: canonical",
		  { TO(guest.sysenter_eip, NOT_CANONICAL) } },
		{ "guest IA32_PAT",
		  { TO(entry, entry), TO(guest.pat, 0x0200) } },
		{ "guest IA32_EFER: reserved bits",
		  { TO(guest.efer, 0x1500) } },
		{ "guest IA32_EFER: LMA against IA-32e mode guest",
		  { TO(guest.efer, EFER_LME) } },
		{ "guest IA32_EFER: LMA against LME",
		  { TO(guest.efer, EFER_LMA) } },
		{ "GDTR and IDTR base: canonical",
		  { TO(guest.gdtr, NOT_CANONICAL) } },
		{ "GDTR and IDTR base: canonical",
		  { TO(guest.idtr, NOT_CANONICAL) } },
		{ "GDTR and IDTR limit: bits 31:16",
		  { TO(guest.idtr_limit, 0x10000) } },
		{ "guest RIP: canonical", { TO(guest.rip, NOT_CANONICAL) } },
		{ NULL, { TO(guest.rip, 0xffff800000000000ULL) } },
		{ "guest RIP: bits 63:32 outside 64-bit mode",
		  { SEG(LULL_CS, ar, CODE32), TO(guest.rip, 1ULL << 32) } },
		{ "guest RFLAGS: reserved bits", { TO(guest.rflags, 0x200) } },
		{ "guest RFLAGS: reserved bits", { TO(guest.rflags, 0xa) } },
		{ "guest RFLAGS: IF with an external interrupt",
		  { TO(guest.rflags, 2), TO(event, 0x80000030) } },
	};

	run(valid, cases, ARRAY_SIZE(cases));
}

static void segments(void **state)
{
	static const struct violation cases[] = {
		{ NULL, { SEG(LULL_DS, ar, UNUSABLE), SEG(LULL_DS, base, ~0) } },
		{ NULL, { SEG(LULL_LDTR, ar, LDT) } },
		{ "TR selector: TI", { SEG(LULL_TR, selector, 4) } },
		{ "LDTR selector: TI",
		  { SEG(LULL_LDTR, ar, LDT), SEG(LULL_LDTR, selector, 4) } },
		{ "SS selector: RPL is not that of CS",
		  { SEG(LULL_SS, selector, 3) } },
		{ "TR base: canonical", { SEG(LULL_TR, base, NOT_CANONICAL) } },
		{ "FS and GS base: canonical",
		  { SEG(LULL_FS, base, NOT_CANONICAL) } },
		{ "FS and GS base: canonical",
		  { SEG(LULL_GS, ar, UNUSABLE),
		    SEG(LULL_GS, base, NOT_CANONICAL) } },
		{ "LDTR base: canonical",
		  { SEG(LULL_LDTR, ar, LDT),
		    SEG(LULL_LDTR, base, NOT_CANONICAL) } },
		{ "CS base: bits 63:32", { SEG(LULL_CS, base, 1ULL << 32) } },
		{ "SS, DS and ES base: bits 63:32",
		  { SEG(LULL_SS, base, 1ULL << 32) } },
		{ "SS, DS and ES base: bits 63:32",
		  { SEG(LULL_ES, base, 1ULL << 32) } },
		{ "CS access rights: type", { SEG(LULL_CS, ar, DATA) } },
		{ "CS access rights: type", { SEG(LULL_CS, ar, 0xa09a) } },
		{ "CS access rights: S", { SEG(LULL_CS, ar, 0xa08b) } },
		{ "CS access rights: DPL against that of SS",
		  { SEG(LULL_CS, ar, 0xa0fb) } },
		{ "CS access rights: DPL against that of SS",
		  { SEG(LULL_CS, ar, 0xa0ff) } },
		{ "CS access rights: P", { SEG(LULL_CS, ar, 0xa01b) } },
		{ "CS access rights: reserved bits",
		  { SEG(LULL_CS, ar, 0xa19b) } },
		{ "CS access rights: L and D/B", { SEG(LULL_CS, ar, 0xe09b) } },
		{ "CS access rights: G", { SEG(LULL_CS, ar, 0x209b) } },
		{ "CS access rights: G", { SEG(LULL_CS, limit, 0xffffe) } },
		{ "SS access rights: type", { SEG(LULL_SS, ar, 0xc091) } },
		{ "SS access rights: DPL is not the RPL",
		  { SEG(LULL_SS, selector, 1), SEG(LULL_CS, selector, 1) } },
		{ "stack and data segments: S", { SEG(LULL_SS, ar, 0xc083) } },
		{ "data segments: type", { SEG(LULL_DS, ar, 0xc092) } },
		{ "data segments: type", { SEG(LULL_ES, ar, 0xc099) } },
		{ "data segments: DPL below RPL",
		  { SEG(LULL_FS, selector, 3) } },
		{ NULL, { SEG(LULL_FS, selector, 3), SEG(LULL_FS, ar, 0xc09f) } },
		{ "stack and data segments: S", { SEG(LULL_GS, ar, 0xc083) } },
		{ "stack and data segments: P", { SEG(LULL_ES, ar, 0xc013) } },
		{ "stack and data segments: reserved bits",
		  { SEG(LULL_DS, ar, 0x2c093) } },
		{ "stack and data segments: G", { SEG(LULL_DS, limit, 0) } },
		{ "TR access rights: type", { SEG(LULL_TR, ar, 0x89) } },
		{ "TR access rights: type", { SEG(LULL_TR, ar, 0x83) } },
		{ "TR access rights: S and P", { SEG(LULL_TR, ar, 0x9b) } },
		{ "TR access rights: S and P", { SEG(LULL_TR, ar, 0xb) } },
		{ "TR access rights: unusable",
		  { SEG(LULL_TR, ar, UNUSABLE | TSS) } },
		{ "TR access rights: reserved bits",
		  { SEG(LULL_TR, ar, 0x18b) } },
		{ "TR access rights: G", { SEG(LULL_TR, ar, 0x808b) } },
		{ "LDTR access rights: type", { SEG(LULL_LDTR, ar, 0x83) } },
		{ "LDTR access rights: S and P", { SEG(LULL_LDTR, ar, 0x92) } },
		{ "LDTR access rights: reserved bits",
		  { SEG(LULL_LDTR, ar, 0x182) } },
		{ "LDTR access rights: G",
		  { SEG(LULL_LDTR, ar, LDT), SEG(LULL_LDTR, limit, ~0) } },
	};

	run(valid, cases, ARRAY_SIZE(cases));
}

static void non_register_state(void **state)
{
	static const struct violation cases[] = {
		{ NULL, { TO(guest.activity, 1) } },
		{ NULL, { TO(guest.activity, 1), TO(event, 0x80000030) } },
		{ "activity state: not supported", { TO(guest.activity, 4) } },
		{ "activity state: not supported",
		  { TO(guest.activity, 1), TO(misc, 0) } },
		{ "activity state: HLT outside CPL 0",
		  { TO(guest.activity, 1), SEG(LULL_SS, selector, 3),
		    SEG(LULL_CS, selector, 3), SEG(LULL_SS, ar, 0xc0f3),
		    SEG(LULL_CS, ar, 0xa09f) } },
		{ "activity state: not active with blocking by STI or MOV SS",
		  { TO(guest.activity, 2), TO(guest.blocking, 1) } },
		{ "activity state: against the injected event",
		  { TO(guest.activity, 1), TO(event, 0x80000306) } },
		{ "activity state: against the injected event",
		  { TO(guest.activity, 2), TO(event, 0x80000030) } },
		{ "activity state: against the injected event",
		  { TO(guest.activity, 3), TO(event, 0x80000202) } },
		{ NULL, { TO(guest.activity, 2), TO(event, 0x80000202) } },
		{ NULL, { TO(guest.blocking, 1) } },
		{ "interruptibility state: reserved bits",
		  { TO(guest.blocking, 0x20) } },
		{ "interruptibility state: blocking by STI and by MOV SS",
		  { TO(guest.blocking, 3) } },
		{ "interruptibility state: blocking by STI with IF clear",
		  { TO(guest.blocking, 1), TO(guest.rflags, 2) } },
		{ "interruptibility state: blocking with an external interrupt",
		  { TO(guest.blocking, 2), TO(event, 0x80000030) } },
		{ "interruptibility state: blocking with an NMI",
		  { TO(guest.blocking, 2), TO(event, 0x80000202) } },
		{ "interruptibility state: blocking by SMI outside SMM",
		  { TO(guest.blocking, 4) } },
		{ "interruptibility state: blocking by NMI with an NMI",
		  { TO(guest.blocking, 8), TO(event, 0x80000202) } },
		{ "pending debug exceptions: reserved bits",
		  { TO(guest.pending_dbg, 0x10) } },
		{ "pending debug exceptions: BS against TF",
		  { TO(guest.blocking, 1), TO(guest.rflags, 0x302) } },
		{ "pending debug exceptions: BS against TF",
		  { TO(guest.blocking, 1), TO(guest.pending_dbg, 0x4000) } },
		{ NULL, { TO(guest.blocking, 1), TO(guest.rflags, 0x302),
			  TO(guest.pending_dbg, 0x4000) } },
		{ NULL, { TO(guest.blocking, 1), TO(guest.rflags, 0x302),
			  TO(guest.debugctl, 2) } },
		{ "VMCS link pointer", { TO(guest.link, 0x7000) } },
	};

	run(valid, cases, ARRAY_SIZE(cases));
}

static void outside_ia32e(void **state)
{
	static const struct violation cases[] = {
		{ NULL, { SEG(LULL_TR, ar, TSS) } },
		{ NULL, { TO(guest.pdpte[3], TOO_WIDE | 0x1e6) } },
		{ "PDPTEs: reserved bits", { TO(guest.pdpte[1], 0x3003) } },
		{ "PDPTEs: reserved bits", { TO(guest.pdpte[2], 0x3021) } },
		{ "PDPTEs: reserved bits", { TO(guest.pdpte[3], TOO_WIDE | 1) } },
		{ "guest CR4: PCIDE outside IA-32e mode",
		  { TO(guest.cr4, X86_CR4_PAE | X86_CR4_VMXE |
		       X86_CR4_PCIDE) } },
		{ "guest RIP: bits 63:32 outside 64-bit mode",
		  { TO(guest.rip, 1ULL << 32) } },
		{ "guest IA32_EFER: LMA against IA-32e mode guest",
		  { TO(guest.efer, EFER_LMA | EFER_LME) } },
		{ "guest IA32_EFER: LMA against LME",
		  { TO(guest.efer, EFER_LME) } },
		{ "TR access rights: type", { SEG(LULL_TR, ar, 0x82) } },
		/* L and D/B mean something in IA-32e mode only */
		{ NULL, { SEG(LULL_CS, ar, 0xe09b) } },
	};

	run(valid32, cases, ARRAY_SIZE(cases));
}

static void v8086(void **state)
{
	static const struct violation cases[] = {
		{ NULL, { SEG(LULL_SS, selector, 0), SEG(LULL_SS, base, 0) } },
		{ "virtual-8086 segments: base", { SEG(LULL_CS, base, 0) } },
		{ "virtual-8086 segments: limit",
		  { SEG(LULL_GS, limit, 0xfffff) } },
		{ "virtual-8086 segments: access rights",
		  { SEG(LULL_SS, ar, 0x93) } },
		{ "guest RFLAGS: VM",
		  { TO(entry, ENTRY),
		    TO(guest.efer, EFER_LMA | EFER_LME),
		    SEG(LULL_TR, ar, TSS) } },
	};

	run(valid_v8086, cases, ARRAY_SIZE(cases));
}

static u64 seed;

static u64 rnd(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % below;
}

static void change_one(struct lull_segment *seg)
{
	static const u32 limits[] = {
		0, 0x67, 0xfff, 0xffff, 0xfffff, 0x100000, 0xffffffff,
	};

	switch (rnd(5)) {
	case 0:
		seg->ar ^= 1U << rnd(18);
		break;
	case 1:
		seg->ar ^= 1U << rnd(8);
		break;
	case 2:
		seg->selector ^= 1U << rnd(4);
		break;
	case 3:
		seg->base ^= 1ULL << rnd(40);
		break;
	default:
		seg->limit = limits[rnd(ARRAY_SIZE(limits))];
	}
}

/* What LULL_SET_SREGS takes is what a VM entry takes, no more and no less */
static void segments_of_the_launcher(void **state)
{
	struct vmx_state (*const bases[])(void) = {
		valid, valid32, valid_v8086,
	};
	unsigned int round, both = 0;

	seed = 1;
	for (round = 0; round < 300000; round++) {
		struct vmx_state s = bases[round % 3]();
		unsigned int changes = 1 + rnd(4);
		bool ours, entry;

		while (changes--)
			change_one(&s.guest.seg[rnd(LULL_NR_SEGS)]);
		ours = lull_segments_valid(s.guest.seg, vmx_is_ia32e(&s),
					   s.guest.rflags & X86_EFLAGS_VM);
		entry = !lull_vmx_check_segments(&s);
		if (ours != entry)
			fail_msg("round %u: launcher %d, entry %d (%s)", round,
				 ours, entry, lull_vmx_check_segments(&s));
		both += ours;
	}
	/* else the changes are too wild to say anything */
	assert_in_range(both, 3000, 297000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_values),
		cmocka_unit_test(controls),
		cmocka_unit_test(events),
		cmocka_unit_test(host),
		cmocka_unit_test(guest_registers),
		cmocka_unit_test(segments),
		cmocka_unit_test(non_register_state),
		cmocka_unit_test(outside_ia32e),
		cmocka_unit_test(v8086),
		cmocka_unit_test(segments_of_the_launcher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
