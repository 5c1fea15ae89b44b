# SPDX-License-Identifier: Apache-2.0
"""`levels` of a result: the power of a DUT outside the windows."""

from energy_runner.session.document import Model


class LevelResult(Model):
    """The power of a DUT in one state outside the windows."""

    power_w: float
    """Power, W."""
    u_w: float
    """Standard uncertainty, W: scatter of what was found; the monitor's errors are not in it."""
    total_s: float
    """Duration of all places together, s."""
    places: int
    """Places where it was found."""
    start_s: float
    """Beginning of the longest of them, s from the start of the acquisition."""
    duration_s: float
    """Duration of the longest, s."""


class Levels(Model):
    """Power outside the windows, told apart by what was sent and received; null where there is no such stretch."""

    idle: LevelResult | None = None
    """Nothing is sent either way, and no command is being executed."""
    transmit: LevelResult | None = None
    """The DUT sends its answer after a window."""
    receive: LevelResult | None = None
    """A stimulus is loaded; the DUT's answers to its parts are left out."""
    searched: str = ""
    """Where idle was searched, and by what."""
