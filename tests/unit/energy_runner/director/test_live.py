# SPDX-License-Identifier: Apache-2.0
"""What passes by: blocks hold every sample once, missing ones counted, and are JSON."""

import json
import math

import numpy as np
import pytest

from energy_runner.director.live import BLOCK_S, Progress, sample_blocks
from instruments.roles import UNITS, AppliedSampling, Samples, Signal


def sampled(period_s: float, *names: str) -> AppliedSampling:
    return AppliedSampling(tuple(Signal(name, UNITS[name], period_s) for name in names))


def blocks(first: int, values: np.ndarray, period_s: float):
    applied = sampled(period_s, "energy")
    return list(sample_blocks(7, Samples(first, (values.astype(np.float32),)), applied))


@pytest.mark.parametrize(("period_s", "count"), [(1e-3, 1), (1e-3, 100), (1e-3, 101), (2e-6, 123_456), (0.5, 3)])
def test_blocks_cover_the_samples_once(period_s, count):
    values = np.random.default_rng(0).random(count)
    made = blocks(40, values, period_s)
    assert made[0].first == 40
    assert [block.first + block.count for block in made] == [*(block.first for block in made[1:]), 40 + count]
    assert all(block.count * period_s <= BLOCK_S or block.count == 1 for block in made)
    for block in made:
        (signal,) = block.signals
        part = values[block.first - 40 : block.first - 40 + block.count].astype(np.float32)
        assert (signal.min, signal.max, signal.missing) == (part.min(), part.max(), 0)
        assert signal.mean == pytest.approx(part.mean(dtype=np.float64))


@pytest.mark.parametrize("first", [0, 1, 40, 99, 100, 12_345])
def test_no_block_lies_across_a_multiple_of_its_length(first):
    """So blocks of a run, and those of its trace, can be laid over each other, in whatever portions they came."""
    made = blocks(first, np.arange(250.0), 1e-3)
    assert all(block.first // 100 == (block.first + block.count - 1) // 100 for block in made)
    assert (made[0].first, made[-1].first + made[-1].count) == (first, first + 250)
    assert sum(block.signals[0].mean * block.count for block in made) == pytest.approx(np.arange(250.0).sum())


def test_missing_samples_are_counted_and_leave_mean_and_extremes_alone():
    (block,) = blocks(0, np.array([1.0, math.nan, 3.0]), 1e-3)
    assert block.signals[0].model_dump() == {
        "name": "energy",
        "unit": "J",
        "mean": 2.0,
        "min": 1.0,
        "max": 3.0,
        "missing": 1,
    }
    (block,) = blocks(0, np.full(4, math.nan), 1e-3)
    assert (block.signals[0].mean, block.signals[0].missing) == (None, 4)


def test_all_of_it_is_json():
    applied = sampled(1e-3, "current", "voltage")
    nothing = np.full(2, math.nan, dtype=np.float32)
    (block,) = sample_blocks(5, Samples(3, (nothing, nothing)), applied)
    read = json.loads(block.model_dump_json())
    assert (read["kind"], read["t_ns"], read["first"], read["period_s"]) == ("sample-block", 5, 3, 1e-3)
    assert [signal["name"] for signal in read["signals"]] == ["current", "voltage"]
    assert (
        json.loads(Progress(t_ns=1, done_s=2.0, total_s=3.0, text="load").model_dump_json())["kind"] == "progress"
    )
