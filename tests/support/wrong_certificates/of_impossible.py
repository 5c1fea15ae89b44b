# SPDX-License-Identifier: Apache-2.0
"""Lies that cannot be, each by itself, and a target that the benchmark does not have."""

from collections.abc import Callable

from energy_runner.certificate.facts import EnergyCertificate
from tests.support.wrong_certificates import changes as told
from tests.support.wrong_certificates.case import Case
from tests.support.wrong_certificates.changes import OTHER_DIGEST, all_of, put
from tests.support.wrong_certificates.lab import Change, Document, hardware, virtual
from tests.support.wrong_certificates.lying import calibration, of, with_session

_ACCURACY = "workload.accuracy"


def _accurate(one: Document) -> None:
    told.judged_with("accuracy")(one)
    one["workload"]["accuracy"] = {
        **hardware().document()["workload"]["accuracy"],
        "session_id": "elsewhere",
        "facts_sha256": OTHER_DIGEST,
        "target": 10.0,
    }


def _not(name: str, place: str, change: Change, whose: Callable[[], EnergyCertificate] = virtual) -> Case:
    return of(f"impossible-{name}", f"{place} cannot be so", change, place, whose, careful=True)


CASES = (
    _not("image", "firmware.image.sha256", put("firmware.image.sha256", "none"), hardware),
    _not("image-source", "firmware.image.source", put("firmware.image.source", "everybody"), hardware),
    _not("network", "firmware.network.sha256", put("firmware.network.sha256", "none"), hardware),
    _not("day", "calibration.date", calibration(date="2026-02-30"), hardware),
    _not("received", "item.received", put("item.received", "some day")),
    _not("temperature", "conditions.temperature_low_c", put("conditions.temperature_low_c", -300.0)),
    _not("humidity", "conditions.humidity_percent", put("conditions.humidity_percent", 120.0)),
    _not("warm-up", "conditions.warm_up_s", put("conditions.warm_up_s", -1.0)),
    _not("clock", "item.clock_hz", put("item.clock_hz", -1.0)),
    _not("trust", "trust.source", put("trust.source", "everybody"), hardware),
    _not("trust-of-nobody", "trust.source", put("trust.source", ""), hardware),
    _not("review", "statements.verified", put("statements.verified", True)),
    _not("accuracy", f"{_ACCURACY}.value", put(f"{_ACCURACY}.value", 191.6), hardware),
    _not("target", f"{_ACCURACY}.target", put(f"{_ACCURACY}.target", -1.0), hardware),
    _not("accuracy-of-nothing", f"{_ACCURACY}.stimuli", put(f"{_ACCURACY}.stimuli", 0), hardware),
    _not("accuracy-stimuli", f"{_ACCURACY}.standing", put(f"{_ACCURACY}.standing.unofficial", 5), hardware),
    _not("accuracy-firmware", f"{_ACCURACY}.firmware_from", put(f"{_ACCURACY}.firmware_from", "x"), hardware),
    *with_session(
        "target-lowered",
        "the accuracy has to reach less than the benchmark asks for",
        all_of(_accurate),
        ("recomputed", f"{_ACCURACY}.target"),
    ),
)
