// SPDX-License-Identifier: GPL-2.0-only
/*
 * The idle guard: while a guest says that it only borrows an address space, the
 * user half of that is not there.  An access to it breaks hypercall/ABI.rst.
 */
#include "monitor/trace.h"
#include "monitor/vcpu.h"

/* Who has seen an access */
enum { BY_GUARD, BY_TRIPWIRE };

/* Withdraw the user half, or give it back. */
static int set_guard(struct lull_vcpu *vcpu, bool on, bool may_list)
{
	int r = lull_shadow_guard(&vcpu->shadow, on, may_list);

	if (!r)
		lull_vmx_set_root(&vcpu->vmx,
				  lull_shadow_root_hpa(&vcpu->shadow));
	return r;
}

/* The guest is not to go on; the launcher says why. */
static int kill(struct lull_vcpu *vcpu, const struct lull_fault *fault)
{
	struct lull_run *run = vcpu->run;

	memset(&run->guard, 0, sizeof(run->guard));
	run->guard.rip = lull_vmx_get_rip(&vcpu->vmx);
	run->guard.gva = fault->gva;
	run->guard.error_code = fault->error_code;
	run->reason = LULL_RUN_GUARD;
	lull_vm_kill(vcpu->vm);
	return LULL_NEXT_USER;
}

/**
 * lull_guard_violation() - the guest accessed what it said it does not need
 * @vcpu:	the vCPU, loaded
 * @fault:	the access
 *
 * If the VM is to go on, the user half is there again, and the access is made
 * once more.
 *
 * Return: enum lull_next, or -ENOMEM.
 */
int lull_guard_violation(struct lull_vcpu *vcpu, const struct lull_fault *fault)
{
	bool ends = vcpu->vm->guard_kill;
	int r = ends ? 0 : set_guard(vcpu, false, false);

	if (r)
		return r;
	lull_count(vcpu, LULL_CNT_GUARD_VIOLATIONS);
	trace_lull_guard(vcpu->vm->id, vcpu->id, BY_GUARD,
			 lull_vmx_get_rip(&vcpu->vmx), fault->gva,
			 fault->error_code);
	return ends ? kill(vcpu, fault) : LULL_NEXT_GUEST;
}

/* Since the wire was set, under the same announcement: has it broken it? */
static bool was_tripped(struct lull_vcpu *vcpu,
			const struct lull_announcement *ann, gva_t *gva)
{
	return vcpu->wire_set && vcpu->wire_seq == ann->seq &&
	       vcpu->wire_cr3 == ann->borrowed_cr3 &&
	       lull_tripwire_look(&vcpu->shadow, gva);
}

static void set_wire(struct lull_vcpu *vcpu,
		     const struct lull_announcement *ann)
{
	vcpu->wire_set = ann->idle && lull_tripwire_set(&vcpu->shadow);
	vcpu->wire_seq = ann->seq;
	vcpu->wire_cr3 = ann->borrowed_cr3;
}

/**
 * lull_guard_hypercall() - withdraw the user half, or give it back
 * @vcpu:	the vCPU, loaded and landed
 * @on:		which
 *
 * A guest that has announced what it is about to do has the tripwire set, too.
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int lull_guard_hypercall(struct lull_vcpu *vcpu, bool on)
{
	struct lull_announcement ann;
	int r = set_guard(vcpu, on, true);

	if (r || !on)
		return r;
	lull_para_read_page(&vcpu->para, vcpu->shadow.cr3, &ann);
	set_wire(vcpu, &ann);
	return 0;
}

/**
 * lull_guard_halt() - count, look at the tripwire, and set it anew
 * @vcpu:	the vCPU, loaded, that is about to halt
 * @ann:	what it announced
 *
 * An announcement that stood when the wire was set, and stands now, stood all
 * the time between: what was accessed was accessed in spite of it.  But a CPU
 * may set A for what it only thought of executing: so this is counted, and no
 * more.
 */
void lull_guard_halt(struct lull_vcpu *vcpu,
		     const struct lull_announcement *ann)
{
	gva_t gva;

	if (!(vcpu->para.features & LULL_PARA_F_IDLE_GUARD))
		return;
	if (vcpu->shadow.guarded)
		lull_count(vcpu, LULL_CNT_IDLE_GUARDED);
	if (ann->idle && was_tripped(vcpu, ann, &gva)) {
		lull_count(vcpu, LULL_CNT_TRIPWIRE);
		trace_lull_guard(vcpu->vm->id, vcpu->id, BY_TRIPWIRE,
				 lull_vmx_get_rip(&vcpu->vmx), gva, 0);
	}
	set_wire(vcpu, ann);
}
