# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of report.html."""
from math import log10

from . import plan
from .svg import (WIDTH, Picture, Scale, horizontal_grid, legend_width,
                  nice_ceiling, stacked_row, vertical_grid)
from .text import percent, thousands

WHAT = {
    "sleeper": "one process, woken by a timer",
    "sleepers2": "two processes, woken in turn",
    "sender": "bursts of 1500-byte buffers",
}

EXIT_LABELS = {
    "cr3": "CR3 load", "hlt": "HLT", "hypercall": "IDLE_HALT",
    "io": "port I/O", "interrupt": "host interrupt",
    "interrupt_window": "interrupt window", "exception": "page fault",
    "invlpg": "INVLPG", "cpuid": "CPUID", "msr": "MSR", "other": "other",
}

TICK_LABELS = {
    "pt_switch": "page-table switch", "sync": "shadow sync",
    "fault": "shadow fault", "priv": "privileged instruction",
    "irq": "interrupt hardware", "pio": "other port I/O",
    "user": "outside the module", "entry": "entry and exit",
}

CR3_LABELS = {"cached": "root was cached", "same": "same CR3 again",
              "cold": "new root"}

LEFT, RIGHT = 56, WIDTH - 12    # of charts with a vertical axis
ROW_LEFT, ROW_RIGHT = 112, WIDTH - 70
ROW, PITCH, GROUP_GAP = 20, 26, 34
BOLD_CHAR = 8.8                 # mean width in headings


def _hint(name, value, periods, unit):
    return "%s: %s %s a period, %s in all" % (
        name, "%.2f" % (value / periods), unit, thousands(value))


# ---- the paper's two figures -------------------------------------------

def _group_labels(picture, center, y, name, what):
    picture.text(center, y, name, "bold", "middle")
    picture.text(center, y + 17, what, "muted small", "middle")


def _paper_panel(picture, right, top, bottom):
    picture.rect(LEFT, top, right - LEFT, bottom - top, "k-paper-panel")


def share_chart(report):
    """Figure 1: page-table switches as a share of the VMM's time."""
    paper = report["paper"]
    shares = [report["arms"][arm][workload]["pt_switch_share"]
              for arm in plan.ARMS for workload in plan.WORKLOADS]
    top, step = nice_ceiling(1.12 * max(shares + [paper["pt_switch_share"]]))
    picture = Picture(372, "Page-table switches as a share of VMM time")
    scale = Scale(top, 306, 50)
    width = (RIGHT - LEFT) / 4
    _paper_panel(picture, LEFT + width, 38, 360)
    horizontal_grid(picture, scale, step, LEFT, RIGHT,
                    lambda value: percent(value, 0))
    picture.legend(LEFT, 20, [("k-paper", "the paper")] + [
        ("k-" + arm, arm) for arm in plan.ARMS])

    center = LEFT + width / 2
    before = paper["pt_switch_share"]
    after = before * paper["overhead_left"]
    for x, value, kind, label in (
            (center - 62, before, "k-paper", percent(before)),
            (center + 6, after, "k-paper-soft", "about half")):
        picture.rect(x, scale(value), 56, scale(0) - scale(value), kind)
        picture.text(x + 28, scale(value) - 7, label, "value", "middle")
    _group_labels(picture, center, 328, "the paper, 2001",
                  "before and after, Linux 2.2")
    for number, workload in enumerate(plan.WORKLOADS):
        center = LEFT + width * (number + 1.5)
        for place, arm in enumerate(plan.ARMS):
            value = report["arms"][arm][workload]["pt_switch_share"]
            x = center + (place - 1.5) * 60 + 3
            picture.rect(x, scale(value), 54, scale(0) - scale(value),
                         "k-" + arm, "%s, %s: %s of VMM time" % (
                             workload, arm, percent(value, 2)))
            picture.text(x + 27, scale(value) - 7, percent(value), "value",
                         "middle")
        _group_labels(picture, center, 328, workload, WHAT[workload])
    return str(picture)


def _idle_shares(report, workload):
    values = [100 * report["arms"][arm][workload]["idle_share"]
              for arm in plan.ARMS]
    return "idle: %.1f, %.1f, %.1f %% of total" % tuple(values)


