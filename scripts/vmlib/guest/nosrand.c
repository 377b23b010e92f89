// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into Bochs, which seeds the emulated RDRAND and RDSEED with the
 * time of day: without the seed, a run repeats to the instruction.
 */
#include <stdlib.h>

void srand(unsigned int seed)
{
	(void)seed;
}
