/* SPDX-License-Identifier: GPL-2.0-only */
/* I/O ports: which device answers where. */
#ifndef LAUNCHER_PORTS_H
#define LAUNCHER_PORTS_H

#include "base.h"

/**
 * struct port_range - consecutive ports of one device
 * @first:	lowest port
 * @count:	how many
 * @in:		read one byte; NULL reads all ones
 * @out:	write one byte; NULL ignores it
 * @dev:	handed to both
 *
 * Every device here is byte-wide.  A wider access is split into bytes at
 * ascending ports, as the ISA bus does.
 */
struct port_range {
	u16 first;
	u16 count;
	u8 (*in)(void *dev, u16 port);
	void (*out)(void *dev, u16 port, u8 value);
	void *dev;
};

#define PORT_RANGES_MAX		8
#define PORT_PCI_ADDRESS	0xcf8

/**
 * struct port_map - all ports
 * @ranges:	those that a device answers; they do not overlap
 * @nr:		how many
 */
struct port_map {
	struct port_range ranges[PORT_RANGES_MAX];
	int nr;
};

int port_map_add(struct port_map *map, const struct port_range *range);
u32 port_map_in(const struct port_map *map, u16 port, int size);
void port_map_out(const struct port_map *map, u16 port, int size, u32 value);

#endif /* LAUNCHER_PORTS_H */
