# SPDX-License-Identifier: GPL-2.0-only
"""Runs a batch of tests in one machine and finds out how each ended."""
import os
import re
import select
import shutil
import subprocess
import time

from vmlib import hostlog
from vmlib.paths import (EXIT_REPORT, OUT, TOP, VM_COMMAND, VmError,
                         host_kernel, run_tool)

from . import broken, real
from .catalogue import Batch
from .tap import count_results

LIB = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(OUT, "selftests")
LOGS = os.path.join(OUT, "log", "selftests")

MARK = re.compile(r"^=== (BEGIN|END) (\S+)(?: (\d+))?$")
KERNEL_MARK = re.compile(r"lull-test: begin (\S+)")

# Wall seconds a test may take: emulation is slower than the machine's time
WALL_BASE = 60
WALL_FACTOR = {"stock": 6, "checkers": 24}


def link_or_copy(source, target):
    """Put a file into a payload folder."""
    if not os.path.exists(source):
        raise VmError("%s does not exist" % os.path.relpath(source, TOP))
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        shutil.copy(source, target)


def host_module(name, host):
    """Path of a module of the host kernel, or None when it is built in."""
    top = host_kernel(host)["MODULES"]
    for folder, _, files in os.walk(top):
        if name + ".ko" in files:
            return os.path.join(folder, name + ".ko")
    with open(os.path.join(top, "modules.builtin"), encoding="ascii") as names:
        if any(os.path.basename(line.strip()) == name + ".ko"
               for line in names):
            return None
    raise VmError("there is no %s.ko in %s" % (name, top))


