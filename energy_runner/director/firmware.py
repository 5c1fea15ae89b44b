# SPDX-License-Identifier: Apache-2.0
"""Whether an instrument of a bench answers with firmware that is new enough for its driver."""

from energy_runner.bench import Bench
from energy_runner.bench.wiring import driver_of, instruments_of
from instruments.firmware import FirmwareDoubt, doubts
from instruments.roles import Identity


def firmware_doubts(bench: Bench, name: str, identity: Identity) -> list[FirmwareDoubt]:
    """Return what is in doubt about the version of the instrument `name`; nothing if it is new enough."""
    instrument = instruments_of(bench.spec).get(name)
    return doubts(driver_of(name, instrument).oldest, identity) if instrument is not None else []
