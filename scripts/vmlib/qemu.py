# SPDX-License-Identifier: GPL-2.0-only
def can_nest():
    return False
