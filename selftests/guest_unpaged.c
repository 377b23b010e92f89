// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests without paging: 32-bit protected mode from the first instruction, the
 * ways from and to IA-32e mode, and two vCPUs of which one has paging.
 *
 * Guards against: shadow tables of one mode used in the other; a page table
 * that is written while paging is off and used as it was before; memory that
 * goes while such a guest maps it; modes that Lull does not run and that hang
 * or fail to enter.
 */
#include <kselftest_harness.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/paging.h"
#include "lib/util.h"

#define SLOT_GPA	0x80000000ULL
#define TEST_GVA	0x200000000ULL

/*
 * 32-bit code.  fn32_* take a pointer to struct access in EDI; start_* are
 * where a guest without paging begins and talk by GUEST_SYNC.
 */
void fn32_load(void *arg);
void fn32_store(void *arg);
void fn32_lme(void *arg);
void fn32_invlpg(void *arg);
void start_store(void *arg);
void start_loop(void *arg);
void start_pae(void *arg);
void start_32bit(void *arg);
/* To 32-bit code without paging, which runs fn32(arg), and back. */
u64 unpaged_call(guest_fn fn32, void *arg);

struct access {
	u32 gpa;
	u32 val;
	struct ucall uc;
};

asm(".pushsection .text\n"
"unpaged_call:\n"
"	push	%rbx\n"
"	push	%rbp\n"
"	mov	%edi, %ebx\n"
"	mov	%esi, %edi\n"
"	pushq	$0x40\n"			/* GUEST_KCODE32 */
"	mov	$1f, %eax\n"
"	push	%rax\n"
"	lretq\n"
"	.code32\n"
"1:	mov	%cr0, %eax\n"
"	btr	$31, %eax\n"
"	mov	%eax, %cr0\n"
"	mov	%cr4, %ebp\n"
"	mov	%ebp, %eax\n"
"	btr	$5, %eax\n"			/* legal without paging */
"	mov	%eax, %cr4\n"
"	call	*%ebx\n"
"	mov	%eax, %esi\n"
"	mov	%ebp, %cr4\n"
"	mov	%cr0, %eax\n"
"	bts	$31, %eax\n"
"	mov	%eax, %cr0\n"
"	ljmp	$0x08, $2f\n"			/* GUEST_KCODE */
"	.code64\n"
"2:	mov	%esi, %eax\n"
"	pop	%rbp\n"
"	pop	%rbx\n"
"	ret\n"
"	.code32\n"
"fn32_load:\n"
"	mov	(%edi), %eax\n"
"	mov	(%eax), %eax\n"
"	ret\n"
"fn32_store:\n"
"	mov	(%edi), %eax\n"
"	mov	4(%edi), %ecx\n"
"	mov	%ecx, (%eax)\n"
"	ret\n"
/* EFER before and after LME was cleared, which can be done here only. */
"fn32_lme:\n"
"	mov	$0xc0000080, %ecx\n"
"	rdmsr\n"
"	mov	%eax, (%edi)\n"
"	btr	$8, %eax\n"
"	wrmsr\n"
"	rdmsr\n"
"	mov	%eax, 4(%edi)\n"
"	bts	$8, %eax\n"
"	wrmsr\n"
"	mov	%cr0, %eax\n"
"	ret\n"
"fn32_invlpg:\n"
"	mov	(%edi), %eax\n"
"	invlpg	(%eax)\n"
"	mov	(%eax), %eax\n"
"	ret\n"
"start_store:\n"
"	call	fn32_store\n"
"	call	fn32_load\n"
"	mov	%eax, 16(%edi)\n"		/* uc.args[0] */
"	add	$8, %edi\n"
"	mov	$0x600, %edx\n"			/* UCALL_PORT */
"	out	%eax, %dx\n"
"	sub	$8, %edi\n"
"	jmp	start_store\n"
"start_loop:\n"
"	sti\n"
"	mov	(%edi), %eax\n"
"1:	addl	$1, (%eax)\n"
"	cmpl	$0, 4(%edi)\n"
"	je	1b\n"
"	add	$8, %edi\n"
"	mov	$0x600, %edx\n"
"	out	%eax, %dx\n"
"start_pae:\n"
"	mov	%cr4, %eax\n"
"	bts	$5, %eax\n"
"	mov	%eax, %cr4\n"
"start_32bit:\n"
"	mov	%cr0, %eax\n"
"	bts	$31, %eax\n"
"	mov	%eax, %cr0\n"
"	hlt\n"
"	.code64\n"
".popsection");

