// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is not there, not allowed, or nonsense: every combination of
 * rights against an oracle; CR3 and page tables outside memory; random page
 * tables; MMIO; triple faults; what Lull does not handle.
 *
 * Guards against: a page fault with a wrong error code or CR2, or missing; A
 * and D bits that hardware would not set, or would; a guest that brings
 * trouble to anybody but itself.
 */
#include <kselftest_harness.h>
#include <sys/mman.h>

#include "lib/paging.h"
#include "lib/util.h"

#define TEST_GVA	(2 * GIB + 0x345000)
#define MMIO_GPA	(3 * GIB)
#define BIT_OF(n)	(1U << (n))

/*
 * The oracle.  Bits of a case, counted through: those of the leaf and of the
 * entry above it, and the control bits that change what they mean.
 */
enum {
	LEAF_P = BIT_OF(0), LEAF_W = BIT_OF(1), LEAF_U = BIT_OF(2),
	LEAF_NX = BIT_OF(3), UP_W = BIT_OF(4), UP_U = BIT_OF(5),
	UP_NX = BIT_OF(6), NO_WP = BIT_OF(7),
	NR_CASES = BIT_OF(8),
};

enum access { READ, WRITE, FETCH, USER_READ, USER_WRITE, USER_FETCH,
	      NR_ACCESSES };

static bool smep, smap;

/* The error code, or -1 for no fault (SDM: "Determination of Access Rights"). */
static int oracle(unsigned int c, enum access access)
{
	bool user = access >= USER_READ, write = access % 3 == WRITE;
	bool fetch = access % 3 == FETCH;
	bool can_write = (c & LEAF_W) && (c & UP_W);
	bool user_page = (c & LEAF_U) && (c & UP_U);
	bool nx = (c & LEAF_NX) || (c & UP_NX);
	int code = (user ? PF_U : 0) | (write ? PF_W : 0) | (fetch ? PF_I : 0);
	bool refused;

	if (!(c & LEAF_P))
		return code;
	if (user)
		refused = !user_page || (write && !can_write);
	else if (fetch)
		refused = user_page && smep;
	else
		refused = (user_page && smap) ||
			  (write && !can_write && !(c & NO_WP));
	if (fetch && nx)
		refused = true;
	return refused ? code | (int)PF_P : -1;
}

static u64 leaf_bits(unsigned int c)
{
	return (c & LEAF_P ? PTE_P : 0) | (c & LEAF_W ? PTE_W : 0) |
	       (c & LEAF_U ? PTE_U : 0) | (c & LEAF_NX ? PTE_NX : 0);
}

static u64 up_bits(unsigned int c)
{
	return PTE_P | (c & UP_W ? PTE_W : 0) | (c & UP_U ? PTE_U : 0) |
	       (c & UP_NX ? PTE_NX : 0);
}

static void do_read(void *arg)
{
	asm volatile("movl (%0), %%eax" : : "r" (arg) : "rax");
}

static void do_write(void *arg)
{
	asm volatile("movl $0xc3c3c3c3, (%0)" : : "r" (arg) : "memory");
}

static void do_fetch(void *arg)
{
	asm volatile("call *%0" : : "r" (arg) : "memory");
}

static const guest_fn accesses[] = { do_read, do_write, do_fetch };

struct oracle_args {
	u64 leaf;	/* gpa of the entries, which are pointers here */
	u64 up;
	u64 page;
};

static void set_case(const struct oracle_args *args, unsigned int c)
{
	volatile u64 *leaf = (u64 *)args->leaf, *up = (u64 *)args->up;

	*leaf = args->page | leaf_bits(c);
	*up = (*up & PTE_ADDR) | up_bits(c);
	write_cr0(c & NO_WP ? read_cr0() & ~CR0_WP : read_cr0() | CR0_WP);
	invlpg(TEST_GVA);
}

