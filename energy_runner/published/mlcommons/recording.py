"""The recording of an MLCommons energy session: its passes follow each other as one acquisition."""

import math
from itertools import pairwise

import numpy as np

from energy_runner.published.figures import Figure
from energy_runner.published.mlcommons import results as texts
from energy_runner.published.mlcommons.document import Pass
from energy_runner.published.mlcommons.log import MlcommonsLog
from energy_runner.published.model import MonitorEdge, Published, Recording
from energy_runner.published.reproduce import eembc as original

WAKE_WORDS = "sww01"
Stamps = list[list[tuple[object, int]]]  # for each pass its edges as (counter, samples so far)
_RATE_HZ = 1000.0
_SECOND_MS = 1000
_EARLY_MS = 600  # whole seconds, and a start of the recording known to half a second
_LATENCY_MS = 50  # from the end of a pass to the line that says that the next one begins


def reproduce_energy(session: Published, passes: list[Pass], log: MlcommonsLog) -> None:
    """Reproduce the figures of an energy session, and give it its recording."""
    if not passes or any(one.power is None for one in passes):
        session.note("trace-absent", "trace absent: results.json holds no samples")
        return
    powers = [one.power for one in passes if one.power is not None]
    blocks = [np.array(power.samples, dtype=np.float64) for power in powers]
    windows = []
    for number, (one, power, block) in enumerate(zip(passes, powers, blocks, strict=True)):
        edges = [count for _, count in power.timestamps]
        count = one.infer.iterations if one.infer else 0
        window = original.mlcommons_window(number, block, edges, count)
        if window is not None:
            windows.append(window)
        _check_pass(session, log, number, power.timestamps, len(block))
    session.reproduced = texts.energy_figures(windows)
    if session.benchmark == WAKE_WORDS:
        session.reproduced += wake_word_figures(passes)
    samples = np.concatenate(blocks)
    _check_samples(session, samples, [counter for power in powers for counter, _ in power.timestamps])
    session.recording = _recording(session, powers[0].voltage, blocks, [p.timestamps for p in powers], log)


def _check_pass(
    session: Published, log: MlcommonsLog, number: int, timestamps: list[tuple[object, int]], samples: int
) -> None:
    if len(timestamps) < 2:
        session.note("edge-missing", f"edge missing: {len(timestamps)} timestamps in trial {number}, 2 expected")
    if any(not 0 <= count <= samples for _, count in timestamps):
        session.note(
            "trace-short", f"trace truncated: an edge of trial {number} lies beyond its {samples} samples"
        )
    counts = [count for _, count in timestamps]
    if counts != sorted(counts):
        session.note("timestamps-unsorted", f"timestamps of trial {number} are not in order")
    if number < len(log.captured) and log.captured[number] != (samples, len(timestamps)):
        told, seen = log.captured[number]
        detail = (
            f"trial {number} has {samples} samples and {len(timestamps)} timestamps, by the log {told} and {seen}"
        )
        session.note("another-run", f"results.json differs from the log: {detail}")


def _check_samples(session: Published, samples: original.FloatArray, counters: list[object]) -> None:
    missing, infinite = int(np.count_nonzero(np.isnan(samples))), int(np.count_nonzero(np.isinf(samples)))
    if missing or infinite:
        session.note("trace-damaged", f"{missing} samples are NaN and {infinite} infinite")
    if np.any(samples < 0):
        session.note("trace-damaged", f"{int(np.count_nonzero(samples < 0))} samples are negative")
    numbers = [int(text) for text in map(str, counters) if text.isdecimal() and len(text) < 10]
    lost = sum((after - before) % 100 != 1 for before, after in pairwise(numbers))
    if lost:
        session.note("edge-missing", f"edge missing: the monitor's event counter jumps {lost} times")


