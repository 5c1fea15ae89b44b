# SPDX-License-Identifier: Apache-2.0
"""Energy of single layers, fitted to a trace whose levels are known."""

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.layers.measure import measure_layers
from energy_runner.analysis.placing.alignment import BY_LAPS, BY_MONITOR, Alignment, Placed
from energy_runner.session.events import PhasesMarked
from energy_runner.session.result import Layers
from instruments.world.history import CurrentHistory

PERIOD_S = 1e-3
VOLTAGE_V = 3.0
# The third layer is shorter than a sample.
NAMES = ["0 CONV_2D", "1 DEPTHWISE_CONV_2D", "2 SOFTMAX", "3 FULLY_CONNECTED"]
LEVEL_A = np.array([11e-3, 10e-3, 6e-3, 12e-3])
DURATION_S = np.array([10.3e-3, 4.7e-3, 0.37e-3, 2.61e-3])
INFERENCES = 400
START_NS = 123_456_789


def marks(window: int = 0, **changes: object) -> PhasesMarked:
    offsets = np.concatenate(([0.0], np.cumsum(np.tile(DURATION_S, INFERENCES))))
    whole = [round(offset * 1e9) for offset in offsets]
    told = PhasesMarked(
        t_ns=0,
        window=window,
        names=NAMES,
        operations=[1000, 500, 10, 2000],
        offsets_ns=whole[:-1],
        stop_ns=whole[-1],
    )
    return told.model_copy(update=changes)


def trace(noise_a: float = 0.0, missing: slice | None = None) -> tuple[EnergySource, Placed]:
    """A 1 kHz trace of one window with idle current around it, each sample the mean over its millisecond."""
    told = marks()
    history = CurrentHistory()
    history.append(0, 2e-3, VOLTAGE_V)
    at_ns = np.array(told.offsets_ns, dtype=np.float64) + START_NS
    history.extend(at_ns, np.tile(LEVEL_A, INFERENCES), VOLTAGE_V)
    stop_ns = START_NS + told.stop_ns
    history.append(stop_ns, 2e-3, VOLTAGE_V)
    length = stop_ns // 1_000_000 + 50
    charge = history.charge_c(np.arange(length + 1) * 1e6)
    current_a = np.diff(charge) / PERIOD_S
    current_a += np.random.default_rng(1).normal(0.0, noise_a, length) if noise_a else 0.0
    if missing is not None:
        current_a[missing] = np.nan
    source = EnergySource(lambda a, b: current_a[a:b], length, PERIOD_S, PERIOD_S * VOLTAGE_V)
    return source, Placed(START_NS / 1e6, stop_ns / 1e6, 0.0)


def measured(source: EnergySource, placed: Placed | None, *told: PhasesMarked) -> Layers:
    found, findings = measure_layers(source, Facts(marks=list(told)), Alignment(BY_MONITOR, [placed]))
    assert [finding.id for finding in findings] == ["layers-short"]  # the third, and any sliver
    assert found is not None
    return found


def test_levels_are_found_exactly_without_noise_even_those_shorter_than_a_sample() -> None:
    source, placed = trace()
    found = measured(source, placed, marks())
    assert [row.name for row in found.layers] == NAMES
    assert [row.duration_s for row in found.layers] == pytest.approx(DURATION_S, rel=1e-6)
    assert [row.energy_j for row in found.layers] == pytest.approx(DURATION_S * LEVEL_A * VOLTAGE_V, rel=1e-6)
    assert found.inferences == INFERENCES


def test_cutting_at_the_marks_would_not_have_found_them() -> None:
    source, placed = trace()
    softmax = DURATION_S[:2].sum() / PERIOD_S + placed.start
    cut = source.window(softmax, softmax + DURATION_S[2] / PERIOD_S).total * source.joule
    assert cut != pytest.approx(DURATION_S[2] * LEVEL_A[2] * VOLTAGE_V, rel=0.05)