static void check_error(unsigned int c, enum access access)
{
	int want = oracle(c, access), error = -1;
	struct caught caught;

	if (access < USER_READ) {
		if (guest_catch(accesses[access], (void *)TEST_GVA, &caught))
			error = caught.trap.error;
	} else {
		guest_user(accesses[access % 3], (void *)TEST_GVA, &caught);
		if (!user_returned(&caught))
			error = caught.trap.error;
	}
	if (error != want)
		guest_assert_failed("oracle", c, "error code", error, want);
	if (error >= 0 && (caught.trap.vector != VEC_PF ||
			   caught.cr2 != TEST_GVA))
		guest_assert_failed("oracle", c, "vector and CR2",
				    caught.trap.vector, caught.cr2);
}

static void check_ad(const struct oracle_args *args, unsigned int c, u64 want)
{
	u64 entry = *(volatile u64 *)args->leaf;

	if ((entry & (PTE_A | PTE_D)) != want)
		guest_assert_failed("oracle", c, "A and D", entry, want);
}

static u64 ad_of(unsigned int c, enum access access)
{
	if (oracle(c, access) >= 0)
		return 0;
	return PTE_A | (access % 3 == WRITE ? PTE_D : 0);
}

/* Each access on tables that nothing has used yet. */
static void check_cold(const struct oracle_args *args, unsigned int c,
		       int nr_accesses)
{
	int access;

	for (access = 0; access < nr_accesses; access++) {
		set_case(args, c);
		check_error(c, access);
		check_ad(args, c, ad_of(c, access));
	}
}

/* One after the other: what one has brought into the TLB must not serve
 * another that has fewer rights.
 */
static void check_warm(const struct oracle_args *args, unsigned int c,
		       int nr_accesses)
{
	u64 ad = 0;
	int i;

	set_case(args, c);
	for (i = 0; i < 2 * nr_accesses; i++) {
		check_error(c, i % nr_accesses);
		ad |= ad_of(c, i % nr_accesses);
		check_ad(args, c, ad);
	}
}

static void check_all(const struct oracle_args *args, int nr_accesses)
{
	unsigned int c;

	for (c = 0; c < NR_CASES; c++) {
		check_cold(args, c, nr_accesses);
		check_warm(args, c, nr_accesses);
	}
	write_cr0(read_cr0() | CR0_WP);
}

static void guest_oracle(void *arg)
{
	check_all(arg, NR_ACCESSES);
}

/* What they change is the kernel's accesses to pages of the user's. */
static void guest_oracle_smep(void *arg)
{
	smep = cpuid(7, 0).ebx & BIT_OF(7);
	smap = cpuid(7, 0).ebx & BIT_OF(20);
	write_cr4(read_cr4() | (smep ? CR4_SMEP : 0) | (smap ? CR4_SMAP : 0));
	check_all(arg, USER_READ);
	if (!smap)
		return;
	/* AC suspends SMAP for what is not implicit. */
	*(volatile u64 *)((struct oracle_args *)arg)->up |= PTE_USER;
	*(volatile u64 *)((struct oracle_args *)arg)->leaf |= PTE_USER;
	invlpg(TEST_GVA);
	GUEST_ASSERT_EQ(guest_vector_of(do_read, (void *)TEST_GVA), VEC_PF);
	asm volatile("stac");
	do_read((void *)TEST_GVA);
	do_write((void *)TEST_GVA);
	asm volatile("clac");
	GUEST_ASSERT_EQ(guest_vector_of(do_read, (void *)TEST_GVA), VEC_PF);
}

static void run_oracle(guest_fn fn, u64 image_flags)
{
	static struct oracle_args args;
	struct test_vcpu vcpu;
	struct test_vm vm;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, fn, &args);
	pt_map_image(&vm, vm.cr3, image_flags);
	args.page = vm_alloc(&vm, PAGE_SIZE);
	args.leaf = pt_entry(&vm, vm.cr3, TEST_GVA, 1);
	args.up = pt_entry(&vm, vm.cr3, TEST_GVA, 2);
	memset(vm_ptr(&vm, args.page), 0xc3, PAGE_SIZE);	/* RET */
	vcpu_run_done(&vcpu);
	vcpu_destroy(&vcpu);
	vm_destroy(&vm);
}

