# SPDX-License-Identifier: Apache-2.0
"""Facts of certificates for tests of their pages: of a hand-made session, as sparse or as full as facts can be."""

import hashlib
from pathlib import Path
from typing import Any

from energy_runner.api import analyze
from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.document import Attachment
from energy_runner.certificate.facts import CERTIFICATE, EnergyCertificate, Issuing
from energy_runner.certificate.facts.evidence import BenchTrust
from energy_runner.certificate.facts.item import Image, Photo
from energy_runner.certificate.facts.workload import AccuracyFacts
from energy_runner.certificate.minimum import minimum
from energy_runner.certificate.profile.files import Profile
from energy_runner.certificate.profile.load import profile_from_text
from energy_runner.session.evidence import StimuliStanding
from tests.support.report_sessions import energy_session

ISSUING = Issuing(
    issued_utc="2026-02-03T10:11:12Z",
    software="energy-runner 0.1.0",
    commit="0123456789abcdef0123456789abcdef01234567",
    key_id=hashlib.sha256(b"key").hexdigest(),
)
PROFILE = """
[laboratory]
name = "Prüflabor für Energiemessung"
address = "Bundesallee 100, 38116 Braunschweig, Germany"
contact = "energy@example.org"
place = "Hall 3, bench 2"
accreditation = "D-K-00000-01-00"
[customer]
name = "Beispiel Halbleiter GmbH"
address = "Chipstraße 1, 01109 Dresden, Germany"
[people]
operator = "Ada Example"
approver = "Dr. Grace Example"
[item]
board = "ST NUCLEO-L4R5ZI"
revision = "MB1312C"
serial = "0669FF494849887767"
processor = "STM32L4R5ZI, rev. Z"
clock_hz = 120000000
memory = "SRAM1, flash with cache"
modifications = ["SB12 opened", "IDD jumper removed, fed by the power analyser"]
typical = true
availability = "available"
condition = "new, unopened"
received = 2026-01-01
[firmware]
toolchain = "arm-none-eabi-gcc 13.2"
flags = "-Ofast -mcpu=cortex-m4 -mfpu=fpv4-sp-d16"
framework = "TensorFlow Lite for Microcontrollers 2.17"
kernels = "CMSIS-NN 6.0"
quantisation = "int8 weights and activations"
[workload]
division = "closed"
[instruments.monitor]
certificate = "DKD-K-12345-2025"
laboratory = "Kalibrierlabor Nord"
date = 2025-06-01
due = 2026-06-01
accredited = true
adjusted = false
[conditions]
temperature_c = [22.5, 23.5]
humidity_percent = 45
warm_up_s = 1800
[setup]
sense = "4-wire"
inside = "microcontroller, VDD only"
outside = "debug probe, LEDs, level shifters"
jumpers = "JP5 open"
isolation = "TXU0304 level shifters, fed by the IO manager"
cables = "two twisted pairs of 30 cm"
"""


def sparse(folder: Path, **change: Any) -> EnergyCertificate:
    """Return the facts where the laboratory states nothing: a report."""
    session = energy_session(folder, change=change, name=f"session-{len(list(folder.iterdir()))}")
    return collect(session, analyze(session), Given(ISSUING))


def full(folder: Path, **change: Any) -> EnergyCertificate:
    """Return facts with nothing missing, titled a certificate; `change` replaces some of them."""
    session = energy_session(folder, name=f"session-{len(list(folder.iterdir()))}")
    profile = Profile(profile_from_text(PROFILE, "profile"))
    found = collect(session, analyze(session), Given(ISSUING, profile))
    return whole(found, **change)


def whole(one: EnergyCertificate, **change: Any) -> EnergyCertificate:
    """Return a certificate with what a hand-made session does not hold."""
    official = StimuliStanding(
        status="official", detail="", label_file="official", official=5, demonstration=0, unofficial=0, unknown=0
    )
    image = Image(file="app.elf", sha256=hashlib.sha256(b"app").hexdigest(), source="flashed in the session")
    network = Image(
        file="kws.tflite", sha256=hashlib.sha256(b"kws").hexdigest(), source="stated by the laboratory"
    )
    accuracy = AccuracyFacts(
        session_id="2026-01-02T02-00-00Z-kws01-accuracy",
        facts_sha256=hashlib.sha256(b"facts").hexdigest(),
        metric="top1",
        value=91.6,
        target=90.0,
        virtual=False,
        met=True,
        stimuli=1000,
        standing=official,
        same_firmware=True,
        firmware_from="flashed in the session",
    )
    photo = Photo(file="setup.jpg", sha256=hashlib.sha256(b"photo").hexdigest(), shows="the set-up")
    result = one.result.model_copy(
        update={
            "valid": True,
            "verdicts": [each.model_copy(update={"passed": True}) for each in one.result.verdicts],
        }
    )
    update = {
        "item": one.item.model_copy(update={"photos": [photo]}),
        "firmware": one.firmware.model_copy(update={"image": image, "network": network}),
        "workload": one.workload.model_copy(update={"standing": official, "accuracy": accuracy}),
        "trust": BenchTrust(state="trusted", detail="12 nights without a signal", source="the control chart"),
        "result": result,
        "missing": [],
        "title": CERTIFICATE,
        "id": "ER-0123456789ABCDEF",
    }
    made = one.model_copy(update=update)
    demands = [each.model_copy(update={"met": True, "detail": ""}) for each in minimum(made)]
    return made.model_copy(update={"minimum": demands, **change})


def attachments(envelope: bytes = b'{"payload":"' + b"0" * 4096 + b'"}') -> list[Attachment]:
    """Return the forms that a PDF carries, as short as they can be."""
    return [
        Attachment("certificate.json", "application/json", "The signed certificate", envelope, "Data"),
        Attachment("certificate.dcc.xml", "application/xml", "Calibration certificate", b"<dcc/>", "Alternative"),
    ]


LONG_SERIAL = "9" * 498
MARKUP = '#eval("1+1") $x$ *bold* _it_ @ref <label> \\u{41} [x] `r` // "q" #import "@preview/x:1.0.0": *'


def long_facts(one: EnergyCertificate) -> EnergyCertificate:
    """Return a certificate with texts as long as they may be, and with markup in them."""
    lab = one.parties.laboratory.model_copy(update={"name": "Long-name" * 55, "address": "Street " * 70})
    item = one.item.model_copy(update={"board": "X" * 300, "serial": LONG_SERIAL, "memory": "word " * 100})
    windows = [each.model_copy(update={"file": "a_stimulus_of_a_long_name_" * 9}) for each in one.result.windows]
    verdicts = [each.model_copy(update={"note": "a note " * 400}) for each in one.result.verdicts[:3]]
    return one.model_copy(
        update={
            "parties": one.parties.model_copy(update={"laboratory": lab}),
            "item": item,
            "firmware": one.firmware.model_copy(update={"flags": MARKUP}),
            "result": one.result.model_copy(
                update={"windows": windows, "verdicts": [*verdicts, *one.result.verdicts[3:]]}
            ),
        }
    )
