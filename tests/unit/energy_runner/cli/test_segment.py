# SPDX-License-Identifier: Apache-2.0
"""What `segment` says below its table."""

from energy_runner.analysis.inferences.segment import WindowInferences
from energy_runner.cli.segment_command import _folded


def test_remarks_of_one_kind_become_one_line():
    windows = [WindowInferences(index, 10, False, reason=reason) for index, reason in enumerate("aaba")]
    assert _folded(windows) == ["3 of 4 windows: a", "Window 3: b"]


def test_the_first_window_stands_for_the_figures_of_all():
    gone = [WindowInferences(index, 2, True, anchored=True, energy_j=(float("nan"), 1.0)) for index in (1, 4)]
    kind = "inferences with missing samples are left out"
    assert _folded(gone) == [f"2 of 2 windows: {kind}; the first of them, window 2: 1"]
    assert _folded(gone[1:]) == [f"Window 5: {kind}: 1"]
