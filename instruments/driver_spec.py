# SPDX-License-Identifier: Apache-2.0
"""What one driver is made of: a `DriverSpec`, whose parts are imported only when they are used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from instruments.clock import Clock
from instruments.firmware import OldestFirmware
from instruments.roles import Instrument, Rates, RoleName, SignalKind
from instruments.specifications import Specification, load

LinkKind = Literal["stream", "scpi", "vendor", "none"]
# A part of a driver: the object itself, or its location as `package.module:name`.
Part = Any


class NoOptions(BaseModel):
    """Options model of a driver without options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class RoleChange:
    """Which roles a driver `gains` and `loses` where a bench file sets `option` to `value`."""

    option: str
    value: Any
    gains: tuple[RoleName, ...] = ()
    loses: tuple[RoleName, ...] = ()


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
    `feeding_option` names the option that says to which of several outputs the DUT is wired. The twin of such an
    instrument is told by its method `feeds`: which output is switched on does not move the wire.
    With `on_tcp`, a stream is a TCP connection to a server, `tcp://host:port`, and its twin is served there.
    With `samples_own_output`, the sampler measures only what its own supply feeds, so it can play sampler only
    where it plays supply, too. `roles` are those without any option, and `changes` says which options change them;
    a sampler that has lost the role of a supply measures what another feeds.

    For people who choose: `port_example` is an address, where one of the kind `link` would mislead, `models` by
    the maker's names, the `quantities` that are sampled and their `kind`, the `ranges` in words, the `oldest`
    firmware with what the driver needs (empty: not known), `usb` ids (vendor and product), and the `library` (a
    module) with which the driver talks, which the package's `extra` of that name brings.
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
    feeding_option: str = ""
    samples_own_output: bool = False
    on_tcp: bool = False
    changes: tuple[RoleChange, ...] = ()
    port_example: str = ""
    models: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    kind: SignalKind | None = None
    ranges: str = ""
    oldest: tuple[OldestFirmware, ...] = ()
    usb: tuple[str, ...] = ()
    extra: str = ""
    library: str = ""

    def plays(self, options: Mapping[str, Any]) -> tuple[RoleName, ...]:
        """Return the roles that it plays with these `options` of a bench file."""
        changes = self.changes_by(options)
        lost = {role for change in changes for role in change.loses}
        gained = (role for change in changes for role in change.gains)
        return tuple(role for role in (*self.roles, *gained) if role not in lost)

    def changes_by(self, options: Mapping[str, Any]) -> tuple[RoleChange, ...]:
        """Return the changes of roles that these `options` cause."""
        return tuple(one for one in self.changes if options.get(one.option) == one.value)

    def feeding_output(self, options: Mapping[str, Any]) -> int:
        """Return the number of the output to which the DUT is wired by these `options`; 0 if there is only one."""
        if not self.feeding_option:
            return 0
        default = self.options_model().model_fields[self.feeding_option].default
        number = options.get(self.feeding_option, default)
        return number if isinstance(number, int) else 0  # anything else is refused with the driver's options

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


def _loaded(part: Part) -> Any:
    """Return a part; import it if it is given as `package.module:name`."""
    if not isinstance(part, str):
        return part
    module, _, name = part.partition(":")
    return getattr(import_module(module), name)
