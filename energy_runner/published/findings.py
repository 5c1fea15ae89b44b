# SPDX-License-Identifier: Apache-2.0
"""What kinds of findings there are: one table, from the id to severity, state, clause and causes.

A rule of the round, and figures that do not come out again, condemn a session. What this project asks for beside
them, the house rules, only informs. What follows from another finding of the same session is not counted twice: it
is told behind its cause and informs, unless it is an accusation of its own behind that cause (`own`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from energy_runner.published.row import STATES, AuditFinding, Evidence, Severity, State

HOUSE = "house rule"
_PROCEDURE = "MLPerf Tiny benchmark (arXiv:2106.07597), measurement procedure"
_RUNNER = "the runner's own arithmetic, as published sessions show it"
_TREE = "MLPerf Tiny submission tree: a session lies in the folder of its benchmark and mode"
_SAME_CODE = "MLPerf Tiny rules, 5.1: the same code in all modes"
_LONGEST = 400
_LONGEST_SEEN = 200


@dataclass(frozen=True)
class Kind:
    """A kind of finding: how grave it is, the state that it calls for, who asks, and from what it may follow.

    Behind the causes named in `own` it decides even as a consequence. What follows from a finding of `despite` is
    no cause either: a trace that breaks off is no excuse for figures of the windows that are whole, whatever else
    it entails.
    """

    severity: Severity
    state: State
    clause: str = ""
    follows: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()


def _informs(clause: str = HOUSE, *follows: str) -> Kind:
    return Kind("informs", "holds", clause, follows)


def _absent(*follows: str, clause: str = "") -> Kind:
    return Kind("doubtful", "cannot-be-judged", clause, follows)


def _doubtful(clause: str = "", *follows: str) -> Kind:
    return Kind("doubtful", "doubtful", clause, follows)


def _breaks(clause: str, *follows: str) -> Kind:
    return Kind("wrong", "breaks-a-rule", clause, follows)


def _differs(
    clause: str = _RUNNER, *follows: str, own: tuple[str, ...] = (), despite: tuple[str, ...] = ()
) -> Kind:
    return Kind("wrong", "does-not-reproduce", clause, follows, own, despite)


_NO_FILE = ("archive", "lfs-pointer", "link-refused", "unreadable", "file-missing")
_NO_TRACE = ("trace-absent", "timestamps-absent", *_NO_FILE)
_BROKEN_OFF = ("log-unreadable", "log-truncated", *_NO_FILE)
_BAD_TIMES = ("trace-length", "trace-short", "timestamps-damaged", "timestamps-unsorted")
_LOST_EDGES = ("edge-missing", "edge-surplus", "laps-differ", "samples-lost")
_EDGES = (*_LOST_EDGES, "window-in-wrong-phase")
_NO_ANSWERS = ("labels-unknown", "answers-incomplete", "answers-missing")
_ALL_CAUSES = (
    "another-run",
    *_NO_TRACE,
    *_BROKEN_OFF,
    *_BAD_TIMES,
    *_EDGES,
    *_NO_ANSWERS,
    "trace-damaged",
    "results-garbled",
    "throughput-by-host-clock",
    "commands-absent",
    "packets-dropped",
    "iterations-differ",
    "laps-missing",
)

KINDS: dict[str, Kind] = {
    # --- files
    "not-read": _absent(*_NO_FILE),
    "archive": _absent(),
    "lfs-pointer": _absent(),
    "link-refused": _absent(),
    "unreadable": _absent("archive", "lfs-pointer", "link-refused"),
    "file-missing": _absent("archive"),
    "script-missing": _informs("EEMBC runner: its script lies beside its results"),
    "trace-absent": _absent("archive", "lfs-pointer", "link-refused", "unreadable"),
    "timestamps-absent": _absent("archive", "lfs-pointer", "link-refused", "unreadable"),
    "log-unreadable": _absent(*_NO_FILE),
    "log-truncated": _absent(),
    "log-absurd": _doubtful(),
    "log-damaged": _informs(),
    "log-backwards": _informs(),
    "log-differs": _doubtful("", *_BROKEN_OFF),
    "mode-differs": _breaks(_TREE),
    "benchmark-differs": _breaks(_TREE),
    # --- what the log says
    "dut-error": _doubtful("DUT interface: e-[…] is an error"),
    "packets-dropped": _breaks("EEMBC runner: at most 0.1 % of the packets are dropped"),
    "samples-lost": _doubtful("MLCommons runner: samples are counted against the monitor's own times"),
    "error-published": _breaks("the runner itself says that the session is not valid"),
    "another-run": _differs("a submission: results are those of their log"),
    "iterations-differ": _doubtful("EEMBC and MLCommons runners: one number of iterations for all windows"),
    "results-line-lost": _informs(),
    "laps-long": _informs(),
    "laps-missing": _absent(),
    "laps-differ": _doubtful(),
    "boot-edges": _informs(),
    "commands-absent": _absent(*_BROKEN_OFF),
    # --- results
    "results-absent": _absent(*_NO_FILE),
    "results-garbled": _doubtful(),
    "figures-contradict": _differs(_RUNNER, "medians-contradict", "results-garbled"),
    "medians-contradict": _differs("a submission: one results file holds the results of one run"),
    # --- trace
    "trace-damaged": _doubtful("", "trace-short"),
    "trace-short": _absent(),
    "trace-length": _doubtful("", "trace-short"),
    "timestamps-damaged": _doubtful(),
    "timestamps-unsorted": _doubtful(),
    "edge-missing": _doubtful("EEMBC and MLCommons runners: two edges for each command"),
    "edge-surplus": _doubtful("EEMBC and MLCommons runners: two edges for each command"),
    "window-in-wrong-phase": _doubtful("", *_LOST_EDGES, *_BAD_TIMES),
    "digits-impossible": Kind(
        "wrong", "doubtful", "ST UM2269: the LPM01A writes four significant digits", ("trace-damaged",)
    ),
    "blocks-impossible": Kind(
        "wrong", "doubtful", "EEMBC runner: it stores the LPM01A's samples in blocks of 1024", _BAD_TIMES
    ),
    "windows-identical": Kind(
        "wrong", "doubtful", "a submission: each window is a measurement of its own", ("trace-damaged",)
    ),
    "repeats-contradict": _doubtful("a submission: as many inferences as are stated were run", *_ALL_CAUSES),
    # --- answers
    "labels-unknown": _absent(),
    "labels-assumed": _informs(),
    "answers-missing": _absent(*_BROKEN_OFF),
    "answers-incomplete": _absent(
        "log-truncated", clause=f"{_PROCEDURE}: one inference for every validation input"
    ),
    "answers-not-numbers": _doubtful("DUT interface: outputs are numbers"),
    "outputs-surplus": _informs("DUT interface: one output for each class"),
    # --- figures
    "raw-data-missing": _absent(*_ALL_CAUSES, "answers-not-numbers"),
    "figures-differ": _differs(
        _RUNNER,
        "another-run",
        "medians-contradict",
        *(name for name in _BAD_TIMES if name != "trace-short"),
        *_NO_ANSWERS,
        "answers-not-numbers",
        "trace-damaged",
        *_EDGES,
        own=_EDGES,
        despite=("trace-short",),
    ),
    "figures-not-in-data": _differs(_RUNNER, *_ALL_CAUSES, "answers-not-numbers"),
    "figures-missing": _doubtful(_RUNNER, "results-absent", *_ALL_CAUSES),
    "corrected": _differs(f"{_PROCEDURE}: the energy between the edges of each window", *_EDGES, own=_EDGES),
    "throughput-by-host-clock": _differs(f"{_PROCEDURE}: inferences per second"),
    "figure-off": _doubtful("", *_ALL_CAUSES, "iterations-differ"),
    "dut-clock": _informs(HOUSE, "throughput-by-host-clock"),
    "rates-vary": _informs(HOUSE, *_ALL_CAUSES),
    "rates-implausible": _doubtful("", *_ALL_CAUSES),
    "modes-vary": _informs(HOUSE, "throughput-by-host-clock"),
    "modes-contradict": _doubtful(_SAME_CODE, "throughput-by-host-clock", *_EDGES),
    "not-measured": _informs(HOUSE, *_ALL_CAUSES),
    "only-figures-checked": _informs(),
    "wake-word-mistakes": _breaks("MLPerf Tiny v1.3: at most eight misses and eight false alarms"),
    # --- rules of the round; their clause is that of the rule set
    "benchmark": _breaks(""),
    "model-string": _breaks("", *_BROKEN_OFF, "benchmark-differs"),
    "five-windows": _breaks("", *_ALL_CAUSES),
    "different-stimuli": _breaks("", *_ALL_CAUSES),
    "window-length": _breaks("", *_ALL_CAUSES),
    "window-inferences": _breaks("", *_ALL_CAUSES),
    "accuracy-target": _breaks("", *_ALL_CAUSES),
    "progressive-sizes": _breaks(""),
    # --- across sessions
    "identical-session": _doubtful("a submission: each result is a measurement of its own"),
    "same-session-again": _informs("a result that was submitted again"),
    "other-firmware": _breaks(_SAME_CODE),
}
# What this project asks for beside the rules of a round: it informs, whatever a built-in rule set says.
_HOUSE_RULES = (
    "run-completed",
    "facts-sealed",
    "score",
    "supply-off",
    "events-agree",
    "runner",
    "first-stimuli",
    "official-stimuli",
    "official-set",
    "warm-ups",
    "read-back",
    "inputs-read-back",
    "edges-match-commands",
    "no-lost-samples",
    "not-over-range",
    "trace-repeats",
    "sample-clock",
    "lap-clock",
    "voltage",
    "spread",
    "drift",
    "same-firmware",
    "throughput-agrees",
    "same-answers",
    "instrument-known",
    "calibration",
    "probe-off",
    "temperature",
    "uncertainty-complete",
    "not-simulated",
)
KINDS |= {name: _informs("", *_ALL_CAUSES) for name in _HOUSE_RULES}
KINDS["trace-repeats"] = _informs("", "repeats-contradict", *_ALL_CAUSES)
# A rule of someone else's package, or one that only another rule set lets decide.
_OTHER_RULE = _breaks("", *_ALL_CAUSES)


def finding(
    kind: str,
    text: str,
    *,
    seen: Iterable[Evidence] = (),
    measured: float | str | None = None,
    limit: float | str | None = None,
    clause: str = "",
    informs: bool = False,
    breaks: bool = False,
    apart: Iterable[str] = (),
) -> AuditFinding:
    """Return a finding of the given kind.

    One that only `informs` decides nothing, whatever its kind, and one that `breaks` a rule always decides. None
    of the kinds `apart` is its cause, although for its kind they can be.
    """
    known = KINDS.get(kind, _OTHER_RULE)
    if breaks and known.severity == "informs":
        known = _OTHER_RULE
    return AuditFinding(
        id=kind,
        severity="informs" if informs else known.severity,
        state="holds" if informs else known.state,
        text=text[:_LONGEST],
        measured=measured,
        limit=limit,
        clause=clause or known.clause,
        evidence=list(seen),
        apart=frozenset(apart),
    )


def seen(file: str, line: int | None = None, ms: int | None = None, text: str | None = None) -> Evidence:
    """Return where something was seen: `ms` is a time as logs of the EEMBC runner state it."""
    stated = None if ms is None else f"{ms / 1000:09.3f}"
    return Evidence(file=file, line=line, time=stated, text=None if text is None else text[:_LONGEST_SEEN])


def in_order(found: Sequence[AuditFinding]) -> list[AuditFinding]:
    """Return the findings, each once, causes before what follows from them; what follows decides nothing."""
    unique = list({(one.id, one.text): one for one in found}.values())
    present = {one.id for one in unique if one.severity != "informs"}
    told = [_with_cause(one, present) for one in unique]
    rank = {"wrong": 0, "doubtful": 1, "informs": 2}
    causes = sorted((one for one in told if one.because_of is None), key=lambda one: rank[one.severity])
    placed: list[AuditFinding] = []
    left = [one for one in told if one.because_of is not None]
    for cause in causes:
        placed.append(cause)
        if not any(other.id == cause.id for other in causes[causes.index(cause) + 1 :]):
            placed += _behind(cause.id, left)
    return placed + [one for one in left if one not in placed]


def _behind(cause: str, left: Sequence[AuditFinding]) -> list[AuditFinding]:
    """Return what follows from `cause`, and what follows from that."""
    placed: list[AuditFinding] = []
    for one in left:
        if one.because_of == cause and one not in placed:
            placed.append(one)
            placed += [other for other in _behind(one.id, left) if other not in placed and other.id != one.id]
    return placed


def _with_cause(one: AuditFinding, present: set[str]) -> AuditFinding:
    kind = KINDS.get(one.id, _OTHER_RULE)
    causes = [name for name in kind.follows if name in present and name != one.id and name not in one.apart]
    excluded = present & set(kind.despite)
    causes = [name for name in causes if excluded.isdisjoint(KINDS[name].follows)]
    cause = next(iter(causes), None)
    if cause is None:
        return one
    if cause in kind.own:
        return one.model_copy(update={"because_of": cause})
    return one.model_copy(update={"because_of": cause, "severity": "informs", "state": "holds"})


def state_of(found: Iterable[AuditFinding], *, reproduced: bool) -> State:
    """Return the one word for a session: the gravest that a finding calls for.

    Without one it holds if its published figure was `reproduced`; otherwise there was nothing to judge by.
    """
    called = {one.state for one in found if one.severity != "informs"}
    state = next((state for state in STATES if state in called), None)
    return state or ("holds" if reproduced else "cannot-be-judged")
