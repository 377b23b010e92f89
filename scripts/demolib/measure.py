# SPDX-License-Identifier: GPL-2.0-only
"""Builds what is measured, and measures in the test machine.

A run is kept in out/demo/runs/KEY, where KEY is a hash of all that goes into
it: the module, the launcher, the guest's kernel and initramfs, the host's
kernel, the emulator, the command, and scripts/vm itself.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import time

from vmlib import machine as machines
from vmlib import qemu
from vmlib.paths import VM_COMMAND, only_run

from . import plan
from .progress import (DEMO, LOGS, OUT, TOP, DemoError, read_text, say, shown,
                       write_text)

SCRIPTS = os.path.join(TOP, "scripts")
RUNS = os.path.join(DEMO, "runs")
INPUTS = os.path.join(DEMO, "inputs.json")
AT_ONCE = 2
TIMEOUT = 900
WORKLOAD_LINE = re.compile(r"^workload (\w+) periods (\d+) (\w+)")
STARTED_LINE = re.compile(r"^traced (\w+)$")


def _script(name, *arguments):
    """Run one of the project's scripts; returns what it prints."""
    done = subprocess.run([os.path.join(SCRIPTS, name), *arguments],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise DemoError("scripts/%s failed, see above" % name)
    return done.stdout.strip()


def _digest(path):
    return machines.file_digest(path).hex()


def build():
    """Build everything; returns {name in the machine: file}."""
    only_run(DEMO, say)
    say("building the module, the launcher and the guest kernel (which takes "
        "minutes the first time; logs: %s/)" % shown(os.path.dirname(LOGS)))
    initrd = os.path.join(DEMO, "initrd")
    files = {"lull.ko": _script("build-module"),
             "lull": _script("build-launcher"),
             "bzImage": _script("guest-kernel")}
    _script("guest-initrd", initrd)
    files["initrd"] = initrd
    return files


def _package(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False)
    return done.stdout or "unknown"


def _kernel_version(bzimage):
    """The version a bzImage carries in its header."""
    with open(bzimage, "rb") as data:
        head = data.read(0x10000)
    start = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    return head[start:head.find(b"\0", start)].split()[0].decode()


def _commit():
    done = subprocess.run(["git", "-C", TOP, "describe", "--always",
                           "--dirty"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() or None


def _host_kernel():
    lines = _script("host-kernel").splitlines()
    return {name: value.strip("'") for name, _, value in
            (line.partition("=") for line in lines)}


def describe_machine(files):
    """What the figures were measured on: `machine` of report.json."""
    emulated = not qemu.can_nest()
    package = "bochs" if emulated else "qemu-system-x86"
    return {
        "backend": "bochs" if emulated else "qemu",
        "backend_version": _package(package),
        "emulated": emulated,
        "unit": "emulated instructions" if emulated else "TSC cycles",
        "cpu": machines.DEFAULT_CPU if emulated else "host",
        "host_kernel": _host_kernel()["KVER"],
        "guest_kernel": _kernel_version(files["bzImage"]),
        "guest_memory": plan.GUEST_MEMORY,
        "guest_cmdline": plan.guest_cmdline(emulated),
        "period_us": plan.PERIOD_US,
        "lull": _commit(),
    }


def _inputs(files, machine):
    """{what: its digest or value} of all that decides how a run goes."""
    inputs = {key: value for key, value in machine.items() if key != "lull"}
    inputs.update((name, _digest(path)) for name, path in files.items())
    inputs["host-kernel"] = machines.file_digest(_host_kernel()["VMLINUZ"]
                                                 ).hex()
    for package in ("trace-cmd", "busybox-static"):
        inputs[package] = _package(package)
    for folder, _, names in os.walk(os.path.join(SCRIPTS, "vmlib")):
        for name in names:
            path = os.path.join(folder, name)
            inputs[os.path.relpath(path, TOP)] = _digest(path)
    return inputs


def _key(run, inputs):
    parts = repr((repr(run), sorted(inputs.items())))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _say_why(inputs, force):
    """Tell what is new since the last measurement."""
    try:
        before = json.loads(read_text(INPUTS))
    except (OSError, ValueError):
        return
    new = sorted(name for name in inputs
                 if before.get(name) != inputs[name])
    say("measuring again: " + ("--force" if force else "there are new %s"
                               % ", ".join(new) if new else
                               "a measurement is missing"))


def _payload(files):
    """A folder with the files under the names they have in the machine."""
    folder = os.path.join(DEMO, "payload")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, path in files.items():
        shutil.copy2(path, os.path.join(folder, name))
    return folder


def _follow(process, run, log):
    """Tell how the run gets on; returns {arm or run: workloads that are ok}."""
    done, name = {}, run.name
    with open(log, "w", encoding="utf-8") as out:
        for line in process.stdout:
            out.write(line)
            started = STARTED_LINE.match(line)
            match = WORKLOAD_LINE.match(line)
            if started:
                name = "%s of %s" % (run.name, started.group(1))
            elif match:
                say("%s: %s, %s periods: %s" % (name, *match.groups()))
                if match.group(3) == "ok":
                    done.setdefault(name, []).append(match.group(1))
    return done


def _check(run, status, done, folder, log):
    lost = [name for name in run.results
            if not os.path.exists(os.path.join(folder, name))]
    problem = None
    if status:
        problem = "scripts/vm ended with %d" % status
    elif list(done.values()) != run.guests * [list(run.workloads)]:
        problem = "not every workload ended well"
    elif lost:
        problem = "the machine left no " + ", ".join(lost)
    if problem:
        raise DemoError("%s: %s\n%s  (logs: %s and %s/)" % (
            run.name, problem, _last_lines(log), shown(log),
            shown(os.path.join(LOGS, run.name))))


def _last_lines(log):
    errors = log[:-len(".log")] + ".errors.log"
    lines = read_text(log).splitlines()[-5:] + \
        read_text(errors).splitlines()[-5:]
    return "".join("  | %s\n" % line for line in lines)


def _measure(run, payload, target):
    """Run the machine and leave the results in the target folder."""
    log = os.path.join(LOGS, run.name + ".log")
    fresh = "%s.%d" % (target, os.getpid())
    shutil.rmtree(fresh, ignore_errors=True)
    command = [*VM_COMMAND, "run", *run.options, "--in",
               payload, "--out", fresh, "--log", os.path.join(LOGS, run.name),
               "--timeout", str(TIMEOUT), "--", run.command]
    started = time.monotonic()
    say("%s: started (log: %s)" % (run.name, shown(log)))
    with open(log[:-len(".log")] + ".errors.log", "wb") as errors, \
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors,
                             text=True, errors="replace") as process:
        try:
            done = _follow(process, run, log)
        except BaseException:
            process.terminate()
            raise
        status = process.wait()
    _check(run, status, done, fresh, log)
    seconds = time.monotonic() - started
    write_text(os.path.join(fresh, "run.json"),
               json.dumps({"seconds": seconds, "date": _now()}))
    shutil.rmtree(target, ignore_errors=True)
    os.rename(fresh, target)
    say("%s: done in %d s" % (run.name, seconds))


def _now():
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _measure_all(todo, payload):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(_measure, run, payload, folder)
                for run, folder in todo]
        try:
            for job in concurrent.futures.as_completed(jobs):
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    shutil.rmtree(payload)


def _forget_others(keep):
    for name in os.listdir(RUNS):
        if name not in keep:
            shutil.rmtree(os.path.join(RUNS, name), ignore_errors=True)


def measure(files, machine, force):
    """Have all runs measured; returns ({run's name: folder}, reused)."""
    todo, folders, inputs = [], {}, _inputs(files, machine)
    os.makedirs(RUNS, exist_ok=True)
    os.makedirs(LOGS, exist_ok=True)
    for run in plan.runs(machine["emulated"]):
        folder = os.path.join(RUNS, _key(run, inputs))
        folders[run.name] = folder
        if force or not os.path.exists(folder):
            todo.append((run, folder))
    if todo:
        _say_why(inputs, force)
        _measure_all(todo, _payload(files))
        write_text(INPUTS, json.dumps(inputs, indent=2))
    _forget_others([os.path.basename(path) for path in folders.values()])
    return folders, not todo


def summarize_trace(path):
    """What `lull report --json` says about a trace."""
    lull = os.path.join(OUT, "launcher", "lull")
    done = subprocess.run([lull, "report", "--json", path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        raise DemoError("lull report %s: %s" % (shown(path),
                                                done.stderr.strip()))
    return json.loads(done.stdout)
