# SPDX-License-Identifier: Apache-2.0
"""A session on disk: a folder with `record.json`, `journal.jsonl`, `stream.bin`, `trace.jls` and `result.json`.

JSON documents are replaced as a whole, so a reader sees the old one or the new one, never part of one.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from energy_runner import notebook
from energy_runner.errors import (
    Argument,
    BenchFault,
    Call,
    ConfigurationError,
    RunnerError,
    SessionError,
    in_words,
    remedy,
)
from energy_runner.session import disk
from energy_runner.session import record as record_schema
from energy_runner.session import result as result_schema
from energy_runner.session.escaped import escaped
from energy_runner.session.events import Event
from energy_runner.session.exchanges import read_exchanges, read_in_order, stream_damage
from energy_runner.session.journal import Journal
from energy_runner.session.json_text import indented
from energy_runner.session.place import Place, keep_room
from energy_runner.session.record import Record
from energy_runner.session.result import Result
from energy_runner.session.seal import ZEROS, Seal, key_digests, sealed_files, stamped
from energy_runner.session.stream import STREAM, Passed
from energy_runner.session.thinned import Thinned, thinned_of
from energy_runner.session.trace import TraceReader
from energy_runner.session.verify import FACTS, Verified, verify

_COMPLETION = 65_536  # bytes by which a record grows at most when it is completed: truth, reason, seal
CLAIM = ".claim"  # only one run can create it; it is there until the record is
RECORD, JOURNAL, TRACE, RESULT = "record.json", "journal.jsonl", "trace.jls", "result.json"
REPORT = "report.html"


def create_session(parent: Path, name: str, out: Path | None = None) -> Path:
    """Claim a session folder and return it: `out` where given, else `parent`/`name`, made unique.

    It holds nothing but the claim, which `write_record` and `give_up_session` take away. Of two runs that start at
    the same moment, in whatever processes, one gets `out`; without it they get two folders. Raises
    `ConfigurationError` if `out` holds anything, is claimed by another, or no folder can be made.
    """
    try:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            return _claim(out)
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
                return _claim(folder)
            except (FileExistsError, ConfigurationError):
                continue
    except (OSError, ValueError) as error:
        place, reason = out or parent, getattr(error, "strerror", None) or error
        above = next((one for one in (place, *place.parents) if one.is_file()), None)
        why = reason if above is None else f"{above} is a file"
        raise ConfigurationError(
            f"{place}: no session folder can be made here ({why}). Try another ", Argument("out", "DIR")
        ) from None
    raise ConfigurationError(f"{parent}: is full of sessions called {name!r}. Try ", Argument("out", "DIR"))


def give_up_session(folder: Path) -> None:
    """Take a claimed folder away again, unless something was recorded in it; never raises `OSError`."""
    with suppress(OSError):
        (folder / CLAIM).unlink(missing_ok=True)
        folder.rmdir()


def _claim(folder: Path) -> Path:
    """Return an existing folder, which is ours now; raise `ConfigurationError` if it holds anything."""
    taken = ConfigurationError(
        f"{folder}: is not empty, and a session never overwrites. Try another ", Argument("out", "DIR")
    )
    claim = folder / CLAIM
    if [path.name for path in folder.iterdir()] == [CLAIM]:
        raise ConfigurationError(
            f"{folder}: is not empty: it holds {CLAIM} of a run that begins just now or was killed as it began. "
            "Try: another ",
            Argument("out", "DIR"),
            ", or remove this one",
        )
    if any(folder.iterdir()):
        raise taken
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        raise taken from None
    # Since the first look another run may have claimed the folder and put its record in place of its claim.
    if [path.name for path in folder.iterdir()] != [CLAIM]:
        claim.unlink(missing_ok=True)
        raise taken
    return folder


def json_bytes(document: BaseModel | Any) -> bytes:
    """Return `document` as canonical JSON: in the schema's order, indented by two, UTF-8, with a final newline.

    Raises `SessionError` for what JSON cannot hold, NaN and infinity included.
    """
    plain = document.model_dump(mode="json") if isinstance(document, BaseModel) else document
    try:
        try:
            return f"{indented(plain)}\n".encode()
        except UnicodeEncodeError:  # a text that UTF-8 cannot hold
            return f"{indented(escaped(plain))}\n".encode()
    except (TypeError, ValueError) as error:
        raise SessionError(f"a {type(document).__name__} cannot be written as JSON ({error})") from None


def write_json(path: Path, document: BaseModel | Any) -> None:
    """Write `document` to `path` as a whole or not at all; raises `BenchFault` if the disk refuses."""
    write_bytes(path, json_bytes(document))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all; raises `BenchFault` if the disk refuses."""
    try:
        disk.write_whole(path, data, temporary(path))
    except OSError as error:
        raise BenchFault(f"{path}: cannot be written ({in_words(error)}){remedy(error)}") from error


