# SPDX-License-Identifier: GPL-2.0-only
"""Was the paper's effect seen?  The data decide, by the limits below."""
from . import plan

EAGER_EXITS = 2.0               # CR3 exits a period: to the idle task and back
EAGER_TOLERANCE = 0.02          # of that
LAZY_EXITS_MOST = 0.02          # a period
SLEEPERS2_LEFT_MOST = 0.52      # of eager's CR3 exits
SHARE_LEFT_MOST = 0.5           # of eager's pt_switch_share
BECAME_IDLE_LEAST = 0.8         # of the page-table-switch ticks saved

CHANGED_ARMS = plan.ARMS[1:]
# In sleepers2 one of two switches is to another process, and must stay.
SHARE_WORKLOADS = ("sleeper", "sender")


def condition(workload, arm, what, value, limit, least=None):
    """One condition: least <= value <= limit; a bound may be None."""
    seen = value is not None and (limit is None or value <= limit) and (
        least is None or value >= least)
    return {"workload": workload, "arm": arm, "what": what, "value": value,
            "least": least, "most": limit, "ok": seen}


def _exits_per_period(data):
    return data["exits"]["cr3"] / data["periods"]


def _exit_checks(arms):
    least = EAGER_EXITS * (1 - EAGER_TOLERANCE)
    most = EAGER_EXITS * (1 + EAGER_TOLERANCE)
    yield condition("sleeper", "eager", "CR3 exits per period",
                    _exits_per_period(arms["eager"]["sleeper"]), most, least)
    for arm in CHANGED_ARMS:
        yield condition("sleeper", arm, "CR3 exits per period",
                        _exits_per_period(arms[arm]["sleeper"]),
                        LAZY_EXITS_MOST)
    eager = arms["eager"]["sleepers2"]["exits"]["cr3"]
    left = arms["announce"]["sleepers2"]["exits"]["cr3"]
    yield condition("sleepers2", "announce", "CR3 exits left, of eager's",
                    left / eager if eager else None, SLEEPERS2_LEFT_MOST)


def _share_checks(figures):
    for workload in SHARE_WORKLOADS:
        for arm in CHANGED_ARMS:
            figure = figures[workload][arm]
            yield condition(workload, arm, "page-table share left, of eager's",
                            figure["pt_share_left"], SHARE_LEFT_MOST)
            yield condition(workload, arm, "idle gained, of page-table ticks "
                            "saved", figure["became_idle"], None,
                            BECAME_IDLE_LEAST)


def _bounds(check):
    if check["least"] is None:
        return "at most %.2f" % check["most"]
    if check["most"] is None:
        return "at least %.2f" % check["least"]
    return "%.2f to %.2f" % (check["least"], check["most"])


def describe(check):
    """One condition in words."""
    value = check["value"]
    return "%s, %s: %s is %s (wanted: %s)" % (
        check["workload"], check["arm"], check["what"],
        "nothing" if value is None else "%.3f" % value, _bounds(check))


def _seen_sentence(arms, figures):
    def exits(arm):
        return "%.2f" % _exits_per_period(arms[arm]["sleeper"])

    def share(arm, workload):
        return "%.1f %%" % (100 * arms[arm][workload]["pt_switch_share"])

    def idle(workloads):
        values = [figures[workload][arm]["became_idle"]
                  for workload in workloads for arm in CHANGED_ARMS]
        return ("nothing known" if None in values else
                "%.0f %% or more" % (100 * min(values)))

    return ("The paper's effect was seen: with an idle task that keeps the "
            "page tables it finds and announces it, sleeper goes from %s to "
            "%s CR3 exits a period, page-table switching falls from %s to %s "
            "of the VMM's time in sleeper and from %s to %s in sender, and "
            "idle time grows by %s of the page-table-switch ticks saved in "
            "these two, and by %s in sleepers2, where one of two switches "
            "must stay."
            % (exits("eager"), exits("announce"), share("eager", "sleeper"),
               share("announce", "sleeper"), share("eager", "sender"),
               share("announce", "sender"), idle(SHARE_WORKLOADS),
               idle(("sleepers2",))))


def judge(arms, figures):
    """`effect` of report.json: all conditions, and one sentence."""
    checks = list(_exit_checks(arms)) + list(_share_checks(figures))
    failed = [describe(check) for check in checks if not check["ok"]]
    if failed:
        sentence = ("The paper's effect was not seen: " + "; ".join(failed)
                    + ".")
    else:
        sentence = _seen_sentence(arms, figures)
    return {"seen": not failed, "sentence": sentence, "checks": checks}
