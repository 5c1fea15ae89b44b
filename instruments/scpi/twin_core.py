# SPDX-License-Identifier: Apache-2.0
"""The SCPI side of a twin: a table of commands, headers in short and long form, error queue, status, blocks.

A pattern such as `[SOURce:]VOLTage[:LEVel]` names a command: capitals are the short form, parts in brackets are
optional, `#` stands for an optional number, and a final `?` makes it a query. Within one message, a header
without a leading colon continues where the one before it stood; common commands (`*...`) leave that place as it
is. Source: SCPI-1999, volume 1 (6.2.4, header paths) and volume 2, 21.8 (error numbers); IEEE 488.2-1992,
chapter 10 (common commands), 8.7.9 (blocks).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from instruments.clock import VirtualClock
from instruments.scpi.blocks import format_block
from instruments.scpi.twin_errors import TEXTS as TEXTS
from instruments.scpi.twin_errors import ScpiError as ScpiError
from instruments.scpi.twin_input import MAX_CHANNELS as MAX_CHANNELS
from instruments.scpi.twin_input import MAX_INPUT_BYTES as MAX_INPUT_BYTES
from instruments.scpi.twin_input import Call as Call
from instruments.scpi.twin_input import MessageBuffer, parse_call
from instruments.scpi.twin_input import header_pattern as header_pattern
from instruments.scpi.twin_input import parse_channels as parse_channels
from instruments.scpi.twin_input import split_outside as split_outside
from instruments.scpi.twin_status import StatusSystem, event_of

QUEUE_LENGTH = 20

Handler = Callable[[Call], str | bytes | None]


class ScpiCore:
    """Takes bytes, calls handlers, returns their answers as bytes. `refuses(command)` is the fault switch.

    It knows the common commands, `SYSTem:ERRor`, `STATus` and `FORMat:BORDer` by itself, unless `common` is false;
    a handler takes the place of the core's own. `blocks` are the headers of commands that take a definite-length
    block, `options` is the answer to `*OPT?`, and `error_query` asks for the oldest error. `status` holds the
    registers, whose conditions the twin sets.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        refuses: Callable[[str], bool],
        *,
        common: bool = True,
        blocks: Sequence[str] = (),
        options: str = "0",
        error_query: str = "SYSTem:ERRor[:NEXT]?",
    ) -> None:
        self._queue: list[ScpiError] = []
        self.status = StatusSystem(lambda: len(self._queue))
        self.swapped = False  # FORMat:BORDer SWAPped: blocks have their least significant byte first
        own = self._own_handlers(options, error_query) if common else {}
        # The twin's own come first: its patterns may describe headers of the core in other words.
        table = {**handlers, **{pattern: own[pattern] for pattern in own if pattern not in handlers}}
        self._table = [(header_pattern(pattern), handler) for pattern, handler in table.items()]
        self._refuses = refuses
        self._input = MessageBuffer(blocks)

    def another(self) -> "ScpiCore":
        """Return the same instrument at the end of another connection: its error queue is the same."""
        other = ScpiCore({}, self._refuses)
        other._table, other._queue = self._table, self._queue
        return other

    def clear(self) -> None:
        """Empty the error queue."""
        self._queue.clear()

    def take_errors(self) -> list[ScpiError]:
        """Return the errors in the queue, oldest first, and empty it."""
        found = list(self._queue)
        self._queue.clear()
        return found

    def push(self, error: ScpiError) -> None:
        """Add an error to the queue; when it is full, its last entry becomes "Queue overflow"."""
        self.status.happened(event_of(error.code))
        if len(self._queue) < QUEUE_LENGTH:
            self._queue.append(error)
        else:
            self._queue[-1] = ScpiError(-350)

    def push_at(self, clock: VirtualClock, at_ns: int | None) -> None:
        """Plan a system error at a time to come; None plans none."""
        if at_ns is not None and at_ns > clock.now_ns():
            clock.call_at(at_ns, lambda: self.push(ScpiError(-310)))

    def block(self, values: npt.ArrayLike, code: str = "f4") -> bytes:
        """Return numbers (`f4`, `f8`, `i2`...) as a definite-length block in the byte order that was set."""
        return format_block(np.asarray(values).astype(f"{'<' if self.swapped else '>'}{code}").tobytes())

    def feed(self, data: bytes) -> bytes:
        """Return the answers to the command lines completed by `data`; input without a line end is bounded."""
        self._input.add(data)
        answers = b""
        while (message := self._input.take()) is not None:
            answers += self._run_line(*message)
        if len(self._input) > MAX_INPUT_BYTES:
            self._input.clear()
            self.push(ScpiError(-363))
        return answers

    def _run_line(self, line: bytes, blocks: list[bytes]) -> bytes:
        answers: list[bytes] = []
        path = ""
        try:
            text = line.decode("ascii")
        except UnicodeDecodeError:
            self.push(ScpiError(-101))
            return b""
        for command in split_outside(text, ";"):
            try:
                answer, path = self._run(command, path, blocks)
            except ScpiError as error:
                self.push(error)
                continue
            if answer is not None:
                answers.append(answer if isinstance(answer, bytes) else answer.encode())
        return b";".join(answers) + b"\n" if answers else b""

    def _run(self, command: str, path: str, blocks: list[bytes]) -> tuple[str | bytes | None, str]:
        """Execute one command; return its answer and the header path at which the next one in the line starts."""
        command = command.strip()
        header, *parameters = command.split(None, 1) or [""]
        if not header:
            return None, path
        if self._refuses(command) or self._refuses(command.removeprefix(":")):
            raise ScpiError(-222)
        absolute = header.startswith((":", "*"))
        full = header.removeprefix(":") if absolute or not path else path + header
        for pattern, handler in self._table:
            match = pattern.fullmatch(full)
            if match:
                numbers = tuple(int(text) if text else None for text in match.groups())
                answer = handler(parse_call(numbers, parameters[0] if parameters else "", blocks))
                if not header.startswith("*"):
                    path = full.rpartition(":")[0] + ":" * (":" in full)
                return answer if full.endswith("?") else None, path
        raise ScpiError(-113)

    # --- its own commands ----------------------------------------------------------------------------------

    def _own_handlers(self, options: str, error_query: str) -> dict[str, Handler]:
        return {
            "*CLS": lambda call: self._clear_status(),
            "*OPC?": lambda call: "1",  # everything is done before the next command is read
            "*WAI": lambda call: None,
            "*RST": lambda call: None,
            "*OPT?": lambda call: options,
            "*TST?": lambda call: "0",
            error_query: lambda call: self._next_error(),
            "SYSTem:ERRor:COUNt?": lambda call: f"{len(self._queue):+d}",
            "SYSTem:ERRor:ALL?": lambda call: ",".join(map(_told, self.take_errors())) or _told(None),
            "SYSTem:VERSion?": lambda call: "1999.0",
            "FORMat:BORDer": lambda call: setattr(self, "swapped", call.one_of("NORMal", "SWAPped")[0] == "S"),
            "FORMat:BORDer?": lambda call: "SWAP" if self.swapped else "NORM",
            **self.status.handlers(),
        }

    def _clear_status(self) -> None:
        self.clear()
        self.status.clear()

    def _next_error(self) -> str:
        return _told(self._queue.pop(0) if self._queue else None)


def _told(error: ScpiError | None) -> str:
    return f'{error.code:+d},"{error.text}"' if error else '+0,"No error"'