class Supplies:
    """Makes, once each, what tests need beside their own program."""

    def __init__(self, host, module, logs):
        self.module = module    # path of lull.ko
        self.logs = logs        # folder
        self._files = {}
        self._host = host

    def file_for(self, need):
        """Path of what a need stands for; None for what is no file here."""
        if need.startswith("program:"):
            return None
        if need not in self._files:
            self._files[need] = self._make(need)
        return self._files[need]

    def _make(self, need):
        if need.startswith("file:"):
            return os.path.join(TOP, need[len("file:"):])
        if need == "multiboot":
            return os.path.join(BUILD, "multiboot", "modes")
        if need == "example":
            return os.path.join(BUILD, "example.elf")
        if need == "debian-kernel":
            return host_kernel()["VMLINUZ"]
        if need.startswith("host-module:"):
            return host_module(need[len("host-module:"):], self._host)
        if need in real.NEEDS:
            return real.make(need, BUILD)
        if need in broken.NEEDS:
            return broken.make(need, BUILD)
        script = os.path.join(TOP, "scripts", "guest-kernel")
        if need == "guest-initrd":
            path = os.path.join(BUILD, "initrd")
            run_tool([os.path.join(TOP, "scripts", "guest-initrd"), path,
                      "--busybox"])
            return path
        done = subprocess.run(
            [script] + (["--stock"] if need == "stock-kernel" else []),
            stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise VmError("scripts/guest-kernel failed")
        return done.stdout.strip()


NAME_IN_MACHINE = {"guest-kernel": "bzImage", "stock-kernel": "bzImage-stock",
                   "debian-kernel": "vmlinuz", "guest-initrd": "initrd",
                   "real-kernel": "bzImage-real", "real-initrd": "initrd-real",
                   "real-list": "real.list",
                   "broken-kernel": "bzImage-broken",
                   "broken-map": "System.map-broken"}


# Where scripts/build-module leaves the module for each host kernel
MODULE = {"stock": "module", "checkers": "module-checkers"}


def make_payload(batch, folder, supplies):
    """Fill a folder with what a batch needs."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    link_or_copy(supplies.module, folder + "/lull.ko")
    link_or_copy(os.path.join(OUT, "launcher", "lull"), folder + "/lull")
    link_or_copy(os.path.join(LIB, "driver.sh"), folder + "/driver.sh")
    for test in batch.tests:
        where = os.path.join(TOP, "selftests") if test.is_script else BUILD
        target = os.path.join(folder, test.program)
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            link_or_copy(os.path.join(where, test.program), target)
    lib = os.path.join(TOP, "selftests", "lib.sh")
    if os.path.exists(lib):
        link_or_copy(lib, folder + "/lib.sh")
    for need in batch.needs:
        source = supplies.file_for(need)
        if source:
            name = NAME_IN_MACHINE.get(need, os.path.basename(source))
            link_or_copy(source, os.path.join(folder, name))
    with open(folder + "/list", "w", encoding="ascii") as out:
        for test in batch.tests:
            out.write("%s %d %s %s\n" % (test.title, test.timeout,
                                         test.module, test.command))


def vm_command(batch, folder, log):
    """The scripts/vm command line for a batch."""
    test = batch.tests[0]
    command = [*VM_COMMAND, "run", "--cpu", test.cpu,
               "--smp", str(test.smp), "--mem", str(test.mem), "--log", log,
               "--host", test.host,
               "--in", folder, "--timeout",
               str(WALL_BASE + WALL_FACTOR[test.host] * batch.seconds)]
    if test.trace:
        command.append("--trace")
    for need in batch.needs:
        if need.startswith("program:"):
            command += ["--with", need[len("program:"):]]
    return command + ["--", "sh", "driver.sh"]


class Progress:
    """Follows the output of a batch: which test runs, and what it prints."""

    def __init__(self):
        self.output = {}        # title: lines
        self.status = {}        # title: exit status
        self.current = None
        self.since = time.monotonic()
        self._partial = ""

    def feed(self, text):
        """Take in more output; yields the titles of tests that ended."""
        lines = (self._partial + text).split("\n")
        self._partial = lines.pop()
        for line in lines:
            mark = MARK.match(line)
            if not mark:
                if self.current:
                    self.output[self.current].append(line)
            elif mark.group(1) == "BEGIN":
                self.current = mark.group(2)
                self.output[self.current] = []
                self.since = time.monotonic()
            else:
                self.status[mark.group(2)] = int(mark.group(3))
                self.current = None
                self.since = time.monotonic()
                yield mark.group(2)


def run_batch(batch, number, supplies, report):
    """Run a batch.  Calls report(test, counts) for each test that was run;
    returns a Batch with the tests that were not, or None."""
    name = "batch%d.%s.%s" % (number, batch.tests[0].cpu, batch.tests[0].host)
    logs = supplies.logs
    folder, log = os.path.join(BUILD, name), os.path.join(logs, name)
    make_payload(batch, folder, supplies)
    shutil.rmtree(log, ignore_errors=True)
    tests = {test.title: test for test in batch.tests}
    progress, code = _watch(vm_command(batch, folder, log), log, tests)
    results = _results(tests, progress, code, log)
    for title, counts in results.items():
        with open(os.path.join(logs, title + ".log"), "w",
                  encoding="utf-8") as out:
            out.write("\n".join(progress.output.get(title, [])
                                + counts.failures) + "\n")
        report(tests[title], counts)
    shutil.rmtree(folder)
    rest = [test for title, test in tests.items() if title not in results]
    return Batch(rest) if rest else None


def _results(tests, progress, code, log):
    """{title: Counts} of the tests that ran, or that stopped the machine."""
    results = {title: count_results("\n".join(progress.output[title]), status)
               for title, status in progress.status.items()}
    stopped = progress.current
    if not stopped and code and len(results) < len(tests):
        stopped = next(title for title in tests if title not in results)
    if stopped:
        results[stopped] = count_results(
            "\n".join(progress.output.get(stopped, [])), 0)
        results[stopped].fail("the machine stopped: scripts/vm ended with "
                              "%d, see %s" % (code, log))
    reports = kernel_reports(log)
    if code == EXIT_REPORT and not reports:
        reports[None] = "in the log, see " + log
    for title, text in reports.items():
        # what comes before the first test is told with the first
        counts = results.get(title) or next(iter(results.values()))
        text = "host kernel: " + text
        if title == stopped:
            counts.failures.append(text)
        else:
            counts.fail(text)
    return results


def _watch(command, log, tests):
    """Run scripts/vm; returns (Progress, exit code)."""
    progress = Progress()
    factor = WALL_FACTOR[next(iter(tests.values())).host]
    os.makedirs(log)
    with open(log + "/vm.log", "wb") as errors, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors) as machine:
        try:
            while True:
                ready, _, _ = select.select([machine.stdout], [], [], 1)
                if ready:
                    data = os.read(machine.stdout.fileno(), 1 << 16)
                    if not data:
                        break
                    for _ in progress.feed(data.decode(errors="replace")):
                        pass
                test = tests.get(progress.current)
                limit = WALL_BASE + factor * (test.timeout if test else
                                              WALL_BASE)
                if time.monotonic() - progress.since > limit:
                    machine.terminate()
                    break
        except BaseException:
            machine.terminate()
            raise
        code = machine.wait()
    return progress, code


def kernel_reports(log):
    """{title of the test: its first report} from a machine's kernel log."""
    for name in ("dmesg.log", "console.log"):
        path = os.path.join(log, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as lines:
                text = lines.read()
            break
    else:
        return {}
    reports, title, block = {}, None, []
    for line in text.splitlines() + ["lull-test: begin -"]:
        mark = KERNEL_MARK.search(line)
        if not mark:
            block.append(line)
            continue
        found = hostlog.find_report("\n".join(block))
        if found:
            reports[title] = found
        title, block = mark.group(1), []
    return reports
