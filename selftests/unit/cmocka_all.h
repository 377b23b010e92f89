/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmocka, with the headers it wants before it.
 */
#ifndef LULL_UNIT_CMOCKA_ALL_H
#define LULL_UNIT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* LULL_UNIT_CMOCKA_ALL_H */
