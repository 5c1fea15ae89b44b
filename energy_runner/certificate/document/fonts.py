# SPDX-License-Identifier: Apache-2.0
"""The fonts of the document, and a refusal of text that they cannot show.

DejaVu 2.37 (licences: Bitstream Vera and public domain; free to use, to embed and to hand on) comes with
matplotlib, which the project needs anyway. It is TrueType, which the PDF/A validator can judge, and has Latin,
Greek, Cyrillic and many signs.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from energy_runner.certificate.needed import needed_module
from energy_runner.errors import ConfigurationError

FAMILY = "DejaVu Sans"
# The faces in which facts are set; each has to have a character.
_FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
# Text of these directions is laid out from right to left and would move the figures beside it.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def font_folder() -> Path:
    """Return the folder of the fonts."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def characters() -> frozenset[int]:
    """Return the code points that every face has."""
    tt_font = needed_module("fontTools.ttLib").TTFont
    each = []
    for face in _FACES:
        with tt_font(font_folder() / face, lazy=True) as font:
            each.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*each)


def refuse_what_cannot_be_shown(document: Mapping[str, Any]) -> None:
    """Raise `ConfigurationError`, with field and character, for a text that the fonts do not have.

    Characters that print nothing (control characters, marks of direction) do not matter: they appear as escapes.
    """
    known = characters()
    for field, text in _texts(document, ""):
        for one in text:
            if not one.isprintable():
                continue
            if unicodedata.bidirectional(one) in _RIGHT_TO_LEFT:
                raise ConfigurationError(_refusal(field, one, "is written from right to left"))
            if ord(one) not in known:
                raise ConfigurationError(_refusal(field, one, f"is not in the font of the document, {FAMILY}"))


def _refusal(field: str, one: str, why: str) -> str:
    name = unicodedata.name(one, "without a name")
    return (
        f"{field}: {one!r} (U+{ord(one):04X}, {name}) {why}, so the PDF cannot show it. "
        "Try: write it in Latin, Greek or Cyrillic letters"
    )


def _texts(held: Any, field: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a document with the name of its field; keys of its tables are texts too."""
    if isinstance(held, str):
        yield field, held
    elif isinstance(held, Mapping):
        for key, one in held.items():
            place = f"{field}.{key}" if field else str(key)
            yield place, str(key)
            yield from _texts(one, place)
    elif isinstance(held, list):
        for index, one in enumerate(held):
            yield from _texts(one, f"{field}[{index}]")
