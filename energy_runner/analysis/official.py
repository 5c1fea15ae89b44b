# SPDX-License-Identifier: Apache-2.0
"""Whether the stimuli of a run and their classes are the benchmark's own: by pinned hashes alone."""

from collections import Counter

from energy_runner.benchmarks.fetch import labels_pin
from energy_runner.benchmarks.official import Pins, Status, pins_of
from energy_runner.session.evidence import StimuliStanding
from energy_runner.session.record import Record, StimulusFile

_WORST_FIRST: tuple[Status, ...] = ("unofficial", "unknown", "demonstration", "official")


def standing(record: Record) -> StimuliStanding | None:
    """Return what the stimuli of a run are; None for a run without any."""
    if not record.stimuli:
        return None
    pins = pins_of(record.benchmark.id)
    found = [(stimulus_status(record, pins, one), one) for one in record.stimuli]
    counts = Counter(status for status, _ in found)
    worst = next(status for status in _WORST_FIRST if counts[status])
    first = next(one.file for status, one in found if status == worst)
    return StimuliStanding(
        status=worst,
        detail=_detail(record, pins, worst, f"{counts[worst]} of {len(found)}", first),
        label_file=_label_file(record),
        official=counts["official"],
        demonstration=counts["demonstration"],
        unofficial=counts["unofficial"],
        unknown=counts["unknown"],
    )


def stimulus_status(record: Record, pins: Pins | None, one: StimulusFile) -> Status:
    """Return what one stimulus is; the content of an imported session's is not in it, and not known."""
    if pins is None or record.origin is not None:
        return "unknown"
    return pins.status(one.file, one.label, one.sha256)


def _label_file(record: Record) -> Status:
    pin = labels_pin(record.benchmark.id)
    if record.label_file is None or pin is None:
        return "unknown"
    return "official" if record.label_file.sha256 == pin else "unofficial"


def _detail(record: Record, pins: Pins | None, status: Status, share: str, first: str) -> str:
    if record.origin is not None:
        return "an imported session does not hold the hashes of its stimuli"
    if pins is None:
        return f"no hash of the stimuli of {record.benchmark.id} is known to this project"
    if status == "unknown":
        return f"names and classes are official; the hashes of the files' contents are not known for {share}"
    if status == "unofficial":
        return f"{share} are not the benchmark's by name, class or content, first {first}"
    if status == "demonstration":
        return "this project's own, made for demonstration; no suite knows them"
    return "names, classes and contents are those of the benchmark"
