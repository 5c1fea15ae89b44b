# SPDX-License-Identifier: Apache-2.0
"""A sweep's points as JUnit XML, as CI servers read it: one test case for each point.

A point passes that was measured and broke no rule. It fails if it broke one, or was set aside; one that has not
been measured, or whose measurement could not be judged, is skipped. The figures are properties of its test case.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from energy_runner.sweep.rows import PointRow
from energy_runner.wording import printable

SECONDS = len("2026-11-30T22:15:00")  # a time in JUnit has neither fractions nor a zone
_FIGURES = (
    *("energy_j", "u_j", "U_j", "k", "dof", "latency_s", "u_latency_s", "accuracy", "temperature_c"),
    *("bench", "bench_trust", "session", "benchmark", "mode", "virtual", "monitor", "software", "started_utc"),
    *("complete", "attempts"),
)


def junit_xml(rows: Sequence[PointRow], name: str = "sweep") -> bytes:
    """Return the rows as a document in UTF-8; `name` is that of the suite. The same rows give the same bytes."""
    cases = [_case(row, name) for row in rows]
    failures = sum(case.find("failure") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    counts = {
        "name": printable(name),
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": "0",
        "skipped": str(skipped),
    }
    began = min((row.started_utc for row in rows if row.started_utc), default="")
    suite = ET.Element("testsuite", counts | ({"timestamp": printable(began)[:SECONDS]} if began else {}))
    suite.extend(cases)
    suites = ET.Element("testsuites", counts)
    suites.append(suite)
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(row: PointRow, name: str) -> ET.Element:
    case = ET.Element("testcase", {"classname": printable(name), "name": _called(row)})
    properties = ET.SubElement(case, "properties")
    for key, value in _properties(row):
        ET.SubElement(properties, "property", {"name": printable(key), "value": printable(value)})
    kind, message = _verdict(row)
    if kind:
        tag = "skipped" if kind == "skipped" else "failure"
        words = {"message": printable(message)} | ({"type": kind} if tag == "failure" else {})
        ET.SubElement(case, tag, words).text = printable(message)
    return case


def _called(row: PointRow) -> str:
    """Return a name that is the same in every night: its number and its settings."""
    settings = ", ".join(f"{axis}={_text(value)}" for axis, value in row.values.items())
    number = f"{row.kind} {row.number}" + (f" repeat {row.repeat}" if row.repeat > 1 else "")
    if row.kind == "reference":  # measured again and again: only its place tells one from the other
        number += f" at place {row.order}"
    return printable(f"{number}: {settings}" if settings else number)


def _verdict(row: PointRow) -> tuple[str, str]:
    """Return the type of a failure, or "skipped", with the reason; empty for a point that passes."""
    if row.state == "set-aside":
        return "set-aside", row.reason or "set aside without a reason"
    if row.state != "done":
        return "skipped", f"not measured: {row.state}"
    if row.valid is None:
        return "skipped", row.reason or "measured, but it could not be judged"
    return ("", "") if row.valid else ("invalid", row.reason or "measured, but a rule failed")


def _properties(row: PointRow) -> Iterator[tuple[str, str]]:
    for axis, value in row.values.items():
        yield f"axis.{axis}", _text(value)
    for key in _FIGURES:
        value = getattr(row, key)
        if value is not None:
            yield key, _text(value)
    for remark in row.remarks:
        yield "remark", remark


def _text(value: object) -> str:
    """Return a value as JSON would write it, so that every digit of a figure is kept; text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
