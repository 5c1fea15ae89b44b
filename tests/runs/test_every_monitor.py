# SPDX-License-Identifier: Apache-2.0
"""A whole energy run with every driver of the registry that samples: valid, right within its U, and all agree.

The benches are files of the user's, as for any driver; the truth is the twin world's, in closed form.
"""

from itertools import combinations
from math import hypot
from pathlib import Path
from statistics import median

import pytest

from energy_runner import api
from energy_runner.errors import ExitStatus
from instruments.registry import BUILT_IN, DriverSpec

SAMPLERS = sorted((spec for spec in BUILT_IN if "sampler" in spec.roles), key=lambda spec: spec.name)
MONITORS = sorted(spec.name for spec in BUILT_IN if {"supply", "sampler"} <= set(spec.roles))
BENCH = """name = "mine"

[monitor]
driver = "{driver}"
port = "virtual"
voltage_v = 3.0

[io_manager]
port = "virtual"

[dut]
port = "virtual"
"""
ROLES = """name = "any"

[instruments.box]
driver = "{driver}"
port = "virtual"

[instruments.relay]
driver = "io-manager"
port = "virtual"

[roles]
{supply}sampler = "box"
edges = "{edges}"
dut = "relay"

[supply]
voltage_v = 3.0
"""


def bench_file(spec: DriverSpec) -> str:
    """Return a bench on which the driver samples and does what else it can."""
    return ROLES.format(
        driver=spec.name,
        supply='supply = "box"\n' if "supply" in spec.roles else "",
        edges="box" if "edges" in spec.roles else "relay",
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict[str, tuple[float, float]]:
    """The error of each driver's score and its U, both relative to the truth of its own run."""
    found: dict[str, tuple[float, float]] = {}
    for spec in SAMPLERS:
        folder: Path = tmp_path_factory.mktemp(spec.name)
        (folder / "any.toml").write_text(bench_file(spec), "utf-8")
        session = api.run(api.load_bench(folder / "any.toml"), api.plan("demo-keywords", seed=4), out=folder / "s")
        result = session.result()
        assert result.valid, (spec.name, [one for one in result.verdicts if not one.passed], result.findings)
        true_j = median(one.energy_j / one.inferences for one in session.record.truth)
        score = result.energy_per_inference_j
        found[spec.name] = (score.median / true_j - 1, score.U / true_j)
    return found


@pytest.mark.parametrize("name", [spec.name for spec in SAMPLERS])
def test_every_sampler_is_right_within_its_uncertainty(name, measured):
    error, expanded = measured[name]
    assert abs(error) <= max(expanded, 1e-5)  # the ideal monitor states no limits
    assert 0.0 <= expanded < 0.25


def test_all_samplers_agree_pairwise(measured):
    far = {
        (a, b): abs(measured[a][0] - measured[b][0]) / hypot(measured[a][1], measured[b][1], 1e-5)
        for a, b in combinations(measured, 2)
    }
    assert len(far) == len(SAMPLERS) * (len(SAMPLERS) - 1) / 2
    assert max(far.values()) <= 1.0, sorted(far.items(), key=lambda pair: -pair[1])[:3]


@pytest.mark.parametrize("driver", MONITORS)
def test_a_run_with_a_bench_file_is_valid_and_right(driver, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(BENCH.format(driver=driver), "utf-8")
    session = api.run(api.load_bench(file), api.plan("demo-keywords", seed=4), out=tmp_path / "s")
    result = session.result()
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in result.verdicts if not v.passed]
    assert result.valid
    assert result.virtual
    assert driver != "ideal" or result.monitor_summary.agrees
    truth_j = median(t.energy_j / t.inferences for t in session.record.truth)
    score = result.energy_per_inference_j
    assert abs(score.median - truth_j) <= max(score.U, 1e-5 * truth_j)  # the ideal monitor states no limits
    assert 0.0 <= score.U / truth_j < 0.05
