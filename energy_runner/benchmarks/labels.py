# SPDX-License-Identifier: Apache-2.0
"""Read a label file, `y_labels.csv`: which files are the stimuli, and the class of each.

The format has no header: `file,classes,class` a line, for a sliding window also `,window_bytes,stride`.
It is read as any spreadsheet saves it: with quotes, blanks, semicolons or tabs, empty lines and cells, any line
ends and any byte-order mark.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.errors import ConfigurationError
from energy_runner.text_file import TextError, read_text, rows_of

_COLUMNS = (3, 5)
# What Windows takes for a device or for a stream of a file, and ends of a name that it drops.
_OF_WINDOWS = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)|[:*?\"<>|]|[. ]$", re.IGNORECASE)
_LARGEST_FILE_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Label:
    """One line of a label file."""

    file: str
    label: int


def read_labels(path: Path, benchmark: Benchmark) -> list[Label]:
    """Return the labels in `path`, in its order, checked against `benchmark`.

    Raises `ConfigurationError` with one line of text that names the file, the line and what to try.
    """
    labels: list[Label] = []
    line_of: dict[str, int] = {}
    try:
        for row in rows_of(_text(path), _COLUMNS):
            try:
                label = _parse(row.cells, benchmark, first=not labels)
                if label.file in line_of:
                    raise ValueError(f"{label.file!r} is listed twice (first in line {line_of[label.file]})")
            except ValueError as error:
                raise ConfigurationError(f"{path}, line {row.line}: {error}. {_advice(benchmark)}") from None
            line_of[label.file] = row.line
            labels.append(label)
    except TextError as error:
        raise ConfigurationError(f"{path}: {error}. {_advice(benchmark)}") from None
    if not labels:
        raise ConfigurationError(f"{path}: the label file is empty. {_advice(benchmark)}")
    return labels


def _advice(benchmark: Benchmark) -> str:
    sliding = f",{benchmark.input_bytes},{benchmark.stride_bytes}" if benchmark.stride_bytes else ""
    return (
        f"Try the label file of {benchmark.id}, with lines such as "
        f"'name.bin,{benchmark.classes},{benchmark.classes - 1}{sliding}'"
    )


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > _LARGEST_FILE_BYTES:
            raise ConfigurationError(f"{path}: {size} bytes is too much for a label file. Try another one")
        return read_text(path, _LARGEST_FILE_BYTES)
    except TextError as error:
        raise ConfigurationError(
            f"{path}: {error}; or take the y_labels.csv that belongs to the stimuli"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error})") from None


def _parse(fields: Sequence[str], benchmark: Benchmark, *, first: bool) -> Label:
    if first and len(fields) > 1 and not any(re.search("[0-9]", field) for field in fields[1:]):
        raise ValueError(
            f"{_shown(','.join(fields))} looks like a header, and a label file has none: delete the line"
        )
    if len(fields) not in _COLUMNS:
        count = f"{len(fields)} field{'s' * (len(fields) != 1)}"
        raise ValueError(f"{count} instead of 3 or 5 in {_shown(','.join(fields))}")
    file = _plain_name(fields[0])
    classes, label = _number(fields[1], "number of classes"), _number(fields[2], "class")
    if classes != benchmark.classes:
        raise ValueError(f"{classes} classes, but {benchmark.id} has {benchmark.classes}")
    if not 0 <= label < classes:
        raise ValueError(f"class {label} is outside 0..{classes - 1}")
    if len(fields) == 5:
        window, stride = _number(fields[3], "window size"), _number(fields[4], "stride")
        if (window, stride) != (benchmark.input_bytes, benchmark.stride_bytes):
            wanted = f"{benchmark.input_bytes} by {benchmark.stride_bytes or 'no stride'}"
            raise ValueError(f"window of {window} bytes by {stride}, but {benchmark.id} has {wanted}")
    return Label(file, label)


def _plain_name(name: str) -> str:
    # Checked by the rules of both POSIX and Windows, so that a label file means the same on each.
    plain = name not in ("", ".", "..") and name.isprintable() and _OF_WINDOWS.search(name) is None
    if not plain or PurePosixPath(name).name != name or PureWindowsPath(name).name != name:
        raise ValueError(f"{_shown(name)} is not a plain file name")
    return name


def _number(field: str, what: str) -> int:
    if not re.fullmatch("-?[0-9]{1,9}", field):
        raise ValueError(f"the {what} {_shown(field)} is not a number")
    return int(field)


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:57] + "...")
