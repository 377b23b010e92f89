// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every VM of the machine, as the module shows them in debugfs: a directory
 * for each VM with the file "vm" and a directory "vcpu<N>" with the file
 * "stats" for each vCPU, all of them lines of a name and a number.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "names.h"
#include "opt.h"
#include "util.h"
#include "vmstat.h"

#define FILE_MAX	16384
#define DEBUGFS_DIR	"/sys/kernel/debug"

/* Calls @take for each line; false from it or a bad line is an error. */
static int each_line(char *text, bool (*take)(void *ctx, const char *name,
					      u64 value), void *ctx)
{
	char *line, *rest = text, *name, *number;
	u64 value;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		name = strsep(&line, " ");
		number = line;
		if (!number || parse_uint(number, &value) ||
		    !take(ctx, name, value))
			return -1;
	}
	return 0;
}

static u64 *find_reason(const char *number, __u64 *by_reason)
{
	u64 reason;

	if (parse_uint(number, &reason) || reason >= LULL_NR_EXIT_REASONS)
		return NULL;
	return &by_reason[reason];
}

static u64 *find_name(const char *name, const char *const *names, int nr,
		      __u64 *values)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(names[i], name))
			return &values[i];
	}
	return NULL;
}

static u64 *find_field(struct lull_vcpu_stats *stats, const char *name)
{
	if (!strncmp(name, "exit_ticks_", 11))
		return find_reason(name + 11, stats->exit_ticks);
	if (!strncmp(name, "exit_", 5))
		return find_reason(name + 5, stats->exits);
	if (!strncmp(name, "ticks_", 6))
		return find_name(name + 6, ticks_names, LULL_NR_TICKS,
				 stats->ticks);
	if (!strcmp(name, "preempted"))
		return &stats->preempted;
	if (!strcmp(name, "total"))
		return &stats->total;
	return find_name(name, counter_names, LULL_NR_COUNTERS,
			 stats->counters);
}

/* A newer module may count more: names that are not known are skipped. */
static bool take_vcpu_line(void *ctx, const char *name, u64 value)
{
	u64 *field = find_field(ctx, name);

	if (field)
		*field = value;
	return true;
}

/**
 * vmstat_parse_vcpu() - read the text of a "stats" file
 * @text: its lines; taken apart
 * @stats: gets the numbers, 0 where there is no line
 *
 * Return: 0, or -1 if a line is not a name and a number
 */
int vmstat_parse_vcpu(char *text, struct lull_vcpu_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	return each_line(text, take_vcpu_line, stats);
}

static bool take_vm_line(void *ctx, const char *name, u64 value)
{
	struct vmstat_vm *vm = ctx;

	if (!strcmp(name, "memory"))
		vm->memory = value;
	else if (!strcmp(name, "shadow_pages"))
		vm->shadow_pages = value;
	else if (!strcmp(name, "shadow_pages_max"))
		vm->shadow_pages_max = value;
	return true;
}

/**
 * vmstat_parse_vm() - read the text of a "vm" file
 * @text: its lines; taken apart
 * @vm: gets the numbers
 *
 * Return: 0, or -1 if a line is not a name and a number
 */
int vmstat_parse_vm(char *text, struct vmstat_vm *vm)
{
	return each_line(text, take_vm_line, vm);
}

static int read_fd(int fd, char text[FILE_MAX])
{
	size_t used = 0;
	ssize_t got;

	for (;;) {
		got = read(fd, text + used, FILE_MAX - 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		used += got;
	}
	text[used] = '\0';
	return 0;
}

static int read_text(const char *path, char text[FILE_MAX])
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_fd(fd, text);
	close(fd);
	return ret;
}

/* A VM can go away between any two calls, and then it is not shown. */
static bool has_gone(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -ENXIO ||
	       err == -EIO;
}

