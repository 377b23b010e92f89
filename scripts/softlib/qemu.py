# SPDX-License-Identifier: GPL-2.0-only
"""The guest's kernel on QEMU's TCG, counted by a plugin: counters.c.

QEMU's clocks follow the instructions, and its random numbers a seed, so that
runs repeat.
"""
import os
import time

from demolib.progress import DemoError, read_text
from vmlib import qemu

from . import plan

# A line of the plugin's
COUNTERS = ("instructions", "cr3", "flush", "halt", "tlb_full", "tlb_partial",
            "tlb_elided")


def arguments(files, cmdline):
    """QEMU's."""
    return ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "pc,accel=tcg", "-cpu", plan.QEMU_CPU,
            "-m", str(plan.MEMORY), "-icount", plan.ICOUNT,
            "-rtc", "base=2001-06-25,clock=vm", "-seed", "1",
            "-kernel", files["bzImage"], "-initrd", files["initrd"],
            "-append", cmdline, "-serial", "file:console.log",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
            "-plugin", files["counters.so"] + ",to=counters"]


def sections(text):
    """{workload: {what: count}} of the plugin's lines."""
    lines = [list(map(int, line.split())) for line in text.splitlines()]
    if len(lines) != 2 * len(plan.WORKLOADS):
        raise DemoError("qemu: %d marks for %d workloads" % (
            len(lines), len(plan.WORKLOADS)))
    return {workload: {what: after - before for what, before, after in zip(
        COUNTERS, lines[2 * i], lines[2 * i + 1])}
            for i, workload in enumerate(plan.WORKLOADS)}


def run(folder, files, cmdline):
    """Run a guest to its end; {workload: {what: count}}."""
    running = qemu.Qemu(folder, arguments(files, cmdline))
    deadline = time.monotonic() + plan.TIMEOUT
    try:
        while running.step(0.2):
            if time.monotonic() > deadline:
                raise DemoError("qemu: no end after %d s" % plan.TIMEOUT)
    finally:
        running.kill()
    if not os.path.exists(folder + "/counters"):
        raise DemoError("qemu: " + running.last_words())
    return sections(read_text(folder + "/counters"))
