# SPDX-License-Identifier: Apache-2.0
"""Rules on how the run went, on what it ran, and on which benchmarks and runners a suite accepts."""

from dataclasses import replace

from energy_runner.analysis.contradictions import STREAM
from energy_runner.analysis.read_back import NOT_PROVEN, classified, loads
from energy_runner.rules.base import METRIC_UNITS, Case, Judgement, not_known, number, shown
from energy_runner.rules.rule_sets import Row


def run_completed(case: Case, _: Row) -> Judgement:
    """Judge whether the run went through all its phases."""
    ended, outcome = case.facts.ended, case.result.outcome
    note = shown(ended.reason) if ended else "the run never ended: its process was killed, or it is still running"
    if outcome != case.facts.outcome:
        note = shown(case.record.reason)
    if case.facts.torn:
        outcome, note = "killed", "the journal breaks off"
    damaged = [finding.detail for finding in case.result.findings if finding.id == STREAM]
    if damaged and outcome == "completed":
        return Judgement(False, "a contradiction", "completed", shown(damaged[0]))
    return Judgement(outcome == "completed", outcome, "completed", note)


def facts_sealed(case: Case, _: Row) -> Judgement:
    """Judge whether the facts are those that were sealed, also in the sessions that are given along."""
    limit = "as sealed"
    given = {"": case, "the accuracy session: ": case.accuracy, "the performance session: ": case.performance}
    for whose, one in given.items():
        if one is not None and one.session.verified.differences:
            return Judgement(False, "changed", limit, shown(whose + one.session.verified.differences[0].brief))
    unsealed = case.session.verified.unsealed
    return not_known(limit, f"it is not sealed: {unsealed}") if unsealed else Judgement(True, limit, limit)


def score(case: Case, _: Row) -> Judgement:
    """Judge whether the run gave the figure that it was made for."""
    value, u, unit, words = _score(case)
    measured = "none" if value is None else words
    note = "" if value is not None else "it was withheld"
    return Judgement(value is not None, measured, "a figure", note, value=value, u=u, unit=unit)


def _score(case: Case) -> tuple[float | None, float | None, str, str]:
    """Return the figure of a run, its standard uncertainty where known, its unit, and the figure in words."""
    result = case.result
    if case.mode == "energy":
        score = result.energy_per_inference_j
        words = f"{score.median * 1e6:.6g} µJ per inference" if score else ""
        return (score.median, score.u, "J", words) if score else (None, None, "J", words)
    if case.mode == "performance":
        value = result.throughput_per_s
        return value, None, "1/s", f"{value:.6g} inferences per second" if value is not None else ""
    metric = case.record.benchmark.metric
    value = result.accuracy.value if result.accuracy else None
    words = f"{value:.6g} {'percent' if metric == 'top1' else 'AUC'}" if value is not None else ""
    return value, None, METRIC_UNITS[metric], words


def supply_off(case: Case, _: Row) -> Judgement | None:
    """Judge whether the supply is known to be off after the run; nothing to say if none was there to switch.

    Both must say so: the event of its switching off, the last one, and the record.
    """
    switched, ended = case.facts.switched, case.facts.ended
    if not any(event.on for event in switched) and _nothing_to_switch(case):
        return None
    denied = ended is not None and ended.supply_off_confirmed is False
    if not switched and not denied and case.record.origin is not None:
        return not_known("confirmed", "the session does not tell who switched the supply")
    if switched and switched[-1].on and not denied:
        return Judgement(False, "on", "confirmed", "it was on when the journal ends")
    doubts = {
        "the run ended without it": denied,
        "the journal says nothing of the supply": not switched,
        "the record does not say so, only the journal does": case.record.supply_off_confirmed is not True,
    }
    doubt = next((words for words, holds in doubts.items() if holds), "")
    return Judgement(not doubt, "not confirmed" if doubt else "confirmed", "confirmed", doubt)


def _nothing_to_switch(case: Case) -> bool:
    """Return whether the bench had no supply: as its settings say, or else the end of a run that came to none."""
    ended, monitor = case.facts.ended, case.facts.monitor
    if case.mode != "energy":
        return True
    if case.record.origin is not None or (ended is not None and ended.supply_off_confirmed is not None):
        return False
    return ended is not None if monitor is None else not monitor.supply


def model_string(case: Case, _: Row) -> Judgement:
    """Judge whether the DUT runs the benchmark's model, by its own answer."""
    wanted = case.record.benchmark.model_string
    models = sorted({identified.model for identified in case.facts.identified if identified.model})
    if not models:
        return not_known(wanted or "the benchmark's model", "the DUT's answer to `profile` is not in the session")
    return Judgement(models == [wanted], shown(", ".join(models)), wanted)


def read_back(case: Case, _: Row) -> Judgement:
    """Judge whether every stimulus was read back from the DUT and compared."""
    found = loads(case.facts)
    if not found.loaded or (case.record.origin is not None and not found.compared):
        return not_known("all stimuli", "the session does not tell whether stimuli arrived as they are")
    measured = f"{found.compared} of {found.loaded} stimuli"
    note = "" if found.compared == found.loaded else NOT_PROVEN
    return number(found.compared, measured, "all stimuli", note, low=found.loaded)


