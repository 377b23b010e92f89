// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's init: runs what lull.run= on the kernel command line asks for
 * and ends the guest with the result as its exit status.
 *
 *   lull.run=sleeper,PERIODS[,PERIOD_US[,WARMUP]]
 *   lull.run=sleepers2,PERIODS[,PERIOD_US[,WARMUP]]
 *   lull.run=sender,PERIODS[,PERIOD_US[,WARMUP]]
 *   lull.run=ring,ROUNDS[,PROCESSES[,WARMUP]]
 *   lull.run=squeeze,ROUNDS[,PROCESSES[,MIB]]
 *   lull.run=exec:PATH		that program, its status the guest's
 *   lull.run=shell		/bin/sh on the console; the default if it exists
 *   lull.run=none		nothing: boot and end
 *
 * Several, joined by '+', run one after the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "workload.h"

#define CMDLINE_MAX		4096
#define OPTION			"lull.run="
#define DEFAULT_PERIOD_US	5000
#define DEFAULT_WARMUP		20
#define DEFAULT_PROCS		2
/* A run fails when more than one period in so many is late. */
#define LATE_PART		20
#define STATUS_USAGE		2
#define STATUS_NO_EXEC		127

/**
 * struct workload - one that this init knows
 * @name:	in lull.run=
 * @run:	its function
 * @paced:	its second number is a period, not a count of processes
 */
struct workload {
	const char *name;
	bool (*run)(const struct params *params, struct report *report);
	bool paced;
};

static const struct workload workloads[] = {
	{ "sleeper", sleeper_run, true },
	{ "sleepers2", sleepers2_run, true },
	{ "sender", sender_run, true },
	{ "ring", ring_run, false },
	{ "squeeze", squeeze_run, false },
};

static void mount_or_warn(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		fprintf(stderr, "mount %s: %s\n", dir, strerror(errno));
}

static void mount_all(void)
{
	mount_or_warn("proc", "/proc");
	mount_or_warn("sysfs", "/sys");
	mount_or_warn("devtmpfs", "/dev");
	mount_or_warn("tmpfs", "/tmp");
}

/* The value of lull.run=, in a static buffer, or NULL */
static char *find_option(void)
{
	static char cmdline[CMDLINE_MAX];
	ssize_t len;
	char *word;
	int fd;

	fd = open("/proc/cmdline", O_RDONLY);
	if (fd < 0)
		return NULL;
	len = read(fd, cmdline, sizeof(cmdline) - 1);
	close(fd);
	if (len <= 0)
		return NULL;
	for (word = strtok(cmdline, "\n "); word; word = strtok(NULL, "\n ")) {
		if (!strncmp(word, OPTION, strlen(OPTION)))
			return word + strlen(OPTION);
	}
	return NULL;
}

/* The next number of a comma-separated list; @fallback where it ends */
static bool next_number(char **list, unsigned long fallback,
			unsigned long *number)
{
	char *end;

	*number = fallback;
	if (!**list)
		return true;
	if (**list != ',')
		return false;
	errno = 0;
	*number = strtoul(*list + 1, &end, 10);
	if (end == *list + 1 || errno)
		return false;
	*list = end;
	return true;
}

static bool parse_params(const struct workload *w, char *list,
			 struct params *params)
{
	unsigned long second;

	if (!next_number(&list, 0, &params->periods) || !params->periods)
		return false;
	if (!next_number(&list, w->paced ? DEFAULT_PERIOD_US : DEFAULT_PROCS,
			 &second) || !second)
		return false;
	if (!next_number(&list, DEFAULT_WARMUP, &params->warmup))
		return false;
	params->procs = second;
	params->period_ns = second * NSEC_PER_USEC;
	return !*list;
}

/*
 * Without high-resolution timers wakes come at ticks, and what a run then
 * says about idle time is wrong.  The kernel has them when it knows the TSC's
 * frequency and trusts it.
 */
static void warn_of_coarse_timers(void)
{
	struct timespec res;

	if (clock_getres(CLOCK_MONOTONIC, &res) || res.tv_nsec == 1)
		return;
	fprintf(stderr, "init: timers have a resolution of %ld ns only\n",
		res.tv_nsec);
}

/* A workload that is not paced has no late periods. */
static bool kept_pace(const struct params *params, const struct report *report)
{
	return report->reached >= params->periods &&
	       report->late * LATE_PART <= params->periods;
}

static int run_workload(const struct workload *w, char *list)
{
	struct report *report;
	struct params params;
	bool ok;

	if (!parse_params(w, list, &params)) {
		fprintf(stderr, "init: wrong numbers: " OPTION "%s%s\n",
			w->name, list);
		return STATUS_USAGE;
	}
	if (w->paced)
		warn_of_coarse_timers();
	report = share(sizeof(*report));
	ok = w->run(&params, report) && kept_pace(&params, report);
	printf("workload %s periods %lu %s late %lu us %llu\n", w->name,
	       params.periods, ok ? "ok" : "FAILED", report->late,
	       (unsigned long long)(report->elapsed_ns / NSEC_PER_USEC));
	return ok ? 0 : 1;
}

static int exec_main(void *arg)
{
	char *const argv[] = { arg, NULL };

	setsid();
	ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	execv(argv[0], argv);
	fprintf(stderr, "init: cannot run %s: %s\n", argv[0], strerror(errno));
	return STATUS_NO_EXEC;
}

static int run_program(char *path)
{
	return reap(spawn(exec_main, path));
}

static int run_one(char *what)
{
	size_t len = strcspn(what, ",");
	size_t i;

	if (!strncmp(what, "exec:", 5))
		return run_program(what + 5);
	if (!strcmp(what, "shell"))
		return run_program("/bin/sh");
	if (!strcmp(what, "none"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(workloads); i++) {
		if (strlen(workloads[i].name) == len &&
		    !strncmp(workloads[i].name, what, len))
			return run_workload(&workloads[i], what + len);
	}
	fprintf(stderr, "init: unknown: " OPTION "%s\n", what);
	return STATUS_USAGE;
}

/* One after the other; the first status that is not 0 is the result. */
static int run_all(char *list)
{
	char *what, *save;
	int status = 0;
	int one;

	for (what = strtok_r(list, "+", &save); what;
	     what = strtok_r(NULL, "+", &save)) {
		one = run_one(what);
		if (!status)
			status = one;
	}
	return status;
}

/* A VMM stops at the port write; on other machines a reset must do. */
static void end_guest(int status)
{
	fflush(NULL);
	tcdrain(STDOUT_FILENO);
	sync();
	port_write(PORT_EXIT, (unsigned char)status);
	printf("init: nobody takes the status %d, resetting\n", status);
	fflush(NULL);
	tcdrain(STDOUT_FILENO);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

int main(void)
{
	char shell[] = "shell";
	char *list;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount_all();
	list = find_option();
	if (!list && !access("/bin/sh", X_OK))
		list = shell;
	if (!list) {
		fprintf(stderr, "init: no " OPTION " and no /bin/sh\n");
		end_guest(STATUS_USAGE);
	}
	end_guest(run_all(list));
}
