# SPDX-License-Identifier: GPL-2.0-only
"""What bench-softcpu measures, and on what."""

EMULATORS = ("bochs", "qemu")
ARMS = ("eager", "lazy")
WORKLOADS = ("sleeper", "sleepers2")

CPU = "haswell"                         # Bochs' model, as in scripts/bench
QEMU_CPU = "max,vendor=GenuineIntel"    # all that TCG has
MEMORY = 128                            # MB
# An instruction is 16 ns of QEMU's time, so a period as many instructions as
# on Bochs, more or less
ICOUNT = "shift=4,sleep=off"
TIMEOUT = 900

PERIOD_US = 5125
# 80 periods are 41 ticks of 10 ms: whatever the phase, each count of periods
# that 80 divides has the same number of ticks in it
PERIODS = 240
WARMUP = 20


def cmdline(arm, periods):
    """The guest kernel's: it halts by HLT, and has no PCIDs, which Bochs
    ignores and TCG does not have."""
    return ("console=ttyS0 quiet tsc=reliable no_timer_check nopcid idle=halt"
            " lull_idle=%s lull.run=%s" % (arm, "+".join(
                "%s,%d,%d,%d" % (workload, periods, PERIOD_US, WARMUP)
                for workload in WORKLOADS)))
