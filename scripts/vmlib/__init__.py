# SPDX-License-Identifier: GPL-2.0-only
"""The test machine behind scripts/vm; see cli.py for what it offers."""
