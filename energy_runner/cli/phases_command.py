# SPDX-License-Identifier: Apache-2.0
"""`phases`: the energy of named phases, from edges of GPIO pins, or estimated from the trace alone."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.differences import tell_differences
from energy_runner.cli.quantities import jsonable
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.phases.measure import PhaseResult, PhaseSummary
    from energy_runner.session.folder import Session

PHASES_SCHEMA = "energy-runner/phases/1"
_SHOWN = 40
_SHOWN_ESTIMATED = 10  # levels that no pin names are many and alike


def phases_command(
    folder: Path, edges: Path | None, *, active_low: bool, window: int | None, as_json: bool
) -> int:
    """Show energy and duration of each phase; status 1 if there is any finding, such as a missing edge.

    Status 1 also if a file of the session was changed.
    """
    from energy_runner import api
    from energy_runner.cli.output import write_json

    session = api.load_session(folder)
    differs = tell_differences(session)
    found = api.phases(session, edges, active_low=active_low, window=window)
    if as_json:
        write_json(
            {
                "schema": PHASES_SCHEMA,
                "session": session.record.session_id,
                "virtual": session.record.virtual,
                **jsonable(found),
                "findings": [finding.model_dump() for finding in found.findings],
            }
        )
    else:
        _show(session, found)
    return ExitStatus.RULE_FAILED if found.findings or differs else ExitStatus.VALID


def _energy_and_u(one: "PhaseSummary") -> tuple[str, str]:
    """Return the energy of one occurrence and its uncertainty, µJ, rounded as everywhere; dashes where unknown."""
    from energy_runner.report.units import NOTHING, fixed, value_and_expanded

    if not one.count:
        return NOTHING, NOTHING
    energy_uj = one.energy_j / one.count * 1e6
    if one.u_j is None or not math.isfinite(one.u_j):
        return fixed(energy_uj, 3), NOTHING
    return value_and_expanded(energy_uj, one.u_j / one.count * 1e6)


def _show(session: "Session", found: "PhaseResult") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import NOTHING, fixed, plain

    if session.record.virtual:
        write("SIMULATED: a virtual bench, no measurement\n")
    if found.estimated:
        write("ESTIMATED: no edges mark these phases; they are constant levels found in the trace\n")
    rows = [
        [
            plain(one.name),
            str(one.count),
            *_energy_and_u(one),
            fixed(one.duration_s / one.count * 1e3, 4) if one.count else NOTHING,
            fixed(one.mean_power_w * 1e3, 4) if math.isfinite(one.mean_power_w) else NOTHING,
            f"{one.energy_share:.1%}" if math.isfinite(one.energy_share) else NOTHING,
        ]
        for one in found.summaries
    ]
    shown = _SHOWN_ESTIMATED if found.estimated else _SHOWN
    write_table(["Phase", "Count", "Energy µJ", "± u µJ", "Duration ms", "Power mW", "Share"], rows[:shown])
    if len(rows) > shown:
        write(f"… and {len(rows) - shown} more; --json has all\n")
    write("u: standard uncertainty by noise and by samples shared with neighbours, without the monitor's errors\n")
    for finding in found.findings:
        write(f"{finding.id}: {plain(finding.detail)}\n")
