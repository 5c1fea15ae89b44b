# SPDX-License-Identifier: Apache-2.0
"""`bench.toml`: which instruments a bench has, how they are connected, and which roles they play."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from energy_runner import notebook
from energy_runner.bench.calibration_spec import CalibrationSpec, SpecificationSpec
from energy_runner.bench.edge_delay_spec import EdgeDelaySpec
from energy_runner.bench.origin import Origin
from energy_runner.bench.table import Table
from energy_runner.bench.time_zone import ZoneName
from energy_runner.bench.words import meant
from energy_runner.errors import ConfigurationError

VIRTUAL_PORT = "virtual"
MOST_BAUD = 100_000_000  # beyond every UART, and what operating systems can hold
Mode = Literal["energy", "performance", "accuracy"]
MODES: dict[str, Mode] = {"energy": "energy", "performance": "performance", "accuracy": "accuracy"}
DutRoute = Literal["direct", "io-manager"]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Options = dict[str, str | int | float | bool]


def _player(value: object) -> object:
    """Return the instrument that plays a role; refuse what is not the name of one."""
    if isinstance(value, list) and len(value) > 1:
        raise ValueError(f"one instrument, not {len(value)}: a role has one player")
    if not isinstance(value, str):
        raise ValueError('the name of one instrument, such as "psu" or "psu:2"')
    return value


Player = Annotated[Text, BeforeValidator(_player)]


class EnvironmentSpec(Table):
    """`[environment]`: the surroundings of the bench, as a thermometer next to the DUT shows them."""

    temperature_c: float | None = Field(default=None, ge=-40.0, le=125.0)
    """Temperature of the surroundings, °C."""
    temperature_change_k: float | None = Field(default=None, ge=0.0, le=100.0)
    """Largest change of the temperature at the instruments since their last self-calibration, K."""


class InstrumentSpec(Table):
    """`[instruments.NAME]`: one device and its link.

    `port` is a serial port, a VISA resource, `tcp://host:port`, or what a vendor's library takes; `baud` changes
    the speed of a serial port, `backend` the VISA library (such as `@ivi`).
    """

    driver: Text
    """Name of the driver; `energy-runner instruments list` shows them."""
    port: Text
    """Serial port, VISA resource, `tcp://host:port`, or what the vendor's library takes; `virtual` for a twin."""
    baud: int | None = Field(default=None, gt=0, le=MOST_BAUD)
    """Speed of its serial port; by default the driver's."""
    dtr: bool | None = None
    """Level of DTR while its serial port is open (true: asserted); by default the operating system's, asserted."""
    rts: bool | None = None
    """Level of RTS while its serial port is open; by default the operating system's, asserted."""
    backend: Text | None = None
    """VISA library, such as `@ivi`; by default pyvisa-py."""
    options: Options = Field(default_factory=dict)
    """Options of the driver."""
    calibration: CalibrationSpec | None = None
    """When and by whom it was calibrated, with its points; or the path of a file with a table `calibration`."""
    specification: SpecificationSpec | None = None
    """Terms in the place of those of the driver's specification, or beside them."""


class RolesSpec(Table):
    """`[roles]`: which instrument plays which role, as `NAME` or `NAME:CHANNEL`.

    `edges` captures the timestamp pin's falling edges, `cross_check` sees them too and is compared; `dut` relays
    the DUT's UART.
    """

    supply: Player | None = None
    """Feeds the DUT."""
    sampler: Player | None = None
    """Samples what the DUT draws."""
    edges: Player | None = None
    """Captures the timestamp pin's falling edges."""
    cross_check: Player | None = None
    """Captures them too, and is compared with the edges."""
    dut: Player | None = None
    """Relays the DUT's UART."""
    thermometer: Player | None = None
    """Measures the temperature of the surroundings."""
    switch: Player | None = None
    """Is turned off while the DUT is measured: it switches a debug probe's power, for example."""


class RailSpec(Table):
    """`[rails.NAME]`: one of several supply rails of the DUT, in the order in which they are switched on."""

    supply: Player
    """Feeds the rail, as `NAME` or `NAME:CHANNEL`."""
    sampler: Player
    """Samples what the rail draws, likewise."""
    voltage_v: float = Field(gt=0.0, le=20.0)
    """Voltage of the rail, V."""
    current_limit_a: float | None = Field(default=None, gt=0.0, le=10.0)
    """Current limit of its supply, A."""


