// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else a kernel does with an address space that its idle task borrows:
 * each of these runs while the CPU idles in this process's, and would touch its
 * user half, or leave it, if the kernel did not withdraw its announcement.
 *
 * Usage: borrow kthread|text|profile
 *
 *   kthread  a kernel thread that uses this process's memory (vhost's worker,
 *            by kthread_use_mm()) is woken by a timer's interrupt, from idle
 *   text     a kernel thread patches text, in an address space of its own
 *   profile  samples with user stacks are taken by a timer's interrupt
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/perf_event.h>
#include <linux/types.h>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		4096
#define NSEC_PER_MSEC	1000000L

#define RING		64		/* descriptors of a vhost ring */
#define NR_RINGS	2		/* vsock: to receive, to transmit */
#define TRANSMIT	1
#define PACKET		44		/* struct virtio_vsock_hdr */
#define NR_KICKS	200

#define NR_PATCHES	5
/* perf_event's static key is patched so long after the last event's end */
#define PATCH_DELAY	(1200 * NSEC_PER_MSEC)

#define SAMPLE_PERIOD	(NSEC_PER_MSEC / 2)
#define SAMPLE_PAGES	64		/* a power of two */
#define SAMPLES_WANTED	50		/* in the idle task */

static void nap(long ns)
{
	struct timespec ts = { ns / (1000 * NSEC_PER_MSEC),
			       ns % (1000 * NSEC_PER_MSEC) };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* --- kthread: a vhost device whose driver and whose guest this process is */

struct ring {
	struct vring_desc desc[RING] __attribute__((aligned(16)));
	struct {
		__u16 flags;
		__u16 idx;
		__u16 ring[RING];
	} avail __attribute__((aligned(2)));
	struct {
		__u16 flags;
		__u16 idx;
		struct vring_used_elem ring[RING];
	} used __attribute__((aligned(4)));
};

struct device {
	struct ring ring[NR_RINGS];
	__u8 packet[PACKET];
} __attribute__((aligned(PAGE)));

static struct device device;

static void must_ioctl(int fd, unsigned long request, void *argument,
		       const char *name)
{
	if (ioctl(fd, request, argument))
		err(1, "%s", name);
}

#define MUST(fd, request, argument) \
	must_ioctl(fd, request, argument, #request)

static void set_memory(int vhost)
{
	struct vhost_memory *memory;

	memory = calloc(1, sizeof(*memory) + sizeof(memory->regions[0]));
	if (!memory)
		err(1, "memory");
	memory->nregions = 1;
	memory->regions[0].guest_phys_addr = (uintptr_t)&device;
	memory->regions[0].userspace_addr = (uintptr_t)&device;
	memory->regions[0].memory_size = sizeof(device);
	MUST(vhost, VHOST_SET_MEM_TABLE, memory);
	free(memory);
}

/* Returns the eventfd that kicks it. */
static int set_ring(int vhost, unsigned int index)
{
	struct ring *ring = &device.ring[index];
	struct vhost_vring_state size = { index, RING };
	struct vhost_vring_addr addr = {
		.index = index,
		.desc_user_addr = (uintptr_t)ring->desc,
		.avail_user_addr = (uintptr_t)&ring->avail,
		.used_user_addr = (uintptr_t)&ring->used,
	};
	struct vhost_vring_file kick = { index, eventfd(0, EFD_NONBLOCK) };

	if (kick.fd < 0)
		err(1, "eventfd");
	MUST(vhost, VHOST_SET_VRING_NUM, &size);
	MUST(vhost, VHOST_SET_VRING_ADDR, &addr);
	MUST(vhost, VHOST_SET_VRING_KICK, &kick);
	return kick.fd;
}

static int start_device(void)
{
	__u64 features = 1ULL << 32;		/* VIRTIO_F_VERSION_1 */
	__u64 cid = 3;
	int vhost, kick, on = 1;

	vhost = open("/dev/vhost-vsock", O_RDWR);
	if (vhost < 0)
		err(1, "/dev/vhost-vsock");
	MUST(vhost, VHOST_SET_OWNER, NULL);
	MUST(vhost, VHOST_SET_FEATURES, &features);
	set_memory(vhost);
	set_ring(vhost, 0);
	kick = set_ring(vhost, TRANSMIT);
	MUST(vhost, VHOST_VSOCK_SET_GUEST_CID, &cid);
	MUST(vhost, VHOST_VSOCK_SET_RUNNING, &on);
	return kick;
}

/* A packet of a sender that there is not: it is read and thrown away. */
static void transmit(void)
{
	struct ring *ring = &device.ring[TRANSMIT];
	unsigned int slot = ring->avail.idx % RING;

	ring->desc[slot].addr = (uintptr_t)device.packet;
	ring->desc[slot].len = sizeof(device.packet);
	ring->avail.ring[slot] = slot;
	__atomic_store_n(&ring->avail.idx, ring->avail.idx + 1,
			 __ATOMIC_RELEASE);
}

/*
 * Have the kernel write to @kick when @timer is due, in the timer's interrupt:
 * nothing of this process runs then.
 */
static void kick_later(aio_context_t aio, int timer, int kick)
{
	struct itimerspec when = { .it_value.tv_nsec = 2 * NSEC_PER_MSEC };
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = timer,
		.aio_buf = POLLIN,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = kick,
	};
	struct iocb *list = &cb;

	if (timerfd_settime(timer, 0, &when, NULL))
		err(1, "timerfd_settime");
	if (syscall(SYS_io_submit, aio, 1L, &list) != 1)
		err(1, "io_submit");
}

static void reap(aio_context_t aio)
{
	struct io_event event;

	if (syscall(SYS_io_getevents, aio, 1L, 1L, &event, NULL) != 1)
		err(1, "io_getevents");
}

static int use_kthread(void)
{
	__u16 *used = &device.ring[TRANSMIT].used.idx;
	aio_context_t aio = 0;
	int kick = start_device();
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	int i;

	if (timer < 0)
		err(1, "timerfd_create");
	if (syscall(SYS_io_setup, 1L, &aio))
		err(1, "io_setup");
	for (i = 0; i < NR_KICKS; i++) {
		transmit();
		kick_later(aio, timer, kick);
		nap(6 * NSEC_PER_MSEC);
		reap(aio);
		if (__atomic_load_n(used, __ATOMIC_ACQUIRE) != i + 1)
			errx(1, "packet %d: vhost's thread has used %u", i,
			     *used);
	}
	printf("%d packets\n", NR_KICKS);
	return 0;
}

/* --- text: the first event of a task has text patched, and so has its end */

static int open_event(__u64 config, pid_t pid, int cpu,
		      struct perf_event_attr *attr)
{
	int fd;

	attr->type = PERF_TYPE_SOFTWARE;
	attr->size = sizeof(*attr);
	attr->config = config;
	fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, 0);
	if (fd < 0)
		err(1, "perf_event_open");
	return fd;
}

