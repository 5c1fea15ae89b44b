# SPDX-License-Identifier: Apache-2.0
"""What a plan does to its DUT beforehand: as facts of the record."""

from typing import Any

from energy_runner.director.preparation import Preparation


def preparation_facts(preparation: Preparation) -> dict[str, Any]:
    """Return the keys of the record's `run` that say what the DUT was to get before its first stimulus."""
    return {"commands": list(preparation.commands)}
