// SPDX-License-Identifier: GPL-2.0-only
/* Messages and files, for every subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

static const char *message_verb;

/**
 * message_set_verb() - name the subcommand that the messages come from
 * @verb: its name; kept, not copied
 */
void message_set_verb(const char *verb)
{
	message_verb = verb;
}

static void message(const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (message_verb)
		fprintf(stderr, "lull %s: %s\n", message_verb, text);
	else
		fprintf(stderr, "lull: %s\n", text);
}

/**
 * warn() - tell the user something and go on
 * @fmt: as for printf(), without a newline
 */
void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

/**
 * error() - tell the user why the command cannot go on
 * @fmt: as for printf(), without a newline
 *
 * Functions that can fail call this where they find out, and their callers
 * only pass the -1 on, so that each failure is one line.
 *
 * Return: -1
 */
int error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	return -1;
}

/**
 * output_end() - see standard output off
 *
 * A write that failed earlier leaves nothing behind to flush.
 *
 * Return: 0, or -1 after a message if not all of it was taken
 */
int output_end(void)
{
	if (fflush(stdout) || ferror(stdout))
		return error("standard output: not all of it was taken");
	return 0;
}

static int blob_fill(const char *path, int fd, u64 max, struct blob *blob)
{
	size_t room = 0;
	struct stat st;
	ssize_t got;
	u8 *data;

	if (fstat(fd, &st))
		return error("%s: %s", path, strerror(errno));
	for (;;) {
		if ((u64)st.st_size > max || blob->size > max)
			return error("%s: more than %llu KiB", path, max / KIB);
		if (blob->size == room) {
			room = room ? room * 2 : st.st_size + GUEST_PAGE;
			if (room > max + 1)
				room = max + 1;
			data = realloc(blob->data, room);
			if (!data)
				return error("%s: too large to read", path);
			blob->data = data;
		}
		got = read(fd, blob->data + blob->size, room - blob->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error("%s: %s", path, strerror(errno));
		if (!got)
			return 0;
		blob->size += got;
	}
}

/**
 * blob_read() - read a whole file
 * @path: its name
 * @max: more bytes than this are an error
 * @blob: gets the bytes; free with blob_free()
 *
 * Return: 0, or -1 after a message
 */
int blob_read(const char *path, u64 max, struct blob *blob)
{
	int fd, ret;

	memset(blob, 0, sizeof(*blob));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error("%s: %s", path, strerror(errno));
	ret = blob_fill(path, fd, max, blob);
	close(fd);
	if (ret)
		blob_free(blob);
	return ret;
}

/**
 * blob_free() - forget what blob_read() read
 * @blob: may be empty
 */
void blob_free(struct blob *blob)
{
	free(blob->data);
	memset(blob, 0, sizeof(*blob));
}

/* A pipe or a device is written in place, a plain file is replaced. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) || S_ISREG(st.st_mode);
}

/**
 * file_check_writable() - find out early whether file_write() can work
 * @path: the file's name
 *
 * Return: 0, or -1 after a message
 */
int file_check_writable(const char *path)
{
	char *copy, *dir;
	struct stat st;
	int ret = 0;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return error("%s: %s", path, strerror(EISDIR));
	copy = strdup(path);
	if (!copy)
		return error("%s: %s", path, strerror(ENOMEM));
	dir = dirname(copy);
	if (is_replaceable(path) ? access(dir, W_OK) : access(path, W_OK))
		ret = error("%s: %s", path, strerror(errno));
	free(copy);
	return ret;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t done;

	while (size) {
		done = write(fd, data, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		data += done;
		size -= done;
	}
	return 0;
}

static int write_in_place(const char *path, const char *data, size_t size)
{
	int fd, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error("%s: %s", path, strerror(errno));
	ret = write_all(fd, data, size);
	if (ret)
		error("%s: %s", path, strerror(errno));
	close(fd);
	return ret;
}

/* mkstemp() makes files that only their owner reads; give them the usual. */
static int set_usual_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

static int write_beside(char *temp, const char *data, size_t size)
{
	int fd, saved;

	fd = mkstemp(temp);
	if (fd < 0)
		return -1;
	if (write_all(fd, data, size) || set_usual_mode(fd)) {
		saved = errno;
		close(fd);
		unlink(temp);
		errno = saved;
		return -1;
	}
	return close(fd);
}

/**
 * file_write() - write a file so that nobody sees half of it
 * @path: the file's name; replaced as a whole if it is a plain file
 * @data: its new content
 * @size: bytes in @data
 *
 * Return: 0, or -1 after a message
 */
int file_write(const char *path, const char *data, size_t size)
{
	char *temp;
	int ret;

	if (!is_replaceable(path))
		return write_in_place(path, data, size);
	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return error("%s: %s", path, strerror(ENOMEM));
	ret = write_beside(temp, data, size);
	if (ret) {
		error("%s: %s", path, strerror(errno));
	} else if (rename(temp, path)) {
		ret = error("%s: %s", path, strerror(errno));
		unlink(temp);
	}
	free(temp);
	return ret;
}
