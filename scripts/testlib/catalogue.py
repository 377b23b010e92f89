# SPDX-License-Identifier: GPL-2.0-only
"""Reads selftests/tests.ini and groups its tests into runs of the machine.

Each section is a test:

  bin      program that selftests/Makefile builds, or
  script   shell script in selftests/
  args     its arguments
  cpu      CPU models; the test runs once on each (default: penryn haswell)
  smp      CPUs (default: 1)
  mem      MB (default: 512)
  timeout  seconds of the machine's own time (default: 60)
  module   "loaded" (default): lull.ko is loaded when the test starts;
           "none": it is not, and the test may load it
  trace    "yes": the host kernel has its tracing (default: no)
  host     host kernels it can run on (default: stock checkers)
  debug    "no": not with the module of DEBUG=1, whose exits take too long for
           what the test demands (default: yes)
  needs    what else goes along, separated by spaces:
             guest-kernel    as bzImage
             stock-kernel    the same kernel unpatched, as bzImage-stock
             debian-kernel   Debian's own, that of the host, as vmlinuz
             guest-initrd    as initrd
             real-kernel     guest-kernel with selftests/real/config added, as
                             bzImage-real
             real-initrd     with the real workloads, as initrd-real
             real-list       selftests/real/list, as real.list
             broken-kernel   guest-kernel with selftests/broken/idle.patch, as
                             bzImage-broken
             broken-map      its System.map, as System.map-broken
             host-module:NAME  a module of the host kernel, as NAME.ko;
                             not there where the kernel has it built in
             program:NAME    a program of this system, such as trace-cmd
             file:PATH       a file of the repository
             multiboot       the Multiboot image of selftests/multiboot
             example         that of selftests/example
"""
import configparser
from collections import defaultdict
from dataclasses import dataclass, field
from typing import List, Tuple

KEYS = {"bin", "script", "args", "cpu", "smp", "mem", "timeout", "module",
        "trace", "needs", "host", "debug"}
HOSTS = ("stock", "checkers")
NEEDS = {"guest-kernel", "stock-kernel", "debian-kernel", "guest-initrd",
         "multiboot", "example", "real-kernel", "real-initrd", "real-list",
         "broken-kernel", "broken-map"}
DEFAULTS = {"args": "", "cpu": "penryn haswell", "smp": "1", "mem": "512",
            "timeout": "60", "module": "loaded", "trace": "no", "needs": "",
            "host": " ".join(HOSTS), "debug": "yes"}

BATCH_SECONDS = 400     # sum of the timeouts of a batch


# How much longer the same test takes on a host kernel, in the machine's time
SLOWDOWN = {"stock": 1, "checkers": 2}


class CatalogueError(Exception):
    """A mistake in tests.ini."""


@dataclass(frozen=True)
class Test:
    """One test on one CPU model."""
    name: str
    program: str            # file in /work
    is_script: bool
    args: str
    cpu: str
    smp: int
    mem: int
    timeout: int
    module: str
    trace: bool
    needs: Tuple[str, ...]
    host: str

    @property
    def title(self):
        """Name for people and for log files."""
        return "%s.%s%s%s" % (
            self.name, self.cpu, ".smp%d" % self.smp if self.smp > 1 else "",
            "" if self.host == "stock" else "." + self.host)

    @property
    def machine(self):
        """Tests with the same may share a run."""
        return self.host, self.cpu, self.smp, self.mem, self.trace

    @property
    def command(self):
        """The shell command line that runs it in the machine."""
        shell = "sh " if self.is_script else ""
        return ("%s./%s %s" % (shell, self.program, self.args)).strip()


@dataclass
class Batch:
    """Tests that one run of the machine does, in order."""
    tests: List[Test] = field(default_factory=list)

    @property
    def seconds(self):
        """The sum of the timeouts."""
        return sum(test.timeout for test in self.tests)

    @property
    def needs(self):
        """What all of its tests need."""
        return sorted({need for test in self.tests for need in test.needs})


def _test(name, section, cpu, host):
    if ("bin" in section) == ("script" in section):
        raise CatalogueError("[%s]: needs either bin or script" % name)
    if section["debug"] not in ("yes", "no"):
        raise CatalogueError("[%s]: debug is yes or no" % name)
    unknown = set(section) - KEYS
    if unknown:
        raise CatalogueError("[%s]: unknown key %s" % (name, min(unknown)))
    if section["module"] not in ("loaded", "none"):
        raise CatalogueError("[%s]: module is loaded or none" % name)
    if not set(section["host"].split()) <= set(HOSTS):
        raise CatalogueError("[%s]: host is one of %s" % (
            name, ", ".join(HOSTS)))
    needs = tuple(section["needs"].split())
    for need in needs:
        if need not in NEEDS and not need.startswith(
                ("program:", "file:", "host-module:")):
            raise CatalogueError("[%s]: unknown need %s" % (name, need))
    try:
        return Test(name=name, cpu=cpu,
                    program=section.get("bin") or section["script"],
                    is_script="script" in section, args=section["args"],
                    smp=section.getint("smp"), mem=section.getint("mem"),
                    timeout=section.getint("timeout") * SLOWDOWN[host],
                    module=section["module"],
                    trace=section.getboolean("trace"), needs=needs,
                    host=host)
    except ValueError as error:
        raise CatalogueError("[%s]: %s" % (name, error)) from error


def read_catalogue(path, names=(), cpus=(), host="stock", debug=False):
    """The tests of a file, or those named, on all their models or on cpus,
    with one host kernel, and the module that checks itself or not."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict({parser.default_section: DEFAULTS})
    try:
        with open(path, encoding="utf-8") as source:
            parser.read_file(source)
    except configparser.Error as error:
        raise CatalogueError(str(error)) from error
    for name in names:
        if name not in parser:
            raise CatalogueError("%s has no test %s" % (path, name))
    for name in names:
        if host not in parser[name]["host"].split():
            raise CatalogueError("%s is not for --host %s" % (name, host))
        if debug and parser[name]["debug"] == "no":
            raise CatalogueError("%s is not for --debug" % name)
    return [_test(name, parser[name], cpu, host)
            for name in parser.sections() if not names or name in names
            if host in parser[name]["host"].split()
            if not debug or parser[name]["debug"] == "yes"
            for cpu in parser[name]["cpu"].replace(",", " ").split()
            if not cpus or cpu in cpus]


def make_batches(tests):
    """Group tests by machine, the longest batches first."""
    groups = defaultdict(list)
    for test in tests:
        groups[test.machine].append(test)
    batches = []
    for group in groups.values():
        batch = Batch()
        for test in group:
            if batch.tests and (batch.seconds + test.timeout
                                > BATCH_SECONDS * SLOWDOWN[test.host]):
                batches.append(batch)
                batch = Batch()
            batch.tests.append(test)
        batches.append(batch)
    return sorted(batches, key=lambda batch: -batch.seconds)
