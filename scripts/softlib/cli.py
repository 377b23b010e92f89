# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/bench-softcpu."""
import argparse
import json
import os
import shutil
import subprocess
import sys

from benchlib.measure import BENCH, commit, script
from demolib.progress import OUT, DemoError, elapsed, say, shown, told, \
    write_text
from vmlib.paths import VmError, only_run

from . import bochs, plan, qemu, report, sites

EXIT_FAILED = 2
LIB = os.path.dirname(os.path.abspath(__file__))
TIMES = 2


def _build(folder):
    """{name: file} of what is run, and the places in it."""
    files = {"bzImage": script("guest-kernel"),
             "initrd": os.path.join(folder, "initrd"),
             "counters.so": os.path.join(folder, "counters.so")}
    script("guest-initrd", files["initrd"])
    done = subprocess.run(
        ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared",
         "-fPIC", "-fvisibility=hidden", "-o", files["counters.so"],
         os.path.join(LIB, "counters.c")], check=False)
    if done.returncode:
        raise DemoError("cannot build counters.so, see above")
    vmlinux = os.path.join(os.path.dirname(files["bzImage"]), "vmlinux")
    return files, sites.find(vmlinux, os.path.join(OUT, "guest", "init"))


def _run(emulator, folder, files, places, arm):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    cmdline = plan.cmdline(arm, plan.PERIODS)
    if emulator == "bochs":
        return bochs.run(folder, files, places, cmdline)
    return qemu.run(folder, files, cmdline)


def _measure(folder):
    only_run(folder, say)
    files, places = _build(folder)
    runs = {}
    for emulator in plan.EMULATORS:
        for arm in plan.ARMS:
            for number in range(1, TIMES + 1):
                name = "%s-%s.%d" % (emulator, arm, number)
                say("%s: started" % name)
                runs.setdefault((emulator, arm), []).append(_run(
                    emulator, os.path.join(folder, name), files, places, arm))
    return report.make(runs, {"bochs": plan.CPU, "qemu": plan.QEMU_CPU,
                              "lull": commit()})


def main(argv=None):
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench-softcpu", description="Run the patched guest, "
        "eager and lazy, on plain Bochs and on QEMU's TCG, with no VMM; write "
        "out/bench/softcpu.json and softcpu.md.")
    parser.parse_args(argv)
    folder = os.path.join(BENCH, "softcpu")
    found = told(lambda: _measure(folder), VmError, OSError, ValueError)
    if found is None:
        return EXIT_FAILED
    target = os.path.join(BENCH, "softcpu.json")
    write_text(target, json.dumps(found, indent=1) + "\n")
    write_text(os.path.join(BENCH, "softcpu.md"), report.markdown(found))
    print("\n%s\n\n%s %s\n" % (report.table(found), report.NOTE,
                               report.repeats(found)), flush=True)
    say("done in %d s; see %s" % (elapsed(), shown(target)))
    return EXIT_FAILED if found["not_repeated"] else 0


if __name__ == "__main__":
    sys.exit(main())