def temporary(path: Path) -> Path:
    """Return the name under which a file is written before it takes its own."""
    return path.with_name(f".{path.name}.tmp")


def write_record(folder: Path, record: Record) -> None:
    """Write `record` as the session's `record.json`; it takes the place of the claim."""
    data = json_bytes(_unstamped(record))
    write_bytes(folder / RECORD, stamped(data) if record.seal is not None else data)
    with suppress(OSError):
        (folder / CLAIM).unlink()


def begin_session(folder: Path, record: Record) -> Place:
    """Write the first record, keep room for its completion and for the end of the journal, and hold the folder.

    Raises `ConfigurationError` if the disk has no room for a run; the folder is then as it was.
    """
    place = Place(folder)
    data = json_bytes(record)
    try:
        place.keep_room()
        write_record(folder, record)
        keep_room([(temporary(folder / RECORD), len(data) + _COMPLETION)])
        disk.sync_folder(folder)
    except BaseException as error:
        abandon_session(folder, place)
        if isinstance(error, OSError | BenchFault) and not isinstance(error, ConfigurationError):
            words = f"{folder}: no run can be recorded here ({in_words(error)}){remedy(error)}"
            raise ConfigurationError(words) from error
        raise
    return place


def abandon_session(folder: Path, place: Place) -> None:
    """Take everything away that was written of a run in which nothing was opened yet; never raises `OSError`."""
    place.close()
    for path in (folder / RECORD, temporary(folder / RECORD), folder / JOURNAL):
        disk.give_room_back(path)


def sealed_record(folder: Path, record: Record) -> Record:
    """Return `record` with the seal of all facts in `folder`, whose other files must be complete.

    Raises `SessionError` if one of them cannot be read.
    """
    bare = record.model_copy(update={"seal": None})
    keys = key_digests(json.loads(json_bytes(bare)))
    seal = Seal(files=sealed_files(folder, FACTS), keys=keys)
    data = stamped(json_bytes(bare.model_copy(update={"seal": seal})))
    return bare.model_copy(update={"seal": Seal.model_validate(json.loads(data)["seal"])})


def write_sealed(folder: Path, record: Record) -> Record:
    """Write the completed record with its seal, sync the folder, and return the record.

    Raises `BenchFault` if the disk refuses, `SessionError` if a file of facts cannot be read.
    """
    sealed = sealed_record(folder, record)
    write_record(folder, sealed)
    try:
        disk.sync_folder(folder)
    except OSError as error:
        raise BenchFault(f"{folder}: cannot be synced ({in_words(error)}){remedy(error)}") from error
    return sealed


def _unstamped(record: Record) -> Record:
    seal = record.seal.model_copy(update={"sha256": ZEROS}) if record.seal is not None else None
    return record.model_copy(update={"seal": seal})


def result_bytes(result: Result) -> bytes:
    """Return `result.json`: the result with the digest of its own bytes."""
    return stamped(json_bytes(result.model_copy(update={"sha256": ZEROS})))


def with_digest(result: Result) -> Result:
    """Return a result that states the digest of its `result.json`."""
    return result.model_copy(update={"sha256": json.loads(result_bytes(result))["sha256"]})


def write_result(folder: Path, result: Result) -> None:
    """Write `result` as the session's `result.json`, with the digest of its bytes."""
    write_bytes(folder / RESULT, result_bytes(result))