def idle_chart(report):
    """Figure 2: how much of what was saved became idle time."""
    figures = report["figures"]
    gains = [figures[workload][arm]["became_idle"] or 0
             for workload in plan.WORKLOADS for arm in plan.ARMS[1:]]
    top, step = nice_ceiling(1.12 * max(gains + [1.0]))
    picture = Picture(388, "Growth of idle time, as a share of what was saved")
    scale = Scale(top, 306, 50)
    width = (RIGHT - LEFT) / 4
    _paper_panel(picture, LEFT + width, 38, 376)
    horizontal_grid(picture, scale, step, LEFT, RIGHT,
                    lambda value: percent(value, 0))
    end = picture.legend(LEFT, 20, [("k-paper", "the paper")] + [
        ("k-" + arm, arm) for arm in plan.ARMS[1:]])
    picture.line(end, 16, end + 22, 16, "limit")
    picture.text(end + 28, 20, "all of it", "muted")
    picture.line(LEFT, scale(1), RIGHT, scale(1), "limit")

    center = LEFT + width / 2
    picture.rect(center - 28, scale(1), 56, scale(0) - scale(1),
                 "k-paper-soft")
    picture.text(center, scale(1) - 7, "almost all", "value", "middle")
    _group_labels(picture, center, 328, "the paper, 2001",
                  "in words; no number is given")
    picture.text(center, 364, "idle before: %s of total"
                 % percent(report["paper"]["idle_share"]),
                 "muted small", "middle")
    for number, workload in enumerate(plan.WORKLOADS):
        center = LEFT + width * (number + 1.5)
        for place, arm in enumerate(plan.ARMS[1:]):
            _idle_bar(picture, scale, center + (place - 1) * 62 + 3,
                      figures[workload][arm], arm)
        _group_labels(picture, center, 328, workload, WHAT[workload])
        picture.text(center, 364, _idle_shares(report, workload),
                     "muted small", "middle")
    return str(picture)


def _idle_bar(picture, scale, x, figure, arm):
    value = figure["became_idle"]
    height = scale(0) - scale(max(value or 0, 0))
    picture.rect(x, scale(0) - height, 56, height, "k-" + arm,
                 "%s: %s ticks saved, idle time grew by %s" % (
                     arm, thousands(figure["pt_ticks_saved"]),
                     thousands(figure["idle_ticks_gained"])))
    picture.text(x + 28, scale(0) - height - 7, percent(value, 0),
                 "value halo", "middle")


# ---- stacked bars, a row for each arm ------------------------------------

def _rows_height():
    return len(plan.WORKLOADS) * (GROUP_GAP + len(plan.ARMS) * PITCH)


def _rows(picture, top):
    """Print the labels; yields (workload, arm, y) of each row."""
    y = top
    for workload in plan.WORKLOADS:
        picture.text(0, y + 18, workload, "bold")
        picture.text(BOLD_CHAR * len(workload) + 8, y + 18, WHAT[workload],
                     "muted small halo")
        y += GROUP_GAP - 8
        for arm in plan.ARMS:
            picture.text(ROW_LEFT - 10, y + ROW / 2 + 4, arm, "", "end")
            yield workload, arm, y
            y += PITCH
        y += 8


def _legend_rows(picture, entries):
    """The legend above the rows, in lines; returns where the rows begin."""
    x, y = 0, 14
    for entry in entries:
        if x + legend_width(entry[1]) > WIDTH:
            x, y = 0, y + 20
        x = picture.legend(x, y, [entry])
    return y + 12


def _used(report, kind, labels):
    """Names of the labels that have a value in some run, in their order."""
    return [name for name in labels if any(
        data[kind].get(name) for arm in report["arms"].values()
        for data in arm.values())]


def _stacked_chart(report, title, kind, labels, unit, label_of):
    """Bars per period: rows of (reason or bucket), what is first is ours."""
    names = _used(report, kind, labels)
    entries = [("k-%s" % name, labels[name]) for name in names]
    totals = [sum(data[kind].get(name, 0) for name in names) / data["periods"]
              for arm in report["arms"].values() for data in arm.values()]
    picture = Picture(0, title)
    top = _legend_rows(picture, entries)
    picture.height = top + _rows_height() + 44
    limit, step = nice_ceiling(max(totals), 7)
    scale = Scale(limit, ROW_LEFT, ROW_RIGHT)
    vertical_grid(picture, scale, step, top + 4, top + _rows_height(),
                  lambda value: "{:,g}".format(value))
    picture.text((ROW_LEFT + ROW_RIGHT) / 2, top + _rows_height() + 34,
                 unit + " a period", "muted", "middle")
    for workload, arm, y in _rows(picture, top):
        data = report["arms"][arm][workload]
        periods = data["periods"]
        segments = [("k-%s" % name, data[kind].get(name, 0) / periods,
                     _hint(labels[name], data[kind].get(name, 0), periods,
                           unit),
                     label_of(name, data[kind].get(name, 0) / periods))
                    for name in names]
        end = stacked_row(picture, scale, y, ROW, segments)
        total = sum(segment[1] for segment in segments)
        picture.text(end + 7, y + ROW / 2 + 4, label_of("total", total),
                     "value halo")
    return str(picture)


def exits_chart(report):
    """Exits a period, by reason."""
    return _stacked_chart(
        report, "Exits by reason", "exits", EXIT_LABELS, "exits",
        lambda name, value: "%.2f" % value)


def overhead_chart(report):
    """The VMM's ticks a period, by bucket."""
    return _stacked_chart(
        report, "The VMM's time by bucket", "ticks", TICK_LABELS,
        report["machine"]["unit"], lambda name, value: thousands(value))


