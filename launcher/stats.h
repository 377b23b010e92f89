/* SPDX-License-Identifier: GPL-2.0-only */
/* struct lull_vcpu_stats as JSON, and the file that run --stats writes. */
#ifndef LAUNCHER_STATS_H
#define LAUNCHER_STATS_H

#include "base.h"
#include "vm.h"

struct json_object;

struct json_object *exits_json(const __u64 *by_reason);
struct json_object *stats_json(const struct lull_vcpu_stats *stats);

/**
 * struct stats_mark - the statistics at one mark of the guest
 * @id:		the byte that the guest wrote
 * @stats:	the statistics then
 */
struct stats_mark {
	unsigned int id;
	union vm_stats stats;
};

/**
 * struct stats_log - what a run gathers for --stats
 * @marks:	in the order of the guest's
 * @nr_marks:	how many
 * @room:	for how many @marks has memory
 */
struct stats_log {
	struct stats_mark *marks;
	size_t nr_marks;
	size_t room;
};

/**
 * struct stats_renderer - how statistics become a JSON object
 * @render:	does it
 * @ctx:	handed to @render
 */
struct stats_renderer {
	struct json_object *(*render)(const void *ctx,
				      const union vm_stats *stats);
	const void *ctx;
};

int stats_log_init(struct stats_log *log);
int stats_log_mark(struct stats_log *log, unsigned int id,
		   const union vm_stats *stats);
int stats_log_write(struct stats_log *log, const char *path,
		    const union vm_stats *end,
		    const struct stats_renderer *renderer, u32 returned);
void stats_log_free(struct stats_log *log);

#endif /* LAUNCHER_STATS_H */
