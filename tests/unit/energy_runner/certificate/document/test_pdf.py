# SPDX-License-Identifier: Apache-2.0
"""The PDF: approved by a validator from outside, the same bytes each time, its attachments in it as they are."""

import io
from pathlib import Path

import pikepdf
import pikepdf.pdfa
import pytest

from energy_runner.certificate.document import attachments_of, pdf_bytes
from energy_runner.certificate.facts import EnergyCertificate
from tests.support.certificate_papers import attachments, full, sparse


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EnergyCertificate]:
    folder: Path = tmp_path_factory.mktemp("papers")
    return {"full": full(folder), "sparse": sparse(folder), "virtual": sparse(folder, virtual=True)}


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
@pytest.mark.parametrize("kind", ["full", "sparse", "virtual"])
def test_the_pdf_is_tagged_pdf_a_3b(papers: dict[str, EnergyCertificate], kind: str, paper: str) -> None:
    data = pdf_bytes(papers[kind], attachments(), paper)
    report = pikepdf.pdfa.validate_written(io.BytesIO(data), "3b")
    assert report.passed, [str(one) for one in report.findings]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root


def test_the_same_facts_give_the_same_bytes(papers: dict[str, EnergyCertificate]) -> None:
    assert pdf_bytes(papers["full"], attachments()) == pdf_bytes(papers["full"], attachments())


def test_attachments_are_in_the_file_as_they_are_exactly_once(papers: dict[str, EnergyCertificate]) -> None:
    given = attachments()
    data = pdf_bytes(papers["full"], given)
    assert [data.count(one.data) for one in given] == [1, 1]
    assert attachments_of(data) == {one.name: one.data for one in given}
