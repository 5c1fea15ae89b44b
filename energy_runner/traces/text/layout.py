# SPDX-License-Identifier: Apache-2.0
"""How a text file is laid out: where its numbers begin, what its columns are called, what parts its cells."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.errors import in_words
from energy_runner.traces.model import TraceFileError
from energy_runner.traces.text.cells import is_data, is_number, shown, split
from energy_runner.traces.units import parse_unit

HEAD_BYTES = 1 << 16
LONGEST_LINE = 1 << 16
BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_ROWS = 256  # that are looked at to see how the file is laid out
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_PARTED = "\t;,"
_KEY = re.compile(r"\s*[#%\s]*([^:=,;\t]{1,60}?)\s*[:=,;\t]\s*(.{1,200}?)\s*")


@dataclass(frozen=True)
class Layout:
    """The layout of a table in text.

    `offset` is the byte at which the first line of data begins, `first_line` its number, from 1. `rows` are the
    cells of the first lines. `preamble` holds what lines of the form `key,value` say before the table, `comments`
    the lines that begin with `#`. `header_line` is 0 where the file names no columns; they are called 1, 2, ...
    """

    path: Path
    names: tuple[str, ...]
    delimiter: str
    decimal: str
    offset: int
    first_line: int
    header_line: int
    rows: tuple[tuple[str, ...], ...]
    preamble: dict[str, str] = field(default_factory=dict)
    comments: tuple[str, ...] = ()

    def there(self) -> str:
        """Return the columns that there are, in words."""
        return ", ".join(repr(name) for name in self.names)


def head_of(path: Path) -> bytes:
    """Return the beginning of a file; raises `TraceFileError` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None


def read_layout(path: Path, head: bytes) -> Layout:
    """Return the layout of the text file whose beginning is `head`; raises `TraceFileError` for any other file."""
    if head.startswith(_WIDE):
        raise TraceFileError(f"{path}: is text in UTF-16. Try: save it as UTF-8")
    if b"\0" in head:
        at = head.index(b"\0")
        raise TraceFileError(f"{path}: is neither text nor of a format that is known (a zero at byte {at + 1})")
    lines = _lines(path, head)
    found = _first_row(lines)
    if found is None:
        first = next((text for _, text in lines if text.strip()), "")
        raise TraceFileError(
            f"{path}: no table of numbers was found in its first {len(head)} bytes; it begins with {shown(first)}"
            ". Try: a trace file that a monitor's program has written"
        )
    place, delimiter = found
    rows = tuple(tuple(split(text, delimiter)) for _, text in lines[place : place + _ROWS] if _counts(text))
    header, units_at = _header(lines, place, delimiter, len(rows[0]))
    names = _names(path, lines, (place, header, units_at), delimiter, rows[0])
    before = [text for _, text in lines[: place if header is None else header]]
    return Layout(
        path=path,
        names=names,
        delimiter=delimiter,
        decimal=_decimal(path, rows, place + 1),
        offset=lines[place][0],
        first_line=place + 1,
        header_line=0 if header is None else header + 1,
        rows=rows,
        preamble=_preamble(before),
        comments=tuple(text for text in before if _is_comment(text)),
    )


def _lines(path: Path, head: bytes) -> list[tuple[int, str]]:
    """Return offset and text of the lines in the beginning of a file; the last may be cut, and is left out."""
    at = len(BOM) if head.startswith(BOM) else 0
    found: list[tuple[int, str]] = []
    pieces = head[at:].splitlines(keepends=True)
    for piece in pieces:
        if len(piece) >= LONGEST_LINE - len(BOM):
            raise TraceFileError(
                f"{path}: line {len(found) + 1} has no end within {LONGEST_LINE} bytes; "
                f"it begins with {shown(_decoded(piece[:60]))}"
            )
        found.append((at, _decoded(piece.rstrip(b"\r\n"))))
        at += len(piece)
    if len(head) == HEAD_BYTES and len(found) > 1:
        found.pop()
    return found


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")  # `µ` as Windows wrote it


def _is_comment(text: str) -> bool:
    return text.lstrip().startswith(("#", "%"))


def _counts(text: str) -> bool:
    return bool(text.strip()) and not _is_comment(text)


def _first_row(lines: list[tuple[int, str]]) -> tuple[int, str] | None:
    """Return the first line of data and the delimiter; lines of nothing but data are looked for first."""
    for strict in (True, False):
        for place, (_, text) in enumerate(lines):
            if not _counts(text):
                continue
            for delimiter in _PARTED:
                if _is_row(lines, place, delimiter, strict=strict):
                    return place, delimiter
    return None


