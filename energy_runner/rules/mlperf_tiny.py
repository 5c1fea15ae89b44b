"""The rules of the MLPerf Tiny benchmark in single-stream mode, and the house's own on sound measurement.

One function a rule; the table at the end gives each its id and its clause. "House rule" marks what the
published rules leave unsaid but a defensible number needs.
"""

import statistics

from energy_runner.analysis.analyze import SAMPLE_CLOCK_LIMIT, clock_is_wrong
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import ConfigurationError
from energy_runner.rules.base import Case, Judgement, Rule
from energy_runner.session.result import AccuracyResult

WINDOWS = 5
MIN_WINDOW_S = 10.0
MIN_INFERENCES = 10
SPREAD_WARNING = 0.005
SPREAD_LIMIT = 0.02


# --- how the run went -----------------------------------------------------------------------------------


def run_completed(case: Case) -> Judgement:
    """Judge whether the run went through all its phases."""
    ended, outcome = case.facts.ended, case.facts.outcome
    note = ended.reason if ended else ""
    if case.facts.torn:
        outcome, note = "killed", "the journal breaks off"
    return Judgement(outcome == "completed", outcome, "completed", note)


def supply_off(case: Case) -> Judgement | None:
    """Judge whether the supply is known to be off after the run; nothing to say if none was switched."""
    if not any(switched.on for switched in case.facts.switched) and case.record.run.mode != "energy":
        return None
    confirmed = case.facts.ended is not None and case.facts.ended.supply_off_confirmed is True
    return Judgement(confirmed, "confirmed" if confirmed else "not confirmed", "confirmed")


def model_string(case: Case) -> Judgement:
    """Judge whether the DUT runs the benchmark's model, by its own answer."""
    wanted = case.record.benchmark.model_string
    models = sorted({identified.model for identified in case.facts.identified})
    return Judgement(models == [wanted], ", ".join(models) or "no answer", wanted)


def read_back(case: Case) -> Judgement:
    """Tell whether every stimulus was read back from the DUT and compared."""
    loaded = case.facts.loaded
    compared = sum(stimulus.read_back for stimulus in loaded)
    return Judgement(0 < len(loaded) == compared, f"{compared} of {len(loaded)} stimuli", "all stimuli")


# --- the windows ----------------------------------------------------------------------------------------


def five_windows(case: Case) -> Judgement:
    """Judge whether five windows were measured, each with another stimulus."""
    windows = case.result.windows
    energy = case.record.run.mode == "energy"
    measured = [w for w in windows if (w.energy_j if energy else w.duration_s) is not None]
    stimuli = {case.record.stimuli[window.stimulus].sha256 for window in measured}
    files = {window.file for window in measured}
    passed = len(windows) == len(measured) == len(stimuli) == len(files) == WINDOWS
    return Judgement(
        passed, f"{len(measured)} windows, {len(stimuli)} stimuli", f"{WINDOWS} windows, {WINDOWS} stimuli"
    )


def window_length(case: Case) -> Judgement:
    """Judge whether every window is long enough."""
    durations = [window.duration_s for window in case.result.windows]
    known = [duration for duration in durations if duration is not None]
    shortest = min(known, default=None)
    passed = shortest is not None and len(known) == len(durations) and shortest >= MIN_WINDOW_S
    note = "" if len(known) == len(durations) else f"{len(durations) - len(known)} windows of unknown length"
    return Judgement(passed, shortest, MIN_WINDOW_S, note)


def window_inferences(case: Case) -> Judgement:
    """Judge whether every window holds enough inferences."""
    fewest = min((window.inferences for window in case.result.windows), default=0)
    return Judgement(fewest >= MIN_INFERENCES, fewest, MIN_INFERENCES)


def spread(case: Case) -> Judgement:
    """Judge whether the windows agree: (largest - smallest) / median."""
    energy = case.record.run.mode == "energy"
    values = [w.energy_per_inference_j if energy else w.throughput_per_s for w in case.result.windows]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Judgement(False, f"{len(known)} windows measured", f"{SPREAD_LIMIT:.1%}")
    relative = (max(known) - min(known)) / statistics.median(known)
    note = f"above {SPREAD_WARNING:.1%}, which is unusual" if relative > SPREAD_WARNING else ""
    return Judgement(relative <= SPREAD_LIMIT, f"{relative:.3%}", f"{SPREAD_LIMIT:.1%}", note)


# --- edges and samples ----------------------------------------------------------------------------------

_EDGE_FINDINGS = {
    "edge-missing",
    "edge-surplus",
    "edge-out-of-place",
    "no-timebase",
    "rate-unknown",
    "rate-implausible",
    "log-start-unknown",
}


def edges_match(case: Case) -> Judgement:
    """Judge whether edges and commands match one to one, each in its place."""
    matching = case.result.edges
    if matching is None:
        return Judgement(False, "no edges", "one to one")
    doubts = [finding.detail for finding in case.result.findings if finding.id in _EDGE_FINDINGS]
    measured = f"{matching.seen} edges for {matching.expected}"
    return Judgement(matching.exact and not doubts, measured, "one to one", "; ".join(doubts[:3]))


