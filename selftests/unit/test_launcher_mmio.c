// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions on memory that is not there.  The oracle is the CPU under the
 * test: it runs the same bytes on a page full of ones, and the registers and
 * flags afterwards must be the same.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cmocka_all.h"
#include "launcher/decode.h"
#include "launcher/mmio.h"
#include "monitor/uapi/lull.h"

#define ROUNDS		200
#define FLAGS_RESULT	0x8d5ULL	/* OF SF ZF AF PF CF */
#define FLAG_AF		0x10ULL
#define FLAG_DF		0x400ULL
#define OFFSET		2048		/* where in the page RBX points */

struct mmio_case {
	const char *text;
	u8 length;
	u8 bytes[LULL_INSN_MAX];
	bool logical;		/* AF is undefined */
};

/* The memory operand is (%rbx), or (%rdi) and (%rsi) for strings. */
static const struct mmio_case cases[] = {
	{ "mov %al,(%rbx)", 2, { 0x88, 0x03 } },
	{ "mov %ecx,(%rbx)", 2, { 0x89, 0x0b } },
	{ "mov (%rbx),%al", 2, { 0x8a, 0x03 } },
	{ "mov (%rbx),%ah", 2, { 0x8a, 0x23 } },
	{ "mov (%rbx),%sil", 3, { 0x40, 0x8a, 0x33 } },
	{ "mov (%rbx),%r9b", 3, { 0x44, 0x8a, 0x0b } },
	{ "mov (%rbx),%ax", 3, { 0x66, 0x8b, 0x03 } },
	{ "mov (%rbx),%edx", 2, { 0x8b, 0x13 } },
	{ "mov (%rbx),%rdx", 3, { 0x48, 0x8b, 0x13 } },
	{ "mov (%rbx),%r11", 3, { 0x4c, 0x8b, 0x1b } },
	{ "movl $0x12345678,(%rbx)", 6, { 0xc7, 0x03, 0x78, 0x56, 0x34,
					  0x12 } },
	{ "movzbl (%rbx),%eax", 3, { 0x0f, 0xb6, 0x03 } },
	{ "movzbw (%rbx),%ax", 4, { 0x66, 0x0f, 0xb6, 0x03 } },
	{ "movzwl (%rbx),%ecx", 3, { 0x0f, 0xb7, 0x0b } },
	{ "movzwq (%rbx),%rcx", 4, { 0x48, 0x0f, 0xb7, 0x0b } },
	{ "movsbl (%rbx),%eax", 3, { 0x0f, 0xbe, 0x03 } },
	{ "movsbw (%rbx),%r8w", 5, { 0x66, 0x44, 0x0f, 0xbe, 0x03 } },
	{ "movswq (%rbx),%rdx", 4, { 0x48, 0x0f, 0xbf, 0x13 } },
	{ "movslq (%rbx),%rax", 3, { 0x48, 0x63, 0x03 } },
	{ "movnti %eax,(%rbx)", 3, { 0x0f, 0xc3, 0x03 } },
	{ "xchg %eax,(%rbx)", 2, { 0x87, 0x03 } },
	{ "xchg %dl,(%rbx)", 2, { 0x86, 0x13 } },
	{ "stosb", 1, { 0xaa } },
	{ "stosl", 1, { 0xab } },
	{ "stosq", 2, { 0x48, 0xab } },
	{ "lodsb", 1, { 0xac } },
	{ "lodsw", 2, { 0x66, 0xad } },
	{ "lodsl", 1, { 0xad } },
	{ "lodsq", 2, { 0x48, 0xad } },
	{ "and %eax,(%rbx)", 2, { 0x21, 0x03 }, true },
	{ "and (%rbx),%cl", 2, { 0x22, 0x0b }, true },
	{ "and $-2,(%rbx)", 3, { 0x83, 0x23, 0xfe }, true },
	{ "or (%rbx),%rdx", 3, { 0x48, 0x0b, 0x13 }, true },
	{ "orb $0x80,(%rbx)", 3, { 0x80, 0x0b, 0x80 }, true },
	{ "xor %r8d,(%rbx)", 3, { 0x44, 0x31, 0x03 }, true },
	{ "xor (%rbx),%ax", 3, { 0x66, 0x33, 0x03 }, true },
	{ "add (%rbx),%eax", 2, { 0x03, 0x03 } },
	{ "add %ah,(%rbx)", 2, { 0x00, 0x23 } },
	{ "add %rdx,(%rbx)", 3, { 0x48, 0x01, 0x13 } },
	{ "sub (%rbx),%eax", 2, { 0x2b, 0x03 } },
	{ "sub %cl,(%rbx)", 2, { 0x28, 0x0b } },
	{ "subq $-128,(%rbx)", 4, { 0x48, 0x83, 0x2b, 0x80 } },
	{ "test %eax,(%rbx)", 2, { 0x85, 0x03 }, true },
	{ "testb $1,(%rbx)", 3, { 0xf6, 0x03, 0x01 }, true },
	{ "testl $0x8000,(%rbx)", 6, { 0xf7, 0x03, 0x00, 0x80, 0, 0 }, true },
	{ "cmp (%rbx),%eax", 2, { 0x3b, 0x03 } },
	{ "cmp %dx,(%rbx)", 3, { 0x66, 0x39, 0x13 } },
	{ "cmpb $0xff,(%rbx)", 3, { 0x80, 0x3b, 0xff } },
	{ "cmpl $-1,(%rbx)", 3, { 0x83, 0x3b, 0xff } },
	{ "cmpq $0x7fffffff,(%rbx)", 7, { 0x48, 0x81, 0x3b, 0xff, 0xff, 0xff,
					   0x7f } },
};

