# SPDX-License-Identifier: Apache-2.0
"""What the DUT was to get before its first stimulus, for the bench settings of a report."""

import shlex

from energy_runner.session.record import RunFacts


def preparation(run: RunFacts) -> list[tuple[object, object]]:
    """Return names and values; None for what was not asked for."""
    flash = run.flash
    return [
        ("Commands for the DUT", "; ".join(run.commands) or None),
        ("Flashed by", shlex.join(flash.command) if flash is not None else None),
        ("SHA-256 of the image", flash.image_sha256 if flash is not None else None),
    ]
