# SPDX-License-Identifier: Apache-2.0
"""Windows in the power over time: a few are marked one by one, thousands in one piece."""

import pytest
from matplotlib.figure import Figure

from energy_runner.report.figures.power import mark_windows
from energy_runner.session.result import WindowResult


def window(index: int) -> WindowResult:
    at = {"start_s": 2.0 * index, "stop_s": 2.0 * index + 1, "duration_s": 1.0}
    return WindowResult.model_construct(index=index, **at)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "lines", "numbers"), [(5, 10, 5), (100, 200, 100), (101, 0, 0), (5000, 0, 0)])
def test_very_many_windows_are_shaded_in_one_piece(count: int, lines: int, numbers: int) -> None:
    axes = Figure().subplots()
    mark_windows(axes, [window(k) for k in range(count)])
    assert (len(axes.lines), len(axes.texts)) == (lines, numbers)
    shaded = len(axes.patches) if lines else len(axes.collections[0].get_paths())
    assert shaded == count
    assert len(axes.get_legend_handles_labels()[1]) == 1