static struct access access_to(u64 gpa, u32 val)
{
	return (struct access) {
		.gpa = gpa, .val = val, .uc.kind = UCALL_SYNC,
	};
}

/* The guest's copy of what 32-bit code is given: below 4 GiB. */
static struct access shared;

FIXTURE(unpaged) {
	struct test_vm vm;
	struct test_vcpu vcpu;
	u64 page;
};

static void guest_nothing(void *arg)
{
}

FIXTURE_SETUP(unpaged)
{
	vm_create(&self->vm);
	self->page = vm_alloc(&self->vm, PAGE_SIZE);
	vcpu_create(&self->vm, &self->vcpu, 0, guest_nothing, NULL);
}

FIXTURE_TEARDOWN(unpaged)
{
	EXPECT_EQ(0, audit_vms());
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

static u32 *host_word(struct test_vm *vm, u64 gpa)
{
	return vm_ptr(vm, gpa);
}

TEST_F(unpaged, from_the_first_instruction)
{
	struct lull_sregs sregs;

	shared = access_to(self->page, 0x12345678);
	vcpu_restart_unpaged(&self->vcpu, start_store, &shared);
	vcpu_run_sync(&self->vcpu, 0x12345678);
	EXPECT_EQ(0x12345678, *host_word(&self->vm, self->page));
	vcpu_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0, sregs.cr0 & CR0_PG);
	EXPECT_EQ(0, sregs.cr4 & CR4_PAE);
	EXPECT_EQ(0, sregs.efer);
}

/* CR4.SMEP and SMAP guard user pages, and without paging there are none. */
TEST_F(unpaged, smep_and_smap_do_not_matter)
{
	struct lull_sregs sregs;
	u32 features = cpuid(7, 0).ebx;

	if (!(features & (1 << 7 | 1 << 20)))
		SKIP(return, "the CPU has neither");
	shared = access_to(self->page, 1);
	vcpu_restart_unpaged(&self->vcpu, start_store, &shared);
	vcpu_get_sregs(&self->vcpu, &sregs);
	sregs.cr4 |= features & 1 << 7 ? CR4_SMEP : 0;
	sregs.cr4 |= features & 1 << 20 ? CR4_SMAP : 0;
	vcpu_set_sregs(&self->vcpu, &sregs);
	vcpu_run_sync(&self->vcpu, 1);
}

static const u64 nowhere[] = { RAM_SIZE, 0x3ffffffc, 0xc0000000, 0xfffffffc };

TEST_F(unpaged, no_memory_is_mmio)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		shared = access_to(nowhere[i], 1);
		vcpu_restart_unpaged(&self->vcpu, start_store, &shared);
		vcpu_run_reason(&self->vcpu, LULL_RUN_MMIO);
		EXPECT_EQ(nowhere[i], self->vcpu.run->mmio.gpa);
		EXPECT_EQ(nowhere[i], self->vcpu.run->mmio.gva);
		EXPECT_TRUE(self->vcpu.run->mmio.write);
		/* mov %ecx, (%eax) */
		EXPECT_EQ(0x89, self->vcpu.run->mmio.insn[0]);
		EXPECT_EQ(0x08, self->vcpu.run->mmio.insn[1]);
	}
}

/* What the host does to the memory behind it, and the launcher to the slot. */
TEST_F(unpaged, memory_that_goes)
{
	u32 *mem = alloc_pages(PAGE_SIZE);

	shared = access_to(SLOT_GPA, 1);
	vm_set_memory(&self->vm, SLOT_FREE, 0, SLOT_GPA, PAGE_SIZE, mem);
	vcpu_restart_unpaged(&self->vcpu, start_store, &shared);
	vcpu_run_sync(&self->vcpu, 1);
	EXPECT_EQ(1, *mem);
	ASSERT_EQ(0, madvise(mem, PAGE_SIZE, MADV_DONTNEED));
	shared.val = 2;
	vcpu_run_sync(&self->vcpu, 2);
	EXPECT_EQ(2, *mem);
	vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
	vcpu_run_reason(&self->vcpu, LULL_RUN_MMIO);
	EXPECT_EQ(SLOT_GPA, self->vcpu.run->mmio.gpa);
	vm_set_memory(&self->vm, SLOT_FREE, LULL_MEM_READONLY, SLOT_GPA,
		      PAGE_SIZE, mem);
	vcpu_run_reason(&self->vcpu, LULL_RUN_MMIO);
	EXPECT_EQ(2, *mem);
}

