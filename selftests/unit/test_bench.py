#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/bench makes of measurements: TAP on stdout.

Made-up results of all backends, and ones in which a single thing is not as it
should be: the figures, the sentences and the exit status must follow the data.
"""
import contextlib
import copy
import io
import json
import os
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

from benchlib import cli, kernel, measure, microimage, plan  # noqa: E402  (after the path is set)

TICKS = {"lull": 300, "kvm_ept0": 1000, "kvm_ept1": 400, "bare": 100}
EXITS = {"lull": 1, "kvm_ept0": 2, "kvm_ept1": 1}
OPS, BATCHES = 10, 4
HOST_IRQS = 3                   # in each row, of the host


def statistics(backend, at, extra=0):
    """A guest's statistics at a mark: one exit is the mark's own."""
    exits, irqs = at * (OPS * BATCHES * EXITS[backend] + 1) + extra, \
        at * HOST_IRQS
    if backend == "lull":
        return {"exits": {"cpuid": exits, "external_interrupt": irqs},
                "ticks": {"guest": 0}, "total": 5000 + at}
    return {"vcpu": {"exits": exits + irqs, "irq_exits": irqs}, "vm": {},
            "total": 7000 + at}


class Results:
    """What the machines leave, to be spoiled and written."""

    def __init__(self):
        self.ticks = {}         # (backend, run, row): of one batch
        self.extra = {}         # (backend, run): marks that are missing
        self.failed = set()     # rows

    def _log(self, backend, run, guest):
        rows = [row for row in (plan.EMPTY,) + guest.rows if row != "boot"]
        lines = ["Booting", "init: hello"]
        for row in rows:
            each = self.ticks.get((backend, run, guest.prefix + row),
                                  OPS * TICKS[backend])
            lines.append("row %s FAILED" % row if row in self.failed else
                         "row %s ops %d ticks%s" % (
                             row, OPS, BATCHES * (" %d" % each)))
        return rows, "\r\n".join(lines + ["rows ok", ""])

    @staticmethod
    def _marks(backend, rows):
        """The empty row has nothing but the marks themselves."""
        first = statistics(backend, 0)
        marks = [{"id": 1, "stats": first}]
        spent = statistics(backend, 0, 1)
        marks.append({"id": 2, "stats": spent})
        for number in range(len(rows) - 1):
            marks.append({"id": 1, "stats": statistics(backend, number, 1)})
            marks.append({"id": 2, "stats": statistics(backend, number + 1,
                                                       1)})
        return marks

    def write(self, folder):
        """Write a folder for --from."""
        machine = {"cpu": "haswell", "backends": list(plan.BACKENDS),
                   "guest_memory": "64M", "guest_cmdline": "quiet",
                   "lull": "v1", "measured": "today"}
        with open(folder + "/settings.json", "w", encoding="utf-8") as out:
            json.dump({"machine": machine, "repeats": 2, "wanted": []}, out)
        for backend in plan.BACKENDS:
            for run in (1, 2):
                where = "%s/%s.%d" % (folder, backend, run)
                os.makedirs(where)
                for guest in plan.guests():
                    self._write_guest(where, backend, run, guest)
                self._write_memory(where, backend)

    @staticmethod
    def _write_memory(where, backend):
        for nr, name in enumerate(plan.MEMORY if backend != "bare" else ()):
            with open("%s/memory_%s" % (where, name), "w",
                      encoding="utf-8") as out:
                out.write("%d\n" % ((nr + 1) << 20))

    def _write_guest(self, where, backend, run, guest):
        if backend == "bare" and not guest.runs_bare:
            return
        rows, log = self._log(backend, run, guest)
        with open("%s/%s.log" % (where, guest.name), "w",
                  encoding="utf-8") as out:
            out.write(log)
        if backend == "bare":
            return
        marks = self._marks(backend, rows)
        marks = marks[:len(marks) - self.extra.get((backend, run), 0)]
        with open("%s/%s.json" % (where, guest.name), "w",
                  encoding="utf-8") as out:
            json.dump({"marks": marks, "end": None}, out)


class Outcome:
    """What scripts/bench said of some results."""

    def __init__(self, results, *options):
        with tempfile.TemporaryDirectory() as folder:
            raw, to = folder + "/raw", folder + "/to"
            os.makedirs(raw)
            results.write(raw)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), \
                    contextlib.redirect_stderr(err):
                self.status = cli.main(["--from", raw, "--to", to, *options])
            self.out, self.err = out.getvalue(), err.getvalue()
            self.files = {}
            for name in os.listdir(to) if os.path.isdir(to) else []:
                with open(os.path.join(to, name), encoding="utf-8") as text:
                    self.files[name] = text.read()
        self.report = json.loads(self.files.get("report.json", "{}"))


def test_figures():
    """Instructions and exits of one operation, without the marks' own."""
    outcome = Outcome(Results())
    assert outcome.status == 0, outcome.err
    rows = outcome.report["rows"]
    assert list(rows) == plan.row_names()
    for backend, ticks in TICKS.items():
        assert rows["ctx2"][backend]["instructions"] == ticks
        assert rows["pti_fork"][backend]["exits"] == EXITS.get(backend, 0)
    assert rows["boot"]["lull"]["instructions"] == 5000
    assert "bare" not in rows["exit_cpuid"]


