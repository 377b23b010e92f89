// SPDX-License-Identifier: GPL-2.0-only
/* What a guest tells its test. */
#include "lib/guest.h"

void guest_done(void)
{
	struct ucall uc = { .kind = UCALL_DONE };

	for (;;)
		guest_ucall(&uc);
}

void guest_assert_failed(const char *file, int line, const char *what,
			 u64 left, u64 right)
{
	struct ucall uc = {
		.kind = UCALL_ASSERT,
		.args = { (u64)file, line, (u64)what, left, right },
	};

	guest_ucall(&uc);
}

void guest_unexpected(const struct guest_trap *trap)
{
	struct ucall uc = {
		.kind = UCALL_TRAP,
		.args = { trap->vector, trap->error, trap->rip, read_cr2() },
	};

	guest_ucall(&uc);
}
