# SPDX-License-Identifier: GPL-2.0-only
"""Behind scripts/bench: Lull measured against KVM and the bare machine."""
