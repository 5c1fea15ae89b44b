# SPDX-License-Identifier: Apache-2.0
"""JUnit XML: counts, and any text in it can be read again."""

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from energy_runner.report.junit import JUnitCase, junit_bytes, write_junit


def test_counts_and_elements() -> None:
    cases = [
        JUnitCase("file.yaml", "one", "passed", seconds=1.5, output="a\nb", properties=(("key", "1"),)),
        JUnitCase("file.yaml", "two", "failed", "too much"),
        JUnitCase("file.yaml", "three", "error", "no answer"),
        JUnitCase("file.yaml", "four", "skipped"),
    ]
    (suite,) = ElementTree.fromstring(junit_bytes("suite", cases))  # noqa: S314 - we wrote it
    assert suite.attrib == {
        "name": "suite",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "1.500",
    }
    one, two, three, four = suite
    assert [child.tag for child in one] == ["properties", "system-out"]
    assert two[0].get("message") == "too much"
    assert (three[0].tag, four[0].tag) == ("error", "skipped")


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    data = junit_bytes(text, [JUnitCase(text, text, "failed", text, output=text, properties=((text, text),))])
    assert ElementTree.fromstring(data).find("testsuite/testcase/failure") is not None  # noqa: S314


def test_the_file_is_written(tmp_path: Path) -> None:
    write_junit(tmp_path / "out.xml", "suite", [])
    assert (tmp_path / "out.xml").read_bytes().startswith(b"<?xml")
