# SPDX-License-Identifier: Apache-2.0
"""Read every byte exchanged in a run, in order, whether it is recorded in the journal or in `stream.bin`."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from energy_runner.errors import SessionError
from energy_runner.session.events import Event, Exchange, RunStopped, StreamChunk
from energy_runner.session.journal import Journal, exchanged_bytes
from energy_runner.session.stream import Passed, read_frames

_TRY = "Try: copy the session again from where it was recorded"


def read_exchanges(journal: Journal, path: Path) -> Iterator[Passed]:
    """Yield what passed the links, in order; `path` is the session's `stream.bin`, which need not exist.

    Raises as `read_in_order` does.
    """
    return (item for item in read_in_order(journal, path) if isinstance(item, Passed))


def read_in_order(journal: Journal, path: Path, *kinds: type[Event]) -> Iterator[Passed | Event]:
    """Yield what passed the links and, among it, the events of the given `kinds`, each where it was recorded.

    The journal of a killed run may index less than the stream holds or, after a power cut, more: then every whole
    frame is yielded, and `stream_doubt` says what is amiss. Raises `SessionError` for any other contradiction
    between journal and stream.
    """
    end = 0
    with ExitStack() as stack:
        file, held = None, 0
        if path.is_file():
            file, held = stack.enter_context(path.open("rb")), path.stat().st_size
        for event in journal.of(Exchange, StreamChunk, *kinds):
            if isinstance(event, kinds):
                yield event
            if isinstance(event, Exchange):
                yield Passed(event.t_ns, event.box, event.direction, exchanged_bytes(event))
            if not isinstance(event, StreamChunk):
                continue
            start, end = end, chunk_end(event, end)
            if file is not None and end <= held:
                yield from read_frames(path, file, start, end)
            elif _ended(journal):
                raise SessionError(f"{path}: holds {held} bytes, the journal indexes {end}. {_TRY}")
            elif file is not None:
                yield from _whole_frames(path, file, min(start, held), held)
        if file is not None and held > end:
            if _ended(journal):
                raise SessionError(f"{path}: holds {held} bytes, the journal indexes only {end}. {_TRY}")
            yield from _whole_frames(path, file, end, held)


def chunk_end(chunk: StreamChunk, end: int) -> int:
    """Return the end of a chunk that follows bytes up to `end`; raises `SessionError` for one that does not."""
    if chunk.offset != end:
        raise SessionError(
            f"the journal indexes bytes of the stream from {chunk.offset} on, after those up to {end}. {_TRY}"
        )
    return end + chunk.length


def stream_doubt(indexed: int, held: int | None) -> str:
    """Return how a `stream.bin` of `held` bytes (None: no file) disagrees with its index; empty if it agrees."""
    if held is None:
        return f"stream.bin is missing; the journal indexes {indexed} bytes of it" if indexed else ""
    if held < indexed:
        return f"stream.bin holds {held} bytes, the journal indexes {indexed}"
    if held > indexed:
        return f"{held - indexed} bytes at the end of stream.bin are not indexed in the journal"
    return ""


def stream_damage(journal: Journal, path: Path) -> str:
    """Return the first frame in `path` that its index contradicts; empty if there is none.

    The index states how many frames lie in a stretch, on whose links they passed and until when. What they hold
    is not in it.
    """
    name = Path(path.name)  # what is found here goes into results, which name no path
    try:
        with path.open("rb") as file:
            for chunk in journal.of(StreamChunk):
                stop = chunk.offset + chunk.length
                frames = 0
                for passed in read_frames(name, file, chunk.offset, stop):
                    frames += 1
                    if passed.device not in chunk.devices or passed.t_ns > chunk.t_ns:
                        return f"{name}: a frame between {chunk.offset} and {stop} is not as indexed"
                if frames != chunk.exchanges:
                    span = f"the bytes from {chunk.offset} to {stop}"
                    return f"{name}: {span} hold {frames} frames, the journal indexes {chunk.exchanges}"
    except SessionError as error:
        return str(error)
    except OSError as error:
        return f"{name}: cannot be read ({error.strerror})"
    return ""


def _ended(journal: Journal) -> bool:
    return next(journal.of(RunStopped), None) is not None


def _whole_frames(path: Path, file: BinaryIO, start: int, stop: int) -> Iterator[Passed]:
    """Yield frames up to the first incomplete one, which a killed process was writing."""
    with suppress(SessionError):
        yield from read_frames(path, file, start, stop)
