"""Which power monitors there are: a table of names, loaded only when one is opened.

Other packages add their own through the entry-point group `energy_runner.monitors`; the entry's name is the
driver's name and its value the driver's factory (see `MonitorDriver.factory`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

from instruments.clock import Clock
from instruments.roles import PowerMonitor

ENTRY_POINT_GROUP = "energy_runner.monitors"


@dataclass(frozen=True)
class MonitorDriver:
    """One kind of power monitor.

    `way` says what the driver speaks over: a byte stream ("stream") or SCPI messages ("scpi"). `factory` is
    called as `factory(port, clock, **options)` and must not do any I/O. `accuracy` names the table of its
    limits of error, `baud` is the speed of a serial port (0 where there is none).
    """

    name: str
    title: str
    way: Literal["stream", "scpi"]
    baud: int
    factory_path: str
    edges: str
    accuracy: str = ""

    def factory(self) -> Callable[..., PowerMonitor]:
        """Import the driver and return its factory."""
        module, _, name = self.factory_path.partition(":")
        factory: Callable[..., PowerMonitor] = getattr(import_module(module), name)
        return factory

    def build(self, port: Any, clock: Clock, options: Mapping[str, Any]) -> PowerMonitor:
        """Return a driver on `port`; unknown options raise `TypeError`."""
        return self.factory()(port, clock, **options)


BUILT_IN = (
    MonitorDriver(
        name="lpm01a",
        title="ST X-NUCLEO-LPM01A (PowerShield)",
        way="stream",
        baud=3_686_400,
        factory_path="instruments.devices.lpm01a.driver:Lpm01a",
        edges="captured by the monitor (D7), to one sample",
        accuracy="lpm01a",
    ),
    MonitorDriver(
        name="n6705",
        title="Keysight N6705B/C or N6700 with an N678x SMU module",
        way="scpi",
        baud=0,
        factory_path="instruments.devices.n6705.driver:N6705",
        edges="first edge starts the log (trigger input), later ones from the IO manager's laps",
        accuracy="n6705",
    ),
)


def drivers() -> dict[str, MonitorDriver]:
    """Return all known drivers by name, those of other packages included; see `broken_drivers` for the rest."""
    table = {driver.name: driver for driver in BUILT_IN}
    table.update({name: found for name, found in _of_other_packages().items() if isinstance(found, MonitorDriver)})
    return table


def broken_drivers() -> dict[str, str]:
    """Return the drivers of other packages that cannot be loaded, by the name of their entry point, and why."""
    return {name: found for name, found in _of_other_packages().items() if isinstance(found, str)}


def _of_other_packages() -> dict[str, MonitorDriver | str]:
    """Return each driver that another package brings, or what is wrong with it; ours keep their names.

    A package that fails to import must not take the other drivers with it, whatever it raises.
    """
    own = {driver.name for driver in BUILT_IN}
    table: dict[str, MonitorDriver | str] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        where = f"{entry.value} of {entry.dist.name if entry.dist else 'an unknown package'}"
        try:
            driver = entry.load()
        except Exception as error:  # other people's code may raise anything
            table[entry.name] = f"{where} cannot be loaded: {type(error).__name__}: {error}"
            continue
        if not isinstance(driver, MonitorDriver):
            table[entry.name] = f"{where} is {type(driver).__name__} and no MonitorDriver"
        elif driver.name in own:
            table[entry.name] = f"{where} takes the name of a built-in driver, '{driver.name}'"
        else:
            table[driver.name] = driver
    return table
