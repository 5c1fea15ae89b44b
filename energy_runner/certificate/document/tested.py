# SPDX-License-Identifier: Apache-2.0
"""What was measured and what it had to do: item, firmware, workload."""

from collections.abc import Iterator
from typing import Any

from energy_runner.certificate.document.blocks import (
    HASH,
    Block,
    Cell,
    Row,
    cell,
    facts,
    mono,
    row,
    section,
    table,
    text,
)
from energy_runner.certificate.document.words import NO_FIGURE, NOT_STATED, given, number, yes
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.item import Image
from energy_runner.certificate.facts.parties import Organisation
from energy_runner.certificate.facts.workload import AccuracyFacts
from energy_runner.session.evidence import StimuliStanding

_METRICS = {"top1": ("Top-1 accuracy", "%"), "auc": ("Area under the ROC curve", "")}


def _customer(held: Organisation) -> Block | None:
    """Return for whom it was measured (ISO/IEC 17025:2017, 7.8.2.1 e); None where nobody says."""
    each = (("Name", held.name), ("Address", held.address), ("Country", held.country), ("Contact", held.contact))
    stated = [(what, text) for what, text in each if text]
    return facts(stated, "Customer") if stated else None


def item_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the board and what runs on it."""
    item, firmware = one.item, one.firmware
    clock = NOT_STATED if item.clock_hz is None else number(item.clock_hz / 1e6, 9, "MHz")
    return section(
        "Item and firmware",
        _customer(one.parties.customer),
        facts(
            [
                ("Board", given(item.board)),
                ("Revision", given(item.revision)),
                ("Serial number", given(item.serial)),
                ("Processor", given(item.processor)),
                ("Clock while it infers", clock),
                ("Memory", given(item.memory)),
                ("Modifications", "; ".join(item.modifications) or "none stated"),
                ("Typical silicon", yes(item.typical)),
                ("Availability", given(item.availability)),
                ("Condition", given(item.condition)),
                ("Received", given(item.received)),
            ],
            "Item, as the laboratory states it",
        ),
        facts(
            [
                ("Its own name", given(firmware.name, "no answer")),
                ("Its own profile", given(firmware.profile, "no answer")),
                ("Model that it names", given(firmware.model_string, "none")),
                *([("Its answers are from", firmware.answers_from)] if firmware.answers_from else []),
                ("Toolchain", given(firmware.toolchain)),
                ("Flags", given(firmware.flags)),
                ("Framework", given(firmware.framework)),
                ("Kernels", given(firmware.kernels)),
                ("Number formats", given(firmware.quantisation)),
            ],
            "Firmware",
        ),
        table(
            [("What", "left", "auto"), ("File", "left", "1fr"), ("SHA-256", "left", HASH)],
            _files(one),
            title="Files of the item",
        ),
    )


def _files(one: EnergyCertificate) -> Iterator[Row]:
    yield row(_image("Firmware", one.firmware.image))
    yield row(_image("Network", one.firmware.network))
    for photo in one.item.photos:
        yield row(["Photo", cell(photo.file, under=photo.shows), mono(photo.sha256)])


def _stimuli(one: EnergyCertificate) -> Iterator[Row]:
    for each in one.workload.stimuli:
        yield row([each.file, str(each.label), str(each.size), mono(each.sha256)])
    label = one.workload.label_file
    if label is not None:
        yield row([cell(label.file, under="file of the classes"), "", "", mono(label.sha256)])


def _image(name: str, held: Image | None) -> list[str | Cell]:
    if held is None:
        return [name, cell("not named", "missing"), cell("no hash", "missing")]
    return [name, cell(held.file, under=held.source), mono(held.sha256)]


def workload_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the benchmark, its stimuli and the accuracy of the same firmware."""
    work = one.workload
    inferences = sorted(set(work.inferences))
    return section(
        "Workload",
        facts(
            [
                ("Benchmark", f"{work.benchmark}, {work.task}" if work.task else work.benchmark),
                ("Division", given(work.division)),
                ("Rule set", work.rule_set),
                ("SHA-256 of the rule set", mono(work.rule_set_sha256)),
                ("Windows", str(len(work.inferences))),
                ("Inferences in each", ", ".join(map(str, inferences)) or NO_FIGURE),
                ("Warm-up inferences before", str(work.warmups)),
                ("Stimuli", _standing(work.standing)),
            ]
        ),
        table(
            [
                ("Stimulus", "left", "1fr"),
                ("Class", "right", "auto"),
                ("Bytes", "right", "auto"),
                ("SHA-256", "left", HASH),
            ],
            _stimuli(one),
            title="Stimuli",
        ),
        _accuracy(one),
    )


def _standing(held: StimuliStanding | None) -> str:
    if held is None:
        return "not known whether they are the benchmark's own"
    words = "the benchmark's own" if held.status == "official" else held.status
    return f"{words}: {held.detail}" if held.detail else words


def accuracy(held: AccuracyFacts | None) -> str:
    """Return the value of the metric beside its target; "" where no session was given."""
    if held is None:
        return ""
    unit = _METRICS[held.metric][1]
    return f"{number(held.value, 6, unit)}, target {number(held.target, 6, unit)}"


def _same_firmware(held: AccuracyFacts) -> str:
    said = yes(held.same_firmware, "no hash says so")
    return f"{said}; its file: {held.firmware_from}" if held.firmware_from else said


def _accuracy(one: EnergyCertificate) -> Block:
    held = one.workload.accuracy
    title = "Accuracy of the same item"
    if held is None:
        return text(["No accuracy session was given."], title)
    return facts(
        [
            (_METRICS[held.metric][0], accuracy(held)),
            ("Target met", yes(held.met)),
            ("Stimuli answered", f"{held.stimuli}, {_standing(held.standing)}"),
            ("Same firmware", _same_firmware(held)),
            ("Session", held.session_id + (", simulated" if held.virtual else "")),
            ("SHA-256 of its facts", mono(held.facts_sha256, "not sealed")),
        ],
        title,
    )
