# SPDX-License-Identifier: GPL-2.0-only
"""The 2001 experiment behind scripts/demo; see cli.py for what it offers."""
