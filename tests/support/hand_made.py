# SPDX-License-Identifier: Apache-2.0
"""Facts made by hand: only what a function under test looks at."""

from types import SimpleNamespace
from typing import Any, cast

from energy_runner.analysis.facts import Facts


def fake(**known: Any) -> Facts:
    return cast(Facts, SimpleNamespace(**({"lost": [], "laps": []} | known)))


def lost(after: int, before: int, missing: int) -> SimpleNamespace:
    return SimpleNamespace(after=after, before=before, missing=missing)