def no_lost_samples(case: Case) -> Judgement:
    """Judge whether every sample of every window arrived."""
    counts = [window.samples_missing for window in case.result.windows]
    outside = sum(lost.missing for lost in case.facts.lost)
    note = f"{outside} lost in the whole run" if outside else ""
    return _none_of(counts, note)


def not_over_range(case: Case) -> Judgement:
    """Judge whether every sample of every window was inside the monitor's range."""
    counts = [window.samples_over_range for window in case.result.windows]
    total = sum(event.count for event in case.facts.over_range)
    note = f"{total} in the whole run" if total else ""
    return _none_of(counts, note)


def _none_of(counts: list[int | None], note: str) -> Judgement:
    known = [count for count in counts if count is not None]
    if not counts or len(known) < len(counts):
        unknown = f"{len(counts) - len(known)} windows without samples" if counts else "no windows"
        return Judgement(False, unknown, 0, note)
    return Judgement(sum(known) == 0, sum(known), 0, note)


def sample_clock(case: Case) -> Judgement:
    """Judge whether samples come at the stated rate, by the host's clock; unnoticed loss shows here."""
    clock = case.result.sample_clock
    limit = f"1 ± {SAMPLE_CLOCK_LIMIT}"
    if clock is None:
        return Judgement(False, "not measured", limit)
    return Judgement(not clock_is_wrong(clock), f"{clock.ratio:.5f} ± {2 * clock.u:.5f}", limit)


# --- accuracy -------------------------------------------------------------------------------------------


def accuracy_target(case: Case) -> Judgement | None:
    """Judge the unrounded metric against the benchmark's target.

    For energy and performance it is that of an accuracy session of the same firmware, where one is given.
    """
    other = case if case.record.run.mode == "accuracy" else case.accuracy
    if other is None:
        return None
    accuracy, target = other.result.accuracy, case.record.benchmark.target
    if accuracy is None:
        return Judgement(False, f"a session in {other.record.run.mode} mode", target)
    doubt = _accuracy_doubt(case, other, accuracy)
    passed = not doubt and accuracy.value is not None and accuracy.value >= target
    return Judgement(passed, "withheld" if accuracy.value is None else accuracy.value, target, doubt)


def _accuracy_doubt(case: Case, other: Case, accuracy: AccuracyResult) -> str:
    """Return why an accuracy does not count for a case, or nothing."""
    if other.record.benchmark != case.record.benchmark:
        return f"the accuracy is that of {other.record.benchmark.id}"
    if other.facts.outcome != "completed":
        return f"the accuracy run ended as {other.facts.outcome}"
    firmware, tested = _firmware(case), _firmware(other)
    if not firmware or firmware != tested:
        return f"another firmware: {_listed(tested)} instead of {_listed(firmware)}"
    try:
        wanted = load_benchmark(case.record.benchmark.id).stimuli
    except ConfigurationError:
        wanted = accuracy.stimuli_expected
    return f"{accuracy.stimuli} of {wanted} stimuli" if accuracy.stimuli < wanted else ""


def _firmware(case: Case) -> set[tuple[str, str, str]]:
    return {(dut.name, dut.profile, dut.model) for dut in case.facts.identified}


def _listed(firmware: set[tuple[str, str, str]]) -> str:
    return ", ".join(" / ".join(names) for names in sorted(firmware)) or "unknown"


# --- the table ------------------------------------------------------------------------------------------

_ALL = frozenset({"energy", "performance", "accuracy"})
_TIMED = frozenset({"energy", "performance"})
_ENERGY = frozenset({"energy"})

_PROCEDURE = "MLPerf Tiny (arXiv:2106.07597), measurement procedure"
_HOUSE = "house rule"

RULES: tuple[Rule, ...] = (
    Rule("run-completed", _ALL, f"{_HOUSE}: a run that did not end by itself has no result", run_completed),
    Rule("supply-off", _ALL, f"{_HOUSE}: the supply is switched off after a run, by read-back", supply_off),
    Rule("model-string", _ALL, "MLPerf Tiny DUT interface: `profile` answers the benchmark's model", model_string),
    Rule("five-windows", _TIMED, f"{_PROCEDURE}: median of five runs with five different inputs", five_windows),
    Rule("window-length", _TIMED, f"{_PROCEDURE}: at least 10 s in each run", window_length),
    Rule("window-inferences", _TIMED, f"{_PROCEDURE}: at least 10 inferences in each run", window_inferences),
    Rule("edges-match-commands", _ENERGY, f"{_HOUSE}: every falling edge belongs to a command", edges_match),
    Rule("no-lost-samples", _ENERGY, f"{_HOUSE}: no sample of a window is lost", no_lost_samples),
    Rule("not-over-range", _ENERGY, f"{_HOUSE}: no sample of a window is beyond the range", not_over_range),
    Rule("sample-clock", _ENERGY, f"{_HOUSE}: samples come at the rate that the monitor states", sample_clock),
    Rule("spread", _TIMED, f"{_HOUSE}, the median of published runs is 0.16 %, the worst 2.2 %", spread),
    Rule(
        "accuracy-target",
        _ALL,
        "MLPerf Tiny rules, closed division: quality target, same firmware",
        accuracy_target,
    ),
    Rule("read-back", _TIMED, f"{_HOUSE}: stimuli are compared in the DUT's memory", read_back, binding=False),
)
