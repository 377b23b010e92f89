/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_HOST_LINUX_COMPILER_H
#define LULL_HOST_LINUX_COMPILER_H

#define __aligned(n)		__attribute__((aligned(n)))
#define fallthrough		__attribute__((fallthrough))
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile __typeof__(x) *)&(x) = (value))

#endif /* LULL_HOST_LINUX_COMPILER_H */
