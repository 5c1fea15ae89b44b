# SPDX-License-Identifier: Apache-2.0
"""What is taken from a session, and from what a laboratory states: nothing more, and of no other instrument."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.certificate.collect.equipment import STATED, equipment
from energy_runner.certificate.collect.gathered import Gathered, gathered
from energy_runner.certificate.collect.statements import statements
from energy_runner.certificate.collect.workload import workload
from energy_runner.certificate.facts.equipment import Equipment
from energy_runner.certificate.minimum import minimum
from energy_runner.certificate.profile.files import with_digests
from energy_runner.certificate.profile.load import profile_from_text
from energy_runner.certificate.profile.questions import missing
from energy_runner.certificate.profile.spec import LabProfile
from energy_runner.rules.base import WITHIN, within
from tests.support.certificates import CALIBRATION, demo_session, hardware_certificate
from tests.support.report_sessions import accuracy_session

NAME = "monitor"  # of the only power monitor of the session


@cache
def found() -> Gathered:
    session = demo_session()
    return gathered(session, session.result())


def of(given: Gathered, profile: str = "") -> Equipment:
    return equipment(given, profile_from_text(profile, "lab.toml") if profile else LabProfile())


def with_second(*signals: str, **changes: Any) -> Gathered:
    """Return the session with one more instrument, `psu`, and with a monitor that was configured otherwise."""
    (one,) = found().monitors
    each = [{"name": name, "unit": "A"} for name in signals]
    own = one.model_copy(update={"signals": each, **changes})
    device = found().devices[NAME]
    return replace(
        found(),
        monitors=(own,),
        devices={**found().devices, "psu": device.model_copy(update={"box": "psu"})},
    )


def lacks(held: Equipment) -> dict[str, str]:
    """Return the demands that a certificate with these instruments does not meet."""
    one = hardware_certificate().model_copy(update={"equipment": held})
    return {each.id: each.detail for each in minimum(one) if not each.met}


def calibrated(held: Equipment, *names: str) -> Equipment:
    """Return instruments of which those called `names` are in calibration."""
    each = [
        one.model_copy(update={"calibration": CALIBRATION, "in_calibration": True}) if one.name in names else one
        for one in held.instruments
    ]
    return held.model_copy(update={"instruments": each})


def test_a_supply_whose_voltage_is_in_the_energy_has_to_be_in_calibration() -> None:
    held = calibrated(of(with_second("current", supply="psu")), NAME)
    assert {one.name: one.in_result for one in held.instruments} == {"io-manager": False, NAME: True, "psu": True}
    assert lacks(held) == {"in-calibration": "psu: no dates of its calibration are stated"}
    result = hardware_certificate().result
    said = statements(result, held, virtual=False, verified=False)
    assert (said.traceable, "psu" in said.traceability) == (False, True)
    asked = missing(hardware_certificate().model_copy(update={"equipment": held}))
    assert "instruments.psu.due" in [one.key for one in asked]
    both = calibrated(held, NAME, "psu")
    assert lacks(both) == {}
    assert statements(result, both, virtual=False, verified=False).traceability.count("K-2026-17") == 2


@pytest.mark.parametrize("signals", [("current", "voltage"), ("power",), ("energy",)])
def test_where_the_voltage_is_in_the_samples_the_supply_is_not_asked_for(signals: tuple[str, ...]) -> None:
    held = of(with_second(*signals, supply="psu"))
    assert [one.roles for one in held.instruments if one.name == "psu"] == [["supply"]]
    assert lacks(calibrated(held, NAME)) == {}


def test_every_rail_has_its_instrument_in_the_result() -> None:
    given = with_second("current", "voltage", rail="core")
    (core,) = given.monitors
    io = core.model_copy(update={"rail": "io", "sampler": "psu", "supply": "psu", "voltage_set_v": 1.1})
    held = of(replace(given, monitors=(core, io)))
    psu = next(one for one in held.instruments if one.name == "psu")
    assert (psu.roles, bool(psu.specification)) == (["edges", "sampler", "supply"], True)
    assert held.voltage_set_v is None, "no voltage of one rail stands for all"
    assert held.signals == [f"{rail}: {name} in A" for rail in ("core", "io") for name in ("current", "voltage")]
    assert lacks(calibrated(held, NAME)) == {"in-calibration": "psu: no dates of its calibration are stated"}


def test_the_decision_rule_is_told_as_the_rules_decide() -> None:
    said = hardware_certificate().statements.decision_rule
    assert within(1.0, None, 1.0)
    assert not within(1.0 + 1e-9, None, 1.0)
    assert "simple acceptance" in said
    # With a stated uncertainty a value is only just kept where it is beyond the limit in all but 2 % of cases.
    u = 0.1
    assert within(1.0 + WITHIN * u, None, 1.0, u)
    assert not within(1.0 + WITHIN * u + 1e-9, None, 1.0, u)
    assert f"{NormalDist().cdf(WITHIN) * 100:.0f} % by guarded rejection" in said


def test_an_accuracy_says_whether_it_was_simulated_and_who_names_its_firmware(tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(b"firmware")
    stated = with_digests(profile_from_text('[firmware]\nimage = "app.elf"', "lab.toml"), tmp_path)
    session = accuracy_session(tmp_path)
    tested = gathered(session, analyze(session))
    for virtual in (True, False):
        record = tested.record.model_copy(update={"virtual": virtual})
        result = tested.result.model_copy(update={"virtual": virtual})
        held = workload(found(), replace(tested, record=record, result=result), stated).accuracy
        assert held is not None
        assert (held.virtual, held.firmware_from) == (virtual, STATED)
