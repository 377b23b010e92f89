/* SPDX-License-Identifier: GPL-2.0-only */
/* A tracepoint is a function that does nothing. */
#ifndef LULL_HOST_LINUX_TRACEPOINT_H
#define LULL_HOST_LINUX_TRACEPOINT_H

#define TP_PROTO(...)		__VA_ARGS__
#define TP_ARGS(...)		__VA_ARGS__
#define TRACE_EVENT(name, proto, args, fields, assign, print) \
	static inline void trace_##name(proto) { }

#endif /* LULL_HOST_LINUX_TRACEPOINT_H */
