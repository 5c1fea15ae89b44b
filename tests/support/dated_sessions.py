# SPDX-License-Identifier: Apache-2.0
"""Performance sessions of the MLCommons runner, whose log has whole seconds, made up to the microsecond."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.support.published_sessions import FILES


@dataclass(frozen=True)
class Dated:
    """What happened by the host's clock, in s, and what the DUT's clock makes of it.

    `dut_s_per_s` is 1 for a clock that runs true and 1.03 for one that is 3 % fast; `stands_still` is a timer that
    stops between windows.
    """

    begun_s: float = 68_397.3
    load_s: float = 0.4
    command_s: float = 0.05
    window_s: float = 12.08
    answer_s: float = 0.02
    inferences: int = 250
    dut_s_per_s: float = 1.0
    stands_still: bool = False
    windows: int = 5


def write_dated(folder: Path, made: Dated) -> Path:
    """Write the session, figures as its laps give them."""
    folder.mkdir(parents=True, exist_ok=True)
    log = [
        r"Logging initialized. Writing output to sessions\20250725_185955\log.txt",
        "Device model retrieved: kws01",
    ]
    passes, results, rates, at, dut_us = [], [], [], made.begun_s, 357_260_764
    for k in range(made.windows):
        name = FILES[k % len(FILES)]
        log.append(f"0725.{_clock(at)} ulp-mlperf: Loading file {name} segment 0")
        loaded = at + made.load_s
        log.append(f"0725.{_clock(loaded)} ulp-mlperf: Load complete.")
        log.append(f"Running inference with 1/{made.inferences} (warmup/measured) iterations ...")
        start = loaded + made.command_s + made.window_s / made.inferences
        stop = start + made.window_s
        start_us = dut_us if made.stands_still else 357_260_764 + round(start * 1e6 * made.dut_s_per_s)
        elapsed_us = round(made.window_s * 1e6 * made.dut_s_per_s)
        dut_us = start_us + elapsed_us + 7
        at = stop + made.answer_s
        passes.append(
            {
                "file": name,
                "class": name.split("_")[-1][0],
                "infer": {
                    "start_time": start_us,
                    "end_time": start_us + elapsed_us,
                    "elapsed_time": elapsed_us,
                    "results": [0.0] * 12,
                    "iterations": made.inferences,
                    "warmups": 1,
                },
                "mode": "p",
            }
        )
        rates.append(made.inferences / (elapsed_us / 1e6))
        log.append(f"0725.{_clock(at)} ulp-mlperf: Performance results for window {k + 1}:")
        results += [
            f"Performance results for window {k + 1}",
            f"# Inferences : {made.inferences}",
            f"Runtime: {elapsed_us / 1e6} sec.",
            f"Throughput: {rates[-1]} inf./sec.",
            "Runtime requirements have been met.",
        ]
    results.append(f"Median throughput is {sorted(rates)[made.windows // 2]:10.3f} inf./sec.")
    log += [*results, r"Session logged in file sessions\20250725_185955\log.txt"]
    (folder / "log.txt").write_text("\n".join(log), "utf-8")
    (folder / "results.txt").write_text("\n".join(results), "utf-8")
    (folder / "results.json").write_text(json.dumps(passes), "utf-8")
    return folder


def _clock(at_s: float) -> str:
    whole = int(at_s)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}"
