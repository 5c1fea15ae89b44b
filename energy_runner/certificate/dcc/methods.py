# SPDX-License-Identifier: Apache-2.0
"""How, with what and where it was measured: methods, software, measuring equipment, conditions."""

import json
from collections.abc import Iterable

from energy_runner.certificate.dcc.administrative import program, software
from energy_runner.certificate.dcc.nodes import NOT_STATED, Node, fact, leaf, name, node, optional, rich
from energy_runner.certificate.dcc.quantities import SECOND, VOLT, in_words, quantity
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.equipment import Conditions, Instrument


def methods(one: EnergyCertificate) -> Node:
    """Return how the energy was measured, how its uncertainty was evaluated, and what the item had to do."""
    result, work = one.result, one.workload
    budget = result.uncertainty
    integration, alignment = result.integration, result.alignment
    return node(
        "dcc:usedMethods",
        _method(
            "Energy of an inference: energy between the edges of a window over its inferences; median of windows",
            [
                fact("integration", integration.method if integration else ""),
                fact("edges", alignment.method if alignment else ""),
            ],
            references=(work.rule_set, work.rule_set_sha256),
        ),
        _method(
            "Evaluation of the measurement uncertainty",
            [one.statements.uncertainty, *(budget.method if budget else []), *(budget.notes if budget else [])],
            norm="JCGM 100:2008",
            ref="basic_methodMeasurementUncertainty",
        ),
        _method(f"Workload: {work.benchmark}", _work(one)),
    )


def _method(
    what: str, texts: Iterable[str], *, norm: str = "", references: Iterable[str] = (), ref: str = ""
) -> Node:
    return node(
        "dcc:usedMethod",
        name(what),
        rich("dcc:description", texts),
        optional("dcc:norm", norm),
        *(optional("dcc:reference", each) for each in references),
        ref=ref,
    )


def _work(one: EnergyCertificate) -> list[str]:
    work = one.workload
    labels, standing = work.label_file, work.standing
    return [
        fact("task", work.task),
        fact("division", work.division),
        fact("inferences of each window", ", ".join(map(str, work.inferences))),
        fact("warm-up inferences before each window", work.warmups),
        *(
            f"stimulus {each.file}: class {each.label}, {each.size} bytes at {each.offset}, SHA-256 {each.sha256}"
            for each in work.stimuli
        ),
        f"label file {labels.file}: {labels.stimuli} stimuli, SHA-256 {labels.sha256}" if labels else "",
        f"stimuli of the benchmark: {standing.status}; {standing.detail}" if standing else "",
        fact("label file of the benchmark", standing.label_file) if standing else "",
    ]


def used_software(one: EnergyCertificate) -> Node:
    """Return the software that recorded, and its libraries."""
    libraries = sorted(one.session.libraries.items())
    return node(
        "dcc:usedSoftware",
        program(one.session.software, one.session.commit),
        *(software(what, release, "library") for what, release in libraries),
    )


def equipment(one: EnergyCertificate) -> Node | None:
    """Return the instruments with their calibrations; None where the session names none."""
    if not one.equipment.instruments:
        return None
    about = [
        fact("computer", one.equipment.computer),
        *(fact("recorded", each) for each in one.equipment.signals),
    ]
    return node(
        "dcc:measuringEquipments",
        rich("dcc:description", about),
        *(_instrument(one, each) for each in one.equipment.instruments),
    )


def _instrument(one: EnergyCertificate, each: Instrument) -> Node:
    found = each.calibration
    about = [
        fact("name in the bench file", each.name),
        fact("roles", ", ".join(each.roles)),
        fact("make stated by the laboratory", each.make_stated or None),
        fact("model stated by the laboratory", each.model_stated or None),
        fact("driver", each.driver),
        fact("settings", json.dumps(each.settings, sort_keys=True, ensure_ascii=False) if each.settings else ""),
        fact("limits of its error by", each.specification),
        "SIMULATED: this instrument is a twin" if each.virtual else "",
        fact("calibrated by", found.laboratory),
        fact("that laboratory is accredited for it", found.accredited),
        fact("adjusted then", found.adjusted),
        fact("points of the calibration corrected the readings", found.used),
        fact("calibration by", found.source),
        fact("in calibration on the day of the measurement", each.in_calibration),
    ]
    numbers = [
        (f"serial number{_stated(each.serial_stated)}", each.serial, "basic_serialNumber"),
        (f"version of the firmware{_stated(each.firmware_stated)}", each.firmware, ""),
    ]
    return node(
        "dcc:measuringEquipment",
        name(f"{each.make} {each.model}".strip() or each.name),
        rich("dcc:description", about),
        _certificate(each) if found.certificate else None,
        node("dcc:manufacturer", name(each.make)) if each.make else None,
        optional("dcc:model", each.model),
        node(
            "dcc:identifications",
            *(
                node(
                    "dcc:identification",
                    leaf("dcc:issuer", "manufacturer"),
                    leaf("dcc:value", value or NOT_STATED),
                    name(what),
                    ref=ref,
                )
                for what, value, ref in numbers
            ),
        ),
        _quantities(one, each),
    )


