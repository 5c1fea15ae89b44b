# SPDX-License-Identifier: Apache-2.0
"""`segment`: the single inferences inside the windows."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.quantities import jsonable, with_u
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.inferences.segment import Segmentation, WindowInferences
    from energy_runner.session.folder import Session

SEGMENT_SCHEMA = "energy-runner/segmentation/1"
_MOST_OUTLIERS = 8


def segment_command(session: Path, window: int | None, *, as_json: bool) -> int:
    """Find the single inferences of a session's windows (or of window `window`, from 1) and show them.

    Status 1 if a window is not resolved or shows another number of inferences than the session states, and if a
    file of the session was changed.
    """
    from energy_runner import api
    from energy_runner.cli.differences import tell_differences
    from energy_runner.cli.output import write_json

    opened = api.load_session(session)
    differs = tell_differences(opened)
    found = api.segment(opened, window)
    if as_json:
        write_json(_segmentation_document(opened, found))
    else:
        _show_segmentation(opened, found)
    good = not differs and all(one.resolved and not one.disagreements for one in found.windows)
    return ExitStatus.VALID if good else ExitStatus.RULE_FAILED


def _segmentation_document(session: "Session", found: "Segmentation") -> dict[str, Any]:
    return {
        "schema": SEGMENT_SCHEMA,
        "session": session.record.session_id,
        "virtual": session.record.virtual,
        "idle": jsonable(found.idle),
        "idle_searched": found.idle_searched,
        "windows": [jsonable(window) for window in found.windows],
    }


def _show_segmentation(session: "Session", found: "Segmentation") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import plain

    if session.record.virtual:
        write("SIMULATED: a virtual bench, no measurement\n")
    rows = [_row(window) for window in found.windows if window.resolved]
    if rows:
        columns = ["#", "Found", "Period ms", "Median µJ", "p5 %", "p95 %", "Outliers", "Drift %", "Above idle µJ"]
        write_table(columns, rows)
    for line in _folded(found.windows):
        write(f"{plain(line)}\n")
    if found.idle is None:
        write(f"Idle level: no stable level {found.idle_searched}\n")
    else:
        idle = found.idle
        where = f"at {idle.start_s:.3f} s for {idle.duration_s * 1e3:.0f} ms, {idle.total_s:.3g} s in all"
        level = with_u(idle.power_w * 1e3, idle.u_w * 1e3)
        write(f"Idle level: {level} mW (scatter only), {where}; searched {found.idle_searched}\n")
    write("The score is the energy between the edges per inference; energy above idle is not the score.\n")


def _row(window: "WindowInferences") -> list[str]:
    from energy_runner.report.units import NOTHING, THIN, fixed

    def number(value: float | None) -> str:  # without thin spaces, at which the table would wrap it
        from energy_runner.report import units

        return units.number(value).replace(THIN, "")

    energy = window.energy
    begin = [str(window.index + 1), str(window.inferences), number(_scaled(window.period_s, 1e3))]
    above = number(_scaled(window.above_idle_j, 1e6))
    if energy is None:
        return [*begin, *[NOTHING] * 5, above]
    spread = [fixed(100 * (value / energy.median - 1), 3) for value in (energy.p5, energy.p95)]
    return [
        *begin,
        number(energy.median * 1e6),
        *spread,
        str(len(energy.outliers)),
        fixed(100 * energy.drift, 3),
        above,
    ]


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _folded(windows: "Sequence[WindowInferences]") -> list[str]:
    """Return one line for each kind of remark: how many windows have it, and the figures of the first of them."""
    found: dict[str, list[tuple[int, str]]] = {}
    for window in windows:
        for kind, figures in _remarks(window):
            found.setdefault(kind, []).append((window.index + 1, figures))
    lines = []
    for kind, places in found.items():
        first, figures = places[0]
        if len(places) == 1:
            lines.append(f"Window {first}: {kind}{f': {figures}' if figures else ''}")
        else:
            example = f"; the first of them, window {first}: {figures}" if figures else ""
            lines.append(f"{len(places)} of {len(windows)} windows: {kind}{example}")
    return lines


def _remarks(window: "WindowInferences") -> list[tuple[str, str]]:
    """Return the remarks on a window that its numbers do not show: the kind of each, and its figures."""
    if not window.resolved:
        return [(window.reason, "")]
    remarks = [(text, "") for text in window.disagreements]
    if not window.anchored:
        remarks.append(
            ("the trace does not show where in the period an inference begins; boundaries may be shifted", "")
        )
    energy = window.energy
    if energy is not None and energy.outliers:
        shown = ", ".join(str(number + 1) for number in energy.outliers[:_MOST_OUTLIERS])
        more = len(energy.outliers) - _MOST_OUTLIERS
        remarks.append(("outliers", f"inferences {shown}{f' and {more} more' if more > 0 else ''}"))
    if energy is not None and window.energy_resolution_j and energy.sigma < 1.5 * window.energy_resolution_j:
        remarks.append(("the spread is not resolved: most of it may come from the boundaries", ""))
    if energy is not None and abs(energy.drift) > 2 * energy.drift_u:
        remarks.append(("drift over the window", f"{with_u(energy.drift * 100, energy.drift_u * 100)} %"))
    if energy is not None and abs(energy.warm_up.early) > 2 * energy.warm_up.early_u:
        early = energy.warm_up
        share = with_u(early.early * 100, early.early_u * 100)
        remarks.append(
            ("warm-up: the first inferences differ from the second half", f"{early.early_count} by {share} %")
        )
    gone = sum(not math.isfinite(value) for value in window.energy_j)
    if gone:
        remarks.append(("inferences with missing samples are left out", str(gone)))
    return remarks
