# SPDX-License-Identifier: Apache-2.0
"""All cases of the suite."""

from tests.support.wrong_certificates import (
    of_bytes,
    of_facts,
    of_figures,
    of_impossible,
    of_keys,
    of_pages,
    of_pdfs,
    of_recorded,
    of_revisions,
    of_sessions,
    of_statements,
    right,
)
from tests.support.wrong_certificates.case import Case

CASES: tuple[Case, ...] = (
    *right.CASES,
    *of_keys.RIGHT,
    *of_keys.CASES,
    *of_bytes.CASES,
    *of_pdfs.CASES,
    *of_pages.CASES,
    *of_statements.CASES,
    *of_figures.CASES,
    *of_facts.CASES,
    *of_impossible.CASES,
    *of_recorded.CASES,
    *of_revisions.CASES,
    *of_sessions.CASES,
)
WRONG = tuple(one for one in CASES if one.family != "right")
