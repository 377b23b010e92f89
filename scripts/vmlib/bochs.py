# SPDX-License-Identifier: GPL-2.0-only
"""The emulated machine: Debian's Bochs, its settings and its process."""
import ctypes
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

from .image import tool
from .paths import VmError

PR_SET_PDEATHSIG = 1

# The plugins load in one order at the first start and at a resume, because a
# saved machine names its timers by number.  usb_uhci is always loaded, last,
# by the chipset; only the resumed machine's settings have to say so.
PLUGINS = ("plugin_ctrl: speaker=0, voodoo=0, parallel=0, gameport=0, "
           "busmouse=0, iodebug=0, biosdev=1, extfpuirq=1, serial=1, "
           "unmapped=1")

# A display that saving can click on; it is needed only for that.
SAVE_DISPLAY = 'rfb, options="timeout=0, no_gui_console"'

# ignore_bad_msrs: the kernel's decompressor reads MSRs that Bochs lacks.
SETTINGS = """{plugins}
config_interface: textconfig
display_library: {display}
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios-stdvga.bin
cpu: model={cpu}, count={smp}, ips={ips}, reset_on_triple_fault=0, \
ignore_bad_msrs=1
memory: guest={mem}, host={mem}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=boot.iso, status=inserted
ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
ata1-master: type=disk, path=disk.img, mode=flat, cylinders=0
floppya: type=none
boot: cdrom
vga: extension=vbe, update_freq=5, realtime=0
clock: sync=none, time0=1000000000
com1: enabled=1, mode=file, dev=console.log
com2: enabled=1, mode=file, dev=command.log
log: bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""


def program():
    """Path of Bochs."""
    found = shutil.which("bochs-bin")
    if not found:
        raise VmError("bochs is not installed: run scripts/deps")
    return found


def settings(machine):
    """The bochsrc of the machine's first start."""
    return SETTINGS.format(plugins=PLUGINS, display=SAVE_DISPLAY,
                           cpu=machine.cpu, smp=machine.smp, mem=machine.mem,
                           ips=machine.ips)


def resume_settings(saved, com2=None, stops=False):
    """Settings for a resume, from those that Bochs saved.

    stops says whether XCHG of BX with itself is a breakpoint.
    """
    saved = re.sub(r"(?m)^plugin_ctrl:.*$", PLUGINS + ", usb_uhci=1", saved)
    saved = re.sub(r"(?m)^display_library:.*$", "display_library: term", saved)
    if com2:
        saved = re.sub(r"(?m)^com2:.*$", "com2: " + com2, saved)
    return saved + ("\nmagic_break: enabled=1\n" if stops else "")


def check_cpu(model):
    """Refuse a CPU model that this Bochs does not have."""
    done = subprocess.run([program(), "--help", "cpu"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    models = done.stdout.partition("Supported CPU models:")[2].split("\n0")[0]
    if model not in models.split():
        raise VmError("--cpu %s: this Bochs has %s" % (
            model, ", ".join(models.split())))


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Bochs:
    """A running Bochs in its own folder, on a pseudo terminal of its own."""

    def __init__(self, folder, arguments, script="c\n"):
        self.folder = folder
        self.screen = b""       # what Bochs and its debugger have printed
        with open(folder + "/debugger.rc", "w", encoding="ascii") as commands:
            commands.write(script)
        preload = tool("nosrand.so")
        self._terminal, slave = pty.openpty()
        try:
            self._process = subprocess.Popen(
                [program(), "-q", "-rc", "debugger.rc", *arguments],
                cwd=folder, stdin=slave, stdout=slave, stderr=slave,
                env=dict(os.environ, TERM="vt100", LD_PRELOAD=preload),
                start_new_session=True, preexec_fn=_die_with_parent)
        finally:
            os.close(slave)

    def fileno(self):
        """For select(): the terminal."""
        return self._terminal

    @property
    def pid(self):
        """The process."""
        return self._process.pid

    def step(self, timeout=0.02):
        """Take in what Bochs prints; False when it has ended."""
        ready, _, _ = select.select([self._terminal], [], [], timeout)
        if not ready:
            return self._process.poll() is None
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:         # EIO: the other side is closed
            return False
        self.screen += data
        with open(self.folder + "/screen.log", "ab") as log:
            log.write(data)
        return bool(data)

    def type(self, text):
        """Type at the debugger's prompt."""
        os.write(self._terminal, text.encode())

    def wait_for(self, pattern, seconds, start=0):
        """Step until the screen, from start on, matches; None if it ends."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.screen[start:])
            if match or time.monotonic() > deadline or not self.step():
                return match

    def last_words(self):
        """Bochs' own reason for ending, from its log."""
        try:
            with open(self.folder + "/bochs.log", errors="replace",
                      encoding="utf-8") as log:
                lines = [line.strip() for line in log if "PANIC" in line]
        except OSError:
            lines = []
        return lines[-1] if lines else "no reason in bochs.log"

    def kill(self):
        """End it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._terminal)
