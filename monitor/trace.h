/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lull

#if !defined(LULL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LULL_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(lull_entry,
	TP_PROTO(u32 vm, u32 vcpu, u64 rip),
	TP_ARGS(vm, vcpu, rip),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, rip)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->rip = rip;
	),
	TP_printk("vm %u vcpu %u rip 0x%llx", __entry->vm, __entry->vcpu,
		  __entry->rip)
);

/* Emitted when the exit has been handled; ticks are the handler's. */
TRACE_EVENT(lull_exit,
	TP_PROTO(u32 vm, u32 vcpu, u32 reason, u64 qualification, u64 rip,
		 u64 guest_ticks, u64 ticks),
	TP_ARGS(vm, vcpu, reason, qualification, rip, guest_ticks, ticks),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u64, qualification)
		__field(u64, rip)
		__field(u64, guest_ticks)
		__field(u64, ticks)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->reason = reason;
		__entry->qualification = qualification;
		__entry->rip = rip;
		__entry->guest_ticks = guest_ticks;
		__entry->ticks = ticks;
	),
	TP_printk("vm %u vcpu %u reason %u qualification 0x%llx rip 0x%llx guest_ticks %llu ticks %llu",
		  __entry->vm, __entry->vcpu, __entry->reason,
		  __entry->qualification, __entry->rip, __entry->guest_ticks,
		  __entry->ticks)
);

/*
 * An access to the user half while that was borrowed: RIP and address are the
 * access' if the guard has seen it, and where the next halt is and the begin of
 * 512 GiB if the tripwire has.
 */
TRACE_EVENT(lull_guard,
	TP_PROTO(u32 vm, u32 vcpu, u8 witness, u64 rip, u64 gva, u32 error_code),
	TP_ARGS(vm, vcpu, witness, rip, gva, error_code),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u8, witness)
		__field(u64, rip)
		__field(u64, gva)
		__field(u32, error_code)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->witness = witness;
		__entry->rip = rip;
		__entry->gva = gva;
		__entry->error_code = error_code;
	),
	TP_printk("vm %u vcpu %u by %s rip 0x%llx gva 0x%llx error_code 0x%x",
		  __entry->vm, __entry->vcpu,
		  __print_symbolic(__entry->witness, { 0, "guard" },
				   { 1, "tripwire" }),
		  __entry->rip, __entry->gva, __entry->error_code)
);

TRACE_EVENT(lull_cr3,
	TP_PROTO(u32 vm, u32 vcpu, u64 old, u64 new, bool cached, u32 synced,
		 u64 ticks, u64 sync_ticks),
	TP_ARGS(vm, vcpu, old, new, cached, synced, ticks, sync_ticks),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, old)
		__field(u64, new)
		__field(u8, same)
		__field(u8, cached)
		__field(u32, synced)
		__field(u64, ticks)
		__field(u64, sync_ticks)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->old = old;
		__entry->new = new;
		__entry->same = old == new;
		__entry->cached = cached;
		__entry->synced = synced;
		__entry->ticks = ticks;
		__entry->sync_ticks = sync_ticks;
	),
	TP_printk("vm %u vcpu %u old 0x%llx new 0x%llx same %u cached %u synced %u ticks %llu sync_ticks %llu",
		  __entry->vm, __entry->vcpu, __entry->old, __entry->new,
		  __entry->same, __entry->cached, __entry->synced,
		  __entry->ticks, __entry->sync_ticks)
);

TRACE_EVENT(lull_fault,
	TP_PROTO(u32 vm, u32 vcpu, u64 gva, u64 gpa, u32 error_code, u32 result,
		 u32 level, u64 ticks),
	TP_ARGS(vm, vcpu, gva, gpa, error_code, result, level, ticks),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, gva)
		__field(u64, gpa)
		__field(u32, error_code)
		__field(u32, result)
		__field(u32, level)
		__field(u64, ticks)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->gva = gva;
		__entry->gpa = gpa;
		__entry->error_code = error_code;
		__entry->result = result;
		__entry->level = level;
		__entry->ticks = ticks;
	),
	TP_printk("vm %u vcpu %u gva 0x%llx gpa 0x%llx error 0x%x %s level %u ticks %llu",
		  __entry->vm, __entry->vcpu, __entry->gva, __entry->gpa,
		  __entry->error_code,
		  __print_symbolic(__entry->result, { 0, "fixed" },
				   { 1, "inject" }, { 2, "mmio" },
				   { 3, "retry" }, { 4, "guard" }),
		  __entry->level, __entry->ticks)
);

TRACE_EVENT(lull_inject,
	TP_PROTO(u32 vm, u32 vcpu, u32 vector, u32 type, u32 error_code,
		 bool has_error, bool reinjected),
	TP_ARGS(vm, vcpu, vector, type, error_code, has_error, reinjected),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u32, vector)
		__field(u32, type)
		__field(u32, error_code)
		__field(u8, has_error)
		__field(u8, reinjected)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->vector = vector;
		__entry->type = type;
		__entry->error_code = error_code;
		__entry->has_error = has_error;
		__entry->reinjected = reinjected;
	),
	TP_printk("vm %u vcpu %u vector %u %s error 0x%x%s", __entry->vm,
		  __entry->vcpu, __entry->vector,
		  __print_symbolic(__entry->type, { 0, "interrupt" },
				   { 2, "NMI" }, { 3, "exception" },
				   { 4, "software interrupt" },
				   { 5, "INT1" }, { 6, "software exception" }),
		  __entry->error_code,
		  __entry->reinjected ? " again" : "")
);

TRACE_EVENT(lull_hypercall,
	TP_PROTO(u32 vm, u32 vcpu, u64 nr, u64 a0, u64 a1, s64 ret),
	TP_ARGS(vm, vcpu, nr, a0, a1, ret),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, nr)
		__field(u64, a0)
		__field(u64, a1)
		__field(s64, ret)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->nr = nr;
		__entry->a0 = a0;
		__entry->a1 = a1;
		__entry->ret = ret;
	),
	TP_printk("vm %u vcpu %u nr %llu a0 0x%llx a1 0x%llx ret %lld",
		  __entry->vm, __entry->vcpu, __entry->nr, __entry->a0,
		  __entry->a1, __entry->ret)
);

TRACE_EVENT(lull_idle_enter,
	TP_PROTO(u32 vm, u32 vcpu, u64 cr3, bool announced, u64 borrowed_cr3),
	TP_ARGS(vm, vcpu, cr3, announced, borrowed_cr3),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, cr3)
		__field(u8, announced)
		__field(u64, borrowed_cr3)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->cr3 = cr3;
		__entry->announced = announced;
		__entry->borrowed_cr3 = borrowed_cr3;
	),
	TP_printk("vm %u vcpu %u cr3 0x%llx announced %u borrowed 0x%llx",
		  __entry->vm, __entry->vcpu, __entry->cr3,
		  __entry->announced, __entry->borrowed_cr3)
);

TRACE_EVENT(lull_idle_leave,
	TP_PROTO(u32 vm, u32 vcpu, u64 residency, u32 wake),
	TP_ARGS(vm, vcpu, residency, wake),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, vcpu)
		__field(u64, residency)
		__field(u32, wake)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->vcpu = vcpu;
		__entry->residency = residency;
		__entry->wake = wake;
	),
	TP_printk("vm %u vcpu %u residency %llu wake %s", __entry->vm,
		  __entry->vcpu, __entry->residency,
		  __print_symbolic(__entry->wake, { 0, "interrupt" },
				   { 1, "signal" }, { 2, "pending" }))
);

#endif /* LULL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH monitor
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
