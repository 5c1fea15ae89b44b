# SPDX-License-Identifier: Apache-2.0
"""Facts of certificates: of a virtual bench, and of a bench of hardware made from them by hand."""

from functools import cache

from energy_runner import api
from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.collect.collect import with_derived
from energy_runner.certificate.collect.statements import statements
from energy_runner.certificate.facts import EnergyCertificate, Issuing
from energy_runner.certificate.facts.equipment import CalibrationFacts, Equipment
from energy_runner.certificate.facts.evidence import BenchTrust
from energy_runner.certificate.facts.item import Image
from energy_runner.certificate.facts.workload import AccuracyFacts
from energy_runner.certificate.profile.files import Profile
from energy_runner.certificate.profile.load import profile_from_text
from energy_runner.session.evidence import StimuliStanding
from energy_runner.session.folder import Session, with_digest
from energy_runner.session.result import JudgedSession
from tests.support.kept_folder import kept_folder
from tests.support.no_report import no_report

PROFILE = """
[laboratory]
name = "Example Laboratory"
address = "1 Example Street, 12345 Example"
country = "DE"
contact = "lab@example.org"
accreditation = "D-K-00000-00-00"

[customer]
name = "Example Customer"
address = "2 Example Street, 12345 Example"

[people]
operator = "A. Example"
approver = "B. Example"

[item]
board = "Example Board"
revision = "C"
serial = "EB-0042"
processor = "Example MCU rev. Z"
clock_hz = 120_000_000
memory = "64 kB of RAM"
typical = true
availability = "available"
condition = "new"
received = "2026-01-05"

[firmware]
toolchain = "gcc 13.2"
flags = "-O3"
framework = "TensorFlow Lite for Microcontrollers 2.17"
kernels = "CMSIS-NN 6.0"
quantisation = "int8 weights, int8 activations"

[workload]
division = "closed"

[conditions]
temperature_c = [22.5, 23.5]
humidity_percent = 45

[setup]
sense = "4-wire"
inside = "microcontroller, VDD"
outside = "debug probe, LEDs"
"""
ISSUING = Issuing(
    issued_utc="2026-03-02T10:00:00Z", software="energy-runner 0.1.0", commit="c" * 40, key_id="a" * 64
)
DIGEST = "0123456789abcdef" * 4
OFFICIAL = StimuliStanding(
    status="official", detail="", label_file="official", official=5, demonstration=0, unofficial=0, unknown=0
)
CALIBRATION = CalibrationFacts(
    certificate="K-2026-17",
    laboratory="Example Calibration",
    date="2025-12-01",
    due="2026-12-01",
    accredited=True,
    used=True,
    source="calibration file of the bench",
)


@cache
def demo_session() -> Session:
    """Return a session of the virtual bench, measured once a process."""
    folder = kept_folder("energy-runner-certificate-")
    with no_report():
        return api.run("virtual-lpm01a", api.plan("demo-keywords"), out=folder / "session")


@cache
def profile() -> Profile:
    """Return the profile of a laboratory that states all that is asked, but for files."""
    return Profile(profile_from_text(PROFILE, "lab.toml"))


@cache
def virtual_certificate(*, stated: bool = True) -> EnergyCertificate:
    """Return the facts of a virtual session; `stated` says whether a laboratory states anything."""
    session = demo_session()
    return collect(session, session.result(), Given(ISSUING, profile() if stated else Profile()))


@cache
def hardware_certificate() -> EnergyCertificate:
    """Return facts that make a certificate: those of the twin, told as those of hardware."""
    one = virtual_certificate()
    accuracy = AccuracyFacts(
        session_id="accuracy",
        facts_sha256=DIGEST,
        metric="top1",
        value=91.6,
        target=90.0,
        virtual=False,
        met=True,
        stimuli=1000,
        standing=OFFICIAL.model_copy(update={"official": 1000}),
        same_firmware=True,
        firmware_from="flashed in the session",
    )
    judged = one.result.judged_by
    assert judged is not None
    tested = JudgedSession(session_id="accuracy", facts_sha256=DIGEST)
    result = with_digest(
        one.result.model_copy(
            update={
                "virtual": False,
                "stimuli": OFFICIAL,
                "judged_by": judged.model_copy(update={"accuracy_session": tested}),
            }
        )
    )
    equipment = _real(one.equipment)
    changed = one.model_copy(
        update={
            "virtual": False,
            "firmware": one.firmware.model_copy(
                update={
                    "answers_from": "",
                    "image": Image(file="app.elf", sha256=DIGEST, source="flashed in the session"),
                    "network": Image(file="kws.tflite", sha256=DIGEST, source="stated by the laboratory"),
                }
            ),
            "workload": one.workload.model_copy(update={"standing": OFFICIAL, "accuracy": accuracy}),
            "equipment": equipment,
            "session": one.session.model_copy(
                update={"virtual": False, "started_utc": "2026-03-01T09:00:00Z", "result_sha256": result.sha256}
            ),
            "trust": BenchTrust(state="trusted", source="the control chart"),
            "result": result,
            "statements": statements(result, equipment, virtual=False, verified=False),
        }
    )
    return with_derived(changed)


def _real(equipment: Equipment) -> Equipment:
    instruments = [
        one.model_copy(
            update={
                "virtual": False,
                "serial": one.serial or "IO-7",
                "calibration": CALIBRATION if "sampler" in one.roles else one.calibration,
                "in_calibration": True if "sampler" in one.roles else None,
            }
        )
        for one in equipment.instruments
    ]
    return equipment.model_copy(update={"instruments": instruments})
