"""`results.json`: one object a pass, in the structure of the MLCommons runner, with nothing that is not JSON.

Its samples are joules in each millisecond, and a window lies between two of their indices. A monitor with another
sample period, or an edge inside a sample, does not fit that: so the energy of a window is laid out again in equal
parts, as many as it has milliseconds, and their sum is the energy that our result states for it. The same is done
between the windows. The pulses of the trial before the first window are not among the timestamps.
"""

import json
import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import EnergySource, energy_source
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.events import InferenceDone
from energy_runner.session.result import WindowResult
from energy_runner.submission.cases import Run
from energy_runner.submission.names import plain_ascii
from energy_runner.submission.text import Figure

FloatArray = npt.NDArray[np.float64]
LARGEST_BYTES = 500 * 2**20  # the checker refuses larger files
_PARTS_PER_S = 1000
_AFTER_S = 0.1  # how long a pass goes on after its window
_BLOCK = 1 << 20
_TOUCHED = 1e-6  # of a sample; less is rounding
_LETTER = {"energy": "e", "performance": "p", "accuracy": "a"}
_WRAP_US = 2**32


def results_json(run: Run, figure: Figure, banner: Sequence[str]) -> bytes:
    """Return `results.json` of a run; the first pass also says who measured, and whatever `banner` says."""
    facts = run.facts
    name, profile, model = run.firmware
    about = {
        "simulated": run.virtual,
        "notes": list(banner),
        "session": run.session.record.session_id,
        "software": run.session.record.software,
        "figure": figure.text,
        "unit": figure.unit,
        "dut": {"name": name, "profile": profile, "model": model},
    }
    if run.mode == "accuracy":
        passes = [_pass(run, done) for done in facts.inferences if done.purpose == "accuracy"]
    else:
        passes = [_pass(run, done) for done in facts.windows()]
        for each, window in zip(passes, run.result.windows, strict=True):
            each["energy_runner"] = {"window": window.model_dump(mode="json", exclude_none=True)}
        timed = _with_power if run.mode == "energy" else _with_times
        timed(run, passes)
    if passes:
        passes[0]["energy_runner"] = about | passes[0].get("energy_runner", {})
    lines = (json.dumps(each, ensure_ascii=True, allow_nan=False) for each in passes)
    data = ("[" + ",\n".join(lines) + "]\n").encode("ascii")
    if len(data) > LARGEST_BYTES:
        raise ConfigurationError(
            f"{run.session.path}: its results.json would have {len(data) >> 20} MB, and the checker refuses files "
            f"above {LARGEST_BYTES >> 20} MB. Try shorter windows"
        )
    return data


def _pass(run: Run, done: InferenceDone) -> dict[str, Any]:
    """Return what every mode tells of one loaded input and its inferences."""
    record = run.session.record
    stimulus, stride = record.stimuli[done.stimulus], record.benchmark.stride_bytes
    inputs = 1 + (stimulus.size - record.benchmark.input_bytes) // stride if stride else None
    told: dict[str, Any] = {
        "file": plain_ascii(stimulus.file),
        "classes": str(record.benchmark.classes),
        "class": str(stimulus.label),
        "bytes_to_send": str(record.benchmark.input_bytes) if stride else None,
        "stride": str(stride) if stride else None,
        "total_length": inputs if run.mode == "accuracy" else (1 if stride else None),
        "infer": {
            "results": [value if math.isfinite(value) else str(value) for value in done.results],
            "total_inferences": 1,
            "iterations": done.inferences,
            "warmups": done.warmups,
        },
        "mode": _LETTER[run.mode],
    }
    if run.mode == "accuracy":
        told["infer"] |= _laps(done.dut_laps_us)
        if stride:
            told["energy_runner"] = {"offset": done.offset}
    return told


def _laps(laps_us: Sequence[int]) -> dict[str, int | None]:
    """Return the DUT's own times in microseconds; None where it printed none."""
    if len(laps_us) != 2:
        return {"start_time": None, "end_time": None, "elapsed_time": None}
    start, stop = laps_us
    return {"start_time": start, "end_time": stop, "elapsed_time": (stop - start) % _WRAP_US}


