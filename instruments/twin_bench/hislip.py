# SPDX-License-Identifier: Apache-2.0
"""HiSLIP, the server's side of one session, as bytes in and bytes out; `serve.py` has the sockets.

A session has two connections: commands and answers travel on the synchronous one, device clear and questions
about the session on the asynchronous one. Source: IVI-6.1, "High-Speed LAN Instrument Protocol", 2.0, sections
2 (message format, table 4) and 6 (transactions). Overlapped mode, encryption and service requests are not
there, and every request for a lock is granted, because there is one session at a time.
"""

import struct
from dataclasses import dataclass

from instruments.world.cable import HostPort

HEADER = struct.Struct("!2sBBIQ")  # "HS", type, control code, parameter, length of the payload
MOST_BYTES = 1 << 20  # of one message, in either direction
VERSION, SESSION, VENDOR = 0x0100, 1, 0x4552

INITIALIZE, INITIALIZE_RESPONSE, FATAL_ERROR, ERROR = 0, 1, 2, 3
ASYNC_LOCK, ASYNC_LOCK_RESPONSE, DATA, DATA_END = 4, 5, 6, 7
CLEAR_COMPLETE, CLEAR_ACKNOWLEDGE = 8, 9
REMOTE_LOCAL, REMOTE_LOCAL_RESPONSE, TRIGGER = 10, 11, 12
MAXIMUM_SIZE, MAXIMUM_SIZE_RESPONSE, ASYNC_INITIALIZE, ASYNC_INITIALIZE_RESPONSE = 15, 16, 17, 18
ASYNC_CLEAR, STATUS_QUERY, STATUS_RESPONSE, ASYNC_CLEAR_ACKNOWLEDGE = 19, 21, 22, 23
LOCK_INFO, LOCK_INFO_RESPONSE = 24, 25
NOT_INITIALIZED, NOT_KNOWN, TOO_LONG = 2, 1, 4  # of FATAL_ERROR, ERROR, ERROR
MESSAGE_AVAILABLE = 16  # of the status byte


@dataclass
class Message:
    """One message."""

    kind: int
    control: int
    parameter: int
    payload: bytes = b""

    def encoded(self) -> bytes:
        """Return its bytes."""
        return HEADER.pack(b"HS", self.kind, self.control, self.parameter, len(self.payload)) + self.payload


class Received:
    """The bytes of one connection; `broken` once they are no HiSLIP."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.broken = False

    def add(self, data: bytes) -> list[Message]:
        """Return the messages that are whole now."""
        self._bytes += data
        found: list[Message] = []
        while len(self._bytes) >= HEADER.size and not self.broken:
            mark, kind, control, parameter, length = HEADER.unpack_from(self._bytes)
            if mark != b"HS" or length > MOST_BYTES:
                self.broken = True
            elif len(self._bytes) >= HEADER.size + length:
                end = HEADER.size + length
                found.append(Message(kind, control, parameter, bytes(self._bytes[HEADER.size : end])))
                del self._bytes[:end]
            else:
                break
        return found


class HislipSession:
    """One session on a twin's port: `synchronous` and `asynchronous` return the answers to a message."""

    def __init__(self, port: HostPort) -> None:
        self._port = port
        self._message_id = 0
        self._begun = bytearray()
        self._most = MOST_BYTES

    def synchronous(self, message: Message) -> list[Message]:
        """Answer a message on the synchronous connection."""
        if message.kind == INITIALIZE:
            return [Message(INITIALIZE_RESPONSE, 0, VERSION << 16 | SESSION)]
        if message.kind in (DATA, DATA_END):
            self._take(message)
            return []
        if message.kind == TRIGGER:
            self._message_id = message.parameter
            self._port.receive(b"*TRG\n")
            return []
        if message.kind == CLEAR_COMPLETE:
            return [Message(CLEAR_ACKNOWLEDGE, 0, 0)]
        return [Message(ERROR, NOT_KNOWN, 0, b"no such message")]

    def asynchronous(self, message: Message) -> list[Message]:
        """Answer a message on the asynchronous connection."""
        if message.kind == ASYNC_CLEAR:
            self._begun.clear()
            self._port.take(1 << 40)
        if message.kind == MAXIMUM_SIZE and len(message.payload) == 8:
            self._most = max(HEADER.size + 1, min(MOST_BYTES, int.from_bytes(message.payload)))
            return [Message(MAXIMUM_SIZE_RESPONSE, 0, 0, MOST_BYTES.to_bytes(8))]
        if message.kind == STATUS_QUERY:
            return [Message(STATUS_RESPONSE, MESSAGE_AVAILABLE * self._port.pending(), 0)]
        answers = {
            ASYNC_INITIALIZE: Message(ASYNC_INITIALIZE_RESPONSE, 0, VENDOR),
            ASYNC_CLEAR: Message(ASYNC_CLEAR_ACKNOWLEDGE, 0, 0),
            ASYNC_LOCK: Message(ASYNC_LOCK_RESPONSE, 1, 0),
            LOCK_INFO: Message(LOCK_INFO_RESPONSE, 0, 0),
            REMOTE_LOCAL: Message(REMOTE_LOCAL_RESPONSE, 0, 0),
        }
        return [answers.get(message.kind, Message(ERROR, NOT_KNOWN, 0, b"no such message"))]

    def answers(self) -> list[Message]:
        """Return what the twin has said, as the answer to the last command; a line end is the end of a message."""
        said = b""
        while self._port.pending():
            said += self._port.take(MOST_BYTES)
        most = self._most - HEADER.size
        pieces = [said[at : at + most] for at in range(0, len(said), most)]
        messages = [Message(DATA, 0, self._message_id, piece) for piece in pieces]
        if said.endswith(b"\n"):
            messages[-1].kind = DATA_END
        return messages

    def _take(self, message: Message) -> None:
        """Pass a command on when it has ended: its end is its line end, too."""
        self._message_id = message.parameter
        self._begun += message.payload
        if message.kind == DATA_END or len(self._begun) > MOST_BYTES:
            command = bytes(self._begun)
            self._begun.clear()
            self._port.receive(command if command.endswith(b"\n") else command + b"\n")
