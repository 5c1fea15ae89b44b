# SPDX-License-Identifier: Apache-2.0
"""A run of another process for viewers, read from the folder of its session while it grows; nothing is written.

A file hands out whole blocks only, of a quarter of a second, or of 16 samples where those take longer: a picture
from it is that much later than one from the run itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from energy_runner.errors import RunnerError, in_words
from energy_runner.session import disk
from energy_runner.session.folder import JOURNAL, RECORD, TRACE
from energy_runner.session.record import Record
from energy_runner.session.stream import STREAM
from energy_runner.viewer.live.journal_tail import JournalTail
from energy_runner.viewer.live.outbox import Outbox, Wire
from energy_runner.viewer.live.run_view import RunView
from energy_runner.viewer.live.trace_tail import TraceTail
from energy_runner.viewer.live.words import Roles, words
from instruments.clock import NS_PER_S, Clock, RealClock
from instruments.errors import named

QUIET_S = 20.0  # without a word of a run that has not ended: it waits for something, or was killed
SEALED_S = 20.0  # for which a record may take to be completed after the last line of the journal
_LARGEST_RECORD = 1 << 26
_GONE = "the session's folder is gone: moved, or deleted"
_NO_JOURNAL = "there is no journal yet"
_NO_TRACE = "there is no trace yet"
_QUIET = f"nothing was written for more than {QUIET_S:g} s: the run waits for something, or its process was killed"
_NOT_ALL = "part of the trace is not shown here: this view came late, or could not keep up"
_ANEW = "the session's files were replaced; shown is what stands there now"


class FileFeed:
    """The run in the session folder `folder`; call `poll` ten times a second from one thread.

    `key` is the session's key in addresses, and the feed's id. Nothing is raised: what cannot be read is a problem
    in the snapshot, and is tried again.
    """

    def __init__(self, folder: Path, key: str, outbox: Outbox | None = None, clock: Clock | None = None) -> None:
        self.folder = folder
        self.key = key
        self.over = False
        self.quiet = False
        self._outbox = outbox or Outbox()
        self._clock = clock or RealClock()
        self._record: Record | None = None
        self._record_seen: tuple[int, int, int] | None = None
        self._view = RunView(key, folder.name, self._outbox, self._clock)
        self._begin()

    @property
    def bench(self) -> str:
        """Return the name of the bench, as far as the record tells."""
        return str(self._view.state.fields["bench"])

    def poll(self) -> bool:
        """Take in what is new; return whether there is more to be read at once."""
        if self.over:
            return False
        try:
            return self._poll()
        except Exception as error:  # a viewer of ten benches must not end with one of them
            self._problem(f"it cannot be followed ({named(error)})")
            return False

    def snapshot(self) -> list[Wire]:
        """Return all that is known of the run now, as a list of one."""
        return [self._view.snapshot()]

    def close(self) -> None:
        """Release the files."""
        self._trace.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._journal = JournalTail(self.folder / JOURNAL)
        self._trace = TraceTail(self.folder / TRACE)
        self._record = None
        self._told = 0
        self._failing: dict[str, str] = {}
        self._grown_ns = self._stopped_ns = self._clock.now_ns()
        self._sizes: tuple[int, ...] = ()

    def _poll(self) -> bool:
        if not self.folder.is_dir():
            self._gone()
            return False
        self._read_record()
        if self.quiet and self._has_grown(self._clock.now_ns()):  # before anything new is taken in
            self.quiet = False
            with self._outbox.changed:
                self._view.tell(self._view.state.no_problem(_QUIET) | self._view.state.heard_again())
        with self._tried("the journal", _NO_JOURNAL):
            if self._journal.replaced():
                self._anew()
            self._read_journal()
        with self._tried("the trace", _NO_TRACE if self._view.state.fields["mode"] == "energy" else ""):
            self._read_trace()
        if self._journal.more or self._trace.more:
            return True
        self._look_for_life()
        self._look_for_end()
        return False

    @property
    def _sealed(self) -> bool:
        """Return whether the record is complete; all other files were closed before."""
        return self._record is not None and self._record.outcome != "running"

    def _read_record(self) -> None:
        """Read the record, which is replaced as a whole when the run has ended."""
        with self._tried("the record", f"there is no {RECORD} yet"):
            found = (self.folder / RECORD).stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen == self._record_seen:
                return
            self._record_seen = seen
            with disk.open_file(self.folder / RECORD) as file:
                self._record = Record.model_validate_json(file.read(_LARGEST_RECORD))
            self._take_record(self._record)

    def _take_record(self, record: Record) -> None:
        state = self._view.state
        bench = words(record.bench.get("name", ""))
        roles = Roles.of(record.bench, record.run.mode)
        with self._outbox.changed:
            state.boxes.roles(roles)
            state.talk.dut = roles.dut
            changes = state.set(
                bench=bench,
                benchmark=words(record.benchmark.id),
                mode=record.run.mode,
                virtual=record.virtual,
            )
            if record.sweep is not None:
                point = f"{record.sweep.kind} {record.sweep.point} of sweep {record.sweep.sweep}"
                changes |= state.set(sweep=words(point))
            title = words(f"{bench}: {record.benchmark.id}, {record.run.mode}")
            if title != self._view.title:
                self._view.title = title
                changes |= {"title": title, "boxes": state.boxes.document()}
        self._view.tell(changes)

    def _read_journal(self) -> None:
        for event in self._journal.poll():
            self._view.take(event)
        for problem in self._journal.problems[self._told :]:
            self._problem(problem)
        self._told = len(self._journal.problems)
        if self._journal.latest_ns is not None and not self._view.state.ended:
            with self._outbox.changed:
                self._view.tell(self._view.state.reached(self._journal.latest_ns))

    def _read_trace(self) -> None:
        if self._trace.open():
            self._view.begin_samples(self._trace.signals, self._trace.period_s)
        dropped = self._trace.dropped
        for at, cells in self._trace.poll(whole=self._sealed):
            self._view.cells(at, cells)
        if self._trace.dropped > dropped:
            self._view.dropped_more(self._trace.dropped - dropped)
            self._problem(_NOT_ALL)

    def _look_for_life(self) -> None:
        """Tell of a run that writes nothing any more; nobody knows then whether the supply is on."""
        now_ns = self._clock.now_ns()
        if self._view.state.ended or self.quiet or self._has_grown(now_ns):
            return
        if (now_ns - self._grown_ns) / NS_PER_S > QUIET_S:
            self.quiet = True
            self._problem(_QUIET)
            with self._outbox.changed:
                self._view.tell(self._view.state.supply_lost("the run says nothing any more"))

    def _has_grown(self, now_ns: int) -> bool:
        sizes = tuple(_size(self.folder / name) for name in (JOURNAL, STREAM, TRACE))
        if sizes == self._sizes:
            return False
        self._sizes, self._grown_ns = sizes, now_ns
        return True

    def _look_for_end(self) -> None:
        """End when the record is complete: the session can then be opened."""
        record = self._record
        if record is not None and self._sealed and not self._view.state.ended:
            with self._outbox.changed:  # of a session whose journal does not tell how it ended
                self._view.tell(self._view.state.set(outcome=record.outcome, reason=words(record.reason)))
                self._view.tell(self._view.state.supply_lost("the journal does not say how the run ended"))
        if not self._view.state.ended:
            self._stopped_ns = self._clock.now_ns()
        late = (self._clock.now_ns() - self._stopped_ns) / NS_PER_S > SEALED_S
        if late:
            self._problem("the run ended, but its record was not completed")
        if self._sealed or late:
            self._finish(self.key)

    def _gone(self) -> None:
        self._problem(_GONE)
        with self._outbox.changed:
            self._view.tell(self._view.state.supply_lost(_GONE))
        self._finish(None)

    def _anew(self) -> None:
        self.close()
        self._begin()
        self._record_seen = None
        self._view.again(self.folder.name, None, self._clock)
        self._read_record()
        self._problem(_ANEW)

    def give_up(self) -> None:
        """Follow this run no more, as where another one has begun on its bench."""
        if not self.over:
            self._finish(self.key)

    def _finish(self, key: str | None) -> None:
        self.over = True
        self.close()
        self._view.end(key)

    def _problem(self, text: str) -> None:
        with self._outbox.changed:
            self._view.tell(self._view.state.problem(text))

    @contextmanager
    def _tried(self, what: str, missing: str) -> Iterator[None]:
        """Tell of what cannot be read, and take that back once it can; `missing` is said of a file not there."""
        said = ""
        try:
            yield
        except FileNotFoundError:
            said = missing
        except (OSError, RunnerError, ValueError) as error:
            said = f"{what} cannot be read ({in_words(error).partition(chr(10))[0]})"
        before = self._failing.get(what, "")
        if said != before:
            self._failing[what] = said
            with self._outbox.changed:
                self._view.tell(self._view.state.no_problem(before))
                self._view.tell(self._view.state.problem(said) if said else {})


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
