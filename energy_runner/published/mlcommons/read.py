"""A session of the MLCommons runner, put together from its results.json, its log and its results.txt."""

import math

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.errors import SessionError
from energy_runner.published.discover import Found
from energy_runner.published.eembc.read import known_benchmark
from energy_runner.published.figures import Figure, compare, read_figures
from energy_runner.published.files import LARGEST_LOG, LARGEST_TEXT, read_lines
from energy_runner.published.mlcommons import results as texts
from energy_runner.published.mlcommons.document import Pass, read_passes
from energy_runner.published.mlcommons.log import MlcommonsLog, read_log
from energy_runner.published.mlcommons.recording import WAKE_WORDS, reproduce_energy, wake_word_figures
from energy_runner.published.model import InferCommand, Mode, Published
from energy_runner.published.reproduce import eembc as original

RUNNER = "MLCommons runner"
_MODES: dict[str, Mode] = {"e": "energy", "p": "performance", "a": "accuracy"}
_SECOND_MS = 1000
_SCORES = {
    "energy": ("Median energy cost", "uJ/inf."),
    "performance": ("Median throughput", "inf./sec."),
    "accuracy": ("Top 1%", "%"),
}


def read_mlcommons(found: Found) -> Published:
    """Return the session in a folder; what cannot be read is noted. Raises `SessionError` if nothing is known."""
    refusals: list[str] = []
    passes, log, figures, unknown = _read(found, refusals)
    mode = _mode(passes, figures, found)
    benchmark = log.model or _benchmark(passes, found)
    if mode is None or not benchmark or not (passes or figures or log.recognised):
        reasons = "; ".join(refusals) or "neither its files nor its folders tell the benchmark and the mode"
        raise SessionError(f"no session can be read: {reasons}")
    session = Published(
        folder=found.folder,
        runner=RUNNER,
        mode=mode,
        benchmark=benchmark,
        stamp=log.stamp,
        dut_name=log.name,
        profile=log.profile,
        model=log.model,
        files=[path for paths in found.files.values() for path in paths],
        figures=figures,
    )
    # An export of a virtual bench stays virtual, however often it is imported and exported again.
    session.simulated = any(one.energy_runner.simulated for one in passes) or "virtual twin" in log.name
    session.score_field, session.unit = _score(session)
    for refusal in refusals:
        session.note("unreadable", refusal)
    _check(session, log, found, unknown)
    working = [one for one in passes if one.infer is not None]
    _commands(session, working, log)
    if session.mode == "energy":
        reproduce_energy(session, working, log)
    elif benchmark == WAKE_WORDS:
        session.reproduced = wake_word_figures(working)
    elif session.mode == "performance":
        _performance(session, working, [one.error for one in passes if one.error])
    else:
        _accuracy(session, known_benchmark(benchmark))
    _check_against_log(session, log)
    return session


def _read(found: Found, refusals: list[str]) -> tuple[list[Pass], MlcommonsLog, list[Figure], list[str]]:
    passes: list[Pass] = []
    log = MlcommonsLog()
    lines: list[str] = []
    for role in ("json", "log", "results"):
        path = found.file(role)
        if path is None:
            continue
        try:
            if role == "json":
                passes = read_passes(path, found.root)
            elif role == "log":
                log = read_log(read_lines(path, found.root, LARGEST_LOG))
            else:
                lines = [raw.decode("utf-8", "replace") for raw in read_lines(path, found.root, LARGEST_TEXT)]
        except SessionError as error:
            refusals.append(str(error))
    read = read_figures(lines, texts.PATTERNS)
    return passes, log, read.figures, read.unknown


def _mode(passes: list[Pass], figures: list[Figure], found: Found) -> Mode | None:
    told = next((one.mode for one in passes if one.mode in _MODES), "")
    if told:
        return _MODES[told]
    names = {figure.field for figure in figures}
    for mode, (name, _) in _SCORES.items():
        if name in names:
            return mode  # type: ignore[return-value]
    by_folder = found.mode_by_folder()
    return next((mode for mode in _MODES.values() if mode == by_folder), None)


