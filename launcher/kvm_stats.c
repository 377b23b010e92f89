// SPDX-License-Identifier: GPL-2.0-only
/* KVM's binary statistics of a VM and of its vCPU. */
#include <errno.h>
#include <json-c/json.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util.h"
#include "vm.h"
#include "vm_kvm.h"

/**
 * struct source - one file of statistics
 * @fd:		the file
 * @header:	its header
 * @descs:	its descriptors, each with its name
 * @nr_values:	values in its data
 */
struct source {
	int fd;
	struct kvm_stats_header header;
	u8 *descs;
	size_t nr_values;
};

/**
 * struct kvm_stats_layout - where which statistics are
 * @vm:		of the VM, first among the values
 * @vcpu:	of the vCPU
 */
struct kvm_stats_layout {
	struct source vm;
	struct source vcpu;
};

static size_t desc_size(const struct source *source)
{
	return sizeof(struct kvm_stats_desc) + source->header.name_size;
}

static const struct kvm_stats_desc *desc(const struct source *source,
					 unsigned int i)
{
	return (const void *)(source->descs + i * desc_size(source));
}

static int read_all(int fd, void *to, size_t size, off_t at)
{
	ssize_t got = pread(fd, to, size, at);

	if (got == (ssize_t)size)
		return 0;
	return error("%s: statistics: %s", KVM_DEVICE,
		     got < 0 ? strerror(errno) : "too short");
}

static void count_values(struct source *source)
{
	const struct kvm_stats_desc *d;
	unsigned int i;
	size_t end;

	for (i = 0; i < source->header.num_desc; i++) {
		d = desc(source, i);
		end = d->offset / sizeof(u64) + d->size;
		if (source->nr_values < end)
			source->nr_values = end;
	}
}

static int read_layout(struct source *source)
{
	struct kvm_stats_header *header = &source->header;
	size_t size;

	if (read_all(source->fd, header, sizeof(*header), 0))
		return -1;
	size = header->num_desc * desc_size(source);
	source->descs = malloc(size);
	if (!source->descs)
		return error("%s", strerror(ENOMEM));
	if (read_all(source->fd, source->descs, size, header->desc_offset))
		return -1;
	count_values(source);
	return 0;
}

static int open_source(struct source *source, int owner)
{
	source->fd = ioctl(owner, KVM_GET_STATS_FD, NULL);
	if (source->fd < 0)
		return error("%s: statistics: %s", KVM_DEVICE,
			     strerror(errno));
	return read_layout(source);
}

static void close_source(struct source *source)
{
	free(source->descs);
	if (source->fd >= 0)
		close(source->fd);
}

/**
 * kvm_stats_open() - find out which statistics this KVM has
 * @vm_fd: the VM
 * @vcpu_fd: its vCPU
 *
 * Return: the layout, or NULL after a message
 */
struct kvm_stats_layout *kvm_stats_open(int vm_fd, int vcpu_fd)
{
	struct kvm_stats_layout *layout = calloc(1, sizeof(*layout));

	if (!layout) {
		error("%s", strerror(ENOMEM));
		return NULL;
	}
	layout->vm.fd = -1;
	layout->vcpu.fd = -1;
	if (open_source(&layout->vm, vm_fd) ||
	    open_source(&layout->vcpu, vcpu_fd))
		goto err_close;
	if (layout->vm.nr_values + layout->vcpu.nr_values <= KVM_STATS_MAX)
		return layout;
	error("%s: more statistics than this program has room for",
	      KVM_DEVICE);
err_close:
	kvm_stats_close(layout);
	return NULL;
}

/**
 * kvm_stats_close() - forget a layout
 * @layout: the layout, or NULL
 */
void kvm_stats_close(struct kvm_stats_layout *layout)
{
	if (!layout)
		return;
	close_source(&layout->vcpu);
	close_source(&layout->vm);
	free(layout);
}

static int read_values(const struct source *source, u64 *values)
{
	return read_all(source->fd, values,
			source->nr_values * sizeof(*values),
			source->header.data_offset);
}

/**
 * kvm_stats_read() - read the statistics
 * @layout: what there is
 * @values: gets up to KVM_STATS_MAX values
 *
 * Return: 0, or -1 after a message
 */
int kvm_stats_read(const struct kvm_stats_layout *layout, u64 *values)
{
	if (read_values(&layout->vm, values))
		return -1;
	return read_values(&layout->vcpu, values + layout->vm.nr_values);
}

/* Histograms are left out. */
static struct json_object *source_json(const struct source *source,
				       const u64 *values)
{
	struct json_object *obj = json_object_new_object();
	const struct kvm_stats_desc *d;
	unsigned int i;
	u64 value;

	for (i = 0; i < source->header.num_desc; i++) {
		d = desc(source, i);
		if (d->size != 1)
			continue;
		value = values[d->offset / sizeof(u64)];
		json_object_object_add(obj, d->name,
				       json_object_new_uint64(value));
	}
	return obj;
}

/**
 * kvm_stats_json() - statistics as a JSON object
 * @layout: what there is
 * @values: TSC ticks since the vCPU was made, and what kvm_stats_read() gave
 *
 * Return: the object
 */
struct json_object *kvm_stats_json(const struct kvm_stats_layout *layout,
				   const u64 *values)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "vm",
			       source_json(&layout->vm, values + 1));
	json_object_object_add(obj, "vcpu",
			       source_json(&layout->vcpu, values + 1 +
					   layout->vm.nr_values));
	json_object_object_add(obj, "total",
			       json_object_new_uint64(values[0]));
	return obj;
}
