# SPDX-License-Identifier: Apache-2.0
"""Compare published, reproduced and our own figures of one session, as data. `report` puts it into words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from energy_runner.published.clock import HostClock, host_clock
from energy_runner.published.correct import Correction
from energy_runner.published.curve import curve_of
from energy_runner.published.measure import Measured
from energy_runner.published.model import WAKE_WORDS, Figure, PublishedSession, Recording
from energy_runner.published.reproduce.contradictions import Contradiction
from energy_runner.published.row import Curve
from energy_runner.rules import RuleSet
from energy_runner.session.result import Result, Verdict
from energy_runner.wording import printed_number

_MICRO = 1e6
_TOLD = {"first-stimuli"}  # rules that only inform, of which an audit tells


@dataclass(frozen=True)
class FigureComparison:
    """Published against reproduced figures: how many were compared, and which do not agree.

    `exact` says whether every published figure was reproduced digit for digit. `explained` are those of the
    differing ones that damage of the data can explain; without any damage, none is explained or needs to be.
    """

    compared: int
    equal: int
    differing: tuple[tuple[Figure, str], ...]
    only_published: tuple[Figure, ...]
    only_reproduced: tuple[Figure, ...]
    exact: bool
    explained: frozenset[Figure] = frozenset()


@dataclass(frozen=True)
class Beyond:
    """A number beyond a rule's limit: `value` of `what`, against `limit`."""

    what: str
    value: float
    limit: float


@dataclass(frozen=True)
class Ours:
    """Our own figure, in the session's unit, with its expanded uncertainty; None where there is none.

    `basis` says what it rests on; it is empty where we measured nothing. `failed` are the verdicts of the rules
    that a session does not keep, binding ones or not. `result` is the whole result that the figure is from. Where
    the uncertainty is larger than the figure there is none, and `vague` is what it would have been.
    """

    value: float | None = None
    expanded_u: float | None = None
    throughput_per_s: float | None = None
    basis: str = ""
    failed: tuple[Verdict, ...] = ()
    result: Result | None = None
    mistakes: tuple[Beyond, ...] = ()
    vague: str = ""


@dataclass(frozen=True)
class AuditLimits:
    """The rule set for a published session, and those of its limits that an audit applies; shares are relative.

    `same_figure` is by how much our figure may differ from the published one, `equal_rates` by how much the
    throughputs of the windows may differ from each other, `same_in_both_modes` by how much that of an energy
    session may differ from the performance session's. `clock` is by how much the DUT's clock may be off, and
    `clock_remark` from where this is told. `clauses` are those of the rules.
    """

    rules: RuleSet
    same_figure: float
    equal_rates: float
    same_in_both_modes: float
    most_mistakes: float
    windows: float
    min_window_s: float
    min_inferences: float
    clock: float
    clock_remark: float
    clauses: dict[str, str]

    def stimuli(self, benchmark: str) -> tuple[int, ...]:
        """Return how many stimuli an accuracy of `benchmark` needs; empty where the rule set does not say."""
        row = self.rules.benchmarks.get(benchmark)
        return row.stimuli if row is not None else ()

    @classmethod
    def of(cls, rules: RuleSet) -> "AuditLimits":
        """Return the limits of a rule set; raises `ConfigurationError` for one that lacks a limit."""
        return cls(
            rules=rules,
            same_figure=rules.audit_limit("same-figure"),
            equal_rates=rules.audit_limit("equal-rates"),
            same_in_both_modes=rules.limit("throughput-agrees"),
            most_mistakes=rules.audit_limit("wake-word-mistakes"),
            windows=rules.limit("five-windows"),
            min_window_s=rules.limit("window-length"),
            min_inferences=rules.limit("window-inferences"),
            clock=rules.limit("dut-clock"),
            clock_remark=rules.rules["dut-clock"].remark_above or 0.0,
            clauses={name: row.clause for name, row in rules.rules.items()},
        )


@dataclass(frozen=True)
class Comparison:
    """The figures of one session side by side, in its unit.

    `rates` are the least and the largest throughput of its windows where these differ. `printed` are the rules
    that its own printed figures break, where nothing can be measured. `off` says whether our figure differs from
    the published one; `beside` is the throughput published for performance mode, in the folder next to this one.
    `twice` are figures of the whole session that were printed with two values. `few` are the stimuli that were
    answered and those that a whole set has, where these are too few. `clock` is that of the DUT by the host, and
    `curve` the trace, thinned out. `contradictions` are among printed figures for which there are no data.
    """

    session: PublishedSession
    reproduction: Sequence[Figure]
    figures: FigureComparison
    published: float | None
    reproduced: float | None
    ours: Ours
    limits: AuditLimits
    correction: Correction | None = None
    rates: tuple[float, float] | None = None
    printed: list[Beyond] = field(default_factory=list)
    off: bool = False
    beside: float | None = None
    error: Exception | None = None
    twice: tuple[tuple[Figure, Figure], ...] = ()
    few: tuple[int, int] | None = None
    clock: HostClock | None = None
    curve: Curve | None = None
    contradictions: tuple[Contradiction, ...] = ()