static u8 *ones, *code;

static int setup(void **state)
{
	(void)state;
	ones = mmap(NULL, GUEST_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	code = mmap(NULL, GUEST_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return ones == MAP_FAILED || code == MAP_FAILED ? -1 : 0;
}

/*
 * r10 keeps the address of @regs: no case uses it.  The stack pointer is left
 * alone, but moved below the red zone.
 */
static void run_natively(struct lull_regs *regs)
{
	asm volatile("lea -128(%%rsp), %%rsp\n\t"
		     "push %%rbx\n\t"
		     "mov %[regs], %%r10\n\t"
		     "push 136(%%r10)\n\t"
		     "popf\n\t"
		     "mov 0(%%r10), %%rax\n\t"
		     "mov 8(%%r10), %%rcx\n\t"
		     "mov 16(%%r10), %%rdx\n\t"
		     "mov 24(%%r10), %%rbx\n\t"
		     "mov 48(%%r10), %%rsi\n\t"
		     "mov 56(%%r10), %%rdi\n\t"
		     "mov 64(%%r10), %%r8\n\t"
		     "mov 72(%%r10), %%r9\n\t"
		     "mov 88(%%r10), %%r11\n\t"
		     "call *128(%%r10)\n\t"
		     "mov %%rax, 0(%%r10)\n\t"
		     "mov %%rcx, 8(%%r10)\n\t"
		     "mov %%rdx, 16(%%r10)\n\t"
		     "mov %%rbx, 24(%%r10)\n\t"
		     "mov %%rsi, 48(%%r10)\n\t"
		     "mov %%rdi, 56(%%r10)\n\t"
		     "mov %%r8, 64(%%r10)\n\t"
		     "mov %%r9, 72(%%r10)\n\t"
		     "mov %%r11, 88(%%r10)\n\t"
		     "pushf\n\t"
		     "pop 136(%%r10)\n\t"
		     "cld\n\t"
		     "pop %%rbx\n\t"
		     "lea 128(%%rsp), %%rsp"
		     : : [regs] "r" (regs)
		     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
		       "r11", "memory", "cc");
}

static u64 random_value(void)
{
	static const u64 special[] = {
		0, 1, ~0ULL, 0x7f, 0x80, 0x7fffffff, 0x80000000, 1ULL << 63,
	};
	u64 value = (u64)random() << 40 ^ (u64)random() << 20 ^ random();

	return random() & 1 ? value : special[random() % ARRAY_SIZE(special)];
}

static void random_regs(struct lull_regs *regs)
{
	unsigned int i;

	memset(regs, 0, sizeof(*regs));
	for (i = 0; i < LULL_NR_GPRS; i++)
		regs->gpr[i] = random_value();
	regs->gpr[LULL_RBX] = (u64)ones + OFFSET;
	regs->gpr[LULL_RSI] = (u64)ones + OFFSET;
	regs->gpr[LULL_RDI] = (u64)ones + OFFSET;
	regs->rflags = 0x202 | (random() & (FLAGS_RESULT | FLAG_DF));
	regs->rip = (u64)code;
}

static void compare(const struct mmio_case *c, const struct lull_regs *got,
		    const struct lull_regs *want)
{
	static const int checked[] = {
		LULL_RAX, LULL_RCX, LULL_RDX, LULL_RBX, LULL_RSI, LULL_RDI,
		LULL_R8, LULL_R9, LULL_R11,
	};
	u64 flags = FLAGS_RESULT | FLAG_DF;
	unsigned int i;

	if (c->logical)
		flags &= ~FLAG_AF;
	for (i = 0; i < ARRAY_SIZE(checked); i++) {
		if (got->gpr[checked[i]] != want->gpr[checked[i]])
			fail_msg("%s: register %d is %#llx, not %#llx",
				 c->text, checked[i], got->gpr[checked[i]],
				 want->gpr[checked[i]]);
	}
	if ((got->rflags ^ want->rflags) & flags)
		fail_msg("%s: flags are %#llx, not %#llx", c->text,
			 got->rflags & flags, want->rflags & flags);
	assert_int_equal(got->rip, (u64)code + c->length);
}

static void test_against_cpu(void **state)
{
	struct lull_regs mine, cpus;
	struct insn insn;
	unsigned int i, round;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(code, cases[i].bytes, cases[i].length);
		code[cases[i].length] = 0xc3;
		for (round = 0; round < ROUNDS; round++) {
			memset(ones, 0xff, GUEST_PAGE);
			random_regs(&mine);
			cpus = mine;
			run_natively(&cpus);
			if (insn_decode(INSN_64, cases[i].bytes, LULL_INSN_MAX,
					&insn) || mmio_execute(&insn, &mine))
				fail_msg("%s: refused", cases[i].text);
			compare(&cases[i], &mine, &cpus);
		}
	}
}

static void step(const u8 *bytes, struct lull_regs *regs)
{
	struct insn insn;

	assert_int_equal(insn_decode(INSN_64, bytes, LULL_INSN_MAX, &insn), 0);
	assert_int_equal(mmio_execute(&insn, regs), 0);
}

/* One element each time; RIP moves with the last. */
static void test_repeated(void **state)
{
	static const u8 rep_stosl[LULL_INSN_MAX] = { 0xf3, 0xab };
	static const u8 rep_stosb_32[LULL_INSN_MAX] = { 0x67, 0xf3, 0xaa };
	struct lull_regs regs = { .rip = 0x1000, .rflags = 2 };

	(void)state;
	regs.gpr[LULL_RCX] = 2;
	regs.gpr[LULL_RDI] = 0x100000000;
	step(rep_stosl, &regs);
	assert_int_equal(regs.rip, 0x1000);
	assert_int_equal(regs.gpr[LULL_RDI], 0x100000004);
	step(rep_stosl, &regs);
	assert_int_equal(regs.rip, 0x1002);
	assert_int_equal(regs.gpr[LULL_RCX], 0);
	step(rep_stosl, &regs);
	assert_int_equal(regs.rip, 0x1004);
	assert_int_equal(regs.gpr[LULL_RDI], 0x100000008);
	regs.rflags |= FLAG_DF;
	regs.gpr[LULL_RCX] = 0xf00000001;
	step(rep_stosb_32, &regs);
	assert_int_equal(regs.rip, 0x1007);
	assert_int_equal(regs.gpr[LULL_RDI], 7);
	assert_int_equal(regs.gpr[LULL_RCX], 0);
}

static void test_refused(void **state)
{
	static const struct mmio_case refused[] = {
		{ "inc (%rbx)", 2, { 0xff, 0x03 } },
		{ "movs", 1, { 0xa4 } },
		{ "push (%rbx)", 2, { 0xff, 0x33 } },
		{ "movups (%rbx),%xmm0", 3, { 0x0f, 0x10, 0x03 } },
		{ "mov (%rbx),%ds", 2, { 0x8e, 0x1b } },
		{ "cmpxchg %ecx,(%rbx)", 3, { 0x0f, 0xb1, 0x0b } },
		{ "mov %eax,%ebx", 2, { 0x89, 0xc3 } },
		{ "jmp *(%rbx)", 2, { 0xff, 0x23 } },
		{ "nop", 1, { 0x90 } },
	};
	struct lull_regs regs = { };
	struct insn insn;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		if (insn_decode(INSN_64, refused[i].bytes, LULL_INSN_MAX,
				&insn))
			fail_msg("%s: not decoded", refused[i].text);
		if (!mmio_execute(&insn, &regs))
			fail_msg("%s: carried out", refused[i].text);
	}
}

static void test_modes(void **state)
{
	static const u8 bytes[LULL_INSN_MAX] = { 0x8b, 0x07 };
	static const u8 half[] = { 0x48, 0x8b };
	char text[INSN_TEXT_MAX];
	struct insn insn;

	(void)state;
	assert_int_equal(insn_decode(INSN_32, bytes, 15, &insn), 0);
	assert_int_equal(insn.mem_size, 4);
	assert_int_equal(insn_decode(INSN_16, bytes, 15, &insn), 0);
	assert_int_equal(insn.mem_size, 2);
	assert_int_equal(insn_decode(INSN_64, half, 2, &insn), -1);
	assert_int_equal(insn_decode(INSN_64, half, 0, &insn), -1);
	assert_int_equal(insn_text(INSN_64, bytes, 15, 0, text), 2);
	assert_string_equal(text, "mov (%rdi), %eax");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_cpu),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_modes),
	};

	srandom(1);
	return cmocka_run_group_tests_name("launcher_mmio", tests, setup,
					   NULL);
}
