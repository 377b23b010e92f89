// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest without an operating system that uses all of hypercall/ABI.rst: it
 * finds Lull, shares a page, starts the timer, and idles from one deadline to
 * the next.  Each idle period costs it one exit.
 *
 * A Multiboot image:	lull run --kernel example.elf [--append sleep]
 * Its status is 0 if every deadline was kept, 2 if nothing is offered.
 */
#include "hypercall/uapi/lull_para.h"
#include "lib/bare.h"
#include "lib/guest.h"
#include "lib/say.h"

#define VECTOR		0x40
#define PERIODS		100
#define PERIOD_US	2000
#define WANTED		(LULL_PARA_F_SHARED_PAGE | LULL_PARA_F_TIMER | \
			 LULL_PARA_F_IDLE_ANNOUNCE | LULL_PARA_F_IDLE_HALT)

static union {
	volatile struct lull_shared_page shared;
	u8 bytes[PAGE_SIZE];
} page __attribute__((aligned(4096)));

static volatile u32 ticks;
static u32 calls;

/* The compiler keeps stores before it before those after it. */
static void barrier(void)
{
	asm volatile("" : : : "memory");
}

static s64 hypercall(u64 nr, u64 a0, u64 a1)
{
	s64 ret;

	asm volatile("vmcall"
		     : "=a" (ret) : "a" (nr), "D" (a0), "S" (a1) : "memory");
	return ret;
}

/* Section 2: what is offered, or 0. */
static u32 discover(void)
{
	struct cpuid_regs regs;

	if (!(cpuid(1, 0).ecx & 1U << 31))
		return 0;
	regs = cpuid(LULL_CPUID_SIGNATURE, 0);
	if (regs.ebx != LULL_SIGNATURE_WORD ||
	    regs.ecx != LULL_SIGNATURE_WORD ||
	    regs.edx != LULL_SIGNATURE_WORD || regs.eax < LULL_CPUID_TIMING)
		return 0;
	regs = cpuid(LULL_CPUID_FEATURES, 0);
	return regs.ebx == LULL_PARA_VERSION ? regs.eax : 0;
}

/* No acknowledgment: the interrupt is over with the IRET. */
static void timer_interrupt(struct guest_trap *trap)
{
	ticks++;
}

/* Memory is mapped to itself: the page's address is its gpa. */
static void start_timer(void)
{
	this_guest_cpu()->handler[VECTOR] = timer_interrupt;
	GUEST_ASSERT_EQ(hypercall(LULL_HC_SET_SHARED_PAGE,
				  (u64)&page | LULL_SHARED_ENABLE, 0),
			LULL_HC_OK);
	GUEST_ASSERT_EQ(page.shared.abi, LULL_PARA_VERSION);
	page.shared.deadline = LULL_DEADLINE_NEVER;
	GUEST_ASSERT_EQ(hypercall(LULL_HC_SET_TIMER, VECTOR, 0), LULL_HC_OK);
}

/* Section 6: a later deadline is only stored. */
static void set_deadline(u64 deadline)
{
	page.shared.deadline = deadline;
	barrier();
	if (deadline >= page.shared.armed)
		return;
	calls++;
	hypercall(LULL_HC_ARM_TIMER, 0, 0);
}

/* Section 7: nothing but this is between two pieces of work. */
static void idle(u32 until)
{
	page.shared.borrowed_cr3 = read_cr3();
	page.shared.idle_seq++;
	barrier();
	page.shared.state = LULL_STATE_IDLE;
	for (;;) {
		cli();
		if (ticks >= until)
			break;
		GUEST_ASSERT_EQ(hypercall(LULL_HC_IDLE_HALT, 0, 0),
				LULL_HC_OK);
	}
	page.shared.state = LULL_STATE_RUNNING;
	sti();
}

static bool asked_to_sleep(const char *words)
{
	static const char word[] = " sleep";
	u32 i = 0;

	while (word[i] && words[i] == word[i])
		i++;
	return !word[i];
}

int bare_program(const struct bare_machine *machine)
{
	u64 deadline, period;
	u32 i;

	if ((discover() & WANTED) != WANTED) {
		say(bare_put, "Lull does not offer all of it\n");
		return 2;
	}
	period = cpuid(LULL_CPUID_TIMING, 0).eax / 1000ULL * PERIOD_US;
	start_timer();
	deadline = rdtsc();
	for (i = 1; i <= PERIODS; i++) {
		deadline += period;
		set_deadline(deadline);
		idle(i);
		GUEST_ASSERT(rdtsc() >= deadline);
		GUEST_ASSERT_EQ(page.shared.wake_reason, LULL_WAKE_TIMER);
	}
	/* With nothing due the next halt is the last. */
	if (asked_to_sleep(machine->words))
		idle(PERIODS + 1);
	hypercall(LULL_HC_SET_TIMER, 0, 0);
	hypercall(LULL_HC_SET_SHARED_PAGE, 0, 0);
	say(bare_put, "%u periods, %u calls beside the halts\n", ticks, calls);
	return calls > PERIODS / 10;
}
