# SPDX-License-Identifier: Apache-2.0
"""What the DUT was to get before its first stimulus, for the bench settings of a report."""

import shlex

from energy_runner.report.units import with_unit
from energy_runner.session.record import RunFacts


def preparation(run: RunFacts) -> list[tuple[object, object]]:
    """Return names and values; None for what was not asked for."""
    flash = run.flash
    return [
        ("Commands for the DUT", "; ".join(run.commands) or None),
        ("Flashed by", shlex.join(flash.command) if flash is not None else None),
        ("SHA-256 of the image", flash.image_sha256 if flash is not None else None),
        ("Without power before", with_unit(run.cool_down_s, "s") if run.cool_down_s is not None else None),
        ("Voltage had to settle", _settled(run)),
    ]


def _settled(run: RunFacts) -> str | None:
    if run.settle_s is None:
        return None
    share, volt = run.settle_share, run.settle_v
    within = (
        f"{100 * share:g} %" if share is not None else f"{volt:g} V" if volt is not None else "what is not known"
    )
    return f"within {within} of the set one for {run.settle_s:g} s"
