"""`bench.toml`: which boxes a bench has and where they are plugged in."""

import difflib
import re
import tomllib
from calendar import monthrange
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from energy_runner.bench import brief
from energy_runner.bench.changes import changed, in_words
from energy_runner.errors import ConfigurationError

VIRTUAL_PORT = "virtual"
Mode = Literal["energy", "performance", "accuracy"]
MODES: dict[str, Mode] = {"energy": "energy", "performance": "performance", "accuracy": "accuracy"}
Way = Literal["direct", "io-manager"]
Text = Annotated[str, Field(min_length=1)]
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class _Table(BaseModel):
    # Strict: `voltage_v = "3.0"` is a typing mistake, and so is `voltage_v = true`, which would be one volt.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _day(value: object) -> object:
    """Return a day of the calendar as `YYYY-MM-DD`; TOML has dates of its own, and quoted ones are common."""
    text = value if isinstance(value, str) else str(value)
    match = _DAY.fullmatch(text)
    if match is None or isinstance(value, bool | int | float):
        raise ValueError("a day such as 2026-03-31")
    year, month, day = (int(part) for part in match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        raise ValueError("a day that the calendar has")
    return text


Day = Annotated[str, BeforeValidator(_day)]


class CalibrationSpec(_Table):
    """`[monitor.calibration]`: when, by whom and until when the monitor was calibrated; days are `YYYY-MM-DD`."""

    calibrated_on: Day | None = None
    due: Day | None = None
    laboratory: Text | None = None
    certificate: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "CalibrationSpec":
        if self.calibrated_on is not None and self.due is not None and self.due < self.calibrated_on:
            raise ValueError(f"due ({self.due}) lies before calibrated_on ({self.calibrated_on})")
        return self


class EnvironmentSpec(_Table):
    """`[environment]`: the surroundings of the bench, as a thermometer beside the DUT shows them."""

    temperature_c: float | None = Field(default=None, ge=-40.0, le=125.0)


class MonitorSpec(_Table):
    """`[monitor]`: the power monitor that feeds and measures the DUT."""

    driver: Text
    port: Text
    voltage_v: float = Field(gt=0.0, le=20.0)
    sample_rate_hz: float | None = Field(default=None, gt=0.0)
    current_limit_a: float | None = Field(default=None, gt=0.0, le=10.0)
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    calibration: CalibrationSpec | None = None


class IoManagerSpec(_Table):
    """`[io_manager]`: the Arduino between host and DUT. `timestamps`: its D3 sees the timestamp pin."""

    port: Text
    baud: int = Field(default=115200, gt=0)
    timestamps: bool = True


class DutSpec(_Table):
    """`[dut]`: the device under test.

    `port` is its own serial port where it is wired directly (performance and accuracy); without it, all
    modes go through the IO manager. `energy`, `performance` and `accuracy` name the way for each mode.
    """

    port: Text | None = None
    baud: int = Field(default=115200, gt=0)
    energy_baud: int = Field(default=9600, gt=0)
    energy: Way | None = None
    performance: Way | None = None
    accuracy: Way | None = None
    boot_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0)


class VirtualSpec(_Table):
    """`[virtual]`: only for twins. `emulated`: both boards run their real firmware in emulators."""

    emulated: bool = False
    ideal: bool = False
    noise: bool = True
    firmware: Literal["energy", "performance"] | None = None
    model_string: str | None = None
    line_baud: int | None = Field(default=None, gt=0)
    start_s: float = Field(default=0.0, ge=0.0, le=1000.0)


