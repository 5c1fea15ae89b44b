# SPDX-License-Identifier: Apache-2.0
"""What a certificate says, when it may be called one, and what it lists as missing."""

import json

import pytest

from energy_runner.certificate.aibom import aibom_bytes
from energy_runner.certificate.collect.collect import with_derived
from energy_runner.certificate.facts import CERTIFICATE, REPORT, EnergyCertificate
from energy_runner.certificate.facts.evidence import BenchTrust
from energy_runner.certificate.minimum import DEMANDS
from energy_runner.certificate.verify.inner import contradictions
from energy_runner.session.budget import Uncertainty
from energy_runner.session.descriptions import descriptions, models_of
from energy_runner.session.result import Finding
from tests.support.certificates import hardware_certificate, virtual_certificate


def test_all_demands_met_make_a_certificate() -> None:
    one = hardware_certificate()
    assert one.reasons == []
    assert (one.title, one.missing, one.virtual) == (CERTIFICATE, [], False)
    assert one.statements.traceable
    assert "K-2026-17 of Example Calibration" in one.statements.traceability


def test_a_virtual_session_is_a_report_with_its_reasons() -> None:
    one = virtual_certificate()
    assert (one.title, one.virtual) == (REPORT, True)
    assert one.reasons[0].id == "hardware"
    assert not one.statements.traceable


def without(**changes: object) -> EnergyCertificate:
    return hardware_certificate().model_copy(update=changes)


def broken(demand: str) -> EnergyCertificate:
    """Return a certificate that lacks one demand and nothing else."""
    one = hardware_certificate()
    samplers = [
        each.model_copy(update={"serial": "" if demand == "instrument-identified" else each.serial})
        for each in one.equipment.instruments
    ]
    expired = [each.model_copy(update={"in_calibration": False}) for each in one.equipment.instruments]
    accuracy = one.workload.accuracy
    score, standing = one.result.energy_per_inference_j, one.workload.standing
    assert accuracy is not None
    assert score is not None
    assert standing is not None
    failed = [each.model_copy(update={"passed": False}) for each in one.result.verdicts]
    changes: dict[str, dict[str, object]] = {
        "hardware": {"virtual": True},
        "instrument-identified": {"equipment": one.equipment.model_copy(update={"instruments": samplers})},
        "in-calibration": {"equipment": one.equipment.model_copy(update={"instruments": expired})},
        "identified": {"item": one.item.model_copy(update={"serial": " "})},
        "rules-pass": {"result": one.result.model_copy(update={"verdicts": failed})},
        "five-windows": {"result": one.result.model_copy(update={"windows": one.result.windows[:4]})},
        "uncertainty-complete": {
            "result": one.result.model_copy(
                update={
                    "energy_per_inference_j": score.model_copy(update={"complete": False, "incomplete": ["gain"]})
                }
            )
        },
        "accuracy-met": {
            "workload": one.workload.model_copy(
                update={"accuracy": accuracy.model_copy(update={"same_firmware": None})}
            )
        },
        "official-stimuli": {
            "workload": one.workload.model_copy(
                update={"standing": standing.model_copy(update={"status": "unofficial"})}
            )
        },
        "facts-sealed": {
            "result": one.result.model_copy(update={"findings": [Finding(id="facts-changed", detail="a byte")]})
        },
        "hashes-complete": {"firmware": one.firmware.model_copy(update={"network": None})},
        "bench-in-control": {"trust": BenchTrust(state="out of control")},
    }
    return without(**changes[demand])


@pytest.mark.parametrize("demand", [one.id for one in DEMANDS])
def test_each_demand_alone_keeps_it_from_being_a_certificate(demand: str) -> None:
    one = with_derived(broken(demand))
    assert one.title == REPORT
    assert demand in [each.id for each in one.reasons]
    assert all(each.detail for each in one.reasons)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"virtual": True}, "it was simulated"),
        ({"facts_sha256": None}, "its session is not sealed"),
        ({"met": False}, "the target is not met by a valid run"),
        ({"same_firmware": False}, "another firmware"),
        ({"same_firmware": None}, "no hash says that it is the same firmware"),
        ({"standing": None}, "not on the benchmark's own stimuli"),
    ],
)
def test_an_accuracy_that_does_not_count_keeps_it_from_being_a_certificate(
    changes: dict[str, object], why: str
) -> None:
    one = hardware_certificate()
    accuracy = one.workload.accuracy
    assert accuracy is not None
    other = one.workload.model_copy(update={"accuracy": accuracy.model_copy(update=changes)})
    assert [each.detail for each in with_derived(without(workload=other)).reasons] == [why]
    card = json.loads(aibom_bytes(without(workload=other)))["components"][0]["modelCard"]
    assert ("quantitativeAnalysis" in card) == (not {"virtual", "same_firmware"} & changes.keys())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"uncertainty": None}, "there is no budget"),
        ({"uncertainty": Uncertainty()}, "there is no budget"),
        ({"energy_per_inference_j": None}, "there is no score"),
    ],
)
def test_an_uncertainty_without_a_budget_is_not_complete(changes: dict[str, object], why: str) -> None:
    result = hardware_certificate().result.model_copy(update=changes)
    assert {"uncertainty-complete": why} == {
        each.id: each.detail for each in with_derived(without(result=result)).reasons
    }


def test_what_nobody_states_is_listed_and_not_invented() -> None:
    one = virtual_certificate(stated=False)
    keys = [each.key for each in one.missing]
    assert {"laboratory.name", "item.serial", "instruments.monitor.due"} <= set(keys)
    assert (one.parties.laboratory.name, one.item.serial, one.item.clock_hz) == ("", "", None)


@pytest.mark.parametrize("make", [virtual_certificate, hardware_certificate])
def test_facts_do_not_contradict_each_other_and_survive_the_way_through_json(make) -> None:
    one = make()
    assert list(contradictions(one)) == []
    again = EnergyCertificate.model_validate(one.document())
    assert again == one
    assert again.document() == one.document()


def test_every_field_has_a_description() -> None:
    for name, model in models_of(EnergyCertificate).items():
        known = descriptions(model)
        lacking = [
            (name, key)
            for key, field in ((field.alias or key, field) for key, field in model.model_fields.items())
            if not known.get(key)
        ]
        assert lacking == []
