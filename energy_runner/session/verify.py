# SPDX-License-Identifier: Apache-2.0
"""Compare a session with its seal: which file differs, and where."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from energy_runner.errors import SessionError, in_words
from energy_runner.session.record import Record
from energy_runner.session.seal import SealedFile, each_block, is_stamped, key_digests, short
from energy_runner.session.stream import STREAM
from energy_runner.session.thinned import THINNED, Thinned, thinned_of

RECORD, JOURNAL = "record.json", "journal.jsonl"
FACTS = (JOURNAL, STREAM, "trace.jls")
OLD = "recorded before sessions were sealed"
ENDED_EARLY = "the run has not ended, or it was killed"
_CHAIN = re.compile(rb'\{"t_ns":[0-9]+,"kind":"journal-sealed","lines":([0-9]+),"sha256":"([0-9a-f]{64})"\}\n')
_AT_ONCE = 1 << 20
_ADVICE = "Try: a copy of the session from before, or measure again"


@dataclass(frozen=True)
class Difference:
    """What is not as it was sealed: the file, where in it, and what is wrong, in words."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}, {self.where}" if self.where else self.file
        return f"{place}: {self.what}. {_ADVICE}"

    @property
    def brief(self) -> str:
        """Return the difference without advice."""
        return str(self).removesuffix(f". {_ADVICE}")


@dataclass(frozen=True)
class Verified:
    """What became of a seal: `unsealed` says why there is none (empty if there is one).

    `thinned` says what was removed since to save room; the other facts are those that were sealed.
    """

    unsealed: str = ""
    differences: tuple[Difference, ...] = ()
    thinned: Thinned | None = None

    @property
    def intact(self) -> bool:
        """Return whether the facts are known to be those that were sealed."""
        return not self.unsealed and not self.differences


def of_sizes(folder: Path, record: Record) -> tuple[Difference, ...]:
    """Compare the record with its own digest, and only the sizes of the other facts: fast for any session."""
    try:
        found = [] if record.seal is None else [*_of_record(folder / RECORD)]
        gone = thinned_of(folder, record) is not None
        for sealed in record.seal.files if record.seal is not None else ():
            if gone and sealed.name == STREAM:
                continue
            path = folder / sealed.name
            size = path.stat().st_size if path.is_file() else None
            if size != sealed.size:
                came = _missing(path) if size is None else f"has {size} bytes,"
                found.append(Difference(sealed.name, "", f"{came} {sealed.size} bytes when the run had ended"))
    except OSError as error:
        raise SessionError(f"{folder}: cannot be compared with its seal ({in_words(error)})") from None
    return tuple(found)


def verify(folder: Path, record: Record) -> Verified:
    """Compare the facts in `folder` with the seal in its `record`.

    Every byte of the facts is read, which takes about a second for a gigabyte. Without a seal, as after a killed
    run, the journal is compared with the digests that it holds itself. Raises `SessionError` for files that cannot
    be read.
    """
    try:
        if record.seal is None:
            return _unsealed(folder, record)
        found = [*_of_record(folder / RECORD)]
        thinned = thinned_of(folder, record)
        for sealed in record.seal.files:
            if thinned is None or sealed.name != STREAM:
                found += _of_file(folder, sealed)
        known = {sealed.name for sealed in record.seal.files}
        for name in FACTS:
            if name not in known and (folder / name).is_file():
                found.append(Difference(name, "", "was not there when the run had ended"))
    except OSError as error:
        raise SessionError(f"{folder}: cannot be compared with its seal ({in_words(error)})") from None
    return Verified(differences=tuple(found), thinned=thinned)


def _unsealed(folder: Path, record: Record) -> Verified:
    path = folder / JOURNAL
    links, found = _of_chain(path) if path.is_file() else (0, [])
    if record.environment is None and not links:
        return Verified(unsealed=OLD)
    if record.outcome != "running":
        found.insert(0, Difference(RECORD, "", "its seal was taken away; the journal says that there was one"))
    return Verified(unsealed=ENDED_EARLY, differences=tuple(found))


