# SPDX-License-Identifier: Apache-2.0
"""The passes of an MLCommons session as one recording: an edge lies in the sample in which the power changed."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.compare import _mean_power_mw
from energy_runner.published.contents import load
from energy_runner.published.discover import find_one
from energy_runner.published.model import MonitorEdge, Recording
from energy_runner.published.read import read
from tests.support.published_sessions import mlcommons_passes, write_mlcommons

MIXED_J = 4e-6  # the one sample that holds an edge: half idle, half active


def recording(folder: Path, passes: list[dict[str, object]] | None = None) -> Recording:
    found = read(load(find_one(write_mlcommons(folder / "kws/energy", passes)))).recording
    assert found is not None
    return found


def test_each_edge_lies_in_the_sample_that_is_idle_and_active(tmp_path: Path) -> None:
    made = recording(tmp_path)
    mixed = np.flatnonzero(np.isclose(made.samples_j, MIXED_J))
    assert [int(edge.position) for edge in made.edges] == mixed.tolist()
    for edge in made.edges:  # all of that sample, and nothing of its neighbours
        first, beyond = edge.position - edge.half_width, edge.position + edge.half_width
        assert (first, beyond) == (int(edge.position), int(edge.position) + 1)


def test_the_edges_of_a_pass_count_from_where_it_begins(tmp_path: Path) -> None:
    passes = mlcommons_passes()
    begins = np.cumsum([0] + [len(one["power"]["samples"]) for one in passes])  # type: ignore[index]
    stated = [
        begin + count
        for begin, one in zip(begins, passes, strict=False)
        for _, count in one["power"]["timestamps"]  # type: ignore[index]
    ]
    assert [edge.position + edge.half_width for edge in recording(tmp_path, passes).edges] == stated


def test_a_count_beyond_the_samples_of_its_pass_is_no_edge(tmp_path: Path) -> None:
    passes = mlcommons_passes()
    power = passes[1]["power"]
    assert isinstance(power, dict)
    length = len(power["samples"])
    power["timestamps"] += [["90", length], ["91", length + 1], ["92", -1]]
    numbers = [edge.counter for edge in recording(tmp_path, passes).edges]
    assert 90 in numbers
    assert not {91, 92} & set(numbers)


@pytest.mark.parametrize("rate_hz", [1000.0, 250.0])
def test_the_mean_power_is_that_of_the_samples_between_two_edges(rate_hz: float) -> None:
    samples_j = np.array([1.0, 1.0, 7.0, 8.0, 9.0, 1.0], dtype=np.float32) * 1e-6
    # Reported after sample 1 and after sample 4, as counts 2 and 5.
    edges = [MonitorEdge(0.5, 0.5), MonitorEdge(1.5, 0.5), MonitorEdge(4.5, 0.5)]
    made = Recording("made up", rate_hz, samples_j, edges, 0, 6)
    assert _mean_power_mw(made) == pytest.approx(8e-6 * rate_hz * 1e3)
    assert _mean_power_mw(Recording("made up", rate_hz, samples_j, edges[:1], 0, 6)) is None
