# SPDX-License-Identifier: Apache-2.0
"""Allow only one run at a time on an instrument, and let the next run notice one that died.

Each device, and each channel of a mainframe, has a lock file, which the operating system releases when the process
dies. Channels of one device can be held by several benches; who needs the whole device finds all of them free.
Since a lock file is held by one, a bench looks and takes while it holds the gate, a lock that all benches share.

A note next to each lock file says what the device is used for; a note that is found while the lock is free means
that the job it names never confirmed that the supply is off. It is told to every job on the device until one of
them has confirmed it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from energy_runner.bench.note import NOTE, Note, read_note, told
from energy_runner.bench.occupied import Occupied, occupied_by
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import instruments_of
from energy_runner.errors import BenchFault

_GATE_S = 10.0  # it is held for some milliseconds


def resources_of(spec: BenchSpec) -> dict[str, Occupied]:
    """Return what must be locked for each instrument of a bench, by the instrument's name."""
    return {name: occupied_by(instrument) for name, instrument in instruments_of(spec).items()}


class Held:
    """A bench that is held. `died` says which earlier jobs did not confirm that the supply is off, else None."""

    def __init__(self, doing: str, own: Sequence[Note] = (), found: Sequence[Note] = ()) -> None:
        self.died = told(found)
        self._doing = doing
        self._own = own
        self._found = found
        self._safe: bool | None = None
        self._report = ""

    def supply_is_off(self, report: str = "") -> None:
        """Take note that the supply is confirmed off, or that the bench has none; `report` tells the next job."""
        self._safe, self._report = True, report

    def supply_may_be_on(self, report: str = "") -> None:
        """Take note that this job switched the supply on and could not confirm that it is off again."""
        self._safe, self._report = False, report or f"{self._doing} (it did not confirm that the supply is off)"

    def begin(self) -> None:
        """Write what the bench is used for now, beside what earlier jobs have left."""
        for note in self._own:
            note.write(self._doing, note.open)

    def end(self) -> None:
        """Leave the notes as the job has left the supply."""
        if self._safe:
            for note in {*self._found, *self._own}:
                note.write(None, (), self._report if note in self._own else "")
        for note in self._own if not self._safe else ():
            note.write(None, (*note.open, *([self._report] if self._report else [])))


@contextmanager
def lock_bench(spec: BenchSpec, doing: str) -> Iterator[Held]:
    """Hold every instrument while the body runs, which says before it ends what became of the supply.

    Where it says nothing, the notes that earlier jobs have left stay. Raises `BenchFault` if another run holds one
    of the instruments. Twins in this process need no lock.
    """
    if spec.is_virtual:
        yield Held(doing)
        return
    occupied = sorted(set(resources_of(spec).values()))
    folder = user_state_path("energy-runner", ensure_exists=True) / "instruments"
    folder.mkdir(exist_ok=True)
    with ExitStack() as held:
        with _gate(folder, spec):
            for one in occupied:
                _take(folder, one, spec, held)
            paths = dict.fromkeys(path for one in occupied for path in _overlapping(folder, one, NOTE))
            own = [read_note(_file(folder, one, NOTE)) for one in occupied]
            bench = Held(doing, own, [read_note(path) for path in paths])
            held.callback(bench.end)
            bench.begin()
        yield bench


@contextmanager
def _gate(folder: Path, spec: BenchSpec) -> Iterator[None]:
    gate = FileLock(folder / "gate.lock", timeout=_GATE_S)
    try:
        gate.acquire()
    except Timeout:
        raise BenchFault(
            f"bench '{spec.name}' cannot be locked: {gate.lock_file} has been held for {_GATE_S:g} s. "
            "Try: end the program that holds it"
        ) from None
    try:
        yield
    finally:
        gate.release()


def _take(folder: Path, wanted: Occupied, spec: BenchSpec, held: ExitStack) -> None:
    """Hold the lock of `wanted`; raise `BenchFault` if it, or one that overlaps it, is held by another."""
    own = _file(folder, wanted, "lock")
    others = [lock for lock in _overlapping(folder, wanted, "lock") if lock != own]
    for path in (own, *others):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            doing = read_note(path.with_suffix(f".{NOTE}")).doing or "another process holds it"
            raise BenchFault(f"bench '{spec.name}' is in use: {doing}; wait for it to end, or stop it") from None
        if path == own:
            held.callback(lock.release)
        else:
            lock.release()  # it was free, and the gate keeps everybody else from taking it


def _overlapping(folder: Path, wanted: Occupied, suffix: str) -> list[Path]:
    """Return the existing files of what overlaps: for a channel the whole device, for that all its channels."""
    whole = Occupied(wanted.resource)
    if wanted != whole:
        return [path for one in (whole, wanted) if (path := _file(folder, one, suffix)).exists()]
    return sorted(folder.glob(f"{_hash(wanted.resource)}*.{suffix}"))


def _file(folder: Path, one: Occupied, suffix: str) -> Path:
    channel = f"-{_hash(one.channel)}" if one.channel else ""
    return folder / f"{_hash(one.resource)}{channel}.{suffix}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
