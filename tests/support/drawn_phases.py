# SPDX-License-Identifier: Apache-2.0
"""A world that draws known currents in phases, with a short peak between them, as soon as it is switched on."""

from pathlib import Path

import numpy as np

from energy_runner.bench import Bench, build_bench, load_bench_spec

PUBLISHED_A = (
    5.6e-3,
    0.4e-3,
    0.12e-3,
    0.026e-3,
    14e-3,
)  # published in tenths of a milliampere
PEAK_A, PEAK_S = 20e-3, 0.02
CASE = """
common:
  harness: power
  harness_config:
    fixture: pm_probe
    power_measurements:
      elements_to_trim: 100
      min_peak_distance: 40
      min_peak_height: 0.008
      peak_padding: 40
      measurement_duration: 6
      num_of_transitions: 4
      expected_rms_values: {expected}
      tolerance_percentage: {tolerance}
tests:
  pm.power_states:
    platform_allow:
      - stm32l562e_dk
    tags:
      - pm
  pm.another:
    harness: ztest
"""


def drawing(name: str = "virtual-lpm01a", levels_a: tuple[float, ...] = PUBLISHED_A, seed: int = 0) -> Bench:
    """Return a bench whose DUT draws each level for 1.2 s after it was switched on."""
    bench = build_bench(load_bench_spec(name, {"virtual.load_ohm": 1e6}), "energy", seed=seed)
    assert bench.twin is not None
    world = bench.twin.world
    each_s = 1.2

    def switched(powered: bool) -> None:
        if not powered:
            return
        now_ns = world.clock.now_ns()
        at_s, current_a = [], []
        for number, level_a in enumerate(levels_a):
            if number:
                at_s.append(number * each_s - PEAK_S)
                current_a.append(PEAK_A)
            at_s.append(number * each_s)
            current_a.append(level_a)
        world.plan(now_ns + np.array(at_s) * 1e9, np.array(current_a))

    world.on_power(switched)
    return bench


def case_file(folder: Path, expected: str = "[5.6, 0.4, 0.12, 0.026, 14.0]", tolerance: str = "20") -> Path:
    """Write a case in the form of the published ones."""
    path = folder / "testcase.yaml"
    path.write_text(CASE.format(expected=expected, tolerance=tolerance), "utf-8")
    return path
