# SPDX-License-Identifier: Apache-2.0
"""The table of drivers: one `DriverSpec` for each, whose parts are imported only when they are used.

Other packages add theirs through the entry-point group `energy_runner.drivers`; each entry is a `DriverSpec`.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from instruments.clock import Clock
from instruments.roles import Instrument, Rates, RoleName, SignalKind
from instruments.specifications import Specification, load

ENTRY_POINT_GROUP = "energy_runner.drivers"
LinkKind = Literal["stream", "scpi", "vendor", "none"]
# A part of a driver: the object itself, or its location as `package.module:name`.
Part = Any


class NoOptions(BaseModel):
    """Options model of a driver without options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class DriverSpec:
    """One driver and all its parts.

    `link` is the kind of link the driver needs: a stream of bytes, SCPI messages, a vendor's library, or `none`
    (the twin itself plays the roles). `driver` is called as `driver(link, clock, options)` and must not do any
    I/O; `options` is the pydantic model of `options` in a bench file. `twin` is called as `twin(world, name)`, and
    for the role `dut` with the DUT's twin and its baud rate as well; its `port` is the twin's end of the cable.
    `specification` is the package whose `specification.toml` holds the data sheet's limits. `baud` is the speed of
    the serial port (0: it has none); `other_bauds` are tried where the port's driver refuses it, for a device
    whose USB port works at any speed. `edges` describes how edges are captured. `channel_option` is set for a
    mainframe: it names the option that selects a channel; different benches can use different channels at once.
    With `samples_own_output`, the sampler measures only what its own supply feeds, so it can play sampler only
    where it plays supply, too. `by_option` names roles that are played only where an option, named with the role,
    is set.

    For people who choose: `models` by the maker's names, the `quantities` that are sampled and their `kind`, the
    `ranges` in words, `usb` ids (vendor and product), and the `library` (a module) with which the driver talks,
    which the package's `extra` of that name brings.
    """

    name: str
    title: str
    link: LinkKind
    roles: tuple[RoleName, ...]
    driver: Part = None
    options: Part = NoOptions
    twin: Part = None
    specification: str = ""
    baud: int = 0
    other_bauds: tuple[int, ...] = ()
    edges: str = ""
    channel_option: str = ""
    samples_own_output: bool = False
    by_option: tuple[tuple[RoleName, str], ...] = ()
    models: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    kind: SignalKind | None = None
    ranges: str = ""
    usb: tuple[str, ...] = ()
    extra: str = ""
    library: str = ""

    def plays(self, options: Mapping[str, object]) -> tuple[RoleName, ...]:
        """Return the roles that it plays with these `options` of a bench file."""
        return (*self.roles, *(role for role, option in self.by_option if options.get(option)))

    def options_model(self) -> type[BaseModel]:
        """Return the pydantic model for the driver's options."""
        model: type[BaseModel] = _loaded(self.options)
        return model

    def build(self, link: Any, clock: Clock, options: BaseModel) -> Instrument:
        """Return the instrument on `link`, not yet opened."""
        factory: Callable[..., Instrument] = _loaded(self.driver)
        return factory(link, clock, options)

    def build_twin(self, world: Any, name: str, *arguments: Any) -> Any:
        """Return the twin called `name` in `world`."""
        factory: Callable[..., Any] = _loaded(self.twin)
        return factory(world, name, *arguments)

    def rates(self) -> Rates | None:
        """Return the sample rates that the driver offers; None if only the opened instrument says them."""
        return getattr(_loaded(self.driver), "rates", None) if self.driver is not None else None

    def limits(self) -> Specification | None:
        """Return the data sheet's limits; None for a driver without a specification."""
        return load(self.specification) if self.specification else None


