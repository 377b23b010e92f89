# SPDX-License-Identifier: GPL-2.0-only
"""The bare machine: the guest's kernel in the emulator, with no VMM below."""
import os
import re
import shutil
import time

from demolib.progress import DemoError, read_text
from vmlib import bochs, disk, image
from vmlib.machine import CPUS, Machine

from . import plan

MEMORY = 128                    # MB, of which the kernel uses what a guest has


def _settings(machine):
    """The machine's own, without a display to click on."""
    return re.sub(r"(?m)^display_library:.*$", "display_library: term",
                  bochs.settings(machine))


def run(files, guest, folder, timeout):
    """Boot a guest's kernel; returns what it wrote to its console."""
    machine = Machine(kernel=files["bzImage"], cpu=CPUS[plan.CPU], mem=MEMORY)
    root = os.path.join(folder, "cd")
    os.makedirs(root)
    shutil.copy(files["bzImage"], root + "/vmlinuz")
    shutil.copy(files["initrd"], root + "/initrd.img")
    image.write_cd(folder + "/boot.iso", root, "mem=%s tsc=reliable "
                   "no_timer_check %s bench.off" % (plan.GUEST_MEMORY,
                                                    guest.cmdline))
    with open(folder + "/disk.img", "wb") as empty:
        empty.truncate(disk.SMALL_DISK)
    with open(folder + "/bochsrc", "w", encoding="ascii") as rc:
        rc.write(_settings(machine))
    running = bochs.Bochs(folder, ["-f", "bochsrc"])
    deadline = time.monotonic() + timeout
    try:
        while running.step(0.5):
            if time.monotonic() > deadline:
                raise DemoError("the bare machine did not end in %d s; see %s"
                                % (timeout, folder))
    finally:
        running.kill()
    for name in ("boot.iso", "disk.img", "disk.img.lock"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    return read_text(folder + "/console.log").replace("\r", "")
