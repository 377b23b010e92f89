# SPDX-License-Identifier: GPL-2.0-only
"""Where the guest's kernel has the instructions that are counted."""
import re
import subprocess

from demolib.progress import DemoError

INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\s+(.*?)\s*$", re.M)
LOADS_CR3 = re.compile(r"mov\s+%\w+,%cr3$")
FLUSHES = re.compile(r"mov\s+%\w+,%cr4$|invlpg\s|invpcid\s")
IDLE = re.compile(r"<default_idle>:\n((?:[0-9a-f]{16}:.*\n)+)")
TO_HALT = re.compile(r"([0-9a-f]{16}):\s+sti\s*\n[0-9a-f]{16}:\s+hlt\s")
MARK = re.compile(r"out\s+%al,\$0xf5$")
AFTER_BOOT = "startup_64_setup_env"     # what lies before runs only once
# What ends a halt, the LAPIC's timer.  Bochs 2.7 does not stop at the first
# instruction of a handler, which is CLAC or a NOP, but at the second.
TIMER = "asm_sysvec_apic_timer_interrupt"
SECOND = re.compile(r"cld$")
ENTRY_SIZE = 32                         # more than two instructions
# What is executed from the STI before HLT to that: STI, HLT, the first of the
# handler
HALT_INSTRUCTIONS = 3


def _symbols(vmlinux):
    listing = _tool("nm", vmlinux)
    return {name: int(address, 16) for address, name in re.findall(
        r"(?m)^([0-9a-f]{16}) \w (\S+)$", listing)}


def _tool(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        raise DemoError("%s failed: is binutils installed?" % command[0])
    return done.stdout


def in_init(listing):
    """Addresses of the marks in a disassembly."""
    found = [int(address, 16) for address, text
             in INSTRUCTION.findall(listing) if MARK.match(text)]
    if len(found) != 1:
        raise DemoError("init has %d OUTs to port 0xf5, not one" % len(found))
    return found


def in_kernel(listing):
    """{what: [addresses]} of a disassembly."""
    found = {"cr3": [], "flush": [], "halt": []}
    for address, text in INSTRUCTION.findall(listing):
        if LOADS_CR3.match(text):
            found["cr3"].append(int(address, 16))
        elif FLUSHES.match(text):
            found["flush"].append(int(address, 16))
    idle = IDLE.search(listing)
    halt = idle and TO_HALT.search(idle.group(1))
    if not halt or not found["cr3"]:
        raise DemoError("the guest's kernel loads no CR3, or its "
                        "default_idle() has no STI and HLT")
    found["halt"].append(int(halt.group(1), 16))
    return found


def find(vmlinux, init):
    """{what: [addresses]} of a kernel and its init; what of the kernel is
    for its boot is left out."""
    symbols = _symbols(vmlinux)
    missing = [name for name in (TIMER, AFTER_BOOT) if name not in symbols]
    if missing:
        raise DemoError("%s has no symbol %s" % (vmlinux, missing[0]))
    found = in_kernel(_tool(
        "objdump", "-d", "--no-show-raw-insn", "--section=.text",
        "--start-address=%d" % symbols[AFTER_BOOT], vmlinux))
    entry = _tool("objdump", "-d", "--no-show-raw-insn",
                  "--start-address=%d" % symbols[TIMER],
                  "--stop-address=%d" % (symbols[TIMER] + ENTRY_SIZE), vmlinux)
    found["interrupt"] = [int(address, 16) for address, text
                          in INSTRUCTION.findall(entry) if SECOND.match(text)]
    if len(found["interrupt"]) != 1:
        raise DemoError("%s() does not begin with CLD" % TIMER)
    found["mark"] = in_init(_tool("objdump", "-d", "--no-show-raw-insn", init))
    return found
