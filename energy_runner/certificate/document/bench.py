# SPDX-License-Identifier: Apache-2.0
"""With what and how it was measured: instruments, calibration, conditions, set-up."""

import json
from collections.abc import Mapping
from typing import Any

from energy_runner.certificate.collect.equipment import STATED
from energy_runner.certificate.document.blocks import Block, Cell, cell, facts, section, table, text
from energy_runner.certificate.document.words import NOT_STATED, fixed, given, number, yes
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.equipment import CalibrationFacts, Conditions, Instrument


def equipment_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the instruments, their calibrations and their settings."""
    held = one.equipment
    return section(
        "Equipment",
        table(
            [
                ("Instrument", "left", "1fr"),
                ("Make and model", "left", "1.4fr"),
                ("Serial number", "left", "1fr"),
                ("Firmware", "left", "0.7fr"),
                ("What it did", "left", "1fr"),
            ],
            [_instrument(each) for each in held.instruments],
            note="As each instrument identified itself, unless something else is said.",
        ),
        _calibrations(one),
        facts([(each.name, _settings(each.settings)) for each in held.instruments], "Settings in the bench file"),
        facts(
            [
                ("Sample period", number(held.period_s, 6, "s")),
                ("Voltage set", _voltage_set(one)),
                (
                    "Current limit",
                    NOT_STATED if held.current_limit_a is None else number(held.current_limit_a, 4, "A"),
                ),
                ("Recorded", "; ".join(held.signals) or "nothing"),
                ("Computer", given(held.computer)),
                (
                    "State of the bench",
                    " · ".join(filter(None, (one.trust.state, one.trust.detail, one.trust.source))),
                ),
            ],
            "Acquisition",
        ),
    )


def _voltage_set(one: EnergyCertificate) -> str:
    rails = [f"{rail.name} {number(rail.voltage_v, 6, 'V')}" for rail in one.result.rails]
    return ", ".join(rails) or number(one.equipment.voltage_set_v, 6, "V")


def _calibrations(one: EnergyCertificate) -> Block:
    """Return the calibrations that are to be expected, of what is in the result, and those that are stated."""
    held = [
        each
        for each in one.equipment.instruments
        if each.in_result or each.specification or each.calibration != CalibrationFacts()
    ]
    if not held:
        return text([one.statements.traceability], "Calibration")
    return table(
        [
            ("Instrument", "left", "0.8fr"),
            ("Certificate", "left", "1fr"),
            ("Laboratory", "left", "1.2fr"),
            ("Calibrated", "left", "auto"),
            ("Valid until", "left", "auto"),
            ("In calibration", "left", "auto"),
        ],
        [_calibration(each) for each in held],
        title="Calibration",
        note=one.statements.traceability,
    )


def _instrument(each: Instrument) -> list[str | Cell]:
    simulated = "simulated" if each.virtual else ""
    return [
        cell(each.name, under=simulated),
        cell(
            given(" ".join(filter(None, (each.make, each.model)))),
            under="; ".join(filter(None, (f"driver {each.driver}" if each.driver else "", stated_name(each)))),
        ),
        cell(given(each.serial), under=STATED if each.serial_stated else ""),
        cell(given(each.firmware), under=STATED if each.firmware_stated else ""),
        ", ".join(each.roles) or "no part in the result",
    ]


def stated_name(each: Instrument) -> str:
    """Return which of make and model the laboratory stated."""
    stated = [key for key in ("make", "model") if getattr(each, f"{key}_stated")]
    return f"{' and '.join(stated)} {STATED}" if stated else ""


def _calibration(each: Instrument) -> list[str | Cell]:
    held = each.calibration
    accredited = {True: "accredited", False: "not accredited", None: ""}[held.accredited]
    adjusted = {True: "adjusted", False: "not adjusted", None: ""}[held.adjusted]
    used = "its points correct the readings" if held.used else "its points are not used"
    within = cell(yes(each.in_calibration, "not known"), "" if each.in_calibration else "strong")
    return [
        cell(each.name, under=each.specification),
        cell(given(held.certificate), under=used),
        cell(given(held.laboratory), under=", ".join(filter(None, (accredited, held.source)))),
        cell(given(held.date), under=adjusted),
        given(held.due),
        within,
    ]


def _settings(held: Mapping[str, Any]) -> str:
    each = [f"{key} = {_value(value)}" for key, value in held.items() if value not in ({}, [], "", None)]
    return ", ".join(each) or "none"


def _value(held: Any) -> str:
    return held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)


def setup_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the environment, the boundary of the measurement, and how the item was connected."""
    held, setup = one.conditions, one.setup
    volts = [number(each, 5, "V") for each in dict.fromkeys(setup.voltages_v)]
    return section(
        "Conditions and set-up",
        facts(
            [
                ("Temperature", temperature(held)),
                (
                    "Humidity",
                    NOT_STATED if held.humidity_percent is None else number(held.humidity_percent, 4, "%"),
                ),
                ("Warm-up of the instruments", _duration(held.warm_up_s)),
                ("Item without power before", _duration(held.cool_down_s)),
            ],
            "Conditions",
        ),
        facts(
            [
                ("Inside the measured energy", given(setup.inside)),
                ("Outside of it", given(setup.outside)),
                ("Voltage at the item, measured", ", ".join(volts) or "not measured"),
                ("Supply rails", ", ".join(setup.rails) or "one"),
                ("Sensing", given(setup.sense)),
                ("Jumpers", given(setup.jumpers)),
                ("Isolation", given(setup.isolation)),
                ("Cables", given(setup.cables)),
                ("Debug probe", given(setup.debug_probe, "not known")),
                ("Supply off at the end", yes(setup.supply_off_confirmed, "the bench cannot switch it")),
            ],
            "Set-up and boundary of the measurement",
        ),
    )


def _duration(held: float | None) -> str:
    return NOT_STATED if held is None else number(held, 6, "s")


def temperature(held: Conditions) -> str:
    """Return the range of the temperature and who says so."""
    low, high = held.temperature_low_c, held.temperature_high_c
    if low is None or high is None:
        return NOT_STATED
    span = fixed(low, 1, "°C") if low == high else f"{fixed(low, 1)} to {fixed(high, 1, '°C')}"
    u = (
        f", standard uncertainty {number(held.temperature_u_k, 2, 'K')}"
        if held.temperature_u_k is not None
        else ""
    )
    return f"{span}{u} ({held.temperature_from})" if held.temperature_from else f"{span}{u}"
