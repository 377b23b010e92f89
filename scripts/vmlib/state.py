# SPDX-License-Identifier: GPL-2.0-only
"""What a machine was doing when its time was over: registers and stack, with
the names of the kernel's functions."""
import bisect
import os
import re
import signal

from .machine import file_digest
from .paths import VM

COMMANDS = ["r", "sreg", "creg", "print-stack 96"]
PROMPT = rb"<bochs:\d+>"
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
RIP = re.compile(r"rip: ([0-9a-f]{8})_([0-9a-f]{8})")
STACK = re.compile(r"STACK 0x[0-9a-f]+ \[0x([0-9a-f]{8}):0x([0-9a-f]{8})\]")
MODULES_AREA = range(0xffffffffc0000000, 0xffffffffff000000)


def symbols_path(machine):
    """Where the kernel's symbol table is kept, as /proc/kallsyms has it."""
    return os.path.join(VM, "symbols", file_digest(machine.kernel).hex()[:16])


class Symbols:
    """Functions of the kernel by address."""

    def __init__(self, path):
        self._addresses, self._names = [], []
        if os.path.exists(path):
            with open(path, encoding="ascii") as lines:
                entries = sorted((int(address, 16), name) for address, _, name
                                 in (line.split()[:3] for line in lines))
            self._addresses = [address for address, _ in entries]
            self._names = [name for _, name in entries]

    def describe(self, address):
        """NAME+0xOFFSET, or None when it is no kernel text."""
        if address in MODULES_AREA:
            return "in a module or its init"
        at = bisect.bisect_right(self._addresses, address) - 1
        if (at < 0 or at + 1 >= len(self._addresses)
                or self._names[at] in ("_etext", "_einittext")):
            return None
        return "%s+0x%x" % (self._names[at], address - self._addresses[at])


def dump(running, path, symbols):
    """Stop a Bochs in its debugger; write its state to path."""
    mark = len(running.screen)
    os.kill(running.pid, signal.SIGINT)
    if not running.wait_for(PROMPT, 10, mark):
        return False
    text = ""
    for command in COMMANDS:
        mark = len(running.screen)
        running.type(command + "\n")
        running.wait_for(PROMPT, 10, mark + len(command))
        text += running.screen[mark:].decode("latin-1")
    text = CONTROLS.sub("", text).replace("\r", "")
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(_backtrace(text, symbols)) + "\n\n" + text)
    return True


def _backtrace(text, symbols):
    """The instruction pointer, and what on the stack may be a caller."""
    yield "Where it was, and possible return addresses on its stack:"
    for pattern in (RIP, STACK):
        for high, low in pattern.findall(text):
            address = int(high + low, 16)
            name = symbols.describe(address)
            if name:
                yield "  %016x %s" % (address, name)
