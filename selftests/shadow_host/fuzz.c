// SPDX-License-Identifier: GPL-2.0-only
/*
 * shadow_fuzz - libFuzzer's choices instead of random ones: it keeps those that
 * reach something new in shadow/.
 */
#include "host.h"
#include "script.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/**
 * LLVMFuzzerTestOneInput() - one run
 * @data:	the choices
 * @size:	their number
 *
 * Return: 0; a failure aborts.
 */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct script script;
	unsigned int step;

	script_from_bytes(&script, data, size);
	script_run(&script, &step);
	script_free(&script);
	return 0;
}