static void guest_round_trip(void *arg)
{
	u64 page = (u64)arg, efer = rdmsr(MSR_EFER), cr0 = read_cr0();
	int i;

	for (i = 1; i <= 3; i++) {
		shared = access_to(page, i);
		unpaged_call(fn32_store, &shared);
		GUEST_ASSERT_EQ(load64(page), i);
		GUEST_ASSERT_EQ(unpaged_call(fn32_load, &shared), i);
		GUEST_ASSERT_EQ(unpaged_call(fn32_invlpg, &shared), i);
		GUEST_ASSERT_EQ(rdmsr(MSR_EFER), efer);
		GUEST_ASSERT_EQ(read_cr0(), cr0);
	}
	/* LMA goes with PG; LME stays until it is cleared. */
	GUEST_ASSERT_EQ(unpaged_call(fn32_lme, &shared), cr0 & ~CR0_PG);
	GUEST_ASSERT_EQ(shared.gpa, efer & ~EFER_LMA);
	GUEST_ASSERT_EQ(shared.val, efer & ~(EFER_LMA | EFER_LME));
	GUEST_ASSERT_EQ(rdmsr(MSR_EFER), efer);
}

TEST_F(unpaged, long_mode_and_back)
{
	vcpu_restart(&self->vcpu, guest_round_trip, (void *)self->page);
	vcpu_run_done(&self->vcpu);
}

/* arg: guest-physical addresses of two pages and of an entry. */
static void guest_writes_table(void *arg)
{
	u64 *gpa = arg;

	store64(gpa[0], 0xaaaa);
	store64(gpa[1], 0xbbbb);
	GUEST_ASSERT_EQ(load64(TEST_GVA), 0xaaaa);
	/* Paging off and on is a flush: no INVLPG is needed. */
	shared = access_to(gpa[2], gpa[1] | PTE_RW);
	unpaged_call(fn32_store, &shared);
	GUEST_ASSERT_EQ(load64(TEST_GVA), 0xbbbb);
	/* And from the other side: the table is what was written with paging. */
	store64(gpa[2], gpa[0] | PTE_RW);
	GUEST_ASSERT_EQ(unpaged_call(fn32_load, &shared) & PAGE_MASK, gpa[0]);
	GUEST_ASSERT_EQ(load64(TEST_GVA), 0xaaaa);
}

TEST_F(unpaged, tables_written_without_paging)
{
	static u64 gpa[3];

	gpa[0] = self->page;
	gpa[1] = vm_alloc(&self->vm, PAGE_SIZE);
	gpa[2] = pt_entry(&self->vm, self->vm.cr3, TEST_GVA, 1);
	*pt_ptr(&self->vm, gpa[2]) = gpa[0] | PTE_RW;
	vcpu_restart(&self->vcpu, guest_writes_table, gpa);
	vcpu_run_done(&self->vcpu);
}

/* arg: an entry.  Each stage sees what the other vCPU wrote to it. */
static void guest_with_paging(void *arg)
{
	u64 i;

	for (i = 0; i < 4; i++) {
		GUEST_ASSERT_EQ(load64(TEST_GVA), 0x100 + (i & 1));
		GUEST_SYNC(i);
		write_cr3(read_cr3());
	}
}

TEST_F(unpaged, beside_a_vcpu_with_paging)
{
	u64 other_page = vm_alloc(&self->vm, PAGE_SIZE);
	u64 entry = pt_entry(&self->vm, self->vm.cr3, TEST_GVA, 1);
	struct test_vcpu other;
	u64 i, to;

	*host_word(&self->vm, self->page) = 0x100;
	*host_word(&self->vm, other_page) = 0x101;
	*pt_ptr(&self->vm, entry) = self->page | PTE_RW;
	vcpu_restart(&self->vcpu, guest_with_paging, NULL);
	vcpu_create(&self->vm, &other, 1, guest_nothing, NULL);
	shared = access_to(entry, self->page | PTE_RW);
	vcpu_restart_unpaged(&other, start_store, &shared);
	for (i = 0; i < 4; i++) {
		to = (i & 1 ? other_page : self->page) | PTE_RW;
		shared.val = to;
		vcpu_run_sync(&other, to);
		vcpu_run_sync(&self->vcpu, i);
		EXPECT_EQ(0, audit_vms());
	}
	vcpu_destroy(&other);
}

static volatile bool counted;

static void guest_counts(void *arg)
{
	volatile u32 *count = arg;
	u32 i;

	sti();
	for (i = 0; i < 20000; i++)
		asm volatile("lock addl $1, %0" : "+m" (*count));
	counted = true;
}

