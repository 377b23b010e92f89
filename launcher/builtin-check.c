// SPDX-License-Identifier: GPL-2.0-only
/* lull check: can this machine run Lull, and if not, what is missing? */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "builtin.h"
#include "opt.h"
#include "util.h"
#include "vm.h"
#include "vmxcap.h"

/* The verdict on one item. */
enum verdict {
	GOOD,
	MISSING,	/* required */
	ABSENT,		/* optional */
	UNKNOWN,	/* optional, and cannot be told */
};

/**
 * struct checker - the state of a check
 * @root:	before every path, "" but in tests
 * @vmx:	the CPU says that it has VMX
 * @failed:	something required is missing
 */
struct checker {
	const char *root;
	bool vmx;
	bool failed;
};

static void say(struct checker *c, enum verdict v, const char *item,
		const char *why)
{
	static const char *const words[] = {
		[GOOD] = "ok", [MISSING] = "MISSING",
		[ABSENT] = "missing (optional)", [UNKNOWN] = "unknown",
	};

	if (v == MISSING)
		c->failed = true;
	printf("%-24s %s%s%s\n", item, words[v], why ? ": " : "",
	       why ? why : "");
}

static FILE *open_text(const struct checker *c, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", c->root, path);
	return fopen(full, "re");
}

/* Is @word one of the words of the first line that begins with @key? */
static bool line_has_word(FILE *file, const char *key, const char *word)
{
	char *line = NULL, *rest, *token;
	bool found = false;
	size_t room = 0;

	while (getline(&line, &room, file) > 0) {
		if (strncmp(line, key, strlen(key)))
			continue;
		rest = line;
		while (!found && (token = strsep(&rest, " \t\n:")))
			found = !strcmp(token, word);
		break;
	}
	free(line);
	return found;
}

static void check_cpu(struct checker *c)
{
	FILE *file = open_text(c, "/proc/cpuinfo");

	if (!file) {
		say(c, MISSING, "VMX", "cannot read /proc/cpuinfo");
		return;
	}
	c->vmx = line_has_word(file, "flags", "vmx");
	fclose(file);
	if (c->vmx)
		say(c, GOOD, "VMX", NULL);
	else
		say(c, MISSING, "VMX",
		    "the CPU has none, or a hypervisor hides it (make demo runs in an emulated machine)");
}

static int read_msr(int fd, u32 msr, u64 *value)
{
	return pread(fd, value, sizeof(*value), msr) == sizeof(*value) ?
	       0 : -1;
}

static int read_msrs(int fd, struct vmxcap *cap)
{
	return read_msr(fd, MSR_FEATURE_CONTROL, &cap->feature_control) ||
	       read_msr(fd, MSR_VMX_BASIC, &cap->basic) ||
	       read_msr(fd, MSR_VMX_PIN, &cap->pin) ||
	       read_msr(fd, MSR_VMX_CPU, &cap->cpu) ||
	       read_msr(fd, MSR_VMX_EXIT, &cap->exit) ||
	       read_msr(fd, MSR_VMX_ENTRY, &cap->entry) ? -1 : 0;
}

static void judge_msrs(struct checker *c, const struct vmxcap *cap)
{
	const char *missing;

	switch (vmxcap_lock(cap)) {
	case VMXCAP_ON:
		say(c, GOOD, "firmware", NULL);
		break;
	case VMXCAP_OFF:
		say(c, MISSING, "firmware",
		    "VMX is disabled by firmware (IA32_FEATURE_CONTROL is locked); enable it in the setup");
		break;
	case VMXCAP_UNLOCKED:
		say(c, MISSING, "firmware",
		    "IA32_FEATURE_CONTROL is not locked, so VMX is off; enable it in the firmware setup");
	}
	missing = vmxcap_missing(cap);
	say(c, missing ? MISSING : GOOD, "VMX controls", missing);
}

static void check_msrs(struct checker *c)
{
	struct vmxcap cap;
	char path[256], why[128];
	int fd;

	if (!c->vmx)
		return;
	snprintf(path, sizeof(path), "%s/dev/cpu/0/msr", c->root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, sizeof(why), "/dev/cpu/0/msr: %s (modprobe msr, as root)",
			 strerror(errno));
		say(c, UNKNOWN, "firmware", why);
		say(c, UNKNOWN, "VMX controls", why);
		return;
	}
	if (read_msrs(fd, &cap))
		say(c, MISSING, "VMX controls",
		    "the CPU has no VMX capability MSRs");
	else
		judge_msrs(c, &cap);
	close(fd);
}