def _stated(by_laboratory: bool) -> str:
    return " (stated by the laboratory)" if by_laboratory else ""


def _certificate(each: Instrument) -> Node:
    """Return its calibration certificate; the schema asks for a hash of it, which nobody states."""
    return node(
        "dcc:certificate",
        name("calibration certificate", "dcc:referral"),
        leaf("dcc:referralID", each.calibration.certificate),
        leaf("dcc:procedure", NOT_STATED),
        leaf("dcc:value", NOT_STATED),
    )


def _quantities(one: EnergyCertificate, each: Instrument) -> Node | None:
    found, bench = each.calibration, one.equipment
    sampled, supplied = "sampler" in each.roles, "supply" in each.roles
    stated = [
        _dated("day of its calibration", found.date, "energyRunner_calibratedOn"),
        _dated("day until which its calibration holds", found.due, "energyRunner_calibrationDue"),
        quantity("sample period", bench.period_s if sampled else None, SECOND),
        quantity("voltage that was set", bench.voltage_set_v if supplied else None, VOLT),
        quantity("current limit", bench.current_limit_a if supplied else None, r"\ampere"),
    ]
    known = [
        node("dcc:measuringEquipmentQuantity", *each.children, **_ref(each)) for each in stated if each is not None
    ]
    return node("dcc:measuringEquipmentQuantities", *known) if known else None


def _dated(what: str, day: str, ref: str) -> Node | None:
    return in_words(what, day, ref=ref) if day else None


def _ref(one: Node) -> dict[str, str]:
    return {"ref": dict(one.attributes).get("refType", "")}


def conditions(one: EnergyCertificate) -> Node | None:
    """Return what influences the result: environment, voltages, set-up; None where nothing is known."""
    place = one.conditions
    source = (
        fact("by", place.temperature_from),
        fact("standard uncertainty, K", place.temperature_u_k),
    )
    known = [
        _temperature(place, source),
        _condition("relative humidity", place.humidity_percent, r"\percent", "basic_humidityRelative"),
        _condition("instruments had been on for", place.warm_up_s, SECOND, ""),
        _condition("item had been without power for", place.cool_down_s, SECOND, ""),
        *(_condition("voltage at the item", each_v, VOLT, "") for each_v in one.setup.voltages_v),
        _set_up(one),
    ]
    present = [each for each in known if each is not None]
    return node("dcc:influenceConditions", *present) if present else None


def _condition(what: str, value: float | None, unit: str, ref: str, notes: tuple[str, ...] = ()) -> Node | None:
    stated = quantity(what, value, unit, ref=ref, notes=notes)
    return node("dcc:influenceCondition", name(what), node("dcc:data", stated), ref=ref) if stated else None


def _temperature(place: Conditions, notes: tuple[str, ...]) -> Node | None:
    """Return the range of the temperature as one condition, as the good practice of DCCs has it."""
    ends = (
        ("lowest temperature", place.temperature_low_c, "basic_temperatureMin"),
        ("highest temperature", place.temperature_high_c, "basic_temperatureMax"),
    )
    known = [quantity(what, value, r"\degreecelsius", ref=ref, notes=notes) for what, value, ref in ends]
    if not any(known):
        return None
    return node("dcc:influenceCondition", name("temperature"), node("dcc:data", *known), ref="basic_temperature")


def _set_up(one: EnergyCertificate) -> Node | None:
    about = one.setup
    text = rich(
        "dcc:text",
        [
            fact("supply rails", ", ".join(about.rails)),
            fact("sense", about.sense),
            fact("the measured energy feeds", about.inside),
            fact("it does not feed", about.outside),
            fact("jumpers", about.jumpers),
            fact("isolation", about.isolation),
            fact("cables", about.cables),
            fact("debug probe", about.debug_probe),
            fact("supply read back as off at the end", about.supply_off_confirmed),
        ],
    )
    if text is None:
        return None
    return node(
        "dcc:influenceCondition",
        name("set-up and boundary of the measurement"),
        node("dcc:data", text),
        ref="energyRunner_setUp",
    )
