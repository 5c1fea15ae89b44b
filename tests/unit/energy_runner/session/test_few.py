# SPDX-License-Identifier: Apache-2.0
"""What is listed for a reader stays short: repeated texts are counted, the rest is a number."""

from collections.abc import Iterator

import pytest

from energy_runner.session.few import MOST_ALIKE, few, few_findings
from energy_runner.session.result import Finding


def finding(detail: str, kind: str = "problem", window: int | None = None) -> Finding:
    return Finding(id=kind, detail=detail, window=window)


def test_few_texts_are_listed_as_they_are() -> None:
    assert list(few(["a", "b"]).lines()) == ["a", "b"]
    assert list(few([]).lines()) == []


def test_repeated_ones_are_counted_and_the_rest_is_a_number() -> None:
    texts = ["a"] * 1500 + [f"t{k}" for k in range(MOST_ALIKE + 1200)] + ["a"]
    lines = list(few(texts).lines())
    assert lines[0] == "a (1,501 times)"
    assert lines[1] == "t0"
    assert len(lines) == MOST_ALIKE + 1
    assert lines[-1] == "and 1,201 more: see the journal"


def test_a_long_text_is_cut() -> None:
    (line,) = few(["x" * 10_000_000]).lines()
    assert len(line) == 1000
    assert line.endswith("x...")


def test_many_texts_are_never_held_at_once() -> None:
    held = set()

    class Text(str):
        __slots__ = ()

        def __new__(cls, value: str) -> "Text":
            made = super().__new__(cls, value)
            held.add(value)
            return made

        def __del__(self) -> None:
            held.discard(str(self))

    most = 0

    def texts() -> Iterator[str]:
        nonlocal most
        for number in range(2000):
            yield Text(f"t{number}")
            most = max(most, len(held))

    assert few(texts()).more == 2000 - MOST_ALIKE
    assert most <= MOST_ALIKE + 2


@pytest.mark.parametrize("count", [0, 1, 2, MOST_ALIKE, MOST_ALIKE + 1])
def test_few_findings_stay_exactly_as_they_are(count: int) -> None:
    found = [finding("the same", window=k % 2) for k in range(count)] + [finding("b", "other"), finding("c")][:1]
    assert few_findings(found) == found


def test_many_findings_of_an_id_are_counted_and_others_keep_their_place() -> None:
    found = [finding("first", "torn"), *(finding("x") for _ in range(1000)), finding("mid", "torn")]
    found += [finding(f"y{k}", window=k) for k in range(500)] + [finding("last", "torn")]
    cut = few_findings(found)
    assert cut[0].detail == "first"
    assert cut[1].detail == "x (1,000 times)"
    assert cut[2].detail == "mid"
    assert cut[3] == finding("y0", window=0)
    assert cut[-2] == finding(f"and {500 - MOST_ALIKE + 1} more: see the journal")
    assert cut[-1].detail == "last"
    assert len(cut) == 3 + MOST_ALIKE + 1
    assert few_findings(cut) == cut


def test_a_long_detail_is_cut() -> None:
    (cut,) = few_findings([finding("x" * 5000)])
    assert len(cut.detail) == 1000