static bool module_loaded(const struct checker *c, const char *name)
{
	char *line = NULL, key[64];
	bool found = false;
	size_t room = 0;
	FILE *file;

	file = open_text(c, "/proc/modules");
	if (!file)
		return false;
	snprintf(key, sizeof(key), "%s ", name);
	while (!found && getline(&line, &room, file) > 0)
		found = !strncmp(line, key, strlen(key));
	free(line);
	fclose(file);
	return found;
}

static void check_modules(struct checker *c)
{
	if (module_loaded(c, "kvm_intel") || module_loaded(c, "kvm"))
		say(c, MISSING, "VMX not in use",
		    "kvm is loaded (rmmod kvm_intel kvm)");
	else
		say(c, GOOD, "VMX not in use", NULL);
	if (module_loaded(c, "lull"))
		say(c, GOOD, "lull.ko", NULL);
	else
		say(c, MISSING, "lull.ko", "not loaded (insmod lull.ko)");
}

/* The device tells more than this line has room for, on standard error. */
static void check_device(struct checker *c)
{
	struct lull_caps caps;
	char path[256], text[160];
	int fd;

	snprintf(path, sizeof(path), "%s%s", c->root, LULL_DEVICE);
	fd = device_open(path, &caps);
	if (fd < 0) {
		say(c, MISSING, LULL_DEVICE, "see the message");
		return;
	}
	close(fd);
	snprintf(text, sizeof(text),
		 "API %d, %u vCPUs, TSC %u kHz,%s%s%s%s guest features %#llx",
		 LULL_API_VERSION, caps.max_vcpus, caps.tsc_khz,
		 caps.features & LULL_CAP_VPID ? " VPID," : "",
		 caps.features & LULL_CAP_TPR_SHADOW ? " TPR shadow," : "",
		 caps.features & LULL_CAP_NX ? " NX," : "",
		 caps.features & LULL_CAP_XSAVE ? " XSAVE," : "",
		 caps.para_features);
	say(c, GOOD, LULL_DEVICE, text);
}

static void check_mount(struct checker *c, const char *path, long magic,
			const char *use)
{
	char full[256];
	struct statfs fs;

	snprintf(full, sizeof(full), "%s%s", c->root, path);
	if (statfs(full, &fs))
		say(c, ABSENT, path, strerror(errno));
	else if (fs.f_type != magic)
		say(c, ABSENT, path, use);
	else
		say(c, GOOD, path, NULL);
}

static int parse_options(struct checker *c, int argc, char **argv)
{
	const struct opt opts[] = {
		{ "root", OPT_STRING, &c->root, "DIR",
		  "look at DIR/proc, DIR/dev and DIR/sys (for tests)" },
		{ }
	};
	const struct opt_spec spec = {
		.usage = "check [options]",
		.about = "Find out whether this machine can run Lull, and name what is missing.\n",
		.opts = opts,
		.notes = "Exit status: 0 if everything required is there, else 1.\n",
	};
	int ret = opt_parse(&spec, argc, argv);

	return ret < 0 ? ret : 0;
}

/**
 * builtin_check() - lull check
 * @argc: number of arguments
 * @argv: "check" and its arguments
 *
 * Return: exit status
 */
int builtin_check(int argc, char **argv)
{
	struct checker c = { .root = "" };
	int ret;

	ret = parse_options(&c, argc, argv);
	if (ret)
		return ret == OPT_HELP_SHOWN ? 0 : 1;
	check_cpu(&c);
	check_msrs(&c);
	check_modules(&c);
	check_device(&c);
	check_mount(&c, "/sys/kernel/debug", DEBUGFS_MAGIC,
		    "not debugfs; lull stat needs it");
	check_mount(&c, "/sys/kernel/tracing", TRACEFS_MAGIC,
		    "not tracefs; recording traces needs it");
	return c.failed ? 1 : 0;
}