class BenchSpec(_Table):
    """A whole bench file."""

    name: Text
    description: str = ""
    monitor: MonitorSpec | None = None
    io_manager: IoManagerSpec | None = None
    dut: DutSpec = DutSpec()
    environment: EnvironmentSpec | None = None
    virtual: VirtualSpec | None = None

    @model_validator(mode="after")
    def _boxes_fit(self) -> "BenchSpec":
        if self.dut.port is None and self.io_manager is None:
            raise ValueError("the DUT is nowhere: give dut.port, or an [io_manager] that relays its UART")
        ports = [p for p in self.ports() if p != VIRTUAL_PORT]
        if ports and VIRTUAL_PORT in self.ports():
            raise ValueError("some ports are 'virtual' and some are real: a bench is one or the other")
        twice = next((p for p in ports if ports.count(p) > 1), None)
        if twice:
            raise ValueError(f"port '{twice}' is given twice")
        if self.virtual is not None and not self.is_virtual:
            raise ValueError("[virtual] is only for benches whose ports are 'virtual'")
        calibrated = self.monitor is not None and self.monitor.calibration is not None
        if self.is_virtual and (calibrated or self.environment is not None):
            raise ValueError("a virtual bench has no calibration and no surroundings to speak of")
        return self

    def __repr__(self) -> str:
        return brief.of_spec(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return brief.html_of_spec(self)

    @property
    def is_virtual(self) -> bool:
        """Return whether this bench is made of twins in this process."""
        return VIRTUAL_PORT in self.ports()

    @property
    def is_emulated(self) -> bool:
        """Return whether the twins run their real firmware."""
        return self.virtual is not None and self.virtual.emulated

    def way(self, mode: Mode) -> Way:
        """Return how the DUT is reached in a mode: energy through the IO manager, the others directly."""
        chosen: Way | None = getattr(self.dut, mode)
        direct = self.dut.port is not None
        default: Way = "direct" if direct and (mode != "energy" or self.io_manager is None) else "io-manager"
        way = chosen or default
        if (way == "direct" and not direct) or (way == "io-manager" and self.io_manager is None):
            missing = "dut.port" if way == "direct" else "[io_manager]"
            raise ConfigurationError(
                f"bench '{self.name}': dut.{mode} = '{way}' needs {missing}, which the bench file does not give"
            )
        return way

    def ports(self) -> list[str]:
        """Return every port of the bench."""
        tables = (self.monitor, self.io_manager, self.dut)
        return [t.port for t in tables if t is not None and t.port is not None]


def parse_mode(text: str) -> Mode:
    """Return the mode called so; raise `ConfigurationError` for another word."""
    if text not in MODES:
        raise ConfigurationError(f"unknown mode {text!r}{meant(text, MODES)} (known: {', '.join(MODES)})")
    return MODES[text]


def built_in_names() -> list[str]:
    """Return the names of the benches that come with the runner."""
    folder = resources.files("energy_runner.bench").joinpath("builtin")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_bench_spec(name_or_file: str, changes: Mapping[str, Any] | None = None) -> BenchSpec:
    """Return the bench called so, or described by that file; raise `ConfigurationError` in one line.

    `changes` replaces single keys, `{"monitor.voltage_v": 2.5}`, before the table is checked.
    """
    names = built_in_names()
    if name_or_file in names:
        text = resources.files("energy_runner.bench").joinpath(f"builtin/{name_or_file}.toml").read_text("utf-8")
        return _parse(text, f"built-in bench {name_or_file}", changes or {})
    path = Path(name_or_file)
    if not path.is_file():
        near = meant(name_or_file, names)
        raise ConfigurationError(
            f"bench {name_or_file!r} is neither a file nor a built-in bench{near} (built in: {', '.join(names)})"
        )
    try:
        return _parse(path.read_text("utf-8"), str(path), changes or {})
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as text ({error})") from error


def _parse(text: str, where: str, changes: Mapping[str, Any]) -> BenchSpec:
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{where}: not valid TOML: {error}. {_EXAMPLE}") from error
    where += in_words(changes)
    try:
        return BenchSpec.model_validate(changed(table, changes))
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A misspelt key is told before the one that is missing because of it.
        found.sort(key=lambda one: one["type"] != "extra_forbidden")
        problems = [_problem(one) for one in found]
        different = list(dict.fromkeys(problems))  # a value of no allowed type is reported once for each type
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        raise ConfigurationError(f"{where}: {different[0]}{more}. {_EXAMPLE}") from error


# --- what is wrong with a bench file, in the words of a bench file ------------------------------------------

_EXAMPLE = "Try: compare it with `energy-runner bench show virtual-lpm01a`"
_TABLES: dict[str, type[_Table]] = {
    "monitor": MonitorSpec,
    "io_manager": IoManagerSpec,
    "dut": DutSpec,
    "environment": EnvironmentSpec,
    "virtual": VirtualSpec,
    "monitor.calibration": CalibrationSpec,
}
_MONITOR_OPTIONS = 3  # monitor.options.KEY; what follows in a place is the type that was tried


_PLAIN_WORDS = {
    "missing": "{key} is missing",
    "string_too_short": "{key} must not be empty",
    "model_type": "{key} must be a table: [{key}]",
}


def _problem(error: ErrorDetails) -> str:
    """Return one of pydantic's errors as a person would say it; the key comes first."""
    place = [str(part) for part in error["loc"][:_MONITOR_OPTIONS]]
    key, kind = ".".join(place), error["type"]
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind in _PLAIN_WORDS:
        return _PLAIN_WORDS[kind].format(key=key)
    text = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not place:
        return text
    must = "must be " if text != error["msg"] else ""
    if place[:2] == ["monitor", "options"]:
        must, text = "must be ", "a text, a number, true or false"
    return f"{key} = {_toml(error['input'])}: {must}{text}"


def _unknown(place: list[str]) -> str:
    """Return that a key is unknown, which ones are known there, and which one may have been meant."""
    table = _TABLES.get(".".join(place[:-1]), _TABLES.get(place[0], BenchSpec)) if len(place) > 1 else BenchSpec
    known = list(table.model_fields)
    return f"unknown key {'.'.join(place)!r}{meant(place[-1], known)} (known here: {', '.join(known)})"


def meant(word: str, known: Iterable[str]) -> str:
    """Return the question after the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""


def _toml(value: object) -> str:
    """Return a value much as TOML writes it, shortened."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
