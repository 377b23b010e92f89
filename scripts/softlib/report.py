# SPDX-License-Identifier: GPL-2.0-only
"""softcpu.json from the counts, and its table."""
from html import escape

from demolib.table import columns, html as html_table, \
    markdown as markdown_table

from . import plan

FIGURES = ("instructions", "cr3", "flushes")
TITLE = "A software CPU, and no VMM"
HEADINGS = ["emulator", "workload"] + [
    "%s %s" % (what, arm) for what in ("instructions", "CR3 loads",
                                       "TLB flushes") for arm in plan.ARMS] \
    + ["lazy / eager"]
NOTE = ("Of an idle period: instructions that the guest executes, its loads of "
        "CR3, and the emulator's TLB flushes. Bochs flushes once for each load "
        "of CR3 and of CR4, and for each INVLPG; QEMU counts its own, one for "
        "each of the MMU modes in use. What a flush costs the emulator is not "
        "in these figures.")


def _figures(counts):
    """An emulator's counts of a period."""
    flushes = counts["tlb_full"] + counts["tlb_partial"] \
        if "tlb_full" in counts else counts["cr3"] + counts["flush"]
    found = {"instructions": counts["instructions"], "cr3": counts["cr3"],
             "flushes": flushes}
    return {what: round(value / plan.PERIODS, 3)
            for what, value in found.items()}


def make(runs, machine):
    """softcpu.json's content; runs are {(emulator, arm): [{workload: {what:
    count}}, one for each time it was measured]}."""
    rows = {emulator: {workload: {
        arm: _figures(runs[emulator, arm][0][workload]) for arm in plan.ARMS}
        for workload in plan.WORKLOADS} for emulator in plan.EMULATORS}
    return {"periods": plan.PERIODS, "machine": machine, "rows": rows,
            "counts": {"%s.%s" % key: times[0] for key, times in runs.items()},
            "not_repeated": ["%s.%s" % key for key, times in runs.items()
                             if any(other != times[0] for other in times)]}


def table_rows(report):
    """The table's rows, as text."""
    rows = []
    for emulator, workloads in report["rows"].items():
        for workload, arms in workloads.items():
            rows.append([emulator, workload] + [
                "{:,.2f}".format(arms[arm][what]) for what in FIGURES
                for arm in plan.ARMS] + ["%.4f" % (
                    arms["lazy"]["instructions"] /
                    arms["eager"]["instructions"])])
    return rows


def repeats(report):
    """A sentence: is all the same the second time?"""
    if report["not_repeated"]:
        return "These did not repeat: %s." % ", ".join(report["not_repeated"])
    return "Measured twice; all counts are the same both times."


def markdown(report):
    """The report as a section of Markdown."""
    return "## %s\n\n%s\n\n%s %s\n" % (
        TITLE, markdown_table(HEADINGS, table_rows(report), 2), NOTE,
        repeats(report))


def html(report):
    """The same as a section of HTML."""
    return ('<section><h2>%s</h2><div class="wide">%s</div><p>%s</p></section>'
            % (TITLE, html_table(map(escape, HEADINGS), table_rows(report), 2),
               escape(NOTE)))


def table(report):
    """The table for a terminal."""
    return "\n".join(columns([HEADINGS] + table_rows(report), 2)[0])
