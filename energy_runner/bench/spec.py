"""`bench.toml`: which boxes a bench has and where they are plugged in."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from energy_runner.errors import ConfigurationError

VIRTUAL_PORT = "virtual"
Mode = Literal["energy", "performance", "accuracy"]
MODES: dict[str, Mode] = {"energy": "energy", "performance": "performance", "accuracy": "accuracy"}
Way = Literal["direct", "io-manager"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MonitorSpec(_Table):
    """`[monitor]`: the power monitor that feeds and measures the DUT."""

    driver: str
    port: str
    voltage_v: float = Field(gt=0.0, le=20.0)
    sample_rate_hz: float | None = Field(default=None, gt=0.0)
    current_limit_a: float | None = Field(default=None, gt=0.0, le=10.0)
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)


class IoManagerSpec(_Table):
    """`[io_manager]`: the Arduino between host and DUT. `timestamps`: its D3 sees the timestamp pin."""

    port: str
    baud: int = Field(default=115200, gt=0)
    timestamps: bool = True


class DutSpec(_Table):
    """`[dut]`: the device under test.

    `port` is its own serial port where it is wired directly (performance and accuracy); without it, all
    modes go through the IO manager. `energy`, `performance` and `accuracy` name the way for each mode.
    """

    port: str | None = None
    baud: int = Field(default=115200, gt=0)
    energy_baud: int = Field(default=9600, gt=0)
    energy: Way | None = None
    performance: Way | None = None
    accuracy: Way | None = None
    boot_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0)
    infer_timeout_s: float = Field(default=900.0, gt=0.0, le=86400.0)


class VirtualSpec(_Table):
    """`[virtual]`: only for twins."""

    ideal: bool = False
    noise: bool = True
    firmware: Literal["energy", "performance"] | None = None
    model_string: str | None = None
    line_baud: int | None = Field(default=None, gt=0)
    start_s: float = Field(default=0.0, ge=0.0, le=1000.0)


class BenchSpec(_Table):
    """A whole bench file."""

    name: str
    description: str = ""
    monitor: MonitorSpec | None = None
    io_manager: IoManagerSpec | None = None
    dut: DutSpec = DutSpec()
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
        return self

    @property
    def is_virtual(self) -> bool:
        """Return whether this bench is made of twins in this process."""
        return VIRTUAL_PORT in self.ports()

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
        raise ConfigurationError(f"mode '{text}' is unknown; one of {', '.join(MODES)}")
    return MODES[text]


def built_in_names() -> list[str]:
    """Return the names of the benches that come with the runner."""
    folder = resources.files("energy_runner.bench").joinpath("builtin")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_bench_spec(name_or_file: str) -> BenchSpec:
    """Return the bench called so, or described by that file; raise `ConfigurationError` in one line."""
    names = built_in_names()
    if name_or_file in names:
        text = resources.files("energy_runner.bench").joinpath(f"builtin/{name_or_file}.toml").read_text("utf-8")
        return _parse(text, f"built-in bench {name_or_file}")
    path = Path(name_or_file)
    if not path.is_file():
        raise ConfigurationError(
            f"bench '{name_or_file}' is neither a file nor a built-in bench ({', '.join(names)})"
        )
    try:
        return _parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as text ({error})") from error


def _parse(text: str, where: str) -> BenchSpec:
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where}: not valid TOML: {error}") from error
    try:
        return BenchSpec.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ConfigurationError(f"{where}: {key}: {first['msg']}{more}") from error