static int patch_text(void)
{
	int i;

	for (i = 0; i < NR_PATCHES; i++) {
		struct perf_event_attr attr = { 0 };

		close(open_event(PERF_COUNT_SW_TASK_CLOCK, 0, -1, &attr));
		nap(PATCH_DELAY);
	}
	return 0;
}

/* --- profile: the CPU's clock as an event, of whatever runs on it */

struct sample {
	struct perf_event_header header;
	__u64 ip;
	__u32 pid;
	__u32 tid;
};

static int open_profile(void)
{
	struct perf_event_attr attr = {
		.sample_period = SAMPLE_PERIOD,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
			       PERF_SAMPLE_STACK_USER,
		.sample_regs_user = 0xff,
		.sample_stack_user = 1024,
	};

	return open_event(PERF_COUNT_SW_CPU_CLOCK, -1, 0, &attr);
}

static void read_ring(const char *data, size_t size, __u64 at, void *to,
		      size_t n)
{
	char *byte = to;

	while (n--)
		*byte++ = data[at++ % size];
}

/* Samples in the ring of the idle task, and of this one. */
static void count_samples(struct perf_event_mmap_page *page,
			  unsigned int *idle, unsigned int *own)
{
	const char *data = (const char *)page + PAGE;
	size_t size = SAMPLE_PAGES * PAGE;
	__u64 head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	__u64 tail = page->data_tail;
	struct sample sample;

	for (; tail < head; tail += sample.header.size) {
		read_ring(data, size, tail, &sample, sizeof(sample));
		if (sample.header.type != PERF_RECORD_SAMPLE)
			continue;
		*idle += !sample.pid;
		*own += sample.pid == (__u32)getpid();
	}
	__atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

static void spin(long ns)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000 * NSEC_PER_MSEC +
		 now.tv_nsec - begin.tv_nsec < ns);
}

static int profile(void)
{
	unsigned int idle = 0, own = 0;
	struct perf_event_mmap_page *page;
	int fd = open_profile();
	int i;

	page = mmap(NULL, (1 + SAMPLE_PAGES) * PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		err(1, "perf's ring");
	for (i = 0; i < 10; i++) {
		nap(10 * NSEC_PER_MSEC);
		spin(2 * NSEC_PER_MSEC);
		count_samples(page, &idle, &own);
	}
	printf("%u samples in the idle task, %u in this\n", idle, own);
	return idle < SAMPLES_WANTED || !own;
}

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "kthread", use_kthread },
	{ "text", patch_text },
	{ "profile", profile },
};

int main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc == 2 && i < ARRAY_SIZE(tests); i++) {
		if (!strcmp(argv[1], tests[i].name))
			return tests[i].run();
	}
	errx(2, "usage: borrow kthread|text|profile");
}
