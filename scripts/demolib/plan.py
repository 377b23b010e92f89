# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: arms, workloads, and the commands in the machine.

Three clocks could beat against each other here: the host's tick (4 ms), the
guest's tick (10 ms) and the workload's period.  Were they multiples, each
wake would meet the host's tick at the same phase in a whole run, and the
phase would differ from arm to arm.  The period is therefore 5.125 ms (41
buffers at 8000 a second), and in the emulated machine the guest is told a
TSC frequency 1 % too low, which makes its tick 9.9 ms long.  All phases come
up about equally often then, in each arm.

The arms differ in page tables and the halt, and in nothing else: the guest's
timer is the PIT in all of them, as the paper's guest had it.
"""
from dataclasses import dataclass

ARMS = ("eager", "lazy", "announce")
WORKLOADS = ("sleeper", "sleepers2", "sender")
TRACED_ARMS = ("eager", "announce")

PERIODS = 480
PERIOD_US = 5125
GUEST_MEMORY = "64M"

# Bochs' default in scripts/vm is 50 million instructions, so TSC ticks, a
# second.
DETUNED = "tsc_early_khz=49500"
TRACE_BUFFER_KB = 40000


@dataclass(frozen=True)
class Run:
    """One run of the test machine."""
    name: str
    command: str
    options: tuple          # of scripts/vm
    results: tuple          # files that it leaves


def guest_cmdline(emulated):
    """The guest kernel's command line: the workloads one after the other."""
    what = "+".join("%s,%d,%d" % (workload, PERIODS, PERIOD_US)
                    for workload in WORKLOADS)
    words = ["console=ttyS0", "quiet"] + ([DETUNED] if emulated else [])
    return " ".join(words + ["lull.run=" + what])


def _lull_run(arm, stats, emulated):
    return ("./lull run --kernel bzImage --initrd initrd --mem %s --idle %s"
            " --timer pit --stats /out/%s --append '%s'"
            % (GUEST_MEMORY, arm, stats, guest_cmdline(emulated)))


def _arm_run(arm, emulated):
    return Run(arm, "insmod lull.ko && " + _lull_run(arm, "stats.json",
                                                     emulated),
               (), ("stats.json",))


def _trace_run(emulated):
    lines = ["mount -t tracefs none /sys/kernel/tracing 2>/dev/null",
             "insmod lull.ko || exit 1"]
    for arm in TRACED_ARMS:
        lines.append("echo traced %s && trace-cmd record -q -e lull -b %d"
                     " -o /out/%s.dat %s || exit 1"
                     % (arm, TRACE_BUFFER_KB, arm,
                        _lull_run(arm, arm + ".json", emulated)))
    results = [arm + end for arm in TRACED_ARMS for end in (".dat", ".json")]
    return Run("trace", "\n".join(lines), ("--trace", "--with", "trace-cmd"),
               tuple(results))


def runs(emulated):
    """All runs of the test machine, the longest first."""
    return [_trace_run(emulated)] + [_arm_run(arm, emulated) for arm in ARMS]
