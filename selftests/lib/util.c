// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"

void test_fail(const char *format, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	printf("# %.*s\n", len, line);
	fflush(stdout);
	_exit(1);
}

void *alloc_pages(u64 size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		test_fail("mmap of %llu bytes failed", size);
	return mem;
}

void sleep_us(u64 us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	while (nanosleep(&ts, &ts))
		;
}

u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

bool pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

int count_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

bool has_preemption_timer(void)
{
	return !system("grep -qw preemption_timer /proc/cpuinfo");
}

static void nothing(int sig)
{
	(void)sig;
}

void handle_sigusr1(void)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
}

static timer_t timer_of_thread(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGUSR1,
	};
	timer_t timer;

	handle_sigusr1();
	event._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		test_fail("no timer");
	return timer;
}

static struct timespec us_to_timespec(u64 us)
{
	return (struct timespec) { us / 1000000, us % 1000000 * 1000 };
}

void alarm_us(u64 us)
{
	struct itimerspec when = { .it_value = us_to_timespec(us) };
	static timer_t timer;
	static bool made;

	if (!made)
		timer = timer_of_thread();
	made = true;
	timer_settime(timer, 0, &when, NULL);
}

void tick_us(u64 us)
{
	struct itimerspec when = {
		.it_value = us_to_timespec(us),
		.it_interval = us_to_timespec(us),
	};

	timer_settime(timer_of_thread(), 0, &when, NULL);
}
