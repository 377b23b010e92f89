/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For guest programs (lib/guest.h) that are Multiboot images: on a bare
 * machine, or under `lull run --kernel`.  They begin in 64-bit mode with the
 * first 1 GiB mapped to itself for the supervisor, by 2 MiB pages, and print
 * on the first serial port.
 */
#ifndef SELFTESTS_BARE_H
#define SELFTESTS_BARE_H

#include "lib/types.h"

/**
 * struct bare_machine - what the loader said
 * @words:	the command line without the image's name
 * @ram:	bytes of memory that can be counted on from 0 on
 */
struct bare_machine {
	char words[256];
	u64 ram;
};

/* The program; its value is the exit status. */
int bare_program(const struct bare_machine *machine);
void bare_put(const char *text);
/* The page directory of the first 1 GiB. */
extern u64 bare_pd[512];
/* Let user mode in, too, to this page; there can be one. */
void bare_map_user(u64 page);
/* End the machine, on Bochs, QEMU and Lull. */
void __attribute__((noreturn)) bare_exit(u8 status);

#endif /* SELFTESTS_BARE_H */
