# SPDX-License-Identifier: Apache-2.0
"""Quantities with D-SI units (SmartCom D-SI 2.1, BIPM SI Brochure, 9th edition)."""

from dataclasses import dataclass
from decimal import Decimal

from energy_runner.certificate.dcc.nodes import Node, leaf, name, node, rich
from energy_runner.errors import SessionError

JOULE, WATT, SECOND, VOLT, ONE = r"\joule", r"\watt", r"\second", r"\volt", r"\one"
PER_SECOND = r"\second\tothe{-1}"
# What this project's documents write, as D-SI writes it.
UNITS = {
    "": ONE,
    "1": ONE,
    "J": JOULE,
    "J·s": r"\joule\second",
    "W": WATT,
    "s": SECOND,
    "1/s": PER_SECOND,
    "V": VOLT,
    "A": r"\ampere",
    "°C": r"\degreecelsius",
    "K": r"\kelvin",
    "%": r"\percent",
    "Hz": r"\hertz",
    "J/J": ONE,
    "J/W": SECOND,
    "J/s": WATT,
    "J/V": r"\joule\per\volt",
    "J/A": r"\joule\per\ampere",
    "J/K": r"\joule\per\kelvin",
}


@dataclass(frozen=True)
class Expanded:
    """An expanded uncertainty, in the unit of its value."""

    expanded: float
    k: float
    probability: float


def real(value: float, unit: str, uncertainty: Expanded | None = None) -> Node:
    """Return a number with its D-SI unit, every digit of it.

    Raises `SessionError` for an uncertainty that D-SI cannot state.
    """
    return node(
        "si:real",
        leaf("si:value", repr(value)),
        leaf("si:unit", unit),
        _expanded(uncertainty) if uncertainty is not None else None,
    )


def _expanded(one: Expanded) -> Node:
    if one.expanded < 0 or one.k < 1 or not 0 <= one.probability <= 1:
        raise SessionError(
            f"certificate.dcc.xml: D-SI states no uncertainty U = {one.expanded!r} with k = {one.k!r} for a "
            f"probability of {one.probability!r}: U has to be 0 or more, k 1 or more. Try: derive the result again"
        )
    return node(
        "si:expandedUnc",
        leaf("si:uncertainty", repr(one.expanded)),
        leaf("si:coverageFactor", _digits(one.k)),
        leaf("si:coverageProbability", _digits(one.probability)),
    )


def _digits(number: float) -> str:
    """Return a number without an exponent, which D-SI forbids for these two."""
    return f"{Decimal(repr(number)):f}"


def quantity(
    what: str,
    value: float | None,
    unit: str,
    uncertainty: Expanded | None = None,
    *,
    ref: str = "",
    notes: tuple[str, ...] = (),
) -> Node | None:
    """Return a named quantity with a unit of D-SI; None where it is not known."""
    return measured(what, value, unit, uncertainty, ref=ref, notes=notes) if value is not None else None


def measured(
    what: str,
    value: float,
    unit: str,
    uncertainty: Expanded | None = None,
    *,
    ref: str = "",
    notes: tuple[str, ...] = (),
) -> Node:
    """Return a named quantity that is known."""
    return node(
        "dcc:quantity",
        name(what),
        rich("dcc:description", notes),
        real(value, unit, uncertainty),
        ref=ref,
    )


def in_words(what: str, text: str, *, ref: str = "") -> Node:
    """Return a quantity that is only a text."""
    return node("dcc:quantity", name(what), rich("dcc:noQuantity", [text or "not known"]), ref=ref)


def as_stated(what: str, value: float | None, unit: str, *, ref: str = "") -> Node | None:
    """Return a quantity in a unit of this project's documents; as a text where D-SI has no such unit."""
    if value is None:
        return None
    if unit in UNITS:
        return quantity(what, value, UNITS[unit], ref=ref)
    return in_words(what, f"{value!r} {unit}", ref=ref)
