# SPDX-License-Identifier: Apache-2.0
"""Make a link from the address in a bench file; one table says which kinds of driver can use which addresses.

Making a link does no I/O: nothing is opened or looked up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, overload

from instruments.clock import Clock
from instruments.links.address import FORMS, Address, AddressError, Form
from instruments.links.base import Link, ScpiLink
from instruments.links.parse import parse_address
from instruments.links.pump import PumpedLink
from instruments.links.stream_scpi import StreamScpiLink
from instruments.links.tap import ByteListener, TappedLink, TappedScpiLink
from instruments.links.vendor import VendorFactory, VendorLink

# The kind of link a driver needs: a stream of bytes, SCPI messages, a vendor's library, or none.
LinkKind = Literal["stream", "scpi", "vendor", "none"]
AnyLink = Link | ScpiLink | VendorLink | None
KINDS: dict[LinkKind, str] = {
    "stream": "a stream of bytes",
    "scpi": "SCPI messages",
    "vendor": "its vendor's library",
    "none": "no link",
}

PYVISA_PY = "@py"
USUAL_BAUD = 9600  # the factory setting of most RS-232 ports; the driver of a faster device states its own


@dataclass(frozen=True)
class LinkOptions:
    """How to make a link.

    `baud` is the speed of a serial port (0: 9600); `other_bauds`, `dtr` and `rts` are those of `SerialOptions`.
    `backend` is pyvisa's name for a VISA library (`@py`, `@ivi` or the path of one; empty means pyvisa-py).
    `pump_bytes`, if not 0, gives a stream a pump of that capacity on a real clock. `listener` receives every byte,
    or call. `around` may wrap the stream in another link; `stand_in` replaces a vendor's library: both are for
    tests and twins.
    """

    baud: int = 0
    other_bauds: tuple[int, ...] = ()
    dtr: bool | None = None
    rts: bool | None = None
    backend: str = ""
    pump_bytes: int = 0
    listener: ByteListener | None = None
    around: Callable[[Link], Link] = lambda link: link
    stand_in: VendorFactory | None = None


@dataclass(frozen=True)
class _Wish:
    name: str
    address: Address
    options: LinkOptions
    clock: Clock


@overload
def make_link(
    kind: Literal["stream"], address: str | None, name: str, clock: Clock, options: LinkOptions = ...
) -> Link: ...
@overload
def make_link(
    kind: Literal["scpi"], address: str | None, name: str, clock: Clock, options: LinkOptions = ...
) -> ScpiLink: ...
@overload
def make_link(
    kind: Literal["vendor"], address: str | None, name: str, clock: Clock, options: LinkOptions = ...
) -> VendorLink: ...
@overload
def make_link(
    kind: LinkKind, address: str | None, name: str, clock: Clock, options: LinkOptions = ...
) -> AnyLink: ...
def make_link(
    kind: LinkKind, address: str | None, name: str, clock: Clock, options: LinkOptions = LinkOptions()
) -> AnyLink:
    """Return a link of the given kind, not yet opened; None for a driver without a link.

    `name` is what messages call it. Raises `AddressError` for an address that cannot be parsed, or that this kind
    of driver cannot use.
    """
    if kind == "none":
        if address:
            raise AddressError(
                f"connect {name} to '{address}'", "its driver uses no link", "leave the address out"
            )
        return None
    if not address:
        raise AddressError(f"connect {name}", "no address is given", _possible(kind))
    wish = _Wish(name, parse_address(address), options, clock)
    make = _TABLE[kind].get(wish.address.form)
    if make is None:
        came = f"that is {FORMS[wish.address.form]}, but its driver needs {KINDS[kind]}"
        raise AddressError(f"connect {name} to '{address}'", came, _possible(kind))
    if options.backend and not wish.address.visa_name:
        raise AddressError(
            f"connect {name} to '{address}'",
            f"backend = '{options.backend}' is for VISA resource names, and that is {FORMS[wish.address.form]}",
            "leave the backend out, or write the instrument's VISA resource name",
        )
    _check_outputs(wish)
    return make(wish)


@overload
def link_over(kind: Literal["stream"], stream: Link, clock: Clock, options: LinkOptions = ...) -> Link: ...
@overload
def link_over(kind: Literal["scpi"], stream: Link, clock: Clock, options: LinkOptions = ...) -> ScpiLink: ...
@overload
def link_over(
    kind: Literal["stream", "scpi"], stream: Link, clock: Clock, options: LinkOptions = ...
) -> Link | ScpiLink: ...
def link_over(
    kind: Literal["stream", "scpi"], stream: Link, clock: Clock, options: LinkOptions = LinkOptions()
) -> Link | ScpiLink:
    """Return a driver's link over an existing stream, such as the cable of a twin.

    The layers, from the outside in: SCPI lines, tap, pump (streams only), what `options.around` adds, stream.
    """
    inner = options.around(stream)
    if kind == "stream" and options.pump_bytes:
        inner = PumpedLink(inner, clock, options.pump_bytes)
    tapped = inner if options.listener is None else TappedLink(inner, options.listener)
    return tapped if kind == "stream" else StreamScpiLink(tapped)


# --- the table ----------------------------------------------------------------------------------------------


def _serial(wish: _Wish) -> Link:
    from instruments.links.serial_link import SerialLink, SerialOptions

    options = wish.options
    how = SerialOptions(other_bauds=options.other_bauds, dtr=options.dtr, rts=options.rts)
    return SerialLink(wish.name, wish.address.target, options.baud or USUAL_BAUD, how)


def _check_outputs(wish: _Wish) -> None:
    """Refuse `dtr` and `rts` for what is no serial port, or for one that a vendor's VISA library opens."""
    given = [key for key in ("dtr", "rts") if getattr(wish.options, key) is not None]
    ours = wish.address.form in ("serial", "serial-url") or (
        wish.address.form == "visa-serial" and _by_pyvisa_py(wish)
    )
    if given and not ours:
        raise AddressError(
            f"set {' and '.join(given)} of {wish.name} at '{wish.address.text}'",
            f"that is {FORMS[wish.address.form]}"
            + (f", opened by backend = '{wish.options.backend}'" if wish.address.form == "visa-serial" else ""),
            f"the name of a serial port, such as /dev/ttyACM0, or leave {' and '.join(given)} out",
        )


