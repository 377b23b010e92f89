#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/demo makes of measurements: TAP on stdout.

Made-up measurements that show the paper's effect, and ones in which a single
thing is not as it should be.  The sentence and the exit status must follow
the data.
"""
import contextlib
import copy
import io
import json
import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

from demolib import cli, plan  # noqa: E402  (after the path is set)

PERIODS = plan.PERIODS
PERIOD_TICKS = 250000
BUCKETS = ("guest", "idle", "pt_switch", "fault", "sync", "priv", "irq", "pio",
           "user", "entry")
COUNTERS = ("cr3_loads", "sync_pages", "faults", "guest_faults", "hypercalls",
            "idle_enters", "idle_announced", "injections", "guard_violations",
            "tripwire", "idle_guarded")
ZERO = {"exits": {}, "ticks": dict.fromkeys(BUCKETS, 0),
        "counters": dict.fromkeys(COUNTERS, 0), "preempted": 0, "total": 0}

# CR3 loads a period, and how many of its ticks are idle
CR3 = {"eager": (2, 2, 2.5), "lazy": (0, 1, 0.5), "announce": (0, 1, 0.5)}
# The same of the arms beyond the paper, which have fewer exits of the PIT
BEYOND_CR3 = {"announce": (0, 1, 4), "timer": (0, 1, 4), "targets": (0, 0, 0),
              "guard": (0, 0, 0)}
CR3_TICKS = 400
OTHER_TICKS = {"guest": 9000, "priv": 500, "irq": 4000, "entry": 4000,
               "sync": 0, "user": 10}


def workload_stats(arm, cr3):
    """What a workload adds to the statistics."""
    halt = "vmcall" if arm == "announce" else "hlt"
    stats = copy.deepcopy(ZERO)
    stats["exits"] = {"cr_access": int(cr3 * PERIODS) + 3, halt: PERIODS,
                      "io": 10 * PERIODS, "external_interrupt": 7,
                      "dr_access": 4}
    stats["counters"]["cr3_loads"] = int(cr3 * PERIODS)
    for bucket, ticks in OTHER_TICKS.items():
        stats["ticks"][bucket] = ticks * PERIODS
    stats["ticks"]["pt_switch"] = int(cr3 * CR3_TICKS * PERIODS)
    stats["preempted"] = 1000
    stats["total"] = PERIOD_TICKS * PERIODS
    fill_idle(stats)
    return stats


def fill_idle(stats):
    """All time that is not anything else."""
    stats["ticks"]["idle"] = 0
    stats["ticks"]["idle"] = (stats["total"] - stats["preempted"]
                              - sum(stats["ticks"].values()))


def added(one, other):
    """The sum of two statistics."""
    if isinstance(one, dict):
        return {key: added(one.get(key, 0) if not isinstance(
            other.get(key, 0), dict) else one.get(key, {}), other.get(key, 0))
            if key in other else one[key] for key in {**one, **other}}
    return one + other


def marks_of(workloads):
    """The file that run --stats writes, of the workloads' own numbers."""
    now, marks = ZERO, []
    for stats in workloads:
        now = added(now, workload_stats("lazy", 0.25))     # between them
        marks.append({"id": 1, "stats": now})
        now = added(now, stats)
        marks.append({"id": 2, "stats": now})
    return {"marks": marks, "end": now}


def good():
    """{arm: [statistics of each workload]} with the paper's effect."""
    return {arm: [workload_stats(arm, cr3) for cr3 in CR3[arm]]
            for arm in plan.ARMS}


def beyond_stats(arm, cr3):
    """What a workload adds in an arm beyond the paper."""
    stats = workload_stats("announce", cr3)
    stats["exits"] = {"cr_access": int(cr3 * PERIODS), "vmcall": PERIODS,
                      "io": 10 * PERIODS if arm == "announce" else 0}
    stats["counters"]["idle_enters"] = PERIODS
    stats["counters"]["idle_guarded"] = PERIODS if arm == "guard" else 0
    return stats


def good_beyond():
    """{arm: [statistics of each workload]} as they should be."""
    return {arm: [beyond_stats(arm, cr3) for cr3 in BEYOND_CR3[arm]]
            for arm in plan.BEYOND_ARMS}


