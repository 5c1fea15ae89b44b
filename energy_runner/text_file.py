# SPDX-License-Identifier: Apache-2.0
"""Read text files that a user gives, as any editor or spreadsheet on any system saves them.

A byte-order mark says which encoding it is (UTF-8, UTF-16, UTF-32). Without one it is UTF-8; UTF-16 without a mark
is taken for that only where every other byte is zero. Nothing else is guessed: each country has its old
code page. Lines end with LF, CRLF or CR, and come out with LF.
"""

import codecs
import csv
import errno
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# UTF-32 before UTF-16: the mark of the one begins with that of the other.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is given in place of a text, by how it begins: its name may end with .csv or .toml all the same.
_BINARY = (
    (b"PK\x03\x04", "it is a workbook (.xlsx, .ods) or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "it is an old workbook (.xls)"),
    (b"\x1f\x8b", "it is a compressed file (.gz)"),
    (b"%PDF-", "it is a PDF"),
    (b"{\\rtf", "it is a formatted text (.rtf)"),
)
_HEAD_BYTES = 4096
_DELIMITERS = (",", ";", "\t")
_SAYS_DELIMITER = re.compile(r"sep=.")  # the first line of some files for Excel
# How formulas begin in spreadsheets, also in the wide signs of East Asian ones; and a text that has an apostrophe
# there already, so that taking one away gives the same text again.
_FORMULA = re.compile("'*[-=+@\\t\\r\\n\uff1d\uff0b\uff20\uff0d]")
_WITH_COMMA = re.compile(r"[-+]?[0-9]*,[0-9]+([eE][-+]?[0-9]+)?")


class TextError(ValueError):
    """The file is no text that can be read; the message is one line that says what to try."""


def read_text(path: Path, most_bytes: int) -> str:
    """Return the text of a file, its lines ended by LF; raises `TextError`, and `OSError` as `open` does.

    A file with more than `most_bytes` is no such text either, nor a pipe or a device, which may never end.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "a pipe or a device, not a file", str(path))
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise TextError(f"it is longer than {most_bytes} bytes")
    return decoded(data)


def decoded(data: bytes) -> str:
    """Return the text in `data`, its lines ended by LF; raises `TextError`, with the line, for what is no text."""
    binary = next((what for sign, what in _BINARY if data.startswith(sign)), "")
    if binary:
        raise TextError(
            f"{binary}, not a text. Try: save it as CSV or text (UTF-8) in the program that it is from"
        )
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TextError(_problem(data, encoding, error.start)) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_utf8(data: bytes) -> bytes:
    """Return `data` in UTF-8 without a mark if its encoding is certain, else unchanged: logs hold any bytes."""
    encoding = _encoding(data)
    if encoding == "utf-8":
        return data
    return (
        data.removeprefix(codecs.BOM_UTF8)
        if encoding == "utf-8-sig"
        else data.decode(encoding, "replace").encode()
    )


def opened_as_utf8(file: BinaryIO) -> BinaryIO:
    """Return an open file that reads as `as_utf8` would give it; one in another encoding is held in memory."""
    encoding = _encoding(file.read(_HEAD_BYTES))
    file.seek(len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
    return file if encoding in ("utf-8", "utf-8-sig") else io.BytesIO(as_utf8(file.read()))


@dataclass(frozen=True)
class Row:
    """A line of a table: its number (of its last line, if a cell has several) and its cells without blanks."""

    line: int
    cells: tuple[str, ...]


def rows_of(text: str, columns: Collection[int]) -> Iterator[Row]:
    """Yield the rows of CSV that a program or a spreadsheet wrote; empty ones are left out.

    Cells are separated by commas, or else by semicolons or tabs: by what gives the first row one of the numbers of
    `columns`. Where that is no comma, numbers may have one for their decimal point. Raises `TextError`.
    """
    lines = text.split("\n")
    skipped = 1 if _SAYS_DELIMITER.fullmatch(lines[0].strip('" ')) else 0
    lines = lines[skipped:]
    first = next((line for line in lines if line.strip()), "")
    number = 0
    try:
        fits = (one for one in _DELIMITERS if len(_cells(next(_found([first], one))[1], one)) in columns)
        delimiter = next(fits, _DELIMITERS[0])
        for number, found in _found(lines, delimiter):
            cells = _cells(found, delimiter)
            if cells:
                yield Row(number + skipped, cells)
    except csv.Error:
        raise TextError(
            f"the table cannot be read after line {number + skipped}: is a quotation mark not closed?"
        ) from None


def _found(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its last line; one without any, too."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, row


def as_cell(text: str) -> str:
    """Return a text as a cell of CSV that no spreadsheet takes for a formula; numbers do not go through here.

    One that begins like a formula gets an apostrophe, which `from_cell` and `rows_of` take away again. Lone
    surrogates, which no file can hold, are written out.
    """
    text = text.encode(errors="backslashreplace").decode()
    return f"'{text}" if _FORMULA.match(text) else text


def from_cell(cell: str) -> str:
    """Return the text that `as_cell` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _cells(found: list[str], delimiter: str) -> tuple[str, ...]:
    """Return the cells of a row without blanks; spreadsheets fill short rows up with empty ones."""
    cells = [from_cell(cell.strip()) for cell in found]
    while cells and not cells[-1]:
        cells.pop()
    if delimiter == ",":
        return tuple(cells)
    return tuple(cell.replace(",", ".") if _WITH_COMMA.fullmatch(cell) else cell for cell in cells)


def _encoding(data: bytes) -> str:
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if marked:
        return marked
    head = data[: _HEAD_BYTES - _HEAD_BYTES % 2]
    if len(data) % 2 == 0 and len(head) >= 4:
        low, high = head[0::2], head[1::2]
        if not any(high) and all(low):
            return "utf-16-le"
        if not any(low) and all(high):
            return "utf-16-be"
    return "utf-8"


def _problem(data: bytes, encoding: str, start: int) -> str:
    """Return where a text stops being one, and what to try."""
    line = data[:start].decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    what = f"line {line}: not text in UTF-{encoding[4:].partition('-')[0]}: byte {start + 1} is {data[start]:#04x}"
    if encoding.startswith("utf-8") and b"\0" not in data:
        old = bytes([data[start]]).decode("cp1252", "replace")
        what += (
            f", which is '{old}' in the code page 1252 of Windows"
            if old.isalnum() or old in "\u2013\u20ac°"
            else ""
        )
    return f"{what}. Try: save the file as UTF-8 in your editor"