static int read_vcpu(const char *dir, struct vmstat_vcpu *vcpu)
{
	char path[PATH_MAX + 32], text[FILE_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/vcpu%u/stats", dir, vcpu->id);
	ret = read_text(path, text);
	if (has_gone(ret))
		return ret;
	if (ret)
		return error("%s: %s", path, strerror(-ret));
	if (vmstat_parse_vcpu(text, &vcpu->stats))
		return error("%s: not lines of names and numbers", path);
	return 0;
}

static int read_vcpus(const char *dir, struct vmstat_vm *vm)
{
	struct vmstat_vcpu *vcpu;
	unsigned int id;
	int ret;

	vm->vcpus = calloc(LULL_MAX_VCPUS, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		return error("%s", strerror(ENOMEM));
	for (id = 0; id < LULL_MAX_VCPUS; id++) {
		vcpu = &vm->vcpus[vm->nr_vcpus];
		vcpu->id = id;
		ret = read_vcpu(dir, vcpu);
		if (!ret)
			vm->nr_vcpus++;
		else if (!has_gone(ret))
			return ret;
	}
	return 0;
}

/* Returns 0, -1 after a message, or another -errno if the VM has gone. */
static int read_vm(const char *base, const char *id, struct vmstat_vm *vm)
{
	char dir[PATH_MAX], path[PATH_MAX + 4], text[FILE_MAX];
	int ret;

	memset(vm, 0, sizeof(*vm));
	snprintf(vm->id, sizeof(vm->id), "%s", id);
	snprintf(dir, sizeof(dir), "%s/%s", base, id);
	snprintf(path, sizeof(path), "%s/vm", dir);
	ret = read_text(path, text);
	if (has_gone(ret) || ret == -ENOTDIR)
		return -ENOENT;
	if (ret)
		return error("%s: %s", path, strerror(-ret));
	if (vmstat_parse_vm(text, vm))
		return error("%s: not lines of names and numbers", path);
	return read_vcpus(dir, vm);
}

static int open_error(const char *dir)
{
	int err = errno;
	struct statfs fs;

	if (err == EACCES || err == EPERM)
		return error("%s: %s (run as root)", dir, strerror(err));
	if (err != ENOENT || strcmp(dir, VMSTAT_DIR))
		return error("%s: %s", dir, strerror(err));
	if (statfs(DEBUGFS_DIR, &fs) || fs.f_type != DEBUGFS_MAGIC)
		return error("%s: debugfs is not mounted (mount -t debugfs none %s)",
			     DEBUGFS_DIR, DEBUGFS_DIR);
	return error("%s: %s (is lull.ko loaded?)", dir, strerror(err));
}

static int keep_entry(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int read_entries(const char *dir, struct dirent **entries, int nr,
			struct vmstat *stat)
{
	int i, ret;

	for (i = 0; i < nr; i++) {
		struct vmstat_vm *vm = &stat->vms[stat->nr];

		ret = read_vm(dir, entries[i]->d_name, vm);
		if (ret == -1) {
			free(vm->vcpus);
			return ret;
		}
		if (!ret)
			stat->nr++;
	}
	return 0;
}

static void free_entries(struct dirent **entries, int nr)
{
	while (nr--)
		free(entries[nr]);
	free(entries);
}

/**
 * vmstat_read() - look at every VM
 * @dir: where the module shows them
 * @stat: gets them; free with vmstat_free()
 *
 * Return: 0, or -1 after a message
 */
int vmstat_read(const char *dir, struct vmstat *stat)
{
	struct dirent **entries;
	int nr, ret;

	memset(stat, 0, sizeof(*stat));
	nr = scandir(dir, &entries, keep_entry, versionsort);
	if (nr < 0)
		return open_error(dir);
	stat->vms = calloc(nr + 1, sizeof(*stat->vms));
	if (stat->vms)
		ret = read_entries(dir, entries, nr, stat);
	else
		ret = error("%s: %s", dir, strerror(ENOMEM));
	free_entries(entries, nr);
	if (ret)
		vmstat_free(stat);
	return ret;
}

/**
 * vmstat_find() - find a vCPU
 * @stat: all VMs
 * @vm: name of its VM
 * @vcpu: its number
 *
 * Return: its numbers, or NULL
 */
const struct lull_vcpu_stats *vmstat_find(const struct vmstat *stat,
					  const char *vm, unsigned int vcpu)
{
	unsigned int i, j;

	for (i = 0; i < stat->nr; i++) {
		if (strcmp(stat->vms[i].id, vm))
			continue;
		for (j = 0; j < stat->vms[i].nr_vcpus; j++) {
			if (stat->vms[i].vcpus[j].id == vcpu)
				return &stat->vms[i].vcpus[j].stats;
		}
	}
	return NULL;
}

/**
 * vmstat_free() - forget what vmstat_read() read
 * @stat: may be empty
 */
void vmstat_free(struct vmstat *stat)
{
	unsigned int i;

	for (i = 0; i < stat->nr; i++)
		free(stat->vms[i].vcpus);
	free(stat->vms);
	memset(stat, 0, sizeof(*stat));
}
