# SPDX-License-Identifier: Apache-2.0
"""Papers that the tests share: making a PDF takes a second."""

from pathlib import Path

import pytest

from energy_runner.certificate.document import pdf_bytes
from energy_runner.certificate.facts import EnergyCertificate
from tests.support.certificate_papers import attachments, full, long_facts, sparse


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EnergyCertificate]:
    """Facts: full, sparse, simulated, and with texts as long as they may be."""
    folder: Path = tmp_path_factory.mktemp("papers")
    whole = full(folder)
    return {
        "full": whole,
        "sparse": sparse(folder),
        "virtual": sparse(folder, virtual=True),
        "long": long_facts(whole),
    }


@pytest.fixture(scope="session")
def pdf(papers: dict[str, EnergyCertificate]) -> bytes:
    """The PDF of the full one, with attachments."""
    return pdf_bytes(papers["full"], attachments())
