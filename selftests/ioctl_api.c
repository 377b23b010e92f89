// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls as monitor/uapi/API.rst specifies them: each documented error,
 * and that what was refused has changed nothing.
 *
 * Guards against: pads and flags that are let through and can then never get
 * a meaning; lengths that overflow; state that a refused call has half
 * changed.
 */
#include <kselftest_harness.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "hypercall/uapi/lull_para.h"
#include "lib/util.h"
#include "lib/vm.h"

#define BAD_POINTER	((void *)0x1000)
#define UNKNOWN_IOCTL	_IO(LULL_IOC, 0x7f)

FIXTURE(api) {
	struct test_vm vm;
	struct test_vcpu vcpu;
};

static void guest_nothing(void *arg)
{
}

FIXTURE_SETUP(api)
{
	vm_create(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, guest_nothing, NULL);
}

FIXTURE_TEARDOWN(api)
{
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

TEST_F(api, version)
{
	EXPECT_EQ(LULL_API_VERSION,
		  try_ioctl(self->vm.sys, LULL_GET_API_VERSION, NULL));
	EXPECT_EQ(-EINVAL,
		  try_ioctl(self->vm.sys, LULL_GET_API_VERSION, (void *)1));
}

TEST_F(api, caps)
{
	struct lull_caps caps = { 0 };

	ASSERT_EQ(0, try_ioctl(self->vm.sys, LULL_GET_CAPS, &caps));
	EXPECT_EQ(PARA_FEATURES,
		  caps.para_features & ~(u64)LULL_PARA_F_CR3_TARGETS);
	EXPECT_EQ(LULL_MAX_VCPUS, caps.max_vcpus);
	EXPECT_EQ(LULL_MAX_SLOTS, caps.max_slots);
	EXPECT_EQ(PAGE_SIZE, caps.run_size);
	EXPECT_NE(0, caps.tsc_khz);
	EXPECT_EQ(0, caps.features & ~(LULL_CAP_VPID | LULL_CAP_TPR_SHADOW |
				       LULL_CAP_NX | LULL_CAP_XSAVE));
	EXPECT_EQ(-EFAULT, try_ioctl(self->vm.sys, LULL_GET_CAPS,
				     BAD_POINTER));
}

/* Every ioctl, on every kind of descriptor that it does not belong to. */
TEST_F(api, unknown_ioctls)
{
	static const unsigned long of_system[] = {
		LULL_GET_API_VERSION, LULL_GET_CAPS, LULL_CREATE_VM,
	};
	static const unsigned long of_vm[] = {
		LULL_SET_MEMORY, LULL_CREATE_VCPU, LULL_IRQ_LINE,
	};
	static const unsigned long of_vcpu[] = {
		LULL_RUN, LULL_GET_REGS, LULL_SET_REGS, LULL_GET_SREGS,
		LULL_SET_SREGS, LULL_GET_STATS,
	};
	char arg[2048] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_system); i++) {
		EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.fd, of_system[i], arg));
		EXPECT_EQ(-ENOTTY, try_ioctl(self->vcpu.fd, of_system[i], arg));
	}
	for (i = 0; i < ARRAY_SIZE(of_vm); i++) {
		EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.sys, of_vm[i], arg));
		EXPECT_EQ(-ENOTTY, try_ioctl(self->vcpu.fd, of_vm[i], arg));
	}
	for (i = 0; i < ARRAY_SIZE(of_vcpu); i++) {
		EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.sys, of_vcpu[i], arg));
		EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.fd, of_vcpu[i], arg));
	}
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.sys, UNKNOWN_IOCTL, arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.fd, UNKNOWN_IOCTL, arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vcpu.fd, UNKNOWN_IOCTL, arg));
}

/* A number with another size is another ioctl. */
TEST_F(api, wrong_sizes)
{
	char arg[4096] = { 0 };

	EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.sys,
				     _IOW(LULL_IOC, 0x02, char[40]), arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.sys,
				     _IOW(LULL_IOC, 0x02, char[8]), arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.fd,
				     _IOW(LULL_IOC, 0x10, char[8]), arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vm.fd,
				     _IOR(LULL_IOC, 0x10,
					  struct lull_memory_region), arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vcpu.fd,
				     _IOR(LULL_IOC, 0x21, char[8]), arg));
	EXPECT_EQ(-ENOTTY, try_ioctl(self->vcpu.fd,
				     _IOW('k', 0x22, struct lull_regs), arg));
}

