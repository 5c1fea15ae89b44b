# SPDX-License-Identifier: Apache-2.0
"""What is told apart by colour is told apart in grey, too; labels; and matplotlib is left as it was."""

import logging

import pytest

from energy_runner.report.figures import style
from energy_runner.report.figures.style import label, look


def grey(colour):
    """Return the relative luminance of a colour, as WCAG 2 defines it: 0 is black, 1 is white."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dark = sorted((grey(one), grey(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        ("LINE", "BAND", 4.5),  # the mean in front of the band
        ("LINE", "WINDOW", 4.5),
        ("EDGE", "WINDOW", 4.5),
        ("INK", "WINDOW", 4.5),
        ("BAND", "WINDOW", 1.5),  # areas, beside each other
    ],
)
def test_parts_differ_in_lightness(one, other, least):
    assert contrast(getattr(style, one), getattr(style, other)) >= least


def test_bars_differ_in_lightness_or_hatching_from_each_other():
    hatches = [hatch for _, hatch in style.BARS]
    assert len(set(hatches)) == len(hatches)
    assert all(contrast(colour, style.INK) >= 4.5 for colour, hatch in style.BARS if hatch)


def test_windows_have_markers_of_their_own():
    assert len(set(style.MARKERS)) == len(style.MARKERS) >= 5


def test_nothing_of_matplotlib_is_changed_afterwards():
    import matplotlib

    log = logging.getLogger("matplotlib")
    before, level = dict(matplotlib.rcParams), log.level
    with look():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
        assert matplotlib.rcParams["pdf.fonttype"] == 42
    assert dict(matplotlib.rcParams) == before
    assert log.level == level


def test_labels_are_visible_short_and_in_the_font():
    assert label("a\u202fb\u202e") == "a\u00a0b\\u202e"
    assert label("\u4e2d x") == "? x"
    assert len(label("x" * 100, 20)) == 20
