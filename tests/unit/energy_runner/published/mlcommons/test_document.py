# SPDX-License-Identifier: Apache-2.0
"""`results.json` of the MLCommons runner: passes, errors, and what is refused."""

import json
import math
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published.contents import Contents
from energy_runner.published.discover import Found
from energy_runner.published.mlcommons import document as document_room
from energy_runner.published.mlcommons.document import Document, Infer, parse_passes, read_document
from tests.support.published_sessions import mlcommons_passes


@pytest.mark.parametrize("text", ["[" * 10**6, '[{"x":' * 10**5, "[1]", '[{"infer": {"iterations": -1}}]', "\x00"])
def test_what_is_no_result_of_this_runner_is_refused(text: str) -> None:
    with pytest.raises(SessionError, match=r"results\.json: is not a result of the MLCommons runner"):
        parse_passes(text.encode(), "results.json")


def test_numbers_may_be_text_and_need_not_be_finite() -> None:
    passes = mlcommons_passes()
    text = json.dumps(passes).replace('"iterations": 250', '"iterations": "250"', 1).replace("3e-06", "NaN", 1)
    first, second, *_ = parse_passes(text.encode(), "results.json")
    assert first.infer is not None
    assert first.infer.iterations == 250
    assert first.power is not None
    assert second.power is not None
    assert sum(map(math.isnan, first.power.samples)) == 1
    assert not any(map(math.isnan, second.power.samples))


def test_more_entries_than_any_session_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_room, "_MOST", 3)
    assert len(parse_passes(b"[{},{},{}]", "results.json")) == 3
    with pytest.raises(SessionError, match=r"results\.json: 4 passes are more than any session has"):
        parse_passes(b"[{},{},{},{}]", "results.json")


@pytest.mark.parametrize(
    ("field", "one", "most"), [("detections", "5", 60_000), ("detection_windows", "[1,2]", 4096)]
)
def test_detections_are_no_more_than_a_run_can_hold(field: str, one: str, most: int) -> None:
    # Each is compared with all others: without a bound, a small file would keep an audit busy for days.
    def text(count: int) -> bytes:
        return f'[{{"infer":{{"iterations":1,"{field}":[{",".join([one] * count)}]}}}}]'.encode()

    (entry,) = parse_passes(text(most), "results.json")
    assert entry.infer is not None
    assert len(getattr(entry.infer, field)) == most
    with pytest.raises(SessionError, match="is not a result of the MLCommons runner"):
        parse_passes(text(most + 1), "results.json")


def contents(data: bytes | None, **refusals: str) -> Contents:
    found = Found(Path("x"), Path("x"), "x")
    return Contents(found, of_mlcommons=True, names={"json": "results.json"}, refusals=refusals, json=data)


def test_a_document_that_cannot_be_read_is_empty_and_says_why() -> None:
    absent = read_document(contents(None))
    assert (absent.passes, absent.working, absent.errors, absent.refusal) == ([], [], [], "")
    assert read_document(contents(None, json="results.json: is empty")) == Document(
        refusal="results.json: is empty"
    )
    broken = read_document(contents(b"["))
    assert broken.passes == []
    assert broken.refusal.startswith("results.json: is not a result of the MLCommons runner")


def test_entries_of_errors_are_no_passes_of_the_dut() -> None:
    document = read_document(contents(b'[{"error":"boom"},{"infer":{"iterations":5}},{}]'))
    assert len(document.passes) == 3
    assert [one.iterations for _, one in document.working] == [5]
    assert (document.errors, document.refusal) == (["boom"], "")


# --- the limits of a number and of a text ---------------------------------------------------------------


def accepted(**entry: object) -> bool:
    infer = {"iterations": 1} | {key: entry.pop(key) for key in list(entry) if key in Infer.model_fields}
    try:
        parse_passes(json.dumps([{"infer": infer, **entry}]).encode(), "results.json")
    except SessionError:
        return False
    return True


@pytest.mark.parametrize("field", ["iterations", "warmups", "start_time", "end_time", "bytes_to_send", "stride"])
def test_counts_and_times_are_whole_numbers_that_a_double_holds(field: str) -> None:
    fitting = {0: True, -1: False, 2**53: True, 2**53 + 1: False, "5": True, 1.5: False}
    assert {number: accepted(**{field: number}) for number in fitting} == fitting


def test_outputs_and_names_are_bounded() -> None:
    assert accepted(results=[0.5] * 4096)
    assert not accepted(results=[0.5] * 4097)
    assert accepted(file="x" * 300)
    assert not accepted(file="x" * 301)


def test_an_entry_that_says_nothing_is_not_simulated_and_has_no_figures() -> None:
    (entry,) = parse_passes(b"[{}]", "results.json")
    assert (entry.energy_runner.simulated, entry.infer, entry.power, entry.error) == (False, None, None, "")
    assert (entry.file, entry.label, entry.stride, entry.mode) == ("", None, None, "")
