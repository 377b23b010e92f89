/* SPDX-License-Identifier: GPL-2.0-only */
/* Standard output of the code under test, kept out of the test's own. */
#ifndef LULL_UNIT_LAUNCHER_CAPTURE_H
#define LULL_UNIT_LAUNCHER_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
	FILE *file;
	int fd;
	int saved;
};

static inline void capture_begin(struct capture *c, int fd)
{
	fflush(NULL);
	c->file = tmpfile();
	c->fd = fd;
	c->saved = dup(fd);
	if (!c->file || c->saved < 0 || dup2(fileno(c->file), fd) < 0)
		abort();
}

/* What was written since capture_begin(), cut to @size. */
static inline void capture_end(struct capture *c, char *text, size_t size)
{
	ssize_t got;

	fflush(NULL);
	dup2(c->saved, c->fd);
	close(c->saved);
	got = pread(fileno(c->file), text, size - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	fclose(c->file);
}

#endif /* LULL_UNIT_LAUNCHER_CAPTURE_H */
