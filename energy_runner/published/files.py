# SPDX-License-Identifier: Apache-2.0
"""What is odd about the files of a session of either runner, each kind named once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from energy_runner.published.contents import Contents
from energy_runner.published.discover import LINK
from energy_runner.published.findings import seen
from energy_runner.published.forgery import LEAST_PIECES, pieces_of
from energy_runner.published.model import Mode, Note
from energy_runner.published.row import Evidence

_SHOWN = 5
_NEAR_S = 5.0  # windows last ten seconds at least, inferences much less


def check_packed(contents: Contents, mode: Mode) -> Iterator[Note]:
    """Note archives and Git LFS pointers, all in one note each.

    They decide something only in place of a file that a session in this mode is read from.
    """
    read = {*_read_from(contents, mode)}
    if contents.packed:
        names = _listed(contents.packed)
        wrong = not contents.found.files.keys() & {"log", "json"} or not read.isdisjoint(contents.packed)
        detail = f"packed files are not opened: {names}. Try: unpack them"
        yield Note("archive", detail, wrong=wrong, seen=tuple(seen(name) for name in contents.packed[:_SHOWN]))
    if contents.pointers:
        detail = f"only Git LFS pointers are here, not the files: {_listed(contents.pointers)}. Try: git lfs pull"
        wrong = not read.isdisjoint(contents.pointers)
        places = tuple(seen(name, 1) for name in contents.pointers[:_SHOWN])
        yield Note("lfs-pointer", detail, wrong=wrong, seen=places)


def _read_from(contents: Contents, mode: Mode) -> Iterator[str]:
    """Yield the names of the files that figures of this mode rest on; others may lie beside them."""
    roles = ("log", "results", "json", *(("trace", "timestamps") if mode == "energy" else ()))
    yield from (contents.names[role] for role in roles if role in contents.names)


def check_pieces(samples: npt.NDArray[np.float32], rate_hz: float, where: Evidence) -> Iterator[Note]:
    """Note a trace of which one part was copied over another."""
    again = pieces_of(samples).far_repeats(round(_NEAR_S * rate_hz))
    if len(again) >= LEAST_PIECES:
        first, second = (place / rate_hz for place in again[0])
        where_again = f"the first of {first:.3f} s at {second:.3f} s"
        detail = f"{len(again)} pieces of the trace come again bit for bit, {where_again}"
        yield Note("windows-identical", detail, measured=len(again), limit=0, seen=(where,))


def placed(notes: list[Note], names: Mapping[str, str], examples: Mapping[str, str]) -> list[Note]:
    """Return the notes with names of files in place of their roles, those of `examples` for absent ones."""
    return [
        replace(
            note,
            seen=tuple(
                one.model_copy(update={"file": names.get(one.file, examples.get(one.file, one.file))})
                for one in note.seen
            ),
        )
        for note in notes
    ]


def check_links(contents: Contents, mode: Mode, notes: list[Note]) -> list[Note]:
    """Return a note for each link out of the folder that none of `notes` names; a stray one decides nothing."""
    read = {*_read_from(contents, mode)}
    return [
        Note("link-refused", f"{name}: {LINK}", wrong=name in read, seen=(seen(name),))
        for name in contents.found.refused
        if not any(name in note.detail for note in notes)
    ]


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
