# SPDX-License-Identifier: Apache-2.0
"""What an audit says about a session: each finding in a sentence, with the direction of every ratio."""

import math
from collections.abc import Iterable, Iterator, Sequence

from energy_runner.published.compare import Beyond, Comparison, FigureComparison
from energy_runner.published.findings import HOUSE, finding, seen
from energy_runner.published.model import MLCOMMONS, WAKE_WORDS, Figure, PublishedSession
from energy_runner.published.reproduce.damage import FAULTS
from energy_runner.published.row import AuditFinding, Evidence
from energy_runner.published.sentences import changes, failure, off_by, side
from energy_runner.session.result import Verdict
from energy_runner.wording import printed_number

_SHOWN = 3
_LONGEST_NOTE = 160
_PERCENT = {"Top-1", "Top 1%"}  # figures whose unit is percent: they differ by percentage points
_GROSS = 0.1  # beyond it the windows are not those of one network
_REPRODUCED_FROM = {"energy": "the trace", "performance": "the log", "accuracy": "the answers"}
_CLEAR_LABELS = {"", "results.json", "label file"}  # from anywhere else they are worth a word
_QUANTITY = {"energy": "energy per inference", "performance": "throughput", "accuracy": "accuracy"}
_PRINTED = {
    "windows": ("five-windows", "{0:g} windows were published, {1:g} are required"),
    "Runtime": ("window-length", "a window of {0:g} s was published, at least {1:g} are required"),
    "# Inferences": (
        "window-inferences",
        "a window of {0:g} inferences was published, at least {1:g} are required",
    ),
}
_VERDICTS = {
    "five-windows": "{measured} windows can be measured, {limit} are required",
    "window-length": "the shortest window lasts {measured} s, at least {limit} s are required",
    "window-inferences": "the smallest window holds {measured} inferences, at least {limit} are required",
    "different-stimuli": "{measured} different stimuli were used in {limit} windows, each needs another",
    "accuracy-target": "the accuracy of {measured} is below the target of the closed division, {limit}",
    "spread": "the windows differ by {measured}, more than {limit}, which is unusual",
    "first-stimuli": "the stimuli are not the first five of the label file: {measured}",
    "model-string": "the DUT says that its model is {measured}, not {limit}",
}


def findings_of(comparison: Comparison) -> Iterator[AuditFinding]:
    """Yield everything that is to be said about a session, in no order."""
    session = comparison.session
    for note in session.notes:
        yield finding(
            note.id,
            note.detail,
            seen=note.seen,
            measured=note.measured,
            limit=note.limit,
            informs=not note.wrong,
        )
    yield from _about_files(comparison)
    yield from _about_figures(comparison)
    yield from _about_clock(comparison)
    yield from _about_rules(comparison)
    yield from _about_correction(comparison)
    if comparison.off and comparison.published and comparison.ours.value is not None:
        where = off_by(comparison.published, comparison.ours.value)
        gives = f"{comparison.ours.value:.6g} {session.unit} by our own analysis"
        text = f"published {_QUANTITY[session.mode]} is {where}: {comparison.published:g}, but {gives}"
        limit, value = comparison.limits.same_figure, comparison.ours.value
        yield finding("figure-off", text, measured=value, limit=f"± {limit:.3g}", seen=score_line(session))
    if comparison.ours.vague:
        text = f"our own analysis gives {comparison.ours.vague}, which says nothing, so it has no figure"
        yield finding("not-measured", text)
    if comparison.error is not None:
        yield finding("not-measured", failure(comparison.error))


def phrases(compared: FigureComparison, source: str) -> list[str]:
    """Return one phrase for each disagreement; `source` names the data of the reproduction."""
    return [text for _, text, _ in _disagreements(compared, source)]


def score_line(session: PublishedSession) -> tuple[Evidence, ...]:
    """Return where the published figure of a session stands."""
    found = [figure for figure in session.figures if figure.field == session.score_field]
    return _lines(session, found[-1:])


def _lines(session: PublishedSession, figures: Iterable[Figure]) -> tuple[Evidence, ...]:
    file = session.names.get("results", "results.txt")
    return tuple(
        Evidence(file=file, line=figure.line, time=figure.time, text=f"{_place(figure)}: {figure.text}"[:200])
        for figure in list(figures)[:_SHOWN]
    )


def _about_files(comparison: Comparison) -> Iterator[AuditFinding]:
    session = comparison.session
    if session.labels_from not in _CLEAR_LABELS:
        yield finding("labels-assumed", f"classes by {session.labels_from}")
    if session.benchmark == WAKE_WORDS:
        yield finding("only-figures-checked", f"{WAKE_WORDS} has rules of its own; only its figures are checked")
    elif not session.commands:
        yield finding("commands-absent", "no command of the run is known, so nothing can be measured")
    if comparison.few is not None:
        answered, needed = comparison.few
        role = "json" if session.passes or "json" in session.names else "log"
        file = session.names.get(role) or "log.txt"
        text = f"{file} holds the answers to {answered} of {needed} files, so the accuracy cannot be judged"
        where = (seen(file, session.commands[-1].line, text=session.commands[-1].file),)
        yield finding("answers-incomplete", text, measured=answered, limit=needed, seen=where)


