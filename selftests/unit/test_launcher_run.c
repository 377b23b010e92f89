// SPDX-License-Identifier: GPL-2.0-only
/* lull run from its arguments to its exit status, on a module that is a fake. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "cmocka_all.h"
#include "hypercall/uapi/lull_para.h"
#include "launcher/boot.h"
#include "launcher_fake.h"
#include "launcher_run.h"

#define THR	0x3f8
#define IER	0x3f9
#define LSR	0x3fd

static void test_ports(void **state)
{
	static const struct fake_step steps[] = {
		{ FAKE_OUT, THR, 1, 'h' },
		{ FAKE_OUT, THR, 1, 'i' },
		{ FAKE_EINTR },
		{ FAKE_IN, 0xcf8, 4, 0xffffffff },
		{ FAKE_IN, 0x64, 1, 0 },
		{ FAKE_IN, LSR, 1, 0x60 },
		{ FAKE_OUT, 0x80, 1, 0 },
		{ FAKE_OUT, 0xf4, 1, 42 },
		{ FAKE_END },
	};
	struct output o;

	(void)state;
	fake_reset(steps);
	assert_int_equal(run_with("--kernel K --mem 64M", "", &o), 42);
	assert_string_equal(o.out, "hi");
	assert_string_equal(o.err, "");
	assert_int_equal(fake.wrong, -1);
	assert_int_equal(fake.regions[0].size, 64 * MIB);
	assert_int_equal(fake.regs.rip, IMAGE_LOAD + 0x200);
	assert_int_equal(fake.sregs.cr3, BOOT_TABLES);
}

static void test_arms(void **state)
{
	static const struct fake_step steps[] = {
		{ FAKE_OUT, 0xf4, 1, 0 }, { FAKE_END },
	};
	static const struct {
		const char *line;
		u64 features;
	} cases[] = {
		{ "--kernel K", LULL_PARA_F_SHARED_PAGE |
		  LULL_PARA_F_IDLE_ANNOUNCE | LULL_PARA_F_IDLE_HALT |
		  LULL_PARA_F_TIMER },
		{ "--kernel K --idle announce", LULL_PARA_F_SHARED_PAGE |
		  LULL_PARA_F_IDLE_ANNOUNCE | LULL_PARA_F_IDLE_HALT |
		  LULL_PARA_F_TIMER },
		{ "--kernel K --idle announce --timer pit",
		  LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_IDLE_ANNOUNCE |
		  LULL_PARA_F_IDLE_HALT },
		{ "--kernel K --idle eager", LULL_PARA_F_IDLE_EAGER |
		  LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_TIMER },
		{ "--kernel K --idle eager --timer pit",
		  LULL_PARA_F_IDLE_EAGER },
		{ "--kernel K --idle lazy --timer pit --cr3-targets",
		  LULL_PARA_F_CR3_TARGETS },
		{ "--kernel K --idle lazy --timer pit --idle-guard off", 0 },
		{ "--kernel K --idle announce --timer pit --idle-guard audit",
		  LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_IDLE_ANNOUNCE |
		  LULL_PARA_F_IDLE_HALT | LULL_PARA_F_IDLE_GUARD },
		{ "--kernel K --timer pit --idle-guard kill",
		  LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_IDLE_ANNOUNCE |
		  LULL_PARA_F_IDLE_HALT | LULL_PARA_F_IDLE_GUARD },
		{ "--kernel K --idle lazy --timer pit", 0 },
		{ "--kernel K --idle stock --timer pit", 0 },
		{ "--kernel K --idle stock --shadow-pages 64", 0 },
	};
	struct output o;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_reset(steps);
		assert_int_equal(run_with(cases[i].line, "", &o), 0);
		assert_int_equal(fake.config.para_features, cases[i].features);
		assert_int_equal(fake.config.flags,
				 strstr(cases[i].line, "kill") ?
				 LULL_VM_F_GUARD_KILL : 0);
	}
	assert_int_equal(fake.config.shadow_pages, 64);
}

/* All of the input arrives, in its order, however long it is. */
static void test_input(void **state)
{
	static struct fake_step steps[512] = {
		{ FAKE_OUT, 0x3fa, 1, 1 },
		{ FAKE_OUT, 0x3fc, 1, 8 },
		{ FAKE_OUT, IER, 1, 1 },
	};
	char input[201] = "";
	struct output o;
	int i, n = 3;

	(void)state;
	for (i = 0; i < 200; i++) {
		input[i] = 'A' + i % 26;
		steps[n++] = (struct fake_step) { FAKE_WAIT_IN, LSR, 1, 0x61 };
		steps[n++] = (struct fake_step) { FAKE_IN, THR, 1, input[i] };
	}
	steps[n++] = (struct fake_step) { FAKE_OUT, 0xf4, 1, 5 };
	fake_reset(steps);
	assert_int_equal(run_with("--kernel K", input, &o), 5);
	assert_int_equal(fake.wrong, -1);
	assert_true(fake.rises > 0);
}

