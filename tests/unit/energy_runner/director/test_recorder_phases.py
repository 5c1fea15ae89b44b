# SPDX-License-Identifier: Apache-2.0
"""At the end of each phase the recorder seals and syncs what was recorded; a full disk is called so."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from energy_runner.director.recorder import Recorder
from energy_runner.errors import BenchFault
from energy_runner.session import disk
from energy_runner.session.events import JournalSealed, Phase
from energy_runner.session.journal import Journal
from instruments.clock import VirtualClock


@pytest.fixture
def recorder(tmp_path: Path):
    recorder = Recorder(tmp_path, VirtualClock())
    yield recorder
    recorder.lenient = True
    recorder.close()


def test_a_new_phase_seals_all_lines_before_it_and_syncs(tmp_path, recorder, monkeypatch):
    synced = []
    monkeypatch.setattr(disk, "sync", lambda file: synced.append((Path(file.name).name, file.tell())))
    recorder.remark("dut", "hello")
    with recorder.bulk():
        recorder.bytes_passed("dut", "rx", b"bytes")
    recorder.emit(Phase(t_ns=0, name="load"))
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (sealed,) = Journal(tmp_path / "journal.jsonl").of(JournalSealed)
    before = lines[: sealed.lines]
    assert (len(lines), sealed.lines) == (4, 2)  # remark, index of the stream; seal, phase
    assert sealed.sha256 == hashlib.sha256(b"".join(before)).hexdigest()
    assert [name for name, _ in synced] == ["stream.bin", "journal.jsonl"]
    assert synced[1][1] == sum(map(len, lines[:3]))


@pytest.mark.parametrize("call", ["write", "sync"])
@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "the disk is full: "), (errno.EIO, "")])
def test_a_full_disk_is_called_so_whatever_call_finds_it(tmp_path, recorder, monkeypatch, call, *, number, words):
    def fail(*given):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk, call, fail)
    with pytest.raises(BenchFault) as raised:
        recorder.emit(Phase(t_ns=0, name="load"))
    assert str(raised.value).startswith(f"{words}{tmp_path}/journal.jsonl: cannot write the journal (")
    monkeypatch.undo()
