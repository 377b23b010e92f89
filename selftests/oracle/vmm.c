// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the VMM has beside the processor, for flushes and accesses that are to
 * be the same with it.  Nothing of libc.
 */
#include "lib/guest.h"
#include "oracle/oracle.h"

/*
 * Loads of the tables that were just written: to bring them in sync, to find
 * them so and list them, and by the list.
 */
#define LOADS_TO_LIST	3

static struct lull_cr3_table targets __attribute__((aligned(64)));

struct call {
	u64 nr;
	u64 a0;
	s64 ret;
};

static void do_call(void *arg)
{
	struct call *call = arg;

	call->ret = vmcall(call->nr, call->a0, 0);
}

/* On the bare machine VMCALL raises #UD. */
static bool call_works(u64 nr, u64 a0)
{
	struct call call = { nr, a0, LULL_HC_ENOSYS };

	return guest_vector_of(do_call, &call) < 0 && !call.ret;
}

void oracle_use_vmm(struct oracle *o)
{
	int i;

	for (i = 0; i < LULL_NR_CR3_TARGETS; i++)
		targets.target[i].cr3 = LULL_CR3_NONE;
	if (o->targets &&
	    !call_works(LULL_HC_SET_CR3_TABLE,
			(u64)&targets | LULL_CR3_TABLE_ENABLE))
		o->error = "targets: there are no CR3 targets here";
	if (o->guard && !call_works(LULL_HC_IDLE_GUARD, 0))
		o->error = "guard: there is no idle guard here";
}

void oracle_reload(struct oracle *o)
{
	u64 cr3 = read_cr3();
	u64 value = guest_cr3_value(&targets, cr3);

	o->listed += !!value;
	write_cr3(value ? value : cr3);
}

void oracle_flush_by_cr3(struct oracle *o)
{
	int loads = o->targets ? LOADS_TO_LIST : 1;

	while (loads--)
		oracle_reload(o);
}
