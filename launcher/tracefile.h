/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.dat files, with the library behind trace-cmd. */
#ifndef LAUNCHER_TRACEFILE_H
#define LAUNCHER_TRACEFILE_H

#include "base.h"

#define TRACEFILE_SYSTEM	"lull"

struct tep_event;
struct tep_format_field;
struct tep_record;
struct tracecmd_input;

/* Exported by libtracecmd 1.x, but in none of its installed headers. */
const char *tracecmd_get_cpustats(struct tracecmd_input *handle);
const char *tracecmd_get_trace_clock(struct tracecmd_input *handle);
#pragma weak tracecmd_get_cpustats
#pragma weak tracecmd_get_trace_clock

struct tracecmd_input *tracefile_open(const char *path);
int tracefile_bind(const char *path, struct tep_event *event, const char *name,
		   struct tep_format_field **field);
u64 tracefile_value(struct tep_format_field *field,
		    const struct tep_record *record);

#endif /* LAUNCHER_TRACEFILE_H */
