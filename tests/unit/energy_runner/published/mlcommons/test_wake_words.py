# SPDX-License-Identifier: Apache-2.0
"""Sessions of a streaming wake word, a benchmark with rules of its own."""

import json
from pathlib import Path

import pytest

from energy_runner.published.audit import audit


def test_a_wake_word_session_is_reproduced_and_judged_by_its_own_rule(tmp_path: Path) -> None:
    folder = tmp_path / "sww/energy"
    folder.mkdir(parents=True)
    words = [[10.0 * k, 10.0 * k + 0.6] for k in range(1, 51)]
    hits = [500 + 10_000 * k + 700 for k in range(1, 42)]
    entry = {
        "infer": {
            "wav_file": "long_wav.wav",
            "length_sec": 1200.0,
            "detection_windows": words,
            "detections": [500, *hits, 500 + 505_900],
            "iterations": 1,
            "warmups": 0,
        },
        "dutycycle": {"start_times_s": [0.0, 0.032, 0.064], "stop_times_s": [0.016, 0.048, 0.08]},
        "power": {
            "samples": [2.5e-5] * 30_000,
            "timestamps": [["00", 90], ["01", 2000], ["02", 22_000]],
            "voltage": 3.3,
        },
        "mode": "e",
    }
    (folder / "results.json").write_text(json.dumps([entry]), "utf-8")
    results = [
        "Power Edition Output",
        "Energy data for trial 0",
        "  Elapsed time  : 20.0",
        "  Inferences    : 1",
        "  Power         : 25.0000 mW.",
        "  Total Energy  : 500000.000 uJ",
        "  Energy/Inf    : 500000.000 uJ/inf",
        "Median energy cost is 500000.0000 uJ/inf.",
        "Accuracy: 41 True positives, 9 False negatives, 1 False positives",
        "Average duty cycle: 0.5",
        "Average period: 0.032 s",
        "Estimated throughput: 62.5 inf./sec.",
    ]
    (folder / "results.txt").write_text("\n".join(results), "utf-8")
    (folder / "log.txt").write_text(
        "Device model retrieved: sww01\nSession logged in file sessions\\x\\log.txt\n", "utf-8"
    )
    (row,) = audit([folder])
    assert (row.benchmark, row.unit) == ("sww01", "mW")
    assert row.published == row.reproduced == 25.0
    assert row.ours == pytest.approx(25.0, rel=1e-6)
    assert row.state == "breaks-a-rule"
    assert [one.text for one in row.findings if one.severity != "informs"] == [
        "False negatives: 9, at most 8 are allowed"
    ]
