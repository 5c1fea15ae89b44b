# SPDX-License-Identifier: Apache-2.0
"""A value with its uncertainty as the GUM asks for it (JCGM 100:2008, 7.2.2 to 7.2.6)."""

from energy_runner.session.result import Stated
from energy_runner.wording import coverage_factor, rounded

__all__ = ["rounded", "stated"]


def stated(value_j: float, u_j: float, expanded_j: float, k: float, doubts: list[str]) -> Stated:
    """Return an energy per inference in microjoule, for a person to read and to quote."""
    value, expanded = rounded(value_j * 1e6, expanded_j * 1e6)
    _, u = rounded(value_j * 1e6, u_j * 1e6)
    text = f"({value} ± {expanded}) µJ per inference, k = {coverage_factor(k)}, coverage probability 95 %"
    if doubts:
        text += f"; uncertainty incomplete: {'; '.join(doubts)}"
    return Stated(value=value, u=u, U=expanded, unit="µJ", text=text)
