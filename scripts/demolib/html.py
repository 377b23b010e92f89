# SPDX-License-Identifier: GPL-2.0-only
"""report.html: one page that needs nothing else."""
import os
from html import escape

from . import beyond, charts, plan, table
from .progress import LIB, read_text
from .text import (HEADINGS, UNITS, all_checks, beyond_rows, machine_rows,
                   percent, table_rows, trace_remarks)
from .verdict import describe


def _table(names, units, rows, group, left=2):
    """A table whose headings have units."""
    return table.html(["%s<br><small>%s</small>" % (escape(name), escape(unit))
                       for name, unit in zip(names, units)], rows, left, group)


def _checks(report):
    return "".join('<li class="%s">%s</li>' % (
        "yes" if check["ok"] else "no", escape(describe(check)))
        for check in all_checks(report))


def _machine(report):
    return "".join("<dt>%s</dt><dd>%s</dd>" % (escape(name), escape(value))
                   for name, value in machine_rows(report))


def _unit_note(report):
    if not report["machine"]["emulated"]:
        return "Ticks are TSC cycles of this processor."
    return ("Ticks are emulated instructions, the VMM's own included: one "
            "tick is one instruction, and they repeat exactly. They are not "
            "cycles; a real processor spends 1000 to 2000 cycles more on "
            "each exit, which the emulator does not count.")


def page(report):
    """The whole page."""
    template = read_text(os.path.join(LIB, "page.html"))
    style = read_text(os.path.join(LIB, "page.css"))
    values = {
        "STYLE": style,
        "VERDICT_CLASS": "yes" if report["effect"]["seen"] else "no",
        "VERDICT": escape(report["effect"]["sentence"]),
        "PAPER_TITLE": escape(report["paper"]["title"]),
        "PAPER_AUTHORS": escape(report["paper"]["authors"]),
        "PAPER_VENUE": escape(report["paper"]["venue"]),
        "PAPER_URL": escape(report["paper"]["url"], quote=True),
        "PAPER_SHARE": percent(report["paper"]["pt_switch_share"]),
        "PAPER_IDLE": percent(report["paper"]["idle_share"]),
        "DERIVED_IDLE": percent(report["paper"]["derived"]["idle_share_after"]),
        "UNIT": escape(report["machine"]["unit"]),
        "UNIT_NOTE": escape(_unit_note(report)),
        "PERIODS": "%d" % report["arms"]["eager"]["sleeper"]["periods"],
        "PERIOD_MS": "%.3f" % (report["machine"]["period_us"] / 1000),
        "SHARE_CHART": charts.share_chart(report),
        "IDLE_CHART": charts.idle_chart(report),
        "EXITS_CHART": charts.exits_chart(report),
        "OVERHEAD_CHART": charts.overhead_chart(report),
        "WHOLE_CHART": charts.whole_chart(report),
        "SWITCH_CHART": charts.switch_chart(report),
        "TRACE_REMARKS": escape(" ".join(trace_remarks(report))),
        "TABLE": _table(HEADINGS, UNITS, table_rows(report), len(plan.ARMS)),
        "BEYOND_SENTENCE": escape(report["beyond"]["sentence"]),
        "BEYOND_TABLE": _table(beyond.HEADINGS, beyond.UNITS,
                               beyond_rows(report), len(plan.BEYOND_ARMS)),
        "BEYOND_ARMS": "".join("<dt>%s</dt><dd>%s</dd>" % (
            escape(name), escape(what)) for name, what in beyond.WHAT.items()),
        "CHECKS": _checks(report),
        "MACHINE": _machine(report),
    }
    for name, value in values.items():
        template = template.replace("{{%s}}" % name, value)
    return template
