# SPDX-License-Identifier: Apache-2.0
"""What the viewer shows: the sessions of the folders that were given, and the runs that happen. No HTTP here."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.folder import RECORD, Session
from energy_runner.viewer.annotations import read_annotations, version, write_annotations
from energy_runner.viewer.found import key_of
from energy_runner.viewer.layers.table import Layers, layers
from energy_runner.viewer.listing import listing, openable
from energy_runner.viewer.meta import meta
from energy_runner.viewer.overlay import overlay
from energy_runner.viewer.papers import certificate_of, report_of
from energy_runner.viewer.regions import State, region, region_csv, state_of
from energy_runner.viewer.sweep_figures import SweepFigures
from energy_runner.viewer.tiles import TraceTiles
from energy_runner.wording import printable

_OPEN = 6  # sessions whose traces and layers are kept open
MOST_COMPARED = 12


class Feeds(Protocol):
    """The runs that happen now, from whatever source."""

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the state of each run."""

    def since(self, number: int) -> tuple[int, list[dict[str, Any]]]:
        """Return the events after `number`, and the number of the last."""

    def wait(self, number: int, timeout_s: float) -> bool:
        """Wait until there is an event after `number`, or the time is over; return whether there is one."""

    def close(self) -> None:
        """Follow no more."""


