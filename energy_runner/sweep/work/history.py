# SPDX-License-Identifier: Apache-2.0
"""The attempts of the catalogue as the ladder reads them: outcomes, and the steps that were taken after each."""

import json
from collections.abc import Sequence
from typing import get_args

from energy_runner.sweep.catalogue import Attempt as Kept
from energy_runner.sweep.ladder import Attempt, Recovered, RunOutcome, Taken

# Outcomes of the catalogue, and what the ladder calls them.
_NAMES: dict[str, RunOutcome] = {
    "bench-fault": "bench-fault",
    "failed": "failed",
    "interrupted": "interrupted",
    "lost": "died",
    "refused": "configuration",
}


def of_run(outcome: str, valid: bool | None) -> RunOutcome:
    """Return what the ladder calls the outcome of an attempt."""
    if outcome == "completed":
        return "valid" if valid else "invalid"
    return _NAMES.get(outcome, "failed")


def step_text(taken: Taken, detail: str) -> str:
    """Return a step as it is kept with the attempt that it followed."""
    return json.dumps({"step": taken.step, "went": taken.went, "detail": detail}, ensure_ascii=False)


def history_of(kept: Sequence[Kept]) -> list[Attempt | Taken]:
    """Return the attempts, oldest first, each followed by its steps.

    One that came in late was given up as lost before, and stays that, whatever its session holds.
    """
    history: list[Attempt | Taken] = []
    for one in sorted(kept, key=lambda each: each.epoch):
        history.append(Attempt(one.bench, of_run(one.outcome, one.valid) if one.accepted else "died"))
        history += [taken_of(one.bench, text) for text in one.steps]
    return history


def taken_of(bench: str, text: str) -> Taken:
    """Return a step that was kept as text; one that cannot be read counts as failed."""
    try:
        document = json.loads(text)
        step, went = str(document["step"]), document["went"]
    except (ValueError, KeyError, TypeError):
        return Taken(bench, "?", "failed")
    return Taken(bench, step, went if went in get_args(Recovered) else "failed")


def in_words(steps: Sequence[str]) -> list[str]:
    """Return kept steps for a record: `power-cycle-dut: ok, m-ready after 0.2 s`."""
    found = []
    for text in steps:
        try:
            document = json.loads(text)
            found.append(f"{document['step']}: {document['went']}, {document['detail']}")
        except (ValueError, KeyError, TypeError):
            found.append(text)
    return found
