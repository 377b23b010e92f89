# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: backends, rows, guests, and the commands in the machine."""
from dataclasses import dataclass
from typing import Optional

BACKENDS = ("lull", "kvm_ept0", "kvm_ept1", "bare")
PEERS = BACKENDS[1:]            # what Lull is compared with
CPU = "haswell"                 # has EPT, so that KVM can run with and without

GUEST_MEMORY = "64M"
CMDLINE = "console=ttyS0 quiet mitigations=off lull.run=exec:/bin/bench"

KVM_MODULES = ("irqbypass", "kvm", "kvm-intel")


@dataclass(frozen=True)
class Row:
    """One thing that is measured; the guest's half is in guest/*.c."""
    name: str
    what: str                   # what one operation is
    goal: Optional[int] = None  # Lull's instructions, at most
    pti: bool = False           # also with page-table isolation
    targets: Optional[int] = None   # also with CR3 targets: Lull's goal then,
                                    # what kvm_ept1 takes and 3 %
    guard: bool = False         # also with them and the idle guard


ROWS = (
    Row("boot", "from the first instruction of the kernel to init's program"),
    Row("getppid", "a system call", 205, True),
    Row("cpuid", "CPUID: one exit and back", 300),
    Row("in_kernel", "IN from the PIC, which is in the kernel"),
    Row("in_user", "IN from the UART, which is outside"),
    Row("out_user", "OUT to the UART"),
    Row("sleep20", "a sleep of 20 microseconds", guard=True),
    Row("mmap1p", "mmap, touch and munmap one page", 35000, True),
    Row("mmap64p", "mmap, touch and munmap 64 pages", 230000),
    Row("fault_minor", "first touch of an anonymous page", None, True),
    Row("fault_file", "first read of a page of a mapped file"),
    Row("fault_cow", "first read, then write, of a private page of a file"),
    Row("mprotect1", "mprotect one page down and up, and write it", 7000,
        True),
    Row("mprotect16", "the same, 16 pages"),
    Row("mprotect512", "the same, 512 pages"),
    Row("ctx2", "a byte round a ring of pipes through 2 processes", 5600,
        True, 5798, True),
    Row("ctx4", "through 4 processes", 11800, False, 11465),
    Row("ctx8", "through 8 processes", 24500, True, 0),
    Row("ctx16", "through 16 processes", None, False, 0),
    Row("hackbench", "4 senders and 4 receivers, 20 messages each to each"),
    Row("fork", "fork, exit, wait", 220000, True),
    Row("fork256p", "the same, of a process with 1 MiB resident"),
    Row("fork1024p", "the same, with 4 MiB resident"),
    Row("exec", "vfork, exec, exit, wait", 550000, True),
    Row("find", "busybox find over 128 files of a tmpfs"),
    Row("tar", "busybox tar of the same"),
    Row("shell200", "a shell script of 200 commands, half of them programs",
        None, True),
)
MICRO_ROWS = (
    Row("exit_cpuid", "CPUID", 300),
    Row("exit_vmcall", "a hypercall that nobody knows"),
    Row("exit_rdmsr", "RDMSR of IA32_MISC_ENABLE"),
    Row("exit_wrmsr", "WRMSR of the same, with the value it has"),
    Row("exit_cr0_wp", "CR0.WP turned over"),
    Row("exit_cr4_pge", "CR4.PGE turned over"),
    Row("exit_cr3_same", "MOV to CR3 of the value it has"),
    Row("exit_cr3_2", "MOV to CR3, two roots in turn"),
    Row("exit_cr3_16", "MOV to CR3, 16 roots in turn"),
    Row("exit_cr3_cold", "MOV to CR3 of a root that is new"),
    Row("exit_invlpg", "INVLPG of a page, and a write to it"),
    Row("exit_irq", "PIT armed, its interrupt taken while the guest runs"),
    Row("exit_hlt", "the same after HLT; the wait is in the figure"),
)
PTI = "pti_"                    # prefix of the rows of the second guest
TARGETS = "targets_"            # and of the third, which has CR3 targets on
                                # Lull, and nothing of the kind elsewhere
GUARD = "guard_"                # and of the fourth, which has the idle guard
                                # besides