def test_the_layers_add_up_to_the_window() -> None:
    source, placed = trace(noise_a=1e-4)
    found = measured(source, placed, marks())
    window = source.window(placed.start, placed.stop).total * source.joule / INFERENCES
    assert found.energy_per_inference_j == pytest.approx(sum(row.energy_j for row in found.layers), rel=1e-12)
    assert found.energy_per_inference_j == pytest.approx(window, rel=1e-9)


def test_the_scatter_is_stated_honestly() -> None:
    source, placed = trace(noise_a=2e-4)
    found = measured(source, placed, marks())
    errors = [
        (row.energy_j - truth) / row.u_j
        for row, truth in zip(found.layers, DURATION_S * LEVEL_A * VOLTAGE_V, strict=True)
    ]
    assert max(abs(error) for error in errors) < 4
    assert all(0 < row.u_j < 0.02 * row.energy_j for row in found.layers[:2])


@pytest.mark.parametrize("shift", [-0.5, 0.5])
def test_edges_that_are_half_a_sample_off_are_inside_the_stated_uncertainty(shift: float) -> None:
    source, placed = trace(noise_a=1e-6)
    off = Placed(placed.start + shift, placed.stop + shift, half_width=0.5)
    found = measured(source, off, marks())
    truths = DURATION_S * LEVEL_A * VOLTAGE_V
    errors = np.array([row.energy_j - truth for row, truth in zip(found.layers, truths, strict=True)])
    assert np.max(np.abs(errors)) > 1e-7  # it does matter: microjoules, not rounding
    assert all(abs(error) < 2 * row.u_j for error, row in zip(errors, found.layers, strict=True))


@pytest.mark.parametrize("drift", [-4e-3, 1e-3, 3.9e-3])
def test_windows_that_another_clock_placed_are_found_in_the_trace(drift: float) -> None:
    """Off by up to half a second, where the layers last milliseconds."""
    source, placed = trace(noise_a=2e-5)
    off = Placed(placed.start * (1 - drift), placed.stop - placed.start * drift, half_width=0.1)
    told = Facts(marks=[marks()])
    found, findings = measure_layers(source, told, Alignment(BY_LAPS, [off]), drift=4e-3)
    assert [finding.id for finding in findings] == ["layers-short"]
    assert found is not None
    truths = DURATION_S * LEVEL_A * VOLTAGE_V
    for row, truth in zip(found.layers, truths, strict=True):
        assert row.energy_j == pytest.approx(truth, abs=3 * row.u_j)
        assert row.u_j < 0.15 * truth or row.duration_s < PERIOD_S
    blind, _ = measure_layers(source, told, Alignment(BY_LAPS, [off]))
    assert (
        blind is None
        or max(abs(row.energy_j / truth - 1) for row, truth in zip(blind.layers, truths, strict=True)) > 0.05
    )


def test_a_layer_that_nothing_can_resolve_has_the_level_of_the_one_before_and_is_uncertain_by_all_of_it() -> None:
    source, placed = trace(noise_a=1e-4)
    first = marks()
    sliver = [
        at for k, at in enumerate(first.offsets_ns) for at in ([at, at + 10_210_000] if k % 4 == 0 else [at])
    ]
    told = first.model_copy(
        update={"names": [NAMES[0], "sliver", *NAMES[1:]], "operations": [1, 0, 1, 1, 1], "offsets_ns": sliver}
    )
    found = measured(source, placed, told)
    assert [row.name for row in found.layers] == told.names
    assert found.layers[1].duration_s == pytest.approx(0.09e-3, rel=1e-6)
    assert found.layers[1].u_j == found.layers[1].energy_j
    assert found.layers[0].duration_s + found.layers[1].duration_s == pytest.approx(DURATION_S[0], rel=1e-6)
    level_w = found.layers[0].energy_j / found.layers[0].duration_s
    assert found.layers[1].energy_j == pytest.approx(level_w * 0.09e-3, rel=1e-9)


def test_missing_samples_cost_nothing_but_certainty() -> None:
    source, placed = trace(missing=slice(1000, 1400))
    found = measured(source, placed, marks())
    assert [row.energy_j for row in found.layers] == pytest.approx(DURATION_S * LEVEL_A * VOLTAGE_V, rel=1e-6)


