# SPDX-License-Identifier: GPL-2.0-only
"""A Multiboot image on the emulated machine itself, with no host kernel.

What it prints on COM1 is the output.  It ends the machine by port 0xf4 (QEMU)
or 0x8900 (Bochs), and before that prints "exit status N".
"""
import os
import re
import shutil
import sys
import time

from . import bochs, image, runner
from .paths import EXIT_DIED, EXIT_TIMEOUT, VmError, say
from .qemu import Qemu

ISOLINUX = image.ISOLINUX + ["/usr/lib/syslinux/modules/bios/mboot.c32",
                             "/usr/lib/syslinux/modules/bios/libcom32.c32"]
STATUS = re.compile(r"(?m)^exit status (\d+)$")


def _make_cd(path, scratch, machine):
    root = os.path.join(scratch, "cd")
    os.makedirs(root + "/isolinux")
    for part in ISOLINUX:
        if not os.path.exists(part):
            raise VmError("%s is missing: run scripts/deps" % part)
        shutil.copy(part, root + "/isolinux/")
    shutil.copy(machine.kernel, root + "/image")
    with open(root + "/isolinux/isolinux.cfg", "w", encoding="ascii") as cfg:
        cfg.write("DEFAULT image\nLABEL image\n KERNEL mboot.c32\n"
                  " APPEND /image %s\n" % machine.append)
    image.make_iso(path, root)


def _start_bochs(machine, folder):
    bochs.check_cpu(machine.cpu)
    _make_cd(folder + "/boot.iso", folder, machine)
    # no disk, one serial port, and nothing to click on
    lines = bochs.settings(machine).replace(bochs.SAVE_DISPLAY, "term")
    with open(folder + "/bochsrc", "w", encoding="ascii") as settings:
        settings.writelines(line + "\n" for line in lines.splitlines()
                            if not line.startswith(("ata1", "com2")))
    return bochs.Bochs(folder, ["-f", "bochsrc"])


def _start_qemu(machine, folder):
    return Qemu(folder, [
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-machine", "pc,accel=tcg", "-cpu", "max", "-m", str(machine.mem),
        "-kernel", os.path.abspath(machine.kernel),
        "-append", machine.append, "-serial", "file:console.log",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=1"])


def _follow(running, folder, timeout):
    """Print what it prints until it ends; False if it does not."""
    console = runner.Tail(folder + "/console.log")
    deadline = time.monotonic() + timeout
    alive = True
    while alive and time.monotonic() < deadline:
        alive = running.step()
        sys.stdout.write(console.more())
        sys.stdout.flush()
    return not alive, console.text


def boot(machine, backend, timeout, log=None):
    """Boot machine.kernel with machine.append; returns the exit code."""
    folder = runner.new_log_folder(log)
    start = _start_qemu if backend == "qemu" else _start_bochs
    running = start(machine, folder)
    try:
        ended, text = _follow(running, folder, timeout)
        words = running.last_words()
    finally:
        running.kill()
        runner.remove_big_files(folder)
        shutil.rmtree(folder + "/cd", ignore_errors=True)
    if not ended:
        say("no end after %g s (logs: %s)" % (timeout, folder))
        return EXIT_TIMEOUT
    status = STATUS.search(text)
    if not status:
        say("the machine ended without a status: %s (logs: %s)"
            % (words, folder))
        return EXIT_DIED
    return int(status.group(1))
