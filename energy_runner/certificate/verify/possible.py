# SPDX-License-Identifier: Apache-2.0
"""Whether what a certificate states can be at all: digests, days, sources and quantities, each by itself.

A profile is held to the same when a certificate is issued; who writes facts by hand is held to it here.
"""

import re
from collections.abc import Iterator

from energy_runner.certificate.collect.equipment import STATED
from energy_runner.certificate.collect.item import FLASHED
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.workload import AccuracyFacts
from energy_runner.certificate.verify.checks import Contradiction
from energy_runner.session.days import days_between
from energy_runner.session.evidence import StimuliStanding

COLDEST_C = -273.15
_SHA256 = re.compile("[0-9a-f]{64}")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OF_FILES = frozenset({FLASHED, STATED, "model of the virtual DUT"})
_OF_TRUST = frozenset({"", "the session", "the control chart"})
_MOST = {"top1": 100.0, "auc": 1.0}
_NOBODY = "nobody of that name can say so"


def possible(one: EnergyCertificate) -> Iterator[Contradiction]:
    """Yield what a certificate states that cannot be, each with its place."""
    yield from _files(one)
    yield from _days(one)
    yield from _quantities(one)
    if one.trust.source not in _OF_TRUST or (one.trust.state == "trusted" and not one.trust.source):
        yield "trust.source", _NOBODY
    if one.virtual and one.statements.verified:
        yield "statements.verified", "nobody reviews the result of a simulation"
    if one.workload.accuracy is not None:
        yield from _accuracy(one.workload.accuracy)


def official_in_part(standing: StimuliStanding | None, place: str) -> Iterator[Contradiction]:
    """Yield where stimuli are called official and not all of them are."""
    if standing is None or standing.status != "official":
        return
    others = standing.demonstration + standing.unofficial + standing.unknown
    if others or standing.official == 0:
        yield place, f"{standing.official} stimuli are official, and {others} are not"


def _files(one: EnergyCertificate) -> Iterator[Contradiction]:
    named = [("firmware.image", one.firmware.image), ("firmware.network", one.firmware.network)]
    for place, image in named:
        if image is not None and image.source not in _OF_FILES:
            yield f"{place}.source", _NOBODY
        if image is not None and not _SHA256.fullmatch(image.sha256):
            yield f"{place}.sha256", "it is no SHA-256, which has 64 hexadecimal digits"
    for number, photo in enumerate(one.item.photos):
        if not _SHA256.fullmatch(photo.sha256):
            yield f"item.photos[{number}].sha256", "it is no SHA-256, which has 64 hexadecimal digits"


def _days(one: EnergyCertificate) -> Iterator[Contradiction]:
    stated = [("item.received", one.item.received)]
    for number, each in enumerate(one.equipment.instruments):
        place = f"equipment.instruments[{number}].calibration"
        stated += [(f"{place}.date", each.calibration.date), (f"{place}.due", each.calibration.due)]
    for place, day in stated:
        if day and not _is_day(day):
            yield place, f"'{day}' is no day, which is written YYYY-MM-DD"


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and days_between(text, text) == 0
    except ValueError:
        return False


def _quantities(one: EnergyCertificate) -> Iterator[Contradiction]:
    around, item = one.conditions, one.item
    ranges = (
        ("conditions.temperature_low_c", around.temperature_low_c, COLDEST_C, None),
        ("conditions.humidity_percent", around.humidity_percent, 0.0, 100.0),
        ("conditions.warm_up_s", around.warm_up_s, 0.0, None),
        ("item.clock_hz", item.clock_hz, 0.0, None),
    )
    for place, value, least, most in ranges:
        if value is not None and (value < least or (most is not None and value > most)):
            yield place, f"{value:g} cannot be"


def _accuracy(found: AccuracyFacts) -> Iterator[Contradiction]:
    place = "workload.accuracy"
    for name, value in (("value", found.value), ("target", found.target)):
        if value is not None and not 0.0 <= value <= _MOST[found.metric]:
            yield f"{place}.{name}", f"{value:g} is no value of {found.metric}"
    if found.met and found.stimuli < 1:
        yield f"{place}.stimuli", "the target is met, and no stimulus was answered"
    yield from official_in_part(found.standing, f"{place}.standing")
    if found.firmware_from not in {"", *_OF_FILES}:
        yield f"{place}.firmware_from", _NOBODY
