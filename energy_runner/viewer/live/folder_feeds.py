# SPDX-License-Identifier: Apache-2.0
"""All runs that happen now under some folders: found as they begin, followed, and kept in sight when they end."""

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from energy_runner.session import disk
from energy_runner.session.folder import CLAIM, JOURNAL, RECORD, TRACE
from energy_runner.session.stream import STREAM
from energy_runner.viewer.live.file_feed import FileFeed
from energy_runner.viewer.live.outbox import KEPT, Outbox, Wire
from energy_runner.viewer.live.words import words
from instruments.clock import NS_PER_S, Clock, RealClock, to_ns
from instruments.errors import named

TURN_S = 0.1
LOOK_S = 1.0  # how often new sessions are looked for
MOST = 32  # runs at once
DEPTH = 2  # folders of sweeps in a folder of nights
_MOST_FOLDERS = 100_000
_RARELY = 20  # times as long as a look takes, the next one is put off
_ALIVE_S = 600.0  # a session that says it runs, and was not written for so long, was killed
_RUNNING = re.compile(rb'^ {2}"outcome": "running"', re.MULTILINE)  # as the record is written
_LARGEST_RECORD = 1 << 26


class FolderFeeds:
    """The runs under `folders`: each is a session, a folder of sessions, or one of such folders.

    `key` returns a session's key in addresses. Of each bench, the run that ended last stays in sight until another
    begins. Everything is read by one thread, which `close` ends; nothing is written, and no link is followed.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        key: Callable[[Path], str],
        *,
        clock: Clock | None = None,
        kept: int = KEPT,
        start: bool = True,
    ) -> None:
        self._folders = list(folders)
        self._key = key
        self._clock = clock or RealClock()
        self._outbox = Outbox(kept)
        self._feeds: list[FileFeed] = []
        self._known: dict[str, int] = {}  # folders that need no second look, by path; the record's time of writing
        self._over = threading.Event()
        self._look_ns: int | None = None
        self._looked = False
        # A process may end while a slow disk still keeps it waiting.
        self._thread = threading.Thread(target=self._body, name="energy-runner live view", daemon=True)
        if start:
            self._thread.start()

    def snapshot(self) -> list[Wire]:
        """Return all that is known of each run now."""
        with self._outbox.changed:
            feeds = list(self._feeds)
        return [one for feed in feeds for one in feed.snapshot()]

    def since(self, number: int) -> tuple[int, list[Wire]]:
        """Return the number of the last event, and the events after `number`.

        For a reader who is too far behind, that is a snapshot of each run.
        """
        with self._outbox.changed:
            last, events = self._outbox.number, self._outbox.since(number)
        if events is None:
            events = [{"kind": "snapshot", "feed": one, "n": last} for one in self.snapshot()]
        return last, events

    def wait(self, number: int, timeout_s: float) -> bool:
        """Wait for an event after `number`; return whether there is one."""
        return self._outbox.wait(number, timeout_s)

    def close(self) -> None:
        """Follow no more; safe to call twice."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2.0)  # no longer: a disk may not answer
        if not self._thread.is_alive():
            for feed in self._feeds:
                feed.close()

    def turn(self) -> bool:
        """Look once at everything; return whether there is more to be read at once."""
        now_ns = self._clock.now_ns()
        if self._look_ns is None or now_ns >= self._look_ns:
            try:
                self._look()
            except Exception as error:  # the runs that were found are followed all the same
                self._outbox.put({"kind": "problem", "feed": "", "text": words(named(error))})
            took_ns = self._clock.now_ns() - now_ns  # long in a folder of ten thousand sessions
            self._look_ns = now_ns + max(to_ns(LOOK_S), _RARELY * took_ns)
        busy = [feed.poll() for feed in list(self._feeds)]
        return any(busy)

    # --- inside -------------------------------------------------------------------------------------------

    def _body(self) -> None:
        while not self._over.is_set():
            more = self.turn()
            self._over.wait(0.001 if more else TURN_S)

    def _look(self) -> None:
        """Follow the sessions that are new."""
        for feed in self._feeds:
            if feed.over:  # also one that says it runs: it is not to be followed again
                self._known.setdefault(str(feed.folder), _written_ns(feed.folder / RECORD))
        followed = {feed.folder for feed in self._feeds if not feed.over}
        for folder in self._sessions():
            if folder in followed or len(followed) >= MOST or not self._runs(folder):
                continue
            feed = FileFeed(folder, self._key(folder), self._outbox, self._clock)
            followed.add(folder)
            with self._outbox.changed:
                self._feeds = [one for one in self._feeds if one.key != feed.key] + [feed]
            self._outbox.put({"kind": "snapshot", "feed": feed.snapshot()[0]})  # before any other event of it
            feed.poll()
            self._in_place_of_others(feed)
        self._looked = True

    def _in_place_of_others(self, feed: FileFeed) -> None:
        """Show a run in the place of one on the same bench that has ended, or says nothing any more."""
        idle = [one for one in self._feeds if one is not feed and (one.over or one.quiet)]
        earlier = [one for one in idle if one.bench == feed.bench] or idle[: max(0, len(self._feeds) - MOST)]
        for one in earlier:
            one.give_up()
            self._known[str(one.folder)] = _written_ns(one.folder / RECORD)
        with self._outbox.changed:
            self._feeds = [one for one in self._feeds if one not in earlier]
        for one in earlier:
            self._outbox.put({"kind": "gone", "feed": one.key})

    def _sessions(self) -> Iterator[Path]:
        left = _MOST_FOLDERS
        for folder in self._folders:
            for found in _under(folder, DEPTH):
                yield found
                left -= 1
                if not left:
                    return

    def _runs(self, folder: Path) -> bool:
        """Return whether a session is being written, or was since the last look; no other is read again."""
        try:
            written = (folder / RECORD).stat()
            if self._known.get(str(folder)) == written.st_mtime_ns or not self._is_alive(folder):
                return False
            with disk.open_file(folder / RECORD) as file:
                running = _RUNNING.search(file.read(_LARGEST_RECORD)) is not None
        except OSError:
            return False
        if not running:
            new = self._looked and str(folder) not in self._known  # begun and ended since the last look
            self._known[str(folder)] = written.st_mtime_ns
            return new
        return True

    def _is_alive(self, folder: Path) -> bool:
        latest_ns = max(_written_ns(folder / name) for name in (RECORD, JOURNAL, STREAM, TRACE))
        return (self._clock.utc_ns() - latest_ns) / NS_PER_S < _ALIVE_S


def _under(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the sessions in a folder and in the folders below it; links and what cannot be read are left out."""
    try:
        with os.scandir(folder) as entries:
            inner = list(entries)
    except OSError:
        return
    names = {entry.name for entry in inner}
    if RECORD in names:
        yield folder
        return
    if CLAIM in names or not depth:
        return
    for entry in inner:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _under(Path(entry.path), depth - 1)
        except OSError:
            continue


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
