# SPDX-License-Identifier: GPL-2.0-only
"""Builds what is measured, and runs the machines: one for each backend."""
import concurrent.futures
import os
import shutil
import subprocess
import time

from demolib.progress import OUT, TOP, DemoError, read_text, say, shown, \
    write_text
from testlib.batch import host_module
from vmlib.paths import VM_COMMAND, VmError, only_run

from . import bare, kernel, microimage, plan

SCRIPTS = os.path.join(TOP, "scripts")
LIB = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(OUT, "bench")
LOGS = os.path.join(OUT, "log", "bench")
AT_ONCE = 2
TIMEOUT = 1800


def script(name, *arguments):
    """Run a script of this folder; what it prints."""
    done = subprocess.run([os.path.join(SCRIPTS, name), *arguments],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise DemoError("scripts/%s failed, see above" % name)
    return done.stdout.strip()


def build_program(program):
    """Build the guest's half, from guest/*.c; returns its path."""
    folder = os.path.join(LIB, "guest")
    os.makedirs(os.path.dirname(program), exist_ok=True)
    sources = [os.path.join(folder, name) for name in sorted(
        os.listdir(folder)) if name.endswith(".c")]
    done = subprocess.run(
        ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra",
         "-Werror", "-static", "-s", "-o", program] + sources, check=False)
    if done.returncode:
        raise DemoError("cannot build %s, see above" % shown(folder))
    return program


def _kvm_modules():
    """{name in the machine: file} of the host kernel's own KVM."""
    try:
        return {name + ".ko": host_module(name, "stock")
                for name in plan.KVM_MODULES}
    except VmError as error:
        raise DemoError(str(error)) from error


def _linux_guest():
    """{name in the machine: file} of the guest that is Linux."""
    say("building the guest kernel (which takes minutes the first time)")
    bzimage = kernel.build(os.path.join(BENCH, "kernel-tree"))
    initrd = os.path.join(BENCH, "initrd")
    script("guest-initrd", initrd, "--busybox", "--with",
            build_program(os.path.join(BENCH, "guest", "bench")))
    return {"bzImage": bzimage, "initrd": initrd}


def build(backends, wanted):
    """Build what these backends and rows need; returns {name in the machine:
    file}."""
    kernels = {guest.kernel for guest in plan.guests(wanted)}
    os.makedirs(LOGS, exist_ok=True)
    only_run(BENCH, say)
    say("building the module and the launcher")
    files = {"lull.ko": script("build-module"),
             "lull": script("build-launcher")}
    if any(name.startswith("kvm_") for name in backends):
        files.update(_kvm_modules())
    if "micro" in kernels:
        files["micro"] = microimage.build(os.path.join(BENCH, "micro"))
    if "bzImage" in kernels:
        files.update(_linux_guest())
    return files


def commit():
    """What git calls the sources, or None."""
    done = subprocess.run(["git", "-C", TOP, "describe", "--always",
                           "--dirty"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() or None


def _payload(files, backend, folder):
    """A folder with the files under the names they have in the machine."""
    os.makedirs(folder)
    shutil.copy2(os.path.join(LIB, "peak.sh"), folder)
    for name, path in files.items():
        if backend == "lull" or name != "lull.ko":
            shutil.copy2(path, os.path.join(folder, name))
    return folder


def _in_test_machine(files, backend, folder, wanted):
    payload = _payload(files, backend, folder + "/payload")
    log = os.path.join(LOGS, os.path.basename(folder))
    # The rows are instructions, which QEMU does not count
    command = [*VM_COMMAND, "run", "--backend", "bochs", "--cpu", plan.CPU,
               "--in", payload, "--out", folder, "--log", log, "--timeout",
               str(TIMEOUT), "--", plan.command(backend, wanted)]
    with open(log + ".log", "wb") as output:
        done = subprocess.run(command, stdout=output, check=False,
                              stderr=subprocess.STDOUT)
    shutil.rmtree(payload)
    if done.returncode:
        raise DemoError("%s: scripts/vm ended with %d\n%s  (log: %s)" % (
            backend, done.returncode, "".join(
                "  | %s\n" % line
                for line in read_text(log + ".log").splitlines()[-8:]),
            shown(log + ".log")))


def _on_bare_machine(files, folder, wanted):
    for guest in plan.guests(wanted):
        if not guest.runs_bare:
            continue
        scratch = os.path.join(folder, guest.name)
        os.makedirs(scratch)
        write_text(os.path.join(folder, guest.name + ".log"),
                   bare.run(files, guest, scratch, TIMEOUT))


def _measure(files, backend, number, wanted, raw):
    folder = os.path.join(raw, "%s.%d" % (backend, number))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    started = time.monotonic()
    say("%s, run %d: started" % (backend, number))
    if backend == "bare":
        _on_bare_machine(files, folder, wanted)
    else:
        _in_test_machine(files, backend, folder, wanted)
    say("%s, run %d: done in %d s" % (backend, number,
                                      time.monotonic() - started))


def measure(files, backends, repeats, wanted, raw):
    """Run all; the results lie in the folder raw, as BACKEND.NUMBER."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(_measure, files, backend, number, wanted, raw)
                for number in range(1, repeats + 1) for backend in backends]
        try:
            for job in concurrent.futures.as_completed(jobs):
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
