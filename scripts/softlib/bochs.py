# SPDX-License-Identifier: GPL-2.0-only
"""The guest's kernel on plain Bochs, run from breakpoint to breakpoint."""
import os
import re
import shutil

from demolib.progress import DemoError
from vmlib import bochs, image
from vmlib.machine import CPUS, Machine

from . import plan
from .sites import HALT_INSTRUCTIONS

STOPS = ("cr3", "flush", "halt", "interrupt", "mark")
PROMPT = rb"<bochs:\d+>"
STOP = re.compile(rb"Next at t=(\d+)\s+\(0\) \[0x[0-9a-f]+\] "
                  rb"[0-9a-f]{4}:([0-9a-f]{16})")


def _settings(machine):
    """The machine's own, with no disk and one serial port."""
    lines = bochs.settings(machine).replace(bochs.SAVE_DISPLAY, "term")
    return "".join(line + "\n" for line in lines.splitlines()
                   if not line.startswith(("ata1", "com2")))


class Bochs:
    """A guest that stops at breakpoints."""

    def __init__(self, folder, files, cmdline):
        machine = Machine(kernel=files["bzImage"], cpu=CPUS[plan.CPU],
                          mem=plan.MEMORY)
        os.makedirs(folder + "/cd")
        shutil.copy(files["bzImage"], folder + "/cd/vmlinuz")
        shutil.copy(files["initrd"], folder + "/cd/initrd.img")
        image.write_cd(folder + "/boot.iso", folder + "/cd", cmdline)
        with open(folder + "/bochsrc", "w", encoding="ascii") as rc:
            rc.write(_settings(machine))
        self._breakpoints = {}  # address: Bochs' number of it
        self._made = 0
        self._now = 0           # instructions, and time spent halted
        self._running = bochs.Bochs(folder, ["-f", "bochsrc"], script="")
        self._answer("", "to start", plan.TIMEOUT)

    def _answer(self, command, what, seconds=60):
        """What Bochs prints up to its next prompt."""
        start = len(self._running.screen)
        if command:
            self._running.type(command + "\n")
        if not self._running.wait_for(PROMPT, seconds, start):
            raise DemoError("bochs: no answer when asked %s: %s" % (
                what, self._running.last_words()))
        return self._running.screen[start:]

    def stop_at(self, addresses):
        """From now on stop at these and at no others."""
        for address in set(self._breakpoints) - set(addresses):
            self._answer("d %d" % self._breakpoints.pop(address), "to delete")
        for address in addresses:
            if address not in self._breakpoints:
                self._made += 1
                self._breakpoints[address] = self._made
                self._answer("lb %#x" % address, "to break")

    def go(self):
        """Run to the next breakpoint; its address."""
        text = self._answer("c", "to go on", plan.TIMEOUT)
        stop = STOP.search(text)
        if not stop:
            raise DemoError("bochs stopped at no breakpoint: %r" % text[-300:])
        self._now = int(stop.group(1))
        address = int(stop.group(2), 16)
        if address not in self._breakpoints:
            raise DemoError("bochs stopped at %#x" % address)
        return address

    def count(self, sites):
        """From one mark to the next: {what: count}."""
        place = {address: what for what in STOPS for address in sites[what]}
        counts = dict.fromkeys(("cr3", "flush", "halt"), 0)
        began, halted, halted_at = self._now, 0, None
        self.stop_at(place)
        while (what := place[self.go()]) != "mark":
            if what in counts:
                counts[what] += 1
            if what == "halt":
                halted_at = self._now
            elif what == "interrupt" and halted_at is not None:
                halted += self._now - halted_at - HALT_INSTRUCTIONS
                halted_at = None
        counts["instructions"] = self._now - began - halted
        return counts

    def end(self):
        """End it."""
        self._running.kill()


def run(folder, files, sites, cmdline):
    """Run a guest to its last mark; {workload: {what: count}}."""
    guest = Bochs(folder, files, cmdline)
    found = {}
    try:
        for workload in plan.WORKLOADS:
            guest.stop_at(sites["mark"])
            guest.go()
            found[workload] = guest.count(sites)
    finally:
        guest.end()
    return found