def _benchmark(passes: list[Pass], found: Found) -> str:
    if any(one.infer is not None and one.infer.detections is not None for one in passes):
        return WAKE_WORDS
    return found.benchmark_by_folder() or ""


def _score(session: Published) -> tuple[str, str]:
    if session.benchmark == WAKE_WORDS:
        return ("Power", "mW") if session.mode == "energy" else ("Estimated throughput", "inf./sec.")
    benchmark = known_benchmark(session.benchmark)
    if session.mode == "accuracy" and benchmark is not None and benchmark.metric == "auc":
        return "AUC", "AUC"
    return _SCORES[session.mode]


def _check(session: Published, log: MlcommonsLog, found: Found, unknown: list[str]) -> None:
    for role, name in (("log", "log.txt"), ("results", "results.txt"), ("json", "results.json")):
        if found.file(role) is None:
            session.note("file-missing", f"missing file: {name}")
    if log.lines and not log.recognised:
        session.note("log-unreadable", "the log holds no line of the runner")
    elif log.lines and not log.complete:
        session.note("log-truncated", "log truncated: it breaks off before the end of the session")
    odd = [line for line in unknown if not line.isprintable() or "\ufffd" in line]
    if odd:
        session.note("results-garbled", f"garbled results: {len(odd)} lines cannot be read, first {odd[0][:60]!r}")
    if not session.figures:
        session.note("results-absent", "no published figure can be read")
    for figure in session.figures:
        if figure.field == "error":
            session.note("error-published", f"published with {figure.text[:100]!r}")
    session.figures = [figure for figure in session.figures if figure.field != "error"]
    for name, told, read in (
        ("mode-differs", found.mode_by_folder(), session.mode),
        ("benchmark-differs", found.benchmark_by_folder(), session.benchmark),
    ):
        # A streaming wake word run in energy mode is filed under performance as well.
        if told is not None and told != read and session.benchmark != WAKE_WORDS:
            session.note(name, f"a session of {read} in a folder for {told}")
    for line in log.lost[:3]:
        session.note("samples-lost", f"samples lost: {line}")


def _check_against_log(session: Published, log: MlcommonsLog) -> None:
    """Compare results.txt with the same lines at the end of the log: they may be of different runs."""
    printed = read_figures(log.tail, texts.PATTERNS).figures
    mine = {(f.field, f.window): f for f in session.figures}
    same = [
        f for f in printed if (f.field, f.window) in mine and f.field.startswith(("Median", "Top", "AUC", "True"))
    ]
    both = compare([mine[f.field, f.window] for f in same], same)
    if both.differing:
        session.note("another-run", "results of another run: " + both.phrases("the log")[0])


# --- commands and their times ---------------------------------------------------------------------------


def _commands(session: Published, passes: list[Pass], log: MlcommonsLog) -> None:
    """Make a command of each pass.

    The log dates loading to the second: a command began after its own loading and ended before the next one,
    at most a second later than the log says.
    """
    benchmark = known_benchmark(session.benchmark)
    times = _times(passes, log)
    if passes and times is None:
        detail = f"the log tells of {len(log.loadings)} loadings, results.json of {len(passes)}"
        session.note("log-differs", detail, wrong=bool(log.loadings) and session.benchmark != WAKE_WORDS)
    segments: dict[str, int] = {}
    for number, one in enumerate(passes):
        if one.infer is None:
            continue
        segment = segments.get(one.file, 0)
        segments[one.file] = segment + 1
        stride = one.stride or (benchmark.stride_bytes if benchmark else None) or 0
        sent_ms, end_ms = times[number] if times else _sample_times(passes, number)
        laps = [lap for lap in (one.infer.start_time, one.infer.end_time) if lap is not None]
        session.commands.append(
            InferCommand(
                file=one.file,
                offset=segment * stride if session.mode == "accuracy" else 0,
                size=one.bytes_to_send or (benchmark.input_bytes if benchmark else None),
                inferences=one.infer.iterations,
                warmups=one.infer.warmups,
                sent_ms=sent_ms,
                end_ms=end_ms,
                results=list(one.infer.results),
                laps_us=laps,
                label=one.label,
            )
        )
    counts = sorted({command.inferences for command in session.commands})
    if session.mode != "accuracy" and len(counts) > 1:
        session.note("iterations-differ", f"iterations not all equal: {', '.join(map(str, counts))}")
    if log.complete:
        session.ended_ms = session.commands[-1].finished_ms if session.commands else log.last_ms


