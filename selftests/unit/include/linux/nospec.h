/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LULL_UNIT_LINUX_NOSPEC_H
#define LULL_UNIT_LINUX_NOSPEC_H

#define array_index_nospec(index, size)	(index)

#endif /* LULL_UNIT_LINUX_NOSPEC_H */
