# SPDX-License-Identifier: Apache-2.0
"""Traces of real boards: inferences are found where they can be seen, and refused where they cannot."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.inferences.count import WindowTrace
from energy_runner.analysis.inferences.distribution import describe
from energy_runner.analysis.inferences.shared_anchor import share_anchor
from energy_runner.analysis.inferences.train import (
    NotResolved,
    Train,
    durations_s,
    energies_j,
    find_train,
)
from energy_runner.analysis.inferences.window_length import repetitions, too_short_s
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed

L4R5 = "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI"
U575 = "v1.2/closed/STMicroelectronics/results/NUCLEO_U575ZI_Q"
U385 = "v1.3/closed/STMicroelectronics/results/NUCLEO_U385RG_Q"
NDP9120 = "v1.0/closed/syntiant/results/syntiant_9120_0v9_30mhz"
GAP9 = "v1.0/closed/greenwaves-technologies/results/gap9_650_240"
PYNQ = "v0.7/open/hls4ml-finn/results/pynq-z2"


@dataclass
class Trace:
    """Power of a whole session, and its windows: edges in samples, and inferences."""

    power_w: np.ndarray
    period_s: float
    windows: list[tuple[float, float, int]]


def eembc(folder: Path) -> Trace:
    """Read a trace of the EEMBC runner: a byte, the rate, and microjoules a sample."""
    data = (folder / "trace1-energy.bin").read_bytes()
    rate = float(np.frombuffer(data[1:5], "<f4")[0])
    power_w = np.frombuffer(data[5:], "<f4").astype(np.float64) * 1e-6 * rate
    edges = np.array(json.loads((folder / "trace1-timestamps.json").read_text())) * rate
    counts = re.findall(r"m-infer-start-(\d+)", (folder / "log.txt").read_text(errors="replace"))
    pairs = zip(edges[1::2], edges[2::2], counts, strict=True)
    return Trace(power_w, 1 / rate, [(float(a), float(b), int(n)) for a, b, n in pairs])


def mlcommons(folder: Path) -> Trace:
    """Read a session of the MLCommons runner: joules a millisecond, edges counted in samples."""
    power: list[float] = []
    windows = []
    for item in json.loads((folder / "results.json").read_text()):
        start, stop = (len(power) + int(edge[1]) for edge in item["power"]["timestamps"][-2:])
        windows.append((float(start), float(stop), int(item["infer"]["iterations"])))
        power += item["power"]["samples"]
    return Trace(np.array(power) * 1e3, 1e-3, windows)


def trains(trace: Trace) -> list[Train | NotResolved]:
    found = []
    for start, stop, count in trace.windows:
        first, last = int(start) - 30, int(stop) + 30
        # A time stamp names a millisecond; which of its ends the sample is counted from, it does not say.
        window = WindowTrace(trace.power_w[first:last], trace.period_s, start - first, stop - first, 1.0, count)
        found.append(find_train(window))
    return found


# Folder, reader, period in ms, energy of an inference in µJ as published, scatter that is allowed for one.
SEEN = [
    (f"{L4R5}/kws/energy", eembc, 97.11, 4637.0, 0.002),
    (f"{L4R5}/ic/energy", eembc, 252.36, 12300.0, 0.002),
    (f"{L4R5}/ad/energy", eembc, 9.65, 431.2, 0.015),
    (f"{U575}/kws/energy", eembc, 28.88, 656.3, 0.005),
    (f"{NDP9120}/kws/energy", eembc, 4.401, 31.6, 0.03),
    (f"{U385}/kws/energy", mlcommons, 48.23, 245.4, 0.003),
    (f"{U385}/ad/energy", mlcommons, 5.399, 31.84, 0.015),
]


@pytest.mark.parametrize("row", SEEN, ids=[row[0] for row in SEEN])
def test_inferences_of_real_boards(row, reference):
    folder, read, period_ms, energy_uj, scatter = row
    trace = read(reference / "sessions" / folder)
    found = trains(trace)
    assert all(isinstance(train, Train) for train in found), found
    shared = share_anchor(found)
    for train, (start, stop, count) in zip(shared, trace.windows, strict=True):
        assert train.count == count
        assert not train.disagreements
        assert train.anchor.seen
        assert train.free is not None
        assert (stop - start) / train.free.samples == pytest.approx(count, abs=0.25)
        assert train.aligned.period == pytest.approx(period_ms, rel=1e-3)
        # These boards begin at once and end at once: nothing but the time stamps' own coarseness is left.
        assert abs(train.boundaries[0] - train.window.start) < 1.6
        assert abs(train.boundaries[-1] - train.window.stop) < 1.6
        energy = describe(energies_j(train), train.boundaries[:-1] * trace.period_s)
        # At four samples an inference, its median suffers from the samples that two of them share.
        assert energy.median * 1e6 == pytest.approx(energy_uj, rel=0.02 if period_ms < 5 else 0.006)
        assert np.mean(energies_j(train)) * 1e6 == pytest.approx(energy_uj, rel=0.006)
        assert energy.sigma / energy.median < scatter
        assert abs(energy.drift) < 4 * energy.drift_u + 2e-4
        whole = float(np.sum(trace.power_w[int(start) : int(stop)])) * trace.period_s
        assert np.sum(energies_j(train)) == pytest.approx(whole, rel=3e-4)
        assert np.median(durations_s(train)) * 1e3 == pytest.approx(period_ms, rel=6e-3)


def test_windows_of_a_board_agree_where_an_inference_begins(reference):
    trace = eembc(reference / "sessions" / f"{L4R5}/kws/energy")
    found = trains(trace)
    shared = share_anchor(found)
    moved = [after.anchor.shift - before.anchor.shift for before, after in zip(found, shared, strict=True)]
    # Each window for itself, from edges a millisecond coarse, had it right to a tenth of one.
    assert max(abs(shift) for shift in moved) < 0.15


@pytest.mark.parametrize("row", SEEN, ids=[row[0] for row in SEEN])
def test_as_many_inferences_as_stated_fit_between_the_edges_of_real_boards(row, reference):
    folder, read, *_ = row
    trace = read(reference / "sessions" / folder)
    for start, stop, count in trace.windows:
        held = repetitions(trace.power_w[math.ceil(start) : int(stop)], count)
        assert held is not None
        lasts = int(stop) - math.ceil(start)
        assert held.count / lasts * (stop - start) == pytest.approx(count, rel=4e-4)


@pytest.mark.parametrize("row", SEEN, ids=[row[0] for row in SEEN])
def test_late_starts_are_told_of_real_boards(row, reference):
    folder, read, *_ = row
    trace = read(reference / "sessions" / folder)
    source = EnergySource(
        lambda first, last: trace.power_w[first:last], len(trace.power_w), trace.period_s, trace.period_s
    )
    counts = [count for *_, count in trace.windows]
    for late_s in ((0.0,) * 5, (0.15, 0.11, 0.152, 0.3, 0.21)):
        placed = [
            Placed(start + by_s / trace.period_s, stop, 1.0)
            for (start, stop, _), by_s in zip(trace.windows, late_s, strict=True)
        ]
        found = too_short_s(source, Alignment(BY_MONITOR, placed), counts)
        assert found == pytest.approx(list(late_s), abs=0.004)


@pytest.mark.parametrize("folder", [f"{GAP9}/keyword_spotting/energy", f"{PYNQ}/kws/KWS-W3A3/power"])
def test_inferences_shorter_than_a_few_samples_are_not_made_up(folder, reference):
    for train in trains(eembc(reference / "sessions" / folder)):
        assert isinstance(train, NotResolved)
        assert "at least 4 are needed" in train.reason


def test_another_count_than_ran_is_noticed(reference):
    trace = eembc(reference / "sessions" / f"{U575}/kws/energy")
    wrong = Trace(trace.power_w, trace.period_s, [(a, b, n // 2) for a, b, n in trace.windows])
    for train in trains(wrong):
        assert isinstance(train, Train)
        assert train.count == 400
        assert "400 times in the window, 200 inferences are stated" in train.disagreements[0]
