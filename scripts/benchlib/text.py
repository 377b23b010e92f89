# SPDX-License-Identifier: GPL-2.0-only
"""The table that the bench prints, and report.md."""
from demolib.table import columns, markdown as markdown_table
from softlib import report as softcpu

from . import plan


def number(value):
    """A figure of any size with three or more digits that count."""
    if value is None:
        return "-"
    return "{:,.0f}".format(value) if value >= 100 else "%.3g" % value


def ratio(row, peer, what="instructions"):
    """Lull's part of a peer's figure, or None."""
    if "lull" not in row or peer not in row or not row[peer][what]:
        return None
    return row["lull"][what] / row[peer][what]


def _ratio_text(value):
    return "-" if value is None else "%.2f" % value


def headings(report):
    """The table's columns."""
    backends = report["machine"]["backends"]
    peers = [peer for peer in plan.PEERS if peer in backends]
    return (["row"] + list(backends) + ["goal"] +
            ["/ " + peer for peer in peers] +
            ["exits " + name for name in backends if name != "bare"])


def table_rows(report):
    """The table's rows, as text."""
    backends = report["machine"]["backends"]
    peers = [peer for peer in plan.PEERS if peer in backends]
    rows = []
    for name, row in report["rows"].items():
        goal = plan.describe(name)[1]
        rows.append(
            [name] + [number(row[b]["instructions"]) if b in row else "-"
                      for b in backends] + [number(goal)] +
            [_ratio_text(ratio(row, peer)) for peer in peers] +
            [number(row[b]["exits"]) if b in row else "-"
             for b in backends if b != "bare"])
    return rows


def table(report):
    """The table for a terminal."""
    return "\n".join(columns([headings(report)] + table_rows(report), 1)[0])


def summary(report):
    """Sentences about the whole."""
    lines = []
    for peer, mean in report["geomean"].items():
        worst = report["worst"][peer]
        if mean is None:
            continue
        exits = report["geomean_exits"].get(peer)
        linux = report["geomean_linux"][peer]
        lines.append("Against %s: geometric mean %.3f of the instructions%s%s; "
                     "worst row %s, %.2f." % (
                         peer, mean, "" if exits is None else
                         " and %.3f of the exits" % exits,
                         "" if linux in (None, mean) else
                         ", %.3f without the rows of single instructions" %
                         linux, worst["row"], worst["ratio"]))
    lost = [name for name, row in report["rows"].items()
            if (ratio(row, "kvm_ept0") or 0) >= 1 or
            (ratio(row, "kvm_ept0", "exits") or 0) > 1]
    if lost:
        lines.append("Not better than kvm_ept0: %s." % ", ".join(lost))
    missed = [name for name, row in report["rows"].items() if
              plan.describe(name)[1] and "lull" in row and
              row["lull"]["instructions"] > plan.describe(name)[1]]
    if missed:
        lines.append("Goal not reached: %s." % ", ".join(missed))
    lines += _memory(report)
    lines.append(_repeats(report))
    return lines


def _memory(report):
    return ["Most memory of the VMM, %s: %s." % (
        "while the guest boots" if name == plan.BOOT else "in " + name,
        ", ".join("%s %.2f MiB" % (backend, guests[name] / (1 << 20))
                  for backend, guests in report["memory"].items()))
            for name in plan.MEMORY if report["memory"]]


def _repeats(report):
    if not report["not_repeated"]:
        return "Each backend was measured once."
    unequal = {backend: rows for backend, rows
               in report["not_repeated"].items() if rows}
    if not unequal:
        return "Each backend was measured twice; all rows repeat to the " \
            "instruction."
    return "Measured twice; these rows did not repeat: %s." % "; ".join(
        "%s: %s" % (backend, ", ".join(rows))
        for backend, rows in unequal.items())


MARKDOWN = """\
# Lull against KVM and the bare machine

{summary}

An operation's emulated instructions, the VMM's and the host's included, and
its exits without those of host interrupts.  They are not cycles: a real
processor spends 1000 to 2000 cycles more on each exit, and none of the figures
has TLB or cache misses.  Ratios are Lull's instructions over the other's.

{table}

{softcpu}## What an operation is

{rows}

## Measured on

{machine}
"""


def markdown(report):
    """report.md."""
    return MARKDOWN.format(
        summary="\n".join("- " + line for line in summary(report)),
        table=markdown_table(headings(report), table_rows(report), 1),
        softcpu=softcpu.markdown(report["softcpu"]) + "\n"
        if "softcpu" in report else "",
        rows="\n".join("- %s: %s" % (name, plan.describe(name)[0])
                       for name in report["rows"]),
        machine="\n".join("- %s: %s" % pair for pair in machine_rows(report)))


def machine_rows(report):
    """(name, value) of what the figures were measured on."""
    machine = report["machine"]
    return [("machine", "Bochs, CPU model " + machine["cpu"]),
            ("backends", ", ".join(machine["backends"])),
            ("guest", "%s of memory, command line %s" % (
                machine["guest_memory"], machine["guest_cmdline"])),
            ("Lull", machine["lull"] or "not from a git repository"),
            ("measured", machine["measured"])]