def test_means():
    """Geometric means of the ratios, and the worst row."""
    results = Results()
    results.ticks["lull", 1, "ctx8"] = results.ticks["lull", 2, "ctx8"] = \
        300000
    outcome = Outcome(results)
    report = outcome.report
    assert 0.3 < report["geomean"]["kvm_ept0"] < 0.4, report["geomean"]
    assert report["worst"]["kvm_ept0"] == {"row": "ctx8", "ratio": 30.0}
    # the row that is dearer is one of Linux
    assert report["geomean_linux"]["kvm_ept0"] > report["geomean"]["kvm_ept0"]
    assert report["memory"]["lull"] == {"boot": 1 << 20, "shell200": 2 << 20}
    assert "bare" not in report["memory"]
    assert 0.49 < report["geomean_exits"]["kvm_ept0"] < 0.51
    assert "Not better than kvm_ept0: ctx8." in outcome.out
    assert "Goal not reached: getppid, ctx8." in outcome.out


def test_repeats():
    """What does not repeat is named."""
    outcome = Outcome(Results())
    assert "all rows repeat to the instruction" in outcome.out
    results = Results()
    results.ticks["kvm_ept1", 2, "fork"] = 4001
    outcome = Outcome(results)
    assert outcome.report["not_repeated"]["kvm_ept1"] == ["fork"]
    assert "did not repeat: kvm_ept1: fork." in outcome.out


def test_failures():
    """A failed row, and marks that are missing, are errors that say where."""
    results = Results()
    results.failed = {"tar"}
    outcome = Outcome(results)
    assert outcome.status == 2 and "main.log: row tar failed" in outcome.err
    results = Results()
    results.extra["kvm_ept0", 1] = 1
    outcome = Outcome(results)
    assert outcome.status == 2 and "marks for" in outcome.err
    assert not outcome.files


def test_base():
    """A base run: what became dearer is named, and only that."""
    base = Outcome(Results()).report
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(base, file)
        file.flush()
        assert Outcome(Results(), "--base", file.name).status == 0
        results = Results()
        for run in (1, 2):
            results.ticks["lull", run, "exec"] = 3100
            results.ticks["lull", run, "find"] = 2900
        outcome = Outcome(results, "--base", file.name)
    assert outcome.status == 1
    assert "regression: exec: instructions 300.0 -> 310.0" in outcome.out
    assert "regression: find" not in outcome.out and "find" in outcome.out
    more = copy.deepcopy(base)
    more["rows"]["ctx2"]["lull"]["exits"] = 0.5
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(more, file)
        file.flush()
        outcome = Outcome(Results(), "--base", file.name)
    assert outcome.status == 1
    assert "regression: ctx2: exits 0.5 -> 1.0" in outcome.out


def test_files():
    """The page's pictures are well formed, and nothing is left to fill in."""
    files = Outcome(Results()).files
    assert sorted(files) == ["report.html", "report.json", "report.md"]
    page = files["report.html"]
    assert "{{" not in page
    pictures = page.split("<svg")[1:]
    assert len(pictures) == 3
    for picture in pictures:
        ElementTree.fromstring("<svg" + picture.partition("</svg>")[0]
                               + "</svg>")
    assert "| shell200 |" in files["report.md"]


def test_kernel():
    """Of two lines about an option the added one stays."""
    merged = kernel._merged(
        "# about A\n# CONFIG_A is not set\nCONFIG_AB=y\nCONFIG_C=1\n",
        "CONFIG_A=y\n# CONFIG_C is not set\n")
    assert merged == ("# about A\nCONFIG_AB=y\nCONFIG_A=y\n"
                      "# CONFIG_C is not set\n"), merged


def test_programs():
    """What runs in guests builds, knows each row, and is what lull boots."""
    with tempfile.TemporaryDirectory() as folder:
        with open(measure.build_program(folder + "/bench"), "rb") as file:
            program = file.read()
        with open(microimage.build(folder + "/micro"), "rb") as file:
            image = file.read()
    for row in plan.ROWS[1:]:
        assert row.name.encode() + b"\0" in program, row.name
    for row in plan.MICRO_ROWS:
        assert row.name.encode() + b"\0" in image, row.name
    assert image[0x202:0x206] == b"HdrS"
    assert len(image) == 1024 + 16 * int.from_bytes(image[0x1f4:0x1f8],
                                                    "little")


def test_options():
    """Rows and backends that do not exist are refused by name."""
    for option, value in (("--rows", "ctx3"), ("--backends", "xen")):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            assert cli.main([option, value]) == 2
        assert "%s: %s is none of" % (option, value) in err.getvalue()


def main():
    """Run the tests."""
    tests = [(name, test) for name, test in sorted(globals().items())
             if name.startswith("test_")]
    print("1..%d" % len(tests))
    failures = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
        except AssertionError as error:
            failures += 1
            print("# %s: %s" % (type(error).__name__, error))
            print("not ok %d - %s" % (number, name))
        else:
            print("ok %d - %s" % (number, name))
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
