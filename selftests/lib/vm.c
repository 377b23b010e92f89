// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/paging.h"
#include "lib/tables.h"
#include "lib/util.h"
#include "lib/vm.h"

#define KERNEL_STACK	(16 * 1024)
#define AR_CODE64	0xa09b
#define AR_CODE32	0xc09b
#define AR_DATA		0xc093
#define AR_UNUSABLE	0x10000

extern const char __executable_start[], _end[];

int try_ioctl(int fd, unsigned long cmd, const void *arg)
{
	int r = ioctl(fd, cmd, arg);

	return r < 0 ? -errno : r;
}

void must_ioctl(int fd, unsigned long cmd, void *arg, const char *name)
{
	int r = try_ioctl(fd, cmd, arg);

	if (r < 0)
		test_fail("%s: %s", name, strerror(-r));
}

int open_lull(void)
{
	int fd = open("/dev/lull", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		test_fail("/dev/lull: %s", strerror(errno));
	return fd;
}

void set_targets_parameter(const char *value)
{
	int fd = open("/sys/module/lull/parameters/cr3_targets_despite_l1tf",
		      O_WRONLY);

	CHECK(fd >= 0 && write(fd, value, 1) == 1);
	close(fd);
}

u64 allow_para_features(void)
{
	struct lull_caps caps = { 0 };
	int sys = open_lull();

	set_targets_parameter("1");
	CHECK(!try_ioctl(sys, LULL_GET_CAPS, &caps));
	close(sys);
	return caps.para_features;
}

int try_create_vm(int sys, u64 para_features, u32 shadow_pages)
{
	const struct lull_vm_config config = {
		.para_features = para_features,
		.shadow_pages = shadow_pages,
	};

	return try_ioctl(sys, LULL_CREATE_VM, &config);
}

int try_set_memory(int vm_fd, u32 slot, u32 flags, u64 gpa, u64 size,
		 const void *hva)
{
	const struct lull_memory_region region = {
		.slot = slot, .flags = flags, .gpa = gpa, .size = size,
		.hva = (u64)hva,
	};

	return try_ioctl(vm_fd, LULL_SET_MEMORY, &region);
}

int try_create_vcpu(int vm_fd, unsigned long id)
{
	return try_ioctl(vm_fd, LULL_CREATE_VCPU, (void *)id);
}

int try_irq_line(int vm_fd, u32 irq, u32 level)
{
	const struct lull_irq_line line = { .irq = irq, .level = level };

	return try_ioctl(vm_fd, LULL_IRQ_LINE, &line);
}

int try_run(int vcpu_fd)
{
	return try_ioctl(vcpu_fd, LULL_RUN, NULL);
}

int run_through(int vcpu_fd)
{
	int r;

	do {
		r = try_run(vcpu_fd);
	} while (r == -EINTR);
	return r;
}

static int check(int r, const char *what)
{
	if (r < 0)
		test_fail("%s: %s", what, strerror(-r));
	return r;
}

void vm_set_memory(struct test_vm *vm, u32 slot, u32 flags, u64 gpa, u64 size,
		   const void *hva)
{
	check(try_set_memory(vm->fd, slot, flags, gpa, size, hva),
	      "LULL_SET_MEMORY");
}

void vm_irq_line(struct test_vm *vm, u32 irq, u32 level)
{
	check(try_irq_line(vm->fd, irq, level), "LULL_IRQ_LINE");
}

void *vm_ptr(struct test_vm *vm, u64 gpa)
{
	if (gpa >= vm->ram_size)
		test_fail("0x%llx is not in the guest's RAM", gpa);
	return vm->ram + gpa;
}

u64 vm_alloc(struct test_vm *vm, u64 size)
{
	u64 gpa = vm->ram_next;

	vm->ram_next += (size + PAGE_SIZE - 1) & PAGE_MASK;
	if (vm->ram_next > vm->ram_size)
		test_fail("the guest's RAM is full");
	memset(vm->ram + gpa, 0, vm->ram_next - gpa);
	return gpa;
}

static void add_image(struct test_vm *vm)
{
	u64 start = (u64)__executable_start & PAGE_MASK;
	u64 end = ((u64)_end + PAGE_SIZE - 1) & PAGE_MASK;

	CHECK(start == IMAGE_GPA);
	vm_set_memory(vm, SLOT_IMAGE, 0, start, end - start, (void *)start);
}

void vm_create_config(struct test_vm *vm, const struct lull_vm_config *config)
{
	memset(vm, 0, sizeof(*vm));
	vm->sys = open_lull();
	vm->fd = check(try_ioctl(vm->sys, LULL_CREATE_VM, config),
		       "LULL_CREATE_VM");
	vm->ram_size = RAM_SIZE;
	vm->ram = alloc_pages(vm->ram_size);
	vm->ram_next = PAGE_SIZE;
	vm_set_memory(vm, SLOT_RAM, 0, 0, vm->ram_size, vm->ram);
	add_image(vm);
	vm->cr3 = pt_new_root(vm);
	pt_map_basics(vm, vm->cr3);
}

void vm_create_with(struct test_vm *vm, u64 para_features, u32 shadow_pages)
{
	const struct lull_vm_config config = {
		.para_features = para_features,
		.shadow_pages = shadow_pages,
	};

	vm_create_config(vm, &config);
}

void vm_create(struct test_vm *vm)
{
	vm_create_with(vm, 0, 0);
}

void vm_destroy(struct test_vm *vm)
{
	close(vm->fd);
	close(vm->sys);
	munmap(vm->ram, vm->ram_size);
}

static void init_sregs(struct test_vcpu *vcpu, u64 gdt, u64 idt)
{
	const struct lull_segment data = {
		.limit = ~0U, .ar = AR_DATA, .selector = GUEST_KDATA,
	};
	struct lull_sregs sregs = {
		.gdtr = { .base = gdt, .limit = 127 },
		.idtr = { .base = idt, .limit = 4095 },
		.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG,
		.cr3 = vcpu->vm->cr3,
		.cr4 = CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT,
		.efer = EFER_LME | EFER_LMA | EFER_NX | EFER_SCE,
	};
	int i;

	for (i = LULL_ES; i <= LULL_GS; i++)
		sregs.seg[i] = data;
	sregs.seg[LULL_CS] = (struct lull_segment) {
		.limit = ~0U, .ar = AR_CODE64, .selector = GUEST_KCODE,
	};
	sregs.seg[LULL_LDTR] = (struct lull_segment) { .ar = AR_UNUSABLE };
	sregs.seg[LULL_TR] = (struct lull_segment) {
		.base = gdt + offsetof(struct guest_cpu, tss),
		.limit = 0x67, .ar = AR_TSS_BUSY, .selector = GUEST_TSS,
	};
	vcpu_set_sregs(vcpu, &sregs);
}

/* The GDT's page, IDT, and the stacks. */
static void init_guest_cpu(struct test_vcpu *vcpu)
{
	struct test_vm *vm = vcpu->vm;
	u64 gdt = vm_alloc(vm, sizeof(struct guest_cpu));
	u64 idt = vm_alloc(vm, PAGE_SIZE);
	u64 rsp0 = vm_alloc(vm, KERNEL_STACK) + KERNEL_STACK;
	u64 user = vm_alloc(vm, PAGE_SIZE);

	vcpu->cpu = vm_ptr(vm, gdt);
	fill_guest_cpu(vcpu->cpu, gdt, rsp0);
	fill_idt(vm_ptr(vm, idt));
	pt_map(vm, vm->cr3, user, user, PTE_USER);
	vcpu->cpu->user_stack = user + PAGE_SIZE;
	init_sregs(vcpu, gdt, idt);
}

void vcpu_restart(struct test_vcpu *vcpu, guest_fn fn, void *arg)
{
	u64 stack = vm_alloc(vcpu->vm, KERNEL_STACK) + KERNEL_STACK - 8;
	struct lull_regs regs = {
		.rip = (u64)fn,
		.rflags = FLAGS_FIXED,
	};

	*(u64 *)vm_ptr(vcpu->vm, stack) = (u64)guest_done;
	regs.gpr[LULL_RDI] = (u64)arg;
	regs.gpr[LULL_RSP] = stack;
	vcpu_set_regs(vcpu, &regs);
}

static void set_code32(struct lull_sregs *sregs)
{
	sregs->seg[LULL_CS].ar = AR_CODE32;
	sregs->seg[LULL_CS].selector = GUEST_KCODE32;
}

/* Compatibility-mode code, the only kind that can leave paging. */
void leave_protection(void *arg);
asm(".pushsection .text\n"
    "	.code32\n"
    "leave_protection:\n"
    "	mov	%cr0, %eax\n"
    "	and	$0x7ffffffe, %eax\n"
    "	mov	%eax, %cr0\n"
    "	hlt\n"
    "	.code64\n"
    ".popsection");

void vcpu_restart_real_mode(struct test_vcpu *vcpu)
{
	struct lull_sregs sregs;

	vcpu_restart(vcpu, leave_protection, NULL);
	vcpu_get_sregs(vcpu, &sregs);
	set_code32(&sregs);
	vcpu_set_sregs(vcpu, &sregs);
}

void vcpu_restart_unpaged(struct test_vcpu *vcpu, guest_fn fn, void *arg)
{
	struct lull_sregs sregs;

	vcpu_restart(vcpu, fn, arg);
	vcpu_get_sregs(vcpu, &sregs);
	set_code32(&sregs);
	sregs.cr0 &= ~CR0_PG;
	sregs.cr4 &= ~CR4_PAE;
	sregs.efer = 0;
	vcpu_set_sregs(vcpu, &sregs);
}

void vcpu_create(struct test_vm *vm, struct test_vcpu *vcpu, int id,
		 guest_fn fn, void *arg)
{
	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->fd = check(try_create_vcpu(vm->fd, id), "LULL_CREATE_VCPU");
	vcpu->run = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		test_fail("mmap of the vCPU: %s", strerror(errno));
	init_guest_cpu(vcpu);
	vcpu_restart(vcpu, fn, arg);
}

void vcpu_destroy(struct test_vcpu *vcpu)
{
	munmap(vcpu->run, PAGE_SIZE);
	close(vcpu->fd);
}

void vcpu_get_regs(struct test_vcpu *vcpu, struct lull_regs *regs)
{
	must(vcpu->fd, LULL_GET_REGS, regs);
}

void vcpu_set_regs(struct test_vcpu *vcpu, const struct lull_regs *regs)
{
	must(vcpu->fd, LULL_SET_REGS, (void *)regs);
}

void vcpu_get_sregs(struct test_vcpu *vcpu, struct lull_sregs *sregs)
{
	must(vcpu->fd, LULL_GET_SREGS, sregs);
}

void vcpu_set_sregs(struct test_vcpu *vcpu, const struct lull_sregs *sregs)
{
	must(vcpu->fd, LULL_SET_SREGS, (void *)sregs);
}

void vcpu_get_stats(struct test_vcpu *vcpu, struct lull_vcpu_stats *stats)
{
	must(vcpu->fd, LULL_GET_STATS, stats);
}

u32 vcpu_run(struct test_vcpu *vcpu)
{
	check(run_through(vcpu->fd), "LULL_RUN");
	return vcpu->run->reason;
}

/* What the guest points to is in its RAM, or in this program. */
static const struct ucall *ucall_of(struct test_vcpu *vcpu)
{
	struct lull_regs regs;

	vcpu_get_regs(vcpu, &regs);
	if (regs.gpr[LULL_RDI] >= IMAGE_GPA)
		return (const struct ucall *)regs.gpr[LULL_RDI];
	return vm_ptr(vcpu->vm, regs.gpr[LULL_RDI]);
}

static bool is_ucall(struct test_vcpu *vcpu)
{
	const struct lull_run *run = vcpu->run;

	return run->reason == LULL_RUN_IO && run->io.port == UCALL_PORT &&
	       run->io.direction == LULL_IO_OUT && run->io.size == 4;
}

static void unexpected_exit(struct test_vcpu *vcpu)
{
	const struct lull_run *run = vcpu->run;
	struct lull_regs regs;

	vcpu_get_regs(vcpu, &regs);
	switch (run->reason) {
	case LULL_RUN_IO:
		test_fail("unexpected I/O: port 0x%x size %u %s, RIP 0x%llx",
			  run->io.port, run->io.size,
			  run->io.direction == LULL_IO_IN ? "in" : "out",
			  regs.rip);
	case LULL_RUN_MMIO:
		test_fail("unexpected MMIO: gpa 0x%llx gva 0x%llx %s, RIP 0x%llx",
			  run->mmio.gpa, run->mmio.gva,
			  run->mmio.write ? "write" : "read", regs.rip);
	case LULL_RUN_SHUTDOWN:
		test_fail("unexpected triple fault, RIP 0x%llx", regs.rip);
	default:
		test_fail("reason %u: exit %u, error %u, qualification 0x%llx, RIP 0x%llx",
			  run->reason, run->hw.exit_reason, run->hw.insn_error,
			  run->hw.qualification, regs.rip);
	}
}

static void fail_of_guest(const struct ucall *uc)
{
	const u64 *a = uc->args;

	if (uc->kind == UCALL_ASSERT)
		test_fail("%s:%llu: guest: %s (0x%llx, 0x%llx)",
			  (const char *)a[0], a[1], (const char *)a[2], a[3],
			  a[4]);
	test_fail("guest: unexpected trap %llu, error 0x%llx, RIP 0x%llx, CR2 0x%llx",
		  a[0], a[1], a[2], a[3]);
}

enum ucall_kind vcpu_run_ucall(struct test_vcpu *vcpu)
{
	vcpu_run(vcpu);
	if (!is_ucall(vcpu))
		unexpected_exit(vcpu);
	vcpu->uc = *ucall_of(vcpu);
	if (vcpu->uc.kind == UCALL_ASSERT || vcpu->uc.kind == UCALL_TRAP)
		fail_of_guest(&vcpu->uc);
	return vcpu->uc.kind;
}

void vcpu_run_sync(struct test_vcpu *vcpu, u64 stage)
{
	enum ucall_kind kind = vcpu_run_ucall(vcpu);

	if (kind != UCALL_SYNC || vcpu->uc.args[0] != stage)
		test_fail("the guest says %d %llu instead of stage %llu", kind,
			  vcpu->uc.args[0], stage);
}

void vcpu_run_done(struct test_vcpu *vcpu)
{
	enum ucall_kind kind = vcpu_run_ucall(vcpu);

	if (kind != UCALL_DONE)
		test_fail("the guest is at stage %llu and not done",
			  vcpu->uc.args[0]);
}

void vcpu_run_reason(struct test_vcpu *vcpu, u32 reason)
{
	if (vcpu_run(vcpu) == reason && !is_ucall(vcpu))
		return;
	if (is_ucall(vcpu)) {
		vcpu->uc = *ucall_of(vcpu);
		if (vcpu->uc.kind == UCALL_ASSERT ||
		    vcpu->uc.kind == UCALL_TRAP)
			fail_of_guest(&vcpu->uc);
		test_fail("the guest went on (ucall %llu) instead of reason %u",
			  vcpu->uc.kind, reason);
	}
	unexpected_exit(vcpu);
}

struct thread_args {
	struct test_vcpu *vcpu;
	int cpu;
};

static void *vcpu_thread(void *data)
{
	struct thread_args *args = data;

	if (args->cpu >= 0 && !pin_to_cpu(args->cpu))
		test_fail("there is no CPU %d", args->cpu);
	vcpu_run_done(args->vcpu);
	free(args);
	return NULL;
}

void vcpu_start(struct test_vcpu *vcpu, int cpu)
{
	struct thread_args *args = malloc(sizeof(*args));

	CHECK(args);
	*args = (struct thread_args) { vcpu, cpu };
	if (pthread_create(&vcpu->thread, NULL, vcpu_thread, args))
		test_fail("no thread");
}

void vcpu_join(struct test_vcpu *vcpu)
{
	pthread_join(vcpu->thread, NULL);
}

void vcpu_check_stats(struct test_vcpu *vcpu)
{
	struct lull_vcpu_stats stats;
	u64 sum, exits = 0;
	int i;

	vcpu_get_stats(vcpu, &stats);
	sum = stats.preempted;
	for (i = 0; i < LULL_NR_TICKS; i++)
		sum += stats.ticks[i];
	for (i = 0; i < LULL_NR_EXIT_REASONS; i++)
		exits += stats.exits[i];
	if (sum != stats.total)
		test_fail("ticks: %llu in buckets, %llu in total", sum,
			  stats.total);
	CHECK(stats.counters[LULL_CNT_FAULTS] <= stats.exits[0]);
	CHECK(stats.counters[LULL_CNT_CR3_LOADS] <= stats.exits[28]);
	CHECK(stats.counters[LULL_CNT_HYPERCALLS] == stats.exits[18]);
	CHECK(stats.counters[LULL_CNT_IDLE_ANNOUNCED] <=
	      stats.counters[LULL_CNT_IDLE_ENTERS]);
	CHECK(exits >= stats.counters[LULL_CNT_IO_USER]);
}

#define DEBUGFS		"/sys/kernel/debug/lull"

/* False where another thread has closed the VM, or it is another process's. */
static bool audit(const char *path, unsigned int *violations)
{
	FILE *file = fopen(path, "r");
	unsigned int found = 0;
	bool done;

	if (!file)
		return false;
	done = fscanf(file, "violations %u", &found) == 1;
	if (!done && !ferror(file))
		test_fail("%s: not understood", path);
	fclose(file);
	*violations += found;
	return done;
}

/* Returns how many VMs were audited. */
static unsigned int audit_all(const char *name, unsigned int *violations)
{
	unsigned int audited = 0;
	char pattern[80];
	glob_t found;
	size_t i;

	*violations = 0;
	if (access(DEBUGFS, R_OK | X_OK))
		test_fail("%s: %s; mount debugfs, and be root", DEBUGFS,
			  strerror(errno));
	snprintf(pattern, sizeof(pattern), "%s/%d-*/%s", DEBUGFS, getpid(),
		 name);
	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc; i++)
		audited += audit(found.gl_pathv[i], violations);
	globfree(&found);
	return audited;
}

unsigned int audit_vms(void)
{
	unsigned int violations;

	if (!audit_all("audit", &violations))
		test_fail("this process has no VM that can be audited");
	return violations;
}

unsigned int audit_structure(void)
{
	unsigned int violations;

	audit_all("audit_structure", &violations);
	return violations;
}

void run_guest(guest_fn fn, void *arg)
{
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, fn, arg);
	vcpu_run_done(&vcpu);
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}
