// SPDX-License-Identifier: GPL-2.0-only
/*
 * The monitor's own accesses to guest-virtual memory, on behalf of an
 * instruction it emulates.
 */
#include <linux/mm.h>
#include <asm/processor-flags.h>

#include "monitor/vcpu.h"

/* 0 with fault->gpa set, 1 with @ex set, or -errno. */
static int translate(struct lull_vcpu *vcpu, struct lull_fault *fault,
		     struct lull_exception *ex)
{
	int cpl = lull_vmx_get_cpl(&vcpu->vmx);
	int r;

	if (!__is_canonical_address(fault->gva, 48)) {
		*ex = (struct lull_exception){
			.vector = LULL_VEC_GP,
			.has_error = true,
		};
		return 1;
	}
	if (cpl == 3)
		fault->error_code |= LULL_PF_USER;
	fault->smap_exempt = cpl < 3 && (lull_vmx_get_rflags(&vcpu->vmx) &
					 X86_EFLAGS_AC);
	down_read(&vcpu->vm->slots_sem);
	r = lull_shadow_translate(&vcpu->shadow, fault);
	up_read(&vcpu->vm->slots_sem);
	if (r || fault->result == LULL_FAULT_FIXED)
		return r;
	*ex = fault->exception;
	return 1;
}

static size_t left_in_page(gva_t gva, size_t len)
{
	return min_t(size_t, len, PAGE_SIZE - offset_in_page(gva));
}

/**
 * lull_gva_probe() - would an access fault?
 * @vcpu:	the vCPU, loaded
 * @gva:	first byte
 * @len:	bytes
 * @access:	LULL_PF_WRITE for a write, else 0
 * @ex:		receives the guest's fault
 *
 * Sets A and D as the access would.
 *
 * Return: 0, 1 with @ex set, or -errno.
 */
int lull_gva_probe(struct lull_vcpu *vcpu, gva_t gva, size_t len, u32 access,
		   struct lull_exception *ex)
{
	while (len) {
		struct lull_fault fault = { .gva = gva, .error_code = access };
		size_t n = left_in_page(gva, len);
		int r = translate(vcpu, &fault, ex);

		if (r)
			return r;
		gva += n;
		len -= n;
	}
	return 0;
}

/**
 * lull_gva_read() - read guest-virtual memory as the guest would
 * @vcpu:	the vCPU, loaded
 * @gva:	from
 * @to:		to
 * @len:	bytes
 * @access:	LULL_PF_FETCH for an instruction fetch, else 0
 * @ex:		receives the guest's fault
 *
 * Return: 0, 1 with @ex set, or -errno; -ENOENT where there is no memory.
 */
int lull_gva_read(struct lull_vcpu *vcpu, gva_t gva, void *to, size_t len,
		  u32 access, struct lull_exception *ex)
{
	while (len) {
		struct lull_fault fault = { .gva = gva, .error_code = access };
		size_t n = left_in_page(gva, len);
		int r = translate(vcpu, &fault, ex);

		if (!r)
			r = lull_read_gpa(vcpu->vm, fault.gpa, to, n);
		if (r)
			return r;
		gva += n;
		to += n;
		len -= n;
	}
	return 0;
}

/**
 * lull_gva_write() - write guest-virtual memory as the guest would
 * @vcpu:	the vCPU, loaded
 * @gva:	to
 * @from:	from
 * @len:	bytes
 * @ex:		receives the guest's fault
 *
 * A write to no memory is lost, as on a bus without a device.
 *
 * Return: 0, 1 with @ex set, or -errno.
 */
int lull_gva_write(struct lull_vcpu *vcpu, gva_t gva, const void *from,
		   size_t len, struct lull_exception *ex)
{
	while (len) {
		struct lull_fault fault = {
			.gva = gva,
			.error_code = LULL_PF_WRITE,
		};
		size_t n = left_in_page(gva, len);
		int r = translate(vcpu, &fault, ex);

		if (!r) {
			r = lull_write_gpa(vcpu->vm, fault.gpa, from, n);
			r = r == -ENOENT ? 0 : r;
		}
		if (r)
			return r;
		gva += n;
		from += n;
		len -= n;
	}
	return 0;
}
