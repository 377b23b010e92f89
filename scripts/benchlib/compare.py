# SPDX-License-Identifier: GPL-2.0-only
"""Two reports compared: what became dearer."""
TOLERANCE = 0.005               # of instructions; exits must not grow at all


def regressions(base, report, backend="lull"):
    """[(row, what, before, after)] where the backend does more than in the
    base report."""
    found = []
    for name, row in report["rows"].items():
        before = base["rows"].get(name, {}).get(backend)
        after = row.get(backend)
        if not before or not after:
            continue
        if after["instructions"] > (1 + TOLERANCE) * before["instructions"]:
            found.append((name, "instructions", before["instructions"],
                          after["instructions"]))
        if after["exits"] > before["exits"] + 0.001:
            found.append((name, "exits", before["exits"], after["exits"]))
    return found


def change(base, report, backend="lull"):
    """{row: (before, after)} of the instructions."""
    return {name: (base["rows"][name][backend]["instructions"],
                   row[backend]["instructions"])
            for name, row in report["rows"].items()
            if backend in row and backend in base["rows"].get(name, {})}