static void test_marks(void **state)
{
	static const struct fake_step steps[] = {
		{ FAKE_OUT, 0xf5, 1, 1 }, { FAKE_OUT, 0xf5, 1, 2 },
		{ FAKE_OUT, 0xf4, 1, 0 }, { FAKE_END },
	};
	struct json_object *root, *marks, *end;
	struct output o;

	(void)state;
	fake_reset(steps);
	assert_int_equal(run_with("--kernel K --stats S", "", &o), 0);
	root = json_object_from_file(stats);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "marks", &marks));
	assert_int_equal(json_object_array_length(marks), 2);
	assert_true(json_object_object_get_ex(root, "end", &end));
	assert_true(json_object_object_get_ex(end, "total", &end));
	assert_int_equal(json_object_get_int(end), 3);
	json_object_put(root);
}

static void test_mmio(void **state)
{
	static const struct fake_step steps[] = {
		{ FAKE_MMIO, .insn = { 0x8b, 0x03 } },
		{ FAKE_OUT, 0xf4, 1, 0 }, { FAKE_END },
	};
	static const struct fake_step strange[] = {
		{ FAKE_MMIO, .insn = { 0x0f, 0xb1, 0x0b } }, { FAKE_END },
	};
	struct output o;

	(void)state;
	fake_reset(steps);
	assert_int_equal(run_with("--kernel K", "", &o), 0);
	assert_int_equal(fake.regs.gpr[LULL_RAX], 0xffffffff);
	assert_int_equal(fake.regs.rip, IMAGE_LOAD + 0x202);
	fake_reset(strange);
	assert_int_equal(run_with("--kernel K", "", &o), 4);
	assert_non_null(strstr(o.err, "cmpxchg"));
	assert_non_null(strstr(o.err, "0xfee00000"));
	assert_non_null(strstr(o.err, "rip "));
}

static void test_deaths(void **state)
{
	static const struct fake_step shutdown[] = {
		{ FAKE_SHUTDOWN }, { FAKE_END },
	};
	static const struct fake_step unhandled[] = {
		{ FAKE_UNHANDLED }, { FAKE_END },
	};
	static const struct fake_step reset[] = {
		{ FAKE_OUT, 0x64, 1, 0xfe }, { FAKE_END },
	};
	static const struct fake_step broken[] = { { FAKE_END } };
	struct output o;

	(void)state;
	fake_reset(shutdown);
	assert_int_equal(run_with("--kernel K", "", &o), 3);
	assert_non_null(strstr(o.err, "triple fault"));
	assert_non_null(strstr(o.err, "rip 0000000001000200"));
	assert_non_null(strstr(o.err, "nop"));
	fake_reset(unhandled);
	assert_int_equal(run_with("--kernel K", "", &o), 4);
	assert_non_null(strstr(o.err, "ept_violation (0x30)"));
	fake_reset(reset);
	assert_int_equal(run_with("--kernel K", "", &o), 2);
	fake_reset(broken);
	assert_int_equal(run_with("--kernel K", "", &o), 1);
	assert_non_null(strstr(o.err, "Input/output error"));
}

