# SPDX-License-Identifier: GPL-2.0-only
"""report.html: one page that needs nothing else, in the demo's style."""
import os
from html import escape

from demolib.progress import LIB, read_text
from demolib.svg import (WIDTH, Picture, Scale, nice_ceiling, vertical_grid)

from softlib import report as softcpu

from . import plan
from .text import headings, machine_rows, ratio, summary, table_rows

COLOURS = {"lull": "k-announce", "kvm_ept0": "k-eager", "kvm_ept1": "k-lazy",
           "bare": "k-paper"}
LEFT, RIGHT = 130, WIDTH - 70
BAR, GAP = 9, 12


def _bars(report, title, what, value_of, form):
    """Horizontal bars, a group for each row of the report."""
    backends = [b for b in report["machine"]["backends"] if any(
        value_of(row, b) is not None for row in report["rows"].values())]
    values = [value_of(row, b) for row in report["rows"].values()
              for b in backends]
    top, step = nice_ceiling(max([v for v in values if v is not None] + [0]),
                             7)
    group = BAR * len(backends) + GAP
    bottom = 34 + group * len(report["rows"])
    picture = Picture(bottom + 44, title)
    picture.legend(LEFT, 14, [(COLOURS[b], b) for b in backends])
    scale = Scale(top, LEFT, RIGHT)
    vertical_grid(picture, scale, step, 26, bottom, form)
    picture.text((LEFT + RIGHT) / 2, bottom + 34, what, "muted", "middle")
    y = 34
    for name, row in report["rows"].items():
        picture.text(LEFT - 10, y + (group - GAP) / 2 + 4, name, "", "end")
        for number, backend in enumerate(backends):
            value = value_of(row, backend)
            if value is None:
                continue
            at = y + number * BAR
            picture.rect(LEFT, at, scale(value) - LEFT, BAR - 1,
                         COLOURS[backend], "%s, %s: %s" % (
                             name, backend, form(value)))
            picture.text(scale(value) + 5, at + 8, form(value), "small halo")
        y += group
    return str(picture)


def _relative(row, backend):
    """A backend's instructions over those of kvm_ept0."""
    base = row.get("kvm_ept0", {}).get("instructions")
    if not base or backend not in row:
        return None
    return row[backend]["instructions"] / base


def ratio_chart(report):
    """All backends, in units of KVM with shadow paging."""
    return _bars(report, "Instructions, in units of kvm_ept0",
                 "instructions an operation, kvm_ept0 = 1", _relative,
                 lambda value: "%.2f" % value)


def _exits_ratio(row, backend):
    if backend == "bare" or not row.get("kvm_ept0", {}).get("exits"):
        return None
    return row[backend]["exits"] / row["kvm_ept0"]["exits"] \
        if backend in row else None


def exits_chart(report):
    """Exits of all backends, in units of KVM with shadow paging."""
    return _bars(report, "Exits, in units of kvm_ept0",
                 "exits an operation, kvm_ept0 = 1", _exits_ratio,
                 lambda value: "%.2f" % value)


def ring_chart(report):
    """What a switch costs as there are more processes."""
    rings = [(name, int(name[3:])) for name in report["rows"]
             if name.startswith("ctx")]
    if not rings:
        return ""
    rows = {"%d processes" % procs: {
        backend: {"instructions": result["instructions"] / procs}
        for backend, result in report["rows"][name].items()}
        for name, procs in rings}
    return _bars({"rows": rows, "machine": report["machine"]},
                 "Instructions of one switch in a ring",
                 "instructions a switch, pipe included",
                 lambda row, b: row.get(b, {}).get("instructions"),
                 lambda value: "{:,.0f}".format(value))


def _table(report):
    head = "".join("<th>%s</th>" % escape(cell) for cell in headings(report))
    body = ""
    for name, cells in zip(report["rows"], table_rows(report)):
        worse = (ratio(report["rows"][name], "kvm_ept0") or 0) >= 1
        body += '<tr%s><td title="%s">%s</td>%s</tr>' % (
            ' class="first"' if worse else "",
            escape(plan.describe(name)[0], quote=True), escape(cells[0]),
            "".join('<td class="number">%s</td>' % escape(cell)
                    for cell in cells[1:]))
    return ("<table><thead><tr>%s</tr></thead><tbody>%s</tbody></table>"
            % (head, body))


def page(report):
    """The whole page."""
    here = os.path.dirname(os.path.abspath(__file__))
    sentences = summary(report)
    values = {
        "STYLE": read_text(os.path.join(LIB, "page.css")),
        "SUMMARY": "".join("<li>%s</li>" % escape(line)
                           for line in sentences),
        "RATIO_CHART": ratio_chart(report),
        "EXITS_CHART": exits_chart(report),
        "RING_CHART": ring_chart(report),
        "TABLE": _table(report),
        "SOFTCPU": softcpu.html(report["softcpu"])
        if "softcpu" in report else "",
        "MACHINE": "".join("<dt>%s</dt><dd>%s</dd>" % (
            escape(name), escape(value))
            for name, value in machine_rows(report)),
    }
    text = read_text(os.path.join(here, "page.html"))
    for name, value in values.items():
        text = text.replace("{{%s}}" % name, value)
    return text
