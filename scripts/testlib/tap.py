# SPDX-License-Identifier: GPL-2.0-only
"""Counts results in TAP, as kselftest programs print it."""
import re
from dataclasses import dataclass, field
from typing import List

RESULT = re.compile(r"^(not )?ok\b\s*(\d*)\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")
SKIP = re.compile(r"#\s*(SKIP|XFAIL|TODO)\b", re.IGNORECASE)

KSFT_SKIP = 4
KILLED = 128 + 9


@dataclass
class Counts:
    """Results of one test program, or sums of several."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: List[str] = field(default_factory=list)

    def fail(self, text):
        """Count one failure."""
        self.failed += 1
        self.failures.append(text)

    def add(self, other):
        """Add another's results to these."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return "%d passed, %d failed, %d skipped" % (
            self.passed, self.failed, self.skipped)


def count_results(text, status):
    """Counts of a program that printed text and ended with status."""
    counts, planned, seen = Counts(), None, 0
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = int(plan.group(1))
        result = RESULT.match(line)
        if not result:
            continue
        seen += 1
        if SKIP.search(result.group(3)):
            counts.skipped += 1
        elif result.group(1):
            counts.fail(line)
        else:
            counts.passed += 1
    if planned == 0 and not seen and status in (0, KSFT_SKIP):
        counts.skipped += 1
    elif planned is not None and seen < planned:
        counts.fail("only %d of %d results" % (seen, planned))
    _count_status(counts, seen or planned is not None, status)
    return counts


def _count_status(counts, has_results, status):
    if status == 0:
        if not has_results:
            counts.passed += 1
    elif status == KSFT_SKIP:
        if not has_results:
            counts.skipped += 1
    elif status == KILLED:
        counts.fail("killed, by its timeout or by a signal")
    elif not counts.failed:
        counts.fail("exit status %d" % status)
