# SPDX-License-Identifier: Apache-2.0
"""The twin of a JS320: its count of samples jumps by what it loses."""

from instruments.devices.js320.dialect import IO_REFERENCE, MODEL
from instruments.joulescope.twin import VirtualJoulescope
from instruments.world.world import World


class VirtualJs320(VirtualJoulescope):
    """One JS320."""

    def __init__(self, world: World, name: str = "monitor") -> None:
        super().__init__(world, MODEL, (IO_REFERENCE,), name)
