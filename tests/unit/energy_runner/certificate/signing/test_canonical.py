# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: one form for the same data, and no other is read."""

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.certificate.signing.canonical import canonical_bytes, keys_are, read_canonical, read_strict
from energy_runner.errors import ConfigurationError, SessionError

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | _TEXT
_SCALARS = _SCALARS.filter(lambda one: not (isinstance(one, float) and math.isinf(one)))
PLAIN = st.recursive(_SCALARS, lambda of: st.lists(of, max_size=5) | st.dictionaries(_TEXT, of, max_size=5))
MOST = 10_000


@given(PLAIN)
def test_what_is_written_is_read_again(document: Any) -> None:
    data = canonical_bytes(document)
    again = read_canonical(data, "x", MOST)
    assert again == document
    assert canonical_bytes(again) == data


def test_it_is_the_form_of_the_standard() -> None:
    """The example of RFC 8785, section 3.2.2, and the order of keys of section 3.2.3."""
    document = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '€$\x0f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical_bytes(document).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    keys = ["€", "\r", "\ufb33", "1", "😀", "\x80", "ö"]
    assert list(json.loads(canonical_bytes(dict.fromkeys(keys, 0)))) == [
        "\r",
        "1",
        "\x80",
        "ö",
        "€",
        "😀",
        "\ufb33",
    ]


@pytest.mark.parametrize(
    "document", [math.nan, math.inf, [-math.inf], 2**53, {"a": "\ud800"}, {"\ud800": 1}, {1: 2}, object(), b"x"]
)
def test_what_it_cannot_hold_is_refused(document: Any) -> None:
    with pytest.raises(ConfigurationError, match="canonical JSON"):
        canonical_bytes(document)


def test_what_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        canonical_bytes(endless)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a":1,"a":1}', "'a' is there twice"),
        (b'{"a":1,"\\u0061":2}', "'a' is there twice"),
        (b'{"b":1,"a":1}', "not in canonical form (RFC 8785) from byte 3 on"),
        (b'{"a": 1}', "from byte 6 on"),
        (b'{"a":1}\n', "from byte 8 on"),
        (b"1.0", "from byte 2 on"),
        (b"-0", "from byte 1 on"),
        (b"1e400", "not representable"),
        (b"9" * 400, "not representable"),
        (b"9" * 5000, "not representable"),
        (b"9007199254740993", "from byte"),
        (b"NaN", "NaN is no number"),
        (b"-Infinity", "-Infinity is no number"),
        (b'"\\ud800"', "non-UTF-8"),
        (b'"\xff"', "byte 2 is 0xff"),
        (b"\xef\xbb\xbf1", "BOM"),
        (b"", "Expecting value"),
        (b"[" * 9999, "nested too deeply"),
        (b"[" * 101 + b"]" * 101, "nested too deeply"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "nested too deeply"),
        (b'{"a":' * 1999, "nested too deeply"),
        (b" " * (MOST + 1), "more than the 10000"),
    ],
)
def test_another_form_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(SessionError, match=r"^certificate\.json: .*Try: ") as raised:
        read_canonical(data, "certificate.json", MOST)
    assert words in str(raised.value)
    assert len(str(raised.value)) < 400


def test_a_large_whole_number_that_was_a_float_stays_one() -> None:
    assert read_canonical(canonical_bytes(1e20), "x", MOST) == 1e20
    assert canonical_bytes(float(2**53)) == b"9007199254740992"
    assert read_canonical(b"9007199254740992", "x", MOST) == 2.0**53


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(SessionError):
        assert canonical_bytes(read_canonical(data, "x", MOST)) == data


def test_json_for_people_may_have_any_layout_but_no_key_twice() -> None:
    assert read_strict(b'{\n "b": 1,\n "a": 2.0 }\n', "x", MOST) == {"a": 2, "b": 1}
    with pytest.raises(SessionError, match="twice"):
        read_strict(b'{"a": 1, "a": 1}', "x", MOST)


def test_missing_and_strange_keys_are_named() -> None:
    assert keys_are({"a": 1, "c": 2}, ("a",), "x", optional=("b", "c")) == {"a": 1, "c": 2}
    with pytest.raises(SessionError, match=r"x: .*'b' is missing; 'c' is not known"):
        keys_are({"a": 1, "c": 2}, ("a", "b"), "x")
    with pytest.raises(SessionError, match="an object was expected, not list"):
        keys_are([], ("a", "b"), "x")