def compare(
    session: PublishedSession,
    reproduction: Sequence[Figure],
    measured: Measured,
    correction: Correction | None,
    limits: AuditLimits,
    *,
    contradictions: Sequence[Contradiction] = (),
    explained: frozenset[Figure] = frozenset(),
) -> Comparison:
    """Return the published figures next to the reproduced ones, and the score next to ours.

    `measured` has our result of `session` and perhaps that of `correction`, which counts only where the session as
    recorded gives no figure. `contradictions` are among the printed figures; those that data judge are left out.
    `explained` are the published figures that damage of the data can explain.
    """
    few = _few(session, limits)
    part = _in_part(session, reproduction)
    if few is not None and not compare_figures(session.figures, reproduction).exact:
        reproduction = ()
    elif part:  # a median of the windows that are left is not the one that was published
        reproduction = [figure for figure in reproduction if figure.window is not None]
    figures = compare_figures(session.figures, reproduction)
    figures = replace(figures, explained=explained)
    published = _value(_last(session.figures, session.score_field))
    reproduced = _value(_last(reproduction, session.score_field))
    nothing = (part and session.mode == "performance") or _without_answers(session, few)
    ours = Ours() if nothing else _ours(session, measured, reproduced, limits)
    own_rules = session.benchmark == WAKE_WORDS
    error = measured.error if ours.value is None else None
    unseen = () if own_rules else _unseen(session, figures, contradictions)
    off = figures.exact and ours.basis == "measured" and _differ(ours.value, published, limits.same_figure)
    return Comparison(
        session=session,
        reproduction=reproduction,
        figures=figures,
        published=published,
        reproduced=reproduced,
        ours=ours,
        limits=limits,
        correction=correction if ours.basis == "corrected" else None,
        rates=_rates(session, reproduction, limits.equal_rates),
        printed=[] if own_rules or ours.value is not None else _printed(session, limits),
        off=off and not own_rules,
        beside=_beside(session),
        error=error,
        twice=_twice(session.figures),
        few=few,
        clock=None if own_rules else host_clock(session),
        curve=curve_of(session),
        contradictions=unseen,
    )


def _few(session: PublishedSession, limits: AuditLimits) -> tuple[int, int] | None:
    """Return how many stimuli an accuracy session answered, and how many a set has, where these are fewer."""
    accepted = limits.stimuli(session.benchmark)
    if session.mode != "accuracy" or not accepted or not session.commands:
        return None
    answered = len({command.file for command in session.commands})
    return (answered, min(accepted)) if answered < min(accepted) else None


def _unseen(
    session: PublishedSession, figures: FigureComparison, contradictions: Sequence[Contradiction]
) -> tuple[Contradiction, ...]:
    """Return the contradictions among printed figures that no data judge, or only damaged data."""
    left = {*figures.only_published, *figures.explained}
    judged = {figure for figure in session.figures if figure not in left}
    return tuple(it for it in contradictions if it.figure not in judged)


def _in_part(session: PublishedSession, reproduction: Sequence[Figure]) -> bool:
    """Return whether the data hold some of the windows that were published, but not all of them."""
    published = {figure.window for figure in session.figures if figure.window is not None}
    found = {figure.window for figure in reproduction if figure.window is not None}
    return bool(found) and found < published


def _without_answers(session: PublishedSession, few: tuple[int, int] | None) -> bool:
    """Return whether an accuracy would rest on classes or answers that are not known: then there is none."""
    return session.mode == "accuracy" and (session.answers is None or few is not None)


def _twice(figures: Sequence[Figure]) -> tuple[tuple[Figure, Figure], ...]:
    """Return figures of the whole session that the results hold more than once, with different values."""
    first: dict[str, Figure] = {}
    found: dict[str, tuple[Figure, Figure]] = {}
    for figure in figures:
        if figure.window is None:
            before = first.setdefault(figure.field, figure)
            if before.text != figure.text:
                found[figure.field] = (before, figure)
    return tuple(found.values())


def compare_figures(published: Sequence[Figure], reproduced: Sequence[Figure]) -> FigureComparison:
    """Compare figures by field and window; where a field was printed twice, the last one counts."""
    theirs = {(figure.field, figure.window): figure for figure in published}
    mine = {(figure.field, figure.window): figure for figure in reproduced}
    both = [key for key in theirs if key in mine]
    differing = tuple((theirs[key], mine[key].text) for key in both if theirs[key].text != mine[key].text)
    return FigureComparison(
        compared=len(theirs),
        equal=len(both) - len(differing),
        differing=differing,
        only_published=tuple(theirs[key] for key in theirs if key not in mine),
        only_reproduced=tuple(mine[key] for key in mine if key not in theirs),
        exact=bool(theirs) and not differing and theirs.keys() == mine.keys(),
    )


