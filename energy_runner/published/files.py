# SPDX-License-Identifier: Apache-2.0
"""What is odd about the files of a session of either runner, each kind named once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from energy_runner.published.contents import Contents
from energy_runner.published.discover import LINK
from energy_runner.published.findings import seen
from energy_runner.published.model import Note

_SHOWN = 5


def check_packed(contents: Contents) -> Iterator[Note]:
    """Note archives and Git LFS pointers, all in one note each."""
    if contents.packed:
        names = _listed(contents.packed)
        wrong = not contents.found.files.keys() & {"log", "json"} or not set(contents.packed) <= set(
            contents.found.archives
        )
        detail = f"packed files are not opened: {names}. Try: unpack them"
        yield Note("archive", detail, wrong=wrong, seen=tuple(seen(name) for name in contents.packed[:_SHOWN]))
    if contents.pointers:
        detail = f"only Git LFS pointers are here, not the files: {_listed(contents.pointers)}. Try: git lfs pull"
        yield Note("lfs-pointer", detail, seen=tuple(seen(name, 1) for name in contents.pointers[:_SHOWN]))


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


def check_links(contents: Contents, notes: list[Note]) -> list[Note]:
    """Return a note for each link out of the folder that none of `notes` names."""
    return [
        Note("link-refused", f"{name}: {LINK}", seen=(seen(name),))
        for name in contents.found.refused
        if not any(name in note.detail for note in notes)
    ]


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
