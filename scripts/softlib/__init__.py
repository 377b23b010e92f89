# SPDX-License-Identifier: GPL-2.0-only
"""The library of scripts/bench-softcpu."""