def _last(figures: Iterable[Figure], name: str) -> Figure | None:
    """Return the last figure called `name`, as a reader of the file takes it; None if there is none."""
    found = [figure for figure in figures if figure.field == name]
    return found[-1] if found else None


def _value(figure: Figure | None) -> float | None:
    """Return the number of a figure; None for text that is not a number, NaN and infinity."""
    return None if figure is None else printed_number(figure.text)


def _differ(value: float | None, other: float | None, most: float) -> bool:
    return bool(value is not None and other and abs(value / other - 1) > most)


def _rates(session: PublishedSession, reproduction: Sequence[Figure], share: float) -> tuple[float, float] | None:
    """Return the least and the largest throughput, if they differ: then one of the windows is wrong."""
    rates = [v for f in reproduction or session.figures if f.field == "Throughput" and (v := _value(f))]
    elapsed = {f.window: v for f in reproduction if f.field == "Elapsed time" and (v := _value(f))}
    counts = {f.window: v for f in reproduction if f.field == "Inferences" and (v := _value(f))}
    rates += [counts[window] / elapsed[window] for window in elapsed if window in counts]
    if len(rates) < 2 or max(rates) - min(rates) <= share * min(rates):
        return None
    return min(rates), max(rates)


def _printed(session: PublishedSession, limits: AuditLimits) -> list[Beyond]:
    """Return which rules a session breaks by its own printed figures."""
    if session.mode == "accuracy":
        return []
    found = []
    windows = {figure.window for figure in session.figures if figure.window is not None}
    if windows and len(windows) != limits.windows:
        found.append(Beyond("windows", len(windows), limits.windows))
    for name, least in (("Runtime", limits.min_window_s), ("# Inferences", limits.min_inferences)):
        values = [value for f in session.figures if f.field == name and (value := _value(f)) is not None]
        if values and min(values) < least:
            found.append(Beyond(name, min(values), least))
    return found


def _beside(session: PublishedSession) -> float | None:
    """Return the throughput that the performance session next to an energy session published; None for others."""
    if session.mode != "energy" or session.benchmark == WAKE_WORDS:
        return None
    published = (_value(_last(figures, "Median throughput")) for figures in session.beside)
    return next((value for value in published if value), None)


# --- our own figure -------------------------------------------------------------------------------------


def _ours(session: PublishedSession, measured: Measured, reproduced: float | None, limits: AuditLimits) -> Ours:
    if session.benchmark == WAKE_WORDS:
        return _ours_of_wake_words(session, reproduced, limits.most_mistakes)
    if not measured.results:
        return Ours()
    recorded, *corrected = measured.results
    failed = [
        verdict
        for verdict in recorded.verdicts
        if not verdict.passed and (verdict.binding or (verdict.known and verdict.id in _TOLD))
    ]
    counts = recorded
    value, expanded_u = _score(recorded)
    throughput_per_s, basis = recorded.throughput_per_s, "measured" if value is not None else ""
    if value is None and corrected:
        value, expanded_u = _score(corrected[0])
        throughput_per_s, basis = corrected[0].throughput_per_s, "corrected" if value is not None else ""
        counts = corrected[0] if value is not None else recorded
    vague = ""
    if value is not None and expanded_u is not None and not expanded_u <= abs(value):
        vague = f"{value:.4g} ± {expanded_u:.2g} {session.unit}"
        value, expanded_u, basis = None, None, ""
    return Ours(
        value=value,
        expanded_u=expanded_u,
        throughput_per_s=throughput_per_s,
        basis=basis,
        failed=tuple(failed),
        result=counts,
        vague=vague,
    )


def _score(result: Result) -> tuple[float | None, float | None]:
    """Return a result's score in the published unit, and its expanded uncertainty."""
    if result.mode == "energy":
        energy = result.energy_per_inference_j
        return (None, None) if energy is None else (energy.median * _MICRO, energy.U * _MICRO)
    if result.mode == "performance":
        return result.throughput_per_s, None
    return (result.accuracy.value if result.accuracy is not None else None), None


def _ours_of_wake_words(session: PublishedSession, reproduced: float | None, most: float) -> Ours:
    """Return the mean power between the edges as our figure; we do not have the rules of this benchmark yet."""
    mistakes = [
        Beyond(name, count, most)
        for name in ("False negatives", "False positives")
        if (count := _value(_last(session.figures, name))) is not None and count > most
    ]
    power_mw = _mean_power_mw(session.recording)
    return Ours(
        value=reproduced if session.recording is None or len(session.recording.edges) < 2 else power_mw,
        basis="" if power_mw is None else "measured",
        mistakes=tuple(mistakes),
    )


def _mean_power_mw(recording: Recording | None) -> float | None:
    """Return the mean power between the last two edges; None without samples between them."""
    if recording is None or len(recording.edges) < 2:
        return None
    start, stop = (max(0, round(edge.position + 0.5)) for edge in recording.edges[-2:])
    inside = recording.samples_j[start:stop]
    return float(inside.sum(dtype="float64")) * recording.rate_hz / len(inside) * 1e3 if len(inside) else None
