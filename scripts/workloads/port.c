// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words from the guest's user space to the VMM: single port writes.
 *
 * The permission is given back at once, because a process that has an I/O
 * bitmap makes each switch to it dearer.
 */
#include <stdio.h>
#include <sys/io.h>

#include "workload.h"

/**
 * port_write() - write one byte to an I/O port
 * @port:	the port
 * @value:	the byte
 *
 * Return: 0, or -1 with errno set when the kernel does not allow it.
 */
int port_write(unsigned short port, unsigned char value)
{
	if (ioperm(port, 1, 1))
		return -1;
	outb(value, port);
	return ioperm(port, 1, 0);
}

/**
 * mark() - have the VMM take down its statistics
 * @which:	the mark's number
 */
void mark(enum mark which)
{
	if (port_write(PORT_MARK, which))
		perror("ioperm");
}