def _times(passes: list[Pass], log: MlcommonsLog) -> list[tuple[int, int]] | None:
    """Return when each pass's command was sent at the earliest and over at the latest; None if not told."""
    loads = log.loadings
    if not loads or len(loads) != len(passes):
        return None
    begun = [load.begun_ms if load.done_ms is None else load.done_ms for load in loads]
    if any(later.begun_ms < sent for sent, later in zip(begun, loads[1:], strict=False)):
        return None
    length_ms = len(passes[-1].power.samples) if passes[-1].power else 0
    final = max(begun[-1], (log.last_ms or begun[-1]), loads[-1].begun_ms + length_ms) + _SECOND_MS
    return list(zip(begun, [*(load.begun_ms + _SECOND_MS for load in loads[1:]), final], strict=True))


def _sample_times(passes: list[Pass], number: int) -> tuple[int, int]:
    """Return times for a pass whose log is lost: those of the monitor, which count from the first sample."""
    before = sum(len(one.power.samples) for one in passes[:number] if one.power)
    one = passes[number]
    length = len(one.power.samples) if one.power else 0
    return before + number, before + number + length


# --- performance, accuracy, wake words ------------------------------------------------------------------


def _performance(session: Published, passes: list[Pass], errors: list[str]) -> None:
    windows = [(one.infer.iterations, one.infer.elapsed_time or 0) for one in passes if one.infer is not None]
    session.reproduced = texts.performance_figures(windows)
    for number, one in enumerate(passes, start=1):
        infer = one.infer
        if infer is None or infer.start_time is None or infer.end_time is None:
            session.note("laps-missing", f"window {number} has no two laps of the DUT's clock")
        elif infer.elapsed_time != infer.end_time - infer.start_time:
            session.note("laps-differ", f"window {number}: its elapsed time is not the difference of its laps")
    for error in errors[:2]:
        session.note("error-published", f"results.json tells of {error[:60]!r}")
    if errors:
        session.reproduced = [f for f in session.reproduced if f.field != "Median throughput"]


def _accuracy(session: Published, benchmark: Benchmark | None) -> None:
    outputs: dict[str, list[list[float]]] = {}
    labels: dict[str, int] = {}
    for command in session.commands:
        if command.label is None or not command.results:
            session.note("answers-missing", f"no answer or no class for {command.file[:80]!r}")
            return
        values = command.results
        if len(values) > 1:
            total = sum(values)
            values = [value / total if total else math.nan for value in values]
        outputs.setdefault(command.file, []).append(values)
        labels[command.file] = command.label
    if not outputs or benchmark is None:
        return
    if len({len(row) for rows in outputs.values() for row in rows}) != 1:
        session.note("answers-missing", "answers of different lengths, so nothing can be reproduced")
        return
    session.labels_from = "results.json"
    means = np.array([np.mean(rows, axis=0) for rows in outputs.values()])
    if not np.all(np.isfinite(means)):
        session.note("answers-missing", "answers that are no numbers, so nothing can be reproduced")
        return
    session.reproduced = texts.accuracy_figures(
        *original.mlcommons_accuracy(means, np.array(list(labels.values())))
    )
