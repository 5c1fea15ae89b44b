# SPDX-License-Identifier: Apache-2.0
"""Facts of certificates made by hand: a board of hardware with all that can be stated, and one with nothing."""

from typing import Any

from energy_runner.certificate.collect.collect import id_of
from energy_runner.certificate.facts import CERTIFICATE, REPORT, EnergyCertificate, Issuing, MinimumItem, Missing
from energy_runner.certificate.facts.certificate import Revision, Statements
from energy_runner.certificate.facts.equipment import CalibrationFacts, Conditions, Equipment, Instrument, SetUp
from energy_runner.certificate.facts.evidence import BenchTrust, Curve, Curves, SealedFile, SessionEvidence
from energy_runner.certificate.facts.item import Firmware, Image, Item, Photo
from energy_runner.certificate.facts.parties import Laboratory, Organisation, Parties
from energy_runner.certificate.facts.workload import AccuracyFacts, Workload
from energy_runner.session.record import LabelFile, StimulusFile
from energy_runner.session.result import RailResult, Result
from tests.support.certificate_results import (
    WINDOWS,
    result,
    sha,
    standing,
)


def instruments(*, virtual: bool = False) -> list[Instrument]:
    return [
        Instrument(
            name="monitor",
            roles=["sampler", "supply"],
            driver="n6705c",
            make="Keysight",
            model="N6705C",
            serial="MY0123",
            firmware="E.02.06",
            virtual=virtual,
            settings={"channel": 2, "name": "ünit <1>"},
            specification="data sheet 5989-6319",
            calibration=CalibrationFacts(
                certificate="K-2026-17",
                laboratory="National Institute",
                date="2026-03-01",
                due="2027-03-01",
                accredited=True,
                adjusted=False,
                used=True,
                source="stated by the laboratory",
            ),
            in_calibration=True,
        ),
        Instrument(name="io", roles=["dut"], driver="io-manager", virtual=virtual),
    ]


def hardware(**changes: Any) -> EnergyCertificate:
    """A certificate of hardware that states everything; `changes` are of its uppermost fields."""
    one = EnergyCertificate(
        id="",
        title=CERTIFICATE,
        virtual=False,
        issuing=Issuing(
            issued_utc="2026-11-30T12:00:00Z",
            software="energy-runner 0.1.0",
            commit="c" * 40,
            key_id=sha(1),
            supersedes=Revision(id="ER-0000000000000001", sha256=sha(2), why="a typing error in the address"),
        ),
        minimum=[MinimumItem(id="hardware", demand="hardware was measured", met=True)],
        missing=[],
        parties=Parties(
            laboratory=Laboratory(
                name="Energy Laboratory",
                address="1 Long Road\nTown",
                country="NZ",
                contact="mail@lab.example",
                place="Hall 3",
                accreditation="D-K-00000-01-00",
            ),
            customer=Organisation(
                name="Maker of Boards", address="2 Short Road", country="CH", contact="Ms Miller, +49 1"
            ),
            operator="O. Perator",
            approver="A. Prover",
        ),
        item=Item(
            board="Maker Board 7",
            revision="C",
            serial="B-0042",
            processor="core, stepping 2",
            clock_hz=120e6,
            memory="SRAM",
            modifications=["LED removed", "jumper JP1 cut"],
            typical=True,
            availability="available",
            condition="as new",
            received="2026-11-20",
            photos=[Photo(file="board.jpg", sha256=sha(3), shows="the board from above")],
        ),
        firmware=Firmware(
            name="demo",
            profile="ULPMark for tinyML Firmware V0.0.1",
            model_string="kws01",
            image=Image(file="kws.elf", sha256=sha(4), source="flashed in the session"),
            network=Image(file="kws.tflite", sha256=sha(5), source="stated by the laboratory"),
            toolchain="gcc 14.2",
            flags="-O3",
            framework="tflite-micro",
            kernels="CMSIS-NN",
            quantisation="int8",
        ),
        workload=workload(),
        equipment=Equipment(
            instruments=instruments(),
            computer="Linux x86_64",
            period_s=0.001,
            voltage_set_v=3.0,
            current_limit_a=0.05,
            signals=["power in W"],
        ),
        conditions=Conditions(
            temperature_low_c=22.5,
            temperature_high_c=23.5,
            temperature_u_k=0.1,
            temperature_from="thermometer",
            humidity_percent=45.0,
            warm_up_s=3600.0,
            cool_down_s=5.0,
        ),
        setup=SetUp(
            voltages_v=[2.99, 3.01],
            rails=["VDD"],
            sense="4-wire",
            inside="the microcontroller",
            outside="LED and debug probe",
            jumpers="JP2 open",
            isolation="optocouplers",
            cables="10 cm",
            debug_probe="off in all windows",
            supply_off_confirmed=True,
        ),
        session=SessionEvidence(
            session_id="2026-11-29-kws01",
            started_utc="2026-11-29T22:59:30Z",
            time_zone="Europe/Berlin",
            virtual=False,
            bench="bench 1",
            origin="another runner 2.3, session 7",
            facts_sha256=sha(6),
            files=[SealedFile(name="trace.jls", size=357984, sha256=sha(7))],
            software="energy-runner 0.1.0",
            libraries={"numpy": "2.5", "GTC": "1.5"},
            result_sha256=sha(9),
        ),
        trust=BenchTrust(state="trusted", detail="30 checks, none beyond the limits", source="the control chart"),
        result=result(),
        curves=Curves(run=Curve(start_s=0.0, step_s=0.1, mean_w=[0.01, None])),
        statements=Statements(
            uncertainty="The expanded uncertainty is k times the standard uncertainty.",
            decision_rule="Simple acceptance.",
            traceability="The result is traceable to the SI.",
            traceable=True,
            verification="Result not verified by MLCommons Association.",
            legal=["Only this item.", "Only in full."],
        ),
    )
    full = one.model_copy(update=changes)
    return full.model_copy(update={"id": id_of(full)})


