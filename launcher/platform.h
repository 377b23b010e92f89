/* SPDX-License-Identifier: GPL-2.0-only */
/* The small ports: reset, exit, mark, and the ones that must stay quiet. */
#ifndef LAUNCHER_PLATFORM_H
#define LAUNCHER_PLATFORM_H

#include "base.h"

struct port_map;

#define PORT_KBD_DATA		0x60
#define PORT_KBD_STATUS		0x64
#define PORT_EXIT		0xf4
#define PORT_MARK		0xf5
#define PORT_RESET		0xcf9

/**
 * struct platform_host - what the small ports cause
 * @exit:	the guest is done and says with which status
 * @reset:	the guest wants the machine reset
 * @mark:	the guest wants its statistics noted under this number
 * @ctx:	handed to all of them
 */
struct platform_host {
	void (*exit)(void *ctx, u8 status);
	void (*reset)(void *ctx);
	void (*mark)(void *ctx, u8 id);
	void *ctx;
};

int platform_add_ports(struct platform_host *host, struct port_map *map);

#endif /* LAUNCHER_PLATFORM_H */
