# SPDX-License-Identifier: Apache-2.0
"""JUnit XML, as servers of continuous integration and Zephyr's twister read it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from energy_runner.session.folder import write_bytes


@dataclass(frozen=True)
class JUnitCase:
    """One test case: how it ended, why, how long it took (s), what it printed, and its properties."""

    suite: str
    name: str
    outcome: Literal["passed", "failed", "error", "skipped"]
    message: str = ""
    seconds: float = 0.0
    output: str = ""
    properties: tuple[tuple[str, str], ...] = field(default=())


_TAGS = {"failed": "failure", "error": "error", "skipped": "skipped"}


def junit_bytes(name: str, cases: Sequence[JUnitCase]) -> bytes:
    """Return the document of one test suite, in UTF-8."""
    count = {key: str(sum(case.outcome == key for case in cases)) for key in _TAGS}
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_text(name),
        tests=str(len(cases)),
        failures=count["failed"],
        errors=count["error"],
        skipped=count["skipped"],
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=_text(case.suite), name=_text(case.name), time=f"{case.seconds:.3f}"
        )
        if case.properties:
            properties = ElementTree.SubElement(element, "properties")
            for key, value in case.properties:
                ElementTree.SubElement(properties, "property", name=_text(key), value=_text(value))
        if case.outcome in _TAGS:
            bad = ElementTree.SubElement(element, _TAGS[case.outcome], message=_text(case.message))
            bad.text = _text(case.message)
        if case.output:
            ElementTree.SubElement(element, "system-out").text = _text(case.output)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def write_junit(path: Path, name: str, cases: Sequence[JUnitCase]) -> None:
    """Write the document of one test suite; raises `BenchFault` if the disk refuses."""
    write_bytes(path, junit_bytes(name, cases))


def _text(text: str) -> str:
    """Return a text with escapes in place of what XML 1.0 cannot hold."""
    return "".join(c if _allowed(ord(c)) else ascii(c)[1:-1] for c in text)


def _allowed(code: int) -> bool:
    return code in (9, 10) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000