def _about_figures(comparison: Comparison) -> Iterator[AuditFinding]:
    session = comparison.session
    for first, last in comparison.twice:
        text = f"{first.field} is published twice in one file: {first.text} and {last.text}"
        where = _lines(session, (first, last))
        yield finding("medians-contradict", text, measured=last.text, limit=first.text, seen=where)
    if comparison.reproduction:
        source = _REPRODUCED_FROM[session.mode]
        compared = comparison.figures
        for kind, text, figures in _disagreements(compared, source):
            apart = FAULTS if kind == "figures-differ" and compared.explained.isdisjoint(figures) else ()
            yield finding(kind, f"not reproduced: {text}", seen=_lines(session, figures), apart=apart)
    elif session.figures:
        text = "not reproduced: its raw data are missing, incomplete or unreadable"
        yield finding("raw-data-missing", text, seen=score_line(session))
    if comparison.published is None and session.figures:
        yield finding("results-absent", f"no {session.score_field!r} is published", seen=_lines(session, []))
    for it in comparison.contradictions[:1]:
        figure, where = it.figure, _lines(session, (it.figure, *it.of))
        others = len(comparison.contradictions) - 1
        gives = f"{_place(figure)} is printed as {figure.text}, and {it.how} {it.value:.6g}"
        gives = f"{gives}{_direction(figure, str(it.value))}" + (f", and {others} more" if others else "")
        text = f"the printed figures contradict each other: {gives}"
        yield finding("figures-contradict", text, measured=printed_number(figure.text), limit=it.value, seen=where)
    if comparison.rates is not None:
        least, most = comparison.rates
        kind = "rates-implausible" if most > least * (1 + _GROSS) else "rates-vary"
        text = f"throughput of the windows varies from {least:.6g} to {most:.6g} inf./sec."
        yield finding(kind, text, measured=most / least - 1, limit=comparison.limits.equal_rates)


def _disagreements(compared: FigureComparison, source: str) -> Iterator[tuple[str, str, Sequence[Figure]]]:
    """Yield kind, sentence and figures of each way in which published and reproduced figures disagree."""
    # What no damage explains is told apart from what one does.
    for damaged in (False, True):
        # A figure of the whole session is the one that people quote.
        differing = [one for one in compared.differing if (one[0] in compared.explained) == damaged]
        ordered = sorted(differing, key=lambda one: one[0].window is not None)
        if not ordered:
            continue
        figure, mine = ordered[0]
        more = f", and {len(ordered) - 1} more" if len(ordered) > 1 else ""
        differ = f"{_place(figure)} is published as {figure.text}, reproduced as {mine}{_direction(figure, mine)}"
        yield "figures-differ", f"results differ from {source}: {differ}{more}", [one for one, _ in ordered]
    if compared.only_published:
        missing = compared.only_published
        yield "figures-not-in-data", f"not in {source}: {_listed(missing)}", missing
    if compared.only_reproduced:
        yield "figures-missing", f"missing in the results: {_listed(compared.only_reproduced)}", ()


def _direction(figure: Figure, mine: str) -> str:
    try:
        published, true = float(figure.text), float(mine)
    except ValueError:
        return ""
    if not (math.isfinite(published) and math.isfinite(true)) or not true or published == true:
        return ""
    if figure.field in _PERCENT:
        return f" ({abs(published - true):.3g} percentage points too {side(published - true)})"
    return f" ({off_by(published, true)})"


def _about_clock(comparison: Comparison) -> Iterator[AuditFinding]:
    clock, limits, session = comparison.clock, comparison.limits, comparison.session
    if clock is None or not clock.proven:
        return
    off = abs(clock.ratio - 1)
    where, within = clock.where, f"± {clock.expanded_u / clock.ratio * 100:.2g} %"
    if clock.sure > limits.clock:
        published = comparison.published or comparison.reproduced or clock.rate * clock.ratio
        text = (
            f"published throughput is {off_by(published, clock.rate)}: {published:g} where the host's clock gives "
            f"{clock.rate:.4g} inf./sec."
        )
        text += f" ({within}: its log has whole seconds)" if session.runner == MLCOMMONS else ""
        yield finding(
            "throughput-by-host-clock",
            text,
            measured=clock.rate,
            limit=published,
            seen=(*where, *score_line(session)),
        )
        if clock.shortest_s < limits.min_window_s:
            shortest = f"by the host's clock the shortest window lasts {clock.shortest_s:.2f} s"
            text = f"{shortest}, at least {limits.min_window_s:g} s are required"
            clause = limits.clauses.get("window-length", "")
            yield finding(
                "window-length",
                text,
                measured=clock.shortest_s,
                limit=limits.min_window_s,
                clause=clause,
                seen=where,
            )
    elif clock.sure > limits.clock_remark:
        pace = "slow" if clock.ratio > 1 else "fast"
        wrong = side(clock.ratio - 1)
        text = f"the DUT's clock is {off * 100:.2g} % {pace} by the host's, so the throughput is too {wrong}"
        text = f"{text} ({within})"
        yield finding("dut-clock", text, measured=clock.ratio, limit=f"1 ± {limits.clock_remark:g}", seen=where)


