# SPDX-License-Identifier: GPL-2.0-only
"""One run: stream the console, bring the results out, judge the outcome."""
import io
import os
import shutil
import sys
import tarfile
import tempfile
import time

from . import bochs, disk, hostlog, state
from .paths import (EXIT_DIED, EXIT_PANIC, EXIT_REPORT, EXIT_RESET,
                    EXIT_TIMEOUT, LOGS, VmError, say)
from .payload import Payload
from .saved import prepare_resume, saved_machine

KEEP_LOGS = 200                 # folders of earlier runs
SYMBOLS_TIMEOUT = 60
REPORT_GRACE = 20               # seconds a machine has to end after an oops
MARK = "=== VM "
READY = MARK + "READY"          # printed once in each boot


class Tail:
    """Follows a growing file."""

    def __init__(self, path):
        self.path = path
        self.text = ""
        self._position = 0

    def more(self):
        """What was added since the last call."""
        try:
            with open(self.path, "rb") as data:
                data.seek(self._position)
                new = data.read()
        except OSError:
            return ""
        self._position += len(new)
        text = new.decode("utf-8", errors="replace").replace("\r", "")
        self.text += text
        return text


class Console(Tail):
    """The host's console; its lines go to stderr, except our own marks."""

    def __init__(self, path, line_end="\n"):
        super().__init__(path)
        self._partial = ""
        self._line_end = line_end

    def show(self):
        """Print the complete lines that have arrived."""
        lines = (self._partial + self.more()).split("\n")
        self._partial = lines.pop()
        for line in lines:
            if line and not line.startswith(MARK):
                sys.stderr.write(line + self._line_end)
                sys.stderr.flush()


def new_log_folder(folder=None):
    """A folder for this run, or the one asked for; the oldest of earlier
    runs go."""
    if folder:
        os.makedirs(folder, exist_ok=True)
        for name in ("console", "command", "dmesg", "bochs", "screen"):
            _remove(os.path.join(folder, name + ".log"))
        remove_big_files(folder)
        return os.path.abspath(folder)
    os.makedirs(LOGS, exist_ok=True)
    old = sorted(os.listdir(LOGS))
    for name in old[:-KEEP_LOGS]:
        shutil.rmtree(os.path.join(LOGS, name), ignore_errors=True)
    for name in old:
        _tidy_after_dead_run(os.path.join(LOGS, name))
    name = time.strftime("%Y%m%d-%H%M%S-") + "%d" % os.getpid()
    return tempfile.mkdtemp(prefix=name + "-", dir=LOGS)


class Outcome:
    """What is known about how a run ended."""

    def __init__(self, code=None, reason=None):
        self.code = code        # one of EXIT_*, or None: it ran to its end
        self.reason = reason


def watch(running, folder, timeout, boots=0):
    """Stream both serial lines until the machine has ended.

    boots is how often the machine may boot: a resumed one not at all.
    """
    console = Console(folder + "/console.log")
    command = Tail(folder + "/command.log")
    deadline = time.monotonic() + timeout
    doomed = False
    while True:
        alive = running.step()
        console.show()
        text = command.more()
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
        if hostlog.PANIC_END in console.text:
            return Outcome(EXIT_PANIC, "the host kernel panicked")
        if console.text.count(READY) > boots:
            return Outcome(EXIT_RESET, "the machine was reset")
        if not alive:
            return Outcome()
        if not doomed and hostlog.is_fatal(console.text):
            doomed = True
            deadline = min(deadline, time.monotonic() + REPORT_GRACE)
        if time.monotonic() > deadline:
            if doomed:
                return Outcome(EXIT_REPORT, "the host kernel is in trouble")
            return Outcome(EXIT_TIMEOUT, "no end after %g s" % timeout)


def extract(result, folder, out):
    """Unpack a result: the kernel log to the logs, out/ to the caller."""
    try:
        with tarfile.open(fileobj=io.BytesIO(result.files)) as archive:
            for member in archive:
                _extract_member(archive, member, folder, out)
    except tarfile.ReadError as error:
        if not result.truncated:
            raise VmError("unreadable result: %s" % error,
                          EXIT_DIED) from error