TEST(every_combination_of_rights)
{
	run_oracle(guest_oracle, PTE_USER);
}

TEST(every_combination_of_rights_with_smep_and_smap)
{
	run_oracle(guest_oracle_smep, PTE_RW);
}

/* Without NXE bit 63 is reserved, and a fetch says so in no bit. */
static void fetch_test_page(void *arg)
{
	do_fetch((void *)TEST_GVA);
}

static void guest_no_nx(void *arg)
{
	volatile u64 *leaf = (u64 *)((struct oracle_args *)arg)->leaf;
	u64 page = ((struct oracle_args *)arg)->page;
	struct caught caught;
	u64 error;

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_NX);
	*leaf = page | PTE_RW | PTE_NX;
	invlpg(TEST_GVA);
	GUEST_ASSERT_EQ(guest_touch(TEST_GVA, false, &error), VEC_PF);
	GUEST_ASSERT_EQ(error, PF_P | PF_RSVD);
	GUEST_ASSERT_EQ(guest_touch(TEST_GVA, true, &error), VEC_PF);
	GUEST_ASSERT_EQ(error, PF_P | PF_RSVD | PF_W);
	*leaf = 0;
	invlpg(TEST_GVA);
	GUEST_ASSERT(guest_catch(fetch_test_page, NULL, &caught));
	GUEST_ASSERT_EQ(caught.trap.error, 0);
	*leaf = page | PTE_RW;
	GUEST_ASSERT(!guest_catch(fetch_test_page, NULL, &caught));
}

TEST(nx_without_nxe)
{
	run_oracle(guest_no_nx, PTE_USER);
}

/*
 * Reserved bits at each level, in a half of the address space where nothing
 * else is.
 */
#define FAR_GVA		0xffff912345678000ULL
static u64 entries[5];		/* gpa of FAR_GVA's entries, by level */

static void guest_reserved(void *arg)
{
	u32 width = cpuid(0x80000008, 0).eax & 0xff;
	u64 error, old;
	int level;

	for (level = 1; level <= 4; level++) {
		volatile u64 *entry = (u64 *)entries[level];

		old = *entry;
		GUEST_ASSERT_EQ(guest_touch(FAR_GVA, false, &error), -1);
		*entry = old | BIT_ULL(width);
		invlpg(FAR_GVA);
		GUEST_ASSERT_EQ(guest_touch(FAR_GVA, false, &error), VEC_PF);
		GUEST_ASSERT_EQ(error, PF_P | PF_RSVD);
		if (level >= 3) {	/* no 1 GiB pages are offered */
			*entry = old | PTE_PS;
			invlpg(FAR_GVA);
			GUEST_ASSERT_EQ(guest_touch(FAR_GVA, true, &error),
					VEC_PF);
			GUEST_ASSERT_EQ(error, PF_P | PF_RSVD | PF_W);
		}
		*entry = old;
		invlpg(FAR_GVA);
		GUEST_ASSERT_EQ(guest_touch(FAR_GVA, false, &error), -1);
	}
	/* A large page's address has to be a multiple of its size. */
	old = *(volatile u64 *)entries[2];
	*(volatile u64 *)entries[2] = 0x2000 | PTE_RW | PTE_PS;
	invlpg(FAR_GVA);
	GUEST_ASSERT_EQ(guest_touch(FAR_GVA, false, &error), VEC_PF);
	GUEST_ASSERT_EQ(error, PF_P | PF_RSVD);
	*(volatile u64 *)entries[2] = old;
}

