# SPDX-License-Identifier: Apache-2.0
"""The seal of a session: SHA-256 of its fact files and of the record that holds them, taken when the run ends.

What was changed afterwards is found, and located to a block of a file or to a key of the record. Documents carry
their own digest: SHA-256 of all their bytes, with zeros in the place of the digest itself. A seal has no key: it
shows accidents and careless edits; somebody who computes all digests again can make another one.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel

from energy_runner.errors import SessionError, in_words
from energy_runner.session.document import READ

ZEROS = "0" * 64
JSON_MARK, HTML_MARK = b'"sha256": "', b'name="sha256" content="'
_SHORT = 16  # hex digits that locate; the whole digest of a file decides
_LEAST_BLOCK = 512  # bytes: a few lines of a journal
_MOST_BLOCKS = 512


class SealedFile(BaseModel):
    """A file of facts as it was when the run had ended."""

    model_config = READ

    name: str
    """Name of the file."""
    size: int
    """Size, bytes."""
    sha256: str
    """SHA-256 of the file."""
    block_bytes: int
    """Size of the blocks by which a change is located, bytes."""
    blocks: str
    """The first 16 digits of the SHA-256 of each block, with spaces between them."""


class Seal(BaseModel):
    """The digests of all facts."""

    model_config = READ

    files: list[SealedFile]
    """The fact files beside the record."""
    keys: dict[str, str]
    """The first 16 digits of the SHA-256 of each key of the record, as compact JSON with sorted keys."""
    sha256: str = ZEROS
    """SHA-256 of `record.json` itself, with zeros in the place of these digits. It stands for all facts."""


def sealed_file(path: Path) -> SealedFile:
    """Return the digests of a file, read once in blocks; raises `SessionError` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return _sealed(path.name, file)
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({in_words(error)})") from None


def sealed_files(folder: Path, names: tuple[str, ...]) -> list[SealedFile]:
    """Return the digests of those of the files `names` that a folder holds."""
    return [sealed_file(folder / name) for name in names if (folder / name).is_file()]


def key_digests(document: Mapping[str, Any]) -> dict[str, str]:
    """Return a digest of each key of a record, its seal left out."""
    return {key: _digest(value) for key, value in document.items() if key != "seal"}


def block_bytes(size: int) -> int:
    """Return the size of the blocks of a file: a power of two, so that there are at most 512 of them."""
    block = _LEAST_BLOCK
    while block * _MOST_BLOCKS < size:
        block *= 2
    return block


def stamped(data: bytes, mark: bytes = JSON_MARK) -> bytes:
    """Return a document with its own digest in the place after the last `mark`, where zeros stand."""
    at = _place(data, mark)
    if at is None or data[at : at + len(ZEROS)] != ZEROS.encode():
        raise ValueError("the document has no place for its digest")
    digest = hashlib.sha256(data).hexdigest().encode()
    return data[:at] + digest + data[at + len(ZEROS) :]


def stamp_of(data: bytes, mark: bytes = JSON_MARK) -> str | None:
    """Return the digest that a document states of itself; None if it states none."""
    at = _place(data, mark)
    return None if at is None else data[at : at + len(ZEROS)].decode("ascii", "replace")


def is_stamped(data: bytes, mark: bytes = JSON_MARK) -> bool:
    """Return whether a document is as long and of the bytes that its own digest says."""
    at = _place(data, mark)
    if at is None:
        return False
    zeroed = data[:at] + ZEROS.encode() + data[at + len(ZEROS) :]
    return hashlib.sha256(zeroed).hexdigest().encode() == data[at : at + len(ZEROS)]


def each_block(file: BinaryIO, size: int, use: Callable[[bytes], None]) -> int:
    """Call `use` with each block of `size` bytes of a file, and return how many bytes there were."""
    length = 0
    while block := file.read(size):
        use(block)
        length += len(block)
    return length


def short(block: bytes) -> str:
    """Return the digest by which a block is located."""
    return hashlib.sha256(block).hexdigest()[:_SHORT]


def _sealed(name: str, file: BinaryIO) -> SealedFile:
    step = block_bytes(file.seek(0, 2))
    file.seek(0)
    whole = hashlib.sha256()
    blocks: list[str] = []

    def use(block: bytes) -> None:
        whole.update(block)
        blocks.append(short(block))

    size = each_block(file, step, use)
    return SealedFile(name=name, size=size, sha256=whole.hexdigest(), block_bytes=step, blocks=" ".join(blocks))


def _digest(value: Any) -> str:
    return short(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())


def _place(data: bytes, mark: bytes) -> int | None:
    """Return where the digits after the last `mark` begin; None unless there are as many as a digest has."""
    found = data.rfind(mark)
    at = found + len(mark)
    return None if found < 0 or len(data) < at + len(ZEROS) else at
