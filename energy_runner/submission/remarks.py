# SPDX-License-Identifier: Apache-2.0
"""What else to know of an export: what was not needed, what is missing, what the checker makes of it."""

from collections.abc import Iterator, Sequence

from energy_runner.submission.model import Entry


def remarks_on(entries: Sequence[Entry], despite: Sequence[str]) -> Iterator[str]:
    """Yield what to know of the benchmarks, and which of the rules in `despite` failed nowhere."""
    failed = {verdict.id for entry in entries for run in entry.runs.values() for verdict in run.failed}
    unused = [rule for rule in dict.fromkeys(despite) if rule not in failed]
    if unused:
        yield f"not needed, for it failed nowhere: --despite {', '.join(unused)}"
    for entry in entries:
        if "energy" not in entry.runs:
            yield f"{entry.benchmark.id}: no energy session was named, so no energy is submitted"
        if entry.benchmark.id == "ic02":
            yield "the checker knows ic2 from v1.4 on; its v1.3 refuses the folder"
