# SPDX-License-Identifier: Apache-2.0
"""What is to be said of the firmware with which an instrument of a bench answers."""

from energy_runner.bench import Bench
from energy_runner.bench.wiring import driver_of, instruments_of
from instruments.firmware import FirmwareDoubt, doubts
from instruments.roles import Identity


def firmware_doubts(bench: Bench, name: str, identity: Identity) -> list[FirmwareDoubt]:
    """Return what is wrong, or cannot be known, of the version of an instrument; nothing if it is new enough."""
    instrument = instruments_of(bench.spec).get(name)
    return doubts(driver_of(name, instrument).oldest, identity) if instrument is not None else []
