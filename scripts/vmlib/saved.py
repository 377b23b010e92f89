# SPDX-License-Identifier: GPL-2.0-only
"""Saved machines: booted once, resumed for each run in about a second.

Bochs 2.7 saves only from a button of a graphical display.  The machine stops
itself in the debugger at an exact instruction, a tiny client of the RFB
display clicks the button, and the questions are answered on the terminal.
"""
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress

from . import bochs, disk, image
from .paths import EXIT_DIED, GUEST, VM, VmError, run_tool, say

MACHINES = os.path.join(VM, "machines")
KEEP = 20                       # saved machines; the longest unused go
MAKE_TIMEOUT = 600
DISK_COPY = "hard_drive.1.drive0.image"     # Bochs' name in a saved machine

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41
RFB_PORTS = range(5900, 5950)
SAVE_BUTTON_FROM_RIGHT = 48
SAVE_BUTTON_Y = 10


@contextmanager
def saved_machine(machine):
    """The folder of the saved machine, made if there is none.

    It is locked against removal while the context lasts.
    """
    key = machine.key(os.path.join(GUEST, "init"), image.tool("vmdisk"),
                      image.tool("nosrand.so"), image.busybox(),
                      bochs.program(), bochs.settings(machine),
                      str(disk.SMALL_DISK))
    os.makedirs(MACHINES, exist_ok=True)
    folder = os.path.join(MACHINES, key)
    with open(folder + ".lock", "w", encoding="ascii") as lock:
        _lock(lock, fcntl.LOCK_SH)
        while not _is_complete(folder):
            _lock(lock, fcntl.LOCK_EX)
            if not _is_complete(folder):
                _make_in_child(machine, folder)
            _lock(lock, fcntl.LOCK_SH)
        os.utime(folder)
        _prune()
        yield folder


def _lock(lock, mode):
    try:
        fcntl.flock(lock, mode | fcntl.LOCK_NB)
    except OSError:
        say("another run is saving this machine; waiting for it")
        fcntl.flock(lock, mode)


def _is_complete(folder):
    return os.path.exists(folder + "/config")


def _prune():
    """Remove the saved machines that were not used for longest."""
    names = [n for n in os.listdir(MACHINES)
             if os.path.isdir(os.path.join(MACHINES, n)) and "." not in n]
    paths = [os.path.join(MACHINES, n) for n in names]
    paths.sort(key=os.path.getmtime, reverse=True)
    for path in paths[KEEP:]:
        with open(path + ".lock", "w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue        # in use
            shutil.rmtree(path)


def _make_in_child(machine, folder):
    """Make the machine in a child, which gets a network of its own."""
    scratch = folder + ".making"
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    say("booting a %s with %d CPU, %d MB, to save it for later runs (log: %s)"
        % (machine.cpu, machine.smp, machine.mem, scratch + "/console.log"))
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        code = EXIT_DIED
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _make(machine, folder, scratch)
            code = 0
        except VmError as error:
            say("error: %s" % error)
            code = error.code
        except KeyboardInterrupt:
            pass
        finally:
            os._exit(code)
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    if status:
        raise VmError("could not make the saved machine; see " + scratch,
                      EXIT_DIED)
    shutil.rmtree(scratch)
    say("saved the machine in %.0f s" % (time.monotonic() - started))


def _make(machine, folder, scratch):
    image.make_cd(scratch + "/boot.iso", scratch, machine, "vmsave")
    with open(scratch + "/disk.img", "wb") as empty:
        empty.truncate(disk.SMALL_DISK)
    with open(scratch + "/bochsrc", "w", encoding="ascii") as rc:
        rc.write(bochs.settings(machine))
    new = scratch + "/saved"
    os.makedirs(new)
    _own_network()
    running = bochs.Bochs(scratch, ["-f", "bochsrc"])
    try:
        _wait_until_ready(running, scratch)
        with _display() as click:
            click()
            _answer(running, new)
    finally:
        running.kill()
    shutil.move(scratch + "/boot.iso", new)
    shutil.copy(scratch + "/console.log", new)
    _punch_holes(new)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(new, folder)


def _wait_until_ready(running, scratch):
    stopped = running.wait_for(rb"<bochs:\d+>", MAKE_TIMEOUT)
    with open(scratch + "/console.log", errors="replace",
              encoding="utf-8") as log:
        console = log.read()
    failed = re.search(r"=== VM PRE-FAILED (\d+)", console)
    if failed:
        raise VmError("/pre of --base failed with status %s; see %s"
                      % (failed.group(1), scratch + "/console.log"))
    if not stopped or "=== VM READY" not in console:
        raise VmError("the machine did not boot: %s; see %s" % (
            running.last_words(), scratch), EXIT_DIED)


def _answer(running, new):
    mark = len(running.screen)
    running.type("c\n")
    for question, answer in ((rb"to folder", new), (rb"want to continue", "n")):
        if not running.wait_for(question, 60, mark):
            raise VmError("Bochs did not save: see " + running.folder,
                          EXIT_DIED)
        running.type(answer + "\n")
    while running.step(3):      # ends by itself once all is written
        pass


def _punch_holes(folder):
    """Most of the memory is zero: do not keep it on a disk that can do so."""
    for name in ("memory.ram", DISK_COPY):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with suppress(VmError):
                run_tool(["fallocate", "--dig-holes", path])


def _own_network():
    """A network with only a loopback, so that the display's port is ours.

    Without the right to one, another program's port could be found instead;
    _display() checks for a Bochs.
    """
    unshare = ctypes.CDLL(None).unshare
    if unshare(CLONE_NEWNET) and unshare(CLONE_NEWUSER | CLONE_NEWNET):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                    struct.pack("16sH14x", b"lo", IFF_UP_RUNNING))


