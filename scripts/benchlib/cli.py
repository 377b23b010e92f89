# SPDX-License-Identifier: GPL-2.0-only
"""The command line of scripts/bench."""
import argparse
import json
import os
import sys
import time

from demolib.progress import DemoError, elapsed, read_text, say, shown, \
    told, write_text
from vmlib.paths import VmError

from . import compare, html, measure, plan, profile, reduce, text

EXIT_REGRESSION = 1
EXIT_FAILED = 2
EPILOG = """\
exit status: 0; 1 when --base is given and a row became dearer; 2 when
something failed.
"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measure the same guest on Lull, on "
        "KVM with and without EPT, and on the bare machine; write report.json,"
        " report.md and report.html.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--backends", default=",".join(plan.BACKENDS), metavar="LIST",
        help="some of %(default)s")
    add("--rows", default="", metavar="LIST", help="some of the rows")
    add("--once", action="store_true",
        help="do not measure twice to see that all repeats")
    add("--base", metavar="FILE", help="report.json of an earlier run to "
        "compare with")
    add("--from", dest="source", metavar="DIR", help="measure nothing: report "
        "on what is kept in DIR (such as out/bench/raw)")
    add("--to", default=measure.BENCH, metavar="DIR",
        help="where the report goes, and what it is made from (default: "
        "out/bench)")
    add("--profile", metavar="ROW", help="measure nothing: list the "
        "instructions of a row on Lull, and count them by exit and function")
    add("--list", action="store_true", help="list the rows, and end")
    return parser


def _words(option, value, known):
    words = [word for word in value.split(",") if word]
    for word in words:
        if word not in known:
            raise DemoError("%s: %s is none of %s" % (option, word,
                                                      ", ".join(known)))
    return words


def _machine(backends):
    return {"cpu": plan.CPU, "backends": backends,
            "guest_memory": plan.GUEST_MEMORY, "guest_cmdline": plan.CMDLINE,
            "lull": measure.commit(),
            "measured": time.strftime("%Y-%m-%d %H:%M:%S")}


def _run(options):
    backends = _words("--backends", options.backends, plan.BACKENDS)
    wanted = _words("--rows", options.rows, plan.row_names())
    repeats = 1 if options.once else 2
    raw = options.source or os.path.join(os.path.abspath(options.to), "raw")
    settings = os.path.join(raw, "settings.json")
    if options.source:
        kept = json.loads(read_text(settings))
    else:
        files = measure.build(backends, wanted)
        measure.measure(files, backends, repeats, wanted, raw)
        kept = {"machine": _machine(backends), "repeats": repeats,
                "wanted": wanted}
        write_text(settings, json.dumps(kept))
    return reduce.reduce_all(raw, kept["machine"]["backends"],
                             kept["repeats"], kept["wanted"],
                             kept["machine"])


def _add_softcpu(report):
    """What scripts/bench-softcpu found here, if it ran."""
    kept = os.path.join(measure.BENCH, "softcpu.json")
    if os.path.exists(kept):
        report["softcpu"] = json.loads(read_text(kept))


def _write(report, target):
    os.makedirs(target, exist_ok=True)
    for name, content in (
            ("report.json", json.dumps(report, indent=1) + "\n"),
            ("report.md", text.markdown(report)),
            ("report.html", html.page(report))):
        write_text(os.path.join(target, name), content)


def _profile(options):
    _words("--profile", options.profile, plan.row_names())
    return profile.run(options.profile, options.to)


def _report(options):
    """(report to compare with or None, report)"""
    base = json.loads(read_text(options.base)) if options.base else None
    report = _run(options)
    _add_softcpu(report)
    _write(report, options.to)
    return base, report


def _compare(base, report):
    """Tell what changed; returns the exit status."""
    for name, (before, after) in compare.change(base, report).items():
        if after != before:
            print("%-12s %12s -> %12s  %+.2f %%" % (
                name, text.number(before), text.number(after),
                100 * (after / before - 1)))
    found = compare.regressions(base, report)
    for row in found:
        print("regression: %s: %s %s -> %s" % row)
    return EXIT_REGRESSION if found else 0


def main(argv=None):
    """Entry point; returns the exit status."""
    options = _parser().parse_args(argv)
    if options.list:
        for name in plan.row_names():
            print("%-16s %s" % (name, plan.describe(name)[0]))
        return 0
    done = told(lambda: (_profile if options.profile else _report)(options),
                VmError, OSError, ValueError)
    if done is None:
        return EXIT_FAILED
    if options.profile:
        print(done, end="")
        return 0
    base, report = done
    print("\n%s\n\n%s\n" % (text.table(report),
                            "\n".join(text.summary(report))), flush=True)
    say("done in %d s; see %s" % (elapsed(), shown(os.path.join(
        options.to, "report.html"))))
    return _compare(base, report) if base else 0


if __name__ == "__main__":
    sys.exit(main())