def _recording(
    session: Published,
    voltage_v: float | None,
    blocks: list[original.FloatArray],
    timestamps: Stamps,
    log: MlcommonsLog,
) -> Recording:
    """Return one recording: the passes follow each other without a gap, as the acquisition ran on."""
    ends = np.cumsum([len(block) for block in blocks])
    edges: list[MonitorEdge] = []
    for start, block, stamps in zip(ends - [len(b) for b in blocks], blocks, timestamps, strict=True):
        for counter, count in stamps:
            if 0 <= count <= len(block):
                number = int(str(counter)) if str(counter).isdecimal() and len(str(counter)) < 10 else None
                # An event is reported after the sample in which the edge fell.
                edges.append(MonitorEdge(max(0.0, float(start) + count - 0.5), 0.5, number))
    origin_ms = _origin_ms(session, [int(end) for end in ends], log)
    _boot_edges(session, timestamps[0], origin_ms)
    if log.loadings:
        _check_phases(
            session,
            [int(end) - len(block) for end, block in zip(ends, blocks, strict=True)],
            timestamps,
            origin_ms,
        )
    with np.errstate(over="ignore"):
        samples_j = np.concatenate(blocks).astype(np.float32)
    samples_j[~np.isfinite(samples_j)] = np.nan
    usable = voltage_v is not None and math.isfinite(voltage_v) and 0 <= voltage_v < 1000
    return Recording(
        instrument=log.instrument,
        rate_hz=_RATE_HZ,
        samples_j=samples_j,
        edges=edges,
        started_ms=origin_ms,
        stopped_ms=max(origin_ms + int(ends[-1]), *(c.finished_ms for c in session.commands)),
        voltage_v=voltage_v if usable else None,
        arrivals=[(0, origin_ms)],
    )


def _origin_ms(session: Published, ends: list[int], log: MlcommonsLog) -> int:
    """Return when the first sample was taken, by the log's whole seconds.

    The next stimulus is loaded right after a pass, at a time that the log gives to the second below. Each pass so
    gives the start of the recording within a second; where all agree, their common part gives it closer.
    """
    stamps_ms = [load.begun_ms for load in log.loadings[1:]]
    if len(log.loadings) != len(ends) or not stamps_ms:
        return session.commands[0].sent_ms if session.commands else 0
    lows = [stamp - end for stamp, end in zip(stamps_ms, ends, strict=False)]
    low, high = max(lows) - _LATENCY_MS, min(lows) + _SECOND_MS
    middle = (low + high) // 2 if low <= high else int(np.median(lows)) + _SECOND_MS // 2
    return max(0, middle)


def _boot_edges(session: Published, timestamps: list[tuple[object, int]], origin_ms: int) -> None:
    """Count edges before the first stimulus was loaded: they come from the DUT's start, not from a command."""
    if len(timestamps) <= 2 or not session.commands:
        return
    early = [count for _, count in timestamps[:-2] if origin_ms + count < session.commands[0].sent_ms]
    session.boot_edges = len(early)
    if early:
        detail = f"{len(early)} edge(s) before the first stimulus, taken as the DUT's start"
        session.note("boot-edges", detail, wrong=False)


def _check_phases(session: Published, starts: list[int], timestamps: Stamps, origin_ms: int) -> None:
    """Note windows, as the runner cut them, that began before their stimulus was loaded."""
    wrong = [
        str(number)
        for number, (start, stamps, command) in enumerate(zip(starts, timestamps, session.commands, strict=False))
        if len(stamps) >= 2 and origin_ms + start + stamps[-2][1] < command.sent_ms - _EARLY_MS
    ]
    if wrong:
        session.note(
            "window-in-wrong-phase",
            f"window {', '.join(wrong)} not in the phase of its infer command: it begins before the stimulus was "
            "loaded, so idling or a download was measured",
        )


def wake_word_figures(passes: list[Pass]) -> list[Figure]:
    """Return the figures of the first pass that recorded detections."""
    for one in passes:
        infer, duty = one.infer, one.dutycycle
        if infer is not None and infer.detections and infer.detection_windows is not None:
            found = original.wake_words(infer.detections, infer.detection_windows)
            starts, stops = (duty.start_times_s, duty.stop_times_s) if duty else ([], [])
            return texts.wake_word_figures(found, starts, stops)
    return []
