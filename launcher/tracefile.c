// SPDX-License-Identifier: GPL-2.0-only
/* Opening a trace.dat file, and looking into its events. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <trace-cmd.h>
#include <unistd.h>

#include "tracefile.h"
#include "util.h"

#define MAGIC		"\027\010\104tracing"

static int check_magic(const char *path)
{
	char start[sizeof(MAGIC) - 1];
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error("%s: %s", path, strerror(errno));
	got = read(fd, start, sizeof(start));
	close(fd);
	if (got < 0)
		return error("%s: %s", path, strerror(errno));
	if (got != sizeof(start) || memcmp(start, MAGIC, sizeof(start)))
		return error("%s: not a trace.dat file", path);
	return 0;
}

static const char *path_read;

static void put(const char *text)
{
	/* There is nobody to tell that it failed. */
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static void end_by(int signal)
{
	(void)signal;
	put("lull report: ");
	put(path_read);
	put(": damaged: following it led out of the file\n");
	_exit(1);
}

/* The libraries believe the sizes that a file gives. */
static void expect_damage(const char *path)
{
	path_read = path;
	signal(SIGSEGV, end_by);
	signal(SIGBUS, end_by);
	signal(SIGFPE, end_by);
}

/*
 * libtracecmd 1.3.1 crashes when it closes a file whose events it could not
 * find.  Such files stay open, in a chain that leak checkers can follow.
 */
static void abandon(struct tracecmd_input *handle)
{
	static struct tracecmd_input *abandoned;

	tracecmd_set_private(handle, abandoned);
	abandoned = handle;
}

/**
 * tracefile_open() - open a trace.dat file
 * @path: its name
 *
 * Return: the file, or NULL after a message
 */
struct tracecmd_input *tracefile_open(const char *path)
{
	struct tracecmd_input *handle;

	if (check_magic(path))
		return NULL;
	expect_damage(path);
	/* The library's own messages would only repeat ours in other words. */
	tracecmd_set_loglevel(TEP_LOG_NONE);
	handle = tracecmd_open_head(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!handle) {
		error("%s: truncated or damaged: its description of the events cannot be read",
		      path);
		return NULL;
	}
	if (tracecmd_init_data(handle)) {
		error("%s: truncated or damaged: some CPU's events are not all there",
		      path);
		abandon(handle);
		return NULL;
	}
	return handle;
}

/**
 * tracefile_bind() - find a field that an event must have
 * @path: the file's name
 * @event: the event
 * @name: the field's name
 * @field: receives the field
 *
 * Return: 0, or -1 after a message
 */
int tracefile_bind(const char *path, struct tep_event *event, const char *name,
		   struct tep_format_field **field)
{
	*field = tep_find_any_field(event, name);
	if (*field)
		return 0;
	return error("%s: event %s has no field \"%s\" (recorded with another version of lull.ko?)",
		     path, event->name, name);
}

/**
 * tracefile_value() - a field of a record
 * @field: the field
 * @record: the record
 *
 * Return: its value; signed ones as the bits that they have in 64
 */
u64 tracefile_value(struct tep_format_field *field,
		    const struct tep_record *record)
{
	unsigned long long value = 0;

	tep_read_number_field(field, record->data, &value);
	if (field->flags & TEP_FIELD_IS_SIGNED && field->size == 4)
		return (s64)(int)value;
	return value;
}