def histogram(pairs):
    """What lull report says of switches of these costs."""
    return {"count": sum(n for _, n in pairs), "ticks": 1000, "min": 1,
            "mean": 2, "max": 3, "sync_ticks": 0, "pages": 0, "histogram": [
                {"from": 1 << power, "to": (2 << power) - 1, "count": n}
                for power, n in pairs]}


def trace_report(stats):
    """What lull report says of a trace."""
    return {"complete": True, "counters": dict(stats["end"]["counters"]),
            "cr3": {"same": histogram([]), "cached": histogram(
                [(8, 3000), (9, 0), (10, 20)]), "cold": histogram([(11, 2)])},
            "idle": {"count": 1}}


MACHINE = {"backend": "bochs", "backend_version": "2.7", "emulated": True,
           "unit": "emulated instructions", "cpu": "some", "lull": None,
           "host_kernel": "6.1", "guest_kernel": "6.1", "guest_memory": "64M",
           "guest_cmdline": "quiet", "period_us": 5125, "measured": "today"}


class Case:
    """Measurements in a folder, and the report on them."""

    def __init__(self, folder, data=None, change=None, beyond=None):
        self.raw = os.path.join(folder, "raw")
        self.to = os.path.join(folder, "to")
        os.makedirs(self.raw)
        stats = {arm: marks_of(workloads)
                 for arm, workloads in (data or good()).items()}
        files = {arm + ".json": stats[arm] for arm in plan.ARMS}
        for arm, workloads in (beyond or good_beyond()).items():
            files[plan.beyond_name(arm) + ".json"] = marks_of(workloads)
        for arm in plan.TRACED_ARMS:
            files["traced-%s.json" % arm] = stats[arm]
            files["trace-%s.json" % arm] = trace_report(stats[arm])
        files["machine.json"] = MACHINE
        if change:
            change(files)
        for name, content in files.items():
            with open(os.path.join(self.raw, name), "w",
                      encoding="utf-8") as out:
                out.write(content if isinstance(content, str)
                          else json.dumps(content))
        self.printed, self.errors = io.StringIO(), io.StringIO()

    def run(self):
        """scripts/demo --from; returns the exit status."""
        with contextlib.redirect_stdout(self.printed), \
                contextlib.redirect_stderr(self.errors):
            return cli.main(["--from", self.raw, "--to", self.to])

    def text(self, name):
        """One of the report's files."""
        with open(os.path.join(self.to, name), encoding="utf-8") as report:
            return report.read()

    def report(self):
        """report.json"""
        return json.loads(self.text("report.json"))


def test_effect_is_seen(folder):
    case = Case(folder)
    assert case.run() == 0
    report = case.report()
    assert report["effect"]["seen"]
    assert "effect was seen" in report["effect"]["sentence"]
    for text in (case.printed.getvalue(), case.text("report.md")):
        assert report["effect"]["sentence"] in text
    assert 'class="verdict yes"' in case.text("report.html")
    assert "from 2.00 to 0.00 CR3 exits" in report["effect"]["sentence"]


def test_numbers(folder):
    case = Case(folder)
    case.run()
    report = case.report()
    data = report["arms"]["eager"]["sender"]
    assert data["periods"] == PERIODS
    assert data["exits"]["cr3"] == 2.5 * PERIODS
    assert data["exits"]["other"] == 3 + 4      # other CR accesses, DR
    assert data["pt_ticks"] == 1000 * PERIODS
    assert data["vmm_ticks"] == (500 + 4000 + 4000 + 10 + 1000) * PERIODS
    assert abs(data["pt_switch_share"] - 1000 / 9510) < 1e-12
    assert abs(data["idle_share"] - data["ticks"]["idle"]
               / (PERIOD_TICKS * PERIODS)) < 1e-12
    figure = report["figures"]["sender"]["announce"]
    assert figure["pt_ticks_saved"] == 800 * PERIODS
    assert figure["became_idle"] == 1.0


def test_sums(folder):
    case = Case(folder)
    case.run()
    for arm in case.report()["arms"].values():
        for data in arm.values():
            exits = dict(data["exits"])
            assert exits.pop("total") == sum(exits.values())
            assert data["total_ticks"] == (sum(data["ticks"].values())
                                           + data["preempted"])