static void test_refusals(void **state)
{
	(void)state;
	fake_reset(NULL);
	assert_refused("", "--kernel: missing");
	assert_refused("--kernel=", "--kernel: needs the name of a file");
	assert_refused("--kernel K --initrd=", "--initrd: needs the name");
	assert_refused("--kernel K --stats=", "--stats: needs the name");
	assert_refused("--kernel /no/such", "/no/such: No such file");
	assert_refused("--kernel I", "not a Linux kernel");
	assert_refused("--kernel K --initrd /no/such", "/no/such");
	assert_refused("--kernel K --initrd /dev/null", "empty file");
	assert_refused("--kernel K --initrd /dev/zero --mem 20M",
		       "/dev/zero: more than 20480 KiB");
	assert_refused("--kernel K --mem 16M", "needs 18 MiB");
	assert_refused("--kernel K --mem 16777217", "multiple of 4096");
	assert_refused("--kernel K --shadow-pages 63", "--shadow-pages");
	assert_refused("--kernel K --shadow-pages 262145",
		       "--shadow-pages: 262145 is not within 64 and 262144");
	assert_refused("--kernel K --stats /no/such", "/no/such");
	assert_refused("--kernel K --stats /", "Is a directory");
	fake.api = 2;
	assert_refused("--kernel K", "API version 2");
	fake_reset(NULL);
	fake.caps.para_features = 0;
	assert_refused("--kernel K", "does not offer");
	fake_reset(NULL);
	fake.caps.para_features &= ~LULL_PARA_F_CR3_TARGETS;
	assert_refused("--kernel K --cr3-targets", "L1TF");
	assert_refused("--kernel K --idle-guard never", "never");
	assert_refused("--kernel K --idle stock --idle-guard kill",
		       "not stock");
	assert_refused("--kernel K --idle lazy --idle-guard audit",
		       "not lazy");
	assert_refused("--kernel K --idle stock --cr3-targets",
		       "--cr3-targets: not with --idle stock");
	assert_refused("--kernel K --idle stock --timer lull",
		       "--timer lull: not with --idle stock");
	assert_refused("--kernel K --backend kvm --timer pit",
		       "--timer: only with --backend lull");
	assert_refused("--kernel K --backend kvm --timer lull",
		       "--timer: only with --backend lull");
	fake_reset(NULL);
	fake.caps.para_features &= ~LULL_PARA_F_IDLE_GUARD;
	assert_refused("--kernel K --idle-guard kill", "--idle-guard");
	fake_reset(NULL);
	fake.caps.run_size = 8;
	assert_refused("--kernel K", "too small");
	fake_reset(NULL);
	fake.memory_errno = ENOMEM;
	assert_refused("--kernel K", "--mem: 256 MiB at 0 refused");
	fake_reset(NULL);
	fake.open_errno = ENOENT;
	assert_refused("--kernel K", "is lull.ko loaded?");
	fake.open_errno = EACCES;
	assert_refused("--kernel K", "Permission denied");
}

static void test_pinned(void **state)
{
	static const struct fake_step steps[] = {
		{ FAKE_OUT, 0xf4, 1, 6 }, { FAKE_END },
	};
	struct output o;

	(void)state;
	fake_reset(steps);
	assert_int_equal(run_with("--kernel K --cpu 1023", "", &o), 1);
	assert_non_null(strstr(o.err, "--cpu: cannot run on CPU 1023"));
	assert_int_equal(run_with("--kernel K --cpu 0", "", &o), 6);
}

/*
 * A child on a terminal of its own; the parent types and looks.  The guest
 * says "!" when it runs.
 */
