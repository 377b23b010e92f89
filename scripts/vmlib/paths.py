# SPDX-License-Identifier: GPL-2.0-only
"""Where things are, how failures are named, and how progress is told."""
import fcntl
import os
import subprocess
import sys
import time

LIB = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))
OUT = os.path.join(TOP, "out")
VM = os.path.join(OUT, "vm")            # built tools and saved machines
LOGS = os.path.join(OUT, "log", "vm")   # one folder for each run
GUEST = os.path.join(LIB, "guest")
# scripts/vm for a program that a signal may end: the machine ends with it
VM_COMMAND = ("setpriv", "--pdeathsig", "TERM",
              os.path.join(TOP, "scripts", "vm"))

# The scripts that get or build the host kernels
HOST_KERNELS = {"stock": "host-kernel", "checkers": "checkers-kernel"}

# Exit codes of scripts/vm itself; any other is the command's own.
EXIT_USAGE = 120     # wrong options, missing files or packages
EXIT_REPORT = 121    # the host kernel logged an oops, a WARN or the like
EXIT_RESET = 122     # the machine was reset
EXIT_PANIC = 123     # the host kernel panicked
EXIT_TIMEOUT = 124   # --timeout
EXIT_DIED = 125      # the machine ended, or gave no result

_started = time.monotonic()


class VmError(Exception):
    """A failure of scripts/vm itself, with the exit code that says so."""

    def __init__(self, text, code=EXIT_USAGE):
        super().__init__(text)
        self.code = code


def elapsed():
    """Seconds since scripts/vm started."""
    return time.monotonic() - _started


def say(text):
    """Print one progress line to stderr."""
    print("[%6.1fs] vm: %s" % (elapsed(), text), file=sys.stderr, flush=True)


def only_run(folder, tell):
    """Keep other runs out of a folder until this process ends."""
    os.makedirs(folder, exist_ok=True)
    lock = os.open(os.path.join(folder, ".lock"), os.O_WRONLY | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        tell("another run is going on; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def run_tool(argv, log=None, **options):
    """Run a tool; a failure becomes a VmError that shows what it printed."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, **options)
    except FileNotFoundError as missing:
        raise VmError("%s is not installed: run scripts/deps"
                      % missing.filename) from missing
    if log:
        with open(log, "ab") as out:
            out.write(done.stdout)
    if done.returncode:
        raise VmError("%s failed: %s" % (
            argv[0], done.stdout.decode(errors="replace").strip()[-2000:]))
    return done.stdout


def host_kernel(host="stock"):
    """A host kernel's KVER, VMLINUZ, MODULES and KDIR as a dict."""
    script = HOST_KERNELS[host]
    done = subprocess.run([os.path.join(TOP, "scripts", script)],
                          stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode:
        raise VmError("scripts/%s failed" % script)
    lines = (line.split("=", 1) for line in done.stdout.splitlines())
    return {name: value.strip("'") for name, value in lines}