def _tcp(wish: _Wish) -> Link:
    from instruments.links.tcp import TcpLink

    return TcpLink(wish.address.host, wish.address.port, wish.name)


def _serial_of_visa(wish: _Wish) -> Link:
    """Return the port itself: pyvisa-py would open it with pyserial too, but read it byte by byte."""
    asked = f"connect {wish.name} to '{wish.address.text}'"
    if not wish.address.target:
        raise AddressError(
            asked,
            "only a vendor's VISA library knows ports by number",
            "ASRL/dev/ttyUSB0::INSTR, or backend = '@ivi'",
        )
    if not _by_pyvisa_py(wish):
        came = f"its driver needs the port itself, which backend = '{wish.options.backend}' would hide"
        raise AddressError(asked, came, f"the port itself: {wish.address.target}")
    return _serial(wish)


def _visa(wish: _Wish) -> ScpiLink:
    from instruments.links.visa import VisaLink

    options = wish.options
    link = VisaLink(
        wish.address.visa_name, backend=options.backend or PYVISA_PY, name=wish.name, baud=options.baud
    )
    return link if options.listener is None else TappedScpiLink(link, options.listener)


def _scpi_on_serial_of_visa(wish: _Wish) -> ScpiLink:
    return _scpi(_serial_of_visa)(wish) if _by_pyvisa_py(wish) else _visa(wish)


def _vendor(wish: _Wish) -> VendorLink:
    # A library that connects to a server (tcp://host:port) is given the whole address.
    address = wish.address.target or wish.address.text
    return VendorLink(wish.name, address, stand_in=wish.options.stand_in, listener=wish.options.listener)


def _stream(inner: Callable[[_Wish], Link]) -> Callable[[_Wish], Link]:
    return lambda wish: link_over("stream", inner(wish), wish.clock, wish.options)


def _scpi(inner: Callable[[_Wish], Link]) -> Callable[[_Wish], ScpiLink]:
    return lambda wish: link_over("scpi", inner(wish), wish.clock, wish.options)


def _by_pyvisa_py(wish: _Wish) -> bool:
    return wish.options.backend in ("", PYVISA_PY)


_TABLE: dict[LinkKind, dict[Form, Callable[[_Wish], Link | ScpiLink | VendorLink]]] = {
    "stream": {
        "serial": _stream(_serial),
        "serial-url": _stream(_serial),
        "tcp": _stream(_tcp),
        "visa-serial": _stream(_serial_of_visa),
    },
    "scpi": {
        "visa-message": _visa,
        "visa-socket": _visa,
        "visa-serial": _scpi_on_serial_of_visa,
        "tcp": _scpi(_tcp),
        "serial": _scpi(_serial),
        "serial-url": _scpi(_serial),
    },
    "vendor": {"vendor": _vendor, "tcp": _vendor, "serial": _vendor},
}


def _possible(kind: LinkKind) -> str:
    return "one of: " + "; ".join(FORMS[form] for form in _TABLE[kind])
