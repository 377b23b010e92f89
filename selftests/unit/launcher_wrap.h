/* SPDX-License-Identifier: GPL-2.0-only */
/* Names that the linker makes for -Wl,--wrap. */
#ifndef LULL_UNIT_LAUNCHER_WRAP_H
#define LULL_UNIT_LAUNCHER_WRAP_H

#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __real_pread(int fd, void *buf, size_t size, off_t at);
ssize_t __wrap_pread(int fd, void *buf, size_t size, off_t at);

#endif /* LULL_UNIT_LAUNCHER_WRAP_H */
