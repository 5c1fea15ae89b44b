# SPDX-License-Identifier: Apache-2.0
"""The dated record that `bench calibrate` writes: a table `calibration` with its points, and how far off they lie.

A bench file takes it in by its path, `calibration = "file.toml"`. Points of one instrument are added one by one.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from energy_runner.bench.calibration import contradiction
from energy_runner.bench.calibration_spec import CalibrationSpec, PointSpec
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.text_file import read_text
from energy_runner.toml_text import MOST_BYTES, read_toml
from energy_runner.wording import short_words

_INSTRUMENT = ("make", "model", "serial", "firmware")
_KEYS = ("calibrated_on", "interval_days", "due", "laboratory", "certificate", "serial", "virtual")
_POINT = ("quantity", "range", "value", "correction", "unit", "U", "k", "date")


@dataclass(frozen=True)
class Residual:
    """How far the correction of a point lies from the line between its neighbours; `U` is for k = 2."""

    quantity: str
    unit: str
    range: tuple[float, float]
    value: float
    residual: float
    U: float


@dataclass(frozen=True)
class CalibrationFile:
    """What such a file holds; `instrument` is the identity of the one that was calibrated."""

    calibration: CalibrationSpec
    instrument: Mapping[str, str]


def read_calibration(path: Path) -> CalibrationFile | None:
    """Return what `path` holds; None if there is no such file. Raises `ConfigurationError` for any other file."""
    if not os.path.lexists(path):
        return None
    try:
        table = read_toml(read_text(path, MOST_BYTES))
        spec = CalibrationSpec.model_validate(table.get("calibration"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(("calibration", *map(str, first["loc"])))
        raise ConfigurationError(f"{path}: {place}: {short_words(first['msg'])}. Try: another file") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {short_words(in_words(error))}. Try: another file") from None
    found = table.get("instrument")
    identity = found if isinstance(found, dict) else {}
    return CalibrationFile(spec, {key: str(identity.get(key, "")) for key in _INSTRUMENT})


def with_point(
    before: CalibrationFile | None, point: PointSpec, new: CalibrationSpec, instrument: Mapping[str, str]
) -> CalibrationFile:
    """Return the file with one more point; `new` is the table of a file that does not exist yet.

    Raises `ConfigurationError` where the file is of another instrument, or a point in it contradicts this one.
    """
    if before is None:
        return CalibrationFile(new.model_copy(update={"point": [point]}), dict(instrument))
    own = {key: before.instrument.get(key, "") for key in ("make", "model", "serial")}
    theirs = {key: instrument.get(key, "") for key in own}
    if own != theirs or bool(before.calibration.virtual) != bool(new.virtual):
        raise ConfigurationError(
            f"the file holds points of {' '.join(filter(None, own.values())) or 'no instrument'}, and this is "
            f"{' '.join(filter(None, theirs.values()))}. Try: a file of its own"
        )
    points = before.calibration.point or []
    for one in points:
        problem = contradiction(one, point)
        if problem:
            raise ConfigurationError(f"the new point and one of the file: {problem}. Try: a file of its own")
    together = sorted([*points, point], key=lambda one: (one.quantity, one.range, one.value))
    return CalibrationFile(before.calibration.model_copy(update={"point": together}), before.instrument)


def residuals(points: Iterable[PointSpec]) -> list[Residual]:
    """Return the residual of every point that has neighbours on both sides in its range.

    The analysis takes a correction as linear between two points; a residual says how wrong that would be.
    """
    ranges: dict[tuple[str, tuple[float, ...]], list[PointSpec]] = {}
    for point in points:
        ranges.setdefault((point.quantity, tuple(point.range)), []).append(point)
    found = []
    for group in ranges.values():
        group.sort(key=lambda point: point.value)
        for before, point, after in zip(group, group[1:], group[2:], strict=False):
            share = (point.value - before.value) / (after.value - before.value)
            line = before.correction + share * (after.correction - before.correction)
            u = math.hypot(point.U / point.k, (1 - share) * before.U / before.k, share * after.U / after.k)
            low, high = point.range
            found.append(
                Residual(point.quantity, point.unit, (low, high), point.value, point.correction - line, 2 * u)
            )
    return found


def as_text(file: CalibrationFile, software: str) -> str:
    """Return the file as TOML."""
    lines = [f'# Written by {software}, bench calibrate. A bench file takes it in: calibration = "FILE".']
    lines += ["", "[instrument]", *_pairs(file.instrument, _INSTRUMENT)]
    calibration = file.calibration.model_dump(mode="json", exclude_none=True)
    lines += ["", "[calibration]", *_pairs(calibration, _KEYS)]
    for point in calibration.get("point", []):
        lines += ["", "[[calibration.point]]", *_pairs(point, _POINT)]
    for residual in residuals(file.calibration.point or []):
        lines += ["", "[[residual]]", *_pairs(vars(residual), tuple(vars(residual)))]
    return "\n".join(lines) + "\n"


def write_calibration(path: Path, text: str) -> None:
    """Write the file whole, or leave the old one as it is; raise `ConfigurationError` if it cannot be written."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror}). Try: another folder") from None


def _pairs(table: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    return [f"{key} = {_toml(table[key])}" for key in keys if key in table]


def _toml(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's strings, numbers, true and false are TOML's, but for DEL, which TOML does not allow unescaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
