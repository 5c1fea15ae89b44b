# SPDX-License-Identifier: Apache-2.0
"""What a person should be told in the middle of a night: from one state of the sweep to the next."""

from energy_runner.sweep.work.status import SweepStatus


def troubles(before: SweepStatus | None, now: SweepStatus) -> list[str]:
    """Return what has become worse between two states: benches that take no points, points that are set aside."""
    marks = {one.name: one.mark for one in before.benches} if before is not None else {}
    found = [
        f"bench {one.name} takes no points: {one.mark}"
        for one in now.benches
        if one.mark and one.mark != marks.get(one.name)
    ]
    known = before.aside if before is not None else {}
    return found + [
        f"point {number} is set aside: {reason}" for number, reason in now.aside.items() if number not in known
    ]
