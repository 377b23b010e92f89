// SPDX-License-Identifier: GPL-2.0-only
/*
 * The balloon: the guest gives frames of its memory back to the host.
 *
 * Nothing has to be asked to take one back: it is there, filled with zeros,
 * as soon as the guest touches it.
 */
#include <string.h>

#include "balloon.h"
#include "util.h"

/**
 * balloon_init() - no frame has been given back
 * @balloon: the device
 * @mem: the guest's memory; need not be there yet
 */
void balloon_init(struct balloon *balloon, const struct gmem *mem)
{
	memset(balloon, 0, sizeof(*balloon));
	balloon->mem = mem;
}

static void give_back(struct balloon *balloon)
{
	if (!gmem_discard(balloon->mem, balloon->gfn * GUEST_PAGE,
			  GUEST_PAGE)) {
		balloon->returned++;
		return;
	}
	if (!balloon->refused++)
		warn("balloon: frame %#x is not memory to give back; all such are ignored",
		     balloon->gfn);
}

/**
 * balloon_in() - the guest reads how many frames it has given back
 * @dev: the struct balloon
 * @port: BALLOON_PORT for the lowest byte, and so on
 *
 * Return: the byte
 */
u8 balloon_in(void *dev, u16 port)
{
	const struct balloon *balloon = dev;

	return balloon->returned >> (8 * (port - BALLOON_PORT));
}

/**
 * balloon_out() - the guest writes a byte of a frame number
 * @dev: the struct balloon
 * @port: BALLOON_PORT for the lowest byte; the highest one gives back
 * @value: the byte
 */
void balloon_out(void *dev, u16 port, u8 value)
{
	struct balloon *balloon = dev;
	unsigned int byte = port - BALLOON_PORT;

	balloon->gfn &= ~(0xffU << (8 * byte));
	balloon->gfn |= (u32)value << (8 * byte);
	if (byte == BALLOON_PORTS - 1)
		give_back(balloon);
}