def _extract_member(archive, member, folder, out):
    name = os.path.normpath(member.name)
    if name == "vm/dmesg":
        raw = archive.extractfile(member).read().decode(errors="replace")
        with open(folder + "/dmesg.log", "w", encoding="utf-8") as log:
            log.write(hostlog.readable(raw))
    elif out and name.startswith("out/") and not member.isdev():
        member.name = name[len("out/"):]
        archive.extract(member, out)


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read()
    except OSError:
        return ""


def judge(outcome, result, folder):
    """The final (exit code, reason) of a run."""
    shown = hostlog.find_report(_read(folder + "/console.log"))
    logged = hostlog.find_report(_read(folder + "/dmesg.log"))
    if outcome.code in (EXIT_PANIC, EXIT_RESET):
        return outcome.code, outcome.reason
    if shown or logged:
        if not shown:
            print(logged, file=sys.stderr)
        return EXIT_REPORT, outcome.reason or "the host kernel complained"
    if outcome.code:
        return outcome.code, outcome.reason
    if result is None:
        return EXIT_DIED, "the machine ended without a result"
    if result.truncated:
        return EXIT_DIED, "/out is larger than %d MB" % (disk.RESULT_MAX >> 20)
    return result.status, None


def run_in_bochs(machine, payload, timeout, out=None, log=None, dumps=True):
    """Run a payload; returns the exit code.

    dumps says whether to write down what a machine was doing that had to be
    stopped.
    """
    bochs.check_cpu(machine.cpu)
    folder = new_log_folder(log)
    with saved_machine(machine) as saved:
        arguments, result_at = prepare_resume(saved, folder, payload.archive())
        running = bochs.Bochs(folder, arguments)
        try:
            outcome = watch(running, folder, timeout)
            if outcome.code is None:
                outcome.reason = running.last_words()
            elif dumps and outcome.code in (EXIT_TIMEOUT, EXIT_REPORT):
                _dump_state(machine, running, folder)
        except BaseException:
            remove_big_files(folder)
            raise
        finally:
            running.kill()
    return finish(outcome, folder, result_at, out)


def _dump_state(machine, running, folder):
    """Write down what a machine is doing that has to be stopped."""
    table = state.symbols_path(machine)
    if not os.path.exists(table):
        _fetch_symbols(machine, table)
    path = os.path.join(folder, "state.log")
    if state.dump(running, path, state.Symbols(table)):
        say("what it was doing: " + path)


def _fetch_symbols(machine, table):
    """Have a machine print its symbol table; done once for a kernel."""
    ask = Payload()
    ask.add_text("vm/loglevel", "1\n")
    ask.add_text("vm/command", "grep -i ' t ' /proc/kallsyms >/out/table\n")
    with tempfile.TemporaryDirectory() as out:
        # No dump of this one: that would ask for the symbols again.
        if run_in_bochs(machine, ask, SYMBOLS_TIMEOUT, out, dumps=False) == 0:
            os.makedirs(os.path.dirname(table), exist_ok=True)
            shutil.copy(out + "/table", table + ".new")
            os.rename(table + ".new", table)


def finish(outcome, folder, result_at, out):
    """Bring out the results, tell how it went, tidy up."""
    result = disk.read_result(folder + "/disk.img", result_at)
    if result:
        extract(result, folder, out)
    if outcome.code is None and result:
        outcome.reason = None
    code, reason = judge(outcome, result, folder)
    if reason:
        say("%s (exit code %d; logs: %s)" % (reason, code, folder))
        if code == EXIT_DIED and outcome.reason:
            say("the emulator's last words: " + outcome.reason)
    remove_big_files(folder)
    return code


def remove_big_files(folder):
    """Keep only the logs of a run."""
    for name in ("state", "disk.img", "disk.img.lock", "boot.iso",
                 "debugger.rc"):
        _remove(os.path.join(folder, name))


def _tidy_after_dead_run(folder):
    """A run that was killed could not remove its big files."""
    process = os.path.basename(folder).split("-")[2:3]
    if (os.path.lexists(folder + "/disk.img") and process
            and not os.path.exists("/proc/" + process[0])):
        remove_big_files(folder)


def _remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
