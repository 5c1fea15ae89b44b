# SPDX-License-Identifier: Apache-2.0
"""What was handed in to be verified: forms of a certificate, alone or side by side, and perhaps its session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.certificate.dcc.read import envelope_in
from energy_runner.certificate.dcc.write import MOST_BYTES as MOST_XML_BYTES
from energy_runner.certificate.document.attached import MOST_BYTES as MOST_PDF_BYTES
from energy_runner.certificate.document.attached import attachments_of
from energy_runner.certificate.forms import AIBOM, JSON, NAMES, PDF, XML
from energy_runner.certificate.signing.envelope import MOST_BYTES as MOST_JSON_BYTES
from energy_runner.errors import SessionError, in_words
from energy_runner.session import disk
from energy_runner.session.folder import RECORD
from energy_runner.wording import printable

STAMP = "certificate.json.tst"  # a time stamp (RFC 3161) of certificate.json
_MOST_BYTES = {
    JSON: MOST_JSON_BYTES,
    AIBOM: MOST_JSON_BYTES,
    XML: MOST_XML_BYTES,
    PDF: MOST_PDF_BYTES,
    STAMP: 1 << 16,
}
_BEGINNINGS = ((b"%PDF-", PDF), (b"<?xml", XML), (b"{", JSON))


@dataclass(frozen=True)
class Found:
    """A form, and where it was: a file, or a place in one."""

    data: bytes
    place: str


@dataclass
class Bundle:
    """The forms by name, each as often as it was found; `asked` is what the caller named.

    `problems` are what could not be read, as (place, why).
    """

    asked: str
    forms: dict[str, list[Found]] = field(default_factory=dict)
    token: Found | None = None
    session: Path | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)

    def first(self, name: str) -> Found | None:
        """Return the first form of that name; None if none was found."""
        return next(iter(self.forms.get(name, ())), None)

    def add(self, name: str, data: bytes, place: str) -> None:
        """Keep a form."""
        self.forms.setdefault(name, []).append(Found(data, place))


def gather(path: Path) -> Bundle:
    """Return what is in a file, or in a folder of a certificate; the files beside a form belong to it.

    Raises `SessionError` if there is nothing that can be a certificate.
    """
    bundle = Bundle(printable(str(path)))
    folder, asked = (path, None) if path.is_dir() else (path.parent, path)
    if asked is not None:
        data = _read(asked, max(_MOST_BYTES.values()))
        _add(bundle, _kind(data, asked), data, printable(str(asked)))
    for name in (*NAMES, STAMP):
        beside = folder / name
        if asked is not None and (_is_same(beside, asked) or asked.name not in NAMES):
            continue  # a form under another name stands alone: what lies beside it may be of another certificate
        if not beside.is_file():
            continue
        data = _read(beside, _MOST_BYTES[name])
        if name == STAMP:
            bundle.token = Found(data, printable(str(beside)))
        else:
            _add(bundle, name, data, printable(str(beside)))
    if not bundle.forms:
        what = (
            "a session, and not a certificate"
            if (path / RECORD).is_file()
            else "nothing that can be a certificate"
        )
        raise SessionError(f"{bundle.asked}: {what}. Try: a certificate.pdf, .json or .dcc.xml, or their folder")
    return bundle


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _read(path: Path, most_bytes: int) -> bytes:
    where = printable(str(path))
    try:
        with disk.open_file(path) as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise SessionError(f"{where}: cannot be read ({in_words(error)}). Try: another file") from None
    if len(data) > most_bytes:
        raise SessionError(
            f"{where}: has more than {most_bytes} bytes, so it is no certificate. Try: another file"
        )
    return data


def _kind(data: bytes, path: Path) -> str:
    """Return which form a file is by its first bytes; its name says whether JSON is the bill of materials."""
    found = next((name for beginning, name in _BEGINNINGS if data.startswith(beginning)), None)
    if found is None:
        raise SessionError(
            f"{printable(str(path))}: is no PDF, XML or JSON, so it is no certificate. Try: certificate.pdf"
        )
    return AIBOM if found == JSON and path.name == AIBOM else found


def _add(bundle: Bundle, name: str, data: bytes, place: str) -> None:
    """Keep a form, and what is inside it."""
    bundle.add(name, data, place)
    try:
        inside = _inside(name, data)
    except SessionError as error:
        bundle.problems.append((place, str(error)))
        return
    # What is attached itself comes before what is inside of it.
    for inner, content in sorted(inside.items(), key=lambda each: each[0] != JSON):
        _add(bundle, inner, content, f"{place}, {inner} in it")


def _inside(name: str, data: bytes) -> Mapping[str, bytes]:
    if name == PDF:
        found = attachments_of(data)
        unknown = sorted(set(found) - set(NAMES))
        if unknown:
            raise SessionError(f"unknown files are attached: {', '.join(map(printable, unknown))}")
        lacking = sorted({JSON, XML, AIBOM} - set(found))
        if lacking:
            raise SessionError(f"these are not attached: {', '.join(lacking)}")
        return found
    return {JSON: envelope_in(data)} if name == XML else {}