def _with_times(run: Run, passes: Sequence[dict[str, Any]]) -> None:
    for each, done, window in zip(passes, run.facts.windows(), run.result.windows, strict=True):
        each["infer"] |= _laps(done.dut_laps_us)
        if each["infer"]["elapsed_time"] is None and window.duration_s is not None:
            each["infer"]["elapsed_time"] = round(window.duration_s * 1e6)  # by the IO manager's laps
        each["infer"]["throughput"] = window.throughput_per_s


# --- energy ---------------------------------------------------------------------------------------------


def _with_power(run: Run, passes: Sequence[dict[str, Any]]) -> None:
    """Add the samples: passes follow each other without a gap, as the acquisition ran on."""
    monitor = run.facts.monitor
    if monitor is None:
        raise SessionError(f"{run.session.path}: tells nothing of a power monitor")
    edges = [_edges(window) for window in run.result.windows]
    with ExitStack() as stack:
        source = energy_source(stack.enter_context(run.session.trace()), monitor.voltage_set_v)
        end_s = source.length * source.period_s
        starts_s = [*(start_s for start_s, _, _ in edges), end_s]
        begin_s = 0.0
        for number, (each, (start_s, stop_s, energy_j)) in enumerate(zip(passes, edges, strict=True)):
            until_s = stop_s + min(_AFTER_S, max(0.0, starts_s[number + 1] - stop_s) / 2)
            if number + 1 == len(edges):
                until_s = max(stop_s, end_s)
            before, inside, after = (
                _in_milliseconds(source, *stretch)
                for stretch in ((begin_s, start_s), (start_s, stop_s), (stop_s, until_s))
            )
            inside *= energy_j / np.sum(inside)  # an edge inside a sample and missing samples, as in the result
            each["power"] = {
                "samples": np.concatenate((before, inside, after)).tolist(),
                "timestamps": [[2 * number, len(before)], [2 * number + 1, len(before) + len(inside)]],
                "extracted_power": None,
                "voltage": monitor.voltage_set_v,
            }
            begin_s = until_s


def _edges(window: WindowResult) -> tuple[float, float, float]:
    if window.start_s is None or window.stop_s is None or window.energy_j is None:
        raise SessionError(f"window {window.index + 1} has no energy")
    return window.start_s, window.stop_s, window.energy_j


def _in_milliseconds(source: EnergySource, start_s: float, stop_s: float) -> FloatArray:
    """Return the energy of a stretch in equal parts, as many as it has milliseconds.

    A part with a missing sample has the mean of the others: the structure has no word for what is not known.
    """
    parts = round(max(0.0, stop_s - start_s) * _PARTS_PER_S)
    energies = _energies(source, np.linspace(start_s, stop_s, parts + 1) / source.period_s)
    missing = np.isnan(energies)
    if missing.any():
        energies[missing] = 0.0 if missing.all() else np.mean(energies[~missing])
    return energies


def _energies(source: EnergySource, positions: FloatArray) -> FloatArray:
    """Return the joules between each two of the rising `positions` (in samples); NaN where a sample is missing.

    A part of a sample has its linear share. Memory does not grow with the number of samples.
    """
    positions = np.clip(positions, 0, source.length)  # seconds to samples and back may cost the last bit
    reached, gone = np.zeros(len(positions)), np.zeros(len(positions))
    first, last = int(positions[0]), math.ceil(positions[-1])
    total = lost = 0.0
    for begin in range(first, last, _BLOCK):
        end = min(begin + _BLOCK, last)
        samples = np.asarray(source.read(begin, end), dtype=np.float64)
        there = np.isfinite(samples)
        grid = np.arange(begin, end + 1, dtype=np.float64)
        here = (positions >= begin) & (positions <= end)
        energy = total + np.concatenate(([0.0], np.cumsum(np.where(there, samples, 0.0))))
        losses = lost + np.concatenate(([0.0], np.cumsum(~there)))
        reached[here] = np.interp(positions[here], grid, energy)
        gone[here] = np.interp(positions[here], grid, losses)
        total, lost = float(energy[-1]), float(losses[-1])
    parts: FloatArray = np.diff(reached) * source.joule
    parts[np.diff(gone) > _TOUCHED] = np.nan
    return parts