def inputs_read_back(case: Case, _: Row) -> Judgement:
    """Judge whether every input that was classified was read back from the DUT and compared."""
    found, limit = classified(case.facts), "all inputs"
    unknown = case.record.origin is not None and not found.compared
    if unknown or not found.loaded or not case.facts.loaded:
        return not_known(limit, "the session does not tell whether inputs arrived as they are")
    if case.record.run.read_back and not found.compared:  # as in the first versions, where nobody could choose
        return not_known(limit, f"nothing was read back, though it was asked for: {NOT_PROVEN}")
    measured = f"{found.compared} of {found.loaded} inputs"
    note = "" if found.compared == found.loaded else NOT_PROVEN
    return number(found.compared, measured, limit, note, low=found.loaded)


def official_stimuli(case: Case, _: Row) -> Judgement:
    """Judge whether the stimuli and their classes are the benchmark's own."""
    found, limit = case.result.stimuli, "the benchmark's own"
    if found is None:
        return not_known(limit, "the session does not tell which stimuli it had")
    if found.status == "unknown":
        return not_known(limit, found.detail)
    note = "" if found.status == "official" else found.detail
    return Judgement(found.status != "unofficial", found.status, limit, note)


def warm_ups(case: Case, _: Row) -> Judgement:
    """Judge whether every window was warmed up alike, by what the DUT said of it where the session tells."""
    limit = "alike before every window"
    if case.traced:
        return not_known(limit, "a trace does not tell how the DUT was warmed up")
    asked = [inference.warmups for inference in case.facts.windows()]
    if not asked:
        return not_known(limit, "no window was measured")
    said = case.result.exchange.warmups_said if case.result.exchange is not None else []
    told = [one for one in said if one is not None]
    counts = sorted(told or asked)
    notes = [] if counts[0] > 0 else ["none: the first inference may cost more than the others"]
    notes += [] if told else ["as asked: the session does not tell what the DUT did"]
    other = next(((had, did) for had, did in zip(asked, said, strict=False) if did not in {None, had}), None)
    notes += [f"{other[0]} were asked for, and the DUT did {other[1]}"] if other else []
    measured = f"{counts[0]} to {counts[-1]}" if counts[0] < counts[-1] else f"{counts[0]} before every window"
    judged = number(counts[-1] - counts[0], measured, limit, "; ".join(notes), high=0)
    return replace(judged, passed=judged.passed and other is None)


def events_agree(case: Case, _: Row) -> Judgement:
    """Judge whether the events that were derived from exchanged bytes are what those bytes say, read again."""
    check, limit = case.result.exchange, "every fact as exchanged"
    thinned = case.session.thinned
    if check is None and thinned is not None:
        then = thinned.exchange
        agreed = f"; {then.compared - then.contradictions} of {then.compared} facts agreed before" if then else ""
        return not_known(limit, f"{thinned.words}{agreed}")
    if check is None:
        return not_known(limit, "the session holds no exchanged bytes to compare its events with")
    agreeing = check.compared - check.contradictions
    measured = f"{agreeing} of {check.compared} facts"
    return number(agreeing, measured, limit, shown(check.first, 200), low=check.compared)


def not_simulated(case: Case, _: Row) -> Judgement:
    """Judge whether hardware was measured."""
    if case.record.virtual:
        return Judgement(False, "simulated", "hardware", "the bench is virtual; no hardware was measured")
    if case.traced:
        return not_known("hardware", "a trace file does not prove that hardware was measured")
    return Judgement(True, "hardware", "hardware")


def benchmark(case: Case, _: Row) -> Judgement:
    """Judge whether the suite has the benchmark."""
    known = case.rules.benchmarks
    if case.traced and not case.record.benchmark.input_bytes:
        return not_known(", ".join(known), "which benchmark ran was not told")
    return Judgement(case.benchmark is not None, shown(case.record.benchmark.id), ", ".join(known))


def progressive_sizes(case: Case, _: Row) -> Judgement | None:
    """Judge whether the smaller benchmark is submitted as well; None for one that needs no other."""
    row = case.benchmark
    if row is None or row.needs is None:
        return None
    limit = f"together with {row.needs}"
    if case.beside is None:
        return not_known(limit, f"a result of {row.needs} of the same system must be submitted along")
    along = row.needs in case.beside
    return Judgement(along, limit if along else f"without {row.needs}", limit)


def runner(case: Case, _: Row) -> Judgement:
    """Judge whether the suite accepts results of the program that made the run."""
    accepted = case.rules.runners
    origin = case.record.origin
    software = f"{origin.runner} {origin.version}".strip() if origin is not None else case.record.software
    limit = " or ".join(accepted)
    if not software:
        return not_known(limit, "the session does not tell which program made it")
    passed = any(name.lower() in software.lower() for name in accepted)
    note = "" if passed else "ask the working group before submitting it"
    return Judgement(passed, shown(software), limit, note)