TEST_F(api, bad_pointers)
{
	static const unsigned long of_vcpu[] = {
		LULL_GET_REGS, LULL_SET_REGS, LULL_GET_SREGS, LULL_SET_SREGS,
		LULL_GET_STATS,
	};
	void *kernel = (void *)0xffff888000000000;
	size_t i;

	EXPECT_EQ(-EFAULT, try_ioctl(self->vm.sys, LULL_CREATE_VM, NULL));
	EXPECT_EQ(-EFAULT, try_ioctl(self->vm.sys, LULL_CREATE_VM, kernel));
	EXPECT_EQ(-EFAULT, try_ioctl(self->vm.fd, LULL_SET_MEMORY,
				     BAD_POINTER));
	EXPECT_EQ(-EFAULT, try_ioctl(self->vm.fd, LULL_SET_MEMORY, kernel));
	EXPECT_EQ(-EFAULT, try_ioctl(self->vm.fd, LULL_IRQ_LINE, BAD_POINTER));
	for (i = 0; i < ARRAY_SIZE(of_vcpu); i++) {
		EXPECT_EQ(-EFAULT, try_ioctl(self->vcpu.fd, of_vcpu[i],
					     BAD_POINTER));
		EXPECT_EQ(-EFAULT, try_ioctl(self->vcpu.fd, of_vcpu[i],
					     kernel));
	}
}

static int create_and_close(int sys, const struct lull_vm_config *config)
{
	int fd = try_ioctl(sys, LULL_CREATE_VM, config);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

TEST_F(api, create_vm_config)
{
	static const struct lull_vm_config bad[] = {
		{ .para_features = BIT_ULL(31) },
		{ .para_features = BIT_ULL(63) },
		{ .shadow_pages = 1 },
		{ .shadow_pages = LULL_MIN_SHADOW_PAGES - 1 },
		{ .shadow_pages = LULL_MAX_SHADOW_PAGES + 1 },
		{ .shadow_pages = ~0U },
		{ .flags = LULL_VM_F_ALL + 1 },
		{ .flags = 1U << 31 },
		{ .pad = { 1, 0 } },
		{ .pad = { 0, BIT_ULL(63) } },
	};
	static const struct lull_vm_config good[] = {
		{ 0 },
		{ .para_features = PARA_FEATURES },
		{ .shadow_pages = LULL_MIN_SHADOW_PAGES },
		{ .shadow_pages = LULL_MAX_SHADOW_PAGES },
		{ .flags = LULL_VM_F_GUARD_KILL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, create_and_close(self->vm.sys, &bad[i])) {
			TH_LOG("configuration %zu", i);
		}
	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_EQ(0, create_and_close(self->vm.sys, &good[i])) {
			TH_LOG("configuration %zu", i);
		}
}

TEST_F(api, descriptors_are_close_on_exec)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->vm.fd, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->vcpu.fd, F_GETFD));
}

TEST_F(api, no_read_write)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->vm.sys, &byte, 1));
	EXPECT_EQ(-1, write(self->vm.fd, &byte, 1));
	EXPECT_EQ(-1, read(self->vcpu.fd, &byte, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED,
				   self->vm.fd, 0));
}

#define PHYS_END	(1ULL << 52)	/* more than any guest has */

/* Where a guest's physical addresses end: the host's width, at most 46 bits. */
static u64 guest_phys_end(void)
{
	u32 width = cpuid(0x80000008, 0).eax & 0xff;

	return 1ULL << (width < 46 ? width : 46);
}

