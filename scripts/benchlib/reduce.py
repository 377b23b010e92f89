# SPDX-License-Identifier: GPL-2.0-only
"""From the raw results of the machines to report.json."""
import json
import math
import os
import re

from demolib.progress import DemoError, read_text, shown

from . import plan

ROW_LINE = re.compile(r"^row (\w+) ops (\d+) ticks([ \d]+)$")
FAILED_LINE = re.compile(r"^row (\w+) FAILED")


def _rows_of_log(path):
    """[(name, ops, [ticks of a batch])] in the order they were measured."""
    rows = []
    for line in read_text(path).splitlines():
        failed = FAILED_LINE.match(line.strip())
        if failed:
            raise DemoError("%s: row %s failed" % (shown(path),
                                                   failed.group(1)))
        match = ROW_LINE.match(line.strip())
        if match:
            rows.append((match.group(1), int(match.group(2)),
                         [int(n) for n in match.group(3).split()]))
    return rows


def _flat(stats):
    """One level of names for Lull's statistics and for KVM's."""
    return {"%s.%s" % (group, name): value
            for group, values in stats.items() if isinstance(values, dict)
            for name, value in values.items()}


def _difference(before, after):
    before, after = _flat(before), _flat(after)
    changes = {name: value - before.get(name, 0)
               for name, value in after.items()}
    return {name: value for name, value in changes.items() if value}


def _exits(change):
    """Exits that the guest caused: host interrupts are the host's."""
    if any(name.startswith("exits.") for name in change):
        return sum(value for name, value in change.items() if
                   name.startswith("exits.") and
                   name != "exits.external_interrupt")
    return change.get("vcpu.exits", 0) - change.get("vcpu.irq_exits", 0)


def _all_exits(stats):
    return _exits(_flat(stats))


def _one(ops, ticks, change, spent):
    done = ops * len(ticks)
    return {"instructions": round(sum(ticks) / done, 2),
            "least": round(min(ticks) / ops, 2),
            "exits": round((_exits(change) - spent) / done, 3)
            if change is not None else 0,
            "detail": {name: round(value / done, 3)
                       for name, value in sorted((change or {}).items())}}


def _changes(folder, guest, rows):
    """What the statistics say of each row, and of the boot."""
    path = os.path.join(folder, guest.name + ".json")
    marks = json.loads(read_text(path))["marks"]
    if [mark["id"] for mark in marks] != [1, 2] * len(rows):
        raise DemoError("%s: %d marks for %d rows" % (shown(path), len(marks),
                                                      len(rows)))
    stats = [mark["stats"] for mark in marks]
    return [_difference(stats[i], stats[i + 1])
            for i in range(0, len(stats), 2)], stats[0]


def _guest_rows(folder, guest, is_bare):
    """{row: result} of one guest in one run of a backend."""
    log = os.path.join(folder, guest.name + ".log")
    rows = _rows_of_log(log)
    found = {}
    if not rows or rows[0][0] != plan.EMPTY:
        raise DemoError("%s: there are no rows" % shown(log))
    if is_bare:
        changes, spent = [None] * len(rows), 0
    else:
        changes, boot = _changes(folder, guest, rows)
        spent = _exits(changes[0])
        if "boot" in guest.rows:
            found["boot"] = {"instructions": boot["total"],
                             "exits": _all_exits(boot), "detail": _flat(boot)}
    for (name, ops, ticks), change in zip(rows[1:], changes[1:]):
        found[guest.prefix + name] = _one(ops, ticks, change, spent)
    return found


def _run_rows(raw, backend, number, wanted):
    folder = os.path.join(raw, "%s.%d" % (backend, number))
    found = {}
    for guest in plan.guests(wanted):
        if backend == "bare" and not guest.runs_bare:
            continue
        found.update(_guest_rows(folder, guest, backend == "bare"))
    return found


def _unequal(first, second):
    return sorted(name for name in first if first[name] != second.get(name))


def _memory(raw, backends, wanted):
    """{backend: {what the guest does: bytes}}; nothing if rows were chosen."""
    return {} if wanted else {
        backend: {name: int(read_text(os.path.join(
            raw, backend + ".1", "memory_" + name)))
                  for name in plan.MEMORY}
        for backend in backends if backend != "bare"}


def _geomean(rows, peer, what):
    ratios = [row["lull"][what] / row[peer][what] for row in rows.values()
              if peer in row and "lull" in row and row[peer][what] > 0 and
              row["lull"][what] > 0]
    return round(math.exp(sum(map(math.log, ratios)) / len(ratios)), 4) \
        if ratios else None


def _worst(rows, peer):
    ratios = [(row["lull"]["instructions"] / row[peer]["instructions"], name)
              for name, row in rows.items() if peer in row and "lull" in row]
    ratio, name = max(ratios, default=(None, None))
    return {"row": name, "ratio": ratio and round(ratio, 3)}


def reduce_all(raw, backends, repeats, wanted, machine):
    """The content of report.json."""
    rows, repeated = {}, {}
    for backend in backends:
        first = _run_rows(raw, backend, 1, wanted)
        for name, result in first.items():
            rows.setdefault(name, {})[backend] = result
        if repeats > 1:
            repeated[backend] = _unequal(first, _run_rows(raw, backend, 2,
                                                          wanted))
    order = plan.row_names()
    rows = {name: rows[name] for name in order if name in rows}
    peers = [peer for peer in plan.PEERS if peer in backends]
    linux = {name: row for name, row in rows.items()
             if name not in plan.micro_names()}
    return {"machine": machine, "rows": rows,
            "memory": _memory(raw, backends, wanted),
            "geomean": {peer: _geomean(rows, peer, "instructions")
                        for peer in peers},
            "geomean_linux": {peer: _geomean(linux, peer, "instructions")
                              for peer in peers},
            "geomean_exits": {peer: _geomean(rows, peer, "exits")
                              for peer in peers if peer != "bare"},
            "worst": {peer: _worst(rows, peer) for peer in peers},
            "not_repeated": repeated}
