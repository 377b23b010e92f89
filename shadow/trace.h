/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lull

#if !defined(LULL_SHADOW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LULL_SHADOW_TRACE_H

#include <linux/tracepoint.h>

/* A guest table that had a shadow in sync is being written. */
TRACE_EVENT(lull_unsync,
	TP_PROTO(u32 vm, u64 gfn, u32 level),
	TP_ARGS(vm, gfn, level),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, level)
		__field(u64, gfn)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->level = level;
		__entry->gfn = gfn;
	),
	TP_printk("vm %u gfn 0x%llx level %u", __entry->vm, __entry->gfn,
		  __entry->level)
);

/* An unsync table was compared with its shadow again. */
TRACE_EVENT(lull_sync,
	TP_PROTO(u32 vm, u64 gfn, u32 level, u32 changed),
	TP_ARGS(vm, gfn, level, changed),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, level)
		__field(u64, gfn)
		__field(u32, changed)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->level = level;
		__entry->gfn = gfn;
		__entry->changed = changed;
	),
	TP_printk("vm %u gfn 0x%llx level %u changed %u", __entry->vm,
		  __entry->gfn, __entry->level, __entry->changed)
);

/* A shadow page was taken out of use. */
TRACE_EVENT(lull_zap,
	TP_PROTO(u32 vm, u64 gfn, u32 level, u32 role),
	TP_ARGS(vm, gfn, level, role),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, level)
		__field(u64, gfn)
		__field(u32, role)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->level = level;
		__entry->gfn = gfn;
		__entry->role = role;
	),
	TP_printk("vm %u gfn 0x%llx level %u role 0x%x", __entry->vm,
		  __entry->gfn, __entry->level, __entry->role)
);

#endif /* LULL_SHADOW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH shadow
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
