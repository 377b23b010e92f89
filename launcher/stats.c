// SPDX-License-Identifier: GPL-2.0-only
/* Statistics as JSON, and the file that run --stats writes. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "stats.h"
#include "util.h"

#define MARKS_AT_FIRST	16

static void add_u64(struct json_object *obj, const char *name, u64 value)
{
	json_object_object_add(obj, name, json_object_new_uint64(value));
}

static struct json_object *named_json(const __u64 *values,
				      const char *const *names, int nr)
{
	struct json_object *obj = json_object_new_object();
	int i;

	for (i = 0; i < nr; i++)
		add_u64(obj, names[i], values[i]);
	return obj;
}

/**
 * exits_json() - values by exit reason as a JSON object
 * @by_reason: LULL_NR_EXIT_REASONS values
 *
 * Reasons whose value is 0 are left out.
 *
 * Return: the object
 */
struct json_object *exits_json(const __u64 *by_reason)
{
	struct json_object *obj = json_object_new_object();
	char buf[EXIT_NAME_MAX];
	unsigned int i;

	for (i = 0; i < LULL_NR_EXIT_REASONS; i++) {
		if (by_reason[i])
			add_u64(obj, exit_name(i, buf), by_reason[i]);
	}
	return obj;
}

/**
 * stats_json() - a vCPU's statistics as a JSON object
 * @stats: what LULL_GET_STATS returned
 *
 * Return: the object
 */
struct json_object *stats_json(const struct lull_vcpu_stats *stats)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "exits", exits_json(stats->exits));
	json_object_object_add(obj, "exit_ticks",
			       exits_json(stats->exit_ticks));
	json_object_object_add(obj, "ticks",
			       named_json(stats->ticks, ticks_names,
					  LULL_NR_TICKS));
	json_object_object_add(obj, "counters",
			       named_json(stats->counters, counter_names,
					  LULL_NR_COUNTERS));
	add_u64(obj, "preempted", stats->preempted);
	add_u64(obj, "total", stats->total);
	return obj;
}

/**
 * stats_log_init() - start without marks
 * @log: the log
 *
 * Return: 0, or -1 after a message
 */
int stats_log_init(struct stats_log *log)
{
	log->nr_marks = 0;
	log->room = MARKS_AT_FIRST;
	log->marks = calloc(log->room, sizeof(*log->marks));
	return log->marks ? 0 : error("%s", strerror(ENOMEM));
}

static int make_room(struct stats_log *log)
{
	struct stats_mark *marks;

	if (log->nr_marks < log->room)
		return 0;
	marks = reallocarray(log->marks, 2 * log->room, sizeof(*marks));
	if (!marks)
		return -1;
	log->marks = marks;
	log->room *= 2;
	return 0;
}

/**
 * stats_log_mark() - add the statistics at a mark
 * @log: the log
 * @id: the byte that the guest wrote
 * @stats: the statistics now
 *
 * The guest waits meanwhile, in the midst of what it measures: they become
 * JSON only when the file is written.
 *
 * Return: 0, or -1 after a message
 */
int stats_log_mark(struct stats_log *log, unsigned int id,
		   const union vm_stats *stats)
{
	struct stats_mark *mark;

	if (make_room(log))
		return error("mark %u: %s", id, strerror(ENOMEM));
	mark = &log->marks[log->nr_marks++];
	mark->id = id;
	mark->stats = *stats;
	return 0;
}

static struct json_object *marks_json(const struct stats_log *log,
				      const struct stats_renderer *renderer)
{
	struct json_object *array = json_object_new_array();
	const struct stats_mark *from;
	struct json_object *mark;
	size_t i;

	for (i = 0; i < log->nr_marks; i++) {
		from = &log->marks[i];
		mark = json_object_new_object();
		json_object_object_add(mark, "id",
				       json_object_new_int(from->id));
		json_object_object_add(mark, "stats",
				       renderer->render(renderer->ctx,
							&from->stats));
		json_object_array_add(array, mark);
	}
	return array;
}

/**
 * stats_log_write() - write the file
 * @log: the log
 * @path: the file's name
 * @end: the statistics at the end, or NULL if there are none
 * @renderer: makes JSON of them
 * @returned: frames that the guest's balloon has given back
 *
 * Return: 0, or -1 after a message
 */
int stats_log_write(struct stats_log *log, const char *path,
		    const union vm_stats *end,
		    const struct stats_renderer *renderer, u32 returned)
{
	struct json_object *root = json_object_new_object();
	const char *text;
	char *data;
	int ret;

	json_object_object_add(root, "marks", marks_json(log, renderer));
	json_object_object_add(root, "end",
			       end ? renderer->render(renderer->ctx, end) :
				     NULL);
	add_u64(root, "balloon_frames", returned);
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY);
	ret = asprintf(&data, "%s\n", text);
	json_object_put(root);
	if (ret < 0)
		return error("%s: %s", path, strerror(ENOMEM));
	ret = file_write(path, data, ret);
	free(data);
	return ret;
}

/**
 * stats_log_free() - forget the marks
 * @log: the log
 */
void stats_log_free(struct stats_log *log)
{
	free(log->marks);
	log->marks = NULL;
}
