# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/vm."""
import argparse
import os
import signal
import sys

from . import payload as payloads
from .machine import CPUS, DEFAULT_CPU, IPS, Machine
from .paths import HOST_KERNELS, VmError, host_kernel, say

EPILOG = """\
COMMAND runs in /work, which holds the files of --in and --file.  A single argument is a
command line for the machine's shell; several are a program and its arguments.
Its output is the output of this program; what the host kernel prints on its
console goes to stderr.  Files that it leaves in /out come back in --out DIR.

exit status: COMMAND's own, or
  120  wrong options, or something is not installed
  121  the host kernel logged an oops, a WARN, a lockdep report, a leak or
       the like (also when COMMAND returned 0)
  122  the machine was reset
  123  the host kernel panicked
  124  no end after --timeout seconds
  125  the machine ended by itself, or gave no result
Logs of each run: {console,command,dmesg,bochs}.log in out/log/vm/TIME-PID

CPU models: any of Bochs, or short: %s
"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="scripts/vm", description="Run commands in the test machine: "
        "Debian's stock cloud kernel, or the checkers' kernel, on a CPU "
        "with VMX.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    common = argparse.ArgumentParser(add_help=False)
    add = common.add_argument
    add("--host", choices=sorted(HOST_KERNELS), default="stock",
        help="the host kernel (default: %(default)s)")
    add("--cpu", default=DEFAULT_CPU, metavar="MODEL",
        help="CPU model (default: %(default)s)")
    add("--smp", type=int, default=1, metavar="N", help="CPUs (default: 1)")
    add("--mem", type=int, default=Machine.mem, metavar="MB",
        help="memory (default: %(default)s)")
    add("--in", dest="input", action="append", default=[], metavar="DIR",
        help="copy DIR's files to /work; may be repeated")
    add("--file", dest="files", action="append", default=[], metavar="FILE",
        help="copy FILE to /work; may be repeated")
    add("--with", dest="programs", action="append", default=[],
        metavar="PROGRAM", help="bring a program of this system, with its "
        "shared libraries; may be repeated")
    add("--base", metavar="DIR", help="merge DIR into the initramfs; a script "
        "DIR/pre runs once, before the machine is saved")
    add("--trace", action="store_true", help="with tracefs' events")
    add("--ips", type=int, metavar="N", help="emulated instructions per "
        "emulated second (default: " + ", ".join(
            "%d with --host %s" % (ips, host) for host, ips in IPS.items())
        + ")")
    add("--append", default="", metavar="WORDS",
        help="add to the kernel's command line")
    add("--loglevel", type=int, default=5, metavar="N", help="kernel messages "
        "below this level go to the console (default: 5, warnings)")
    add("--backend", choices=("auto", "bochs", "qemu"), default="auto",
        help="auto takes qemu where KVM offers nested VMX, else bochs; a "
        "shell is always on bochs")
    run = verbs.add_parser(
        "run", parents=[common], help="run a command",
        epilog=EPILOG % ", ".join(sorted(CPUS)),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    run.add_argument("--timeout", type=float, default=300, metavar="S",
                     help="seconds the run may take (default: 300)")
    run.add_argument("--log", metavar="DIR", help="where the logs go "
                     "(default: out/log/vm/TIME-PID)")
    run.add_argument("--leaks", action="store_true", help="look for leaked "
                     "memory at the end (takes half a minute; needs --host "
                     "checkers)")
    run.add_argument("--out", metavar="DIR",
                     help="where the files of /out go")
    run.add_argument("command", nargs="+", metavar="COMMAND")
    verbs.add_parser("shell", parents=[common], help="an interactive shell")
    boot = verbs.add_parser(
        "boot", help="boot a Multiboot image instead of the host kernel: its "
        "output is COM1's, its exit status what it prints last")
    add = boot.add_argument
    add("--cpu", default=DEFAULT_CPU, metavar="MODEL",
        help="CPU model of Bochs (default: %(default)s)")
    add("--mem", type=int, default=Machine.mem, metavar="MB",
        help="memory (default: %(default)s)")
    add("--backend", choices=("bochs", "qemu"), default="bochs")
    add("--timeout", type=float, default=300, metavar="S",
        help="seconds the run may take (default: 300)")
    add("--log", metavar="DIR", help="where the logs go "
        "(default: out/log/vm/TIME-PID)")
    add("image", metavar="IMAGE")
    add("words", nargs="*", metavar="WORD", help="its command line")
    return parser


def _machine(options):
    options.ips = options.ips or IPS[options.host]
    if options.base and not os.path.isdir(options.base):
        raise VmError("--base %s: not a folder" % options.base)
    for name, least, most in (("smp", 1, 8), ("mem", 128, 3072),
                              ("ips", 1_000_000, 1_000_000_000)):
        if not least <= getattr(options, name) <= most:
            raise VmError("--%s must be from %d to %d" % (name, least, most))
    return Machine(kernel=host_kernel(options.host)["VMLINUZ"],
                   cpu=CPUS.get(options.cpu, options.cpu), smp=options.smp,
                   mem=options.mem, ips=options.ips, trace=options.trace,
                   base=options.base, append=options.append)


def _payload(options):
    payload = payloads.Payload()
    for folder in options.input:
        payload.add_tree(folder)
    for path in options.files:
        payload.add_file(path)
    for program in options.programs:
        payload.add_program(program)
    payload.add_text("vm/loglevel", "%d\n" % options.loglevel)
    return payload


def _run(options):
    if options.leaks and options.host != "checkers":
        raise VmError("--leaks needs --host checkers")
    machine, payload = _machine(options), _payload(options)
    payload.add_text("vm/command", payloads.command_script(
        options.command, options.leaks))
    if options.out:
        os.makedirs(options.out, exist_ok=True)
    if _backend(options) == "qemu":
        from .qemu import run_in_qemu
        return run_in_qemu(machine, payload, options.timeout, options.out,
                           options.log)
    from .runner import run_in_bochs
    return run_in_bochs(machine, payload, options.timeout, options.out,
                        options.log)


def _boot(options):
    if not os.path.isfile(options.image):
        raise VmError("%s: no such file" % options.image)
    if not 128 <= options.mem <= 3072:
        raise VmError("--mem must be from 128 to 3072")
    machine = Machine(kernel=options.image, mem=options.mem,
                      cpu=CPUS.get(options.cpu, options.cpu),
                      append=" ".join(options.words))
    from .bare import boot
    return boot(machine, options.backend, options.timeout, options.log)


def _shell(options):
    machine, payload = _machine(options), _payload(options)
    from .shell import interactive_shell
    return interactive_shell(machine, payload, options.backend)


def _backend(options):
    from .qemu import can_nest
    if options.backend != "auto":
        return options.backend
    return "qemu" if can_nest() else "bochs"


def _terminated(_signal, _frame):
    raise SystemExit(128 + signal.SIGTERM)


def main():
    """Entry point; returns the exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    options = _parser().parse_args()
    try:
        return {"run": _run, "shell": _shell,
                "boot": _boot}[options.verb](options)
    except VmError as error:
        say("error: %s" % error)
        return error.code
    except KeyboardInterrupt:
        say("interrupted")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        return 128 + signal.SIGPIPE
