/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages and files, for every subcommand. */
#ifndef LAUNCHER_UTIL_H
#define LAUNCHER_UTIL_H

#include "base.h"

void message_set_verb(const char *verb);
[[gnu::format(printf, 1, 2)]] void warn(const char *fmt, ...);
[[gnu::format(printf, 1, 2)]] int error(const char *fmt, ...);

/**
 * struct blob - a file read into memory
 * @data:	its bytes
 * @size:	how many
 */
struct blob {
	u8 *data;
	size_t size;
};

int blob_read(const char *path, u64 max, struct blob *blob);
void blob_free(struct blob *blob);

int output_end(void);
int file_check_writable(const char *path);
int file_write(const char *path, const char *data, size_t size);

#endif /* LAUNCHER_UTIL_H */
