# SPDX-License-Identifier: Apache-2.0
"""Plots as image files, for slides and papers: the whole trace and each window, with matplotlib."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from energy_runner.errors import BenchFault, ConfigurationError, SessionError, in_words, remedy
from energy_runner.notebook import VIRTUAL
from energy_runner.report.charts.decimate import Envelope, decimate
from energy_runner.report.charts.power import PowerTrace
from energy_runner.report.headline import score
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, WindowResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "plots"
SIZE_INCHES, DOTS_PER_INCH = (8.0, 3.6), 200
MARGIN = 0.04
# Fixed, without the library's version: the same facts give the same bytes.
METADATA = {"Software": "energy-runner"}


def write_plots(session: Session, result: Result) -> list[Path]:
    """Write `plots/trace.png` and `plots/window-N.png` into the session and return their paths.

    Return an empty list for a session without a trace. Raises `ConfigurationError` without matplotlib,
    `SessionError` for a trace that cannot be read, and `BenchFault` if a file cannot be written.
    """
    try:
        import matplotlib.figure
    except ImportError:
        raise ConfigurationError("plots need matplotlib. Try: pip install 'energy-runner[plots]'") from None
    if not session.has_trace():
        return []
    monitors = list(session.journal(exchanges=False).of(MonitorConfigured))
    folder = session.path / FOLDER
    written: list[Path] = []
    with session.trace() as reader:
        trace = PowerTrace(reader, monitors[-1].voltage_set_v if monitors else 0.0)
        if trace.samples == 0:
            raise SessionError(f"{session.path}: the trace holds no samples, so there is nothing to plot")
        jobs: list[tuple[str, WindowResult | None]] = [("trace.png", None)]
        placed = [w for w in result.windows if w.start_s is not None and w.duration_s]
        jobs += [(f"window-{w.index + 1}.png", w) for w in placed]
        for name, window in jobs:
            figure = matplotlib.figure.Figure(figsize=SIZE_INCHES, layout="constrained")
            _draw(figure, trace, result, window)
            try:
                folder.mkdir(exist_ok=True)
                figure.savefig(folder / name, dpi=DOTS_PER_INCH, metadata=METADATA)
            except OSError as error:
                raise BenchFault(
                    f"{folder / name}: cannot be written ({in_words(error)}){remedy(error)}"
                ) from None
            written.append(folder / name)
    return written


def _draw(figure: "Figure", trace: PowerTrace, result: Result, window: WindowResult | None) -> None:
    axes = figure.subplots()
    envelope = _envelope(trace, window)
    _line(axes, envelope, trace.period_s)
    for each in result.windows:
        if each.start_s is None or each.stop_s is None or (window and each.index != window.index):
            continue
        axes.axvspan(each.start_s, each.stop_s, color="#ffb000", alpha=0.15, linewidth=0)
        for edge in (each.start_s, each.stop_s):
            axes.axvline(edge, color="#a35f00", linewidth=0.8)
        middle = (each.start_s + each.stop_s) / 2
        axes.annotate(
            str(each.index + 1), (middle, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom"
        )
    for begin, end in envelope.gaps():
        axes.axvspan(begin * trace.period_s, end * trace.period_s, color="#d1242f", alpha=0.6)
    axes.set_xlabel("time since the start of the recording (s)")
    axes.set_ylabel("power (mW)")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.margins(x=0)
    axes.grid(alpha=0.3)
    axes.set_title(_title(result, window), fontsize=10, loc="left", pad=16)
    if result.virtual:
        figure.supxlabel(VIRTUAL, fontsize=9, color="#8a5a00")


def _envelope(trace: PowerTrace, window: WindowResult | None) -> Envelope:
    start, stop = 0, trace.samples
    if window is not None and window.start_s is not None and window.duration_s is not None:
        margin_s = MARGIN * window.duration_s
        start = max(0, int((window.start_s - margin_s) / trace.period_s))
        stop = min(trace.samples, int((window.start_s + window.duration_s + margin_s) / trace.period_s) + 1)
    return decimate(trace.chunks(start, stop), stop - start, first=start)


def _line(axes: Any, envelope: Envelope, period_s: float) -> None:
    middles_s = (envelope.starts + envelope.width / 2) * period_s
    if envelope.width > 1:
        axes.fill_between(middles_s, envelope.low, envelope.high, color="#4285c8", alpha=0.4, linewidth=0.6)
    mean = np.where(envelope.missing > 0, np.nan, envelope.mean) if envelope.width > 1 else envelope.mean
    axes.plot(middles_s, mean, color="#0b5cad", linewidth=0.8)


def _title(result: Result, window: WindowResult | None) -> str:
    measured = score(result)
    words = f"{result.benchmark}, {result.mode}"
    if window is not None:
        return f"{words}, window {window.index + 1}"
    if measured is None:
        return f"{words}: no score"
    # matplotlib's own fonts lack the narrow space.
    shown = f"{measured[0]} {measured[1]}".replace("\u202f", "\u00a0")
    return f"{words}: {shown}" + ("" if result.valid else " (NOT VALID)")
