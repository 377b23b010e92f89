// SPDX-License-Identifier: GPL-2.0-only
/* Runs in guests and on the bare machine: nothing of libc. */
#include "lib/guest.h"
#include "oracle/access.h"

/* In each page: data, a descriptor table, and code that tells the page. */
#define AT_DATA		0
#define AT_KCODE	64
#define AT_UCODE	128
#define AT_LDT		256

/* The descriptor at AT_LDT: index 32 of an LDT at the page, RPL 3. */
#define LDT_SELECTOR	(32 << 3 | 4 | 3)
#define DESC_DATA	0x0000f30000000000ULL	/* DPL 3, accessed */
#define DESC_LDT	0x0000820000000fffULL	/* limit 4095 */

/*
 * User code: the address is in RDI, and the value to write is in RSP, so that
 * no stack is needed.
 */
enum { UCODE_READ = 0, UCODE_WRITE = 8, UCODE_FETCH = 16, UCODE_LSL = 24 };

static const u8 ucode[] = {
	[UCODE_READ] = 0x48, 0x8b, 0x07,	/* MOV (%RDI), %RAX */
	0xcd, USER_RETURN_VECTOR,
	[UCODE_WRITE] = 0x48, 0x89, 0x27,	/* MOV %RSP, (%RDI) */
	0xcd, USER_RETURN_VECTOR,
	[UCODE_FETCH] = 0xff, 0xe7,		/* JMP *%RDI */
	[UCODE_LSL] = 0x31, 0xc0,		/* XOR %EAX, %EAX */
	0x0f, 0x03, 0xc7,			/* LSL %EDI, %EAX */
	0xcd, USER_RETURN_VECTOR,
};

struct op {
	const struct kind *kind;
	u64 gva;
	u64 value;
};

u64 slot_gva(unsigned int slot)
{
	u64 gva = 0;
	int level;

	for (level = 1; level <= WALK_LEVELS; level++)
		gva |= (u64)slot << (12 + 9 * (level - 1));
	return gva;
}

static unsigned int offset_of(const struct kind *kind)
{
	if (kind->access.implicit)
		return AT_LDT;
	if (kind->access.fetch)
		return kind->cpl3 ? AT_UCODE : AT_KCODE;
	return AT_DATA;
}

u64 access_gva(const struct kind *kind, unsigned int slot)
{
	return slot_gva(slot) + offset_of(kind);
}

/* A page's number; it fits into the limit of a descriptor. */
static void fill_page(u64 gpa)
{
	u32 number = gpa >> 12;
	u8 *page = (u8 *)gpa;

	store64(gpa + AT_DATA, number);
	page[AT_KCODE] = 0xb8;		/* MOV $number, %EAX; RET */
	*(u32 *)(page + AT_KCODE + 1) = number;
	page[AT_KCODE + 5] = 0xc3;
	page[AT_UCODE] = 0xb8;		/* the same; INT $0x80 */
	*(u32 *)(page + AT_UCODE + 1) = number;
	page[AT_UCODE + 5] = 0xcd;
	page[AT_UCODE + 6] = USER_RETURN_VECTOR;
	store64(gpa + AT_LDT, DESC_DATA | (number & 0xffff) |
		(u64)(number >> 16) << 48);
}

void access_init(bool gb_pages)
{
	unsigned int i;
	u64 slot;

	for (slot = 1; slot <= BATCH; slot++) {
		fill_page(ORACLE_LARGE + slot * PAGE_SIZE);
		fill_page(ORACLE_SMALL + slot * PAGE_SIZE);
		fill_page(ORACLE_OLD + slot * PAGE_SIZE);
		if (gb_pages)
			fill_page(slot_gva(slot) & (GIB - 1) & PAGE_MASK);
	}
	for (i = 0; i < sizeof(ucode); i++)
		((u8 *)ORACLE_USER)[i] = ucode[i];
}

static void set_ac(bool ac)
{
	u64 flags = read_flags() & ~FLAGS_AC;

	if (ac)
		flags |= FLAGS_AC;
	asm volatile("push %0\n\tpopf" : : "r" (flags) : "memory", "cc");
}

static u64 read_limit(void)
{
	u64 limit = 0;

	asm volatile("lsl %k1, %k0"
		     : "+r" (limit) : "r" (LDT_SELECTOR) : "memory", "cc");
	return limit;
}

static void supervisor_op(void *arg)
{
	struct op *op = arg;
	u64 value = op->value;

	set_ac(op->kind->access.ac);
	if (op->kind->access.implicit)
		value = read_limit();
	else if (op->kind->access.fetch)
		asm volatile("call *%1" : "=a" (value) : "r" (op->gva)
			     : "memory");
	else if (op->kind->access.write)
		store64(op->gva, value);
	else
		value = load64(op->gva);
	set_ac(false);
	op->value = value;
}

static void user_op(void *arg)
{
	const struct op *op = arg;
	const struct access_kind *access = &op->kind->access;
	u64 rip = ORACLE_USER + UCODE_READ, rdi = op->gva;

	if (access->fetch) {
		rip = ORACLE_USER + UCODE_FETCH;
	} else if (access->write) {
		rip = ORACLE_USER + UCODE_WRITE;
	} else if (access->implicit) {
		rip = ORACLE_USER + UCODE_LSL;
		rdi = LDT_SELECTOR;
	}
	asm volatile("pushq %0\n\tpushq %1\n\tpushq %2\n\tpushq %3\n\t"
		     "pushq %4\n\tiretq"
		     : : "i" (GUEST_UDATA), "r" (op->value),
			 "r" (FLAGS_FIXED | (access->ac ? FLAGS_AC : 0)),
			 "i" (GUEST_UCODE), "r" (rip), "D" (rdi) : "memory");
}

/* LDTR's base is @gva from now on; LLDT does not look there. */
static void set_ldt(u64 gva)
{
	u64 *gdt = this_guest_cpu()->gdt;

	gdt[GUEST_LDT >> 3] = DESC_LDT | (gva & 0xffffff) << 16 |
			      (gva >> 24 & 0xff) << 56;
	gdt[(GUEST_LDT >> 3) + 1] = gva >> 32;
	asm volatile("lldt %w0" : : "r" (GUEST_LDT) : "memory");
}

void access_do(const struct kind *kind, unsigned int slot, struct seen *seen)
{
	static u64 stamp = 0x123400000000ULL;	/* no value is written twice */
	struct op op = { kind, access_gva(kind, slot), ++stamp };
	struct caught caught;

	if (kind->access.implicit)
		set_ldt(slot_gva(slot));
	if (kind->cpl3) {
		guest_catch(user_op, &op, &caught);
		seen->fault = !user_returned(&caught);
		if (!kind->access.write)
			op.value = caught.trap.gpr[TRAP_RAX];
	} else {
		seen->fault = guest_catch(supervisor_op, &op, &caught);
	}
	seen->value = op.value;
	if (seen->fault) {
		seen->vector = caught.trap.vector;
		seen->error = caught.trap.error;
		seen->cr2 = caught.cr2;
	}
}

bool access_reached(const struct kind *kind, u64 gpa, u64 value)
{
	if (kind->access.fetch)		/* the operand of MOV $page, %EAX */
		return (u32)load64(gpa + 1) == (u32)value;
	if (kind->access.implicit)
		return ((load64(gpa) & 0xffff) |
			(load64(gpa) >> 48 & 0xf) << 16) == value;
	return load64(gpa) == value;
}
