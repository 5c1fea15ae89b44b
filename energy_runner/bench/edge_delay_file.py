# SPDX-License-Identifier: Apache-2.0
"""The file that `bench doctor --keep` writes: a table `edge_delay`, which a bench file takes in by its path."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from energy_runner.bench.edge_delay_spec import EdgeDelaySpec
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.text_file import read_text
from energy_runner.toml_text import MOST_BYTES, read_toml
from energy_runner.wording import short_words

_PARTS = ("sampler", "edges", "dut")


def check_writable(path: Path) -> EdgeDelaySpec | None:
    """Return the delay at `path`, None if nothing is there; raise `ConfigurationError` for any other file."""
    if os.path.lexists(path):
        return _read(path)
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path}: there is no such folder. Try: another folder")
    return None


def write_delay(path: Path, delay: EdgeDelaySpec, software: str) -> None:
    """Write the file whole, or leave the old one as it is; `software` is named in its first line.

    Raises `ConfigurationError` if the file there holds something else or the delay of other instruments, or if it
    cannot be written.
    """
    before = check_writable(path)
    if before is not None and _whose(before) != _whose(delay):
        raise ConfigurationError(
            f"{path}: the file holds the delay of other instruments or of another DUT: {_named(before)}. Try: "
            "a new file"
        )
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(as_text(delay, software), "utf-8")
        beside.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror}). Try: another folder") from None


def as_text(delay: EdgeDelaySpec, software: str) -> str:
    """Return the file as TOML."""
    table = delay.model_dump(mode="json", exclude_none=True)
    parts = {name: table.pop(name) for name in _PARTS}
    lines = [
        f'# Written by {software}, bench doctor. A bench file takes it in: edge_delay = "FILE", above its tables.',
        "# It holds for this DUT, these instruments and the wires between them, together.",
    ]
    lines += ["", "[edge_delay]", *_pairs(table)]
    for name, part in parts.items():
        lines += ["", f"[edge_delay.{name}]", *_pairs(part)]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> EdgeDelaySpec:
    try:
        table = read_toml(read_text(path, MOST_BYTES)).get("edge_delay")
        if not isinstance(table, dict):
            raise ConfigurationError(
                f"{path}: not written by --keep, for it has no table [edge_delay]. Try: a new file"
            )
        return EdgeDelaySpec.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(("edge_delay", *map(str, first["loc"])))
        raise ConfigurationError(f"{path}: {place}: {short_words(first['msg'])}. Try: another file") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {short_words(in_words(error))}. Try: another file") from None


def _whose(delay: EdgeDelaySpec) -> tuple[str, ...]:
    parts = [getattr(one, key) for one in (delay.sampler, delay.edges) for key in ("make", "model", "serial")]
    return (*parts, delay.dut.name, "virtual" if delay.virtual else "")


def _named(delay: EdgeDelaySpec) -> str:
    """Return in words which instruments and which DUT a delay belongs to."""
    parts = (("sampler", delay.sampler), ("edges", delay.edges))
    said = [
        f"{part} {' '.join(filter(None, (one.make, one.model, one.serial))) or 'without a name'}"
        for part, one in parts
    ]
    return f"{', '.join(said)}, DUT {delay.dut.name}{' (virtual)' if delay.virtual else ''}"


def _pairs(table: Mapping[str, object]) -> list[str]:
    # JSON's strings, numbers, true and false are TOML's, but for DEL, which TOML does not allow unescaped.
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
        for key, value in table.items()
    ]
