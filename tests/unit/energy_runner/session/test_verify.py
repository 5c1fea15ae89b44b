# SPDX-License-Identifier: Apache-2.0
"""Whatever is changed in the facts of a sealed session is found, and the place that is named holds the change."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from energy_runner.api.seal import differences as differences_of
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_record, write_sealed
from energy_runner.session.journal import JournalWriter
from energy_runner.session.seal import block_bytes, is_stamped
from energy_runner.session.stream import Passed, StreamWriter
from energy_runner.session.trace import TraceWriter
from energy_runner.session.verify import ENDED_EARLY, OLD, Difference
from tests.support.places import ROOT
from tests.support.synthetic import make_run

FILES = ("record.json", "journal.jsonl", "stream.bin", "trace.jls")
_BYTES = re.compile(r"bytes (\d+) to (\d+)")
_LINES = re.compile(r"\(lines? (\d+)(?: to (\d+))?\)")


def write_facts(folder: Path) -> None:
    """Write what a run records, with a seal after each phase, and its unfinished record."""
    folder.mkdir()
    journal, stream = JournalWriter(folder / "journal.jsonl"), StreamWriter(folder / "stream.bin")
    for phase in range(4):
        journal.write(ev.Phase(t_ns=phase, name=f"phase {phase}"))
        for number in range(30):
            journal.write(ev.Remark(t_ns=number, box="dut", text=f"remark {number} in phase {phase}"))
            stream.append(Passed(number, "monitor", "rx", bytes([number]) * 20))
        journal.write(ev.JournalSealed(t_ns=9, lines=journal.lines, sha256=journal.sha256))
    journal.close()
    stream.close()
    with TraceWriter(folder / "trace.jls", [("energy", "J")], 0.001) as trace:
        trace.append(0, [np.arange(1000, dtype=np.float32)])
    run = make_run(period_s=0.1)
    write_record(folder, run.record.model_copy(update={"outcome": "running"}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "s"
    write_facts(out)
    write_sealed(out, make_run(period_s=0.1).record)
    return out


def differences(folder: Path) -> tuple[Difference, ...]:
    return Session.open(folder).verified.differences


def test_what_was_sealed_is_intact_and_seals_to_the_same_bytes(folder: Path) -> None:
    session = Session.open(folder)
    assert session.verified.intact
    assert session.record.seal is not None
    assert [sealed.name for sealed in session.record.seal.files] == list(FILES[1:])
    before = (folder / "record.json").read_bytes()
    assert is_stamped(before)
    assert write_sealed(folder, session.record) == session.record
    assert (folder / "record.json").read_bytes() == before


@pytest.mark.parametrize("name", FILES)
def test_each_flipped_byte_is_found_and_located(folder: Path, name: str) -> None:
    path = folder / name
    data = path.read_bytes()
    for at in {*range(0, len(data), len(data) // 40), len(data) - 1}:
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            found = [one for one in differences(folder) if one.file == name]
        except SessionError as error:
            assert name == "record.json"
            assert str(path) in str(error)
            continue
        assert found, f"byte {at} of {name}"
        if name != "record.json":
            place = _BYTES.search(found[0].where)
            assert place is not None
            assert int(place[1]) <= at <= int(place[2])
            assert int(place[2]) - int(place[1]) < block_bytes(len(data))


def test_one_changed_event_is_located_to_a_few_lines(folder: Path) -> None:
    path = folder / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[70] = lines[70].replace(b"remark", b"rewind")
    path.write_bytes(b"\n".join(lines))
    (found,) = differences(folder)
    place = _LINES.search(found.where)
    assert place is not None
    first, last = int(place[1]), int(place[2] or place[1])
    assert first <= 71 <= last < first + 12
    assert str(found).startswith("journal.jsonl, bytes ")
    assert "was changed after the run. Try: " in str(found)


def change_record(key: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "record.json"
        document = json.loads(path.read_bytes())
        document[key] = value
        path.write_bytes(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")

    return change


def reformat(folder: Path) -> None:
    path = folder / "record.json"
    path.write_bytes(path.read_bytes() + b"\n")


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def append(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b"\n")


def cut(name: str, count: int) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-count])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_record("virtual", False), "record.json, key `virtual`: was changed"),
        (change_record("bench", {"name": "another"}), "record.json, key `bench`: was changed"),
        (change_record("mine", 1), "record.json, key `mine`: was added"),
        (change_record("seal", None), "record.json: its seal was taken away"),
        (reformat, "record.json: its seal, or how the file is laid out, was changed"),
        (remove("trace.jls"), "trace.jls: is missing; it had "),
        (remove("stream.bin"), "stream.bin: is missing; it had "),
        (append("journal.jsonl"), r"journal.jsonl, from byte \d+ on \(line 12[0-9]\): has \d+ bytes, \d+ when"),
        (cut("trace.jls", 3), r"trace.jls, from byte \d+ on: has \d+ bytes, \d+ when"),
        (cut("stream.bin", 3), r"stream.bin, from byte \d+ on: has "),
    ],
)
def test_each_edit_is_said_in_words(folder: Path, change: Callable[[Path], None], words: str) -> None:
    change(folder)
    found = [str(one) for one in differences(folder)]
    assert any(re.match(words, one) for one in found), found


def test_a_trace_of_another_run_is_not_this_ones(folder: Path) -> None:
    (folder / "trace.jls").unlink()
    with TraceWriter(folder / "trace.jls", [("energy", "J")], 0.001) as trace:
        trace.append(0, [np.arange(1000, 2000, dtype=np.float32)])
    assert {one.file for one in differences(folder)} == {"trace.jls"}


def test_a_file_that_came_later_does_not_belong(tmp_path: Path) -> None:
    out = tmp_path / "s"
    write_facts(out)
    kept = (out / "stream.bin").read_bytes()
    (out / "stream.bin").unlink()
    write_sealed(out, make_run(period_s=0.1).record)
    (out / "stream.bin").write_bytes(kept)
    assert [one.brief for one in differences(out)] == ["stream.bin: was not there when the run had ended"]


def test_the_journal_of_a_killed_run_is_held_to_its_own_seals(tmp_path: Path) -> None:
    out = tmp_path / "s"
    write_facts(out)
    assert Session.open(out).verified.unsealed == ENDED_EARLY
    assert not differences(out)
    path = out / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[40] = lines[40].replace(b"remark", b"rewind")
    path.write_bytes(b"\n".join(lines))
    (found,) = differences(out)
    assert (found.file, found.where) == ("journal.jsonl", "lines 33 to 64")


@pytest.mark.parametrize(
    "folder", sorted((ROOT / "fixtures" / "sessions" / "0.1.0").iterdir()), ids=lambda f: f.name
)
def test_sessions_of_earlier_versions_have_no_seal_and_differ_in_nothing(folder: Path) -> None:
    session = Session.open(folder)
    assert session.verified.unsealed == OLD
    assert differences_of(session) == []


def test_a_session_from_before_there_were_seals_has_none(tmp_path: Path) -> None:
    session = make_run(period_s=0.1).write(tmp_path / "s")
    assert session.verified.unsealed == OLD
    assert not session.verified.differences
    assert not session.verified.intact