class SupplySpec(Table):
    """`[supply]`: the voltage at which the DUT runs, whether an instrument of the bench feeds it or not."""

    voltage_v: float = Field(gt=0.0, le=20.0)
    """Supply voltage of the DUT, V."""
    current_limit_a: float | None = Field(default=None, gt=0.0, le=10.0)
    """Current limit of the supply, A."""


class SamplerSpec(Table):
    """`[sampler]`: how fast it samples."""

    sample_rate_hz: float | None = Field(default=None, gt=0.0)
    """Samples per second; by default the driver's choice."""


class MonitorSpec(Table):
    """`[monitor]`: one instrument that feeds the DUT, samples it and, if it can, captures the edges."""

    driver: Text
    """Name of the driver; `energy-runner instruments list` shows them."""
    port: Text
    """Serial port, VISA resource, `tcp://host:port`, or what the vendor's library takes; `virtual` for a twin."""
    voltage_v: float = Field(gt=0.0, le=20.0)
    """Supply voltage of the DUT, V."""
    sample_rate_hz: float | None = Field(default=None, gt=0.0)
    """Samples per second; by default the driver's choice."""
    current_limit_a: float | None = Field(default=None, gt=0.0, le=10.0)
    """Current limit of the supply, A."""
    baud: int | None = Field(default=None, gt=0, le=MOST_BAUD)
    """Speed of its serial port; by default the driver's."""
    dtr: bool | None = None
    """Level of DTR while its serial port is open (true: asserted); by default the operating system's, asserted."""
    rts: bool | None = None
    """Level of RTS while its serial port is open; by default the operating system's, asserted."""
    backend: Text | None = None
    """VISA library, such as `@ivi`; by default pyvisa-py."""
    options: Options = Field(default_factory=dict)
    """Options of the driver."""
    calibration: CalibrationSpec | None = None
    """When and by whom it was calibrated, with its points; or the path of a file with a table `calibration`."""
    specification: SpecificationSpec | None = None
    """Terms in the place of those of the driver's specification, or beside them."""


class IoManagerSpec(Table):
    """`[io_manager]`: the Arduino between host and DUT. `timestamps`: its D3 sees the timestamp pin."""

    port: Text
    """Its serial port; `virtual` for a twin."""
    baud: int = Field(default=115200, gt=0, le=MOST_BAUD)
    """Speed of its serial port."""
    dtr: bool | None = None
    """Level of DTR while its serial port is open (true: asserted); by default the operating system's, asserted."""
    rts: bool | None = None
    """Level of RTS while its serial port is open; by default the operating system's, asserted."""
    timestamps: bool = True
    """True if its input D3 sees the timestamp pin."""


class DutSpec(Table):
    """`[dut]`: the device under test.

    `port` is its own serial port where it is wired directly (performance and accuracy); without it, all
    modes go through the relay. `energy`, `performance` and `accuracy` name the route for each mode.
    """

    port: Text | None = None
    """Its own serial port, where it is wired directly; `virtual` for a twin."""
    baud: int = Field(default=115200, gt=0, le=MOST_BAUD)
    """Speed of its UART in performance and accuracy mode."""
    energy_baud: int = Field(default=9600, gt=0, le=MOST_BAUD)
    """Speed of its UART in energy mode."""
    dtr: bool | None = None
    """Level of DTR while its serial port is open (true: asserted); by default the operating system's, asserted."""
    rts: bool | None = None
    """Level of RTS while its serial port is open; by default the operating system's, asserted."""
    energy: DutRoute | None = None
    """How it is reached in energy mode."""
    performance: DutRoute | None = None
    """How it is reached in performance mode."""
    accuracy: DutRoute | None = None
    """How it is reached in accuracy mode."""
    boot_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0)
    """Longest time from power-up, or from the opening of a port that restarts it, to `m-ready`, s."""


