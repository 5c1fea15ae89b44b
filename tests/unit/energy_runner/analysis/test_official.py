# SPDX-License-Identifier: Apache-2.0
"""Stimuli are official by pinned hashes of names, classes and contents; nothing else makes them so."""

import hashlib
from collections.abc import Callable

import pytest

from energy_runner.analysis.official import standing
from energy_runner.benchmarks.catalogue import list_benchmarks, load_benchmark
from energy_runner.benchmarks.fetch import labels_pin
from energy_runner.benchmarks.official import DIGITS, class_pin, content_pin, pin_lines, pins_of
from energy_runner.benchmarks.places import default_stimuli
from energy_runner.benchmarks.stimuli import Stimulus, find_stimuli
from energy_runner.session.record import LabelFile, Origin, Record, StimulusFile
from tests.support.synthetic import make_run

DEMO = "demo-shapes"


def packaged(benchmark_id: str) -> list[Stimulus]:
    benchmark = load_benchmark(benchmark_id)
    return find_stimuli(default_stimuli(benchmark), benchmark).all()


def record(benchmark_id: str, stimuli: list[StimulusFile], **changes: object) -> Record:
    base = make_run(mode="performance", windows=1).record
    benchmark = base.benchmark.model_copy(update={"id": benchmark_id})
    return base.model_copy(update={"benchmark": benchmark, "stimuli": stimuli, **changes})


def of_demo(change: Callable[[int, StimulusFile], StimulusFile] = lambda n, one: one, **changes: object) -> Record:
    files = [StimulusFile(file=s.file, label=s.label, size=s.size, sha256=s.sha256) for s in packaged(DEMO)]
    return record(DEMO, [change(n, one) for n, one in enumerate(files)], **changes)


def bent(number: int, **update: object) -> Callable[[int, StimulusFile], StimulusFile]:
    return lambda n, one: one.model_copy(update=update) if n == number else one


@pytest.mark.parametrize("demo", [b.id for b in list_benchmarks() if b.demo])
def test_the_pins_of_a_demo_benchmark_are_those_of_what_comes_with_it(demo: str) -> None:
    pins, stimuli = pins_of(demo), packaged(demo)
    assert pins is not None
    assert pins.demonstration
    assert pins.classes == {class_pin(s.file, s.label) for s in stimuli}
    assert pins.contents == {content_pin(s.file, s.sha256) for s in stimuli}


@pytest.mark.parametrize(
    ("suite", "files", "contents"),
    [("kws01", 1000, 1000), ("ic01", 200, 0), ("ic02", 200, 0), ("vww01", 1000, 0), ("ad01", 248, 0)],
)
def test_the_benchmarks_of_the_suite_are_pinned(suite: str, files: int, contents: int) -> None:
    pins = pins_of(suite)
    assert pins is not None
    assert (len(pins.classes), len(pins.contents), pins.demonstration) == (files, contents, False)
    assert {len(pin) for pin in pins.classes | pins.contents} == {DIGITS}


@pytest.mark.parametrize("name", ["nothing", "../kws01", "", "__init__"])
def test_other_benchmarks_have_no_pins(name: str) -> None:
    assert pins_of(name) is None


def test_a_table_has_a_line_for_each_file_and_tells_nothing_of_it() -> None:
    lines = pin_lines([("b.bin", 1, "AB" * 32), ("a.bin", 0, None)])
    assert lines == sorted(lines)
    assert f"{class_pin('a.bin', 0)} -" in lines
    assert f"{class_pin('b.bin', 1)} {content_pin('b.bin', 'ab' * 32)}" in lines
    assert class_pin("b.bin", 1) == hashlib.sha256(b"b.bin 1\n").hexdigest()[:16]


def test_what_comes_with_a_demo_benchmark_is_for_demonstration() -> None:
    found = standing(of_demo())
    assert found is not None
    assert (found.status, found.demonstration, found.unofficial, found.unknown) == ("demonstration", 40, 0, 0)
    assert "made for demonstration" in found.detail


OTHER_CLASS = (packaged(DEMO)[3].label + 1) % 4


@pytest.mark.parametrize(
    "change", [bent(3, label=OTHER_CLASS), bent(3, sha256="0" * 64), bent(3, file="other.bin")]
)
def test_one_other_class_content_or_name_makes_the_set_unofficial(
    change: Callable[[int, StimulusFile], StimulusFile],
) -> None:
    changed = of_demo(change)
    found = standing(changed)
    assert found is not None
    assert (found.status, found.demonstration, found.unofficial) == ("unofficial", 39, 1)
    assert (
        found.detail
        == f"1 of 40 are not the benchmark's by name, class or content, first {changed.stimuli[3].file}"
    )


def test_a_part_of_a_set_is_what_the_set_is() -> None:
    whole = of_demo()
    found = standing(whole.model_copy(update={"stimuli": whole.stimuli[:5]}))
    assert found is not None
    assert (found.status, found.demonstration) == ("demonstration", 5)


def test_random_pictures_under_other_names_are_not_ic01() -> None:
    files = [
        StimulusFile(file=f"picture_{k}.bin", label=k % 10, size=3072, sha256=f"{k:064x}") for k in range(200)
    ]
    found = standing(record("ic01", files))
    assert found is not None
    assert (found.status, found.unofficial) == ("unofficial", 200)


def test_pictures_under_the_right_names_are_unknown_where_no_content_is_pinned() -> None:
    file = StimulusFile(file="emu_s_002009.bin", label=2, size=3072, sha256="0" * 64)
    found = standing(record("ic01", [file]))
    assert found is not None
    assert (found.status, found.unknown) == ("unknown", 1)
    assert "contents are not known for 1 of 1" in found.detail
    forged = standing(record("ic01", [file.model_copy(update={"label": 3})]))
    assert forged is not None
    assert forged.status == "unofficial"


def test_an_imported_session_or_a_benchmark_without_pins_is_unknown() -> None:
    origin = Origin(runner="r", version="1", session="s", stamp="", instrument="")
    for one, words in ((of_demo(origin=origin), "imported"), (record("own", of_demo().stimuli), "no hash of the")):
        found = standing(one)
        assert found is not None
        assert (found.status, words in found.detail) == ("unknown", True)
    assert standing(record(DEMO, [])) is None


@pytest.mark.parametrize(
    ("of", "sha256", "status"),
    [("kws01", labels_pin("kws01"), "official"), ("kws01", "0" * 64, "unofficial"), (DEMO, "0" * 64, "unknown")],
)
def test_the_label_file_is_told_byte_for_byte(of: str, sha256: str, status: str) -> None:
    told = LabelFile(file="y_labels.csv", sha256=sha256, stimuli=1000)
    found = standing(record(of, of_demo().stimuli, label_file=told))
    assert found is not None
    assert found.label_file == status
    without = standing(record(of, of_demo().stimuli))
    assert without is not None
    assert without.label_file == "unknown"