TEST_F(api, set_memory_einval)
{
	const u64 gpa = 4 * GIB, hva = (u64)self->vm.ram;
	const u64 end = guest_phys_end();
	const struct lull_memory_region bad[] = {
		{ .slot = LULL_MAX_SLOTS, 0, gpa, PAGE_SIZE, hva },
		{ .slot = ~0U, 0, gpa, PAGE_SIZE, hva },
		{ .slot = LULL_MAX_SLOTS, 0, 0, 0, 0 },
		{ SLOT_FREE, 2, gpa, PAGE_SIZE, hva },
		{ SLOT_FREE, 1U << 31, gpa, PAGE_SIZE, hva },
		{ SLOT_FREE, 0, gpa + 1, PAGE_SIZE, hva },
		{ SLOT_FREE, 0, gpa + 0x800, PAGE_SIZE, hva },
		{ SLOT_FREE, 0, gpa, PAGE_SIZE + 1, hva },
		{ SLOT_FREE, 0, gpa, 1, hva },
		{ SLOT_FREE, 0, gpa, PAGE_SIZE, hva + 8 },
		/* the end overflows, or is beyond physical addresses */
		{ SLOT_FREE, 0, -PAGE_SIZE, 2 * PAGE_SIZE, hva },
		{ SLOT_FREE, 0, PAGE_SIZE, -PAGE_SIZE, hva },
		{ SLOT_FREE, 0, PHYS_END - PAGE_SIZE, PAGE_SIZE, hva },
		{ SLOT_FREE, 0, 0, PHYS_END, hva },
		{ SLOT_FREE, 0, end - PAGE_SIZE, 2 * PAGE_SIZE, hva },
		{ SLOT_FREE, 0, end, PAGE_SIZE, hva },
		/* not the process's */
		{ SLOT_FREE, 0, gpa, 2 * PAGE_SIZE, -PAGE_SIZE },
		{ SLOT_FREE, 0, gpa, PAGE_SIZE, 0xffff888000000000 },
		{ SLOT_FREE, 0, gpa, PAGE_SIZE, 0x0000800000000000 },
		{ SLOT_FREE, 0, gpa, 2 * PAGE_SIZE, 0x00007ffffffff000 },
		{ SLOT_FREE, 0, gpa, 1ULL << 47, hva },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, try_ioctl(self->vm.fd, LULL_SET_MEMORY,
					     &bad[i])) {
			TH_LOG("region %zu", i);
		}
	EXPECT_EQ(0, try_set_memory(self->vm.fd, SLOT_FREE + 1, 0,
				    end - PAGE_SIZE, PAGE_SIZE, self->vm.ram));
	/* Nothing was made: the slot and the range are free. */
	EXPECT_EQ(0, try_set_memory(self->vm.fd, SLOT_FREE, 0, gpa, PAGE_SIZE,
				    self->vm.ram));
}

TEST_F(api, set_memory_overlap)
{
	const int fd = self->vm.fd;
	void *hva = self->vm.ram;

	ASSERT_EQ(0, try_set_memory(fd, 5, 0, 4 * GIB, 16 * PAGE_SIZE, hva));
	/* the slot is in use: nothing is changed in place */
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 5, 0, 4 * GIB, 16 * PAGE_SIZE,
					  hva));
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 5, 0, 8 * GIB, PAGE_SIZE, hva));
	/* same range, inside, across the start, across the end, around */
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 6, 0, 4 * GIB, 16 * PAGE_SIZE,
					  hva));
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 6, 0, 4 * GIB + PAGE_SIZE,
					  PAGE_SIZE, hva));
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 6, 0, 4 * GIB - PAGE_SIZE,
					  2 * PAGE_SIZE, hva));
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 6, 0, 4 * GIB + 15 * PAGE_SIZE,
					  2 * PAGE_SIZE, hva));
	EXPECT_EQ(-EEXIST, try_set_memory(fd, 6, 0, 4 * GIB - PAGE_SIZE,
					  18 * PAGE_SIZE, hva));
	/* neighbours do not overlap, and the same host memory may be twice */
	EXPECT_EQ(0, try_set_memory(fd, 6, 0, 4 * GIB - PAGE_SIZE, PAGE_SIZE,
				    hva));
	EXPECT_EQ(0, try_set_memory(fd, 7, LULL_MEM_READONLY,
				    4 * GIB + 16 * PAGE_SIZE, PAGE_SIZE, hva));
	EXPECT_EQ(-ENOENT, try_set_memory(fd, 8, 0, 0, 0, NULL));
	EXPECT_EQ(0, try_set_memory(fd, 5, 0, 0, 0, NULL));
	EXPECT_EQ(-ENOENT, try_set_memory(fd, 5, 0, 0, 0, NULL));
	EXPECT_EQ(0, try_set_memory(fd, 9, 0, 4 * GIB, 16 * PAGE_SIZE, hva));
}

TEST_F(api, set_memory_every_slot)
{
	u32 slot;

	for (slot = SLOT_FREE; slot < LULL_MAX_SLOTS; slot++)
		EXPECT_EQ(0, try_set_memory(self->vm.fd, slot, 0,
					    8 * GIB + slot * PAGE_SIZE,
					    PAGE_SIZE, self->vm.ram));
	for (slot = SLOT_FREE; slot < LULL_MAX_SLOTS; slot++)
		EXPECT_EQ(0, try_set_memory(self->vm.fd, slot, 0, 0, 0, NULL));
}