def _is_row(lines: list[tuple[int, str]], place: int, delimiter: str, *, strict: bool) -> bool:
    cells = split(lines[place][1], delimiter)
    if not any(is_number(cell) for cell in cells):
        return False
    if strict:
        return all(is_data(cell) for cell in cells) and (len(cells) > 1 or _is_alone(lines, place))
    following = [split(text, delimiter) for _, text in lines[place + 1 : place + 4] if _counts(text)]
    above = [split(text, delimiter) for _, text in lines[:place] if _counts(text)]
    mask = [is_number(cell) for cell in cells]
    alike = all([is_number(cell) for cell in row] == mask for row in following)
    named = bool(above) and len(above[-1]) == len(cells) and not any(is_number(cell) for cell in above[-1])
    return len(cells) > 2 and alike and named


def _is_alone(lines: list[tuple[int, str]], place: int) -> bool:
    """Return whether a line is one cell: `1,5` is two, unless the line with the names is one name."""
    text = lines[place][1]
    above = [other for _, other in lines[:place] if _counts(other)]
    one_name = bool(above) and "," not in above[-1] and not is_number(above[-1].strip())
    return not any(one in text for one in _PARTED if one != ",") and ("," not in text or one_name)


def _header(lines: list[tuple[int, str]], place: int, delimiter: str, count: int) -> tuple[int | None, int | None]:
    """Return the places of the line with names, and of one with units below it; None where there is none."""
    above = [number for number in range(place) if lines[number][1].strip()]
    if not above:
        return None, None
    last = above[-1]
    cells = _names_in(lines[last][1], delimiter)
    if _is_comment(lines[last][1]) and len(cells) != count:
        return None, None
    if len(above) > 1 and all(parse_unit(cell.strip("()[] ")) for cell in cells if cell) and any(cells):
        names = _names_in(lines[above[-2]][1], delimiter)
        if len(names) == len(cells):
            return above[-2], last
    return last, None


def _names_in(text: str, delimiter: str) -> list[str]:
    return split(text.lstrip("#% \t") if _is_comment(text) else text, delimiter)


def _names(
    path: Path,
    lines: list[tuple[int, str]],
    at: tuple[int, int | None, int | None],
    delimiter: str,
    row: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the names of the columns; `at` are the places of the first row, of its names and of their units."""
    place, header, units_at = at
    if header is None:
        return tuple(str(number) for number in range(1, len(row) + 1))
    names = _names_in(lines[header][1], delimiter)
    if units_at is not None:
        units = _names_in(lines[units_at][1], delimiter)
        names = [f"{name} ({unit.strip('()[] ')})" for name, unit in zip(names, units, strict=True)]
    if len(names) + 1 == len(row) and not row[-1]:
        names.append("")
    if len(names) == len(row) + 1 and not names[-1]:
        names.pop()
    if len(names) != len(row):
        raise TraceFileError(
            f"{path}: line {place + 1} has {len(row)} columns ({shown(delimiter.join(row))}), "
            f"but the names in line {header + 1} are {len(names)}: {', '.join(names)[:200]}"
        )
    double = next((name for name in names if name and names.count(name) > 1), None)
    if double is not None:
        raise TraceFileError(f"{path}: line {header + 1} names two columns {shown(double)}")
    return tuple(names)


def _decimal(path: Path, rows: tuple[tuple[str, ...], ...], first_line: int) -> str:
    """Return the decimal sign: a comma if some number has one, and none has a point.

    Raises `TraceFileError` where a comma may as well part thousands: `1,004` is a thousand and four, or one.
    """
    cells = [cell for row in rows for cell in row if is_number(cell)]
    points, commas = (any(sign in cell for cell in cells) for sign in ".,")
    if points or not commas:
        return "."
    with_comma = [cell for cell in cells if "," in cell]
    if all(_THOUSANDS.fullmatch(cell) for cell in with_comma):
        raise TraceFileError(
            f"{path}: the comma in {shown(with_comma[0])}, in or after line {first_line}, may part decimals or "
            "thousands, and no number there tells which. Try: save it with a decimal point and without a sign "
            "between thousands"
        )
    return ","


def _preamble(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in lines[:200]:
        match = _KEY.fullmatch(text.replace('"', ""))
        if match is not None:
            found.setdefault(match[1].strip().lower(), match[2])
    return found
