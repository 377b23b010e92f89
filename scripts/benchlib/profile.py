# SPDX-License-Identifier: GPL-2.0-only
"""Where Lull's instructions go in a row: a listing of the emulator's.

The guest stops the emulator before the third batch, and from there on its
debugger lists each instruction.  Those between an exit and the next entry are
Lull's and the host's; they are counted by function, for each kind of exit.
"""
import bisect
import collections
import os
import re
import select
import subprocess

from demolib.progress import DemoError, read_text, say, write_text
from vmlib import bochs
from vmlib.machine import CPUS, IPS, Machine
from vmlib.paths import host_kernel
from vmlib.payload import Payload, command_script
from vmlib.runner import new_log_folder, remove_big_files
from vmlib.saved import prepare_resume, saved_machine

from . import measure, plan

NUMBER = 400_000                # instructions that are listed
SECONDS = 300
EXIT, ENTRIES = "lull_vmx_exit_point", ("vmresume", "vmlaunch")
HOST = "[host]"
# What tells kinds of exits apart, where it is met
TELLING = re.compile(
    r"handle_(?!quick)\w+|lull_emul_\w+|\w+_quick|lull_leaf_(set|remake)|"
    r"lull_gfn_prepare_unsync|lull_sp_(create|prepare_zap|compare|sync_hot)|"
    r"lull_spte_drop|lull_ptimer_look|queue_exception|lull_vmx_inject_irq")
PLAIN = ("lull_exit_quick",)    # each exit has it
INSTRUCTION = re.compile(rb"\(0\)\.\[\d+\] \[0x[0-9a-f]+\] [0-9a-f]{4}:"
                         rb"([0-9a-f]+) \(.*?\): (\S+)")
SECTION = re.compile(r"(?m)^(\.\S*text\S*):0x([0-9a-f]{16})\r?$")
SYMBOL = re.compile(r"(?m)^([0-9a-f]{16}) .{5}[ F].? (\.\S+)\t[0-9a-f]+ "
                    r"(?:\.hidden )?([^\s.]\S*)$")


class Listing(bochs.Bochs):
    """A machine that lists its instructions."""

    def __init__(self, folder, arguments, number):
        self.found = []         # (address, mnemonic)
        self._rest = b""
        super().__init__(folder, arguments,
                         script="c\ntrace on\ns %d\nquit\n" % number)

    def step(self, timeout=0.02):
        ready, _, _ = select.select([self.fileno()], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self.fileno(), 1 << 20)
        except OSError:         # EIO: it has ended
            return False
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            match = INSTRUCTION.match(line)
            if match:
                self.found.append((int(match.group(1), 16), match.group(2)))
        return bool(data)


class Functions:
    """The module's functions by address."""

    def __init__(self, module, log):
        sections = {name: int(address, 16)
                    for name, address in SECTION.findall(log)}
        if not sections:
            raise DemoError("the machine did not say where lull.ko is")
        listing = subprocess.run(["objdump", "-t", module], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        found = sorted((sections[section] + int(offset, 16), name)
                       for offset, section, name in SYMBOL.findall(listing)
                       if section in sections)
        self._starts = [start for start, _ in found]
        self._names = [name for _, name in found]
        # Where it is loaded nothing else is.
        self._last = max(self._starts, default=0) + 0x1000

    def name(self, address):
        """The function, or HOST."""
        i = bisect.bisect_right(self._starts, address) - 1
        return HOST if i < 0 or address > self._last else self._names[i]


def stays(found, functions):
    """The instructions of each stay outside the guest, by function."""
    current, names = None, {}
    for address, mnemonic in found:
        name = names.get(address)
        if name is None:
            name = names[address] = functions.name(address)
        if current is None:
            if name != EXIT:
                continue
            current = collections.Counter()
        current[name] += 1
        if mnemonic.decode() in ENTRIES:
            yield current
            current = None


def kind_of(stay):
    """What tells it apart."""
    return " ".join(name for name in stay
                    if TELLING.fullmatch(name) and name not in PLAIN) or HOST


def table(row, found, functions):
    """The profile as text."""
    kinds = collections.defaultdict(list)
    for stay in stays(found, functions):
        kinds[kind_of(stay)].append(stay)
    outside = sum(sum(stay.values()) for many in kinds.values()
                  for stay in many)
    lines = ["%s: of %d instructions %d are outside the guest, in %d exits" % (
        row, len(found), outside, sum(map(len, kinds.values())))]
    for kind, many in sorted(kinds.items(), key=lambda item: -sum(
            sum(stay.values()) for stay in item[1])):
        whole = sum(many, collections.Counter())
        lines += ["", "%d exits of %.0f instructions, %.1f %% of all: %s" % (
            len(many), sum(whole.values()) / len(many),
            100 * sum(whole.values()) / len(found), kind)]
        lines += ["  %7.1f %s" % (count / len(many), name)
                  for name, count in whole.most_common()
                  if count >= len(many)]
    return "\n".join(lines) + "\n"


def _payload(files, guest):
    payload = Payload()
    for path in files.values():
        payload.add_file(path)
    payload.add_text("vm/loglevel", "5\n")
    payload.add_text("vm/command", command_script([
        "insmod lull.ko cr3_targets_despite_l1tf=1 && "
        "(cd /sys/module/lull/sections && grep . .*text*) && "
        "./lull run %s %s </dev/null" % (
            guest.lull_options,
            guest.run_options.replace(
                "bench.rows=%s," % plan.EMPTY, "bench.stop bench.rows="))],
        False))
    return payload


def _list(payload, folder):
    machine = Machine(kernel=host_kernel("stock")["VMLINUZ"],
                      cpu=CPUS[plan.CPU], ips=IPS["stock"])
    with saved_machine(machine) as saved:
        arguments, _ = prepare_resume(saved, folder, payload.archive(),
                                      stops=True)
        running = Listing(folder, arguments, NUMBER)
        try:
            running.wait_for(rb"(?!)", SECONDS)
        finally:
            running.kill()
    return running.found


def run(row, target):
    """Make the profile of a row; it is left in the folder target."""
    guests = plan.guests((row,))
    if len(guests) != 1 or not guests[0].runs_bare:
        raise DemoError("--profile %s: only rows of a Linux guest" % row)
    files = measure.build(["lull"], (row,))
    folder = new_log_folder(os.path.join(measure.LOGS, "profile"))
    say("listing %d instructions of %s" % (NUMBER, row))
    try:
        found = _list(_payload(files, guests[0]), folder)
        functions = Functions(files["lull.ko"],
                              read_text(folder + "/command.log"))
    finally:
        remove_big_files(folder)
    if not found:
        raise DemoError("the guest did not come to %s (log: %s)" % (
            row, folder))
    text = table(row, found, functions)
    os.makedirs(target, exist_ok=True)
    write_text(os.path.join(target, "profile-%s.txt" % row), text)
    return text