def _of_record(path: Path) -> Iterator[Difference]:
    """Yield which keys of the record are not as they were; the whole record, if that cannot be told."""
    data = path.read_bytes()
    if is_stamped(data):
        return
    document: dict[str, Any] = json.loads(data)
    sealed = document["seal"].get("keys") or {}
    now = key_digests(document)
    names = sorted(name for name in {*sealed, *now} if sealed.get(name) != now.get(name))
    for name in names:
        what = "was taken away" if name not in now else "was added" if name not in sealed else "was changed"
        yield Difference(RECORD, f"key `{name}`", f"{what} after the run")
    if not names:
        yield Difference(RECORD, "", "its seal, or how the file is laid out, was changed after the run")


def _of_file(folder: Path, sealed: SealedFile) -> Iterator[Difference]:
    path = folder / sealed.name
    if not path.is_file():
        yield Difference(sealed.name, "", f"{_missing(path)} {sealed.size} bytes when the run had ended")
        return
    whole = hashlib.sha256()
    known, wrong, number = sealed.blocks.split(), [], 0

    def use(block: bytes) -> None:
        nonlocal number
        whole.update(block)
        if number >= len(known) or short(block) != known[number]:
            wrong.append(number)
        number += 1

    with path.open("rb") as file:
        size = each_block(file, max(1, sealed.block_bytes), use)
    if size == sealed.size and whole.hexdigest() == sealed.sha256:
        return
    if size != sealed.size:
        first = wrong[0] if wrong else number
        at = min(first * sealed.block_bytes, size)
        where = f"from byte {at} on{_lines(path, at, None)}"
        yield Difference(sealed.name, where, f"has {size} bytes, {sealed.size} when the run had ended")
        return
    for begin, end in _stretches(wrong):
        first, last = begin * sealed.block_bytes, min((end + 1) * sealed.block_bytes, size) - 1
        where = f"bytes {first} to {last}{_lines(path, first, last)}"
        yield Difference(sealed.name, where, "was changed after the run")
    if not wrong:
        yield Difference(RECORD, "key `seal`", f"the digest of {sealed.name} was changed after the run")


def _missing(path: Path) -> str:
    """Return that a file is missing, and that what claims to know why does not fit; its size follows."""
    claimed = path.name == STREAM and path.with_name(THINNED).exists()
    unfit = f" (the {THINNED} beside it does not fit the seal)" if claimed else ""
    return f"is missing{unfit}; it had"


def _stretches(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each stretch of numbers that follow each other."""
    begin = None
    for index, number in enumerate(numbers):
        begin = number if begin is None else begin
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            yield begin, number
            begin = None


def _lines(path: Path, first: int, last: int | None) -> str:
    """Return which lines of a text file bytes `first` to `last` belong to, as the end of a place; else nothing."""
    if path.suffix != ".jsonl":
        return ""
    with path.open("rb") as file:
        begin = _newlines(file, first) + 1
        if last is None:
            return f" (line {begin})"
        end = begin + _newlines(file, last - first)
    return f" (line {begin})" if begin == end else f" (lines {begin} to {end})"


def _newlines(file: BinaryIO, count: int) -> int:
    """Return how many lines end in the next `count` bytes of a file, which may be larger than the memory."""
    found = 0
    while count > 0 and (block := file.read(min(count, _AT_ONCE))):
        found += block.count(b"\n")
        count -= len(block)
    return found


def _of_chain(path: Path) -> tuple[int, list[Difference]]:
    """Return how many digests of itself a journal holds, and the first stretch that one of them contradicts."""
    digest, links, before = hashlib.sha256(), 0, 1
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_AT_ONCE), b""), start=1):
            link = _CHAIN.fullmatch(line)
            if link is not None:
                links += 1
                if int(link[1]) != number - 1 or link[2].decode() != digest.hexdigest():
                    where = f"lines {before} to {number}"
                    return links, [Difference(path.name, where, "was changed after it was written")]
                before = number + 1
            digest.update(line)
    return links, []
