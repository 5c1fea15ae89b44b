# SPDX-License-Identifier: Apache-2.0
"""Indented JSON is, byte for byte, what the standard library writes."""

import json
from enum import StrEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.session.json_text import indented

KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.text(st.characters()) | KEYS
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner), max_leaves=30
)


class Colour(StrEnum):
    RED = "red"


def by_the_library(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


@given(DOCUMENTS)
def test_it_is_what_the_library_writes(document: object) -> None:
    assert indented(document) == by_the_library(document)


def test_also_for_the_likes_of_plain_data() -> None:
    document = {Colour.RED: [np.float64(0.1), True, {}, [], (), 10**30, 1e-7, -0.0], None: "\ud800\x00µ"}
    assert indented(document) == by_the_library(document)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), b"", {(1, 2): 3}, {float("nan"): 1}, {1}])
def test_what_the_library_refuses_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)) as by_library:
        by_the_library([value])
    with pytest.raises(by_library.type):
        indented([value])