def workload() -> Workload:
    return Workload(
        benchmark="kws01",
        task="keyword spotting",
        division="closed",
        rule_set="mlperf-tiny-1.4",
        rule_set_sha256=sha(10),
        inferences=[237] * WINDOWS,
        warmups=10,
        stimuli=[StimulusFile(file=f"s{n}.bin", label=n, size=490, sha256=sha(20 + n)) for n in range(WINDOWS)],
        label_file=LabelFile(file="y_labels.csv", sha256=sha(11), stimuli=1000),
        standing=standing(),
        accuracy=AccuracyFacts(
            session_id="2026-11-28-accuracy",
            facts_sha256=sha(12),
            metric="top1",
            value=91.6,
            target=90.0,
            virtual=False,
            met=True,
            stimuli=1000,
            standing=standing(),
            same_firmware=True,
            firmware_from="flashed in the session",
        ),
    )


def bare(**changes: Any) -> EnergyCertificate:
    """A report of a virtual run without a score, for which nobody stated anything."""
    none = Result(benchmark="kws01", mode="energy", virtual=True, outcome="killed")
    facts: dict[str, Any] = {
        "title": REPORT,
        "virtual": True,
        "issuing": Issuing(issued_utc="2026-11-30T12:00:00Z", software="energy-runner", key_id=""),
        "minimum": [
            MinimumItem(id="hardware", demand="hardware was measured", met=False, detail="it is simulated")
        ],
        "missing": [Missing(key="item.serial", what="serial number of the board")],
        "parties": Parties(),
        "item": Item(),
        "firmware": Firmware(),
        "workload": Workload(
            benchmark="", task="", rule_set="", rule_set_sha256="", inferences=[], warmups=0, stimuli=[]
        ),
        "equipment": Equipment(instruments=[], computer="", period_s=None, voltage_set_v=None),
        "conditions": Conditions(),
        "setup": SetUp(),
        "session": SessionEvidence(
            session_id="",
            started_utc="2000-01-01T00:00:00Z",
            virtual=True,
            bench="",
            facts_sha256=None,
            files=[],
            software="",
            result_sha256=None,
        ),
        "trust": BenchTrust(state="not watched"),
        "result": none,
        "curves": Curves(),
        "statements": Statements(
            uncertainty="", decision_rule="", traceability="", traceable=False, verification="", legal=[]
        ),
    }
    return hardware(**(facts | changes))


def simulated() -> EnergyCertificate:
    """The report of a whole virtual run."""
    one = hardware()
    reason = MinimumItem(id="hardware", demand="hardware was measured", met=False, detail="the bench is simulated")
    return hardware(
        title=REPORT,
        virtual=True,
        minimum=[reason],
        result=result(virtual=True),
        equipment=one.equipment.model_copy(update={"instruments": instruments(virtual=True)}),
    )


def two_rails() -> EnergyCertificate:
    """A certificate of a board with two supply rails."""
    whole = result()
    rails = [
        RailResult(
            name=name,
            voltage_v=1.8,
            energy_per_inference_j=whole.energy_per_inference_j,
            share=share,
            windows=whole.windows,
            uncertainty=whole.uncertainty,
        )
        for name, share in (("VDD", 0.75), ("VIO", 0.25))
    ]
    return hardware(result=whole.model_copy(update={"rails": rails}))


def with_texts(one: EnergyCertificate, text: str) -> EnergyCertificate:
    """Return a certificate each of whose free texts of laboratory, item, firmware and devices is `text`."""
    instrument = one.equipment.instruments[0].model_copy(
        update=dict.fromkeys(("name", "driver", "make", "model", "serial", "firmware", "specification"), text)
        | {"settings": {text: text}}
    )
    texts: dict[str, Any] = {
        "parties": Parties(
            laboratory=Laboratory(name=text, address=text, contact=text, place=text, accreditation=text),
            customer=Organisation(name=text, address=text, contact=text),
            operator=text,
            approver=text,
        ),
        "item": one.item.model_copy(
            update=dict.fromkeys(("board", "revision", "serial", "processor", "memory", "condition"), text)
            | {"modifications": [text, text], "photos": [Photo(file=text, sha256=sha(3), shows=text)]}
        ),
        "firmware": Firmware(
            name=text, profile=text, model_string=text, toolchain=text, flags=text, framework=text, kernels=text
        ),
        "workload": one.workload.model_copy(update={"benchmark": text, "task": text, "division": text}),
        "equipment": one.equipment.model_copy(update={"instruments": [instrument], "computer": text}),
        "setup": SetUp(inside=text, outside=text, cables=text, rails=[text]),
        "session": one.session.model_copy(
            update={"session_id": text, "libraries": {text: text}, "software": text}
        ),
        "trust": BenchTrust(state=text, detail=text, source=text),
        "minimum": [MinimumItem(id=text, demand=text, met=True)],
        "missing": [Missing(key=text, what=text)],
        "statements": Statements(
            uncertainty=text,
            decision_rule=text,
            traceability=text,
            traceable=True,
            verification=text,
            legal=[text],
        ),
    }
    return hardware(**texts)
