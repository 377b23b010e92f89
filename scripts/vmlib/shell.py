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
from .runner import (Console, Outcome, finish, new_log_folder,
                     remove_big_files)
from .saved import prepare_resume, saved_machine

ESCAPE = b"\x1d"                # Ctrl-]
END_OF_FILE = b"\x04"           # Ctrl-D


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
    """Carry keys and output until the machine ends or Ctrl-] is typed.

    Keys wait until the shell has printed something: it discards earlier ones.
    """
    console = Console(folder + "/console.log", line_end="\r\n")
    keyboard = sys.stdin.fileno()
    sources, keys, is_up = [keyboard, line, running], b"", False
    while running.step(0):
        ready, _, _ = select.select(sources, [], [], 0.1)
        console.show()
        if line in ready:
            os.write(sys.stdout.fileno(), os.read(line, 1 << 12))
            is_up = True
        if keyboard in ready:
            typed = os.read(keyboard, 1 << 10)
            if ESCAPE in typed:
                return Outcome(EXIT_USAGE, "ended by Ctrl-]")
            if not typed:       # end of a file or pipe: so will the shell
                sources.remove(keyboard)
            keys += typed or END_OF_FILE
        if keys and is_up:
            os.write(line, keys)
            keys = b""
    return Outcome()


def interactive_shell(machine, payload, backend):
    """Run a shell in the machine; returns the exit code."""
    if backend == "qemu":
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
        except BaseException:
            remove_big_files(folder)
            raise
        finally:
            running.kill()
    return finish(outcome, folder, result_at, None)
