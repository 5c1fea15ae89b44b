# SPDX-License-Identifier: Apache-2.0
"""Checking against a schema file: offline, with the file that it imports beside it."""

from pathlib import Path

import pytest

from energy_runner.certificate.dcc import check_schema
from energy_runner.errors import ConfigurationError

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified" '
MAIN = (
    HEAD + 'version="3.9" targetNamespace="urn:a" xmlns:b="urn:b">'
    '<xs:import namespace="urn:b" schemaLocation="https://127.0.0.1:9/v1/inner.xsd"/>'
    '<xs:element name="root"><xs:complexType><xs:sequence><xs:element ref="b:number"/></xs:sequence>'
    '<xs:attribute name="schemaVersion" type="xs:string"/></xs:complexType></xs:element></xs:schema>'
)
INNER = HEAD + 'targetNamespace="urn:b"><xs:element name="number" type="xs:integer"/></xs:schema>'


def xml(number: str) -> bytes:
    return f'<root xmlns="urn:a" schemaVersion="3.1.2"><number xmlns="urn:b">{number}</number></root>'.encode()


@pytest.fixture
def xsd(tmp_path: Path) -> Path:
    (tmp_path / "inner.xsd").write_text(INNER, "utf-8")
    file = tmp_path / "dcc.xsd"
    file.write_text(MAIN, "utf-8")
    return file


def test_what_a_schema_imports_is_taken_from_its_folder(xsd: Path) -> None:
    check = check_schema(xml("7"), xsd)
    assert check.valid
    assert (check.written_for, check.stated, check.schema_version) == ("3.1.2", "3.1.2", "3.9")
    assert "valid (energy-runner writes for schema 3.1.2" in str(check)


def test_a_problem_is_stated_with_its_line(xsd: Path) -> None:
    check = check_schema(b"\n" + xml("seven"), xsd)
    assert not check.valid
    assert check.problems[0].startswith("line 2: ")
    assert "seven" in str(check)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<root",
        b'<!DOCTYPE root [<!ENTITY x "7">]>' + xml("&x;"),
        b'<!DOCTYPE root SYSTEM "http://127.0.0.1:9/a.dtd">' + xml("7"),
        b" " * 8_000_001,
    ],
    ids=["empty", "cut off", "entity", "external DTD", "huge"],
)
def test_hostile_xml_is_not_valid(xsd: Path, data: bytes) -> None:
    check = check_schema(data, xsd)
    assert not check.valid
    assert check.problems


def test_an_imported_file_that_is_not_there_is_named(xsd: Path) -> None:
    (xsd.parent / "inner.xsd").unlink()
    with pytest.raises(ConfigurationError, match=r"it needs inner\.xsd, which is not in its folder"):
        check_schema(xml("7"), xsd)


@pytest.mark.parametrize(
    "text",
    ["", "no schema", "<a/>", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', " " * 4_000_001],
    ids=["empty", "text", "another XML", "entity", "huge"],
)
def test_a_file_that_is_no_schema_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dcc.xsd"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="not an XML schema that can be used"):
        check_schema(xml("7"), file)


def test_a_schema_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.xsd"):
        with pytest.raises(ConfigurationError, match=r"Try: the path of a dcc\.xsd"):
            check_schema(xml("7"), path)