@dataclass(frozen=True, repr=False)
class Session:
    """A session folder, opened for reading. Use `Session.open`."""

    path: Path
    record: Record

    def __repr__(self) -> str:
        record = self.record
        virtual = ", virtual" if record.virtual else ""
        begin = notebook.seen(
            f"<Session {str(self.path)!r}: {record.benchmark.id}, {record.run.mode}{virtual}, {record.outcome}"
        )
        try:
            result = self.result()
        except RunnerError:  # said, not raised
            return f"{begin}, without a result>"
        return f"{begin}, {result.headline()}, {result.judged()}>"

    def _repr_html_(self) -> str:
        record = self.record
        try:
            result = self.result()
            said = [("Result", result.headline()), ("Verdict", result.judged())]
        except RunnerError as error:
            said = [("Result", f"none: {error}")]
        facts = [
            ("Folder", str(self.path)),
            ("Started", record.started_utc + (" (virtual time)" if record.virtual else "")),
            ("Bench", str(record.bench.get("name", ""))),
            ("Outcome", record.outcome + (f": {record.reason}" if record.reason else "")),
            *said,
        ]
        return notebook.table(f"{record.benchmark.id}, {record.run.mode}", facts, virtual=record.virtual)

    @classmethod
    def open(cls, path: Path) -> "Session":
        """Return the session in the folder `path`; raises `SessionError` if there is none that can be read."""
        if not path.is_dir():
            raise SessionError(f"{path}: no such session folder. Try: ", _instead(path))
        with suppress(PermissionError):
            if not (path / RECORD).is_file():
                raise SessionError(
                    f"{path}: is not a session folder: it holds no {RECORD}. A session holds {RECORD}, {JOURNAL} "
                    f"and, in energy mode, {TRACE}. Try: ",
                    Call("er.list_sessions(DIR)", "energy-runner sessions list DIR"),
                )
        return cls(path, _read(path / RECORD, Record, record_schema.SCHEMA))

    def journal(self, *, exchanges: bool = True) -> Journal:
        """Return the events of the run; a long journal is read again on each iteration.

        Without `exchanges` the bytes of the links are skipped, which is faster.
        """
        return Journal(self.path / JOURNAL) if exchanges else self._short_journal

    @cached_property
    def _short_journal(self) -> Journal:
        return Journal(self.path / JOURNAL, exchanges=False, keep=True)

    def exchanges(self) -> Iterator[Passed]:
        """Yield every byte that passed a link, in order, with host time, device and direction.

        Raises `SessionError` if journal and `stream.bin` cannot be read or contradict each other, and for a
        session whose raw bytes were thinned.
        """
        self._check_bytes()
        return read_exchanges(self.journal(), self.path / STREAM)

    def in_order(self, *kinds: type[Event]) -> Iterator[Passed | Event]:
        """Yield every byte that passed a link and, among it, the events of these kinds, as they were recorded.

        Raises `SessionError` as `exchanges` does.
        """
        self._check_bytes()
        return read_in_order(self.journal(), self.path / STREAM, *kinds)

    @cached_property
    def thinned(self) -> Thinned | None:
        """Return what was removed from the session to save room, as `thinned.json` says; None if nothing was."""
        return thinned_of(self.path, self.record)

    def _check_bytes(self) -> None:
        if self.thinned is not None:
            raise SessionError(f"{self.path}: {self.thinned.words}: what was exchanged cannot be read again")

    def stream_bytes(self) -> int | None:
        """Return how long `stream.bin` is; None if the session has none."""
        path = self.path / STREAM
        return path.stat().st_size if path.is_file() else None

    def stream_damage(self) -> str:
        """Return where `stream.bin` is not as the journal indexes it; empty if it is, or if there is none."""
        path = self.path / STREAM
        return stream_damage(self.journal(exchanges=False), path) if path.is_file() else ""

    @cached_property
    def verified(self) -> Verified:
        """Compare the facts with their seal, once; reads every byte of them.

        Raises `SessionError` for files that cannot be read.
        """
        return verify(self.path, self.record)

    def has_trace(self) -> bool:
        """Return whether the session holds samples of a power monitor."""
        return (self.path / TRACE).is_file()

    def trace(self, rail: str | None = None) -> TraceReader:
        """Return a reader of the trace; the caller closes it, best with a `with` statement.

        Of a session with several rails it reads `rail`, or the first.
        """
        return TraceReader(self.path / TRACE, rail)

    def result(self) -> Result:
        """Return the result as it was written; raises `SessionError` if the session was not analysed."""
        return _read(self.path / RESULT, Result, result_schema.SCHEMA)


def _read[Document: BaseModel](path: Path, document: type[Document], schema: str) -> Document:
    try:
        with disk.open_file(path) as file:
            data = file.read()
        loaded = document.model_validate_json(data)
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValidationError as error:
        _check_version(path, _stated(data), schema)
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SessionError(f"{path}: {place or 'document'}: {first['msg']}") from None
    _check_version(path, getattr(loaded, "schema_", schema), schema)
    return loaded


def _stated(data: bytes) -> object:
    """Return the kind that an otherwise unreadable document states; None if it states none."""
    try:
        return from_json(data)["schema"]
    except (ValueError, LookupError, TypeError):
        return None


def _check_version(path: Path, found: object, schema: str) -> None:
    """Refuse a document of another kind or major version; a minor version only adds what readers may ignore."""
    if found is None or found == schema or str(found).startswith(f"{schema}."):
        return
    kind, _, major = schema.rpartition("/")
    later = re.fullmatch(rf"{re.escape(kind)}/([0-9]{{1,9}})(\.[0-9]+)?", str(found))
    advice = ". Try: a newer energy-runner" if later is not None and int(later[1]) > int(major) else ""
    raise SessionError(f"{path}: is of kind {str(found)[:80]!r}, this version reads {schema!r}{advice}")


def _instead(path: Path) -> str | Call:
    """Return what to try in place of a path that is no folder."""
    with suppress(OSError, ValueError):
        if path.is_file() and (path.parent / RECORD).is_file():
            return f"its folder, {path.parent}"
    return Call("er.list_sessions(DIR)", "energy-runner sessions list DIR")
