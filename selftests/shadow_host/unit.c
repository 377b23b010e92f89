// SPDX-License-Identifier: GPL-2.0-only
/*
 * One vCPU with CR3 on page 0, one address that maps one page, user and
 * writable.
 */
#include <string.h>

#include "unit.h"

static void unit_failed(const char *why)
{
	print_error("%s\n", why);
	fail();
}

/**
 * unit_gpa() - address of a page
 * @page:	its number
 *
 * Return: the guest-physical address.
 */
u64 unit_gpa(unsigned int page)
{
	return gfn_of_page(page) << 12;
}

/**
 * unit_set() - set a table's entry, before anything has cached it
 * @page:	the table
 * @index:	0 to 511
 * @entry:	the entry
 */
void unit_set(unsigned int page, unsigned int index, u64 entry)
{
	world.pages[page].mem[index] = entry;
}

/**
 * unit_monitor_write() - the monitor writes to a page for the guest
 * @page:	the page, whose contents stay as they are
 */
void unit_monitor_write(unsigned int page)
{
	lull_mmu_write_begin(&world.mmu, gfn_of_page(page));
	lull_mmu_write_end(&world.mmu);
}

/**
 * unit_mode() - control bits
 * @bits:	WP, NXE, SMEP, SMAP, no paging from bit 0 on
 *
 * Return: the same as a struct.
 */
struct lull_paging_mode unit_mode(unsigned int bits)
{
	return (struct lull_paging_mode){
		.wp = bits & 1,
		.nxe = bits & 2,
		.smep = bits & 4,
		.smap = bits & 8,
		.unpaged = bits & 16,
	};
}

/**
 * unit_start_mode() - control bits for the next root
 * @bits:	as for unit_mode()
 */
void unit_start_mode(unsigned int bits)
{
	const struct lull_paging_mode mode = unit_mode(bits);

	lull_mode_set(&world.vcpus[0].sh, &mode);
}

/**
 * unit_set_mode() - change control bits
 * @mode:	the new ones
 */
void unit_set_mode(const struct lull_paging_mode *mode)
{
	lull_shadow_set_mode(&world.vcpus[0].sh, mode);
	unit_flush();
}

/**
 * unit_flush() - the tables were written behind the MMU's back: begin anew
 */
void unit_flush(void)
{
	struct vcpu *vcpu = &world.vcpus[0];

	lull_mmu_zap_all(&world.mmu);
	wcache_clear(&vcpu->hw);
	cpu_arch_flush(vcpu);
	cpu_prepare(vcpu);
}

/**
 * unit_audit() - lull_mmu_audit() under the lock
 *
 * Return: what it returns.
 */
unsigned int unit_audit(void)
{
	unsigned int bad;

	spin_lock(&world.mmu.lock);
	bad = lull_mmu_audit(&world.mmu);
	spin_unlock(&world.mmu.lock);
	return bad;
}

/**
 * unit_corrupt() - change bytes, expect the audit to see it, change them back
 * @at:		the bytes
 * @to:		what they become, which is something else
 * @size:	how many
 */
void unit_corrupt(void *at, const void *to, size_t size)
{
	unsigned char saved[64];

	assert_in_range(size, 1, sizeof(saved));
	memcpy(saved, at, size);
	assert_memory_not_equal(at, to, size);
	memcpy(at, to, size);
	assert_int_not_equal(unit_audit(), 0);
	memcpy(at, saved, size);
	assert_int_equal(unit_audit(), 0);
}

/**
 * unit_setup() - cmocka setup: the world
 * @state:	ignored
 *
 * Return: 0.
 */
int unit_setup(void **state)
{
	const struct lull_paging_mode mode = unit_mode(3);

	host_catch = unit_failed;
	world_create(1, 64, false);
	unit_set(L4, 0, unit_gpa(L3) | ENTRY_RWU);
	unit_set(L3, 0, unit_gpa(L2) | ENTRY_RWU);
	unit_set(L2, 0, unit_gpa(L1) | ENTRY_RWU);
	unit_set(L1, 0, unit_gpa(DATA) | ENTRY_RWU);
	unit_set_mode(&mode);
	return 0;
}

/**
 * unit_teardown() - cmocka teardown: nothing may be left
 * @state:	ignored
 *
 * Return: 0.
 */
int unit_teardown(void **state)
{
	world_destroy();
	return 0;
}
