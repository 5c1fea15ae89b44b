# SPDX-License-Identifier: Apache-2.0
"""Right certificates beside sessions that are not theirs, or are not as they were."""

from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import virtual_forms

_FILES = "session-files"


def _beside(session: str, about: str, *fails: tuple[str, str]) -> Case:
    return Case(f"session-{session}", about, "session", lambda: Made(virtual_forms(), session=session), fails)


CASES = (
    _beside("another-board", "the session of another board", (_FILES, "record.json")),
    _beside("not-sealed", "the session has no seal", (_FILES, "")),
    _beside("half-copied", "half of a file was copied", (_FILES, "stream.bin")),
    _beside("without-trace", "the trace was not copied", (_FILES, "trace.jls")),
    _beside("trace-changed", "a bit of the trace was changed after certification", (_FILES, "trace.jls")),
    _beside("journal-changed", "a bit of the journal was changed after certification", (_FILES, "journal.jsonl")),
    _beside("journal-line-removed", "a line of the journal was removed", (_FILES, "journal.jsonl")),
    _beside("record-changed", "a bit of the record was changed after certification", (_FILES, "record.json")),
    _beside(
        "result-changed",
        "a bit of the result was changed after certification",
        ("session-documents", "result.json"),
    ),
    _beside(
        "report-changed",
        "a bit of the report was changed after certification",
        ("session-documents", "report.html"),
    ),
)