/* Bookkeeping for all of physical memory is more than there is. */
TEST_F(api, set_memory_enomem)
{
	void *hva = mmap(NULL, 1ULL << 45, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	if (hva == MAP_FAILED)
		SKIP(return, "no address space of that size");
	/* EINVAL where the guest's physical addresses are narrower. */
	r = try_set_memory(self->vm.fd, SLOT_FREE, 0, 4 * GIB, 1ULL << 45, hva);
	EXPECT_TRUE(r == -ENOMEM || r == -EINVAL);
	r = try_set_memory(self->vm.fd, SLOT_FREE, 0, 4 * GIB, 1ULL << 38, hva);
	EXPECT_EQ(-ENOMEM, r);
}

TEST_F(api, create_vcpu)
{
	int fd[LULL_MAX_VCPUS];
	int i;

	EXPECT_EQ(-EINVAL, try_create_vcpu(self->vm.fd, LULL_MAX_VCPUS));
	EXPECT_EQ(-EINVAL, try_create_vcpu(self->vm.fd, ~0UL));
	EXPECT_EQ(-EINVAL, try_create_vcpu(self->vm.fd, 1UL << 32));
	EXPECT_EQ(-EEXIST, try_create_vcpu(self->vm.fd, 0));
	for (i = 1; i < LULL_MAX_VCPUS; i++) {
		fd[i] = try_create_vcpu(self->vm.fd, i);
		ASSERT_GE(fd[i], 0);
		EXPECT_EQ(-EEXIST, try_create_vcpu(self->vm.fd, i));
	}
	/* Closed, the number is free again. */
	close(fd[3]);
	fd[3] = try_create_vcpu(self->vm.fd, 3);
	EXPECT_GE(fd[3], 0);
	for (i = 1; i < LULL_MAX_VCPUS; i++)
		close(fd[i]);
}

TEST_F(api, irq_line)
{
	u32 irq;

	for (irq = 0; irq < 20; irq++) {
		int want = irq == 0 || irq == 2 || irq > 15 ? -EINVAL : 0;

		EXPECT_EQ(want, try_irq_line(self->vm.fd, irq, 1));
		EXPECT_EQ(want, try_irq_line(self->vm.fd, irq, 1));
		EXPECT_EQ(want, try_irq_line(self->vm.fd, irq, 0));
		EXPECT_EQ(-EINVAL, try_irq_line(self->vm.fd, irq, 2));
		EXPECT_EQ(-EINVAL, try_irq_line(self->vm.fd, irq, ~0U));
	}
	EXPECT_EQ(-EINVAL, try_irq_line(self->vm.fd, ~0U, 0));
}

static int map_errno(int fd, u64 size, int flags, u64 offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

TEST_F(api, run_page)
{
	const int fd = self->vcpu.fd;

	EXPECT_EQ(0, map_errno(fd, PAGE_SIZE, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, map_errno(fd, 2 * PAGE_SIZE, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, map_errno(fd, PAGE_SIZE, MAP_SHARED, PAGE_SIZE));
	EXPECT_EQ(-EINVAL, map_errno(fd, PAGE_SIZE, MAP_PRIVATE, 0));
	/* It cannot grow either. */
	EXPECT_EQ(MAP_FAILED, mremap(self->vcpu.run, PAGE_SIZE, 2 * PAGE_SIZE,
				     MREMAP_MAYMOVE));
}

TEST_F(api, run_argument)
{
	EXPECT_EQ(-EINVAL, try_ioctl(self->vcpu.fd, LULL_RUN, (void *)1));
	EXPECT_EQ(0, run_through(self->vcpu.fd));
}

TEST_F(api, set_regs)
{
	struct lull_regs regs, before;
	int bit;

	vcpu_get_regs(&self->vcpu, &before);
	for (bit = 0; bit < 64; bit++) {
		bool never = bit == 3 || bit == 5 || bit == 15 || bit == 17 ||
			     bit > 21;

		regs = before;
		regs.rip = 0x1234;
		regs.rflags = BIT_ULL(bit) | FLAGS_FIXED;
		EXPECT_EQ(never ? -EINVAL : 0,
			  try_ioctl(self->vcpu.fd, LULL_SET_REGS, &regs)) {
			TH_LOG("RFLAGS bit %d", bit);
		}
		vcpu_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(never ? before.rip : 0x1234, regs.rip);
		vcpu_set_regs(&self->vcpu, &before);
	}
}

TEST_HARNESS_MAIN
