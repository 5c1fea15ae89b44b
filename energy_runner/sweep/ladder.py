# SPDX-License-Identifier: Apache-2.0
"""What follows after an attempt at a point: another one, a step of recovery before it, or an end. Tables only.

A bench fault climbs the ladder: before the next attempt the bench takes the next step that it has not yet taken
for this point. A step that succeeded is followed by an attempt; one that failed, or that does not apply to the
bench, by the next step at once, because an attempt would fail as well. The steps examine the bench with its own
settings, not with those of the point. So when everything has been tried, the last step tells what is to blame: if
it succeeded, the bench is sound and the point is set aside; if it failed, the bench is quarantined and the point
waits for another.

Whatever happens, a point gets at most `attempts` runs on one bench, interrupted ones aside, and a step is taken at
most once for a point on a bench.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from energy_runner.errors import ConfigurationError
from energy_runner.wording import shown

RunOutcome = Literal["valid", "invalid", "bench-fault", "failed", "died", "interrupted", "configuration"]
Recovered = Literal["ok", "failed", "does not apply"]
Ended = Literal["done", "set aside", "elsewhere", "quarantine"]

AGAIN = "again"
DONE: Ended = "done"
SET_ASIDE: Ended = "set aside"
ELSEWHERE: Ended = "elsewhere"
QUARANTINE: Ended = "quarantine"

LADDER = (
    "resynchronise",
    "power-cycle-dut",
    "reset-io-manager",
    "reopen-monitor",
    "power-cycle-usb",
    "quarantine",
)
ATTEMPTS = 3
FAILURES_IN_A_ROW = 3
_UNPROVEN = 3  # so many times more, on a bench that has measured nothing yet


@dataclass(frozen=True)
class Attempt:
    """One run at a point on the bench `bench`.

    `outcome` is "valid" or "invalid" for a run that was completed, "bench-fault", "failed" (an internal error),
    "died" (its worker ended without a word: killed, power cut), "interrupted" (the sweep was told to stop, or lost
    its lease), or "configuration" (it was refused before anything was opened).
    """

    bench: str
    outcome: RunOutcome


@dataclass(frozen=True)
class Taken:
    """One step of the ladder that was taken on the bench `bench`, and how it went."""

    bench: str
    step: str
    went: Recovered


@dataclass(frozen=True)
class Rule:
    """What an outcome leads to: `repeats` further attempts at most, or as many as `attempts` allow (None).

    With `climbs`, the bench is suspected: a step of the ladder comes before each further attempt. An attempt that
    is not `counted` takes none of the attempts away.
    """

    repeats: int | None
    climbs: bool = False
    counted: bool = True


# An invalid run is a measurement: it is repeated as often as the plan says (`retry_invalid`), then kept. An
# internal error may have come from a full memory, so it has one more chance. A worker that died may have been
# killed by something else than the point, which therefore has two.
RULES: dict[RunOutcome, Rule] = {
    "valid": Rule(0),
    "invalid": Rule(0),
    "bench-fault": Rule(None, climbs=True),
    "failed": Rule(1),
    "died": Rule(2),
    "interrupted": Rule(None, counted=False),
    "configuration": Rule(0),
}


def next_step(
    history: Sequence[Attempt | Taken],
    ladder: Sequence[str] = LADDER,
    attempts: int = ATTEMPTS,
    *,
    bench: str | None = None,
    retry_invalid: int = 0,
    others: bool = False,
) -> str:
    """Return what follows on `bench`: "again", a step of the ladder, or an end of the point on this bench.

    `history` holds all attempts at the point and the steps between them, on all benches, oldest first; without
    `bench`, the bench of its last entry asks. `attempts` is the most runs on one bench. `retry_invalid` says how
    often a completed run that broke a rule is repeated. `others` says whether another bench could take the point.

    The ends are "done" (a completed run stands, valid or not: the last completed one), "set aside", "quarantine"
    (the bench itself is to blame; the point waits for another one), and, only with `others`, "elsewhere" (the
    point failed on this bench, which is sound, and has not been tried on another). A bench without history is told
    "again".
    """
    bench = history[-1].bench if bench is None and history else bench
    here = [one for one in history if one.bench == bench]
    if not here:
        return AGAIN
    last = here[-1]
    counted = sum(isinstance(one, Attempt) and RULES[one.outcome].counted for one in here)
    if isinstance(last, Taken):
        climbs, over = last.went != "ok", counted >= attempts and last.went == "ok"
    else:
        rule = RULES[last.outcome]
        repeats = retry_invalid if last.outcome == "invalid" else rule.repeats
        alike = sum(isinstance(one, Attempt) and one.outcome == last.outcome for one in history)
        climbs = rule.climbs
        over = rule.counted and (counted >= attempts or (repeats is not None and alike > repeats))
    follows = "" if over else _climbed(here, ladder) if climbs else AGAIN
    return follows or _end(history, here, ladder, others)


def _climbed(here: Sequence[Attempt | Taken], ladder: Sequence[str]) -> str:
    """Return the first step that this bench has not yet taken for this point, or "" if there is none."""
    taken = {one.step for one in here if isinstance(one, Taken)} | {QUARANTINE}
    return next((step for step in ladder if step not in taken), "")


def _end(
    history: Sequence[Attempt | Taken], here: Sequence[Attempt | Taken], ladder: Sequence[str], others: bool
) -> Ended:
    """Return how a point ends on this bench, where nothing more is to be tried."""
    ran = [one for one in history if isinstance(one, Attempt)]
    if any(one.outcome in {"valid", "invalid"} for one in ran):
        return DONE
    last = next((one for one in reversed(here) if isinstance(one, Attempt)), None)
    if last is None or not RULES[last.outcome].climbs:
        return SET_ASIDE
    if any(one.bench != last.bench and RULES[one.outcome].climbs for one in ran):
        return SET_ASIDE  # it failed on two benches: the point is to blame, whatever it did to them
    applied = [one for one in here if isinstance(one, Taken) and one.went != "does not apply"]
    if QUARANTINE in ladder and applied and applied[-1].went == "failed":
        return QUARANTINE
    return ELSEWHERE if others else SET_ASIDE


def quarantined(
    ended: Sequence[tuple[int, Ended]],
    failures_in_a_row: int = FAILURES_IN_A_ROW,
    values: Mapping[int, Mapping[str, object]] | None = None,
) -> bool:
    """Return whether to quarantine a bench because different points failed on it one after the other.

    `ended` holds the points that ended on this bench with their number in the plan, oldest first; leave out those
    that were refused before anything was opened, for they say nothing of the bench. A point that is "done" begins
    the count anew, valid or not. `failures_in_a_row` 0 means never.

    `values` holds the values of the axes of each point. Failed points that share a value with which this bench has
    measured nothing count as one: a command that the DUT does not know fails in half of all points on a bench that
    is sound. On a bench that has measured nothing at all, three times as many points count however alike they are.
    """
    values = {} if values is None else values
    done = [number for number, how in ended if how == DONE]
    proven = {pair for number in done for pair in _pairs(values, number)}
    failed: list[int] = []
    for number, how in reversed(ended):
        if how == DONE:
            break
        if number not in failed:
            failed.append(number)
    causes: list[set[tuple[str, str]]] = []
    for number in failed:
        suspects = _pairs(values, number) - proven
        known = next((cause for cause in causes if cause & suspects), None)
        if known is None:
            causes.append(suspects)
        else:
            known &= suspects
    most = failures_in_a_row
    return 0 < most <= len(causes) or (not done and 0 < _UNPROVEN * most <= len(failed))


def _pairs(values: Mapping[int, Mapping[str, object]], number: int) -> set[tuple[str, str]]:
    """Return the values of a point's axes, each with the name of its axis."""
    return {(axis, repr(value)) for axis, value in values.get(number, {}).items()}


def checked_ladder(ladder: Sequence[str]) -> tuple[str, ...]:
    """Return a plan's ladder; raise `ConfigurationError` for a step that is unknown, twice or out of place."""
    for at, step in enumerate(ladder):
        if step not in LADDER:
            raise ConfigurationError(
                f"ladder: there is no step '{shown(step)}' (there is: {', '.join(LADDER)}). Try: leave it out"
            )
        if step in ladder[:at]:
            raise ConfigurationError(f"ladder: the step '{step}' is there twice. Try: name it once")
    if QUARANTINE in ladder[:-1]:
        raise ConfigurationError("ladder: nothing can follow 'quarantine'. Try: make it the last step")
    return tuple(ladder)
