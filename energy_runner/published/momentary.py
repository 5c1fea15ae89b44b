"""A published session as one of ours for a moment: analysed like any other, and gone afterwards.

Its journal goes through a folder, as every journal does. Its samples stay in memory: to write and to read a trace
file takes longer than all the rest of an audit.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.published.conversion.events import make_record, write_journal
from energy_runner.published.model import Published, Recording
from energy_runner.session.folder import Session
from energy_runner.session.trace import Float32Array, TraceReader


class RecordedSamples(TraceReader):
    """The samples of a recording, read as from a trace file."""

    def __init__(self, recording: Recording) -> None:
        self._samples = recording.samples_j
        self.period_s = 1 / recording.rate_hz
        self.signals = [("energy", "J")]
        self.length = len(recording.samples_j)

    def read(self, signal: str, start: int, stop: int) -> Float32Array:
        """Return the samples [start, stop) of `signal`; missing ones are NaN."""
        if signal != "energy" or not 0 <= start <= stop <= self.length:
            raise SessionError(f"samples {start}..{stop} of {signal} do not exist")
        return self._samples[start:stop]

    def close(self) -> None:
        """Release nothing."""


@dataclass(frozen=True)
class MomentarySession(Session):
    """A session whose trace is in memory."""

    recording: Recording | None = None

    def has_trace(self) -> bool:
        """Return whether the session holds samples of a power monitor."""
        return self.recording is not None

    def trace(self) -> TraceReader:
        """Return a reader of the samples."""
        if self.recording is None:
            raise SessionError("the session holds no samples")
        return RecordedSamples(self.recording)


@contextmanager
def imported_for_a_moment(session: Published, name: str) -> Iterator[Session]:
    """Yield a published session as one of ours; `name` is its path where it comes from."""
    record = make_record(session, "audited", name, with_hashes=False)
    folder = Path(tempfile.mkdtemp(prefix="energy-runner-"))
    try:
        write_journal(session, folder)
        yield MomentarySession(folder, record, session.recording)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
