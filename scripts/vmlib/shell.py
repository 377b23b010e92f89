# SPDX-License-Identifier: GPL-2.0-only
"""An interactive shell on the machine's second serial line."""
import os
import pty
import select
import shutil
import sys
import termios
import tty
from contextlib import contextmanager

from . import bochs
from .paths import EXIT_USAGE, VmError, say
from .runner import Console, Outcome, finish, new_log_folder
from .saved import prepare_resume, saved_machine

ESCAPE = b"\x1d"                # Ctrl-]


@contextmanager
def _raw_terminal():
    """Pass every key on; restore the terminal afterwards."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _relay(running, line, folder):
    """Carry keys and output until the machine ends or Ctrl-] is typed."""
    console = Console(folder + "/console.log", line_end="\r\n")
    sources = [sys.stdin.fileno(), line, running]
    while True:
        ready, _, _ = select.select(sources, [], [], 0.1)
        console.show()
        if line in ready:
            os.write(sys.stdout.fileno(), os.read(line, 1 << 12))
        if sys.stdin.fileno() in ready:
            keys = os.read(sys.stdin.fileno(), 1 << 10)
            if ESCAPE in keys:
                return Outcome(EXIT_USAGE, "ended by Ctrl-]")
            if keys:
                os.write(line, keys)
            else:               # end of a file or pipe: so will the shell
                os.write(line, b"\x04")
                sources.remove(sys.stdin.fileno())
        if not running.step(0):
            return Outcome()


def interactive_shell(machine, payload, backend):
    """Run a shell in the machine; returns the exit code."""
    if backend != "bochs":
        raise VmError("shell works with --backend bochs only")
    bochs.check_cpu(machine.cpu)
    size = shutil.get_terminal_size()
    payload.add_text("vm/shell", "rows %d cols %d\n"
                     % (size.lines, size.columns))
    folder = new_log_folder()
    line, slave = pty.openpty()
    tty.setraw(slave)
    with saved_machine(machine) as saved:
        arguments, result_at = prepare_resume(
            saved, folder, payload.archive(),
            "enabled=1, mode=term, dev=" + os.ttyname(slave))
        running = bochs.Bochs(folder, arguments)
        say("shell in the test machine; exit or Ctrl-] ends it")
        try:
            with _raw_terminal():
                outcome = _relay(running, line, folder)
        finally:
            running.kill()
    return finish(outcome, folder, result_at, None)
