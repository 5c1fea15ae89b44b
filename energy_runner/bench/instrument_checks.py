# SPDX-License-Identifier: Apache-2.0
"""What a bench file says of one instrument alone: its options, and the kind of its address."""

from pydantic import BaseModel, ValidationError

from energy_runner.bench.players import MONITOR, WiringError
from energy_runner.bench.spec import VIRTUAL_PORT, InstrumentSpec
from energy_runner.bench.words import fault, meant
from energy_runner.wording import shown
from instruments.registry import DriverSpec, drivers

_SERVERS = ("tcp://", "socket://")  # both are a socket; the second is pyserial's word for one


def options_of(name: str, driver: DriverSpec, instrument: InstrumentSpec) -> BaseModel:
    """Return the driver's options, checked; raise `WiringError` with the bench file's own keys."""
    model = driver.options_model()
    try:
        return model.model_validate(instrument.options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = tuple(str(part) for part in first["loc"])
        known = ", ".join(model.model_fields) or "none"
        unknown = first["type"] == "extra_forbidden"
        wrong = f"is unknown{meant(key[0], model.model_fields)}" if unknown else fault(first)
        place = (*_table(name), "options", *key)
        remedy = f"energy-runner instruments show {driver.name}"
        raise WiringError(
            place, f"{'.'.join(place)} {wrong} (options of {driver.name}: {known})", try_this=remedy
        ) from error


def check_server(name: str, driver: DriverSpec, instrument: InstrumentSpec) -> None:
    """Refuse another address than a server's for an instrument that is reached through one."""
    port = instrument.port
    if driver.on_tcp and port != VIRTUAL_PORT and not port.lower().startswith(_SERVERS):
        place = (*_table(name), "port")
        raise WiringError(
            place,
            f"{'.'.join(place)} = '{shown(port)}': {driver.title} is reached through its server on the network",
            try_this=driver.port_example or "tcp://host:port",
        )


def driver_of_model(model: str) -> str:
    """Return the name of the driver of a model, in upper or lower case; "" for none."""
    wanted = model.casefold()
    return next((one.name for one in drivers().values() if wanted in (name.casefold() for name in one.models)), "")


def _table(name: str) -> tuple[str, ...]:
    return (name,) if name == MONITOR else ("instruments", name)