EMPTY = "empty"                 # what the marks themselves cost
# Guests whose VMM's memory is watched, not measured otherwise: what they do
BOOT = "boot"
MEMORY = {BOOT: EMPTY, "shell200": "shell200"}


@dataclass(frozen=True)
class Guest:
    """One boot of the guest kernel."""
    name: str
    prefix: str                 # of its rows in the report
    kernel: str                 # file in the machine
    cmdline: str
    rows: tuple                 # those it measures, the empty one apart
    lull_options: str = ""      # of lull run, on Lull only

    @property
    def runs_bare(self):
        """Can the emulator boot it without a VMM?"""
        return self.kernel == "bzImage"

    @property
    def run_options(self):
        """For lull run."""
        options = "--kernel %s --mem %s" % (self.kernel, GUEST_MEMORY)
        if self.kernel == "bzImage":
            options += " --initrd initrd --append '%s'" % self.cmdline
        return options


def guests(wanted=()):
    """The guests to boot, for all rows or for those named."""
    main = [row.name for row in ROWS if not wanted or row.name in wanted]
    pti = [row.name for row in ROWS if row.pti and
           (not wanted or PTI + row.name in wanted)]
    targets = [row.name for row in ROWS if row.targets is not None and
               (not wanted or TARGETS + row.name in wanted)]
    guard = [row.name for row in ROWS if row.guard and
             (not wanted or GUARD + row.name in wanted)]
    found = []
    for name, prefix, more, rows, options in (
            ("main", "", "", main, ""), ("pti", PTI, " pti=on", pti, ""),
            ("targets", TARGETS, "", targets, " --cr3-targets"),
            ("guard", GUARD, "", guard, " --cr3-targets --idle-guard audit")):
        if rows:
            found.append(Guest(name, prefix, "bzImage",
                               "%s%s bench.rows=%s" % (
                                   CMDLINE, more, ",".join([EMPTY] + rows)),
                               tuple(rows), options))
    if not wanted or set(wanted) & micro_names():
        found.insert(0, Guest("micro", "", "micro", "",
                              tuple(row.name for row in MICRO_ROWS)))
    return found


def micro_names():
    """Rows of single instructions; the others are of a Linux guest."""
    return {row.name for row in MICRO_ROWS}


def row_names():
    """All rows of the report."""
    return [row.name for row in MICRO_ROWS + ROWS] + [
        PTI + row.name for row in ROWS if row.pti] + [
            TARGETS + row.name for row in ROWS if row.targets is not None] + [
                GUARD + row.name for row in ROWS if row.guard]


def describe(name):
    """(what, goal) of a row of the report."""
    for row in MICRO_ROWS + ROWS:
        if name == row.name:
            return row.what, row.goal
        if name == PTI + row.name:
            return row.what + "; page-table isolation", None
        if name == TARGETS + row.name:
            return row.what + "; CR3 targets", row.targets or None
        if name == GUARD + row.name:
            return row.what + "; CR3 targets and the idle guard", None
    raise KeyError(name)


def _memory_commands(options):
    """For the guests of MEMORY."""
    lines = [". ./peak.sh"]
    for name, rows in MEMORY.items():
        guest = Guest(name, "", "bzImage", "%s bench.rows=%s" % (CMDLINE, rows),
                      ())
        lines.append("echo memory %s && peak /out/memory_%s ./lull run%s %s "
                     "</dev/null >/out/memory.log 2>&1 || exit 1"
                     % (name, name, options, guest.run_options))
    return lines


def command(backend, wanted=()):
    """The shell commands for the test machine."""
    if backend == "lull":
        lines = ["insmod lull.ko cr3_targets_despite_l1tf=1 || exit 1"]
        options = ""
    else:
        lines = ["insmod ./%s.ko%s || exit 1" % (
            name, " ept=" + backend[-1] if name == "kvm-intel" else "")
            for name in KVM_MODULES]
        options = " --backend kvm"
    for guest in guests(wanted):
        lines.append(
            "echo guest %s && ./lull run%s %s --stats /out/%s.json </dev/null"
            " >/out/%s.log 2>&1 || { tail -n 30 /out/%s.log; exit 1; }"
            % (guest.name, options or guest.lull_options,
               guest.run_options, guest.name,
               guest.name, guest.name))
    if not wanted:
        lines += _memory_commands(options)
    return "\n".join(lines)