BUILT_IN = (
    DriverSpec(
        name="lpm01a",
        title="ST X-NUCLEO-LPM01A (PowerShield)",
        link="stream",
        roles=("supply", "sampler", "edges"),
        driver="instruments.devices.lpm01a.driver:Lpm01a",
        twin="instruments.devices.lpm01a.twin:VirtualLpm01a",
        specification="instruments.devices.lpm01a",
        baud=3_686_400,
        other_bauds=(921_600, 115_200),
        edges="captured by the monitor (D7), to one sample",
        samples_own_output=True,
        models=("X-NUCLEO-LPM01A",),
        quantities=("energy",),
        kind="mean",
        ranges="up to 50 mA, automatic",
        usb=("0483:5740",),
    ),
    DriverSpec(
        name="n6705",
        title="Keysight N6705B/C or N6700 with an N678x SMU module",
        link="scpi",
        roles=("supply", "sampler"),
        driver="instruments.devices.n6705.driver:N6705",
        options="instruments.devices.n6705.driver:Options",
        twin="instruments.devices.n6705.twin:VirtualN6705",
        specification="instruments.devices.n6705",
        edges="first edge starts the log (trigger input), later ones from the IO manager's laps; or aux_edges",
        channel_option="channel",
        samples_own_output=True,
        by_option=(("edges", "aux_edges"),),
        models=("N6705B", "N6705C", "N6700B", "N6700C", "N6701C", "N6702C"),
        quantities=("current", "voltage"),
        kind="mean",
        ranges="10 µA to 3 A, automatic without a gap",
    ),
    DriverSpec(
        name="ngu",
        title="R&S NGU201 or NGU401 source measure unit",
        link="scpi",
        roles=("supply", "sampler"),
        driver="instruments.devices.ngu.driver:Ngu",
        twin="instruments.devices.ngu.twin:VirtualNgu",
        specification="instruments.devices.ngu",
        edges="first edge starts the log (digital input), later ones from the IO manager's laps",
        samples_own_output=True,
        models=("NGU201", "NGU401"),
        quantities=("voltage", "current"),
        kind="mean",
        ranges="1 mA to 3 A, automatic",
    ),
    DriverSpec(
        name="io-manager",
        title="Arduino-type IO manager",
        link="stream",
        roles=("edges", "dut"),
        driver="instruments.devices.io_manager.driver:IoManager",
        twin="instruments.devices.io_manager.twin:VirtualIoManager",
        baud=115_200,
        edges="microseconds of its own clock (D3)",
        models=("Arduino UNO",),
        usb=("2341:0043", "2341:0001", "2a03:0043", "2a03:0243"),
    ),
    DriverSpec(
        name="dut-port",
        title="The DUT's UART on a serial port of the host",
        link="stream",
        roles=("dut",),
        driver="instruments.devices.dut.serial_port:DutSerialPort",
        twin="instruments.devices.dut.twin_line:VirtualDutLine",
        baud=115_200,
    ),
    DriverSpec(
        name="ideal",
        title="A monitor without any error, in software only",
        link="none",
        roles=("supply", "sampler", "edges", "thermometer", "switch"),
        twin="instruments.devices.ideal.twin:VirtualIdeal",
        edges="exact",
        quantities=("energy",),
        kind="mean",
    ),
)


def drivers() -> dict[str, DriverSpec]:
    """Return all usable drivers by name, including those of other packages; for the rest see `broken_drivers`."""
    table = {spec.name: spec for spec in BUILT_IN}
    table.update({name: found for name, found in _of_other_packages().items() if isinstance(found, DriverSpec)})
    return table


def broken_drivers() -> dict[str, str]:
    """Return the reason why a driver of another package cannot be used, by the name of its entry point."""
    return {name: found for name, found in _of_other_packages().items() if isinstance(found, str)}


def entry_points(group: str) -> metadata.EntryPoints:
    """Return the entry points of `group`; they are read again when the import path changes.

    Reading what all installed packages provide takes longer than opening an instrument, and a run asks often.
    """
    return _entry_points(group, tuple(sys.path))


@cache
def _entry_points(group: str, path: tuple[str, ...]) -> metadata.EntryPoints:
    del path
    return metadata.entry_points(group=group)


def _of_other_packages() -> dict[str, DriverSpec | str]:
    """Return each driver of another package, or what is wrong with it; built-in drivers keep their names.

    A package that fails to import must not make the other drivers unusable, whatever it raises.
    """
    own = {spec.name for spec in BUILT_IN}
    table: dict[str, DriverSpec | str] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        where = f"{entry.value} of {entry.dist.name if entry.dist else 'an unknown package'}"
        try:
            spec = entry.load()
        except Exception as error:  # code of other packages may raise anything
            table[entry.name] = f"{where} cannot be loaded: {type(error).__name__}: {error}"
            continue
        if not isinstance(spec, DriverSpec):
            table[entry.name] = f"{where} is of type {type(spec).__name__}, not a DriverSpec"
        elif spec.name in own:
            table[entry.name] = f"{where} takes the name of a built-in driver, '{spec.name}'"
        else:
            table[spec.name] = spec
    return table


def _loaded(part: Part) -> Any:
    """Return a part; import it if it is given as `package.module:name`."""
    if not isinstance(part, str):
        return part
    module, _, name = part.partition(":")
    return getattr(import_module(module), name)