def _about_rules(comparison: Comparison) -> Iterator[AuditFinding]:
    session, ours, clauses = comparison.session, comparison.ours, comparison.limits.clauses
    for it in ours.mistakes:
        text = f"{it.what}: {it.value:.0f}, at most {it.limit:.0f} are allowed"
        where = _lines(session, [figure for figure in session.figures if figure.field == it.what][-1:])
        open_division = comparison.limits.rules.id.endswith("-open")
        yield finding(
            "wake-word-mistakes", text, measured=it.value, limit=it.limit, seen=where, informs=open_division
        )
    for verdict in ours.failed:
        if verdict.known and (verdict.id != "dut-clock" or session.mode == "energy"):
            yield _verdict(session, verdict, own_set=comparison.limits.rules.sha256 is not None)
        if verdict.known and verdict.id == "trace-repeats" and verdict.value is not None:
            # Our rule is ours; that a trace shows other inferences than it is divided by is a fact about it.
            often = "more" if verdict.value > min(one.inferences for one in session.commands) else "less"
            text = f"the trace of a window repeats {often} often than as many inferences would: {verdict.measured}"
            where = score_line(session)
            yield finding("repeats-contradict", text, measured=verdict.value, limit=verdict.limit, seen=where)
    for beyond in comparison.printed:
        kind, words = _PRINTED[beyond.what]
        text = words.format(beyond.value, beyond.limit)
        where = _lines(session, _printed_as(session, beyond))
        clause = clauses.get(kind, "")
        yield finding(kind, text, measured=beyond.value, limit=beyond.limit, clause=clause, seen=where)


def _printed_as(session: PublishedSession, beyond: Beyond) -> list[Figure]:
    return [f for f in session.figures if f.field == beyond.what and f.text.strip() and _is(f.text, beyond.value)]


def _is(text: str, value: float) -> bool:
    return printed_number(text) == value


def _verdict(session: PublishedSession, verdict: Verdict, *, own_set: bool) -> AuditFinding:
    """Return a rule that is not kept as a finding.

    In a rule set of somebody's `own_set` a rule that was made to bind does so, though it is a house rule in ours.
    """
    words = _VERDICTS.get(verdict.id)
    note = f" ({verdict.note[:_LONGEST_NOTE]})" if verdict.note else ""
    if words is None:
        limit = "" if verdict.limit is None else f", required {_shown(verdict.limit)}"
        text = f"{verdict.id}: {_shown(verdict.measured)}{limit}"
    elif verdict.id == "accuracy-target" and _reached(verdict):
        # What is wrong then is in the note: the answers are not all there, or not from this firmware.
        text = f"the accuracy of {_shown(verdict.measured)} reaches the target, but does not count"
    else:
        text = words.format(measured=_shown(verdict.measured), limit=_shown(verdict.limit))
    return finding(
        verdict.id,
        text + note,
        measured=verdict.value if verdict.value is not None else verdict.measured,
        limit=verdict.limit,
        clause=verdict.clause,
        seen=score_line(session),
        informs=not verdict.binding or _only_ours(session, verdict),
        breaks=own_set and verdict.binding and not verdict.clause.startswith(HOUSE),
    )


def _reached(verdict: Verdict) -> bool:
    """Return whether the value that was measured keeps the limit, though the verdict says no."""
    try:
        return float(str(verdict.measured)) >= float(str(verdict.limit))
    except ValueError:
        return False


def _only_ours(session: PublishedSession, verdict: Verdict) -> bool:
    """Return whether only our analysis lacks windows: as many as are needed were asked for and published."""
    published = {figure.window for figure in session.figures if figure.window is not None}
    return verdict.id == "five-windows" and verdict.limit == len(published) == len(session.commands)


def _about_correction(comparison: Comparison) -> Iterator[AuditFinding]:
    if comparison.correction is None or comparison.ours.value is None:
        return
    session, value = comparison.session, comparison.ours.value
    done = changes(comparison.correction.changes)
    if not comparison.published:
        yield finding("corrected", f"corrected figure {value:.6g} {session.unit}: {done}", informs=True)
        return
    wrong = (
        f"published {_QUANTITY[session.mode]} is {off_by(comparison.published, value)}: {comparison.published:g}"
    )
    text = f"{wrong} where the corrected figure is {value:.6g} {session.unit}: {done}"
    same = abs(comparison.published / value - 1) <= comparison.limits.same_figure
    yield finding(
        "corrected", text, measured=value, limit=comparison.published, seen=score_line(session), informs=same
    )


def _place(figure: Figure) -> str:
    return figure.field if figure.window is None else f"{figure.field} of window {figure.window}"


def _listed(figures: Sequence[Figure]) -> str:
    shown = ", ".join(_place(figure) for figure in figures[:_SHOWN])
    return shown + (f" and {len(figures) - _SHOWN} more" if len(figures) > _SHOWN else "")


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
