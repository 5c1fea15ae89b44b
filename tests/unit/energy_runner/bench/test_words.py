# SPDX-License-Identifier: Apache-2.0
"""The line of a key in a bench file, however the file is written."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.bench.words import line_of, meant

TEXT = """\
# name = "not this"
name = "x"
dut.port = "/dev/null"

[instruments."odd name"]   # a comment
driver = "lpm01a"
options = { channel = 1 }

[ roles ]
supply = "odd name"
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (["name"], 2),
        (["dut", "port"], 3),
        (["instruments", "odd name"], 5),
        (["instruments", "odd name", "driver"], 6),
        (["instruments", "odd name", "options", "channel"], 7),
        (["instruments", "odd name", "missing"], 5),
        (["roles", "supply"], 10),
        (["roles", "sampler"], 9),
        (["nowhere"], None),
    ],
)
def test_the_line_of_a_key_or_of_its_table(place: list[str], line: int | None) -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT, place) == line


@given(st.text(max_size=300), st.lists(st.text(max_size=8), max_size=4))
def test_any_text_has_a_line_or_none(text: str, place: list[str]) -> None:
    line = line_of(text, place)
    assert line is None or 1 <= line <= len(text.splitlines())


def test_the_nearest_word_is_asked_for() -> None:
    assert meant("suply", ["supply", "sampler"]) == "; did you mean 'supply'?"
    assert meant("xyz", ["supply", "sampler"]) == ""
