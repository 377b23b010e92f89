# SPDX-License-Identifier: GPL-2.0-only
"""Finds what must not be in the host kernel's log."""
import re

# Each is how the kernel begins a report about itself.
REPORTS = re.compile(r"""
    BUG:\                               # oops, lockdep, KASAN, atomic sleep
  | BUG\ \S+\ \(                        # the slab allocator
  | WARNING:\                           # WARN(), lockdep, RCU
  | kernel\ BUG\ at
  | INFO:\ (possible|trying|task|rcu)   # lockdep, hung tasks
  | rcu:\ INFO:
  | unchecked\ MSR\ access\ error
  | general\ protection\ fault.*:\ [0-9a-f]{4}\ \[  # in the kernel
  | Oops:
  | UBSAN:
  | KASAN:
  | KCSAN:
  | refcount_t:
  | (list_add|list_del)\ (corruption|double)
  | ODEBUG:
  | usercopy:\ Kernel\ memory
  | detected\ buffer\ overflow
  | pagealloc:
  | :\ bad\ (pgd|p4d|pud|pmd)
  | kmemleak:\ \d+\ new\ suspected
  | :\ [0-9a-f]{4}\ \[\#\d+\]           # any other way to die
  | Bad\ page\ (state|map)
  | nobody\ cared
  | DEBUG_LOCKS_WARN_ON
  | Kernel\ panic
  | stack-protector:
  | VMXOFF\ failed
""", re.VERBOSE)

# After these the machine may not come to an end by itself.
FATAL = re.compile(r"""
    Oops:
  | kernel\ BUG\ at
  | general\ protection\ fault.*:\ [0-9a-f]{4}\ \[
  | soft\ lockup
  | detected\ (expedited\ )?stalls
  | self-detected\ stall
""", re.VERBOSE)

PANIC_END = "---[ end Kernel panic"
LEVEL = re.compile(r"^<\d+>")           # as `dmesg -r` prints it
CONTEXT = 25


def find_report(text):
    """The first report in a kernel log with what follows it, or None."""
    lines = [LEVEL.sub("", line) for line in text.splitlines()]
    for number, line in enumerate(lines):
        if REPORTS.search(line):
            return "\n".join(lines[number:number + CONTEXT])
    return None


def is_fatal(text):
    """Does a kernel log show that the machine is in serious trouble?"""
    return bool(FATAL.search(text))


def readable(raw):
    """A log from `dmesg -r` without the level prefixes."""
    return "\n".join(LEVEL.sub("", line) for line in raw.splitlines()) + "\n"
