# SPDX-License-Identifier: Apache-2.0
"""How often something goes wrong in a night."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """Chances per attempt.

    They are: that it has a fault of the swarm (`faulty`), that its worker dies or freezes (`death`),
    that a fault begins which only a step of recovery cures (`ill`) or only a person (`broken`), that the catalogue
    is locked for a while (`locked`), and that the disk is full for a while, notes included (`full`).
    """

    name: str
    faulty: float
    death: float
    ill: float
    broken: float
    locked: float
    full: float


RATES = {
    one.name: one
    for one in (
        Rate("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        Rate("realistic", 0.02, 0.02, 0.004, 0.0005, 0.005, 0.003),
        Rate("brutal", 0.4, 0.14, 0.05, 0.008, 0.05, 0.03),
    )
}
