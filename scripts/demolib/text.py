# SPDX-License-Identifier: GPL-2.0-only
"""The table that the demo prints, and report.md."""
from . import beyond, plan
from .table import columns, markdown as markdown_table
from .verdict import describe

HEADINGS = ("workload", "arm", "exits", "CR3", "halt", "VMM", "pt switch",
            "pt share", "idle", "pt saved", "idle +")
UNITS = ("", "", "/period", "/period", "/period", "/period", "/period",
         "of VMM", "of total", "/period", "of saved")


def percent(value, digits=1):
    """A share as text; a dash for what there is none of."""
    return "-" if value is None else "%.*f %%" % (digits, 100 * value)


def thousands(value):
    """A whole number, grouped."""
    return "{:,.0f}".format(value)


def _first_cells(data):
    """Exits and ticks of a period, which both tables begin with."""
    periods, exits = data["periods"], data["exits"]
    return ["%.2f" % (count / periods) for count in (
        exits["total"], exits["cr3"], exits["hlt"] + exits["hypercall"])] + [
            thousands(data[kind] / periods)
            for kind in ("vmm_ticks", "pt_ticks")]


def table_row(report, workload, arm):
    """The values of HEADINGS, as text."""
    data = report["arms"][arm][workload]
    figure = report["figures"][workload].get(arm)
    row = [workload, arm] + _first_cells(data) + [
        percent(data["pt_switch_share"]), percent(data["idle_share"], 2)]
    if figure:
        row += [thousands(figure["pt_ticks_saved"] / data["periods"]),
                percent(figure["became_idle"], 0)]
    else:
        row += ["-", "-"]
    return row


def table_rows(report):
    """All rows, by workload, then arm."""
    return [table_row(report, workload, arm)
            for workload in plan.WORKLOADS for arm in plan.ARMS]


def _beyond_row(report, workload, arm):
    """The values of beyond.HEADINGS, as text."""
    data = report["beyond"]["arms"][arm][workload]
    return [workload, arm] + _first_cells(data) + [
        percent(data["idle_share"], 2), "%d" % data["violations"]]


def beyond_rows(report):
    """The same of the arms beyond the paper."""
    return [_beyond_row(report, workload, arm)
            for workload in plan.BEYOND_WORKLOADS for arm in plan.BEYOND_ARMS]