class Site:
    """The sessions of some folders; each path is a session, or a folder of sessions or sweeps.

    `feeds` are runs that happen now; `stop` asks them to end, and is there only where that is allowed. Raises
    `ConfigurationError` for a path that is not there.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        feeds: Feeds | None = None,
        stop: Callable[[str], None] | None = None,
        certificates: Path | None = None,
    ) -> None:
        for path in paths:
            if not path.exists():
                raise ConfigurationError(f"{printable(str(path))}: no such session or folder. Try: its path")
        self.paths = [path.absolute() for path in paths]
        self.feeds = feeds
        self.stop = stop
        self._certificates = () if certificates is None else (certificates,)
        self._lock = threading.Lock()
        self._folders: dict[str, Path] = {}
        # Each with the state of the files that it was made from: a session may be analysed again, a run may end.
        self._traces: OrderedDict[tuple[str, str | None], tuple[State, TraceTiles]] = OrderedDict()
        self._layers: OrderedDict[tuple[str, str | None], tuple[State, Layers]] = OrderedDict()
        self.figures = SweepFigures(self.paths)
        self._over = threading.Event()

    # --- lists ----------------------------------------------------------------------------------------------

    def listing(self) -> dict[str, Any]:
        """Return all sessions and sweeps; from then on their keys are known."""
        self._look()
        return listing(self.paths)

    def add(self, folder: Path) -> str:
        """Show one more session, and return its key."""
        with self._lock:
            if folder.absolute() not in self.paths:
                self.paths.append(folder.absolute())
        return key_of(folder)

    @property
    def single(self) -> str | None:
        """Return the key of the session if there is only one, and nothing happens now."""
        alone = len(self.paths) == 1 and self.feeds is None and (self.paths[0] / RECORD).is_file()
        return key_of(self.paths[0]) if alone else None

    def session(self, key: str) -> Session:
        """Return a session by its key; raise `KeyError` for one that is not here, or leads elsewhere."""
        return Session.open(self._folder(key))

    def _folder(self, key: str) -> Path:
        with self._lock:
            folder = self._folders.get(key)
        if folder is None:
            self._look()
            with self._lock:
                folder = self._folders[key]
        return folder

    def _look(self) -> None:
        """Look which sessions there are now."""
        found = openable(self.paths)
        with self._lock:
            self._folders = found

    # --- one session ----------------------------------------------------------------------------------------

    def page(self, key: str, rail: str | None = None) -> dict[str, Any]:
        """Return the head of a session's page, its layers, and its annotations."""
        session = self.session(key)
        problems: list[str] = []
        own = self._layers_of(key, session, rail)
        head = meta(session, rail, certificates=self._certificates, layers=own)
        try:
            notes = read_annotations(session)
        except SessionError as error:  # the rest is shown
            notes = []
            problems.append(str(error))
        return {
            **head,
            "key": key,
            "layers": own.table(),
            "annotations": [one.model_dump(mode="json") for one in notes],
            "annotations_version": version(notes),
            "problems": [*head["problems"], *problems],
        }

    def tile(  # noqa: PLR0917 - a stretch of a signal of a session
        self, key: str, signal: str, start: int, stop: int, columns: int, rail: str | None
    ) -> bytes:
        """Return a tile of a trace, packed; see `Tile`."""
        return self._trace(key, rail).tile(signal, start, stop, columns).packed()

    def layer(  # noqa: PLR0917 - a stretch of a layer of a session
        self, key: str, name: str, start_s: float, stop_s: float, most: int, rail: str | None
    ) -> dict[str, Any]:
        """Return what a layer has in a stretch of the trace."""
        return self._layers_of(key, None, rail).items(name, start_s, stop_s, most)

    def region(self, key: str, start_s: float, stop_s: float, bins: int, rail: str | None) -> dict[str, Any]:
        """Return the figures of a stretch of the trace, from its samples."""
        return region(self.session(key), start_s, stop_s, bins=bins, rail=rail).document()

    def region_rows(self, key: str, start_s: float, stop_s: float, rail: str | None) -> Iterator[str]:
        """Yield the samples of a stretch as lines of CSV."""
        return region_csv(self.session(key), start_s, stop_s, rail=rail)

    def annotate(self, key: str, notes: Any, instead_of: str | None = None) -> list[dict[str, Any]]:
        """Keep annotations beside a session's facts, and return them as they are kept.

        `instead_of` is the `annotations_version` of the page that they were made from.
        """
        return [one.model_dump(mode="json") for one in write_annotations(self.session(key), notes, instead_of)]

    def overlay(self, keys: Sequence[str], columns: int) -> dict[str, Any]:
        """Return sessions laid over each other."""
        if not 1 <= len(keys) <= MOST_COMPARED:
            raise SessionError(f"{len(keys)} sessions cannot be compared. Try: 2 to {MOST_COMPARED}")
        found = overlay([self.session(key) for key in keys], columns=columns).document()
        return {**found, "keys": list(keys)}

    def document(self, key: str, name: str) -> Path:
        """Return the file of a report or certificate; raise `FileNotFoundError` where there is none."""
        session = self.session(key)
        found = report_of(session) if name == "report" else certificate_of(session, self._certificates)
        if found is None:
            raise FileNotFoundError(name)
        return found

    # --- the end --------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Return whether the viewer is being closed."""
        return self._over.is_set()

    def closing(self) -> None:
        """Let everyone who waits go on."""
        self._over.set()

    def close(self) -> None:
        """Release all files."""
        self.closing()
        with self._lock:
            traces, self._traces = [one for _, one in self._traces.values()], OrderedDict()
        for one in traces:
            one.close()
        if self.feeds is not None:
            self.feeds.close()

    # --- inside ---------------------------------------------------------------------------------------------

    def _trace(self, key: str, rail: str | None) -> TraceTiles:
        state = state_of(self._folder(key), (RECORD,))  # written at the beginning of a run, and at its end
        with self._lock:
            held = self._traces.get((key, rail))
            if held is not None and held[0] == state:
                self._traces.move_to_end((key, rail))
                return held[1]
        session = self.session(key)
        opened = TraceTiles(session, rail, facts=self._layers_of(key, session, rail).seen.facts)
        with self._lock:
            held = self._traces.get((key, rail))
            kept = held[1] if held is not None and held[0] == state else opened
            self._traces[key, rail] = (state, kept)
            self._traces.move_to_end((key, rail))
            old = [self._traces.popitem(last=False)[1][1] for _ in range(len(self._traces) - _OPEN)]
            old += [held[1]] if held is not None and held[1] is not kept else []
        for one in [*old, *([opened] if kept is not opened else [])]:
            one.close()
        return kept

    def _layers_of(self, key: str, session: Session | None, rail: str | None) -> Layers:
        state = state_of(self._folder(key))
        with self._lock:
            held = self._layers.get((key, rail))
            if held is not None and held[0] == state:
                self._layers.move_to_end((key, rail))
                return held[1]
        found = layers(self.session(key) if session is None else session, rail)
        if found.seen.session.record.outcome == "running":
            return found  # it changes
        with self._lock:
            self._layers[key, rail] = (state, found)
            self._layers.move_to_end((key, rail))
            while len(self._layers) > _OPEN:
                self._layers.popitem(last=False)
        return found
