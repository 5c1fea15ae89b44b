# SPDX-License-Identifier: Apache-2.0
"""How every figure looks: told apart in grey, text that stays text, and the same bytes for the same facts.

matplotlib keeps its settings in one table for the whole process. `look` changes it while we draw and puts it back:
a style that the user has set is neither used nor changed.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from energy_runner.report.units import plain

# Each differs from its neighbours in lightness alone, so that a grey print shows what the colours show.
INK, LINE, BAND, WINDOW, EDGE, LOSS = "#1a1a1a", "#08306b", "#9ec3e6", "#fdf0d0", "#8a4b00", "#a50f15"
BARS = (("#5b8fc4", ""), ("#e9e2cf", "////"), ("#b9b9b9", "xxx"))  # colour and hatching
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
WIDTH_IN = 7.2  # what fits between the margins of A4 and of US Letter
SALT = "energy-runner"
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": SALT,
    "pdf.fonttype": 42,
    "font.family": ["DejaVu Sans"],  # which matplotlib brings along: the same metrics on every machine
    "font.size": 8.5,
    "text.parse_math": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.6,
    "figure.constrained_layout.w_pad": 0.08,
    "lines.linewidth": 0.9,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
}
_OF_THE_USER = ("backend", "backend_fallback")  # not a matter of style; setting them would load a backend
_LONGEST = 60
_BEYOND_THE_FONT = 0x2E80
_LOCK = RLock()


@contextmanager
def look() -> Iterator[None]:
    """Draw and save with our settings inside, one thread at a time. Import matplotlib inside it, too.

    Where its folder for caches cannot be written, it warns of that in every process; nothing hangs on it here.
    """
    log = logging.getLogger("matplotlib")
    with _LOCK:
        before = log.level
        log.setLevel(logging.ERROR)
        try:
            import matplotlib

            standard = {key: value for key, value in matplotlib.rcParamsDefault.items() if key not in _OF_THE_USER}
            settings: Any = {**standard, **SETTINGS}  # the stubs want a literal for each key
            with matplotlib.rc_context(settings):
                yield
        finally:
            log.setLevel(before)


def label(text: object, longest: int = _LONGEST) -> str:
    """Return text as a figure can show it: nothing invisible, no signs that the font lacks, not too long."""
    shown = plain(text).replace("\u202f", "\u00a0")
    shown = "".join("?" if ord(sign) >= _BEYOND_THE_FONT else sign for sign in shown)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}\u2026"
