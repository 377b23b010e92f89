# SPDX-License-Identifier: GPL-2.0-only
"""What the paper did not have: features that rest on the announcement.

Each arm has one feature more than the one before it.
"""
from . import plan, reduce
from .verdict import condition, describe

# The halt of a period of sleeper, and what the guest's tick adds that is out of
# step with it: 2 to 7 in a hundred, from build to build; interrupts of the host
# aside
EXITS_MOST = 1.1
CR3_MOST = 0.05                 # a period, of whatever workload
GUARDED_LEAST = 1.0             # halts a period of sleeper
# Of a workload, by the module's name
COUNTERS = {"violations": "guard_violations", "tripped": "tripwire",
            "guarded": "idle_guarded", "halts": "idle_enters"}
WITH_TIMER = ("timer", "targets", "guard")
WITH_TARGETS = ("targets", "guard")

WHAT = {
    "announce": "as above, with the PIT",
    "timer": "and deadlines in the shared page, which the VMM takes at the "
             "halt",
    "targets": "and page tables that the guest loads without an exit",
    "guard": "and no user half while the idle task borrows: who accesses it "
             "is found",
}

HEADINGS = ("workload", "arm", "exits", "CR3", "halt", "VMM", "pt switch",
            "idle", "violations")
UNITS = ("", "", "/period", "/period", "/period", "/period", "/period",
         "of total", "")


def _reduce_arm(arm, stats):
    arms = reduce.reduce_arm(arm, stats, plan.BEYOND_WORKLOADS)
    for number, data in enumerate(arms.values()):
        before, after = (stats["marks"][2 * number + i]["stats"]["counters"]
                         for i in (0, 1))
        data.update((key, after[name] - before[name])
                    for key, name in COUNTERS.items())
    return arms


def _conditions(arms):
    for arm in WITH_TIMER:
        data = arms[arm]["sleeper"]
        exits = data["exits"]["total"] - data["exits"]["interrupt"]
        yield condition("sleeper", arm, "exits per halt",
                        exits / data["halts"] if data["halts"] else None,
                        EXITS_MOST)
    for arm in WITH_TARGETS:
        for workload, data in arms[arm].items():
            yield condition(workload, arm, "CR3 exits per period",
                            data["exits"]["cr3"] / data["periods"], CR3_MOST)
    data = arms["guard"]["sleeper"]
    yield condition("sleeper", "guard", "guarded halts per period",
                    data["guarded"] / data["periods"], None, GUARDED_LEAST)
    for workload, data in arms["guard"].items():
        yield condition(workload, "guard", "violations", data["violations"], 0)
        yield condition(workload, "guard", "accessed flags", data["tripped"], 0)


def _sentence(arms, failed):
    if failed:
        return "Beyond the paper, not as expected: %s." % "; ".join(failed)

    def exits(arm, workload, kind="total"):
        data = arms[arm][workload]
        return "%.2f" % (data["exits"][kind] / data["periods"])

    return ("Beyond the paper: with deadlines in the shared page sleeper goes "
            "from %s to %s exits a period; with CR3 targets a ring of four "
            "processes goes from %s to %s CR3 exits a round; and with the "
            "user half withdrawn while it idles, the guest never missed it."
            % (exits("announce", "sleeper"), exits("timer", "sleeper"),
               exits("timer", "ring", "cr3"), exits("targets", "ring", "cr3")))


def reduce_all(stats):
    """`beyond` of report.json, from {arm: what run --stats wrote}."""
    arms = {arm: _reduce_arm(arm, stats[arm]) for arm in plan.BEYOND_ARMS}
    checks = list(_conditions(arms))
    failed = [describe(check) for check in checks if not check["ok"]]
    return {"seen": not failed, "sentence": _sentence(arms, failed),
            "checks": checks, "arms": arms}