def test_a_window_in_doubt_is_left_out() -> None:
    source, placed = trace()
    alignment = Alignment(BY_MONITOR, [placed, None])
    found, _ = measure_layers(source, Facts(marks=[marks(), marks(1)]), alignment)
    assert found is not None
    assert found.inferences == INFERENCES


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offsets_ns": []}, "0 marks are not whole inferences"),
        ({"offsets_ns": [0, 1, 2]}, "3 marks are not whole inferences"),
        ({"offsets_ns": [0, 2, 1, 3]}, "do not come one after the other"),
        ({"offsets_ns": [-1, 2, 3, 4]}, "do not come one after the other"),
        ({"stop_ns": 5}, "do not come one after the other"),
        ({"operations": [1]}, "same layers"),
        ({"names": []}, "same layers"),
    ],
)
def test_marks_that_contradict_themselves_are_a_finding(changes: dict[str, object], words: str) -> None:
    source, placed = trace()
    found, findings = measure_layers(source, Facts(marks=[marks(**changes)]), Alignment(BY_MONITOR, [placed]))
    assert found is None
    assert words in findings[0].detail


def test_layers_that_nothing_tells_apart_are_a_finding() -> None:
    source = EnergySource(lambda a, b: np.full(b - a, 1e-2), 1000, PERIOD_S, PERIOD_S)
    # Two layers of half a sample each, always at the same place in the sample.
    told = marks(
        names=["a", "b"], operations=[1, 1], offsets_ns=[i * 500_000 for i in range(20)], stop_ns=10_000_000
    )
    placed = Placed(100.0, 110.0, 0.0)
    found, findings = measure_layers(source, Facts(marks=[told]), Alignment(BY_MONITOR, [placed]))
    assert found is None
    assert "apart" in findings[0].detail


def test_marks_of_no_window_at_all_are_a_finding_and_not_a_crash() -> None:
    source, _ = trace()
    found, findings = measure_layers(source, Facts(marks=[marks(7)]), Alignment(BY_MONITOR, [None]))
    assert found is None
    assert findings


def few_inferences(seed: int) -> tuple[Layers, np.ndarray]:
    """Thirty inferences of four layers, two of them short and nearly without power, at random places."""
    rng = np.random.default_rng(seed)
    duration = np.array([3.1, 0.61, 1.3, 0.53]) * rng.uniform(0.95, 1.05, 4)
    level = np.array([10.0, 0.05, 12.0, 0.1])
    offsets = np.concatenate(([0.0], np.cumsum(np.tile(duration, 30))))
    start = 20 + rng.uniform()
    length = int(start + offsets[-1]) + 20
    places = np.concatenate(([0.0], start + offsets, [length]))
    energy = np.concatenate(
        ([0.0], np.cumsum(np.diff(places) * np.concatenate(([1.0], np.tile(level, 30), [1.0]))))
    )
    x = np.diff(np.interp(np.arange(length + 1.0), places, energy)) + rng.normal(0, 0.5, length)
    whole = [round(offset * 1e6) for offset in offsets]
    told = marks(offsets_ns=whole[:-1], stop_ns=whole[-1])
    source = EnergySource(lambda a, b: x[a:b], length, PERIOD_S, 1.0)
    return measured(source, Placed(start, start + offsets[-1], 0.0), told), duration * level


@pytest.mark.deep
def test_no_layer_has_less_than_no_energy_and_each_lies_within_its_uncertainty() -> None:
    inside, at_zero = [], 0
    for seed in range(200):
        found, truths = few_inferences(seed)
        energy = np.array([row.energy_j for row in found.layers])
        assert np.all(energy >= 0)
        at_zero += bool(np.any(energy == 0))
        inside += [
            abs(e - truth) < 2 * row.u_j for e, truth, row in zip(energy, truths, found.layers, strict=True)
        ]
    assert at_zero > 20  # without the constraint these would be negative
    assert np.mean(inside) > 0.93
