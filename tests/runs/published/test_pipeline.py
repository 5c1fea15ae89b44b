# SPDX-License-Identifier: Apache-2.0
"""Auditing a session is one way through the rooms: each file is entered once, and none calls back."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import CO_GENERATOR
from itertools import groupby
from pathlib import Path
from types import FrameType

import pytest

import energy_runner
from energy_runner.published.audit import audit_one
from energy_runner.published.compare import AuditLimits
from energy_runner.published.discover import Found, find_all
from energy_runner.rules import DEFAULT, load_rule_set
from tests.support.published_sessions import (
    Eembc,
    write_accuracy,
    write_eembc,
    write_mlcommons,
    write_performance,
)

RUNNER = Path(energy_runner.__file__).parent
# A table and pure functions, at hand in every room.
TOOLS = ("published/findings.py", "published/forgery.py", "published/sentences.py")
STAGES = (
    "contents",
    "eembc",
    "mlcommons",
    "reproduce",
    "correct",
    "conversion",
    "session",
    "compare",
    "words",
    "report",
)

LIMITS = AuditLimits.of(load_rule_set(DEFAULT))


class Rooms:
    """The rooms that calls enter, in order: files of `published`, and other rooms of the runner as a whole.

    What another room calls in its turn is its own affair, except where it calls `published` back. A generator is
    called where it is made, not where it goes on. A file without a folder, such as the reader of text files, is a
    tool of all rooms and none itself.
    """

    def __init__(self) -> None:
        self.entered: list[str] = []
        self._away: FrameType | None = None

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame is self._away:
            self._away = None
        path = Path(frame.f_code.co_filename)
        if event != "call" or frame.f_code.co_flags & CO_GENERATOR or not path.is_relative_to(RUNNER):
            return
        name = path.relative_to(RUNNER).as_posix()
        if name in TOOLS:
            return
        if name.startswith("published/"):
            self.entered.append(name.removeprefix("published/"))
        elif self._away is None and "/" in name:
            self._away = frame
            self.entered.append(name.partition("/")[0])

    @contextmanager
    def watching(self) -> Iterator[None]:
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)


def eembc(folder: Path) -> Path:
    return write_eembc(folder / "kws/energy")


def lost_edge(folder: Path) -> Path:
    return write_eembc(folder / "kws/energy", Eembc(stamps=lambda stamps: stamps[:4] + stamps[5:]))


def performance(folder: Path) -> Path:
    return write_performance(folder / "kws/performance", [(k * 10**8, k * 10**8 + 11_700_000) for k in range(5)])


def accuracy(folder: Path) -> Path:
    answers = {f"tst_{k:06d}_Word_{k}.bin": [float(k == place) for place in range(12)] for k in range(12)}
    return write_accuracy(folder / "kws/accuracy", answers, "100.0", "1.00")


def mlcommons(folder: Path) -> Path:
    return write_mlcommons(folder / "kws/energy")


def mlcommons_accuracy(folder: Path) -> Path:
    folder = folder / "kws/accuracy"
    folder.mkdir(parents=True)
    passes = [
        {
            "file": f"{k}.bin",
            "class": str(k),
            "classes": "12",
            "infer": {"results": [float(k == place) for place in range(12)], "iterations": 1, "warmups": 0},
            "mode": "a",
        }
        for k in range(12)
    ]
    (folder / "results.json").write_text(json.dumps(passes), "utf-8")
    (folder / "results.txt").write_text("Top 1% = 100.0\nAUC = 1.000\n", "utf-8")
    (folder / "log.txt").write_text("Device model retrieved: kws01\nSession logged in file log.txt\n", "utf-8")
    return folder


@pytest.mark.parametrize("write", [eembc, lost_edge, performance, accuracy, mlcommons, mlcommons_accuracy])
def test_each_room_is_entered_once(tmp_path: Path, write: object) -> None:
    assert callable(write)
    (found,) = find_all([write(tmp_path)])
    audit_one(found, None, LIMITS)  # what is imported at first use is imported now
    rooms = Rooms()
    with rooms.watching():
        row = audit_one(found, None, LIMITS)
    assert row.figures == row.figures_reproduced > 0
    stays = [name for name, _ in groupby(rooms.entered)]
    returns = [name for number, name in enumerate(stays) if name in stays[:number]]
    assert returns == []
    order = list(
        dict.fromkeys(stage for name in stays if (stage := name.partition("/")[0].removesuffix(".py")) in STAGES)
    )
    assert order == [stage for stage in STAGES if stage in order]


def test_a_room_that_is_entered_twice_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = find_all([eembc(tmp_path)])
    audit_one(found, None, LIMITS)
    rooms = Rooms()

    def twice(one: Found) -> None:
        audit_one(one, None, LIMITS)
        audit_one(one, None, LIMITS)

    with rooms.watching():
        twice(found)
    stays = [name for name, _ in groupby(rooms.entered)]
    assert stays.count("contents.py") == 2
    assert stays.count("session") == 2