class VirtualSpec(Table):
    """`[virtual]`: only for twins. `emulated`: both boards run their real firmware in emulators."""

    emulated: bool = False
    """True: both boards run their real firmware in emulators."""
    ideal: bool = False
    """True: instruments without errors."""
    noise: bool = True
    """False: the DUT's current is free of noise."""
    firmware: Literal["energy", "performance"] | None = None
    """The mode for which the DUT's firmware is built; by default that of the run."""
    model_string: str | None = None
    """What the DUT answers to `profile`; by default the benchmark's."""
    line_baud: int | None = Field(default=None, gt=0, le=MOST_BAUD)
    """Speed at which host or IO manager talk to the DUT; one other than the DUT's own garbles everything."""
    repeat: int = Field(default=0, ge=0, le=2**31 - 1, exclude_if=lambda repeat: not repeat)
    """Another number: the same instruments with their errors, and other noise, as on another day."""
    start_s: float = Field(default=0.0, ge=0.0, le=1000.0)
    """Virtual time that passed before the bench is opened, s."""
    load_ohm: float | None = Field(default=None, gt=0.0, le=1e9)
    """A resistor in the place of the DUT, for `bench verify` and `bench calibrate`, ohm."""
    load_pulse_s: float | None = Field(default=None, gt=0.0, le=10.0)
    """For how long the resistor conducts in each `load_period_s`, s; by default always."""
    load_period_s: float | None = Field(default=None, ge=1e-3, le=10.0)
    """From one of its pulses to the next, s."""

    @model_validator(mode="after")
    def _pulses_fit(self) -> "VirtualSpec":
        pulse_s, period_s = self.load_pulse_s, self.load_period_s
        if (pulse_s is None) != (period_s is None) or (pulse_s is not None and self.load_ohm is None):
            raise ValueError("load_pulse_s and load_period_s belong together, and to load_ohm")
        if pulse_s is not None and period_s is not None and not pulse_s < period_s:
            raise ValueError(f"load_pulse_s = {pulse_s:g} is not shorter than load_period_s = {period_s:g}")
        if self.load_ohm is not None and self.emulated:
            raise ValueError("load_ohm takes the place of the DUT, and emulated runs its firmware")
        return self


