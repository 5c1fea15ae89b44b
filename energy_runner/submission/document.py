# SPDX-License-Identifier: Apache-2.0
"""`results.json`: one object per pass, in the structure of the MLCommons runner, as strictly valid JSON."""

import json
import math
from collections.abc import Sequence
from typing import Any

from energy_runner.errors import ConfigurationError
from energy_runner.session.events import InferenceDone
from energy_runner.submission.model import Figure, Run
from energy_runner.submission.names import plain_ascii
from energy_runner.submission.samples import lay_out

LARGEST_BYTES = 500 * 2**20  # the checker refuses larger files
_LETTER = {"energy": "e", "performance": "p", "accuracy": "a"}
_WRAP_US = 2**32


def results_json(run: Run, figure: Figure, banner: Sequence[str]) -> bytes:
    """Return `results.json` of a run; its first pass also names session, software, DUT and figure."""
    about = {
        "simulated": run.virtual,
        "notes": list(banner),
        "session": run.session.record.session_id,
        "software": run.session.record.software,
        "figure": figure.text,
        "unit": figure.unit,
        "dut": {"name": run.firmware.name, "profile": run.firmware.profile, "model": run.firmware.model},
    }
    passes = [_pass(run, done) for done in run.inferences]
    if run.mode != "accuracy":
        for each, window in zip(passes, run.result.windows, strict=True):
            each["energy_runner"] = {"window": window.model_dump(mode="json", exclude_none=True)}
    if run.mode == "performance":
        _add_times(run, passes)
    if run.mode == "energy":
        _add_power(run, passes)
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
    """Return one loaded input and its inferences, as every mode states them."""
    record = run.session.record
    stimulus, stride = record.stimuli[done.stimulus], record.benchmark.stride_bytes
    inputs = 1 + (stimulus.size - record.benchmark.input_bytes) // stride if stride else None
    stated: dict[str, Any] = {
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
        stated["infer"] |= _laps(done.dut_laps_us)
        if stride:
            stated["energy_runner"] = {"offset": done.offset}
    return stated


def _laps(laps_us: Sequence[int]) -> dict[str, int | None]:
    """Return the DUT's own times in microseconds; None where it printed none."""
    if len(laps_us) != 2:
        return {"start_time": None, "end_time": None, "elapsed_time": None}
    start, stop = laps_us
    return {"start_time": start, "end_time": stop, "elapsed_time": (stop - start) % _WRAP_US}


def _add_times(run: Run, passes: Sequence[dict[str, Any]]) -> None:
    for each, done, window in zip(passes, run.inferences, run.result.windows, strict=True):
        each["infer"] |= _laps(done.dut_laps_us)
        if each["infer"]["elapsed_time"] is None and window.duration_s is not None:
            each["infer"]["elapsed_time"] = round(window.duration_s * 1e6)  # by the IO manager's laps
        each["infer"]["throughput"] = window.throughput_per_s


def _add_power(run: Run, passes: Sequence[dict[str, Any]]) -> None:
    for number, (each, samples) in enumerate(zip(passes, lay_out(run), strict=True)):
        each["power"] = {
            "samples": samples.energy_j.tolist(),
            "timestamps": [[2 * number, samples.start], [2 * number + 1, samples.stop]],
            "extracted_power": None,
            "voltage": run.voltage_set_v,
        }