/* While the child lives, what is written moves to another page. */
static void copy_on_write(void)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		sleep_us(1000);
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
}

/* Both at once, in threads, while the memory under them moves. */
TEST_F(unpaged, beside_one_while_memory_moves)
{
	struct test_vcpu other;
	int i;

	shared = access_to(self->page, 0);
	shared.uc.kind = UCALL_DONE;
	vcpu_create(&self->vm, &other, 1, guest_nothing, NULL);
	vcpu_restart_unpaged(&other, start_loop, &shared);
	vcpu_restart(&self->vcpu, guest_counts, (void *)(self->page + 8));
	vcpu_start(&other, -1);
	vcpu_start(&self->vcpu, -1);
	for (i = 0; i < 10; i++)
		copy_on_write();
	vcpu_join(&self->vcpu);
	*(volatile u32 *)&shared.val = 1;
	vcpu_join(&other);
	EXPECT_TRUE(counted);
	EXPECT_EQ(20000, host_word(&self->vm, self->page)[2]);
	EXPECT_NE(0, host_word(&self->vm, self->page)[0]);
	vcpu_destroy(&other);
}

TEST_F(unpaged, paging_without_long_mode_ends_it)
{
	vcpu_restart_unpaged(&self->vcpu, start_32bit, NULL);
	vcpu_run_reason(&self->vcpu, LULL_RUN_MODE);
	EXPECT_EQ(LULL_MODE_32BIT, self->vcpu.run->mode.wanted);
	EXPECT_EQ(-EIO, try_run(self->vcpu.fd));
}

TEST_F(unpaged, pae_paging_ends_it)
{
	vcpu_restart_unpaged(&self->vcpu, start_pae, NULL);
	vcpu_run_reason(&self->vcpu, LULL_RUN_MODE);
	EXPECT_EQ(LULL_MODE_PAE, self->vcpu.run->mode.wanted);
	EXPECT_EQ(-EIO, try_run(self->vcpu.fd));
}

struct mode_case {
	const char *what;
	u64 cr0_off;
	u64 cr4_off;
	u64 efer_off;
	int result;
};

static const struct mode_case mode_cases[] = {
	{ "real mode", CR0_PG | CR0_PE, 0, EFER_LMA, -EOPNOTSUPP },
	{ "PAE paging", 0, 0, EFER_LMA | EFER_LME, -EOPNOTSUPP },
	{ "32-bit paging", 0, CR4_PAE, EFER_LMA | EFER_LME, -EOPNOTSUPP },
	{ "paging in real mode", CR0_PE, 0, 0, -EINVAL },
	{ "IA-32e mode without paging", CR0_PG, 0, 0, -EINVAL },
	{ "IA-32e mode without PAE", 0, CR4_PAE, 0, -EINVAL },
	{ "unpaged with LME", CR0_PG, 0, EFER_LMA, 0 },
	{ "unpaged without PAE", CR0_PG, CR4_PAE, EFER_LMA, 0 },
};

TEST_F(unpaged, modes_that_the_launcher_sets)
{
	struct lull_sregs good, sregs;
	size_t i;

	vcpu_get_sregs(&self->vcpu, &good);
	for (i = 0; i < ARRAY_SIZE(mode_cases); i++) {
		const struct mode_case *c = &mode_cases[i];

		sregs = good;
		sregs.cr0 &= ~c->cr0_off;
		sregs.cr4 &= ~c->cr4_off;
		sregs.efer &= ~c->efer_off;
		EXPECT_EQ(c->result, try_ioctl(self->vcpu.fd, LULL_SET_SREGS,
					       &sregs)) {
			TH_LOG("%s", c->what);
		}
	}
	vcpu_set_sregs(&self->vcpu, &good);
	vcpu_run_done(&self->vcpu);
}

/* Virtual-8086 mode is a matter of protected mode. */
TEST_F(unpaged, rflags_vm)
{
	struct lull_regs regs;

	vcpu_get_regs(&self->vcpu, &regs);
	regs.rflags |= FLAGS_VM;
	EXPECT_EQ(-EINVAL, try_ioctl(self->vcpu.fd, LULL_SET_REGS, &regs));
	vcpu_restart_unpaged(&self->vcpu, start_32bit, NULL);
	EXPECT_EQ(0, try_ioctl(self->vcpu.fd, LULL_SET_REGS, &regs));
}

TEST_HARNESS_MAIN