def whole_chart(report):
    """All of the time: guest, VMM, idle."""
    picture = Picture(0, "All time: guest, VMM, idle")
    top = _legend_rows(picture, [
        ("k-guest", "guest's own instructions"), ("k-pt_switch",
         "VMM: page-table switches"), ("k-vmm", "VMM: all else"),
        ("k-idle", "idle"), ("k-preempted", "host took the CPU")])
    picture.height = top + _rows_height() + 44
    scale = Scale(1.0, ROW_LEFT, ROW_RIGHT)
    vertical_grid(picture, scale, 0.2, top + 4, top + _rows_height(),
                  lambda value: percent(value, 0))
    picture.text((ROW_LEFT + ROW_RIGHT) / 2, top + _rows_height() + 34,
                 "share of all ticks between the marks", "muted", "middle")
    for workload, arm, y in _rows(picture, top):
        data = report["arms"][arm][workload]
        total = data["total_ticks"]
        parts = [("guest", data["ticks"]["guest"]),
                 ("pt_switch", data["pt_ticks"]),
                 ("vmm", data["vmm_ticks"] - data["pt_ticks"]),
                 ("idle", data["ticks"]["idle"]),
                 ("preempted", data["preempted"])]
        stacked_row(picture, scale, y, ROW, [
            ("k-" + name, value / total,
             "%s: %s of all" % (name, percent(value / total, 2)),
             percent(value / total) if name in ("guest", "vmm") else None)
            for name, value in parts])
        picture.text(ROW_RIGHT - 8, y + ROW / 2 + 4, "idle %s" % percent(
            data["idle_share"], 2), "on-idle", "end")
    return str(picture)


# ---- distribution of the cost of a switch --------------------------------

def _bins(report):
    """(first, last) power of two of any switch."""
    powers = [bucket["from"].bit_length()
              for trace in report["trace"].values()
              for kind in trace["cr3"].values()
              for bucket in kind["histogram"] if bucket["count"]]
    return (min(powers), max(powers)) if powers else (1, 1)


def _count_scale(report, start, end):
    """Position of a count on a logarithmic axis that begins below 1."""
    most = max([1] + [bucket["count"] for trace in report["trace"].values()
                      for kind in trace["cr3"].values()
                      for bucket in kind["histogram"]])
    decades = len(str(most))
    low = 0.5

    def place(count):
        return start + (end - start) * (
            log10(max(count, low) / low) / log10(10 ** decades / low))
    return place, decades


def _distribution(picture, report, arm, top):
    place, decades = _count_scale(report, top + 190, top + 30)
    first, last = _bins(report)
    width = (RIGHT - LEFT) / (last - first + 1)
    kinds = list(CR3_LABELS)
    bar = min(46, width / (len(kinds) + 0.6))
    cr3 = report["trace"][arm]["cr3"]
    count = sum(cr3[kind]["count"] for kind in kinds)
    ticks = sum(cr3[kind]["ticks"] for kind in kinds)
    picture.text(LEFT, top + 14, arm, "bold")
    picture.text(LEFT + BOLD_CHAR * len(arm) + 8, top + 14,
                 "%s switches, %s ticks in all, %s on average" % (
                     thousands(count), thousands(ticks),
                     thousands(ticks / max(count, 1))), "muted small")
    for power in range(decades + 1):
        y = place(10 ** power)
        picture.line(LEFT, y, RIGHT, y)
        picture.text(LEFT - 8, y + 4, thousands(10 ** power), "muted", "end")
    picture.line(LEFT, place(0), RIGHT, place(0), "axis")
    for number in range(first, last + 1):
        middle = LEFT + width * (number - first + 0.5)
        picture.text(middle, top + 207, "%s-%s" % (
            thousands(1 << (number - 1)), thousands((1 << number) - 1)),
            "muted", "middle")
        _distribution_bin(picture, place, cr3, number, middle, bar)


def _distribution_bin(picture, place, cr3, number, middle, bar):
    """The kinds that have switches of this cost, side by side."""
    counts = [(kind, sum(bucket["count"] for bucket in cr3[kind]["histogram"]
                         if bucket["from"].bit_length() == number))
              for kind in CR3_LABELS]
    counts = [(kind, count) for kind, count in counts if count]
    x = middle - bar * len(counts) / 2
    for kind, count in counts:
        picture.rect(x + 1, place(count), bar - 2, place(0) - place(count),
                     "k-cr3-" + kind, "%s: %d" % (CR3_LABELS[kind], count))
        picture.text(x + bar / 2, place(count) - 5, thousands(count),
                     "value small", "middle")
        x += bar


def switch_chart(report):
    """How much single page-table switches cost, from the traces."""
    arms = list(report["trace"])
    picture = Picture(30 + 236 * len(arms) + 12,
                      "Cost of page-table switches")
    picture.legend(LEFT, 14, [("k-cr3-" + kind, label)
                              for kind, label in CR3_LABELS.items()])
    for number, arm in enumerate(arms):
        _distribution(picture, report, arm, 34 + 236 * number)
    picture.text((LEFT + RIGHT) / 2, 26 + 236 * len(arms),
                 report["machine"]["unit"] + " a switch (each bin twice as "
                 "wide); the axis of counts is logarithmic", "muted",
                 "middle")
    return str(picture)
