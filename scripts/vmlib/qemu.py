# SPDX-License-Identifier: GPL-2.0-only
"""The test machine on QEMU and KVM, where the CPU has VMX and KVM nests it.

The machine is the same in all that its /init sees: the disk is the master of
the second IDE channel, and a write to port 0x8900 ends it.  It boots anew for
each run, which KVM does in seconds.  Elsewhere --backend qemu boots it too,
emulated, but its CPU has no VMX then.
"""
import os
import shutil
import subprocess
import time

from . import disk, image, runner
from .machine import CPUS
from .paths import GUEST, VM, VmError, say

# What the short CPU names leave out of the host's own CPU
WITHOUT = {
    CPUS["penryn"]: "-vmx-ept,-vmx-vpid,-vmx-unrestricted-guest",
    CPUS["lynnfield"]: "-vmx-unrestricted-guest",
}
# How the names of Bochs' models with VMX begin
WITH_VMX = ("core", "broadwell", "tigerlake")


def _read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as text:
            return text.read()
    except OSError:
        return ""


def has_kvm():
    """Can KVM be used?"""
    return os.access("/dev/kvm", os.R_OK | os.W_OK)


def can_nest():
    """Can a machine under KVM have VMX of its own here?"""
    nested = _read("/sys/module/kvm_intel/parameters/nested").strip()
    return (" vmx " in _read("/proc/cpuinfo") and nested in ("Y", "1")
            and has_kvm() and shutil.which("qemu-system-x86_64") is not None)


def _initramfs(machine):
    """Path of the initramfs, made once for each --base."""
    key = machine.key(os.path.join(GUEST, "init"), image.tool("vmdisk"),
                      image.busybox())
    folder = os.path.join(VM, "qemu")
    path = os.path.join(folder, key + ".cpio")
    if not os.path.exists(path):
        scratch = os.path.join(folder, "%s.%d" % (key, os.getpid()))
        os.makedirs(scratch)
        image.make_initramfs(scratch + "/new", scratch, machine.base)
        os.rename(scratch + "/new", path)
        shutil.rmtree(scratch)
    return path


def _arguments(machine, initramfs):
    if can_nest():
        without = (WITHOUT.get(machine.cpu)
                   if machine.cpu.startswith(WITH_VMX) else "-vmx")
        cpu = ",".join(filter(None, ["host", without]))
        acceleration = "kvm"
    else:
        cpu, acceleration = "max", "tcg"
    return ["-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-machine", "pc,accel=" + acceleration,
            "-cpu", cpu, "-smp", str(machine.smp), "-m", str(machine.mem),
            "-kernel", machine.kernel, "-initrd", initramfs,
            "-append", machine.cmdline(),
            "-serial", "file:console.log", "-serial", "file:command.log",
            "-drive", "file=disk.img,format=raw,if=ide,index=2,cache=unsafe",
            "-device", "isa-debug-exit,iobase=0x8900,iosize=1"]


class Qemu:
    """A running QEMU; what runner.watch() needs of it."""

    def __init__(self, folder, arguments):
        self._log = folder + "/qemu.log"
        program = shutil.which("qemu-system-x86_64")
        if not program:
            raise VmError("qemu-system-x86 is not installed: run scripts/deps")
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [program, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)

    def step(self, timeout=0.02):
        """Let it run on; False when it has ended."""
        if self._process.poll() is None:
            time.sleep(timeout)
            return True
        return False

    def last_words(self):
        """Its own messages."""
        return _read(self._log).strip() or "no message in qemu.log"

    def kill(self):
        """End it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def run_in_qemu(machine, payload, timeout, out=None, log=None):
    """Run a payload; returns the exit code."""
    if not can_nest():
        say("this QEMU machine has no VMX: KVM does not nest here")
    folder = runner.new_log_folder(log)
    result_at = disk.write_disk(folder + "/disk.img", payload.archive())
    running = Qemu(folder, _arguments(machine, _initramfs(machine)))
    try:
        outcome = runner.watch(running, folder, timeout, boots=1)
        if outcome.code is None:
            outcome.reason = running.last_words()
    except BaseException:
        runner.remove_big_files(folder)
        raise
    finally:
        running.kill()
    return runner.finish(outcome, folder, result_at, out)
