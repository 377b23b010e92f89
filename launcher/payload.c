// SPDX-License-Identifier: GPL-2.0-only
/* The files that a guest is made of: read, told apart, put into memory. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "payload.h"
#include "../monitor/uapi/lull.h"

/* Beside what is loaded, a Multiboot image may have much that is not. */
#define KERNEL_MAX	GIB

static_assert(OPT_LIST_MAX <= MULTIBOOT_MODULES, "every module has a place");
static_assert((int)MULTIBOOT_REASON_MAX == BZIMAGE_REASON_MAX, "one buffer");

/*
 * A bzImage is one before it is anything else.  A file that has Multiboot's
 * magic number is meant as such an image, whatever else is wrong with it.
 */
static int parse_kernel(struct payload *p)
{
	const struct blob *kernel = &p->kernel;
	char reason[BZIMAGE_REASON_MAX];
	int bad;

	bad = bzimage_parse(kernel->data, kernel->size, &p->bzimage, reason);
	if (bad && multiboot_probe(kernel->data, kernel->size)) {
		p->is_multiboot = true;
		bad = multiboot_parse(kernel->data, kernel->size,
				      &p->multiboot, reason);
	}
	return bad ? error("%s: %s", p->kernel_name, reason) : 0;
}

static int read_initrd(struct payload *p, u64 mem_size)
{
	if (!p->initrd_name)
		return 0;
	if (p->is_multiboot)
		return error("--initrd: %s is a Multiboot image, which takes --module",
			     p->kernel_name);
	if (blob_read(p->initrd_name, mem_size, &p->initrd))
		return -1;
	return p->initrd.size ? 0 : error("%s: empty file", p->initrd_name);
}

/* FILE[,ARGS]: the image is told "FILE ARGS". */
static int read_module(struct payload *p, const char *value, u64 mem_size)
{
	struct payload_module *m = &p->modules[p->nr_modules++];
	char *comma;

	m->string = strdup(value);
	m->name = strdup(value);
	if (!m->string || !m->name)
		return error("out of memory");
	comma = strchr(m->string, ',');
	if (comma) {
		m->name[comma - m->string] = 0;
		*comma = ' ';
	}
	if (blob_read(m->name, mem_size, &m->blob))
		return -1;
	return m->blob.size ? 0 : error("%s: empty file", m->name);
}

static int read_modules(struct payload *p, const struct opt_list *modules,
			u64 mem_size)
{
	unsigned int i;

	if (modules->nr && !p->is_multiboot)
		return error("--module: %s is no Multiboot image",
			     p->kernel_name);
	for (i = 0; i < modules->nr; i++) {
		if (read_module(p, modules->value[i], mem_size))
			return -1;
	}
	return 0;
}

/**
 * payload_read() - read and check the files
 * @p: gets them
 * @kernel: file name; used as long as @p is
 * @initrd: likewise, or NULL
 * @modules: FILE[,ARGS]
 * @mem_size: of the guest's memory, which the initrd and each module must fit
 *
 * Return: 0, or -1 after a message
 */
int payload_read(struct payload *p, const char *kernel, const char *initrd,
		 const struct opt_list *modules, u64 mem_size)
{
	memset(p, 0, sizeof(*p));
	p->kernel_name = kernel;
	p->initrd_name = initrd;
	if (blob_read(kernel, KERNEL_MAX, &p->kernel))
		return -1;
	if (!parse_kernel(p) && !read_initrd(p, mem_size) &&
	    !read_modules(p, modules, mem_size))
		return 0;
	payload_free(p);
	return -1;
}

/**
 * payload_free() - drop the files
 * @p: what was read; stays empty
 */
void payload_free(struct payload *p)
{
	blob_free(&p->kernel);
	blob_free(&p->initrd);
	while (p->nr_modules) {
		struct payload_module *m = &p->modules[--p->nr_modules];

		blob_free(&m->blob);
		free(m->name);
		free(m->string);
	}
}

static int load_bzimage(const struct payload *p, const struct gmem *mem,
			const char *append, struct lull_regs *regs,
			struct lull_sregs *sregs)
{
	const struct boot_input in = {
		.kernel_name = p->kernel_name, .kernel = p->kernel.data,
		.image = &p->bzimage, .initrd_name = p->initrd_name,
		.initrd = p->initrd.data, .initrd_size = p->initrd.size,
		.cmdline = append,
	};

	if (boot_load(mem, &in))
		return -1;
	boot_regs(&p->bzimage, regs);
	boot_sregs(sregs);
	return 0;
}

static int load_multiboot(const struct payload *p, const struct gmem *mem,
			  const char *append, struct lull_regs *regs,
			  struct lull_sregs *sregs)
{
	struct multiboot_module modules[MULTIBOOT_MODULES];
	const struct multiboot_input in = {
		.name = p->kernel_name, .file = p->kernel.data,
		.image = &p->multiboot, .append = append,
		.modules = modules, .nr_modules = p->nr_modules,
	};
	unsigned int i;
	u32 info;

	for (i = 0; i < p->nr_modules; i++) {
		const struct payload_module *m = &p->modules[i];

		modules[i] = (struct multiboot_module) {
			.name = m->name, .string = m->string,
			.data = m->blob.data, .size = m->blob.size,
		};
	}
	if (multiboot_load(mem, &in, &info))
		return -1;
	multiboot_regs(&p->multiboot, info, regs);
	multiboot_sregs(sregs);
	return 0;
}

/**
 * payload_load() - put the files into a guest's memory
 * @p: the files
 * @mem: the memory, all zeros
 * @append: command line
 * @regs: gets the general registers to start with
 * @sregs: gets the system registers
 *
 * Return: 0, or -1 after a message
 */
int payload_load(const struct payload *p, const struct gmem *mem,
		 const char *append, struct lull_regs *regs,
		 struct lull_sregs *sregs)
{
	return (p->is_multiboot ? load_multiboot : load_bzimage)
		(p, mem, append, regs, sregs);
}
