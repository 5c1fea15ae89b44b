# SPDX-License-Identifier: Apache-2.0
"""Rules that compare sessions of the same DUT in different modes: accuracy, firmware, speed, answers."""

import math
from dataclasses import replace

from energy_runner.analysis.accuracy import top_class
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import ConfigurationError
from energy_runner.rules.base import METRIC_UNITS, NOT_KNOWN, Case, Judgement, not_known, number, percent, shown
from energy_runner.rules.rule_sets import Row
from energy_runner.session.events import InferenceDone

Firmware = set[tuple[str, str, str]]


def accuracy_target(case: Case, _: Row) -> Judgement | None:
    """Judge the unrounded metric against the benchmark's target.

    For energy and performance it is the metric of an accuracy session of the same firmware; None if none is given.
    """
    other = case if case.mode == "accuracy" else case.accuracy
    if other is None:
        return None
    target = case.benchmark.target if case.benchmark else case.record.benchmark.target
    accuracy = other.result.accuracy
    if accuracy is None:
        return Judgement(False, f"a session in {other.mode} mode", target)
    unit = METRIC_UNITS[accuracy.metric]
    measured = "withheld" if accuracy.value is None else accuracy.value
    judged = Judgement(False, measured, target, value=accuracy.value, low=target, unit=unit)
    doubt = _accuracy_doubt(case, other)
    if doubt:
        return replace(judged, note=doubt)
    if other is not case and not (_firmware(case) and _firmware(other)):
        why = f"measured {measured}, but not every session tells the DUT's firmware"
        return replace(judged, measured=NOT_KNOWN, known=False, note=why)
    if accuracy.value is None:
        return replace(judged, note="not every stimulus was answered once")
    judged = number(accuracy.value, measured, target, low=target, unit=unit)
    return judged if judged.passed else replace(judged, note=_rounded(accuracy.value, target))


def _accuracy_doubt(case: Case, other: Case) -> str:
    """Return why an accuracy does not count for a case; empty if it does."""
    if other.record.benchmark != case.record.benchmark:
        return f"the accuracy is that of {shown(other.record.benchmark.id)}"
    if other.facts.outcome != "completed":
        return f"the accuracy run ended as {other.facts.outcome}"
    firmware, tested = _firmware(case), _firmware(other)
    if firmware and tested and firmware != tested:
        return f"another firmware: {_listed(tested)} instead of {_listed(firmware)}"
    accuracy = other.result.accuracy
    count = accuracy.stimuli if accuracy else 0
    accepted = _label_files(case) or ((accuracy.stimuli_expected,) if accuracy else ())
    if count in accepted or count > max(accepted, default=0):
        return ""
    return f"{count} of {' or '.join(str(length) for length in accepted)} stimuli"


def _label_files(case: Case) -> tuple[int, ...]:
    """Return the numbers of stimuli in the benchmark's label files."""
    if case.benchmark and case.benchmark.stimuli:
        return case.benchmark.stimuli
    try:
        return (load_benchmark(case.record.benchmark.id).stimuli,)
    except ConfigurationError:
        return ()


def _rounded(value: float, target: float) -> str:
    digits = 1 if target > 1 else 3
    return "it would pass rounded, as earlier runners print it" if round(value, digits) >= target else ""


def same_firmware(case: Case, _: Row) -> Judgement | None:
    """Judge whether the DUT reports the same firmware in all sessions; None for one session alone."""
    limit = "the same in all modes"
    others = [other for other in (case.accuracy, case.performance) if other is not None]
    if not others:
        return None
    silent = [one.mode for one in (case, *others) if not _firmware(one)]
    named: Firmware = set().union(*(_firmware(one) for one in (case, *others)))
    if len(named) > 1:
        return Judgement(False, shown(_listed(named)), limit)
    if silent:
        return not_known(limit, f"the session in {silent[0]} mode does not tell the DUT's firmware")
    # The names that firmware gives itself are the only evidence: no session holds its binary.
    return Judgement(True, shown(_listed(named)), limit, "by what the DUT calls itself")


def _firmware(case: Case) -> Firmware:
    return {(dut.name, dut.profile, dut.model) for dut in case.facts.identified}


def _listed(firmware: Firmware) -> str:
    return ", ".join(" / ".join(filter(None, names)) for names in sorted(firmware)) or "unknown"


def throughput_agrees(case: Case, row: Row) -> Judgement | None:
    """Judge inferences per second in energy mode against those of a performance session; None if none is given."""
    other = case.performance
    if other is None:
        return None
    limit = f"± {percent(row.number)}"
    if other.mode != "performance":
        return Judgement(False, f"a session in {other.mode} mode", limit)
    if other.record.benchmark != case.record.benchmark:
        return Judgement(False, f"a session of {shown(other.record.benchmark.id)}", limit)
    here, there = case.result.throughput_per_s, other.result.throughput_per_s
    if here is None or there is None or not there > 0:
        return not_known(limit, "not both sessions have a throughput", low=-row.number, high=row.number)
    off = here / there - 1
    note = f"{here:.6g} in energy mode, {there:.6g} in performance mode, inferences per second"
    return number(off, f"{off * 100:+.3g} %", limit, note, low=-row.number, high=row.number)


def same_answers(case: Case, row: Row) -> Judgement | None:
    """Judge whether the DUT answered each window's stimulus as in the other sessions; None if none is given."""
    others = [other for other in (case.accuracy, case.performance) if other is not None]
    if not others:
        return None
    answers: dict[str, list[list[float]]] = {}
    for other in others:
        for file, inference in _answers(other):
            answers.setdefault(file, []).append(inference.results)
    compared, differing = 0, []
    for file, inference in _answers(case):
        for results in answers.get(file, ()):
            compared += 1
            if not _same(inference.results, results, row.number):
                differing.append(file)
    if not compared:
        return not_known("the same", "no stimulus was answered in both sessions")
    measured = f"{compared - len(differing)} of {compared} the same"
    note = f"not for {shown(differing[0])}" if differing else ""
    same = compared - len(differing)
    return number(same, measured, "the same", note, low=compared)


def _answers(case: Case) -> list[tuple[str, InferenceDone]]:
    """Return the answers to whole stimuli, or to the first window of each, with the stimulus' file."""
    stimuli = case.record.stimuli
    return [
        (stimuli[inference.stimulus].file, inference)
        for inference in case.facts.inferences
        if inference.purpose in {"window", "accuracy"}
        and inference.offset == 0
        and inference.results
        and 0 <= inference.stimulus < len(stimuli)
    ]


def _same(one: list[float], other: list[float], share: float) -> bool:
    """Return whether two answers are the same; a single output, printed with few digits, to within `share`."""
    if len(one) == len(other) == 1:
        return math.isclose(one[0], other[0], rel_tol=share)
    return len(one) == len(other) and top_class(one) == top_class(other)