struct session {
	pid_t pid;
	int master;
	struct termios before;
};

static void start_session(struct session *s, const struct fake_step *steps)
{
	char c = 0;
	int slave;

	fflush(NULL);
	assert_int_equal(openpty(&s->master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &s->before), 0);
	fake_reset(steps);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid) {
		login_tty(slave);
		exit(run("--kernel K"));
	}
	close(slave);
	while (c != '!')
		assert_int_equal(read(s->master, &c, 1), 1);
}

static struct termios settings(struct session *s)
{
	struct termios now;

	assert_int_equal(tcgetattr(s->master, &now), 0);
	return now;
}

static void type(struct session *s, const char *keys)
{
	assert_int_equal(write(s->master, keys, strlen(keys)), strlen(keys));
}

static int end_session(struct session *s)
{
	struct termios after;
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	after = settings(s);
	assert_int_equal(after.c_lflag, s->before.c_lflag);
	assert_int_equal(after.c_iflag, s->before.c_iflag);
	close(s->master);
	return status;
}

static const struct fake_step hang[] = {
	{ FAKE_OUT, THR, 1, '!' }, { FAKE_BLOCK }, { FAKE_END },
};

static void test_tty_quit(void **state)
{
	struct session s;

	(void)state;
	start_session(&s, hang);
	assert_int_equal(settings(&s).c_lflag & (ICANON | ECHO | ISIG), 0);
	type(&s, "abc\003\001q\001x");
	assert_int_equal(end_session(&s), 0);
}

static void test_tty_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	struct session s;
	unsigned int i;
	int status;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		start_session(&s, hang);
		kill(s.pid, signals[i]);
		status = end_session(&s);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 128 + signals[i]);
	}
}

static void test_tty_crash(void **state)
{
	static const struct fake_step crash[] = {
		{ FAKE_OUT, THR, 1, '!' }, { FAKE_CRASH },
	};
	struct session s;
	int status;

	(void)state;
	start_session(&s, crash);
	status = end_session(&s);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

/* Ctrl-Z from outside: the shell gets its terminal, then the guest again. */
static void test_tty_suspend(void **state)
{
	struct session s;
	int status;

	(void)state;
	start_session(&s, hang);
	kill(s.pid, SIGTSTP);
	assert_int_equal(waitpid(s.pid, &status, WUNTRACED), s.pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(settings(&s).c_lflag, s.before.c_lflag);
	kill(s.pid, SIGCONT);
	while (settings(&s).c_lflag & ICANON)
		poll(NULL, 0, 5);
	type(&s, "\001x");
	assert_int_equal(end_session(&s), 0);
}

/* Nothing to read must not mean reading nothing again and again. */
static void test_idle_costs_nothing(void **state)
{
	struct timespec used;
	clockid_t clock;
	int status;
	pid_t pid;

	(void)state;
	fflush(NULL);
	fake_reset(hang);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(STDIN_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		close(STDIN_FILENO);
		exit(run("--kernel K"));
	}
	poll(NULL, 0, 1000);
	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &used), 0);
	assert_int_equal(used.tv_sec, 0);
	assert_true(used.tv_nsec < 300000000);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 143);
}

static void test_output_gone(void **state)
{
	static const struct fake_step steps[] = {
		{ FAKE_OUT, THR, 1, 'x' }, { FAKE_BLOCK }, { FAKE_END },
	};
	int fds[2], status;
	pid_t pid;

	(void)state;
	fflush(NULL);
	fake_reset(steps);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		exit(run("--kernel K"));
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_arms),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_tty_quit),
		cmocka_unit_test(test_tty_signals),
		cmocka_unit_test(test_tty_crash),
		cmocka_unit_test(test_tty_suspend),
		cmocka_unit_test(test_idle_costs_nothing),
		cmocka_unit_test(test_output_gone),
	};

	return cmocka_run_group_tests_name("launcher_run", tests, setup,
					   teardown);
}
