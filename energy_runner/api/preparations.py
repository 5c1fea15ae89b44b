# SPDX-License-Identifier: Apache-2.0
"""What a plan does to its DUT beforehand: as facts of the record."""

from typing import Any

from energy_runner.director.preparation import Preparation
from energy_runner.session.record import FlashFacts


def preparation_facts(preparation: Preparation) -> dict[str, Any]:
    """Return the keys of the record's `run` that say what the DUT was to get before its first stimulus."""
    flash = preparation.flash
    return {
        "commands": list(preparation.commands),
        "flash": FlashFacts(
            command=list(flash.words),
            image=flash.image,
            image_sha256=flash.image_sha256,
            timeout_s=flash.timeout_s,
        )
        if flash is not None
        else None,
    }
