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
    With `on_tcp`, a stream is a TCP connection to a server, `tcp://host:port`, and its twin is served there.
    With `samples_own_output`, the sampler measures only what its own supply feeds, so it can play sampler only
    where it plays supply, too. `lacks` says which roles are not there where an option has a certain value; a
    sampler without the role of a supply measures what another feeds. `by_option` names roles that are played only
    where an option, named with the role, is set.

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
    on_tcp: bool = False
    lacks: tuple[tuple[str, Any, tuple[RoleName, ...]], ...] = ()
    by_option: tuple[tuple[RoleName, str], ...] = ()
    models: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    kind: SignalKind | None = None
    ranges: str = ""
    usb: tuple[str, ...] = ()
    extra: str = ""
    library: str = ""

    def plays(self, options: Mapping[str, Any]) -> tuple[RoleName, ...]:
        """Return the roles that it plays with these `options` of a bench file."""
        missing = {role for key, value, roles in self.lacks if options.get(key) == value for role in roles}
        more = (role for role, option in self.by_option if options.get(option))
        return tuple(role for role in (*self.roles, *more) if role not in missing)

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
        options="instruments.devices.lpm01a.dialect:Options",
        twin="instruments.devices.lpm01a.twin:VirtualLpm01a",
        specification="instruments.devices.lpm01a",
        baud=3_686_400,
        other_bauds=(921_600, 115_200),
        edges='captured by the monitor (D7), to one sample; not with format = "bin_hexa"',
        samples_own_output=True,
        lacks=(("format", "bin_hexa", ("edges",)),),
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
        options="instruments.devices.n6705.options:Options",
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
    *(
        DriverSpec(
            name=f"js{model}",
            title=f"Joulescope JS{model}",
            link="vendor",
            roles=("sampler", "edges"),
            driver=f"instruments.devices.js{model}.driver:Js{model}",
            options=f"instruments.devices.js{model}.driver:Options",
            twin=f"instruments.devices.js{model}.twin:VirtualJs{model}",
            specification=f"instruments.devices.js{model}",
            edges="captured by the monitor (one of its inputs), to 0.25 µs",
            models=(f"JS{model}",),
            quantities=("current", "voltage"),
            kind="mean",
            ranges="18 µA to 10 A, automatic",
            usb=(usb,),
            extra="joulescope",
            library="pyjoulescope_driver",
        )
        for model, usb in ((110, "16d0:0e88"), (220, "16d0:10ba"), (320, "16d0:135a"))
    ),
    DriverSpec(
        name="otii-arc",
        title="Qoitech Otii Arc",
        link="stream",
        roles=("supply", "sampler", "edges"),
        driver="instruments.devices.otii.driver:Otii",
        options="instruments.devices.otii.driver:Options",
        twin="instruments.devices.otii.twin:VirtualOtii",
        specification="instruments.devices.otii:arc.toml",
        on_tcp=True,
        edges="captured by the monitor (GPI1), to about one reading of the current",
        samples_own_output=True,
        models=("Otii Arc", "Otii Arc Pro"),
        quantities=("current", "voltage"),
        kind="mean",
        ranges="up to 5 A, automatic",
    ),
    DriverSpec(
        name="otii-ace",
        title="Qoitech Otii Ace",
        link="stream",
        roles=("supply", "sampler", "edges"),
        driver="instruments.devices.otii.driver:OtiiAce",
        options="instruments.devices.otii.driver:Options",
        twin="instruments.devices.otii.twin:VirtualOtiiAce",
        specification="instruments.devices.otii:ace.toml",
        on_tcp=True,
        edges="captured by the monitor (GPI1), to about one reading of the current",
        samples_own_output=True,
        models=("Otii Ace", "Otii Ace Pro"),
        quantities=("current", "voltage"),
        kind="mean",
        ranges="up to 5 A, automatic",
    ),
    DriverSpec(
        name="wt310",
        title="Yokogawa WT310E digital power meter",
        link="scpi",
        roles=("sampler",),
        driver="instruments.devices.wt310.driver:Wt310",
        options="instruments.devices.wt310.driver:Options",
        twin="instruments.devices.wt310.twin:VirtualWt310",
        specification="instruments.devices.wt310",
        models=("WT310E",),
        quantities=("power", "current", "voltage"),
        kind="mean",
        ranges="15 to 600 V, 5 mA to 20 A, fixed",
    ),
    DriverSpec(
        name="ptdaemon",
        title="A power analyzer behind SPEC's PTDaemon",
        link="stream",
        roles=("sampler",),
        driver="instruments.devices.ptdaemon.driver:PtDaemon",
        options="instruments.devices.ptdaemon.driver:Options",
        twin="instruments.devices.ptdaemon.twin:VirtualPtDaemon",
        specification="instruments.devices.ptdaemon",
        on_tcp=True,
        models=("PTDaemon",),
        quantities=("power",),
        kind="mean",
        ranges="those of the analyzer",
    ),
    DriverSpec(
        name="ngm",
        title="R&S NGM201 or NGM202 power supply",
        link="scpi",
        roles=("supply", "sampler"),
        driver="instruments.devices.ngu.driver:Ngm",
        options="instruments.devices.ngu.driver:Options",
        twin="instruments.devices.ngu.twin:VirtualNgm",
        specification="instruments.devices.ngu.ngm",
        edges="first edge starts the log (digital input), later ones from the IO manager's laps",
        samples_own_output=True,
        models=("NGM201", "NGM202"),
        quantities=("voltage", "current"),
        kind="mean",
        ranges="automatic, up to 6 A; the steps are not confirmed",
    ),
    DriverSpec(
        name="dp800",
        title="Rigol DP800 power supply",
        link="scpi",
        roles=("supply",),
        driver="instruments.devices.dp800.driver:Dp800",
        options="instruments.devices.dp800.driver:Options",
        twin="instruments.devices.dp800.twin:VirtualDp800",
        specification="instruments.devices.dp800",
        models=("DP811", "DP821", "DP831", "DP832", "DP811A", "DP821A", "DP831A", "DP832A"),
    ),
    DriverSpec(
        name="spd",
        title="Siglent SPD3303X/C or SPD1000X power supply",
        link="scpi",
        roles=("supply",),
        driver="instruments.devices.spd.driver:Spd",
        options="instruments.devices.spd.driver:Options",
        twin="instruments.devices.spd.twin:VirtualSpd",
        specification="instruments.devices.spd",
        models=("SPD3303X", "SPD3303X-E", "SPD3303C", "SPD1168X", "SPD1305X"),
    ),
    DriverSpec(
        name="dmm7510",
        title="Keithley DMM7510 or DMM6500 multimeter",
        link="scpi",
        roles=("sampler",),
        driver="instruments.devices.dmm7510.driver:Dmm7510",
        options="instruments.devices.dmm7510.driver:Options",
        twin="instruments.devices.dmm7510.twin:VirtualDmm7510",
        specification="instruments.devices.dmm7510",
        edges="first edge starts the digitizer (EXT TRIG IN), later ones from the IO manager's laps",
        models=("DMM7510", "DMM6500"),
        quantities=("current",),
        kind="instant",
        ranges="100 µA to 10 A, fixed by the option range_a; means over a period with the option mean",
        usb=("05e6:6500",),
    ),
    DriverSpec(
        name="smu2400",
        title="Keithley 2450, 2460 or 2470 source measure unit",
        link="scpi",
        roles=("supply", "sampler"),
        driver="instruments.devices.smu2400.driver:Smu2400",
        options="instruments.devices.smu2400.driver:Options",
        twin="instruments.devices.smu2400.twin:VirtualSmu2400",
        specification="instruments.devices.smu2400",
        edges="first edge starts the readings (digital I/O), later ones from the IO manager's laps",
        samples_own_output=True,
        models=("2450", "2460", "2470"),
        quantities=("current",),
        kind="instant",
        ranges="up to 1 A (2460: 7 A), fixed by the option range_a",
        usb=("05e6:2450",),
    ),
    DriverSpec(
        name="ppk2",
        title="Nordic Power Profiler Kit II (PPK2)",
        link="stream",
        roles=("supply", "sampler", "edges"),
        driver="instruments.devices.ppk2.driver:Ppk2",
        options="instruments.devices.ppk2.driver:Options",
        twin="instruments.devices.ppk2.twin:VirtualPpk2",
        specification="instruments.devices.ppk2",
        baud=115_200,
        edges="captured by the monitor (D0 to D7), to one sample of 10 us",
        samples_own_output=True,
        lacks=(("mode", "ampere", ("supply",)),),
        models=("PPK2",),
        quantities=("current",),
        kind="instant",
        ranges="50 µA to 1 A in five, automatic",
        usb=("1915:c00a",),
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
        name="interface-board",
        title="Enhanced interface board (STM32H573I-DK)",
        link="stream",
        roles=("dut",),
        driver="instruments.devices.interface_board.driver:InterfaceBoard",
        options="instruments.devices.interface_board.driver:Options",
        twin="instruments.devices.interface_board.twin:VirtualInterfaceBoard",
        baud=115_200,
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
        name="relay-lcus",
        title="LCUS relay board on a USB serial port",
        link="stream",
        roles=("switch",),
        driver="instruments.devices.relay_lcus.driver:LcusRelay",
        options="instruments.devices.relay_lcus.driver:Options",
        twin="instruments.devices.relay_lcus.twin:VirtualLcusRelay",
        models=("LCUS-1", "LCUS-2", "LCUS-4", "LCUS-8"),
        baud=9600,
    ),
    DriverSpec(
        name="relay-numato",
        title="Numato Lab USB relay module",
        link="stream",
        roles=("switch",),
        driver="instruments.devices.relay_numato.driver:NumatoRelay",
        options="instruments.devices.relay_numato.driver:Options",
        twin="instruments.devices.relay_numato.twin:VirtualNumatoRelay",
        models=("1, 2, 4, 8, 16 and 32 channel USB relay modules",),
        baud=9600,
    ),
    DriverSpec(
        name="usb-hub",
        title="USB hub that switches single ports, through uhubctl",
        link="vendor",
        roles=("switch",),
        driver="instruments.devices.usb_hub.driver:UsbHub",
        options="instruments.devices.usb_hub.driver:Options",
        twin="instruments.devices.usb_hub.twin:VirtualUsbHub",
    ),
    DriverSpec(
        name="scpi-thermometer",
        title="Thermometer, or multimeter with a probe, that answers a SCPI query",
        link="scpi",
        roles=("thermometer",),
        driver="instruments.devices.scpi_thermometer.driver:ScpiThermometer",
        options="instruments.devices.scpi_thermometer.driver:Options",
        twin="instruments.devices.scpi_thermometer.twin:VirtualScpiThermometer",
    ),
    DriverSpec(
        name="serial-thermometer",
        title="Probe that prints temperatures on a serial port",
        link="stream",
        roles=("thermometer",),
        driver="instruments.devices.serial_thermometer.driver:SerialThermometer",
        options="instruments.devices.serial_thermometer.driver:Options",
        twin="instruments.devices.serial_thermometer.twin:VirtualSerialThermometer",
        baud=9600,
    ),
    DriverSpec(
        name="linux-sensor",
        title="Temperature sensor that the Linux kernel reads (hwmon or iio)",
        link="vendor",
        roles=("thermometer",),
        driver="instruments.devices.linux_sensor.driver:LinuxSensor",
        options="instruments.devices.linux_sensor.driver:Options",
        twin="instruments.devices.linux_sensor.twin:VirtualLinuxSensor",
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
