# SPDX-License-Identifier: Apache-2.0
"""The figures of a sweep, drawn as `sweep plot` draws them when they are first asked for."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from energy_runner.errors import ConfigurationError, RunnerError
from energy_runner.session.folder import Session
from energy_runner.viewer.found import find
from energy_runner.viewer.plain_text import own, told

if TYPE_CHECKING:
    from energy_runner.sweep.reading.plots.pictures import Pictures
    from energy_runner.sweep.rows import PointRow

_KEPT = 4  # sweeps whose figures are kept
_DAMAGE = (RunnerError, OSError, ValueError, LookupError, TypeError, RecursionError)


@dataclass
class _Drawn:
    rows: "list[PointRow]"
    pictures: "Pictures"
    files: dict[str, bytes] = field(default_factory=dict)


class SweepFigures:
    """The figures of the sweeps in some folders; safe to use from several threads.

    They are drawn again when a point of the sweep has changed. Raises `KeyError` for a sweep or a figure that is
    not here, `ConfigurationError` for a sweep without anything to draw.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._lock = Lock()  # matplotlib's settings are those of the whole program
        self._kept: OrderedDict[str, _Drawn] = OrderedDict()

    def table(self, sweep: str) -> dict[str, Any]:
        """Return name, title and notes of each figure, and in words which of them there are not, and why."""
        with self._lock:
            found = self._drawn(sweep).pictures
        return {
            "figures": [
                {"name": one.name, "title": own(one.title), "notes": [own(note, 1000) for note in one.notes]}
                for one in found.pictures
            ],
            "absent": [own(one) for one in found.absent],
        }

    def svg(self, sweep: str, name: str) -> bytes:
        """Return a figure as SVG."""
        from energy_runner.sweep.reading.plots.files import rendered

        with self._lock:
            drawn = self._drawn(sweep)
            picture = next((one for one in drawn.pictures.pictures if one.name == name), None)
            if picture is None:
                raise KeyError(name)
            if name not in drawn.files:
                drawn.files[name] = rendered(picture, ("svg",))["svg"]
            return drawn.files[name]

    def page(self, sweep: str) -> bytes:
        """Return all figures as the page that `sweep plot --out` writes."""
        from energy_runner.sweep.reading.plots.page import page_bytes

        with self._lock:
            drawn = self._drawn(sweep)
            return page_bytes(drawn.rows, drawn.pictures)

    def _drawn(self, sweep: str) -> _Drawn:
        from energy_runner.sweep.reading.plots.pictures import pictures_of  # takes long to import

        rows = _rows(self._paths, sweep)
        held = self._kept.get(sweep)
        if held is None or held.rows != rows:
            try:
                held = _Drawn(rows, pictures_of(rows))
            except ConfigurationError:
                raise
            except _DAMAGE as error:  # a catalogue is a file, which may hold anything
                raise ConfigurationError(f"the figures cannot be drawn: {error}") from error
        self._kept[sweep] = held
        self._kept.move_to_end(sweep)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return held


def _rows(paths: Sequence[Path], sweep: str) -> "list[PointRow]":
    """Return the points of a sweep, from a catalogue that knows it or else from the records of its sessions."""
    from energy_runner.sweep.catalogue import Catalogue
    from energy_runner.sweep.catalogue.rows import rows_of
    from energy_runner.sweep.reading.from_session import row_of

    found = find(paths)
    for path in found.catalogues:
        try:
            with closing(Catalogue(path)) as opened:
                known = next((one.id for one in opened.sweeps() if told(one.id) == sweep), None)
                if known is not None:
                    return rows_of(opened, known)
        except _DAMAGE:
            continue  # the list says which catalogue cannot be read, and why
    rows = []
    for folder in found.sessions:
        try:
            session = Session.open(folder)
            if session.record.sweep is not None and told(session.record.sweep.sweep) == sweep:
                rows.append(row_of(session))
        except _DAMAGE:
            continue
    if not rows:
        raise KeyError(sweep)
    return sorted(rows, key=lambda row: (row.kind == "reference", row.number))
