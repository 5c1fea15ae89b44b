# SPDX-License-Identifier: Apache-2.0
"""Small changes to published sessions: forged, damaged and contradictory ones, made from good ones."""

import json
import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from energy_runner.published.contents import load
from energy_runner.published.discover import find_one
from energy_runner.published.read import read
from energy_runner.published.reproduce.session import reproduce

Forgery = Callable[[Path], None]
_HEADER = 5


def republish(folder: Path) -> None:
    """Write the figures that the session's data give now into its results, as a forger would."""
    session = read(load(find_one(folder)))
    mine = {(figure.field, figure.window): figure.text for figure in reproduce(session)}
    file = folder / "results.txt"
    lines = file.read_text("utf-8").split("\n")
    for figure in session.figures:
        new = mine.get((figure.field, figure.window))
        if new is not None and figure.line is not None:
            head, _, tail = lines[figure.line - 1].rpartition(figure.text)
            lines[figure.line - 1] = head + new + tail
    file.write_text("\n".join(lines), "utf-8")


def text_of(name: str, change: Callable[[str], str]) -> Forgery:
    """Change the text of a file; the change must change it."""

    def forge(folder: Path) -> None:
        old = (folder / name).read_text("latin-1")
        new = change(old)
        assert new != old, name
        (folder / name).write_text(new, "latin-1")

    return forge


def replaced(name: str, old: str, new: str, count: int = 0) -> Forgery:
    """Replace what the regular expression `old` finds."""
    return text_of(name, lambda text: re.sub(old, new, text, count=count))


def samples(change: Callable[[list[float]], list[float]]) -> Forgery:
    """Change the samples of `trace1-energy.bin`."""

    def forge(folder: Path) -> None:
        file = folder / "trace1-energy.bin"
        data = file.read_bytes()
        values = change(list(struct.unpack(f"<{(len(data) - _HEADER) // 4}f", data[_HEADER:])))
        file.write_bytes(data[:_HEADER] + struct.pack(f"<{len(values)}f", *values))

    return forge


def stamps(change: Callable[[list[float]], list[float]]) -> Forgery:
    """Change the timestamps."""

    def forge(folder: Path) -> None:
        file = folder / "trace1-timestamps.json"
        file.write_text(json.dumps(change(json.loads(file.read_text("utf-8-sig")))), "utf-8")

    return forge


def laps(change: Callable[[int, int], int]) -> Forgery:
    """Change each lap of the DUT's clock; `change` gets its number, from 0 at the `timestamp` command."""

    def edit(text: str) -> str:
        number = iter(range(10**6))
        return re.sub(r"m-lap-us-(\d+)", lambda lap: f"m-lap-us-{change(next(number), int(lap[1]))}", text)

    return text_of("log.txt", edit)


def standing_still(folder: Path) -> None:
    """Let the DUT's clock stand still between windows, as some do."""
    first = re.findall(r"m-lap-us-(\d+)", (folder / "log.txt").read_text("latin-1"))
    at, new = 1_000_000, [1_000_000]
    for start, stop in zip(map(int, first[1::2]), map(int, first[2::2]), strict=True):
        new += [at, at + stop - start]
        at += stop - start + 10
    laps(lambda number, _: new[number])(folder)


def first_answers(count: int) -> Forgery:
    """Keep the answers to the first files only, and the end of the log."""

    def edit(text: str) -> str:
        cut = [match.end() for match in re.finditer(r"m-results-\[[^\n]*\n", text)][count - 1]
        end = text.rindex("session: m-session-stop")
        return text[:cut] + text[text.rindex("\n", 0, end) + 1 :]

    return text_of("log.txt", edit)


def removed(*names: str) -> Forgery:
    """Remove files."""

    def forge(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return forge


def written(name: str, data: bytes) -> Forgery:
    """Write a file, in place of the one of this name if there is one."""
    return lambda folder: (folder / name).write_bytes(data) and None


def appended(name: str, text: str) -> Forgery:
    """Add text at the end of a file."""
    return text_of(name, lambda old: old + text)


def all_of(*steps: Forgery) -> Forgery:
    """Do one after the other."""

    def forge(folder: Path) -> None:
        for step in steps:
            step(folder)

    return forge


def wrong_classes(count: int) -> Forgery:
    """Rename the first stimuli so that other classes seem right, and publish the accuracy that this gives."""

    def edit(text: str) -> str:
        left = iter(range(count))
        return re.sub(
            r"(tst_0\d+_\w+?_)(\d+)(\.bin)",
            lambda name: (
                f"{name[1]}{(int(name[2]) + 1) % 12}{name[3]}" if next(left, None) is not None else name[0]
            ),
            text,
        )

    return all_of(text_of("log.txt", edit), republish)


def shifted(values: Sequence[float], by: float) -> list[float]:
    """Return values that are all later."""
    return [value + by for value in values]


def passes(change: Callable[[list[dict[str, Any]]], None]) -> Forgery:
    """Change the passes in `results.json` of the other runner."""

    def forge(folder: Path) -> None:
        file = folder / "results.json"
        document = json.loads(file.read_text("utf-8"))
        change(document)
        file.write_text(json.dumps(document), "utf-8")

    return forge


def iterations(count: int) -> Forgery:
    """State other inferences in every pass of the other runner."""

    def change(document: list[dict[str, Any]]) -> None:
        for one in document:
            one["infer"]["iterations"] = count

    return passes(change)


def missing_sample(number: int) -> Forgery:
    """Make one sample no number."""
    return samples(lambda uj: [*uj[:number], float("nan"), *uj[number + 1 :]])
