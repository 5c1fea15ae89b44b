# SPDX-License-Identifier: Apache-2.0
"""Whether what a certificate says of the run was recorded in it; the rest the laboratory has stated."""

from collections.abc import Iterator
from typing import Any

from energy_runner.certificate.collect.collect import as_written
from energy_runner.certificate.collect.equipment import OF_BENCH, STATED
from energy_runner.certificate.collect.item import FLASHED
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.equipment import IDENTITY, Instrument
from energy_runner.certificate.verify.checks import Contradiction
from energy_runner.certificate.verify.signed import first_difference

# What a certificate takes from its session alone, part by part; the rest the laboratory has stated.
_OF_SESSION = (
    "virtual",
    "session.session_id",
    "session.started_utc",
    "session.time_zone",
    "session.virtual",
    "session.bench",
    "session.origin",
    "session.facts_sha256",
    "session.files",
    "session.software",
    "session.commit",
    "session.libraries",
    "curves.run",
    "curves.inference",
    "curves.inferences_averaged",
    "equipment.computer",
    "equipment.period_s",
    "equipment.voltage_set_v",
    "equipment.current_limit_a",
    "equipment.signals",
    "firmware.name",
    "firmware.profile",
    "firmware.model_string",
    "firmware.answers_from",
    "workload.benchmark",
    "workload.task",
    "workload.inferences",
    "workload.warmups",
    "workload.stimuli",
    "workload.label_file",
    "workload.standing",
    "setup.voltages_v",
    "setup.rails",
    "setup.supply_off_confirmed",
    "conditions.cool_down_s",
)
_OF_VERDICT = "setup.debug_probe"
_OF_INSTRUMENT = ("name", "roles", "driver", "virtual", "settings", "specification")
_OF_CALIBRATION = ("certificate", "laboratory", "date", "due")
_TEMPERATURE = ("temperature_low_c", "temperature_high_c", "temperature_u_k", "temperature_from")
# The state of the bench comes from the session only where no control chart was asked.
_FROM_SESSION = "the session"
_BENCH_FILE = "bench file"
_OTHERWISE = "the session says something else"


def recorded(
    one: EnergyCertificate, again: EnergyCertificate, *, judged: bool, accuracy: bool
) -> Iterator[Contradiction]:
    """Yield where a certificate differs from what was collected `again` from its session, without a laboratory.

    `judged` says that the same rules were asked again, `accuracy` that the accuracy session was at hand as well.
    """
    left, right = (as_written(each.document()) for each in (one, again))
    for path in (*_OF_SESSION, *([_OF_VERDICT] if judged else [])):
        place = first_difference(_at(left, path), _at(right, path), path)
        if place:
            yield place, _OTHERWISE
    if len(one.equipment.instruments) != len(again.equipment.instruments):
        yield "equipment.instruments", "the session names more or fewer of them"
    for number, pair in enumerate(zip(one.equipment.instruments, again.equipment.instruments, strict=False)):
        for name in _of_instrument(*pair):
            yield f"equipment.instruments[{number}].{name}", _OTHERWISE
    yield from _of_surroundings(one, again)
    if accuracy:
        yield from _of_accuracy(one, again)


def _of_instrument(stated: Instrument, found: Instrument) -> Iterator[str]:
    """Yield the fields of an instrument that its session tells otherwise."""
    yield from (name for name in _OF_INSTRUMENT if _plain(stated, name) != _plain(found, name))
    for name in IDENTITY:
        own, told = getattr(found, name), getattr(stated, name)
        if getattr(stated, f"{name}_stated") != (not own and bool(told)):
            yield f"{name}_stated"
        if own and told != own:
            yield name
    calibrated, known = stated.calibration, found.calibration
    if calibrated.used != known.used:
        yield "calibration.used"
    if (calibrated.source == OF_BENCH) != (known.source == OF_BENCH):
        yield "calibration.source"
    elif known.source == OF_BENCH:
        # What the bench's file leaves open the laboratory may state.
        for name in _OF_CALIBRATION:
            if getattr(known, name) and getattr(calibrated, name) != getattr(known, name):
                yield f"calibration.{name}"
        if stated.in_calibration != found.in_calibration and known.date and known.due:
            yield "in_calibration"


def _of_surroundings(one: EnergyCertificate, again: EnergyCertificate) -> Iterator[Contradiction]:
    """Yield where a certificate names the session as the source of something that it does not say."""
    found, told = again.conditions, one.conditions
    measured = found.temperature_from not in {"", _BENCH_FILE}
    if measured or told.temperature_from != STATED:
        for name in _TEMPERATURE:
            if getattr(told, name) != getattr(found, name):
                yield f"conditions.{name}", _OTHERWISE
    elif told.temperature_u_k is not None:
        yield "conditions.temperature_u_k", "a laboratory states none, and no thermometer was there"
    image, flashed = one.firmware.image, again.firmware.image
    claimed = image is not None and image.source == FLASHED
    if (flashed is not None or claimed) and image != flashed:
        yield "firmware.image", _OTHERWISE
    network = one.firmware.network
    if network is not None and network.source == FLASHED:
        yield "firmware.network", "no session flashes a network alone"
    if one.trust.source == _FROM_SESSION and one.trust != again.trust:
        yield "trust.state", _OTHERWISE


def _of_accuracy(one: EnergyCertificate, again: EnergyCertificate) -> Iterator[Contradiction]:
    told, found = (each.workload.accuracy for each in (one, again))
    if told is None or found is None:
        if told is not found:
            yield "workload.accuracy", "the accuracy session says something else"
        return
    # The same firmware may rest on a file that the laboratory states.
    for name in set(type(told).model_fields) - {"same_firmware"}:
        if getattr(told, name) != getattr(found, name):
            yield f"workload.accuracy.{name}", "the accuracy session says something else"
    if found.same_firmware is not None and told.same_firmware != found.same_firmware:
        yield "workload.accuracy.same_firmware", "the accuracy session says something else"


def _plain(one: Instrument, name: str) -> Any:
    return as_written(getattr(one, name))


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document[key]
    return document
