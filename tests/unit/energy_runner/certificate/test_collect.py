# SPDX-License-Identifier: Apache-2.0
"""What is taken from a session, and from what a laboratory states: nothing more, and of no other instrument."""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.uncertainty.causes import HOST_CLOCK
from energy_runner.certificate.collect.equipment import OF_BENCH, STATED, equipment
from energy_runner.certificate.collect.gathered import Gathered, gathered
from energy_runner.certificate.collect.statements import statements
from energy_runner.certificate.collect.workload import workload
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.equipment import Equipment, Instrument
from energy_runner.certificate.minimum import minimum
from energy_runner.certificate.profile.files import with_digests
from energy_runner.certificate.profile.load import profile_from_text
from energy_runner.certificate.profile.questions import missing
from energy_runner.certificate.profile.spec import LabProfile
from energy_runner.certificate.verify.recorded import recorded
from energy_runner.errors import ConfigurationError
from energy_runner.rules.base import WITHIN, within
from energy_runner.session.result import AlignmentResult, Result
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


BENCH = {"calibrated_on": "2025-12-01", "certificate": "K-1", "laboratory": "Lab 1"}


def measured_with(calibration: dict[str, Any]) -> Gathered:
    """Return the session, measured with a calibration in its bench file, on 2026-03-01."""
    bench = {**found().record.bench, "monitor": {"calibration": calibration}}
    record = found().record.model_copy(update={"bench": bench, "started_utc": "2026-03-01T09:00:00Z"})
    return replace(found(), record=record)


def monitor(held: Equipment) -> Instrument:
    return next(one for one in held.instruments if one.name == NAME)


