# SPDX-License-Identifier: Apache-2.0
"""Items of a stretch by binary search, thinned without losing count: against plain loops."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.viewer.layers.items import Curve, Said, Texts, answer, curves, points, spans

AT = st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 2))
STRETCHES = st.lists(st.tuples(AT, st.floats(0, 20).map(lambda value: round(value, 2))), max_size=40)


def say(number: int) -> Said:
    return Said(str(number), f"item {number}")


def family(stretches):
    starts = np.array([start for start, _ in stretches], dtype=np.float64)
    stops = np.array([start + lasts for start, lasts in stretches], dtype=np.float64)
    return spans(starts, stops, say, "things")


@given(STRETCHES, AT, AT)
def test_the_spans_of_a_stretch_are_those_that_a_loop_finds(stretches, one, other):
    low, high = min(one, other), max(one, other)
    got = answer("x", family(stretches), low, high, 1000)
    wanted = [
        number
        for number, (start, lasts) in enumerate(stretches)
        if (start < high and start + lasts > low if start + lasts > start else low <= start <= high)
    ]
    assert sorted(int(item["label"]) for item in got["items"]) == sorted(wanted)
    assert got["total"] == len(wanted)
    assert not got["thinned"]
    begins = [item["start_s"] for item in got["items"]]
    assert begins == sorted(begins)


@given(STRETCHES, st.integers(1, 12))
def test_thinned_items_are_counted_once_each_and_lie_inside_the_stretch(stretches, most):
    got = answer("x", family(stretches), -50.0, 50.0, most)
    if not got["thinned"]:
        assert len(got["items"]) == got["total"] <= most
        return
    assert sum(item["count"] for item in got["items"]) == got["total"]
    assert len(got["items"]) <= most
    assert got["kind"] == "span"
    for item in got["items"]:
        assert -50 <= item["start_s"] <= item["stop_s"] <= 50
        assert item["label"] == str(item["count"])
    assert all(a["stop_s"] <= b["start_s"] for a, b in zip(got["items"], got["items"][1:], strict=False))


def test_counts_stay_where_they_are_while_somebody_pans():
    starts = np.arange(0.0, 1000.0, 0.1)
    many = spans(starts, starts + 0.1, say, "things")
    first = answer("x", many, 100.0, 164.0, 100)["items"]
    moved = answer("x", many, 101.0, 165.0, 100)["items"]
    inner = {(item["start_s"], item["label"]) for item in first[2:-2]}
    assert len(inner & {(item["start_s"], item["label"]) for item in moved}) > 0.9 * len(inner)


def test_a_count_has_the_worst_class_in_it():
    at = np.arange(100.0)
    classes = np.zeros(100, dtype=np.uint8)
    classes[77] = 3
    got = answer("x", points(at, np.zeros(100), say, "points", classes=classes), 0, 99, 5)["items"]
    assert [item["class"] for item in got if item["class"]] == ["bad"]


def test_items_without_a_place_are_left_out_and_order_does_not_matter():
    got = answer("x", points(np.array([3.0, np.nan, 1.0]), np.array([0.1, 0.1, np.nan]), say, "points"), -9, 9, 10)
    assert [(item["at_s"], item["u_s"], item["label"]) for item in got["items"]] == [
        (1.0, None, "2"),
        (3.0, 0.1, "0"),
    ]
    json.dumps(got, allow_nan=False)


def test_all_items_at_one_moment_are_one_count():
    got = answer("x", points(np.full(50, 2.0), np.zeros(50), say, "points"), -np.inf, np.inf, 10)
    assert [(item["start_s"], item["stop_s"], item["label"]) for item in got["items"]] == [(2.0, 2.0, "50")]


def test_a_thinned_curve_keeps_its_extremes_and_reaches_both_ends():
    at = np.arange(10_000.0)
    value = np.sin(at / 500)
    value[4321], value[7654] = 9.0, -9.0
    got = answer("x", curves([Curve("rail", at, value, 0.01)]), 1000.0, 9000.0, 50)
    (item,) = got["items"]
    assert got["thinned"]
    assert got["total"] == 8001
    assert len(item["at_s"]) <= 54
    assert {9.0, -9.0} <= set(item["value"])
    assert item["at_s"][0] == 999.0
    assert item["at_s"][-1] == 9001.0
    assert item["at_s"] == sorted(item["at_s"])


def test_a_million_spans_need_no_object_each():
    starts = np.arange(1e6)
    tracemalloc.start()
    many = spans(starts, starts + 1, say, "inferences")
    got = answer("x", many, 500_000.2, 500_009.5, 2000)
    whole = answer("x", many, -np.inf, np.inf, 2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert got["total"] == 10
    assert whole["total"] == 1_000_000
    assert peak < 120 * 1_000_000, "a Python object takes more than that for each"


@given(st.lists(st.text(max_size=20)))
def test_texts_come_back(given_texts):
    kept = Texts()
    for text in given_texts:
        kept.append(text)
    wanted = [text.encode("utf-8", "replace").decode("utf-8") for text in given_texts]
    assert [kept[number] for number in range(len(kept))] == wanted


@pytest.mark.parametrize("most", [1, 2, 3])
def test_even_the_fewest_items_that_can_be_asked_for(most):
    at = np.arange(10.0)
    got = answer("x", points(at, at, say, "points"), -np.inf, np.inf, most)
    assert sum(item["count"] for item in got["items"]) == 10
    assert len(got["items"]) <= most
