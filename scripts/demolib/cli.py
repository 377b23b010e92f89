# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/demo."""
import argparse
import json
import os
import shutil
import sys
import time

from . import beyond, html, measure, plan, reduce, text
from .progress import (DEMO, OUT, DemoError, elapsed, read_text, say, shown,
                       told, write_text)

EXIT_NOT_SEEN = 1
EXIT_FAILED = 2
EPILOG = """\
exit status: 0 when the paper's effect was seen, 1 when it was not, 2 when
something failed before that could be told.
scripts/REPORT.rst specifies report.json.
"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Run the experiment of 2001: build "
        "all, measure the arms in the test machine, write report.json, "
        "report.md and report.html.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--force", action="store_true",
                        help="measure again, though nothing has changed")
    parser.add_argument("--from", dest="source", metavar="DIR",
                        help="build and measure nothing: report on the "
                        "measurements kept in DIR (such as out/demo/raw)")
    parser.add_argument("--to", default=DEMO, metavar="DIR",
                        help="where the report goes (default: out/demo)")
    return parser


def _load(folder, name):
    path = os.path.join(folder, name)
    try:
        return json.loads(read_text(path))
    except (OSError, ValueError) as error:
        raise DemoError("%s: %s" % (shown(path), error)) from error


def _collect(folders, raw, machine):
    """Gather in one folder all that the report is made from."""
    shutil.rmtree(raw, ignore_errors=True)
    os.makedirs(raw)
    for arm in plan.ARMS:
        shutil.copy(os.path.join(folders[arm], "stats.json"),
                    os.path.join(raw, arm + ".json"))
    for arm in plan.BEYOND_ARMS:
        name = plan.beyond_name(arm)
        shutil.copy(os.path.join(folders[name], "stats.json"),
                    os.path.join(raw, name + ".json"))
    for arm in plan.TRACED_ARMS:
        traced = os.path.join(folders["trace"], arm)
        shutil.copy(traced + ".json", os.path.join(raw, "traced-%s.json" % arm))
        write_text(os.path.join(raw, "trace-%s.json" % arm), json.dumps(
            measure.summarize_trace(traced + ".dat")))
    runs = [_load(folder, "run.json") for folder in folders.values()]
    machine["measured"] = min(run["date"] for run in runs)
    write_text(os.path.join(raw, "machine.json"), json.dumps(machine))


def make_report(raw, target):
    """Write the report; returns report.json's content."""
    stats = {arm: _load(raw, arm + ".json") for arm in plan.ARMS}
    traces = {arm: (_load(raw, "trace-%s.json" % arm),
                    _load(raw, "traced-%s.json" % arm))
              for arm in plan.TRACED_ARMS}
    report = reduce.reduce_all(stats, traces, _load(raw, "machine.json"))
    report["beyond"] = beyond.reduce_all(
        {arm: _load(raw, plan.beyond_name(arm) + ".json")
         for arm in plan.BEYOND_ARMS})
    os.makedirs(target, exist_ok=True)
    for name, content in (
            ("report.json", json.dumps(report, indent=2) + "\n"),
            ("report.md", text.markdown(report)),
            ("report.html", html.page(report))):
        write_text(os.path.join(target, name), content)
    return report


def _tell_times(reused, built):
    """The time this run took, and the one that measured."""
    path = os.path.join(OUT, "demo", "times.json")
    total = elapsed()
    if not reused:
        write_text(path, json.dumps({"total": total, "built": built,
                                     "date": time.strftime("%Y-%m-%d %H:%M")}))
        say("this run took %d s: %d s for packages and builds, %d s for the "
            "test machine and the report" % (total, built, total - built))
        return
    say("this run took %.0f s; it measured nothing, because nothing that the "
        "figures depend on has changed (--force measures again)" % total)
    if os.path.exists(path):
        then = json.loads(read_text(path))
        say("the run that measured, %s, took %d s: %d s for packages and "
            "builds, %d s for the test machine and the report"
            % (then["date"], then["total"], then["built"],
               then["total"] - then["built"]))


def _demo(options):
    files = measure.build()
    machine = measure.describe_machine(files)
    built = elapsed()
    folders, reused = measure.measure(files, machine, options.force)
    raw = os.path.join(DEMO, "raw")
    _collect(folders, raw, machine)
    report = make_report(raw, options.to)
    return report, lambda: _tell_times(reused, built)


def main(argv=None):
    """Entry point; returns the exit status."""
    options = _parser().parse_args(argv)
    done = told(lambda: (make_report(options.source, options.to), None)
                if options.source else _demo(options))
    if done is None:
        return EXIT_FAILED
    report, tell = done
    print("\n%s\n\n%s\n\nTicks are %s; see %s\n\n%s\n%s\n" % (
        text.table(report), text.beyond_table(report),
        report["machine"]["unit"],
        shown(os.path.join(options.to, "report.html")),
        report["effect"]["sentence"], report["beyond"]["sentence"]),
          flush=True)
    if tell:
        tell()
    return 0 if report["effect"]["seen"] else EXIT_NOT_SEEN


if __name__ == "__main__":
    sys.exit(main())
