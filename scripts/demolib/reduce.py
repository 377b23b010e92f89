# SPDX-License-Identifier: GPL-2.0-only
"""From what the launcher and `lull report` wrote to report.json.

scripts/REPORT.rst specifies the result.
"""
from . import plan
from .paper import PAPER
from .progress import DemoError
from .verdict import judge

SCHEMA = 1
START, END = 1, 2               # the marks of a workload

# Buckets of the page-table-switch figure, and those that are not the VMM's
PT_BUCKETS = ("pt_switch", "sync")
NOT_VMM_BUCKETS = ("guest", "idle")

# report.json's name of exits by the launcher's; the rest is `other`
EXITS = {
    "hlt": ("hlt",),
    "hypercall": ("vmcall",),
    "exception": ("exception_nmi",),
    "io": ("io",),
    "interrupt": ("external_interrupt",),
    "interrupt_window": ("interrupt_window",),
    "invlpg": ("invlpg",),
    "cpuid": ("cpuid",),
    "msr": ("rdmsr", "wrmsr"),
}

# Counters that the trace's events add up to as well
TRACED_COUNTERS = ("cr3_loads", "sync_pages", "faults", "guest_faults",
                   "hypercalls", "idle_enters", "idle_announced",
                   "injections")


def _difference(before, after, kind):
    """What was added to the values of a kind between two marks."""
    return {name: value - before[kind].get(name, 0)
            for name, value in after[kind].items()}


def _exits(before, after, counters):
    delta = _difference(before, after, "exits")
    exits = {"total": sum(delta.values()), "cr3": counters["cr3_loads"]}
    for name, reasons in EXITS.items():
        exits[name] = sum(delta.get(reason, 0) for reason in reasons)
    exits["other"] = exits["total"] - sum(
        value for name, value in exits.items() if name != "total")
    return exits


def reduce_workload(before, after, periods):
    """One arm's one workload, from the statistics at its two marks."""
    ticks = _difference(before, after, "ticks")
    counters = _difference(before, after, "counters")
    elapsed = after["total"] - before["total"]
    pt_ticks = sum(ticks[name] for name in PT_BUCKETS)
    vmm_ticks = sum(value for name, value in ticks.items()
                    if name not in NOT_VMM_BUCKETS)
    if elapsed <= 0 or vmm_ticks <= 0:
        raise DemoError("no time passed between two marks")
    return {
        "periods": periods,
        "exits": _exits(before, after, counters),
        "ticks": ticks,
        "preempted": after["preempted"] - before["preempted"],
        "total_ticks": elapsed,
        "vmm_ticks": vmm_ticks,
        "pt_ticks": pt_ticks,
        "pt_switch_share": pt_ticks / vmm_ticks,
        "idle_share": ticks["idle"] / elapsed,
    }


def reduce_arm(arm, stats, workloads=plan.WORKLOADS):
    """One arm: the workloads come in order, each between its two marks."""
    marks = stats["marks"]
    ids = [mark["id"] for mark in marks]
    if ids != [START, END] * len(workloads):
        raise DemoError("%s: the guest's marks are %s, not %d times %d and %d"
                        % (arm, ids, len(workloads), START, END))
    return {workload: reduce_workload(marks[2 * i]["stats"],
                                      marks[2 * i + 1]["stats"], plan.PERIODS)
            for i, workload in enumerate(workloads)}


def _disagreements(report, stats):
    """Counters whose value the trace does not confirm."""
    return [name for name in TRACED_COUNTERS
            if report["counters"].get(name) != stats["end"]["counters"][name]]


def reduce_trace(report, stats):
    """One traced arm: how much its page-table switches cost."""
    return {
        "complete": report["complete"],
        "disagreeing_counters": _disagreements(report, stats),
        "cr3": report["cr3"],
        "idle": report["idle"],
    }


def _compare(arms):
    """Each arm against eager: the paper's two figures."""
    figures = {}
    for workload in plan.WORKLOADS:
        eager = arms["eager"][workload]
        figures[workload] = {}
        for arm in plan.ARMS[1:]:
            data = arms[arm][workload]
            saved = eager["pt_ticks"] - data["pt_ticks"]
            gained = data["ticks"]["idle"] - eager["ticks"]["idle"]
            figures[workload][arm] = {
                "pt_share_left": _ratio(data["pt_switch_share"],
                                        eager["pt_switch_share"]),
                "pt_ticks_saved": saved,
                "idle_ticks_gained": gained,
                "became_idle": _ratio(gained, saved),
            }
    return figures


def _ratio(part, whole):
    """None where the whole is nothing: then there was nothing to save."""
    return part / whole if whole > 0 else None


def reduce_all(stats, traces, machine):
    """report.json.

    stats: {arm: what run --stats wrote}; traces: {arm: (what `lull report
    --json` wrote, what run --stats wrote)}; machine as it is described.
    """
    arms = {arm: reduce_arm(arm, stats[arm]) for arm in plan.ARMS}
    figures = _compare(arms)
    return {
        "schema": SCHEMA,
        "effect": judge(arms, figures),
        "arms": arms,
        "figures": figures,
        "trace": {arm: reduce_trace(*traces[arm]) for arm in traces},
        "paper": PAPER,
        "machine": machine,
    }