class BenchSpec(Table):
    """A whole bench file: `[instruments.*]` with `[roles]`, or the short form `[monitor]` and `[io_manager]`."""

    name: Text
    """Name of the bench."""
    description: str = ""
    """What the bench is, for people."""
    time_zone: ZoneName | None = None
    """The laboratory's time zone, such as `Europe/Berlin`; by default this computer's. Days are judged in it."""
    instruments: dict[Text, InstrumentSpec] = Field(default_factory=dict)
    """The instruments by name."""
    roles: RolesSpec = RolesSpec()
    """Which instrument plays which role."""
    rails: dict[Text, RailSpec] | None = Field(default=None, min_length=2, max_length=16)
    """Several supply rails of the DUT, each fed and sampled, by name; their energies add up."""
    supply: SupplySpec | None = None
    """The voltage at which the DUT runs."""
    sampler: SamplerSpec | None = None
    """How fast the sampler samples."""
    monitor: MonitorSpec | None = None
    """Short form: one instrument that supplies, samples and perhaps captures edges."""
    io_manager: IoManagerSpec | None = None
    """Short form: the Arduino between host and DUT."""
    dut: DutSpec = DutSpec()
    """The device under test."""
    environment: EnvironmentSpec | None = None
    """The surroundings."""
    edge_delay: EdgeDelaySpec | None = None
    """How late edges are placed among the samples: the path of a file that `bench doctor --keep` wrote."""
    virtual: VirtualSpec | None = None
    """How its twins behave."""
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @model_validator(mode="after")
    def _parts_fit(self) -> "BenchSpec":
        if self.dut.port is None and self.io_manager is None and self.roles.dut is None:
            relay = "an [io_manager] that relays its UART, or an instrument in roles.dut"
            raise ValueError(f"the DUT cannot be reached: give dut.port, {relay}")
        self._check_mixed()
        if self.virtual is not None and not self.is_virtual:
            raise ValueError("[virtual] is only for benches whose ports are 'virtual'")
        tables = (self.monitor, *self.instruments.values())
        calibrations = [table.calibration for table in tables if table is not None and table.calibration]
        foreign = any(bool(calibration.virtual) != self.is_virtual for calibration in calibrations)
        if self.is_virtual and (foreign or self.environment is not None):
            raise ValueError(
                "a virtual bench has neither a calibration nor surroundings, but for a calibration of its twins"
            )
        if foreign:
            raise ValueError("the calibration of a twin (virtual = true) says nothing about a real instrument")
        if self.edge_delay is not None and bool(self.edge_delay.virtual) != self.is_virtual:
            which = "real instruments says nothing about twins" if self.is_virtual else "twins (virtual = true)"
            more = "" if self.is_virtual else " says nothing about real instruments"
            raise ValueError(f"the edge_delay of {which}{more}")
        return self

    @property
    def origin(self) -> Origin:
        """Return the text that the bench was read from, to name the line of a key."""
        return self._origin

    def came_from(self, origin: Origin) -> "BenchSpec":
        """Return this bench, with the text that it was read from."""
        self._origin = origin
        return self

    def _check_mixed(self) -> None:
        ports = self.ports_by_key()
        virtual = [key for key, port in ports.items() if port == VIRTUAL_PORT]
        real = [key for key in ports if key not in virtual]
        if not virtual or not real:
            return
        spare = self.dut.port == VIRTUAL_PORT and (self.io_manager is not None or self.roles.dut is not None)
        advice = ", or leave out dut.port, because the IO manager relays the DUT's UART" if spare else ""
        text = (
            f"{_listed(virtual)} still 'virtual', and {_listed(real)} real: a bench is one or the other. "
            f"Give {'it a port' if len(virtual) == 1 else 'them ports'}{advice}"
        )
        raise PydanticCustomError("mixed_ports", "{text}", {"text": text, "place": virtual[0]})

    def __repr__(self) -> str:
        return self.brief("BenchSpec")

    __str__ = __repr__

    def brief(self, kind: str) -> str:
        """Return the bench in one line, as an object of the type `kind`."""
        virtual = ", virtual" if self.is_virtual else ""
        return notebook.seen(f"<{kind} {self.name!r}: {self._sampled_by() or 'no monitor'}{virtual}>")

    def _repr_html_(self) -> str:
        facts = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        rows = [
            (name, ", ".join(f"{key} = {value}" for key, value in table.items()))
            for name, table in facts.items()
            if isinstance(table, dict)
        ]
        title = self.name + (f": {self.description}" if self.description else "")
        return notebook.table(title, rows, virtual=self.is_virtual)

    def _sampled_by(self) -> str | None:
        """Return the driver of the instrument that samples; None if none does."""
        rails = list((self.rails or {}).values())
        name = (self.roles.sampler or (rails[0].sampler if rails else "monitor")).partition(":")[0]
        table = self.instruments.get(name, self.monitor if name == "monitor" else None)
        return table.driver if table is not None else None

    @property
    def is_virtual(self) -> bool:
        """Return whether this bench is made of twins in this process."""
        return VIRTUAL_PORT in self.ports()

    @property
    def is_emulated(self) -> bool:
        """Return whether the twins run their real firmware."""
        return self.virtual is not None and self.virtual.emulated

    def ports(self) -> list[str]:
        """Return every port of the bench."""
        return list(self.ports_by_key().values())

    def ports_by_key(self) -> dict[str, str]:
        """Return every port of the bench by its key, such as `dut.port`."""
        tables = {"monitor": self.monitor, "io_manager": self.io_manager, "dut": self.dut}
        named = {f"instruments.{name}": table for name, table in self.instruments.items()}
        return {
            f"{key}.port": table.port
            for key, table in (tables | named).items()
            if table is not None and table.port is not None
        }


def _listed(keys: list[str]) -> str:
    return f"{', '.join(keys)} {'is' if len(keys) == 1 else 'are'}"


def parse_mode(text: str) -> Mode:
    """Return the mode called `text`; raise `ConfigurationError` for an unknown one."""
    if text not in MODES:
        raise ConfigurationError(f"unknown mode {text!r}{meant(text, MODES)} (known: {', '.join(MODES)})")
    return MODES[text]
