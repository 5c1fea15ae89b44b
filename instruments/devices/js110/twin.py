# SPDX-License-Identifier: Apache-2.0
"""The twin of a JS110: what it loses leaves no gap in its count of samples."""

from instruments.devices.js110.dialect import IO_VOLTAGE, MODEL
from instruments.joulescope.twin import VirtualJoulescope
from instruments.world.world import World


class VirtualJs110(VirtualJoulescope):
    """One JS110."""

    def __init__(self, world: World, name: str = "monitor") -> None:
        super().__init__(world, MODEL, (IO_VOLTAGE,), name)
