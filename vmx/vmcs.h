/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMX instructions and the typed way to a VMCS field.
 *
 * Bits 14:13 of a field's encoding say how wide it is (SDM appendix "Field
 * Encoding in VMCS").  An accessor of another width does not compile when
 * the field is a constant.
 *
 * Every instruction survives the two ways it can go wrong: VMfail, and #UD
 * after a reboot has taken VMX away from under a running vCPU.
 */
#ifndef LULL_VMCS_H
#define LULL_VMCS_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/instrumentation.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/page.h>
#include <asm/vmx.h>

/**
 * struct vmcs - a VMCS or VMXON region; fills one page
 * @revision:	VMCS revision identifier
 * @abort:	VMX-abort indicator
 * @data:	in the CPU's own format
 */
struct vmcs {
	u32 revision;
	u32 abort;
	u8 data[PAGE_SIZE - 2 * sizeof(u32)];
};

static_assert(sizeof(struct vmcs) == PAGE_SIZE);

enum vmcs_width {
	VMCS_16,
	VMCS_64,
	VMCS_32,
	VMCS_NATURAL,
};

/* The instruction at label 1 of an asm goto goes to "failed" if it faults. */
#define VMX_FAULT_FAILED	_ASM_EXTABLE(1b, %l[failed])

void lull_vmcs_read_failed(unsigned long field);
void lull_vmcs_write_failed(unsigned long field, unsigned long value);

static __always_inline void vmcs_check(unsigned long field,
				       enum vmcs_width width)
{
	BUILD_BUG_ON_MSG(__builtin_constant_p(field) &&
			 ((field >> 13) & 3) != width,
			 "VMCS accessor of the wrong width for this field");
	BUILD_BUG_ON_MSG(__builtin_constant_p(field) && (field & 1),
			 "high half of a 64-bit VMCS field");
}

static __always_inline unsigned long vmcs_read_raw(unsigned long field)
{
	unsigned long value;

	asm_goto_output("1:	vmread %[field], %[value]\n"
			"	jbe %l[failed]\n"
			VMX_FAULT_FAILED
			: [value] "=r" (value)
			: [field] "r" (field)
			: "cc"
			: failed);
	return value;

failed:
	instrumentation_begin();
	lull_vmcs_read_failed(field);
	instrumentation_end();
	return 0;
}

static __always_inline void vmcs_write_raw(unsigned long field,
					   unsigned long value)
{
	asm goto("1:	vmwrite %[value], %[field]\n"
		 "	jbe %l[failed]\n"
		 VMX_FAULT_FAILED
		 :
		 : [field] "r" (field), [value] "rm" (value)
		 : "cc"
		 : failed);
	return;

failed:
	instrumentation_begin();
	lull_vmcs_write_failed(field, value);
	instrumentation_end();
}

static __always_inline u16 vmcs_read16(unsigned long field)
{
	vmcs_check(field, VMCS_16);
	return vmcs_read_raw(field);
}

static __always_inline u32 vmcs_read32(unsigned long field)
{
	vmcs_check(field, VMCS_32);
	return vmcs_read_raw(field);
}

static __always_inline u64 vmcs_read64(unsigned long field)
{
	vmcs_check(field, VMCS_64);
	return vmcs_read_raw(field);
}

static __always_inline unsigned long vmcs_read_natural(unsigned long field)
{
	vmcs_check(field, VMCS_NATURAL);
	return vmcs_read_raw(field);
}

static __always_inline void vmcs_write16(unsigned long field, u16 value)
{
	vmcs_check(field, VMCS_16);
	vmcs_write_raw(field, value);
}

static __always_inline void vmcs_write32(unsigned long field, u32 value)
{
	vmcs_check(field, VMCS_32);
	vmcs_write_raw(field, value);
}

static __always_inline void vmcs_write64(unsigned long field, u64 value)
{
	vmcs_check(field, VMCS_64);
	vmcs_write_raw(field, value);
}

static __always_inline void vmcs_write_natural(unsigned long field,
					       unsigned long value)
{
	vmcs_check(field, VMCS_NATURAL);
	vmcs_write_raw(field, value);
}

int lull_vmxon(struct vmcs *region);
int lull_vmxoff(void);
int lull_vmcs_clear(struct vmcs *vmcs);
int lull_vmcs_make_current(struct vmcs *vmcs);
struct vmx_invvpid;
void lull_invvpid_context(const struct vmx_invvpid *desc);

#endif /* LULL_VMCS_H */
