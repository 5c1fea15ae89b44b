# SPDX-License-Identifier: Apache-2.0
"""Programs of a user's own that are killed while a run is in progress in a thread: the supply ends off."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PREAMBLE = """
import sys, threading, time
import energy_runner as er
plan = er.plan("demo-keywords", inferences=20_000)
def start():
    return er.start("virtual-lpm01a", plan, out=sys.argv[1])
"""
PROGRAMS = {
    "handle dropped": "start()",
    "waiting": "start().wait()",
    "busy with something else": "run = start()\ntime.sleep(60)",
    "busy in a loop that shrugs it off": """
run = start()
for _ in range(2):
    try:
        time.sleep(2)
    except (KeyboardInterrupt, SystemExit):
        pass
""",
    "context left by an error": """
with start() as run:
    next(event for event in run.events() if event.kind == "supply-switched")
    print("powered", flush=True)
    raise ValueError
""",
    "reading events": "for event in start().events(): pass",
    "followed": "er.follow(start())",
    "run": 'er.run("virtual-lpm01a", plan, out=sys.argv[1])',
    "two threads": """
run = start()
thread = threading.Thread(target=run.wait)
thread.start()
thread.join()
""",
}
SIGNALS = {
    "ctrl-c": [signal.SIGINT],
    "ctrl-c held down": [signal.SIGINT] * 20,
    "sigterm": [signal.SIGTERM],
    "sigterm twice": [signal.SIGTERM] * 2,
    "terminal closed": [signal.SIGHUP],
    "all of them": [signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGINT],
}
DEADLINE_S = 60.0


def as_in_a_terminal() -> None:
    """Undo what a test would hand down that runs in the background (SIGINT ignored) or under nohup (SIGHUP)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def journal(folder: Path) -> list[dict[str, object]]:
    path = folder / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def powered(folder: Path) -> bool:
    switched = [event["on"] for event in journal(folder) if event["kind"] == "supply-switched"]
    return bool(switched) and bool(switched[-1])


@pytest.mark.deep
@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_supply_ends_off(program: str, sent: str, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + PROGRAMS[program], folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=as_in_a_terminal,  # noqa: PLW1509
    )
    end_s = time.monotonic() + DEADLINE_S
    while not powered(folder) and process.poll() is None and time.monotonic() < end_s:
        time.sleep(0.02)
    time.sleep(0.2)
    for number in SIGNALS[sent]:
        if process.poll() is None:
            os.kill(process.pid, number)
        time.sleep(0.02)
    try:
        _, said = process.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    events = journal(folder)
    assert not powered(folder), said.decode()
    assert any(event["kind"] == "supply-switched" for event in events)
    assert events[-1]["kind"] == "run-stopped"
    assert (events[-1]["outcome"], events[-1]["supply_off_confirmed"]) == ("interrupted", True)
    record = json.loads((folder / "record.json").read_text())
    assert (record["outcome"], record["supply_off_confirmed"]) == ("interrupted", True)
