# SPDX-License-Identifier: Apache-2.0
"""Sessions whose journals hold very many odd messages, problems, failed steps or edges."""

import json
from pathlib import Path

KINDS = ("remark", "problem", "tear-down-step", "edge-captured")


def _line(kind: str, number: int) -> str:
    text = "the same again" if number % 2 else f"line {number} of very many"
    events = {
        "remark": {"box": "monitor", "text": text, "suspicious": True},
        "problem": {"error": "BenchFault", "asked": text, "came": "nothing", "try_this": "again"},
        "tear-down-step": {"name": text, "error": "it failed", "confirmed": None},
        "edge-captured": {"position": 10.0 + number % 500, "half_width": 0.5, "counter": None},
    }
    return json.dumps({"t_ns": 6, "kind": kind, **events[kind]}, separators=(",", ":"))


def add_lines(folder: Path, kind: str, count: int) -> None:
    """Write `count` more events into the journal of a session, after its first ten."""
    journal = folder / "journal.jsonl"
    lines = journal.read_text("utf-8").splitlines()
    more = [_line(kind, number) for number in range(count)]
    journal.write_text("".join(f"{line}\n" for line in [*lines[:10], *more, *lines[10:]]), "utf-8")
