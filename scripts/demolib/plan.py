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
timer is the PIT in all of them, as the paper's guest had it.  Those beyond the
paper are compared with one another.
"""
from dataclasses import dataclass

ARMS = ("eager", "lazy", "announce")
WORKLOADS = ("sleeper", "sleepers2", "sender")
TRACED_ARMS = ("eager", "announce")

# What follows from the announcement: each arm has more than the one before it
BEYOND_ARMS = {
    "announce": "--timer pit",
    "timer": "",
    "targets": "--cr3-targets",
    "guard": "--cr3-targets --idle-guard audit",
}
BEYOND_WORKLOADS = ("sleeper", "sleepers2", "ring")
RING_PROCESSES = 4
RING_WARMUP = 60                # rounds that are not counted

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
    workloads: tuple = WORKLOADS    # of each guest
    guests: int = 1


def _workload(name):
    if name == "ring":
        return "ring,%d,%d,%d" % (PERIODS, RING_PROCESSES, RING_WARMUP)
    return "%s,%d,%d" % (name, PERIODS, PERIOD_US)


def guest_cmdline(emulated, workloads=WORKLOADS):
    """The guest kernel's command line: the workloads one after the other."""
    words = ["console=ttyS0", "quiet"] + ([DETUNED] if emulated else [])
    return " ".join(words + ["lull.run=" + "+".join(map(_workload,
                                                        workloads))])


def _lull_run(options, stats, cmdline):
    return ("./lull run --kernel bzImage --initrd initrd --mem %s %s"
            " --stats /out/%s --append '%s'"
            % (GUEST_MEMORY, options, stats, cmdline))


def _paper_run(arm, stats, emulated):
    return _lull_run("--idle %s --timer pit" % arm, stats,
                     guest_cmdline(emulated))


def _arm_run(arm, emulated):
    return Run(arm, "insmod lull.ko && " + _paper_run(arm, "stats.json",
                                                      emulated),
               (), ("stats.json",))


def beyond_name(arm):
    """The name of an arm's run."""
    return "beyond-" + arm


def _beyond_run(arm, emulated):
    cmdline = guest_cmdline(emulated, BEYOND_WORKLOADS)
    return Run(beyond_name(arm),
               "insmod lull.ko cr3_targets_despite_l1tf=1 && "
               + _lull_run("--idle announce " + BEYOND_ARMS[arm], "stats.json",
                           cmdline),
               (), ("stats.json",), BEYOND_WORKLOADS)


def _trace_run(emulated):
    lines = ["mount -t tracefs none /sys/kernel/tracing 2>/dev/null",
             "insmod lull.ko || exit 1"]
    for arm in TRACED_ARMS:
        lines.append("echo traced %s && trace-cmd record -q -e lull -b %d"
                     " -o /out/%s.dat %s || exit 1"
                     % (arm, TRACE_BUFFER_KB, arm,
                        _paper_run(arm, arm + ".json", emulated)))
    results = [arm + end for arm in TRACED_ARMS for end in (".dat", ".json")]
    return Run("trace", "\n".join(lines), ("--trace", "--with", "trace-cmd"),
               tuple(results), guests=len(TRACED_ARMS))


def runs(emulated):
    """All runs of the test machine, the longest first."""
    return ([_trace_run(emulated)] + [_arm_run(arm, emulated) for arm in ARMS]
            + [_beyond_run(arm, emulated) for arm in BEYOND_ARMS])
