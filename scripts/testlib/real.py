# SPDX-License-Identifier: GPL-2.0-only
"""What the tests with real workloads in a guest need: selftests/real/."""
import os
import shutil
import subprocess

from benchlib import kernel
from demolib.progress import DemoError
from vmlib.paths import TOP, VmError, run_tool

FOLDER = os.path.join(TOP, "selftests", "real")
NEEDS = ("real-kernel", "real-initrd", "real-list")
PROGRAMS = ("stress-ng", "hackbench", "cyclictest")
OWN = "borrow"                  # compiled from FOLDER


def _kernel(build):
    try:
        return kernel.build(os.path.join(build, "real-kernel"),
                            os.path.join(FOLDER, "config"))
    except DemoError as error:
        raise VmError(str(error)) from error


def _own(build):
    """The program that is ours; returns its path."""
    path = os.path.join(build, OWN)
    run_tool(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
              "-static", "-s", "-o", path, os.path.join(FOLDER, OWN + ".c")])
    return path


def _files(build):
    """(file, path in the guest) of all that the workloads are."""
    done = subprocess.run([os.path.join(TOP, "scripts", "kernel-selftests")],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise VmError("scripts/kernel-selftests failed")
    top = done.stdout.strip()
    for group in sorted(os.listdir(top)):
        for name in sorted(os.listdir(os.path.join(top, group))):
            yield (os.path.join(top, group, name),
                   "real/%s/%s" % (group, name))
    for name in PROGRAMS:
        path = shutil.which(name)
        if not path:
            raise VmError("there is no %s: run scripts/deps" % name)
        yield path, "bin/" + name
    yield _own(build), "bin/" + OWN
    yield os.path.join(FOLDER, "list"), "real/list"
    yield os.path.join(FOLDER, "guest.sh"), "bin/real"


def _initrd(build):
    path = os.path.join(build, "initrd-real")
    command = [os.path.join(TOP, "scripts", "guest-initrd"), path, "--busybox"]
    for file, inside in _files(build):
        command += ["--with", "%s:%s" % (file, inside)]
    run_tool(command)
    return path


def make(need, build):
    """Make one of NEEDS below the folder build; returns its path."""
    if need == "real-kernel":
        return _kernel(build)
    if need == "real-initrd":
        return _initrd(build)
    return os.path.join(FOLDER, "list")
