# SPDX-License-Identifier: Apache-2.0
"""A whole energy run with every driver of the registry that feeds and samples: valid, and right within its U.

The bench is a file of the user's, as for any driver; the truth is the twin world's, in closed form.
"""

from statistics import median

import pytest

from energy_runner import api
from energy_runner.errors import ExitStatus
from instruments.registry import BUILT_IN

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
    assert 0.0 <= score.U / truth_j < MOST_U.get(driver, 0.05)
