# SPDX-License-Identifier: Apache-2.0
"""What the sampling instrument said beside its samples, and what follows from it: one table, by kind of message.

A driver says what a message is about, and between which samples its cause lies. Sessions of older versions hold
its text alone, by which the same table knows it; its place is then among the samples that arrived with it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from energy_runner.session.events import Remark

Consequence = Literal["withhold", "remark"]

# A message may come late, by what an instrument buffers of it.
DELAY_S = 0.1
# By how much the cause lies before the text of an older version: drivers asked for errors once a second.
ASKED_EVERY_S = 2.0
_MOST = 1000  # kept one by one; beyond it the last one covers the rest


@dataclass(frozen=True)
class Row:
    """A kind of message: its consequence for a window in which its cause lies, and why.

    `text` is how it begins in sessions of older versions; `asked` says that the driver had to ask for it.
    """

    about: str
    consequence: Consequence
    why: str
    text: str = ""
    asked: bool = False


_NOT_AS_IT_SHOULD = "the instrument says that it did not work as it should"
_SPOILED = "a sample that it may have been is counted as lost"
TABLE: tuple[Row, ...] = (
    Row("error", "withhold", _NOT_AS_IT_SHOULD, r"the shield reports: error"),
    Row("error", "withhold", _NOT_AS_IT_SHOULD, r"error during the log", asked=True),
    Row("ended", "withhold", "nothing was measured from there on", r"the acquisition ended by itself"),
    Row("supply-off", "withhold", "the DUT was without its supply", r"the shield switched the supply off"),
    Row("surplus-samples", "withhold", "some of the samples are none", r"\d+ samples since .* more than its time"),
    Row("lost-edge", "remark", "edges have to match commands one to one", r"lost edge"),
    Row("filling", "remark", "what is lost is counted as lost", r"the shield's transmit buffer"),
    Row("filling", "remark", "what is lost is counted as lost", r"\d+ bytes were dropped"),
    Row("unreadable", "remark", _SPOILED, r"bytes that belong to nothing"),
    Row("unreadable", "remark", _SPOILED, r"the shield says"),
)


@dataclass(frozen=True)
class Message:
    """A message that withholds windows: its cause lies between the samples `after` and `before`."""

    text: str
    why: str
    after: float
    before: float


def row_of(remark: Remark) -> Row | None:
    """Return the row of the table for a remark; None for one that is in no row, which is only a remark."""
    if remark.about:
        return next((row for row in TABLE if row.about == remark.about), None)
    return next((row for row in TABLE if row.text and re.match(row.text, remark.text)), None)


class Messages:
    """The messages of an acquisition in the order of the journal, given places among the samples."""

    def __init__(self) -> None:
        self._found: list[Message] = []
        self._waiting: list[int] = []  # those whose batch of samples has not been seen to its end
        self._arrived = 0

    def said(self, remark: Remark, period_s: float) -> None:
        """Heed a remark of the sampler, whose samples take `period_s` seconds."""
        row = row_of(remark)
        if row is None or row.consequence != "withhold":
            return
        margin = math.ceil(DELAY_S / period_s)
        after, before = remark.after, remark.before
        if after is None or before is None:
            asked = ASKED_EVERY_S / period_s if row.asked else 0.0
            message = Message(remark.text, row.why, self._arrived - asked - margin, math.inf)
            self._waiting.append(len(self._found))
        else:
            message = Message(remark.text, row.why, after - margin, before + margin)
        if len(self._found) < _MOST:
            self._found.append(message)
        else:
            last = self._found[-1]
            self._found[-1] = replace(last, before=math.inf)
            self._waiting.clear()

    def arrived(self, end: int, period_s: float) -> None:
        """Heed that samples up to `end` have arrived, among which stood what was said since the last call."""
        for number in self._waiting:
            before = end + math.ceil(DELAY_S / period_s)
            self._found[number] = replace(self._found[number], before=before)
        self._waiting.clear()
        self._arrived = max(self._arrived, end)

    @property
    def found(self) -> Sequence[Message]:
        """Return the messages that withhold windows."""
        return self._found


def within(messages: Sequence[Message], start: float, stop: float) -> list[Message]:
    """Return the messages whose cause may lie between two positions in samples."""
    return [one for one in messages if one.after <= stop and one.before >= start]