def doctored(arm, workload, **ticks_and_cr3):
    """Measurements with one arm's one workload changed."""
    data = good()
    stats = data[arm][plan.WORKLOADS.index(workload)]
    for name, value in ticks_and_cr3.items():
        if name == "cr3":
            stats["counters"]["cr3_loads"] = int(value * PERIODS)
        else:
            stats["ticks"][name] = int(value * PERIODS)
    if "idle" not in ticks_and_cr3:
        fill_idle(stats)
    return data


# What is not as it should be, and what the sentence must name
WRONG = [
    (("eager", "sleeper", {"cr3": 1.9}), "sleeper, eager: CR3 exits"),
    (("eager", "sleeper", {"cr3": 2.1}), "sleeper, eager: CR3 exits"),
    (("lazy", "sleeper", {"cr3": 0.03}), "sleeper, lazy: CR3 exits"),
    (("announce", "sleeper", {"cr3": 0.03}), "sleeper, announce: CR3 exits"),
    (("announce", "sleepers2", {"cr3": 1.06}), "sleepers2, announce: CR3"),
    (("lazy", "sleeper", {"pt_switch": 450}), "sleeper, lazy: page-table"),
    (("announce", "sleeper", {"sync": 450}), "sleeper, announce: page-table"),
    (("lazy", "sender", {"pt_switch": 600}), "sender, lazy: page-table"),
    (("announce", "sender", {"pt_switch": 600}), "sender, announce: page-"),
    (("lazy", "sleeper", {"guest": 9170}), "sleeper, lazy: idle gained"),
    (("announce", "sender", {"irq": 4170}), "sender, announce: idle gained"),
    (("lazy", "sender", {"idle": 1000}), "sender, lazy: idle gained"),
    (("eager", "sleeper", {"pt_switch": 0}), "sleeper, lazy: page-table"),
]
# Within the limits, if only just
RIGHT = [
    ("eager", "sleeper", {"cr3": 1.97}),
    ("lazy", "sleeper", {"cr3": 0.02}),
    ("announce", "sleepers2", {"cr3": 1.04}),
    ("lazy", "sleeper", {"guest": 9150}),
    ("announce", "sender", {"pt_switch": 450}),
]


def test_doctored_data_turns_the_sentence(folder):
    for number, ((arm, workload, change), named) in enumerate(WRONG):
        case = Case(os.path.join(folder, str(number)),
                    doctored(arm, workload, **change))
        assert case.run() == 1, change
        effect = case.report()["effect"]
        assert not effect["seen"]
        assert "effect was not seen" in effect["sentence"]
        assert named in effect["sentence"], (named, effect["sentence"])
        assert effect["sentence"] in case.printed.getvalue()
        assert 'class="verdict no"' in case.text("report.html")


def test_limits_are_where_they_should_be(folder):
    for number, (arm, workload, change) in enumerate(RIGHT):
        case = Case(os.path.join(folder, str(number)),
                    doctored(arm, workload, **change))
        assert case.run() == 0, (change, case.printed.getvalue())


# What is not as it should be in an arm beyond the paper
BEYOND_WRONG = [
    (("timer", "sleeper", "exits", "io", 0.11), "timer: exits per halt"),
    (("guard", "sleeper", "exits", "vmcall", 1.11), "guard: exits per halt"),
    (("targets", "ring", "counters", "cr3_loads", 0.06), "ring, targets: CR3"),
    (("guard", "sleepers2", "counters", "cr3_loads", 1), "guard: CR3 exits"),
    (("guard", "ring", "counters", "guard_violations", 0.01), "violations"),
    (("guard", "sleeper", "counters", "tripwire", 0.01), "accessed flags"),
    (("guard", "sleeper", "counters", "idle_guarded", 0.99), "guarded halts"),
]