def _text_table(headings, units, rows, group):
    """For a terminal, with a line before each group of rows."""
    lines, widths = columns([headings, units] + rows, 2)
    ruler = "  ".join("-" * width for width in widths)
    for number in range(len(rows) // group * group, -1, -group):
        if number < len(rows):
            lines.insert(number + 2, ruler)
    return "\n".join(lines)


def table(report):
    """The paper's arms, for a terminal."""
    return _text_table(HEADINGS, UNITS, table_rows(report), len(plan.ARMS))


def beyond_table(report):
    """Those beyond the paper, likewise."""
    return _text_table(beyond.HEADINGS, beyond.UNITS, beyond_rows(report),
                       len(plan.BEYOND_ARMS))


def _reasons(report):
    """Exit reasons that occur in any run."""
    found = {name for arm in report["arms"].values()
             for data in arm.values()
             for name, count in data["exits"].items() if count}
    order = report["arms"]["eager"]["sleeper"]["exits"]
    return [name for name in order if name in found]


def _exits_table(report):
    reasons = _reasons(report)
    rows = []
    for workload in plan.WORKLOADS:
        for arm in plan.ARMS:
            data = report["arms"][arm][workload]
            rows.append([workload, arm] + ["%d" % data["exits"][reason]
                                           for reason in reasons])
    return markdown_table(["workload", "arm"] + reasons, rows, 2)


def _ticks_table(report):
    buckets = list(report["arms"]["eager"]["sleeper"]["ticks"])
    rows = [[workload, arm] + [
        thousands(report["arms"][arm][workload]["ticks"][bucket])
        for bucket in buckets]
        for workload in plan.WORKLOADS for arm in plan.ARMS]
    return markdown_table(["workload", "arm"] + buckets, rows, 2)


def _trace_table(report):
    rows = []
    for arm, trace in report["trace"].items():
        for kind, data in trace["cr3"].items():
            if data["count"]:
                rows.append([arm, kind] + [thousands(data[key]) for key in (
                    "count", "min", "mean", "max", "ticks", "sync_ticks")])
    return markdown_table(["arm", "root", "switches", "least", "mean", "most",
                            "ticks", "of these sync"], rows, 2)


def trace_remarks(report):
    """What is to be known about the traces, a sentence each."""
    remarks = []
    for arm, trace in report["trace"].items():
        if not trace["complete"]:
            remarks.append("The trace of %s lost events: its numbers are too "
                           "small." % arm)
        if trace["disagreeing_counters"]:
            remarks.append("The trace of %s and the module's own counters "
                           "disagree about %s."
                           % (arm, ", ".join(trace["disagreeing_counters"])))
    return remarks or ["No events were lost, and the traces agree with the "
                       "module's own counters."]


def machine_rows(report):
    """(name, value) of what the figures were measured on."""
    machine = report["machine"]
    return [
        ("machine", "%s %s, CPU %s" % (machine["backend"],
                                       machine["backend_version"],
                                       machine["cpu"])),
        ("host kernel", machine["host_kernel"]),
        ("guest kernel", "%s with guest-linux-patch/, %s of memory"
         % (machine["guest_kernel"], machine["guest_memory"])),
        ("guest command line", machine["guest_cmdline"]),
        ("Lull", machine["lull"] or "not from a git repository"),
        ("unit of ticks", machine["unit"]),
        ("measured", machine["measured"]),
    ]


MARKDOWN = """\
# Lull: the idle task and its page tables

{sentence}

Ticks are {unit}.  `pt switch` is the handling of guest CR3 writes with the
resync of shadow tables; `VMM` is all but the guest's own instructions and idle
time; `idle +` is the growth of idle time, as a share of the page-table-switch
ticks saved.  It can be more than 100 %: a switch that is not made also saves
the way out of the guest and back, and the guest's own code for it.

{table}

The paper of 2001 has {paper_share} of the VMM's time in page-table switches
before the change to the guest.  It says that the change halved the overhead
that came from the MMU, and that nearly all of the time saved became idle time.

## Beyond the paper

{beyond_sentence}

{beyond_arms}

{beyond_table}

## Conditions

{checks}

## Exits between the marks, by reason

{exits}

## Ticks between the marks, by bucket

{ticks}

## Cost of a page-table switch, from the traces

{trace}

Whole lives of the guests, boot included.  {remarks}

## Measured on

{machine}
"""


def all_checks(report):
    """The conditions, the paper's first."""
    return report["effect"]["checks"] + report["beyond"]["checks"]


def _headings(names, units):
    return ["%s (%s)" % pair if pair[1] else pair[0]
            for pair in zip(names, units)]


def markdown(report):
    """report.md."""
    checks = "\n".join("- %s: %s" % ("yes" if check["ok"] else "**no**",
                                     describe(check))
                       for check in all_checks(report))
    return MARKDOWN.format(
        sentence=report["effect"]["sentence"], unit=report["machine"]["unit"],
        table=markdown_table(_headings(HEADINGS, UNITS), table_rows(report),
                              2),
        beyond_sentence=report["beyond"]["sentence"],
        beyond_arms="\n".join("- %s: %s" % pair
                              for pair in beyond.WHAT.items()),
        beyond_table=markdown_table(
            _headings(beyond.HEADINGS, beyond.UNITS), beyond_rows(report), 2),
        paper_share=percent(report["paper"]["pt_switch_share"]),
        checks=checks, exits=_exits_table(report), ticks=_ticks_table(report),
        trace=_trace_table(report), remarks=" ".join(trace_remarks(report)),
        machine="\n".join("- %s: %s" % row for row in machine_rows(report)))