TEST(reserved_bits)
{
	struct test_vcpu vcpu;
	struct test_vm vm;
	int level;

	vm_create(&vm);
	vcpu_create(&vm, &vcpu, 0, guest_reserved, NULL);
	pt_map(&vm, vm.cr3, FAR_GVA, vm_alloc(&vm, PAGE_SIZE), PTE_RW);
	for (level = 1; level <= 4; level++)
		entries[level] = pt_entry(&vm, vm.cr3, FAR_GVA, level);
	vcpu_run_done(&vcpu);
}

static void load_cr3(void *arg)
{
	write_cr3((u64)arg);
	asm volatile("nop");
	GUEST_ASSERT(false);
}

FIXTURE(end) {
	struct test_vm vm;
	struct test_vcpu vcpu;
};

FIXTURE_SETUP(end)
{
	vm_create(&self->vm);
	vcpu_create(&self->vm, &self->vcpu, 0, NULL, NULL);
}

/* Whatever the guest did, it is gone without trouble. */
FIXTURE_TEARDOWN(end)
{
	vcpu_destroy(&self->vcpu);
	vm_destroy(&self->vm);
}

/* The next fetch has no translation, nor has the handler: triple fault. */
TEST_F(end, cr3_outside_memory)
{
	static const u64 roots[] = { MMIO_GPA, 4 * GIB, RAM_SIZE };
	struct lull_sregs sregs;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		vcpu_get_sregs(&self->vcpu, &sregs);
		sregs.cr3 = self->vm.cr3;
		vcpu_set_sregs(&self->vcpu, &sregs);
		vcpu_restart(&self->vcpu, load_cr3, (void *)roots[i]);
		vcpu_run_reason(&self->vcpu, LULL_RUN_SHUTDOWN);
		vcpu_get_sregs(&self->vcpu, &sregs);
		EXPECT_EQ(roots[i], sregs.cr3);
	}
}

/* Tables that lie where no memory is read as ones. */
static void guest_table_in_mmio(void *arg)
{
	u64 error;

	*(volatile u64 *)arg = MMIO_GPA | PTE_USER;
	invlpg(TEST_GVA);
	GUEST_ASSERT_EQ(guest_touch(TEST_GVA, false, &error), VEC_PF);
	GUEST_ASSERT_EQ(error, PF_P | PF_RSVD);
}

TEST_F(end, page_table_outside_memory)
{
	u64 entry = pt_entry(&self->vm, self->vm.cr3, TEST_GVA, 2);

	vcpu_restart(&self->vcpu, guest_table_in_mmio, (void *)entry);
	vcpu_run_done(&self->vcpu);
}

static void triple_fault(void *arg)
{
	const struct { u16 limit; u64 base; } __attribute__((packed)) idt = {};

	asm volatile("lidt %0\n\tud2" : : "m" (idt));
}

static void guest_alive(void *arg)
{
	GUEST_ASSERT(arg);
}

TEST_F(end, triple_fault)
{
	struct lull_sregs sregs;
	struct lull_regs regs;

	vcpu_get_sregs(&self->vcpu, &sregs);
	vcpu_restart(&self->vcpu, triple_fault, NULL);
	vcpu_run_reason(&self->vcpu, LULL_RUN_SHUTDOWN);
	vcpu_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x0b0f, *(u16 *)regs.rip);
	/* It comes again, and the launcher can begin anew. */
	vcpu_run_reason(&self->vcpu, LULL_RUN_SHUTDOWN);
	vcpu_set_sregs(&self->vcpu, &sregs);
	vcpu_restart(&self->vcpu, guest_alive, (void *)1);
	vcpu_run_done(&self->vcpu);
}

static void clear_paging(void *arg)
{
	write_cr0(read_cr0() & ~CR0_PG);
}

static void guest_clears_paging(void *arg)
{
	GUEST_ASSERT_EQ(guest_vector_of(clear_paging, NULL), 13);
	GUEST_ASSERT(read_cr0() & CR0_PG);
}

