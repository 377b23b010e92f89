// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses to no memory and to read-only memory: what the launcher gets to
 * do them in the guest's stead.
 *
 * Guards against: wrong addresses or instruction bytes; a read-only slot that
 * a guest can write, through whatever path; an endless loop where a table
 * cannot take its accessed bit.
 */
#include <kselftest_harness.h>
#include <sys/mman.h>

#include "lib/paging.h"
#include "lib/util.h"

#define MMIO_GPA	(3 * GIB)
#define MMIO_GVA	0x123456000000ULL
#define ROM_GPA		(4 * GIB)
#define ROM_GVA		0x123457000000ULL
#define CODE_GVA	0x123458000000ULL

FIXTURE(mmio) {
	struct test_vm vm;
	struct test_vcpu vcpu;
	u64 *rom;
};

FIXTURE_SETUP(mmio)
{
	vm_create(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
	pt_map(&self->vm, self->vm.cr3, MMIO_GVA, MMIO_GPA, PTE_RW);
	self->rom = alloc_pages(PAGE_SIZE);
	self->rom[0] = 0x1234567890abcdef;
	vm_set_memory(&self->vm, SLOT_FREE, LULL_MEM_READONLY, ROM_GPA,
		      PAGE_SIZE, self->rom);
	pt_map(&self->vm, self->vm.cr3, ROM_GVA, ROM_GPA, PTE_RW);
}

FIXTURE_TEARDOWN(mmio)
{
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

static void expect_mmio(struct test_vcpu *vcpu, u64 gpa, u64 gva, bool write)
{
	const struct lull_run *run = vcpu->run;

	vcpu_run_reason(vcpu, LULL_RUN_MMIO);
	if (run->mmio.gpa != gpa || run->mmio.gva != gva ||
	    run->mmio.write != write)
		test_fail("MMIO gpa 0x%llx gva 0x%llx write %u, not 0x%llx 0x%llx %u",
			  run->mmio.gpa, run->mmio.gva, run->mmio.write, gpa,
			  gva, write);
}

/* As a launcher does: the result into a register, RIP behind it. */
static void complete(struct test_vcpu *vcpu, int gpr, u64 value, int len)
{
	struct lull_regs regs;

	vcpu_get_regs(vcpu, &regs);
	if (gpr >= 0)
		regs.gpr[gpr] = value;
	regs.rip += len;
	vcpu_set_regs(vcpu, &regs);
}

static void guest_accesses(void *arg)
{
	u64 rax, rcx = 0x55;

	asm volatile("mov 0x10(%1), %0" : "=a" (rax) : "D" (MMIO_GVA));
	GUEST_ASSERT_EQ(rax, 0xfeedface);
	asm volatile("movb %%cl, 0xfff(%0)"
		     : : "D" (MMIO_GVA), "c" (rcx) : "memory");
}

TEST_F(mmio, read_and_write)
{
	static const u8 read_insn[] = { 0x48, 0x8b, 0x47, 0x10 };
	static const u8 write_insn[] = { 0x88, 0x8f, 0xff, 0x0f, 0, 0 };
	const struct lull_run *run = self->vcpu.run;
	struct lull_regs regs;

	vcpu_restart(&self->vcpu, guest_accesses, NULL);
	expect_mmio(&self->vcpu, MMIO_GPA + 0x10, MMIO_GVA + 0x10, false);
	EXPECT_EQ(LULL_INSN_MAX, run->mmio.insn_len);
	EXPECT_EQ(0, memcmp(run->mmio.insn, read_insn, sizeof(read_insn)));
	vcpu_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, memcmp(run->mmio.insn, (void *)regs.rip, LULL_INSN_MAX));
	/* If the launcher does nothing it comes again. */
	expect_mmio(&self->vcpu, MMIO_GPA + 0x10, MMIO_GVA + 0x10, false);
	complete(&self->vcpu, LULL_RAX, 0xfeedface, sizeof(read_insn));
	expect_mmio(&self->vcpu, MMIO_GPA + 0xfff, MMIO_GVA + 0xfff, true);
	EXPECT_EQ(0, memcmp(run->mmio.insn, write_insn, sizeof(write_insn)));
	complete(&self->vcpu, -1, 0, sizeof(write_insn));
	vcpu_run_done(&self->vcpu);
}

static void guest_call(void *arg)
{
	asm volatile("call *%0"
		     : : "r" (arg), "D" (MMIO_GVA) : "rax", "memory");
}

/* mov (%rdi), %rax; ret, so that the page ends behind "mov" or inside it. */
TEST_F(mmio, instruction_at_the_end_of_a_page)
{
	static const u8 insn[] = { 0x48, 0x8b, 0x07, 0xc3 };
	const struct lull_run *run = self->vcpu.run;
	struct test_vm *vm = &self->vm;
	u64 page = vm_alloc(vm, 2 * PAGE_SIZE);
	u64 gva = CODE_GVA + PAGE_SIZE - 3;

	memcpy(vm_ptr(vm, page + PAGE_SIZE - 3), insn, sizeof(insn));
	pt_map(vm, vm->cr3, CODE_GVA, page, PTE_RW);
	vcpu_restart(&self->vcpu, guest_call, (void *)gva);
	expect_mmio(&self->vcpu, MMIO_GPA, MMIO_GVA, false);
	EXPECT_EQ(3, run->mmio.insn_len);
	EXPECT_EQ(0, memcmp(run->mmio.insn, insn, 3));
	EXPECT_EQ(0, run->mmio.insn[3]);
	complete(&self->vcpu, LULL_RAX, 0, 3);
	pt_map(vm, vm->cr3, CODE_GVA + PAGE_SIZE, page + PAGE_SIZE, PTE_RW);
	vcpu_run_done(&self->vcpu);
	/* across two pages that are not neighbours in memory */
	gva = CODE_GVA + PAGE_SIZE - 2;
	page = vm_alloc(vm, 3 * PAGE_SIZE);
	memcpy(vm_ptr(vm, page + PAGE_SIZE - 2), insn, 2);
	memcpy(vm_ptr(vm, page + 2 * PAGE_SIZE), insn + 2, 2);
	pt_map(vm, vm->cr3, CODE_GVA + 4 * PAGE_SIZE, page, PTE_RW);
	pt_map(vm, vm->cr3, CODE_GVA + 5 * PAGE_SIZE, page + 2 * PAGE_SIZE,
	       PTE_RW);
	vcpu_restart(&self->vcpu, guest_call, (void *)(gva + 4 * PAGE_SIZE));
	expect_mmio(&self->vcpu, MMIO_GPA, MMIO_GVA, false);
	EXPECT_EQ(LULL_INSN_MAX, run->mmio.insn_len);
	EXPECT_EQ(0, memcmp(run->mmio.insn, insn, sizeof(insn)));
	complete(&self->vcpu, LULL_RAX, 0, 3);
	vcpu_run_done(&self->vcpu);
}

TEST_F(mmio, fetch_from_no_memory)
{
	vcpu_restart(&self->vcpu, guest_call, (void *)MMIO_GVA);
	expect_mmio(&self->vcpu, MMIO_GPA, MMIO_GVA, false);
	EXPECT_EQ(0, self->vcpu.run->mmio.insn_len);
}

static void guest_rom(void *arg)
{
	volatile u64 *rom = (u64 *)ROM_GVA;
	u64 rdi = ROM_GVA;

	GUEST_ASSERT_EQ(rom[0], 0x1234567890abcdef);
	asm volatile("movq $0, (%0)" : : "D" (ROM_GVA) : "memory");
	GUEST_ASSERT_EQ(rom[0], 0x1234567890abcdef);
	asm volatile("lock incq 8(%0)" : : "D" (ROM_GVA) : "memory");
	/* with CR0.WP off too */
	write_cr0(read_cr0() & ~CR0_WP);
	asm volatile("movq $0, (%0)" : : "D" (ROM_GVA) : "memory");
	write_cr0(read_cr0() | CR0_WP);
	/* INS has no launcher in between: what it stores is lost */
	asm volatile("insl" : "+D" (rdi) : "d" (0x80) : "memory");
	GUEST_ASSERT_EQ(rom[0], 0x1234567890abcdef);
	GUEST_ASSERT_EQ(rom[1], 0);
}

TEST_F(mmio, read_only_slot)
{
	vcpu_restart(&self->vcpu, guest_rom, NULL);
	expect_mmio(&self->vcpu, ROM_GPA, ROM_GVA, true);
	complete(&self->vcpu, -1, 0, 7);
	expect_mmio(&self->vcpu, ROM_GPA + 8, ROM_GVA + 8, true);
	complete(&self->vcpu, -1, 0, 5);
	expect_mmio(&self->vcpu, ROM_GPA, ROM_GVA, true);
	complete(&self->vcpu, -1, 0, 7);
	vcpu_run_done(&self->vcpu);
	EXPECT_EQ(0x1234567890abcdef, self->rom[0]);
	EXPECT_EQ(0, self->rom[1]);
}

/* Tables in ROM work, and keep what bits they have. */
static void guest_rom_tables(void *arg)
{
	volatile u64 *page = (u64 *)(512 * GIB);

	GUEST_ASSERT_EQ(page[0], 77);
	page[1] = 78;
	GUEST_ASSERT_EQ(page[1], 78);
}

TEST_F(mmio, page_tables_in_read_only_memory)
{
	struct test_vm *vm = &self->vm;
	u64 page = vm_alloc(vm, PAGE_SIZE);

	*(u64 *)vm_ptr(vm, page) = 77;
	self->rom[0] = page | PTE_RW;
	*pt_ptr(vm, pt_entry(vm, vm->cr3, 512 * GIB, 2)) = ROM_GPA | PTE_RW;
	vcpu_restart(&self->vcpu, guest_rom_tables, NULL);
	vcpu_run_done(&self->vcpu);
	EXPECT_EQ(page | PTE_RW, self->rom[0]);
}

/* Memory of a slot that the process does not have. */
static void guest_touch_hole(void *arg)
{
	GUEST_ASSERT_EQ(load64(ROM_GVA), 5);
	store64(ROM_GVA, 6);
}

TEST_F(mmio, unmapped_host_memory_is_efault)
{
	u64 *page;

	munmap(self->rom, PAGE_SIZE);
	vm_set_memory(&self->vm, SLOT_FREE, 0, 0, 0, NULL);
	vm_set_memory(&self->vm, SLOT_FREE, 0, ROM_GPA, PAGE_SIZE, self->rom);
	vcpu_restart(&self->vcpu, guest_touch_hole, NULL);
	EXPECT_EQ(-EFAULT, run_through(self->vcpu.fd));
	EXPECT_EQ(-EFAULT, run_through(self->vcpu.fd));
	page = mmap(self->rom, PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_EQ(self->rom, page);
	*page = 5;
	/* readable, but not writable */
	ASSERT_EQ(0, mprotect(page, PAGE_SIZE, PROT_READ));
	EXPECT_EQ(-EFAULT, run_through(self->vcpu.fd));
	EXPECT_EQ(5, *page);
	ASSERT_EQ(0, mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE));
	vcpu_run_done(&self->vcpu);
	EXPECT_EQ(6, *page);
}

TEST_HARNESS_MAIN