@contextmanager
def _display():
    """Connect to Bochs' display; yields a function that clicks on "save"."""
    connection = _connect()
    reader = connection.makefile("rb")
    reader.read(12)
    connection.sendall(b"RFB 003.003\n")
    reader.read(4)
    connection.sendall(b"\1")
    width, _ = struct.unpack(">HH", reader.read(4))
    reader.read(16)
    name_length, = struct.unpack(">I", reader.read(4))
    name = reader.read(name_length)
    if b"Bochs" not in name:
        raise VmError("port of the display belongs to %r" % name, EXIT_DIED)

    def click():
        def discard():
            try:
                while reader.read1(1 << 16):
                    pass
            except (OSError, ValueError):
                pass            # closed
        threading.Thread(target=discard, daemon=True).start()
        for buttons in (0, 1, 0):
            connection.sendall(struct.pack(
                ">BBHH", 5, buttons, width - SAVE_BUTTON_FROM_RIGHT,
                SAVE_BUTTON_Y))
            time.sleep(0.05)
    try:
        yield click
    finally:
        connection.close()


def _connect():
    for port in RFB_PORTS:
        try:
            return socket.create_connection(("127.0.0.1", port), 2)
        except OSError:
            continue
    raise VmError("no display on ports 5900 to 5949", EXIT_DIED)


def prepare_resume(saved, folder, archive, com2=None, stops=False):
    """Lay out a run's folder; returns (Bochs arguments, result position)."""
    state = folder + "/state"
    os.makedirs(state)
    for name in os.listdir(saved):
        if name not in ("config", DISK_COPY, "boot.iso", "console.log"):
            os.symlink(os.path.join(saved, name), os.path.join(state, name))
    with open(saved + "/config", encoding="latin-1") as config:
        text = bochs.resume_settings(config.read(), com2, stops)
    with open(state + "/config", "w", encoding="latin-1") as config:
        config.write(text)
    os.symlink(saved + "/boot.iso", folder + "/boot.iso")
    result_at = disk.write_disk(os.path.join(state, DISK_COPY), archive)
    with open(folder + "/disk.img", "wb") as empty:
        empty.truncate(disk.disk_size(len(archive)))
    return ["-r", "state"], result_at
