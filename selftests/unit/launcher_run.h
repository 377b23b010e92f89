/* SPDX-License-Identifier: GPL-2.0-only */
/* lull run as tests call it: files of its own, output and errors caught. */
#ifndef LULL_UNIT_LAUNCHER_RUN_H
#define LULL_UNIT_LAUNCHER_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "launcher/builtin.h"
#include "launcher_capture.h"
#include "launcher_image.h"

static char dir[64], kernel[96], initrd[96], stats[96];
static u8 image[IMAGE_SIZE];

static inline void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static inline int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/lull-unit.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(kernel, sizeof(kernel), "%s/bzImage", dir);
	snprintf(initrd, sizeof(initrd), "%s/initrd", dir);
	snprintf(stats, sizeof(stats), "%s/stats", dir);
	image_make(image);
	write_file(kernel, image, sizeof(image));
	write_file(initrd, "initrd", 6);
	return 0;
}

static inline int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* Arguments are one string, split at blanks; K, I and S are our files. */
static inline int run(const char *line)
{
	static char text[128];
	char *argv[24] = { "run" };
	int argc = 1;
	char *token, *rest = text;

	snprintf(text, sizeof(text), "%s", line);
	while ((token = strsep(&rest, " "))) {
		if (!strcmp(token, "K"))
			token = kernel;
		else if (!strcmp(token, "I"))
			token = initrd;
		else if (!strcmp(token, "S"))
			token = stats;
		if (*token)
			argv[argc++] = token;
	}
	return builtin_run(argc, argv);
}

struct output {
	char out[4096];
	char err[4096];
};

/* Standard input is @input, as a pipe that has ended. */
static inline int run_with(const char *line, const char *input, struct output *o)
{
	struct capture out, err;
	int fds[2], saved, ret;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], input, strlen(input)), strlen(input));
	close(fds[1]);
	saved = dup(STDIN_FILENO);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	capture_begin(&out, STDOUT_FILENO);
	capture_begin(&err, STDERR_FILENO);
	ret = run(line);
	capture_end(&err, o->err, sizeof(o->err));
	capture_end(&out, o->out, sizeof(o->out));
	dup2(saved, STDIN_FILENO);
	close(saved);
	return ret;
}

/* One line, which names the thing and the reason. */
static inline void assert_refused(const char *line, const char *reason)
{
	struct output o;
	char *newline;

	if (run_with(line, "", &o) != 1 || !strstr(o.err, reason))
		fail_msg("%s: %s", line, o.err);
	newline = strchr(o.err, '\n');
	assert_non_null(newline);
	assert_int_equal(newline[1], '\0');
	assert_string_equal(o.out, "");
}

#endif /* LULL_UNIT_LAUNCHER_RUN_H */
