# SPDX-License-Identifier: Apache-2.0
"""The PDF: approved by a validator from outside, the same bytes each time, its attachments in it as they are."""

import io
import json
import re

import pikepdf
import pikepdf.pdfa
import pytest

from energy_runner.certificate.document import Attachment, attachments_of, pdf_bytes
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import ConfigurationError
from tests.support.certificate_papers import attachments

Papers = dict[str, EnergyCertificate]


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
@pytest.mark.parametrize("kind", ["full", "sparse", "virtual", "long"])
def test_the_pdf_is_tagged_pdf_a_3b(papers: Papers, kind: str, paper: str) -> None:
    data = pdf_bytes(papers[kind], attachments(), paper)
    report = pikepdf.pdfa.validate_written(io.BytesIO(data), "3b")
    assert report.passed, [str(one) for one in report.findings]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "en"
        width = float(pdf.pages[0].MediaBox[2])
    assert width == pytest.approx(595.28 if paper == "a4" else 612, abs=0.01)


@pytest.mark.parametrize("kind", ["full", "sparse", "virtual"])
def test_the_first_page_alone_is_one_page(papers: Papers, kind: str) -> None:
    data = pdf_bytes(papers[kind], attachments(), extent="first-page")
    assert pikepdf.pdfa.validate_written(io.BytesIO(data), "3b").passed
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 1


def test_every_font_is_embedded_and_truetype(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as read:
        fonts = [one for one in read.objects if isinstance(one, pikepdf.Dictionary) and "/FontDescriptor" in one]
        assert len(fonts) >= 3
        assert all("/FontFile2" in one.FontDescriptor for one in fonts)
        assert all("DejaVu" in str(one.BaseFont) for one in fonts)


def test_the_same_facts_give_the_same_bytes(papers: Papers, pdf: bytes) -> None:
    assert pdf_bytes(papers["full"], attachments()) == pdf


def test_the_only_date_in_it_is_that_of_issue(papers: Papers, pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as read:
        dates = {str(value) for key, value in read.docinfo.items() if key.endswith("Date")}
        xmp = read.Root.Metadata.read_bytes().decode()
    assert {one[2:16] for one in dates} == {"20260203101112"}
    stated = re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", xmp)
    assert set(stated) == {"2026-02-03T10:11:12"}
    assert len(stated) >= 3  # of creation, of change, of the metadata


def test_another_fact_gives_other_bytes(papers: Papers, pdf: bytes) -> None:
    other = papers["full"].model_copy(update={"id": "ER-0123456789ABCDEE"})
    assert pdf_bytes(other, attachments()) != pdf


def test_attachments_are_in_the_file_as_they_are_exactly_once(pdf: bytes) -> None:
    given = attachments()
    assert [pdf.count(one.data) for one in given] == [1, 1]
    assert attachments_of(pdf) == {one.name: one.data for one in given}
    with pikepdf.open(io.BytesIO(pdf)) as read:
        listed = {str(one.UF): str(one.AFRelationship) for one in read.Root.AF}
    assert listed == {"certificate.json": "/Data", "certificate.dcc.xml": "/Alternative"}


def test_the_signature_can_be_put_in_its_place_afterwards(papers: Papers) -> None:
    hole = b'{"payload":"' + b"0" * 4096 + b'"}'
    signed = json.dumps({"payload": "ab" * 2048}, separators=(",", ":")).encode()
    assert len(hole) == len(signed)
    filled = pdf_bytes(papers["full"], attachments(hole)).replace(hole, signed)
    assert attachments_of(filled)["certificate.json"] == signed
    assert pikepdf.pdfa.validate_written(io.BytesIO(filled), "3b").passed


def test_a_pdf_without_attachments_says_so_by_having_none(papers: Papers) -> None:
    assert attachments_of(pdf_bytes(papers["full"], [])) == {}


@pytest.mark.parametrize("name", ["Ωmega (1).json", "a b.json", "#1/../x.json"])
def test_names_of_attachments_may_be_anything(papers: Papers, name: str) -> None:
    given = Attachment(
        name, "application/octet-stream", 'quotes " ) and \\ and ü', bytes(range(256)), "Supplement"
    )
    assert attachments_of(pdf_bytes(papers["full"], [given])) == {name: given.data}


@pytest.mark.parametrize(
    "moment", ["", "2026-02-03", "2026-13-03T10:11:12Z", "2026-02-30T10:11:12Z", "2026-02-03T10:11:12+01:00"]
)
def test_a_date_of_issue_in_another_form_is_refused(papers: Papers, moment: str) -> None:
    issuing = papers["full"].issuing.model_copy(update={"issued_utc": moment})
    with pytest.raises(ConfigurationError, match="date of issue"):
        pdf_bytes(papers["full"].model_copy(update={"issuing": issuing}), [])
