// SPDX-License-Identifier: GPL-2.0-only
/* I/O ports: which device answers where. */
#include "ports.h"
#include "util.h"

/**
 * port_map_add() - let a device answer some ports
 * @map: the map
 * @range: the ports; copied
 *
 * Return: 0, or -1 after a message if they are taken or the map is full
 */
int port_map_add(struct port_map *map, const struct port_range *range)
{
	const struct port_range *old;
	int i;

	if (map->nr == PORT_RANGES_MAX)
		return error("port %#x: too many devices", range->first);
	for (i = 0; i < map->nr; i++) {
		old = &map->ranges[i];
		if (range->first < old->first + old->count &&
		    old->first < range->first + range->count)
			return error("port %#x: two devices", range->first);
	}
	map->ranges[map->nr++] = *range;
	return 0;
}

static const struct port_range *find(const struct port_map *map, u16 port)
{
	const struct port_range *range;
	int i;

	for (i = 0; i < map->nr; i++) {
		range = &map->ranges[i];
		if (port >= range->first && port - range->first < range->count)
			return range;
	}
	return NULL;
}

static u8 in_byte(const struct port_map *map, u16 port)
{
	const struct port_range *range = find(map, port);

	return range && range->in ? range->in(range->dev, port) : 0xff;
}

static void out_byte(const struct port_map *map, u16 port, u8 value)
{
	const struct port_range *range = find(map, port);

	if (range && range->out)
		range->out(range->dev, port, value);
}

/**
 * port_map_in() - read a port
 * @map: the map
 * @port: lowest port
 * @size: 1, 2 or 4
 *
 * Return: the value; ones where nothing answers
 */
u32 port_map_in(const struct port_map *map, u16 port, int size)
{
	u32 value = 0;
	int i;

	for (i = 0; i < size; i++)
		value |= (u32)in_byte(map, port + i) << (8 * i);
	return value;
}

/**
 * port_map_out() - write a port
 * @map: the map
 * @port: lowest port
 * @size: 1, 2 or 4
 * @value: what to write
 */
void port_map_out(const struct port_map *map, u16 port, int size, u32 value)
{
	int i;

	/*
	 * A dword here goes to the PCI configuration address register, which
	 * covers the reset control port: no byte of it is meant for that.
	 */
	if (port == PORT_PCI_ADDRESS && size == 4)
		return;
	for (i = 0; i < size; i++)
		out_byte(map, port + i, value >> (8 * i));
}