TEST_F(end, paging_stays_on_in_64bit_code)
{
	vcpu_restart(&self->vcpu, guest_clears_paging, NULL);
	vcpu_run_done(&self->vcpu);
}

TEST_F(end, real_mode_is_not_handled)
{
	struct test_vcpu vcpu2;
	struct test_vm vm2;

	vm_create(&vm2);
	vcpu_create(&vm2, &vcpu2, 0, guest_alive, (void *)1);
	vcpu_restart_real_mode(&self->vcpu);
	vcpu_run_reason(&self->vcpu, LULL_RUN_MODE);
	EXPECT_EQ(LULL_MODE_REAL, self->vcpu.run->mode.wanted);
	EXPECT_EQ(-EIO, try_run(self->vcpu.fd));
	vcpu_run_done(&vcpu2);
	vcpu_destroy(&vcpu2);
	vm_destroy(&vm2);
}

/*
 * Entries that were never meant as such, at random; most of them name memory.
 * The guest gets what it gets, and a signal ends the ones that loop.
 */
#define NR_GARBAGE	64

static u64 rng_state = 88172645463325252ULL;

static u64 rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static u64 garbage_entry(void)
{
	u64 bits = rng() & (PTE_W | PTE_U | PTE_A | PTE_D | PTE_PS | PTE_NX);

	switch (rng() % 8) {
	case 0:
		return rng();
	case 1:
		return (rng() & 0xfffff000) | bits | PTE_P;
	default:
		return (rng() % RAM_SIZE & PTE_ADDR) | bits | PTE_P;
	}
}

static void fill_garbage(struct test_vm *vm, u64 *root)
{
	u64 *table = vm_ptr(vm, *root);
	int i;

	for (i = 0; i < 8 * PT_ENTRIES; i++)
		table[i] = garbage_entry();
	/* Some of them keep the guest going for a while. */
	if (rng() % 2)
		table[0] = *pt_ptr(vm, vm->cr3);
}

static void guest_garbage(void *arg)
{
	volatile u64 sum = 0;
	u64 i, gva;

	sti();
	write_cr3((u64)arg);
	for (i = 0; i < 50; i++) {
		gva = (i * 0x9e3779b97f4a7c15ULL) >> 17;
		sum += guest_touch(gva, i & 1, (u64 *)&sum);
	}
	guest_done();
}

TEST_F(end, garbage_page_tables)
{
	u64 root = vm_alloc(&self->vm, 8 * PAGE_SIZE);
	int i, r, loops = 0, no_memory = 0, ends[8] = { 0 };
	struct lull_sregs good;
	u64 end;

	if (!has_preemption_timer())
		SKIP(return, "Bochs without a preemption timer cannot");
	handle_sigusr1();
	vcpu_get_sregs(&self->vcpu, &good);
	for (i = 0; i < NR_GARBAGE; i++) {
		fill_garbage(&self->vm, &root);
		vcpu_set_sregs(&self->vcpu, &good);
		vcpu_restart(&self->vcpu, guest_garbage, (void *)root);
		alarm_us(20000);
		end = now_us() + 20000;
		do {
			r = try_run(self->vcpu.fd);
		} while (r == -EINTR && now_us() < end);
		loops += r == -EINTR;
		no_memory += r == -EFAULT;
		ASSERT_TRUE(r == 0 || r == -EINTR || r == -EFAULT);
		if (!r)
			ends[self->vcpu.run->reason]++;
	}
	TH_LOG("loops %d, no memory %d, I/O %d, MMIO %d, triple faults %d",
	       loops, no_memory, ends[LULL_RUN_IO], ends[LULL_RUN_MMIO],
	       ends[LULL_RUN_SHUTDOWN]);
	EXPECT_EQ(0, ends[LULL_RUN_FAIL_ENTRY]);
	EXPECT_EQ(0, ends[LULL_RUN_UNHANDLED]);
}

TEST_HARNESS_MAIN
