# SPDX-License-Identifier: Apache-2.0
"""Remarks on an export: unused options, missing sessions, limits of the checker."""

from collections.abc import Iterator, Sequence

from energy_runner.submission.model import Entry


def remarks_on(entries: Sequence[Entry], despite: Sequence[str]) -> Iterator[str]:
    """Yield remarks on the benchmarks, and the rules in `despite` that did not fail in any session."""
    failed = {verdict.id for entry in entries for run in entry.runs.values() for verdict in run.failed}
    unused = [rule for rule in dict.fromkeys(despite) if rule not in failed]
    if unused:
        yield f"not needed, because no session failed it: despite {', '.join(unused)}"
    for entry in entries:
        if "energy" not in entry.runs:
            yield f"{entry.benchmark.id}: no energy session was given, so no energy is submitted"
        if entry.benchmark.id == "ic02":
            yield "the checker knows ic2 from v1.4 on; its v1.3 refuses the folder"
