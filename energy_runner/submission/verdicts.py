# SPDX-License-Identifier: Apache-2.0
"""Failed rules: they stop an export unless they are excused, and then the export says so."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.errors import Argument, ConfigurationError, ExitStatus, RunnerError
from energy_runner.session.result import Verdict
from energy_runner.submission.model import Entry, Figure, Run
from energy_runner.submission.names import plain_ascii


class RulesFailedError(RunnerError):
    """Rules failed in the sessions, and an export despite that was not asked for."""

    status = ExitStatus.RULE_FAILED


@dataclass(frozen=True)
class Deviation:
    """A failed rule, exported all the same."""

    run: str
    verdict: Verdict

    @property
    def text(self) -> str:
        """Return one line with the run, the rule, what was measured and the limit."""
        verdict = self.verdict
        note = f" ({verdict.note})" if verdict.note else ""
        return plain_ascii(
            f"{self.run}: rule '{verdict.id}' failed: {_short(verdict.measured)} "
            f"against {_short(verdict.limit)}{note}"
        )


def tolerated(runs: Sequence[Run], division: str, despite: Sequence[str]) -> list[Deviation]:
    """Return the failed rules that are exported all the same: any in the open division, else those in `despite`.

    Raises `RulesFailedError` that names all others, and `ConfigurationError` for an unknown rule.
    """
    known = list(dict.fromkeys(verdict.id for run in runs for verdict in run.result.verdicts))
    for rule_id in despite:
        if rule_id not in known:
            near = difflib.get_close_matches(rule_id, known, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise ConfigurationError(
                Argument("despite", (plain_ascii(rule_id, 60),)),
                f": no such rule{hint} (known: {', '.join(known)})",
            )
    found = [Deviation(run.name, verdict) for run in runs for verdict in run.failed]
    refused = [deviation for deviation in found if division != "open" and deviation.verdict.id not in despite]
    if refused:
        rules = tuple(dict.fromkeys(deviation.verdict.id for deviation in refused))
        raise RulesFailedError(
            f"{'; '.join(deviation.text for deviation in refused)}. Try: measure again; or ",
            Argument("despite", rules),
            ", or ",
            Argument("division", "open"),
            ": every file of the export then says so",
        )
    return found


def check_targets(entries: Sequence[Entry], figures: dict[str, Figure]) -> None:
    """Refuse an accuracy below the target, which the checker refuses in the closed division, excused or not."""
    for entry in entries:
        figure = figures[entry.runs["accuracy"].name]
        if figure.value < entry.benchmark.target:
            raise ConfigurationError(
                f"{figure.run}: {figure.text} is below the target {entry.benchmark.target:g}, which the official "
                "checker refuses in the closed division. Try ",
                Argument("division", "open"),
            )


def _short(value: str | float | int | None) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
