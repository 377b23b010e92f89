// SPDX-License-Identifier: GPL-2.0-only
/*
 * The access oracle as a Multiboot image.  The command line has the words of
 * oracle/options.c; exit status 0 if there was no mismatch.
 */
#include "lib/bare.h"
#include "lib/say.h"
#include "oracle/oracle.h"

static void mode_done(struct oracle *o, unsigned int mode)
{
	say(bare_put, "# mode %u done: up to case=%llu, %llu mismatches\n",
	    mode, o->current, oracle_mismatches(o));
}

int bare_program(const struct bare_machine *machine)
{
	static struct oracle o = { .mode_done = mode_done };

	o.words = machine->words;
	o.ram = machine->ram;
	bare_map_user(ORACLE_USER);
	oracle_run(&o);
	if (o.error) {
		say(bare_put, "error: %s\n", o.error);
		return 1;
	}
	oracle_print(&o, bare_put);
	return oracle_mismatches(&o) != 0;
}
