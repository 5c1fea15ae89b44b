# SPDX-License-Identifier: Apache-2.0
"""A sweep as JUnit XML: the counts agree, figures keep their digits, and no text breaks the document."""

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.sweep.junit import junit_xml
from energy_runner.sweep.rows import PointRow

ROW = PointRow(
    sweep="night",
    number=1,
    order=3,
    kind="point",
    repeat=1,
    values={"voltage_v": 1.8, "clock": "slow", "cache": True},
    state="done",
    started_utc="2026-11-30T22:15:00.250Z",
    bench="a",
    session="s1",
    outcome="completed",
    valid=True,
    energy_j=1.2345678901234567e-4,
    u_j=1e-7,
    U_j=2e-7,
    k=2.0,
)
# What the schemas of CI servers agree on: which children and attributes an element may have.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"properties", "failure", "skipped"},
    "properties": {"property"},
}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "timestamp"},
    "testcase": {"classname", "name"},
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "skipped": {"message"},
}


def checked(rows: Sequence[PointRow], name: str = "night") -> list[ET.Element]:
    """Return the test cases of a document that is as CI servers expect it."""
    data = junit_xml(rows, name)
    assert data == junit_xml(rows, name)
    assert data.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n")
    root = ET.fromstring(data)  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set())
    [suite] = root
    cases = list(suite)
    for one in (root, suite):
        assert one.get("tests") == str(len(cases)) == str(len(rows))
        assert one.get("failures") == str(len(root.findall(".//failure")))
        assert one.get("skipped") == str(len(root.findall(".//skipped")))
        assert one.get("errors") == "0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", "2000-01-01T00:00:00"))
    return cases


def properties(case: ET.Element) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in case.iter("property")}


def test_a_valid_point_passes_with_its_figures() -> None:
    [case] = checked([ROW])
    assert case.get("name") == "point 1: voltage_v=1.8, clock=slow, cache=true"
    assert [child.tag for child in case] == ["properties"]
    found = properties(case)
    assert float(found["energy_j"]) == ROW.energy_j
    assert float(found["U_j"]) == ROW.U_j
    assert found["axis.voltage_v"] == "1.8"
    assert found["axis.cache"] == "true"
    assert "latency_s" not in found


@pytest.mark.parametrize(
    ("row", "tag", "kind", "message"),
    [
        (replace(ROW, valid=False, reason="samples lost"), "failure", "invalid", "samples lost"),
        (replace(ROW, valid=False), "failure", "invalid", "measured, but a rule failed"),
        (
            replace(ROW, state="set-aside", reason="it failed on two benches"),
            "failure",
            "set-aside",
            "it failed on two benches",
        ),
        (replace(ROW, state="waiting", valid=None), "skipped", None, "not measured: waiting"),
        (replace(ROW, state="running", valid=None), "skipped", None, "not measured: running"),
        (replace(ROW, valid=None), "skipped", None, "measured, but it could not be judged"),
    ],
)
def test_what_does_not_pass_says_why(row: PointRow, tag: str, kind: str | None, message: str) -> None:
    [case] = checked([row])
    found = case.find(tag)
    assert found is not None
    assert found.get("type") == kind
    assert found.get("message") == found.text == message


def test_references_and_repeats_have_names_of_their_own() -> None:
    rows = [ROW, replace(ROW, repeat=2), *(replace(ROW, kind="reference", order=order) for order in (1, 9))]
    names = [case.get("name") for case in checked(rows)]
    assert len(set(names)) == len(rows)
    assert names[3] == "reference 1 at place 9: voltage_v=1.8, clock=slow, cache=true"


def test_an_empty_sweep_is_a_document() -> None:
    assert checked([]) == []


@settings(max_examples=40)
@given(st.lists(st.text(), max_size=3), st.text(), st.floats(), st.sampled_from(["done", "waiting", "set-aside"]))
def test_no_text_breaks_it(texts: list[str], reason: str, figure: float, state: str) -> None:
    hostile = "]]>&<\"'\x00\x1b[31m\ufffe\ud800\r\n"
    row = replace(
        ROW,
        state=state,
        valid=False,
        reason=reason + hostile,
        values={text + hostile: text for text in texts},
        remarks=tuple(texts),
        energy_j=figure,
        bench=hostile,
    )
    [case] = checked([row], reason)
    assert case.get("classname", "").isprintable()
    assert properties(case)["energy_j"] == repr(figure)
    assert "\\x1b[31m" in properties(case)["bench"]