def test_beyond_follows_the_data(folder):
    case = Case(os.path.join(folder, "good"))
    assert case.run() == 0
    beyond = case.report()["beyond"]
    assert beyond["seen"]
    assert "from 11.00 to 1.00 exits a period" in beyond["sentence"]
    assert "from 4.00 to 0.00 CR3 exits a round" in beyond["sentence"]
    for number, (change, named) in enumerate(BEYOND_WRONG):
        arm, workload, kind, name, value = change
        data = good_beyond()
        stats = data[arm][plan.BEYOND_WORKLOADS.index(workload)]
        stats[kind][name] = round(value * PERIODS)
        case = Case(os.path.join(folder, str(number)), beyond=data)
        assert case.run() == 0, change
        beyond = case.report()["beyond"]
        assert not beyond["seen"], change
        assert named in beyond["sentence"], (named, beyond["sentence"])
        assert beyond["sentence"] in case.printed.getvalue()


def test_arms_that_do_not_differ(folder):
    data = good()
    case = Case(folder, {arm: data["eager"] for arm in plan.ARMS})
    assert case.run() == 1
    assert case.report()["effect"]["sentence"].count("nothing") == 4


def test_damaged_measurements_are_refused(folder):
    def lose_mark(files):
        files["lazy.json"]["marks"].pop()

    def swap_marks(files):
        files["lazy.json"]["marks"][0]["id"] = 2

    def stand_still(files):
        marks = files["lazy.json"]["marks"]
        marks[1]["stats"] = marks[0]["stats"]

    def cut(files):
        files["announce.json"] = '{"marks": ['

    def lose_file(files):
        del files["eager.json"]

    for number, (change, named) in enumerate((
            (lose_mark, "lazy: the guest's marks"),
            (swap_marks, "lazy: the guest's marks"),
            (stand_still, "no time passed"), (cut, "announce.json"),
            (lose_file, "eager.json"))):
        case = Case(os.path.join(folder, str(number)), change=change)
        assert case.run() == 2, named
        assert named in case.errors.getvalue(), case.errors.getvalue()
        assert not os.path.exists(os.path.join(case.to, "report.json"))


def test_trace_that_disagrees_is_told(folder):
    def change(files):
        files["trace-eager.json"]["counters"]["cr3_loads"] += 1
        files["trace-announce.json"]["complete"] = False

    case = Case(folder, change=change)
    assert case.run() == 0
    for name in ("report.md", "report.html"):
        assert "disagree about cr3_loads" in case.text(name)
        assert "announce lost events" in case.text(name)


def test_page_is_whole_and_alone(folder):
    case = Case(folder)
    case.run()
    page = case.text("report.html")
    assert "{{" not in page
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(", page)
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 6
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        _, _, width, height = map(float, root.get("viewBox").split())
        for rect in root.iter("rect"):
            x, y, w, h = (float(rect.get(key))
                          for key in ("x", "y", "width", "height"))
            assert x >= 0 and x + w <= width + 0.1, picture
            assert y >= 0 and y + h <= height + 0.1, picture
        for text in root.iter("text"):
            assert 0 <= float(text.get("x")) <= width
            assert 0 <= float(text.get("y")) <= height
    styles = set(re.findall(r"\.(k-[\w-]+)", page))
    used = set(re.findall(r'class="(k-[\w-]+)"', page))
    assert used <= styles, used - styles


def keys_of(value, found):
    """All names in a report, but those of runs, arms and buckets."""
    if isinstance(value, dict):
        for key, inner in value.items():
            found.add(key)
            keys_of(inner, found)
    elif isinstance(value, list):
        for inner in value:
            keys_of(inner, found)
    return found


def test_schema_is_documented(folder):
    case = Case(folder)
    case.run()
    with open(os.path.join(ROOT, "scripts", "REPORT.rst"),
              encoding="utf-8") as document:
        documented = set(re.findall(r"``([\w.]+)``", document.read()))
    missing = keys_of(case.report(), set()) - documented
    assert not missing, sorted(missing)


def main():
    """Run all tests; returns the exit status."""
    tests = [(name, test) for name, test in globals().items()
             if name.startswith("test_")]
    failed = 0
    print("TAP version 13\n1..%d" % len(tests))
    for number, (name, test) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                print("ok %d - demo: %s" % (number, name))
            except Exception as error:  # a test that breaks has failed
                failed += 1
                print("not ok %d - demo: %s" % (number, name))
                print("# %s: %s" % (type(error).__name__, error))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
