// SPDX-License-Identifier: GPL-2.0-only
/*
 * One guest whose thread is moved between two host CPUs all the time: it
 * finishes its workloads.
 *
 * Guards against: a VMCS active on two CPUs; host state of the CPU it left
 * (GDT, TSS, GS base, MSRs) used on the one it came to; a stale TLB there; an
 * interrupt sent to the CPU where the vCPU was.
 */
#include <fcntl.h>
#include <kselftest.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util.h"

#define LOG		"/tmp/migrate.log"
#define LOG_MAX		65536
#define MOVE_EVERY_US	1000
#define MIN_MOVES	300
#define NR_WORKLOADS	2
#define CMDLINE		"console=ttyS0 quiet " \
			"lull.run=sleepers2,20,50000,1+ring,200"

static const char *file_of(const char *name)
{
	const char *file = getenv(name);

	if (!file || access(file, R_OK)) {
		ksft_print_msg("%s names no file\n", name);
		ksft_exit_skip("needs a guest\n");
	}
	return file;
}

static pid_t start_guest(void)
{
	const char *lull = file_of("LULL");
	const char *kernel = file_of("LULL_BZIMAGE");
	const char *initrd = file_of("LULL_INITRD");
	pid_t pid = fork();
	int log;

	if (pid)
		return pid;
	log = open(LOG, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execl(lull, lull, "run", "--kernel", kernel, "--initrd", initrd,
	      "--append", CMDLINE, "--mem", "32M", NULL);
	_exit(127);
}

static bool move(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(pid, sizeof(set), &set);
}

/* Its exit status as waitpid() has it; *moves says how often it was moved. */
static int move_until_it_ends(pid_t pid, unsigned int *moves)
{
	int status;

	*moves = 0;
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (!move(pid, *moves % 2))
			ksft_exit_fail_msg("cannot move the thread\n");
		++*moves;
		sleep_us(MOVE_EVERY_US);
	}
	return status;
}

static void print_log(const char *text)
{
	const char *line = text, *end;

	for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		ksft_print_msg("%.*s\n", (int)(end - line), line);
	}
}

/* How many workloads the guest reports as gone well. */
static int count_ok(void)
{
	static char text[LOG_MAX];
	int fd = open(LOG, O_RDONLY), nr = 0;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	char *at = text;

	close(fd);
	text[len > 0 ? len : 0] = 0;
	while ((at = strstr(at, "workload "))) {
		at += strlen("workload ");
		nr += !!memmem(at, strcspn(at, "\r\n"), " ok ", 4);
	}
	if (nr != NR_WORKLOADS)
		print_log(text);
	return nr;
}

int main(void)
{
	unsigned int moves;
	int status;

	ksft_print_header();
	if (count_cpus() < 2)
		ksft_exit_skip("there is one CPU only\n");
	ksft_set_plan(3);
	status = move_until_it_ends(start_guest(), &moves);
	ksft_print_msg("moved %u times\n", moves);
	ksft_test_result(moves >= MIN_MOVES, "moved all the time\n");
	ksft_test_result(!status, "the guest ends with status 0\n");
	ksft_test_result(count_ok() == NR_WORKLOADS, "its workloads are ok\n");
	unlink(LOG);
	if (ksft_get_fail_cnt())
		ksft_exit_fail();
	ksft_exit_pass();
}