@pytest.mark.parametrize(
    ("bench", "stated", "due", "within", "source"),
    [
        (BENCH, "", "", None, OF_BENCH),
        (BENCH | {"interval_days": 60}, "", "2026-01-30", False, OF_BENCH),
        (BENCH, "due = 2026-02-28", "2026-02-28", False, f"{OF_BENCH}; {STATED}"),
        (BENCH, "due = 2026-03-01", "2026-03-01", True, f"{OF_BENCH}; {STATED}"),
        (BENCH | {"due": "2026-12-01"}, 'certificate = "K-1"', "2026-12-01", True, OF_BENCH),
        ({}, 'certificate = "K-1"\ndate = 2025-12-01\ndue = 2026-12-01', "2026-12-01", True, STATED),
    ],
)
def test_the_last_day_of_a_calibration_is_one_that_somebody_states(
    bench: dict[str, Any], stated: str, due: str, within: bool | None, source: str
) -> None:
    one = monitor(of(measured_with(bench), f"[instruments.{NAME}]\n{stated}"))
    assert (one.calibration.due, one.in_calibration, one.calibration.source) == (due, within, source)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (
            'serial = "another"',
            f"instruments.{NAME}.serial: the profile states another, but the instrument answered",
        ),
        ('certificate = "K-2"', "states K-2, but the bench file of the session says K-1"),
        ("date = 2026-02-01", "states 2026-02-01, but the bench file of the session says 2025-12-01"),
        ("due = 2027-01-01", "states 2027-01-01, but the bench file of the session says 2026-12-01"),
    ],
)
def test_another_instrument_or_calibration_than_that_of_the_session_is_refused(stated: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        of(measured_with(BENCH | {"due": "2026-12-01"}), f"[instruments.{NAME}]\n{stated}")


@pytest.mark.parametrize(
    ("changes", "within", "why"),
    [
        ({"due": ""}, None, "no last day of its calibration is stated"),
        ({"date": ""}, None, "no day of its calibration is stated"),
        ({"date": "", "due": ""}, None, "no dates of its calibration are stated"),
        ({}, None, "the day of the measurement is not known"),
        ({}, False, "not in calibration on the day of the measurement"),
        ({"certificate": ""}, True, "no calibration certificate is named"),
        ({"laboratory": ""}, True, "no calibration laboratory is named"),
    ],
)
def test_what_a_calibration_lacks_is_told_and_nothing_is_traceable_without_it(
    changes: dict[str, str], within: bool | None, why: str
) -> None:
    held = of(found())
    own = monitor(held).model_copy(
        update={"calibration": CALIBRATION.model_copy(update=changes), "in_calibration": within}
    )
    held = held.model_copy(update={"instruments": [own]})
    assert lacks(held) == {"in-calibration": f"{NAME}: {why}"}
    assert not statements(hardware_certificate().result, held, virtual=False, verified=False).traceable


TELLS_NOTHING = {"make": "", "model": "", "serial": "", "firmware": ""}


def told_as(**answers: str) -> Gathered:
    """Return the session with a monitor that answered otherwise."""
    device = found().devices[NAME]
    changed = device.model_copy(update={"identity": {**device.identity, **answers}})
    return replace(found(), devices={**found().devices, NAME: changed})


@pytest.mark.parametrize("key", TELLS_NOTHING)
def test_what_an_instrument_does_not_tell_the_laboratory_may_state_and_it_is_marked(key: str) -> None:
    silent = told_as(**{key: ""})
    [one] = [each for each in of(silent).instruments if each.name == NAME]
    assert (getattr(one, key), getattr(one, f"{key}_stated")) == ("", False)
    assert lacks(calibrated(of(silent), NAME)) == {"instrument-identified": f"{NAME} without {key}"}
    asked = missing(hardware_certificate().model_copy(update={"equipment": of(silent)}))
    assert f"instruments.{NAME}.{key}" in [each.key for each in asked]
    held = of(silent, f'[instruments.{NAME}]\n{key} = "X-1"')
    [one] = [each for each in held.instruments if each.name == NAME]
    assert [(each, getattr(one, each)) for each in TELLS_NOTHING if getattr(one, f"{each}_stated")] == [
        (key, "X-1")
    ]
    assert lacks(calibrated(held, NAME)) == {}


@pytest.mark.parametrize("key", TELLS_NOTHING)
def test_what_an_instrument_tells_no_laboratory_states_otherwise(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"instruments.{NAME}.{key}: the profile states X-1"):
        of(found(), f'[instruments.{NAME}]\n{key} = "X-1"')


@pytest.mark.parametrize("key", TELLS_NOTHING)
def test_a_stated_answer_is_not_sold_as_the_instruments_own(key: str) -> None:
    again = hardware_certificate().model_copy(update={"equipment": of(told_as(**{key: ""}))})
    held = of(told_as(**{key: ""}), f'[instruments.{NAME}]\n{key} = "X-1"')
    honest = again.model_copy(update={"equipment": held})
    assert list(recorded(honest, again, judged=True, accuracy=False)) == []
    each = [one.model_copy(update={f"{key}_stated": False}) for one in held.instruments]
    lying = again.model_copy(update={"equipment": held.model_copy(update={"instruments": each})})
    places = [place for place, _ in recorded(lying, again, judged=True, accuracy=False)]
    assert [place.rpartition(".")[2] for place in places] == [f"{key}_stated"]


def timed_by_laps(share: float) -> tuple[Gathered, Result]:
    """Return the session with windows by the IO manager's laps; the host's clock is that share of the variance."""
    result = hardware_certificate().result
    assert result.uncertainty is not None
    rest = [one for one in result.uncertainty.components if one.value_j]
    square = math.fsum(one.value_j**2 for one in rest)
    clock = rest[0].model_copy(
        update={"name": HOST_CLOCK, "limit": 1e-4, "value_j": math.sqrt(square * share / (1 - share))}
    )
    changed = result.model_copy(
        update={
            "alignment": AlignmentResult(method="by laps", rate_correction=1.0, rate_u=6e-5),
            "uncertainty": result.uncertainty.model_copy(update={"components": [*rest, clock]}),
        }
    )
    return replace(found(), result=changed), changed


def certified(held: Equipment, result: Result) -> EnergyCertificate:
    texts = statements(result, held, virtual=False, verified=False)
    return hardware_certificate().model_copy(update={"equipment": held, "result": result, "statements": texts})


def test_the_clock_that_timed_the_windows_is_in_the_list_of_instruments() -> None:
    roles = {one.name: one.roles for one in of(timed_by_laps(0.001)[0]).instruments}
    assert roles["io-manager"] == ["clock", "dut", "edges"]
    assert "clock" not in {role for one in of(found()).instruments for role in one.roles}


def test_of_a_clock_that_hardly_counts_the_limit_in_the_budget_is_named() -> None:
    gathered_, result = timed_by_laps(0.001)
    one = certified(calibrated(of(gathered_), NAME), result)
    assert "in-calibration" not in {each.id for each in minimum(one) if not each.met}
    assert one.statements.traceable
    assert one.statements.traceability.endswith(
        "The windows were timed by the clock of io-manager, whose rate the run itself has measured by the clock "
        "of the computer. For that one the budget counts up to ±100 ppm, 0.1 % of the variance; no calibration "
        "covers it."
    )
    assert not [each for each in missing(one) if each.key.startswith("instruments.io-manager")]


def test_of_a_clock_that_counts_a_calibration_is_asked_for() -> None:
    gathered_, result = timed_by_laps(0.04)
    one = certified(calibrated(of(gathered_), NAME), result)
    lacking = {each.id: each.detail for each in minimum(one) if not each.met}
    assert lacking["in-calibration"] == "io-manager: no dates of its calibration are stated"
    assert (one.statements.traceable, "io-manager" in one.statements.traceability) == (False, True)
    asked = [each.key for each in missing(one) if each.key.startswith("instruments.io-manager")]
    keys = ("make", "serial", "certificate", "laboratory", "date", "due")
    assert asked == [f"instruments.io-manager.{key}" for key in keys]
    assert lacking["instrument-identified"] == "io-manager without make, serial"
    stated = '[instruments.io-manager]\nmake = "Example"\nserial = "7"'
    whole = certified(calibrated(of(gathered_, stated), NAME, "io-manager"), result)
    assert not {"in-calibration", "instrument-identified"} & {each.id for each in minimum(whole) if not each.met}
    assert "a calibration covers it" in whole.statements.traceability
