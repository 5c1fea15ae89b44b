# SPDX-License-Identifier: Apache-2.0
"""The bytes that passed the links of a bench."""

from typing import Literal

from pydantic import Field

from energy_runner.session.events.base import Event


class Exchange(Event):
    """Bytes on a port: `text` if they are printable ASCII with line ends, otherwise `base64`."""

    kind: Literal["exchange"] = "exchange"
    box: str
    """The device whose link it is."""
    direction: Literal["tx", "rx"]
    """`tx` from the host, `rx` to it."""
    text: str | None = None
    """The bytes as text, where all are printable ASCII, tabs or line ends."""
    base64: str | None = None
    """The bytes otherwise."""


class StreamChunk(Event):
    """Bytes that passed links and lie in `stream.bin`: `length` bytes of it from `offset` on.

    They hold `exchanges` frames (see `session/stream.py`), and `devices` names whose links they passed. All of
    them passed after the journal's line before this one was written, and no later than `t_ns`.
    """

    kind: Literal["stream-chunk"] = "stream-chunk"
    offset: int = Field(ge=0)
    """Where they begin in `stream.bin`, in bytes."""
    length: int = Field(ge=1)
    """How many bytes of `stream.bin` they take."""
    exchanges: int = Field(ge=1)
    """How many frames these bytes hold."""
    devices: list[str]
    """Names of the devices whose links they passed."""
