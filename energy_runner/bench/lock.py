# SPDX-License-Identifier: Apache-2.0
"""Allow only one run at a time on an instrument, and let the next run notice one that died.

Each device, and each channel of a mainframe, has a lock file, which the operating system releases when the process
dies. Channels of one device can be held by several benches; who needs the whole device finds all of them free.
Since a lock file is held by one, a bench looks and takes while it holds the gate, a lock that all benches share.

A note next to each lock file says what the device is used for; a note that is found while the lock is free means
that the job it names never confirmed that its supply is off. It is told to every job on the device until one of
them has confirmed it, for that supply: another one on the same bench tells nothing of it.
"""

import errno
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from energy_runner.bench.note import NOTE, Note, read_note, told
from energy_runner.bench.occupied import Occupied, occupied_by
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import instruments_of, roles_of
from energy_runner.errors import BenchFault, in_words, remedy

_GATE_S = 10.0  # it is held for some milliseconds
# What the folder of the locks may raise; NotImplementedError comes from a file system without locks.
_NO_LOCKS = (OSError, NotImplementedError)
_TRY = ". Try: a home folder that can be written, or XDG_STATE_HOME"


def resources_of(spec: BenchSpec) -> dict[str, Occupied]:
    """Return what must be locked for each instrument of a bench, by the instrument's name."""
    return {name: occupied_by(instrument) for name, instrument in instruments_of(spec).items()}


class Held:
    """A bench that is held. `died` says which earlier jobs did not confirm that the supply is off, else None.

    `unlocked` says that the bench could not be locked: then it is not known whether others use it, or have died.
    """

    def __init__(
        self,
        doing: str,
        own: Sequence[Note] = (),
        found: Sequence[Note] = (),
        supply: Occupied | None = None,
        *,
        unlocked: bool = False,
    ) -> None:
        self.died = told(found)
        self.unlocked = unlocked
        self._doing = doing
        self._own = own
        self._found = found
        self._supply = supply
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
            note.write(self._doing, note.open, supplies=self._named(self._doing))

    def end(self) -> None:
        """Leave the notes as the job has left the supply; one that cannot be written goes on naming this job."""
        for note in {note.path: note for note in (*self._found, *self._own)}.values() if self._safe else ():
            left = [text for text in note.open if not self._is_confirmed(note.supplies.get(text))]
            with suppress(OSError):
                note.write(None, left, self._report if note in self._own else "")
        for note in self._own if not self._safe else ():
            left = [*note.open, *([self._report] if self._report else [])]
            with suppress(OSError):
                note.write(None, left, supplies=self._named(self._report))

    def _named(self, text: str) -> dict[str, str]:
        return {text: "" if self._supply is None else str(self._supply)}

    def _is_confirmed(self, other: str | None) -> bool:
        """Return whether our supply is the one that a job has left; "" if it had none, None if it is not known."""
        supply = self._supply
        if supply is None or not other:
            return supply is not None or other == ""
        whole = str(Occupied(supply.resource))
        return other in (str(supply), whole) or (not supply.channel and other.startswith(f"{whole}#"))


@contextmanager
def lock_bench(spec: BenchSpec, doing: str, unlocked: Callable[[str], object] | None = None) -> Iterator[Held]:
    """Hold every instrument while the body runs, which says before it ends what became of the supply.

    Where it says nothing, the notes that earlier jobs have left stay. Raises `BenchFault` if another run holds one
    of the instruments, or if nothing can be locked: no home folder, a full disk. For a job that only switches off,
    that is no reason not to: it gives `unlocked`, which is told why, and goes on. Twins in this process need no
    lock.
    """
    if spec.is_virtual:
        yield Held(doing)
        return
    with ExitStack() as held:
        try:
            bench = _locked(spec, doing, held, unlocked)
        except _NO_LOCKS as error:
            held.close()
            why = _no_locks(spec, error)
            if unlocked is None:
                raise BenchFault(f"{why}{remedy(error) or _TRY}") from error
            unlocked(why)
            bench = Held(doing, unlocked=True)
        yield bench


def _locked(spec: BenchSpec, doing: str, held: ExitStack, unlocked: Callable[[str], object] | None) -> Held:
    """Lock a bench until `held` is closed."""
    occupied, player = resources_of(spec), roles_of(spec).get("supply")
    each = sorted(set(occupied.values()))
    folder = _folder()
    with _gate(folder):
        for one in each:
            _take(folder, one, spec, held)
        paths = dict.fromkeys(path for one in each for path in _overlapping(folder, one, NOTE))
        own = [read_note(_file(folder, one, NOTE)) for one in each]
        supply = occupied.get(player.instrument) if player is not None else None
        bench = Held(doing, own, [read_note(path) for path in paths], supply)
        held.callback(bench.end)
        try:
            bench.begin()
        except OSError as error:
            if unlocked is None:
                raise
            unlocked(_no_locks(spec, error))
        return bench


def _folder() -> Path:
    """Return the folder of locks and notes, which all jobs of this user share wherever they are started."""
    state = user_state_path("energy-runner")
    if not state.is_absolute():  # of a user who is not known, without HOME
        raise OSError(errno.ENOENT, "no home folder is known", str(state))
    folder = state / "instruments"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    return folder


def _no_locks(spec: BenchSpec, error: Exception) -> str:
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return f"bench '{spec.name}' cannot be locked ({where}{in_words(error)})"


@contextmanager
def _gate(folder: Path) -> Iterator[None]:
    gate = FileLock(folder / "gate.lock", timeout=_GATE_S)
    try:
        gate.acquire()
    except Timeout:
        raise OSError(errno.EBUSY, f"another program has held it for {_GATE_S:g} s", gate.lock_file) from None
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
