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
from tests.support.no_report import no_report

SAMPLERS = sorted((spec for spec in BUILT_IN if "sampler" in spec.roles), key=lambda spec: spec.name)
FEW_HZ = 10.0
LONG = 300  # inferences; some ten seconds
MONITORS = sorted(spec.name for spec in BUILT_IN if {"supply", "sampler"} <= set(spec.roles))
MOST_U = {"ppk2": 0.15}  # its data sheet's ±10 %: an indication, and U says so
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


def measured(spec: DriverSpec, folder: Path) -> tuple[float, float]:
    """Return the error of a driver's score and its U, both relative to the truth of its own run."""
    folder.mkdir()
    (folder / "any.toml").write_text(bench_file(spec), "utf-8")
    rates = spec.rates()
    # A meter of some samples a second needs a window of some ten of them.
    slow = {"inferences": LONG} if rates is not None and rates.most_hz < FEW_HZ else {}
    session = api.run(
        api.load_bench(folder / "any.toml"), api.plan("demo-keywords", seed=4, **slow), out=folder / "s"
    )
    result = session.result()
    assert result.valid, (spec.name, [one for one in result.verdicts if not one.passed], result.findings)
    true_j = median(one.energy_j / one.inferences for one in session.record.truth)
    score = result.energy_per_inference_j
    return score.median / true_j - 1, score.U / true_j


@pytest.mark.deep
def test_every_sampler_is_right_within_its_uncertainty_and_all_agree(tmp_path):
    with no_report():
        found = {spec.name: measured(spec, tmp_path / spec.name) for spec in SAMPLERS}
    for name, (error, expanded) in found.items():
        assert abs(error) <= max(expanded, 1e-5), name  # the ideal monitor states no limits
        assert 0.0 <= expanded < 0.25, name
    far = {
        (a, b): abs(found[a][0] - found[b][0]) / hypot(found[a][1], found[b][1], 1e-5)
        for a, b in combinations(found, 2)
    }
    assert len(far) == len(SAMPLERS) * (len(SAMPLERS) - 1) / 2
    assert max(far.values()) <= 1.0, sorted(far.items(), key=lambda pair: -pair[1])[:3]


@pytest.mark.parametrize("driver", MONITORS)
def test_a_run_with_a_bench_file_is_valid_and_right(driver, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(BENCH.format(driver=driver), "utf-8")
    with no_report():
        session = api.run(api.load_bench(file), api.plan("demo-keywords", seed=4), out=tmp_path / "s")
    result = session.result()
    assert api.exit_status(session) is ExitStatus.VALID, [v for v in result.verdicts if not v.passed]
    assert result.valid
    assert result.virtual
    assert driver != "ideal" or result.monitor_summary.agrees
    truth_j = median(t.energy_j / t.inferences for t in session.record.truth)
    score = result.energy_per_inference_j
    assert abs(score.median - truth_j) <= max(score.U, 1e-5 * truth_j)  # the ideal monitor states no limits
    assert 0.0 <= score.U / truth_j < MOST_U.get(driver, 0.05)
