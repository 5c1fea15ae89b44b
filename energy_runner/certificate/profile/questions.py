# SPDX-License-Identifier: Apache-2.0
"""What a laboratory is asked: the keys of its profile, and which of them a certificate lacks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from energy_runner.certificate.facts import EnergyCertificate, Missing
from energy_runner.certificate.facts.equipment import IDENTITY
from energy_runner.certificate.timing import clocks_that_count


@dataclass(frozen=True)
class Question:
    """A key of the profile, what it is, an example of an answer, and what the certificate holds of it."""

    key: str
    what: str
    example: str
    held: Callable[[EnergyCertificate], object]


# Without these a reader cannot tell what was measured, by whom and how; the others of the profile may stay empty.
QUESTIONS = (
    Question("laboratory.name", "name of the laboratory", "Example Lab", lambda c: c.parties.laboratory.name),
    Question(
        "laboratory.address",
        "address of the laboratory",
        "1 Example Street, 12345 Example",
        lambda c: c.parties.laboratory.address,
    ),
    Question(
        "laboratory.country",
        "country of the laboratory, ISO 3166-1 alpha-2",
        "DE",
        lambda c: c.parties.laboratory.country,
    ),
    Question("people.operator", "who measured", "A. Example", lambda c: c.parties.operator),
    Question("people.approver", "who authorises the certificate", "B. Example", lambda c: c.parties.approver),
    Question("item.board", "make and model of the board", "ST NUCLEO-L4R5ZI", lambda c: c.item.board),
    Question("item.revision", "revision of the board", "MB1312C", lambda c: c.item.revision),
    Question("item.serial", "serial number of the board", "A1B2C3", lambda c: c.item.serial),
    Question("item.processor", "processor, with its stepping", "STM32L4R5ZI rev. Z", lambda c: c.item.processor),
    Question("item.clock_hz", "clock of the processor, Hz", "120000000", lambda c: c.item.clock_hz),
    Question("firmware.image", "file of the firmware", "build/app.elf", lambda c: c.firmware.image),
    Question("firmware.network", "file of the network", "kws_ref_model.tflite", lambda c: c.firmware.network),
    Question(
        "firmware.toolchain", "compiler and version", "arm-none-eabi-gcc 13.2", lambda c: c.firmware.toolchain
    ),
    Question(
        "firmware.framework",
        "inference framework and version",
        "TensorFlow Lite for Microcontrollers 2.17",
        lambda c: c.firmware.framework,
    ),
    Question(
        "conditions.temperature_c",
        "lowest and highest temperature, °C",
        "[22.5, 23.5]",
        lambda c: c.conditions.temperature_low_c,
    ),
    Question("setup.sense", "how the voltage is sensed", "4-wire", lambda c: c.setup.sense),
    Question("setup.inside", "what the measured energy feeds", "microcontroller, VDD", lambda c: c.setup.inside),
    Question("setup.outside", "what of the board it does not feed", "debug probe", lambda c: c.setup.outside),
)
# Of each instrument that the energy is computed from, and of the one that timed it, where its clock counts.
OF_INSTRUMENT = (
    ("make", "make"),
    ("model", "model"),
    ("serial", "serial number"),
    ("firmware", "version of the firmware"),
    ("certificate", "number of the calibration certificate"),
    ("laboratory", "name of the calibration laboratory"),
    ("date", "day of the calibration"),
    ("due", "last day of the calibration"),
)


def missing(certificate: EnergyCertificate) -> list[Missing]:
    """Return what the laboratory has to state and did not."""
    own = [Missing(key=one.key, what=one.what) for one in QUESTIONS if _is_empty(one.held(certificate))]
    return [*own, *_of_instruments(certificate)]


def _of_instruments(certificate: EnergyCertificate) -> Iterator[Missing]:
    clocks = clocks_that_count(certificate.result, certificate.equipment)
    for one in certificate.equipment.instruments:
        if not (one.in_result or one in clocks):
            continue
        for key, what in OF_INSTRUMENT:
            held = getattr(one if key in IDENTITY else one.calibration, key)
            if _is_empty(held):
                yield Missing(key=f"instruments.{one.name}.{key}", what=f"{what} of {one.name}")


def _is_empty(held: object) -> bool:
    return held is None or held in ("", [])
