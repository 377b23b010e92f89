// SPDX-License-Identifier: GPL-2.0-only
/*
 * The small ports.  PCI configuration needs no entry: a read of all ones at
 * 0xcf8 and 0xcfc, which is what a port without a device gives, tells a guest
 * that there is no PCI.
 */
#include "platform.h"
#include "ports.h"
#include "util.h"

#define KBD_PULSE_RESET	0xfe	/* command: pulse the CPU's reset line */
#define RESET_CPU	0x04	/* 0xcf9: reset on the rising edge */

static void exit_out(void *dev, u16 port, u8 value)
{
	struct platform_host *host = dev;

	(void)port;
	host->exit(host->ctx, value);
}

static void mark_out(void *dev, u16 port, u8 value)
{
	struct platform_host *host = dev;

	(void)port;
	host->mark(host->ctx, value);
}

static void reset_out(void *dev, u16 port, u8 value)
{
	struct platform_host *host = dev;

	(void)port;
	if (value & RESET_CPU)
		host->reset(host->ctx);
}

/*
 * Status 0: no data waits and a command is taken at once, so a guest that
 * looks for the keyboard finds none soon, and one that resets does not wait.
 */
static u8 kbd_in(void *dev, u16 port)
{
	(void)dev;
	(void)port;
	return 0;
}

static void kbd_out(void *dev, u16 port, u8 value)
{
	struct platform_host *host = dev;

	(void)port;
	if (value == KBD_PULSE_RESET)
		host->reset(host->ctx);
}

/**
 * platform_add_ports() - put the small ports into the map
 * @host: what they cause; used as long as the map is
 * @map: the map
 *
 * Return: 0, or -1 after a message
 */
int platform_add_ports(struct platform_host *host, struct port_map *map)
{
	const struct port_range ranges[] = {
		{ PORT_EXIT, 1, NULL, exit_out, host },
		{ PORT_MARK, 1, NULL, mark_out, host },
		{ PORT_RESET, 1, NULL, reset_out, host },
		{ PORT_KBD_STATUS, 1, kbd_in, kbd_out, host },
		{ PORT_KBD_DATA, 1, kbd_in, NULL, host },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (port_map_add(map, &ranges[i]))
			return -1;
	}
	return 0;
}
